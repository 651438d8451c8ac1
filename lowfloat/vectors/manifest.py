"""The manifest beside a vector file: what its columns mean, and which bytes it describes."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
from pathlib import Path
from typing import Any

import lowfloat as lf
from lowfloat.exception_flags import FLAG_NAMES
from lowfloat.format_names import spec_text
from lowfloat.optable import OPERATIONS
from lowfloat.storage import format_from_json, format_to_json
from lowfloat.vectors.cases import Unit
from lowfloat.vectors.grammar import fields

KIND = "lowfloat vectors"
VERSION = 1


def manifest_path(vectors: str | os.PathLike[str]) -> Path:
    """Where the manifest of a vector file lies: beside it, with ``.json`` appended."""
    return Path(f"{os.fspath(vectors)}.json")


def describe(unit: Unit, file: str, count: int, sha256: str) -> dict[str, Any]:
    """The manifest of ``count`` vectors of a unit, as plain data."""
    operation = OPERATIONS[unit.operation]
    grammar = " ".join(f"{f.name.replace(' ', '')}:{f.digits}" for f in fields(unit))
    return {
        "kind": KIND,
        "manifest_version": VERSION,
        "file": file,
        "count": count,
        "sha256": sha256,
        "cases": "exhaustive",
        "operation": operation.name,
        "formula": operation.formula,
        "operand_formats": [format_to_json(fmt) for fmt in unit.operand_formats],
        "result_format": format_to_json(unit.result_format),
        "projection": {
            "rounding": unit.projection.rounding,
            "saturation": unit.projection.saturation,
        },
        "policy": dataclasses.asdict(unit.projection.policy),
        "grammar": {
            "line": grammar,
            "digits": "upper-case hexadecimal, zero-padded; name:digits in the line's order",
            "separator": "one space",
            "line_end": "LF",
            "flags": {f"{bit:02X}": name for bit, name in FLAG_NAMES.items()},
        },
        "lowfloat_version": lf.__version__,
        "specification": {"semantics.md sha256": _specification_sha256()},
    }


def _specification_sha256() -> str:
    return hashlib.sha256(spec_text("semantics.md").encode()).hexdigest()


def read_manifest(path: str | os.PathLike[str]) -> dict[str, Any]:
    """The manifest in a JSON file.

    Raises
    ------
    ValueError
        If the file is no manifest of vectors, or one of a later version.
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
    return data


def unit_of(manifest: dict[str, Any], path: str | os.PathLike[str]) -> Unit:
    """The unit that a manifest describes.

    Raises
    ------
    ValueError
        If an entry is missing or has an impossible value.
    """
    try:
        return Unit(
            manifest["operation"],
            tuple(format_from_json(fmt) for fmt in manifest["operand_formats"]),
            format_from_json(manifest["result_format"]),
            lf.Projection(
                manifest["projection"]["rounding"],
                manifest["projection"]["saturation"],
                lf.Policy(**manifest["policy"]),
            ),
        )
    except KeyError as error:
        raise ValueError(f"{path} lacks the entry {error}: write the vectors again") from None
    except (TypeError, AttributeError, ValueError) as error:
        raise ValueError(f"{path} describes no unit: {error}") from None
