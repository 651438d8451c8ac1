"""Elementary functions on 16-bit formats against NumPy's float32 functions, and their first use.

python benchmarks/elementary.py [--format bfloat16] [--log2n 22] [--rounds 15]
"""

from __future__ import annotations

import argparse
import time
from functools import partial

import numpy as np
from measure import Row, alternate, table

import lowfloat as lf
from lowfloat.engine import function_tables
from lowfloat.numpy_protocol import UNARY
from lowfloat.optable import ELEMENTARY, OPERATIONS

#: The speed of a function, from the second use on, over that of NumPy's in float32.
TARGET = 0.3
#: Seconds of processor time for all 65,536 codes, the first time.
FIRST_USE = 0.3


def operands(name: str, fmt: lf.Format, n: int) -> lf.Array:
    """Codes of everyday numbers within the domain of a function."""
    low, high = {"acosh": (1, 9), "atanh": (-1, 1), "asin": (-1, 1), "acos": (-1, 1)}.get(
        name, (0.1, 9) if name.startswith("log") else (-9, 9)
    )
    return lf.cast(np.random.default_rng(1).uniform(low, high, n), fmt, rounding="toward_zero")


def rows(fmt: lf.Format, n: int) -> list[Row]:
    """Every function that NumPy has too, and a few with their flags."""
    found = []
    for ufunc, name in UNARY.items():
        if name in ELEMENTARY:
            x = operands(name, fmt, n)
            floats, out = x.to_numpy(), np.zeros(n, np.uint16)
            theirs, result = getattr(np, ufunc), np.zeros(n, np.float32)
            limit = partial(theirs, floats, out=result)
            ours = partial(getattr(lf, name), x, out=out)
            found.append(Row(name, ours, f"np.{ufunc}", limit, TARGET))
            if name in ("exp", "log", "sin"):
                flags = np.zeros(n, np.uint8)
                found.append(Row("  flags of each", partial(ours, flags_out=flags), name, ours))
    return found


def first_use(fmt: lf.Format) -> None:
    """Processor time of the first call on every code, tables made anew."""
    every = lf.from_codes(np.arange(1 << fmt.width, dtype=np.uint16), fmt)
    taken = {}
    for name in ELEMENTARY:
        if OPERATIONS[name].arity == 1:
            function_tables.clear()
            start = time.process_time()
            getattr(lf, name)(every)
            taken[name] = time.process_time() - start
    slowest = max(taken, key=taken.__getitem__)
    print(f"\nfirst use, all codes of {fmt}: {sum(taken.values()) / len(taken) * 1e3:.1f} ms, the "
          f"slowest ({slowest}) {taken[slowest] * 1e3:.1f} ms    target {FIRST_USE * 1e3:.0f} at most")  # fmt: skip


def wide(n: int) -> list[Row]:
    """float32, where nothing is tabulated: each result computed and settled by itself."""
    found = []
    for ufunc, name in (("exp", "exp"), ("log", "log"), ("sin", "sin"), ("tanh", "tanh")):
        x = operands(name, lf.format("float32"), n)
        floats = x.to_numpy()
        ours = partial(getattr(lf, name), x)
        found.append(Row(f"{name}, float32", ours, f"np.{ufunc}", partial(getattr(np, ufunc), floats)))  # fmt: skip
    return found


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--format", default="bfloat16")
    parser.add_argument("--log2n", type=int, default=22)
    parser.add_argument("--rounds", type=int, default=15)
    options = parser.parse_args()
    fmt, n = lf.format(options.format), 1 << options.log2n
    lf.set_num_threads(1)
    first_use(fmt)
    chosen = rows(fmt, n)
    table(f"{fmt}, one thread, CPU time, n = 2^{options.log2n}", chosen,
          alternate(chosen, options.rounds), n)  # fmt: skip
    chosen = wide(n >> 4)
    table(f"float32, n = 2^{options.log2n - 4}", chosen, alternate(chosen, options.rounds), n >> 4)


if __name__ == "__main__":
    main()
