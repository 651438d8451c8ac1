"""S2FP8 quantization, statistics included, against copying the tensor: one command, one table.

python benchmarks/s2fp8.py [--isa baseline|avx2|avx512] [--log2n 24] [--rounds 15]
"""

from __future__ import annotations

import argparse
from functools import partial

import numpy as np
from measure import Row, alternate, table

import lowfloat as lf
from lowfloat import _native
from lowfloat.systems import s2fp8


def rows(n: int, target: float | None) -> list[Row]:
    """One row per use: codes, values, values in place."""
    x = np.random.default_rng(1).standard_normal(n, dtype=np.float32)
    values, work = np.zeros_like(x), x.copy()
    memcpy = partial(np.copyto, np.zeros_like(x), x)
    return [
        Row("float32 -> S2FP8 codes", lambda: s2fp8.quantize(x), "memcpy", memcpy, target),
        Row("float32 -> its S2FP8 values", lambda: s2fp8.truncate(x, out=values), "memcpy", memcpy, target),
        Row("the same in place", lambda: s2fp8.truncate(work, out=work), "memcpy", memcpy, target),
    ]  # fmt: skip


def main() -> None:
    """Run the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--isa", choices=_native.usable_isas(), default=_native.usable_isas()[-1])
    parser.add_argument("--log2n", type=int, default=24)
    parser.add_argument("--rounds", type=int, default=15)
    arguments = parser.parse_args()
    n = 1 << arguments.log2n
    lf.set_num_threads(1)
    with _native.forced(arguments.isa):
        chosen = rows(n, None if arguments.isa == "baseline" else 0.25)
        table(
            f"S2FP8, {arguments.isa}, n = 2^{arguments.log2n}",
            chosen,
            alternate(chosen, arguments.rounds),
            n,
        )


if __name__ == "__main__":
    main()
