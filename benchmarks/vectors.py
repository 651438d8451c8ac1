"""Writing and checking test vectors, against loops in C that only format or only copy.

    python benchmarks/vectors.py [--rounds 7] [--log2n 20]

The limits are compiled on the spot with the system's C compiler: ``hex loop`` writes the same lines
from columns that are there already, digit by digit; ``copy`` is ``write`` of the same bytes to the
same file system. Both halves of a row use process CPU time, and the vectors are those of one part
of ``lowfloat vectors``: drawn or counted, computed, formatted and hashed.
"""

from __future__ import annotations

import argparse
import ctypes
import hashlib
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from measure import Row, alternate, table

from lowfloat import vectors
from lowfloat.vectors.grammars import GRAMMARS

LOOP = r"""
#include <stddef.h>
#include <stdint.h>
/* Lines of up to five fields: digits[f] hexadecimal digits of columns[f], of sizes[f] bytes. */
void hex_lines(size_t n, int fields, const void *const *columns, const int *sizes,
               const int *digits, char *out) {
    static const char alphabet[] = "0123456789ABCDEF";
    for (size_t i = 0; i < n; i++) {
        for (int f = 0; f < fields; f++) {
            uint64_t x = sizes[f] == 1   ? ((const uint8_t *)columns[f])[i]
                         : sizes[f] == 2 ? ((const uint16_t *)columns[f])[i]
                         : sizes[f] == 4 ? ((const uint32_t *)columns[f])[i]
                                         : ((const uint64_t *)columns[f])[i];
            for (int d = digits[f] - 1; d >= 0; d--) *out++ = alphabet[x >> (4 * d) & 15];
            *out++ = f + 1 < fields ? ' ' : '\n';
        }
    }
}
"""


def hex_loop(folder: Path) -> Any:
    """The loop as a function."""
    source, library = folder / "loop.c", folder / "loop.so"
    source.write_text(LOOP)
    subprocess.run(["cc", "-O3", "-shared", "-fPIC", "-o", library, source], check=True)
    return ctypes.CDLL(str(library)).hex_lines


def columns_of(cases: vectors.Cases) -> list[np.ndarray]:
    """All columns of some cases."""
    inputs = cases.inputs(0, cases.count)
    return [np.ascontiguousarray(c) for c in (*inputs, *cases.unit.compute(inputs))]


def formatting(loop: Any, cases: vectors.Cases) -> Callable[[], object]:
    """The limit of text: the C loop over columns that are ready."""
    columns = columns_of(cases)
    count, fields = len(columns[0]), len(columns)
    digits = [column.hex_digits for column in cases.unit.columns]
    out = ctypes.create_string_buffer(count * (sum(digits) + fields))
    pointers = (ctypes.c_void_p * fields)(*(c.ctypes.data for c in columns))
    sizes = (ctypes.c_int * fields)(*(c.dtype.itemsize for c in columns))
    places = (ctypes.c_int * fields)(*digits)
    expected = bytes(GRAMMARS["testfloat"].encode(cases.unit, columns))

    def call() -> None:
        loop(ctypes.c_size_t(count), fields, pointers, sizes, places, out)

    call()
    assert out.raw[: len(expected)] == expected
    call.columns = columns  # type: ignore[attr-defined]  # the pointers look into them
    return call


def copying(folder: Path, cases: vectors.Cases) -> Callable[[], object]:
    """The limit of binary: writing the same bytes."""
    data = bytes(GRAMMARS["packed"].encode(cases.unit, columns_of(cases)))

    def call() -> None:
        with (folder / "copy").open("wb") as stream:
            stream.write(data)

    return call


def writing(folder: Path, cases: vectors.Cases, grammar: str) -> Callable[[], object]:
    """What is measured: vectors from cases to bytes in a file, with their hash."""

    def call() -> None:
        digest = hashlib.sha256()
        with (folder / f"{grammar}").open("wb") as stream:
            for first, last in cases.chunks():
                inputs = cases.inputs(first, last)
                data = GRAMMARS[grammar].encode(cases.unit, (*inputs, *cases.unit.compute(inputs)))
                digest.update(data)
                stream.write(data)

    return call


def checking(folder: Path, cases: vectors.Cases, grammar: str) -> Callable[[], object]:
    """Checking the file that ``writing`` wrote."""

    def call() -> None:
        report = vectors.check(folder / grammar, cases.unit, grammar=grammar, golden_sample=0)
        assert report.ok
        assert report.count == cases.count

    return call


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--log2n", type=int, default=20)
    arguments = parser.parse_args()
    count = 1 << arguments.log2n
    kinds = {
        "e4m3fn multiply, every pair": vectors.Cases.all_of(
            vectors.Unit.uniform("multiply", "float8_e4m3fn")
        ),
        "e4m3fn fma, drawn": vectors.Cases(vectors.Unit.uniform("fma", "float8_e4m3fn"), count),
        "float16 multiply, drawn": vectors.Cases(
            vectors.Unit.uniform("multiply", "float16"), count
        ),
        "float16 multiply, random only": vectors.Cases(
            vectors.Unit.uniform("multiply", "float16"), count, classes=("random",)
        ),
        "bfloat16 fma, drawn": vectors.Cases(vectors.Unit.uniform("fma", "bfloat16"), count),
    }
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        loop = hex_loop(folder)
        for kind, cases in kinds.items():
            write_text = writing(folder, cases, "testfloat")
            rows = [
                Row("write text", write_text, "hex loop", formatting(loop, cases), 0.4),
                Row("write packed binary", writing(folder, cases, "packed"), "copy",
                    copying(folder, cases), 0.4),
                Row("check text", checking(folder, cases, "testfloat"), "write text", write_text, 0.5),
            ]  # fmt: skip
            table(kind, rows, alternate(rows, arguments.rounds), cases.count)


if __name__ == "__main__":
    main()
