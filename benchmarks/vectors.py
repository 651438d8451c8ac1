"""Writing and checking test vectors, against loops in C that only format or only copy.

    python benchmarks/vectors.py [--rounds 7] [--log2n 20]

The limits are compiled on the spot with the system's C compiler: ``hex loop`` writes the same lines
from columns that are there already, digit by digit, into memory; ``copy`` is ``write`` of the same
bytes to the same file system, which lies in memory where there is one: a disk's delays would be no
one's merit. The subject is ``lf.vectors.write_to`` a file: vectors are drawn or
counted, computed, formatted, hashed and written. The first table counts the processor time of all
threads. The hash, SHA-256 of all bytes, is made in a thread of its own: the rows "with hash" give it
to the limit too, and the second table counts the calling thread alone, which is what an idle second
core makes of it.
"""

from __future__ import annotations

import argparse
import ctypes
import hashlib
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from measure import Row, alternate, table

from lowfloat import vectors
from lowfloat.vectors.grammars import GRAMMARS

MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else None
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


def columns_of(cases: vectors.Cases, count: int) -> list[np.ndarray]:
    """All columns of the first cases."""
    return [np.ascontiguousarray(c) for c in cases.columns(0, count)]


def formatting(loop: Any, cases: vectors.Cases, count: int, hashed: bool) -> Callable[[], object]:
    """The limit of text: the C loop over columns that are ready."""
    columns = columns_of(cases, count)
    fields = len(columns)
    digits = [column.hex_digits for column in cases.unit.columns]
    out = ctypes.create_string_buffer(count * (sum(digits) + fields))
    pointers = (ctypes.c_void_p * fields)(*(c.ctypes.data for c in columns))
    sizes = (ctypes.c_int * fields)(*(c.dtype.itemsize for c in columns))
    places = (ctypes.c_int * fields)(*digits)
    expected = bytes(GRAMMARS["testfloat"].encode(cases.unit, columns))

    def call() -> None:
        loop(ctypes.c_size_t(count), fields, pointers, sizes, places, out)
        if hashed:
            hashlib.sha256(out)

    call()
    assert out.raw[: len(expected)] == expected
    call.columns = columns  # type: ignore[attr-defined]  # the pointers look into them
    return call


def copying(
    folder: Path, cases: vectors.Cases, count: int, grammar: str, hashed: bool = False
) -> Callable[[], object]:
    """The limit of binary: writing the same bytes."""
    data = bytes(GRAMMARS[grammar].encode(cases.unit, columns_of(cases, count)))

    def call() -> None:
        with (folder / "copy").open("wb") as stream:
            stream.write(data)
        if hashed:
            hashlib.sha256(data)

    return call


def writing(folder: Path, cases: vectors.Cases, count: int, grammar: str) -> Callable[[], object]:
    """What is measured: the first vectors, from cases to bytes in a file, with their hash."""

    def call() -> None:
        with (folder / grammar).open("wb") as stream:
            vectors.write_to(stream, cases, grammar=grammar, shard=(1, cases.count // count))

    return call


def checking(folder: Path, cases: vectors.Cases, count: int, grammar: str) -> Callable[[], object]:
    """Checking the file that ``writing`` wrote."""

    def call() -> None:
        report = vectors.check(folder / grammar, cases.unit, grammar=grammar, golden_sample=0)
        assert report.ok
        assert report.count == count

    return call


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--log2n", type=int, default=20)
    arguments = parser.parse_args()
    count = 1 << arguments.log2n
    uniform = vectors.Unit.uniform
    e4m3fn, float16 = (uniform("multiply", fmt) for fmt in ("float8_e4m3fn", "float16"))
    kinds = {
        "e4m3fn multiply, every pair": vectors.Cases.all_of(e4m3fn),
        "e4m3fn fma, every triple": vectors.Cases.all_of(uniform("fma", "float8_e4m3fn")),
        "e4m3fn multiply, drawn": vectors.Cases(e4m3fn, count),
        "e4m3fn fma, drawn": vectors.Cases(uniform("fma", "float8_e4m3fn"), count),
        "float16 multiply, random": vectors.Cases(float16, count, classes=("random",)),
        "float16 multiply, TestFloat": vectors.Cases(float16, count, classes=("testfloat1",)),
        "float16 multiply, drawn": vectors.Cases(float16, count),
        "bfloat16 add, drawn": vectors.Cases(uniform("add", "bfloat16"), count),
        "bfloat16 fma, drawn": vectors.Cases(uniform("fma", "bfloat16"), count),
    }
    with tempfile.TemporaryDirectory(dir=MEMORY) as name:
        folder = Path(name)
        loop = hex_loop(folder)
        for kind, cases in kinds.items():
            n = min(count, cases.count)
            loops = [formatting(loop, cases, n, hashed) for hashed in (False, True)]
            copies = [copying(folder, cases, n, "packed", hashed) for hashed in (False, True)]
            text, packed = (writing(folder, cases, n, g) for g in ("testfloat", "packed"))
            rows = [
                Row("write text", text, "hex loop", loops[0], 0.4),
                Row("write text, with hash", text, "loop, hash", loops[1]),
                Row("write packed binary", packed, "copy", copies[0], 0.4),
                Row("write packed binary, with hash", packed, "copy, hash", copies[1]),
                Row("check text", checking(folder, cases, n, "testfloat"), "write text", text, 0.5),
            ]
            table(f"{kind}: all threads", rows, alternate(rows, arguments.rounds), n)
            rows = [
                Row("write text", text, "hex loop", loops[0], 0.4),
                Row("write packed binary", packed, "copy", copies[0], 0.4),
            ]
            times = alternate(rows, arguments.rounds, time.thread_time_ns)
            table(f"{kind}: the calling thread", rows, times, n)


if __name__ == "__main__":
    main()
