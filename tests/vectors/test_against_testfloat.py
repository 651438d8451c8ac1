"""Berkeley TestFloat's own files: our reader takes them, and our files have the same lines."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from testfloat_vectors import FOLDER, VectorFile, needs_vectors, vector_files

from lowfloat import vectors

pytestmark = needs_vectors


def unit_of(file: VectorFile) -> vectors.Unit:
    """The unit whose answers a file holds, under its first projection."""
    operation = {"convert": "convert", "encode": "from_integer"}.get(file.operation, file.operation)
    operands = file.formats
    if file.integer is not None:
        width, signed = file.integer
        operands = (vectors.Integer(width, signed),)
    return vectors.Unit(operation, operands, file.format, file.projections[0])


#: SoftFloat's x86 specialisation moves bfloat16 payloads one place off; another test pins those lines.
FILES = [f for f in vector_files() if f.path.parent == FOLDER and f.operation != "integral"]


@pytest.mark.parametrize("file", FILES, ids=lambda f: f.path.name.removesuffix(".txt.gz"))
def test_testfloats_lines_are_ours(file: VectorFile, tmp_path: Path) -> None:
    unit = unit_of(file)
    table = vectors.read(file.path, unit, "testfloat")
    report = vectors.check([table], unit, golden_sample=8)
    assert report.ok, report.mismatches[0]
    # Written by us, the same operands give the same bytes.
    columns = (*table.operands, *unit.compute(table.operands))
    ours = vectors.GRAMMARS["testfloat"].encode(unit, columns)
    assert bytes(ours) == gzip.decompress(file.path.read_bytes())


def test_a_wrong_line_is_seen() -> None:
    file = next(f for f in FILES if f.path.name == "f16_mul_near_even_after.txt.gz")
    table = vectors.read(file.path, unit_of(file), "testfloat")
    table.results[77] ^= 1
    report = vectors.check([table], unit_of(file), golden_sample=0)
    assert [m.line for m in report.mismatches] == [78]
