"""A named accumulator with what is known of it.

``recorded`` presets reproduce results recorded on the device; ``published`` ones follow a public
description or model; ``unsettled`` ones say what is not known.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from lowfloat.accumulators.kinds import Kind
from lowfloat.format_names import format as find_format
from lowfloat.formats import Format

Maturity = Literal["recorded", "published", "unsettled"]

MODELS = "arXiv 2511.10909 (MMA-Sim) and 2512.07004"
RECORDED = f"{MODELS}; equal to the dot products recorded by MATLAB-tensor-core"

#: Formats of operands.
HALVES = ("float16", "bfloat16")
EIGHTS = ("float8_e4m3fn", "float8_e5m2")
SIXES_AND_FOURS = ("float6_e2m3fn", "float6_e3m2fn", "float4_e2m1fn")


@dataclass(frozen=True, repr=False)
class Preset:
    """A named accumulator, its evidence, and what is unknown about it.

    Wherever an accumulator is taken, a preset may stand. Products then refuse operands of other formats
    than the device's, and read float arrays as numbers of its first one; ``preset.accumulator`` has no
    such scruples.

    Examples
    --------
    >>> import lowfloat as lf
    >>> preset = lf.accumulators.nvidia_hopper("float8_e4m3fn")
    >>> preset.maturity, preset.accumulator.fraction_bits
    ('recorded', 13)
    """

    name: str
    accumulator: Kind
    maturity: Maturity
    evidence: str
    unknown: str = ""
    #: Names of the formats that its operands have; none: any.
    operands: tuple[str, ...] = ()

    def draws(self, terms: int) -> int:
        """The number of stochastic roundings of ``terms`` terms: S of rule G-17."""
        return self.accumulator.draws(terms)

    @property
    def format(self) -> Format | None:
        """The format of the sum."""
        fmt: Format | None = self.accumulator.format
        return fmt

    def __repr__(self) -> str:
        return f"lf.accumulators.{self.name}"

    def explain(self, terms: int) -> str:
        """What happens to ``terms`` terms, step by step, and how it is known."""
        lines = [f"{self.name} ({self.maturity}): {self.evidence}"]
        if self.unknown:
            lines.append(f"unknown: {self.unknown}")
        return "\n".join([*lines, self.accumulator.explain(terms)])


def operand_name(fmt: Any, known: Any, device: str) -> str:
    """The name of an input format, if the device has it.

    Raises
    ------
    ValueError
        If it does not.
    """
    found = find_format(fmt)
    for name in known:
        if find_format(name) is found:
            return str(name)
    raise ValueError(f"{device} takes {', '.join(known)}, not {found}")
