"""Sums written in compiled code from ``lf.jit.function``, a third opinion of each kind of accumulator.

Arrays are summed by golden and by the C library; the loops here are what a user would compile.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba
import numpy as np
import pytest

import lowfloat as lf
from lowfloat.accumulators import (
    Accumulator,
    Exact,
    FixedPoint,
    Fused,
    Grouped,
    Interleaved,
    Product,
)

K, ROWS = 37, 60
E4M3, E5M2, SUM = lf.float8_e4m3fn, lf.float8_e5m2, lf.format("e6m9")
RNG = np.random.default_rng(8)
#: Any codes at all, a few numbers of middle size among them, so that not every sum is a NaN.
WILD = RNG.integers(0, 256, (2, ROWS, K), np.uint8)
TAME = np.stack(
    [lf.cast(RNG.standard_normal((ROWS, K)), f, saturation="finite").codes for f in (E4M3, E5M2)]
)
WILD[:, 10:] = TAME[:, 10:]
WILD[0, 10:20, 5] = 0x7F
WILD[1, 20:25, 7] = 0x7C
STARTS = lf.cast(RNG.standard_normal(ROWS), SUM).codes
INDICES = {
    "sequential": np.arange(K),
    "reversed": np.arange(K)[::-1].copy(),
    "interleaved": np.array(sorted(range(K), key=lambda k: (k // 2 % 3, k))),
}
ORDERS = {"sequential": "sequential", "reversed": "reversed", "interleaved": Interleaved(3, 2)}


def jit(name: str, fmt: Any, *formats: Any, **how: Any) -> Callable[..., Any]:
    return lf.jit.function(name, fmt, formats=formats or None, **how)


def sums(kernel: Callable[..., Any], *more: Any, operands: np.ndarray = WILD) -> np.ndarray:
    """The kernel's code for every row."""
    return np.array([kernel(operands[0, i], operands[1, i], STARTS[i], *more) for i in range(ROWS)])


def assert_same(got: np.ndarray, accumulator: Any, operands: np.ndarray = WILD, start: bool = True,
                **how: Any) -> None:  # fmt: skip
    """The same codes from the C library and, for the first rows, from golden."""
    x, y = lf.Array(operands[0], E4M3), lf.Array(operands[1], E5M2)
    c = lf.Array(STARTS, SUM) if start else None
    z = lf.dot(x, y, c=c, accumulator=accumulator, **how)
    np.testing.assert_array_equal(got, z.codes)
    first = slice(8, 24)
    bits = {"random_bits": how["random_bits"][first]} if "random_bits" in how else {}
    with lf.backend("golden"):
        g = lf.dot(x[first], y[first], c=None if c is None else c[first], accumulator=accumulator,
                   **{**how, **bits})  # fmt: skip
    np.testing.assert_array_equal(got[first], g.codes)


@pytest.fixture(scope="module")
def chain() -> Callable[..., Any]:
    step = jit("fma", SUM, E4M3, E5M2, SUM)

    @numba.njit
    def kernel(a, b, c, order):
        for k in order:
            c = step(a[k], b[k], c)
        return c

    return kernel


@pytest.mark.parametrize("order", ORDERS)
def test_chains_of_fma_in_any_order(order: str, chain: Callable[..., Any]) -> None:
    got = sums(chain, INDICES[order])
    assert_same(got, Accumulator(SUM, order=ORDERS[order]))
    if order != "sequential":
        assert (got != sums(chain, INDICES["sequential"])).any()


def test_stochastic_chains() -> None:
    step = jit("fma", SUM, E4M3, E5M2, SUM, rounding=lf.Stochastic(8))
    bits = RNG.integers(0, 256, (ROWS, K), np.uint8)

    @numba.njit
    def kernel(a, b, c, r):
        for k in range(a.size):
            c = step(a[k], b[k], c, r[k])
        return c

    got = np.array([kernel(WILD[0, i], WILD[1, i], STARTS[i], bits[i]) for i in range(ROWS)])
    assert_same(got, Accumulator(SUM, lf.Stochastic(8)), random_bits=bits)


def test_rounded_products_in_pairs() -> None:
    product, add = jit("multiply", "e5m4", E4M3, E5M2), jit("add", SUM, "e5m4", SUM)
    leaves, join = jit("add", SUM, "e5m4", "e5m4"), jit("add", SUM)
    lift = jit("convert", SUM, "e5m4")

    @numba.njit
    def in_turn(a, b, c):
        for k in range(a.size):
            c = add(product(a[k], b[k]), c)
        return c

    @numba.njit
    def pairwise(a, b, c):
        level = np.empty(a.size, np.uint16)
        count = a.size // 2
        for k in range(count):
            level[k] = leaves(product(a[2 * k], b[2 * k]), product(a[2 * k + 1], b[2 * k + 1]))
        if a.size % 2:  # numbers of e5m4 are numbers of the sum
            level[count] = lift(product(a[-1], b[-1]))
            count += 1
        while count > 1:
            for k in range(count // 2):
                level[k] = join(level[2 * k], level[2 * k + 1])
            if count % 2:
                level[count // 2] = level[count - 1]
            count = (count + 1) // 2
        return join(level[0], c)

    assert_same(sums(in_turn), Accumulator(SUM, product=Product("e5m4")))
    assert_same(sums(pairwise), Accumulator(SUM, product=Product("e5m4"), order="pairwise"))


def test_compensated_sums() -> None:
    start = jit("fma", SUM, E4M3, E5M2, SUM)  # t - e, one rounding
    add, subtract, to_sum = jit("add", SUM), jit("subtract", SUM), jit("multiply", SUM, E4M3, E5M2)
    sign = np.uint16(SUM.sign_mask)

    @numba.njit
    def kahan(a, b, s):
        e = np.uint16(0)
        for k in range(a.size):
            y = start(a[k], b[k], e ^ sign)
            z = add(s, y)
            e = subtract(subtract(z, s), y)
            s = z
        return s

    @numba.njit
    def neumaier(a, b, s):
        e = np.uint16(0)
        for k in range(a.size):
            y = to_sum(a[k], b[k])
            z = add(s, y)
            first = (s & ~sign) >= (y & ~sign)
            big, small = (s, y) if first else (y, s)
            e = add(e, add(subtract(big, z), small))
            s = z
        return add(s, e)

    for kernel, name in ((kahan, "kahan"), (neumaier, "neumaier")):
        got = sums(kernel, operands=TAME)
        assert_same(got, Accumulator(SUM, compensation=name), TAME)


def test_chunks_are_joined_in_another_format() -> None:
    step = jit("fma", SUM, E4M3, E5M2, SUM, rounding="toward_zero")
    join, lift = jit("add", "float32", SUM, "float32"), jit("convert", "float32", SUM)

    @numba.njit
    def kernel(a, b, c):
        total = lift(c)
        for first in range(0, a.size, 8):
            s = np.uint16(0)
            for k in range(first, min(first + 8, a.size)):
                s = step(a[k], b[k], s)
            total = join(s, total)
        return total

    inner = Accumulator(SUM, "toward_zero")
    assert_same(sums(kernel), Grouped(inner, Accumulator("float32"), n=8))


def test_exact_sums_within_binary64() -> None:
    step, last = jit("fma", "float64", E4M3, E5M2, "float64"), jit("convert", "bfloat16", "float64")

    @numba.njit
    def kernel(a, b, c):
        s = np.uint64(0)
        for k in range(a.size):
            s = step(a[k], b[k], s)
        return last(s)

    assert_same(sums(kernel, operands=TAME), Exact("bfloat16"), TAME, start=False)


def test_fused_blocks_and_fixed_point() -> None:
    """Products as integers of 2^-25, cut by shifts; one conversion for each block."""
    wide = jit("multiply", "float64", E4M3, E5M2)
    narrow, add = (
        jit("convert", "e8m13", "float64", rounding="toward_zero"),
        jit("convert", "float64", "e8m13"),
    )
    units = 2.0**25

    @numba.njit
    def value(a, b):
        return np.int64(np.uint64(wide(a, b)).view(np.float64) * units)

    @numba.njit
    def exponent(code, bits, bias):
        return max(np.int64(code >> bits) & ((64 >> (bits - 1)) - 1), 1) - bias

    @numba.njit
    def fused(a, b, c):
        s = np.uint32(0)
        for first in range(0, a.size, 16):
            last = min(first + 16, a.size)
            running = np.int64(np.uint64(add(s)).view(np.float64) * units)
            top = np.int64(-100)
            if running != 0:
                top = np.int64((s >> 13) & 255) - 127
            for k in range(first, last):
                if value(a[k], b[k]) != 0:
                    top = max(top, exponent(a[k], 3, 7) + exponent(b[k], 2, 15))
            cut = max(top - 13 + 25, 0)
            total = np.int64(0)
            for k in range(first, last + 1):
                x = running if k == last else value(a[k], b[k])
                total += (abs(x) >> cut << cut) * (1 if x > 0 else -1)
            s = narrow(np.float64(total / units).view(np.uint64))
        return s

    @numba.njit
    def fixed(a, b, c):
        s = np.int64(0)
        for k in range(a.size):
            s += value(a[k], b[k])
            s = min(max(s, -(1 << 26)), (1 << 26) - 1)
        return np.float64(s / units).view(np.uint64)

    got = sums(fused, operands=TAME)
    assert_same(got, Fused("e8m13", 16, 13), TAME, start=False)
    assert (got != sums(fused, operands=TAME[:, :, ::-1])).any()
    assert_same(sums(fixed, operands=TAME), FixedPoint(27, -25, "saturate"), TAME, start=False,
                format="float64")  # fmt: skip
