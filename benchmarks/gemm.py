"""Matrix products in emulated accumulators against OpenBLAS: one command, one table a set.

python benchmarks/gemm.py [--isa avx2|avx512] [--sizes 256 512 1024] [--rounds 9]

OpenBLAS runs on one thread but in the last rows, on the best instruction set that it finds.
"""

from __future__ import annotations

import os
import sys

# Idle threads of OpenBLAS would spin, and process time would count them.
THREADS = "--two-threads"
os.environ["OPENBLAS_NUM_THREADS"] = "2" if THREADS in sys.argv else "1"

import argparse
import importlib.util
import subprocess
import time
from typing import Any

import numpy as np
from measure import Call, Row, alternate, table

import lowfloat as lf
from lowfloat import _native
from lowfloat.accumulators import Accumulator, Exact, Grouped, Product

#: Least ratios of speed: (AVX-512, AVX2).
TARGETS: dict[str, tuple[float, float]] = {
    "rounded": (1 / 3.2, 1 / 4.5),
    "product": (1 / 7, 1 / 12),
    "wide": (1 / 8, 1 / 13),
    "stochastic": (1 / 30, 1 / 75),
    "exact": (0.9, 0.7),
    "blocks": (1 / 8, 1 / 15),
    "conv": (1 / 1.5, 1 / 1.5),
}


def target(name: str, isa: str) -> float | None:
    """The figure of a row, None where there is none."""
    if name not in TARGETS:
        return None
    return dict(zip(("avx512", "avx2"), TARGETS[name], strict=True)).get(isa)


def matrices(n: int, fmt: str) -> tuple[lf.Array, lf.Array]:
    """Two n x n matrices of normal numbers."""
    rng = np.random.default_rng(1)
    x, y = (rng.standard_normal((n, n), dtype=np.float32) for _ in range(2))
    return lf.cast(x, fmt), lf.cast(y, fmt)


def product(isa: str, x: lf.Array, y: lf.Array, accumulator: Any, **how: Any) -> Call:
    """A call of lf.matmul on one instruction set."""

    def call() -> object:
        with _native.forced(isa=isa):
            return lf.matmul(x, y, accumulator=accumulator, **how)

    return call


def rows(isa: str, n: int) -> list[Row]:
    """All one-thread rows of one size."""
    rng = np.random.default_rng(2)
    single = rng.standard_normal((n, n), dtype=np.float32)
    double = rng.standard_normal((n, n))
    x, y = matrices(n, "float8_e4m3fn")
    half, brain = matrices(n, "float16"), matrices(n, "bfloat16")
    philox = lf.Philox(1)

    def row(name: str, kind: str, accumulator: Any, operands: Any = (x, y), **how: Any) -> Row:
        call = product(isa, *operands, accumulator, **how)
        return Row(f"{name}, {n}^3", call, "sgemm", lambda: single @ single, target(kind, isa))

    chunks = Grouped(Accumulator("e5m10"), Accumulator("float32"), n=64)
    return [
        *(row(f"e4m3fn, {f} each step", "rounded", Accumulator(f)) for f in ("e5m10", "e8m7", "e6m9")),
        row("e4m3fn, e6m9 toward zero", "", Accumulator("e6m9", "toward_zero")),
        row("product e5m3, sum e6m9", "product", Accumulator("e6m9", product=Product("e5m3"))),
        row("e4m3fn, e8m13 each step", "wide", Accumulator("e8m13")),
        row("e4m3fn, float32 each step", "", Accumulator("float32")),
        row("float16, float32 each step", "", Accumulator("float32"), half),
        row("bfloat16, float32 each step", "", Accumulator("float32"), brain),
        row("float16, float16 each step", "wide", Accumulator("float16"), half),
        row("bfloat16, bfloat16 each step", "", Accumulator("bfloat16"), brain),
        row("chunks of 64 in e5m10, float32", "", chunks),
        row("e5m10, stochastic of 8 bits", "stochastic", Accumulator("e5m10", lf.Stochastic(8)), rng=philox),
        row("e5m10, stochastic of 16 bits", "stochastic", Accumulator("e5m10", lf.Stochastic(16)), rng=philox),
        row("Hopper's FP8 blocks", "blocks", lf.accumulators.nvidia_hopper("float8_e4m3fn")),
        row("Ampere's blocks of float16", "blocks", lf.accumulators.nvidia_ampere("float16"), half),
        Row(
            f"e4m3fn exactly, {n}^3",
            product(isa, x, y, Exact(), format="float32"),
            "dgemm",
            lambda: double @ double,
            target("exact", isa),
        ),
        convolution(isa),
        compiled(isa, n, x, y),
    ]  # fmt: skip


def compiled(isa: str, n: int, x: lf.Array, y: lf.Array) -> Row:
    """A user's step in Numba against the same accumulator's kernel."""
    import numba

    fma, lift, less = lf.jit.fma, np.float32(2**13), np.float32(2**13 - 1)

    @numba.njit
    def step(s: Any, a: Any, b: Any) -> Any:
        s = fma(a, b, s)
        return fma(lift, s, -(less * s))

    a, b = (z.to_numpy().astype(np.float32) for z in (x, y))
    native = product(isa, x, y, Accumulator("e5m10"))
    call = lambda: lf.jit.matmul(a, b, step=step)
    return Row(f"lf.jit.matmul of an 11-bit step, {n}^3", call, "native", native, 0.4)


def convolution(isa: str) -> Row:
    """A convolution against the product of its matrices, made beforehand."""
    rng = np.random.default_rng(3)
    image = lf.cast(rng.standard_normal((8, 32, 32, 32)), "float8_e4m3fn")
    kernel = lf.cast(rng.standard_normal((64, 32, 3, 3)), "float8_e4m3fn")
    columns = lf.cast(rng.standard_normal((8, 32 * 9, 30 * 30)), "float8_e4m3fn")
    weights = kernel.reshape(64, 32 * 9)
    accumulator = Accumulator("e6m9")

    def conv() -> object:
        with _native.forced(isa=isa):
            return lf.conv2d(image, kernel, accumulator=accumulator)

    against = product(isa, weights, columns, accumulator)
    return Row("conv2d 8x32x32x32, 64 of 3x3", conv, "its matmul", against, target("conv", isa))


def peers(isa: str) -> list[Row]:
    """Libraries that really round every addition."""
    if importlib.util.find_spec("apytypes") is None:
        print("apytypes is not installed: its row is left out")
        return []
    import apytypes

    n = 512
    x, y = matrices(n, "float8_e4m3fn")
    a, b = (apytypes.APyFloatArray.from_float(z.to_numpy(), exp_bits=4, man_bits=3) for z in (x, y))

    def theirs() -> object:
        with apytypes.APyFloatAccumulatorContext(exp_bits=5, man_bits=10):
            return a @ b

    ours = product(isa, x, y, Accumulator("e5m10", product=Product("e5m10")))
    return [Row(f"e5m10 each step, {n}^3", ours, "apytypes", theirs, 150.0)]


def two_threads(n: int, rounds: int) -> None:
    """Scaling from one to two threads over that of sgemm, by wall time."""
    x, y = matrices(n, "float8_e4m3fn")
    accumulator = Accumulator("e6m9")
    single = np.random.default_rng(2).standard_normal((n, n), dtype=np.float32)

    from threadpoolctl import threadpool_limits

    def seconds(call: Call) -> float:
        start = time.perf_counter()
        call()
        return time.perf_counter() - start

    ours: list[list[float]] = [[], []]
    theirs: list[list[float]] = [[], []]
    for _ in range(2 * rounds):
        for threads in (1, 2):
            lf.set_num_threads(threads)
            ours[threads - 1].append(seconds(lambda: lf.matmul(x, y, accumulator=accumulator)))
    lf.set_num_threads(1)
    # Apart, since OpenBLAS's idle threads spin for a while and would take a core from ours.
    for _ in range(2 * rounds):
        for threads in (1, 2):
            with threadpool_limits(threads):
                theirs[threads - 1].append(seconds(lambda: single @ single))
    one, two, blas_one, blas_two = (float(np.median(t)) for t in ours + theirs)
    print(
        f"\ntwo threads, {n}^3, wall time: {one / two:.2f} times one, sgemm {blas_one / blas_two:.2f}"
        f" times; ratio {one / two / (blas_one / blas_two):.2f}, wanted 0.90"
    )


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--isa", choices=["baseline", "avx2", "avx512"])
    parser.add_argument("--sizes", type=int, nargs="+", default=[256, 512, 1024])
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument(THREADS, action="store_true", help="only the scaling, by wall time")
    args = parser.parse_args()
    lf.set_num_threads(1)
    if args.two_threads:
        two_threads(max(args.sizes), args.rounds)
        return
    isas = [args.isa] if args.isa else [i for i in _native.usable_isas() if i != "baseline"]
    for isa in reversed(isas):
        for n in args.sizes:
            made = rows(isa, n)
            ratios = alternate(made, args.rounds)
            table(f"{isa}, {n}^3, one thread, CPU time (G of steps a second)", made, ratios, n**3)
        made = peers(isa)
        if made:
            table(f"{isa}, peers", made, alternate(made, 3), 512**3)
    sys.stdout.flush()
    subprocess.run([sys.executable, __file__, THREADS, *sys.argv[1:]], check=True)


if __name__ == "__main__":
    main()
