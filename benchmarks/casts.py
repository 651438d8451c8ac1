"""Casts, quantization and decoding against limits and peers: one command, one table a set.

python benchmarks/casts.py [--isa baseline|avx2|avx512] [--log2n 24] [--rounds 15]
"""

from __future__ import annotations

import argparse
import threading
import time
import timeit
from functools import partial
from typing import Any

import ml_dtypes
import numpy as np
from lowfloat._core import ffi, lib
from measure import Call, Row, alternate, table

import lowfloat as lf
from lowfloat import _native

#: Targets per instruction set: (AVX-512, AVX2). The baseline set has none.
TARGETS: dict[str, tuple[float, float]] = {
    "named": (0.85, 0.65),
    "arbitrary": (0.80, 0.60),
    "ml_dtypes": (15.0, 15.0),
    "quantize": (0.90, 0.90),
    "stochastic": (0.35, 0.15),
    "decode": (0.80, 0.80),
    "flags": (1 / 1.5, 1 / 1.5),
}


def target(name: str, isa: str) -> float | None:
    """The figure of a row, None where there is none."""
    return dict(zip(("avx512", "avx2"), TARGETS[name], strict=True)).get(isa)


def limit(which: str, isa: str, source: Any, out: Any) -> Call:
    """A plain loop of the same instruction set, over the same bytes."""
    number = {"narrow 8": 0, "narrow 16": 1, "widen 8": 2}[which]
    x, y = ffi.from_buffer(source), ffi.from_buffer(out)
    return lambda: lib.lf_limit(number, _native.ISAS[isa], x, y, source.size)


def rows(isa: str, n: int) -> list[Row]:
    """All one-thread rows."""
    rng = np.random.default_rng(1)
    x = rng.standard_normal(n, dtype=np.float32)
    spread = x * np.exp2(rng.integers(-12, 12, n)).astype(np.float32)
    codes8, codes16 = np.zeros(n, np.uint8), np.zeros(n, np.uint16)
    floats, work = np.zeros(n, np.float32), x.copy()
    narrow8 = limit("narrow 8", isa, x, codes8)
    narrow16 = limit("narrow 16", isa, x, codes16)
    widen8 = limit("widen 8", isa, codes8, floats)
    memcpy = partial(np.copyto, floats, x)
    source = rng.integers(0, 256, n, dtype=np.uint8)
    e4m3fn, philox = lf.float8_e4m3fn, lf.Philox(1)
    float32 = lf.format("float32")

    def cast(fmt: str, out: Any, data: Any = x, **keywords: Any) -> Call:
        return partial(lf.cast, data, lf.format(fmt), out=out, **keywords)

    def collected() -> None:
        with lf.flags():
            lf.cast(x, e4m3fn, out=codes8)

    def decode() -> None:
        lf.cast(lf.from_codes(source, e4m3fn), float32, out=floats.view(np.uint32))

    def stochastic(bits: int) -> Call:
        return cast("e4m3fn", codes8, rounding=lf.Stochastic(bits), rng=philox)

    named, arbitrary = target("named", isa), target("arbitrary", isa)
    random = target("stochastic", isa)
    return [
        Row("float32 -> e4m3fn", cast("e4m3fn", codes8), "narrow 8", narrow8, named),
        Row("float32 -> e4m3fn, wide data", cast("e4m3fn", codes8, spread), "narrow 8", narrow8),
        Row("float32 -> e5m2", cast("e5m2", codes8), "narrow 8", narrow8),
        Row("float32 -> e4m3b11fn", cast("e4m3b11fn", codes8), "narrow 8", narrow8, arbitrary),
        Row("float32 -> e5m7", cast("e5m7", codes16), "narrow 16", narrow16, arbitrary),
        Row("float32 -> bfloat16", cast("bfloat16", codes16), "narrow 16", narrow16),
        Row(
            "float32 -> e4m3fn, to odd",
            cast("e4m3fn", codes8, rounding="to_odd", saturation="finite"),
            "narrow 8",
            narrow8,
        ),
        Row(
            "float32 -> e4m3fn",
            cast("e4m3fn", codes8),
            "ml_dtypes",
            lambda: x.astype(ml_dtypes.float8_e4m3fn),
            target("ml_dtypes", isa),
        ),
        Row(
            "  flags collected", collected, "no flags", cast("e4m3fn", codes8), target("flags", isa)
        ),
        Row("  stochastic, Philox, 8 bits", stochastic(8), "narrow 8", narrow8, random),
        Row("  stochastic, Philox, 16 bits", stochastic(16), "narrow 8", narrow8, random),
        Row("  stochastic, Philox, 32 bits", stochastic(32), "narrow 8", narrow8),
        Row(
            "quantize in place, e4m3fn",
            partial(lf.quantize, work, e4m3fn, out=work),
            "memcpy",
            memcpy,
            target("quantize", isa),
        ),
        Row(
            "quantize in place, e5m7",
            partial(lf.quantize, work, lf.format("e5m7"), out=work),
            "memcpy",
            memcpy,
        ),
        Row("e4m3fn -> float32", decode, "widen 8", widen8, target("decode", isa)),
    ]


def two_threads(n: int, rounds: int) -> None:
    """Scaling of a cast on two threads, beside that of memcpy in the same run."""
    x = np.random.default_rng(2).standard_normal(n, dtype=np.float32)
    out, copy = np.zeros(n, np.uint8), np.zeros(n, np.float32)
    halves = [(copy[: n // 2], x[: n // 2]), (copy[n // 2 :], x[n // 2 :])]

    def copy_two() -> None:
        threads = [threading.Thread(target=np.copyto, args=half) for half in halves]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def cast_on(threads: int) -> Call:
        def call() -> None:
            lf.set_num_threads(threads)
            lf.cast(x, lf.float8_e4m3fn, out=out)

        return call

    pairs = [
        Row("memcpy, 2 threads", copy_two, "1 thread", partial(np.copyto, copy, x)),
        Row("float32 -> e4m3fn, 2 threads", cast_on(2), "1 thread", cast_on(1)),
    ]
    ratios = alternate(pairs, rounds, time.perf_counter_ns)
    table("two threads, wall time", pairs, ratios, n)
    print(
        f"{'scaling over memcpy scaling':44}{ratios[1].median / ratios[0].median:20.2f}    target 0.85"
    )


def small_call() -> None:
    """A 16-element call over np.add, both best of many."""
    x, out = np.linspace(-3, 3, 16, dtype=np.float32), np.zeros(16, np.uint8)
    fmt = lf.float8_e4m3fn

    clock = time.process_time

    def best(call: Call) -> float:
        return min(timeit.repeat(call, timer=clock, number=2000, repeat=50)) / 2000 * 1e6

    add = best(lambda: np.add(x, x, out=out_floats))
    print(f"\n16 elements, microseconds: np.add {add:.2f}")
    for name, call in (
        ("lf.cast(x, format)", lambda: lf.cast(x, fmt)),
        ("lf.cast(x, format, out=out)", lambda: lf.cast(x, fmt, out=out)),
        ("lf.quantize(x, format)", lambda: lf.quantize(x, fmt)),
    ):
        taken = best(call)
        print(f"{name:44}{taken:8.2f}{taken / add:8.1f} times np.add    target 12 at most")


out_floats = np.zeros(16, np.float32)


def main() -> None:
    """Run the table for the asked instruction sets."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--isa", choices=_native.usable_isas(), action="append")
    parser.add_argument("--log2n", type=int, default=24)
    parser.add_argument("--rounds", type=int, default=15)
    options = parser.parse_args()
    n = 1 << options.log2n
    lf.set_num_threads(1)
    for isa in options.isa or reversed(_native.usable_isas()):
        with _native.forced(isa):
            chosen = rows(isa, n)
            table(f"{isa}, one thread, CPU time, n = 2^{options.log2n}", chosen,
                  alternate(chosen, options.rounds), n)  # fmt: skip
    two_threads(n, options.rounds)
    lf.set_num_threads(1)
    small_call()


if __name__ == "__main__":
    main()
