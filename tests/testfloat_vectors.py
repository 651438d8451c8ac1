"""Reads the Berkeley TestFloat vectors that lie beside the repository, in shared/vectors.

Each file becomes a ``VectorFile`` that says which operation, formats, roundings and policies
its lines hold for; ``lines`` gives the numbers. Tests of every implementation use it.
"""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import pytest

import lowfloat as lf

FOLDER = Path(__file__).resolve().parents[2] / "shared" / "vectors" / "testfloat"

needs_vectors = pytest.mark.skipif(
    not FOLDER.is_dir(), reason="the TestFloat vectors are not in ../shared/vectors/testfloat"
)

ROUNDINGS = {
    "near_even": "nearest_even",
    "near_maxMag": "nearest_away",
    "minMag": "toward_zero",
    "min": "toward_negative",
    "max": "toward_positive",
    "odd": "to_odd",
}
FORMATS = {"f16": "float16", "bf16": "bfloat16", "f32": "float32", "f64": "float64"}
INTEGERS = {"i32": (32, True), "ui32": (32, False), "i64": (64, True), "ui64": (64, False)}
OPERATIONS = {"add": ("add", 2), "sub": ("subtract", 2), "mul": ("multiply", 2)}
OPERATIONS |= {
    "div": ("divide", 2),
    "rem": ("remainder", 2),
    "sqrt": ("sqrt", 1),
    "mulAdd": ("fma", 3),
}
NAN_FOLDERS = {"nan_x86sse": "x86_sse", "nan_armvfp": "arm", "nan_armdefault": "arm_default_nan"}


class VectorFile(NamedTuple):
    """One file: what its lines are the results of."""

    path: Path
    #: add, subtract, multiply, fma, convert, or encode for an integer source.
    operation: str
    #: The operands' formats; empty for an integer source.
    formats: tuple[lf.Format, ...]
    #: Width and signedness of an integer source.
    integer: tuple[int, bool] | None
    format: lf.Format
    #: Every projection that has to give these lines.
    projections: tuple[lf.Projection, ...]

    @property
    def name(self) -> str:
        """The file's name, for messages."""
        return str(self.path.relative_to(FOLDER)).removesuffix(".txt.gz")

    def lines(
        self, count: int | None = None, realigned: bool = True
    ) -> Iterator[tuple[tuple[int, ...], int, int]]:
        """(operands, result, flags) of all lines, or of ``count`` evenly spread ones.

        SoftFloat 3e moves NaN payloads to and from bfloat16 one place off (it takes 8 bits of
        fraction for 7), so narrowing and widening are no shifts by 16 bits there, as they are
        in rule N-3 and in processors; ``realigned`` puts the shift in place of those results.
        """
        with gzip.open(self.path, "rt", encoding="ascii") as file:
            rows = file.read().splitlines()
        step = 1 if count is None else max(1, len(rows) // count)
        for row in rows[step // 2 :: step]:
            *operands, result, flags = (int(field, 16) for field in row.split(" "))
            if self.integer:
                width, signed = self.integer
                operands = [
                    x - (1 << width) if signed and x >> (width - 1) else x for x in operands
                ]
            if realigned and self.path.parent.name == "nan_x86sse" and "bf16" in self.path.name:
                (nan,) = operands
                wide = self.format.width == 32
                result = nan << 16 | 0x400000 if wide else nan >> 16 | 0x40
            yield tuple(operands), result, flags


def _operation(op: str) -> tuple[str, list[str], str | tuple[int, bool], str] | None:
    """Name, operand formats, integer type and result format; None for what golden has not."""
    if match := re.fullmatch(r"(f16|f32)_(\w+)", op):
        kind, what = match.groups()
        if what in OPERATIONS:
            name, arity = OPERATIONS[what]
            return name, [kind] * arity, "", kind
    if match := re.fullmatch(r"(\w+)_to_(\w+)", op):
        source, target = match.groups()
        if target in FORMATS:
            if source in INTEGERS:
                return "encode", [], INTEGERS[source], target
            return "convert", [source], "", target
    return None


def _projections(mode: str, tininess: str, preset: str) -> tuple[lf.Projection, ...]:
    roundings = [ROUNDINGS[mode]] if mode != "any" else ["nearest_even", "toward_negative"]
    kinds = [tininess] if tininess != "any" else ["after", "before"]
    policies = [lf.Policy(preset, tininess=kind) for kind in kinds]
    if preset == "riscv" and "before" in kinds:
        policies.append(lf.Policy("arm_default_nan"))
    return tuple(lf.Projection(r, "none", policy) for r in roundings for policy in policies)


def vector_files() -> list[VectorFile]:
    """Every file of an operation that the library has; none where the vectors are absent."""
    found = []
    for path in sorted(FOLDER.rglob("*.txt.gz")):
        stem, tininess = path.name.removesuffix(".txt.gz").rsplit("_", 1)
        mode = next(m for m in (*ROUNDINGS, "any") if stem.endswith("_" + m))
        operation = _operation(stem.removesuffix("_" + mode))
        if operation is None:
            continue
        name, sources, integer, target = operation
        preset = NAN_FOLDERS.get(path.parent.name, "riscv")
        found.append(
            VectorFile(
                path,
                name,
                tuple(lf.format(FORMATS[s]) for s in sources),
                integer or None,
                lf.format(FORMATS[target]),
                _projections(mode, tininess, preset),
            )
        )
    return found


def manifest() -> dict[str, int]:
    """The number of lines of every file."""
    table = json.loads((FOLDER / "MANIFEST.json").read_text(encoding="utf-8"))
    return {row["file"].removesuffix(".txt.gz"): row["lines"] for row in table["files"]}


def unchanged(
    name: str, folder: str, operands: Sequence[Sequence[int]], nan_or_invalid: Sequence[bool]
) -> list[bool]:
    """Which lines of a file without NaN policy another policy leaves as they are.

    The policies' folders hold the lines of these files that they change; of fused operations, which
    were drawn anew, and of files that have no counterpart, only lines without a NaN are sure to stay.
    """
    stem = re.sub(r"(-exact|-notexact)?_(near_even|any)_(any|after)$", "", name)
    path = FOLDER / folder / f"{stem}_near_even_after.txt.gz"
    known = path.exists() and "mulAdd" not in name
    to_integer = re.search(r"_to_u?i\d", name)
    sure = known or (folder == "nan_armdefault" and not to_integer)
    changed: set[tuple[int, ...]] = set()
    if known:
        with gzip.open(path, "rt", encoding="ascii") as file:
            rows = [
                [int(field, 16) for field in row.split(" ")] for row in file.read().splitlines()
            ]
        changed = {tuple(row[:-2]) for row in rows}
    return [
        tuple(row) not in changed and (sure or not doubtful)
        for row, doubtful in zip(operands, nan_or_invalid, strict=True)
    ]


def is_plain(name: str) -> bool:
    """Whether a file is one that the NaN policies' lines were taken from, or could have been."""
    return "/" not in name and bool(re.search(r"_(near_even|any)_(any|after)$", name))
