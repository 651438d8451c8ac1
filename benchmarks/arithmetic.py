"""Arithmetic against NumPy, ml_dtypes and softfloatpy: one command, one table a set.

python benchmarks/arithmetic.py [--isa baseline|avx2|avx512] [--log2n 20] [--rounds 9]
"""

from __future__ import annotations

import argparse
from functools import partial
from typing import Any

import ml_dtypes
import numpy as np
import softfloatpy
from measure import Call, Row, alternate, table

import lowfloat as lf
from lowfloat import _native

UFUNCS = {
    "add": np.add, "subtract": np.subtract, "multiply": np.multiply, "divide": np.divide,
    "sqrt": np.sqrt,
}  # fmt: skip
#: Calls in one measurement: the first finds its operands wherever the row before left them.
CALLS = 8
OPERANDS = {"add": 2, "subtract": 2, "multiply": 2, "divide": 2, "sqrt": 1, "fma": 3}


class Operation:
    """An operation on normally distributed numbers of a format, into a given array."""

    def __init__(self, name: str, fmt: str, n: int) -> None:
        rng = np.random.default_rng(1)
        self.name, self.format, self.n = name, lf.format(fmt), n
        numbers = [rng.standard_normal(n, np.float32) for _ in range(OPERANDS[name])]
        numbers = [np.abs(x) for x in numbers] if name == "sqrt" else numbers
        self.operands = [lf.cast(x, self.format) for x in numbers]
        self.out = np.zeros(n, self.operands[0].codes.dtype)

    def __call__(self, **keywords: Any) -> None:
        """The operation by lowfloat."""
        for _ in range(CALLS):
            getattr(lf, self.name)(*self.operands, out=self.out, **keywords)

    def collected(self) -> None:
        """The same, with the union of the flags."""
        for _ in range(CALLS):
            with lf.flags():
                getattr(lf, self.name)(*self.operands, out=self.out)

    def each(self) -> Call:
        """The same on codes drawn evenly, with a byte of flags for each element."""
        rng, width = np.random.default_rng(2), self.format.width
        codes = [rng.integers(0, 1 << width, self.n).astype(self.out.dtype) for _ in self.operands]
        operands = [lf.from_codes(c, self.format) for c in codes]
        flags, function = np.zeros(self.n, np.uint8), getattr(lf, self.name)

        def call() -> None:
            for _ in range(CALLS):
                function(*operands, out=self.out, flags_out=flags)

        return call

    def ufunc(self) -> Call:
        """The same by NumPy, or by NumPy on the type of ml_dtypes."""
        dtype = np.dtype(getattr(ml_dtypes, self.format.name, self.format.name))
        operands, out = [x.codes.view(dtype) for x in self.operands], np.zeros(self.n, dtype)

        def call() -> None:
            for _ in range(CALLS):
                UFUNCS[self.name](*operands, out=out)

        return call


def rows(n: int) -> list[Row]:
    """All rows of one instruction set."""
    chosen = []
    for fmt in ("float8_e4m3fn", "float8_e5m2"):
        for name in ("add", "multiply", "divide"):
            op = Operation(name, fmt, n)
            chosen.append(Row(f"{fmt} {name}", op, "ml_dtypes", op.ufunc(), 25.0))
    for fmt, peer, wanted in (("float16", "numpy", 7.0), ("bfloat16", "ml_dtypes", 2.0)):
        for name in ("add", "multiply", "divide", "sqrt"):
            op = Operation(name, fmt, n)
            chosen.append(Row(f"{fmt} {name}", op, peer, op.ufunc(), wanted))
    for fmt, wanted in (("e5m9", 0.5), ("e6m7", 0.5), ("e4m11", 0.2)):
        for name in ("add", "multiply", "divide", "sqrt", "fma"):
            against = Operation(name, "float16", n)
            chosen.append(Row(f"{fmt} {name}", Operation(name, fmt, n), "float16", against, wanted))
    for fmt in ("float16", "bfloat16", "e5m9", "e6m7", "e4m11"):
        against = Operation("add", fmt, n)
        chosen.append(Row(f"{fmt} fma", Operation("fma", fmt, n), "its add", against, 0.4))
    for fmt in ("float8_e4m3fn", "float16", "bfloat16", "e5m9", "e6m7", "e4m11"):
        for name in ("add", "multiply", "fma"):
            op = Operation(name, fmt, n)
            chosen.append(Row(f"{fmt} {name}, flags", op.collected, "no flags", op, 1 / 1.5))
    for fmt in ("float16", "bfloat16", "float8_e4m3fn"):
        against = Operation("multiply", "float16", n).each()
        for name in ("add", "multiply", "divide", "fma"):
            each = Operation(name, fmt, n).each()
            chosen.append(Row(f"{fmt} {name}, bytes of flags", each, "float16 x", against))
    for fmt in ("float16", "bfloat16"):
        op = Operation("add", fmt, n)
        down = partial(op, rounding="toward_negative")
        chosen.append(Row(f"{fmt} add, toward negative", down, "nearest", op))
    return chosen


def softfloat_rows(n: int) -> list[Row]:
    """float64 by the host and, toward zero, by the generic path, against SoftFloat from Python."""
    chosen = []
    for name, theirs in (("add", "add"), ("multiply", "mul"), ("divide", "div")):
        op = Operation(name, "float64", n)
        columns = [
            [softfloatpy.Float64.from_bytes(c.to_bytes(8, "big")) for c in x.codes.tolist()]
            for x in op.operands
        ]
        function = getattr(softfloatpy, f"f64_{theirs}")

        def peer(function: Any = function, columns: Any = columns) -> None:
            for _ in range(CALLS):
                [function(x, y) for x, y in zip(*columns, strict=True)]

        chosen.append(Row(f"float64 {name}", op, "softfloatpy", peer, 5.0))
        generic = partial(op, rounding="toward_zero")
        chosen.append(Row(f"float64 {name}, generic path", generic, "softfloatpy", peer, 5.0))
    return chosen


def main() -> None:
    """Run the tables for the asked instruction sets."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--isa", choices=_native.usable_isas(), action="append")
    parser.add_argument("--log2n", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=9)
    options = parser.parse_args()
    n = 1 << options.log2n
    lf.set_num_threads(1)
    np.seterr(all="ignore")
    for isa in options.isa or reversed(_native.usable_isas()):
        with _native.forced(isa, tables=True):
            chosen = rows(n)
            table(f"{isa}, one thread, CPU time, n = 2^{options.log2n}", chosen,
                  alternate(chosen, options.rounds), CALLS * n)  # fmt: skip
    chosen = softfloat_rows(1 << 14)
    table("float64, n = 2^14", chosen, alternate(chosen, options.rounds), CALLS << 14)


if __name__ == "__main__":
    main()
