"""How a profile casts into one format: the entries of spec/profiles.toml as records."""

from __future__ import annotations

import dataclasses
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

from lowfloat.format_names import spec_text
from lowfloat.projection import Policy, Projection

#: Codes for a positive and for a negative operand.
Pair = tuple[int, int]
NaNRule = Literal["canonical", "any", "sign", "payload", "bits"] | Pair

#: The key that stands for all of P3109's formats, and the name of machine integers as a source.
ANY_P3109 = "p3109"
INTEGERS = "integers"


@dataclass(frozen=True)
class Rule:
    """How a profile casts into one format; spec/profiles.toml explains the fields.

    Examples
    --------
    >>> import lowfloat as lf
    >>> rule = lf.profile("torch").rule("float8_e4m3fn")
    >>> rule.saturation, rule.through
    ('finite', 'float32')
    """

    source: str
    rounding: str = "nearest_even"
    saturation: str = "none"
    infinityless_overflow: Literal["nan", "max"] = "nan"
    through: str | None = None
    nan: NaNRule = "canonical"
    made_nan: Pair | None = None
    zero: Pair | None = None
    negative: Literal["magnitude"] | None = None
    negative_zero: bool = True
    between: tuple[tuple[float, float, int], ...] = ()
    differs: str = ""
    #: Fields that are different for casts from one format.
    special: Mapping[str, Mapping[str, Any]] = field(default_factory=dict, hash=False)

    @cached_property
    def projection(self) -> Projection:
        """The last step as far as it is a projection."""
        carries = "first" if self.nan == "payload" else "canonical"
        policy = Policy(nan=carries, infinityless_overflow=self.infinityless_overflow)
        return Projection(self.rounding, self.saturation, policy)  # type: ignore[arg-type]

    def coming_from(self, name: str) -> Rule:
        """The rule for operands of one format."""
        changes = self.special.get(name)
        return dataclasses.replace(self, special={}, **changes) if changes else self


def _rule(fields: Mapping[str, Any]) -> Rule:
    """A rule from its entry in the file."""
    special = {
        key.removeprefix("from_"): _plain(value)
        for key, value in fields.items()
        if key.startswith("from_")
    }
    rest = {key: value for key, value in fields.items() if not key.startswith("from_")}
    return Rule(**_plain(rest), special=special)


def _plain(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Fields with pairs as tuples and bounds as floats."""
    values = {k: tuple(v) if isinstance(v, list) else v for k, v in fields.items()}
    if "between" in values:
        values["between"] = tuple(
            (float.fromhex(low), float.fromhex(high), code) for low, high, code in values["between"]
        )
    return values


def read_profiles() -> dict[str, dict[str, Any]]:
    """The fields of every profile in the file, in its order; the rules by the result's format."""
    table = tomllib.loads(spec_text("profiles.toml"))["profile"]
    return {
        name: {
            "title": fields["title"],
            "sources": tuple(fields["from"]) if "from" in fields else None,
            "copies": fields.get("copies", True),
            "note": fields.get("note", ""),
            "rules": {target: _rule(entry) for target, entry in fields["format"].items()},
        }
        for name, fields in table.items()
    }
