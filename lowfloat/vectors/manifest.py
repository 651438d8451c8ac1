"""The manifest beside a vector file: its policy header, and which bytes it describes."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import re
from pathlib import Path
from typing import Any

import lowfloat as lf
from lowfloat.exception_flags import FLAG_NAMES
from lowfloat.format_names import spec_text
from lowfloat.optable import OPERATIONS
from lowfloat.storage import format_from_json, format_to_json
from lowfloat.vectors.cases import Cases
from lowfloat.vectors.grammars import GRAMMARS, grammar_named
from lowfloat.vectors.random_words import STREAM
from lowfloat.vectors.units import Integer, Port, Unit, port

KIND = "lowfloat vectors"
VERSION = 4


def manifest_path(vectors: str | os.PathLike[str]) -> Path:
    """Where the manifest of a vector file lies: beside it, with ``.json`` appended."""
    return Path(f"{os.fspath(vectors)}.json")


def policy_header(unit: Unit) -> dict[str, Any]:
    """What decides every bit of a unit's results, as plain data."""
    operation = OPERATIONS.get(unit.operation)
    return {
        "operation": unit.operation,
        "formula": operation.formula if operation else unit.operation,
        "operand_formats": [_port_to_json(at) for at in unit.operand_formats],
        "result_format": _port_to_json(unit.result_format),
        "projection": {
            "rounding": _rounding_to_json(unit.projection),
            "saturation": unit.projection.saturation,
        },
        "exact": unit.exact,
        "accumulator": None if unit.accumulator is None else repr(unit.accumulator),
        "policy": dataclasses.asdict(unit.projection.policy),
    }


def describe_cases(cases: Cases) -> dict[str, Any]:
    """Which cases, as plain data: all that is needed to draw them again."""
    if cases.exhaustive:
        return {"exhaustive": True, "count": cases.count}
    return {
        "exhaustive": False,
        "count": cases.count,
        "seed": cases.seed,
        "generator": f"Philox4x32-10, key seed, stream {STREAM:#x}, words 4 b to 4 b + 3 of case j from block j of call b",
        "classes": list(cases.classes),
        "turns": [entry.name for entry in cases.turns],
        "weights": dict(cases.weights),
        "closing": [list(row) for row in cases.closing],
    }


def describe(
    cases: Cases, file: str, grammar: str, first: int, count: int, sha256: str, shard: str = "1/1"
) -> dict[str, Any]:
    """The manifest of a file of ``count`` vectors from case ``first`` on, as plain data."""
    return {
        "kind": KIND,
        "manifest_version": VERSION,
        "file": file,
        "count": count,
        "sha256": sha256,
        "sha256_of": "the uncompressed bytes",
        "shard": shard,
        "first_case": first,
        **policy_header(cases.unit),
        "cases": describe_cases(cases),
        "grammar": {
            "name": grammar,
            **grammar_named(grammar).describe(cases.unit),
            "flags": {f"{bit:02X}": name for bit, name in FLAG_NAMES.items()},
        },
        "lowfloat_version": lf.__version__,
        "specification": {"version": spec_version(), "semantics.md sha256": _spec_sha256()},
    }


def spec_version() -> str:
    """The version that spec/semantics.md states."""
    found = re.search(r"^Version ([\d.]+)\.$", spec_text("semantics.md"), re.MULTILINE)
    return found[1] if found else "unknown"


def _spec_sha256() -> str:
    return hashlib.sha256(spec_text("semantics.md").encode()).hexdigest()


def _port_to_json(at: Port) -> dict[str, Any]:
    if isinstance(at, Integer):
        return {"integer": at.name, "width": at.width, "signed": at.signed}
    return format_to_json(at)


def _accumulator(text: str | None) -> Any:
    return None if text is None else lf.accumulators.parse(text)


def _port_from_json(data: dict[str, Any]) -> Port:
    if "integer" in data:
        return Integer(data["width"], data["signed"])
    return port(format_from_json(data))


def _rounding_to_json(projection: lf.Projection) -> Any:
    rule = projection.stochastic
    return projection.rounding if rule is None else {"bits": rule.bits, "variant": rule.variant}


def read_manifest(path: str | os.PathLike[str]) -> dict[str, Any]:
    """The manifest in a JSON file.

    Raises
    ------
    ValueError
        If the file is no manifest of vectors, or one of another version.
    """
    try:
        data = json.loads(Path(path).read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{path} is no JSON file: {error}") from None
    if not isinstance(data, dict) or data.get("kind") != KIND:
        raise ValueError(f"{path} is no manifest of lowfloat vectors")
    if data.get("manifest_version") != VERSION:
        raise ValueError(
            f"{path} is a manifest of version {data.get('manifest_version')}, and this lowfloat "
            f"reads version {VERSION}: use the lowfloat that wrote it"
        )
    _demand_entries(data, path)
    return data


def _demand_entries(data: dict[str, Any], path: str | os.PathLike[str]) -> None:
    """Refuse a manifest whose entries are not of their kinds; ``unit_of`` looks at the unit's."""
    kinds = {"count": int, "first_case": int, "sha256": str, "grammar": dict, "cases": dict}
    for name, kind in kinds.items():
        if name not in data:
            raise ValueError(f"{path} lacks the entry {name!r}: write the vectors again")
        if type(data[name]) is not kind:
            raise ValueError(
                f"{path}: the entry {name!r} should be of type {kind.__name__}: write the vectors again"
            )
    if str(data["grammar"].get("name")) not in GRAMMARS:
        raise ValueError(f"{path}: the entry 'grammar' should name one of {', '.join(GRAMMARS)}")


def unit_of(manifest: dict[str, Any], path: str | os.PathLike[str]) -> Unit:
    """The unit that a manifest describes; ``path`` is named in errors.

    Raises
    ------
    ValueError
        If an entry is missing or has an impossible value.
    """
    try:
        rounding = manifest["projection"]["rounding"]
        if isinstance(rounding, dict):
            rounding = lf.Stochastic(rounding["bits"], rounding["variant"])
        return Unit(
            manifest["operation"],
            tuple(_port_from_json(at) for at in manifest["operand_formats"]),
            _port_from_json(manifest["result_format"]),
            lf.Projection(
                rounding, manifest["projection"]["saturation"], lf.Policy(**manifest["policy"])
            ),
            manifest["exact"],
            _accumulator(manifest["accumulator"]),
        )
    except KeyError as error:
        raise ValueError(f"{path} lacks the entry {error}: write the vectors again") from None
    except (TypeError, AttributeError, ValueError) as error:
        raise ValueError(f"{path} describes no unit: {error}") from None


def cases_of(manifest: dict[str, Any], path: str | os.PathLike[str]) -> Cases:
    """The cases that a manifest describes: the whole set, whichever shard the file is.

    Raises
    ------
    ValueError
        If an entry is missing or has an impossible value.
    """
    unit = unit_of(manifest, path)
    try:
        drawn = manifest["cases"]
        if drawn["exhaustive"]:
            return Cases.all_of(unit)
        return Cases(
            unit, drawn["count"], drawn["seed"], tuple(drawn["classes"]),
            tuple(drawn["weights"].items()), closing=tuple(map(tuple, drawn["closing"])),
        )  # fmt: skip
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"{path} describes no cases ({error}): write the vectors again") from None
