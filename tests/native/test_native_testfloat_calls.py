"""All lines of TestFloat's divisions, roots, remainders, integers and comparisons: no difference."""

from __future__ import annotations

import gzip
import re
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from native_calls import assert_call, native_call
from testfloat_vectors import (
    FOLDER,
    FORMATS,
    INTEGERS,
    NAN_FOLDERS,
    ROUNDINGS,
    is_plain,
    manifest,
    needs_vectors,
    unchanged,
    vector_files,
)

import lowfloat as lf
from lowfloat import _native
from lowfloat.engine.sources import code_dtype

pytestmark = needs_vectors

OPERATIONS = {
    "div": "divide", "sqrt": "sqrt", "rem": "remainder",
    "roundToInt": "round_to_integral_exact", "roundToInt-exact": "round_to_integral_exact",
    "roundToInt-notexact": "round_to_integral",
}  # fmt: skip
RELATIONS = {"eq": "equal", "le": "less_equal", "lt": "less"}


class File(NamedTuple):
    """One file: what its lines are the results of."""

    path: Path
    #: "apply", "compare" or "to_integers", and its leading arguments.
    function: str
    arguments: tuple[Any, ...]
    format: lf.Format
    dtype: np.dtype
    mode: str
    tininess: str

    @property
    def name(self) -> str:
        return str(self.path.relative_to(FOLDER)).removesuffix(".txt.gz")

    def projections(self) -> list[lf.Projection]:
        preset = NAN_FOLDERS.get(self.path.parent.name, "riscv")
        roundings = [ROUNDINGS[self.mode]] if self.mode != "any" else list(ROUNDINGS.values())
        kinds = ["after", "before"] if self.tininess == "any" else [self.tininess]
        policies = [lf.Policy(preset, tininess=kind) for kind in kinds]
        return [lf.Projection(r, "none", policy) for r in roundings for policy in policies]


def meaning(op: str) -> tuple[str, tuple[Any, ...], str] | None:
    """Function, arguments and the name of the result's type; None for files of other tests."""
    kind, what = op.split("_", 1)
    if what in OPERATIONS:
        return "apply", (OPERATIONS[what],), kind
    if match := re.fullmatch(r"(eq|le|lt)(_signaling|_quiet|)", what):
        relation, suffix = match.groups()
        return (
            "compare",
            (RELATIONS[relation], (suffix or relation) in ("_signaling", "le", "lt")),
            "",
        )
    if match := re.fullmatch(r"to_(u?i\d+)(-exact|-notexact|)", what):
        return "to_integers", (match[2] != "-notexact",), match[1]
    return None


def files() -> list[File]:
    found = []
    for path in sorted(FOLDER.rglob("*.txt.gz")):
        stem, tininess = path.name.removesuffix(".txt.gz").rsplit("_", 1)
        mode = next(m for m in (*ROUNDINGS, "any") if stem.endswith("_" + m))
        op = stem.removesuffix("_" + mode)
        if (known := meaning(op)) and op.split("_")[0] in FORMATS:
            function, arguments, result = known
            fmt = lf.format(FORMATS[op.split("_")[0]])
            width, signed = INTEGERS.get(result, (8, False))
            dtype = code_dtype(fmt) if function == "apply" else f"{'iu'[not signed]}{width // 8}"
            found.append(File(path, function, arguments, fmt, np.dtype(dtype), mode, tininess))
    return found


def read(file: File) -> tuple[list[np.ndarray], np.ndarray, np.ndarray]:
    """Operand codes, results and flags of all lines."""
    with gzip.open(file.path, "rt", encoding="ascii") as text:
        rows = [[int(field, 16) for field in row.split(" ")] for row in text.read().splitlines()]
    assert len(rows) == manifest()[file.name]
    *operands, results, flags = (np.array(column, np.uint64) for column in zip(*rows, strict=True))
    columns = [x.astype(code_dtype(file.format)) for x in operands]
    unsigned = results.astype(f"u{file.dtype.itemsize}")
    return columns, unsigned.view(file.dtype), flags.astype(np.uint8)


def call(file: File, columns: list[np.ndarray], projection: lf.Projection) -> Any:
    """The native call of a file's operation."""
    formats = [file.format] * len(columns)
    if file.function == "apply":
        return native_call(*file.arguments, columns, formats, file.format, projection)
    if file.function == "compare":
        given = partial(_native.compare, *file.arguments, columns, formats)
        return lambda out, each, collect: given(out, projection, each, collect)
    return lambda out, each, collect: _native.to_integers(
        columns[0], file.format, out, *file.arguments, projection, None, each, collect
    )


@pytest.mark.parametrize("file", files(), ids=lambda file: file.name)
def test_every_line(file: File) -> None:
    columns, results, flags = read(file)
    for projection in file.projections():
        assert_call(call(file, columns, projection), results, flags)


PLAIN = [file for file in files() if is_plain(file.name)]


@pytest.mark.parametrize("folder", NAN_FOLDERS)
@pytest.mark.parametrize("file", PLAIN, ids=lambda file: file.name)
def test_what_a_nan_policy_does_not_change(file: File, folder: str) -> None:
    columns, results, flags = read(file)
    doubtful = (flags & 16) != 0
    if file.function == "apply":
        nan = file.format.magnitude_mask - (1 << file.format.mantissa_bits) + 1
        doubtful = (results & file.format.magnitude_mask) > nan
    elif file.function == "compare":
        doubtful = np.zeros(flags.size, bool)
    rows = list(zip(*(c.tolist() for c in columns), strict=True))
    keep = np.array(unchanged(file.name, folder, rows, doubtful.tolist()))
    assert keep.sum() > keep.size // 4
    policy = lf.Policy(NAN_FOLDERS[folder], tininess="after")
    kept = [c[keep] for c in columns]
    assert_call(call(file, kept, lf.Projection(policy=policy)), results[keep], flags[keep])


def test_every_file_is_read_here_or_in_the_other_test() -> None:
    assert {f.name for f in files()} | {f.name for f in vector_files()} == set(manifest())


def test_a_planted_error_is_found() -> None:
    file = next(f for f in files() if f.arguments == ("sqrt",))
    columns, results, flags = read(file)
    for array in (results, flags):
        array[11] ^= 1
        with pytest.raises(AssertionError, match="differ"):
            assert_call(call(file, columns, file.projections()[0]), results, flags)
        array[11] ^= 1
