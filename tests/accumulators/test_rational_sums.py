"""Every kind of accumulator against a second model in fractions (rational_sums.py)."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import rational_sums
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from rational_sums import Factor

import lowfloat as lf
from lowfloat.accumulators import (
    Accumulator,
    Exact,
    FixedPoint,
    Fused,
    Grouped,
    Interleaved,
    LateStart,
    Product,
    Scaling,
    Subsums,
)
from lowfloat.accumulators.grouped import outermost

OPERANDS = ["float8_e4m3fn", "float8_e5m2", "float4_e2m1fn", "e3m2", "float16", "bfloat16"]
SCALES = ["float8_e8m0fnu", "float32", "e4m3"]
SUMS = ["e5m10", "e8m7", "e6m9", "float32", "e8m13", "e5m2", "float64", "e6m20", "e8m3"]
NARROW = ["e4m3", "e5m2", "e6m5"]
MODES = ["nearest_even", "toward_zero", "toward_positive", "toward_negative", "nearest_away",
         "away_from_zero", "to_odd"]  # fmt: skip
MODE = st.sampled_from(["nearest_even", *MODES])
ORDER = st.sampled_from(["sequential", "reversed"]) | st.builds(
    Interleaved, st.integers(1, 5), st.integers(1, 3)
)


def products() -> st.SearchStrategy:
    methods = st.sampled_from(["exact", "integer_add", "power_of_two"])
    return st.builds(Product, st.sampled_from(NARROW), MODE, method=methods) | st.builds(
        Product, method=methods
    )


@st.composite
def stepwise(draw: st.DrawFn) -> Accumulator:
    compensation = draw(st.sampled_from([None, None, None, "kahan", "neumaier"]))
    order = ORDER if compensation else ORDER | st.just("pairwise")
    fmt = draw(st.sampled_from(SUMS))
    product = draw(st.none() | products()) if fmt not in ("e5m2", "e8m3") else None
    try:
        return Accumulator(
            fmt, draw(MODE), product=product, order=draw(order), compensation=compensation
        )
    except ValueError:  # a product that does not fit
        assume(False)
        raise


@st.composite
def fused(draw: st.DrawFn) -> Fused:
    bits, mode = st.integers(0, 40), draw(MODE)
    if draw(st.integers(0, 4)) == 0:
        return Fused(draw(st.sampled_from(SUMS)), draw(st.integers(1, 9)), draw(bits), draw(MODE),
                     alignment=mode, addition="sorted")  # fmt: skip
    cutting = draw(st.none() | bits)
    inner = draw(st.none() | st.integers(0, 30))
    subsums = st.builds(Subsums, st.integers(1, 4), st.sampled_from(["runs", "lanes"]),
                        st.just(inner), MODE,
                        st.sampled_from(["terms", "scales"]) if inner is None else st.just("terms"))  # fmt: skip
    late = st.builds(LateStart, bits, bits, MODE, st.none() | st.integers(1, 30))
    start = draw(st.just("early") | late)
    exponents = cutting is not None or start != "early"
    return Fused(
        draw(st.sampled_from(SUMS)), draw(st.integers(1, 9)), cutting, draw(MODE), alignment=mode,
        minimum_exponent=draw(st.none() | st.integers(-30, 5)) if exponents else None,
        zeros=draw(st.sampled_from(["excluded", "aligned"])) if exponents else "excluded",
        subsums=draw(st.none() | subsums), start=start, order=draw(ORDER),
    )  # fmt: skip


KERNELS = st.sampled_from([
    Accumulator("e5m10"), Accumulator("e6m9", "toward_zero"), Accumulator("float32"),
    Accumulator("e6m9", product=Product("e5m2")), Fused("float32", 8, 24), Fused("e8m13", 32, 13),
    Grouped(Accumulator("e6m9"), Accumulator("float32"), n=8), Exact(),
])  # fmt: skip


@st.composite
def sums(draw: st.DrawFn, lowest: int, depth: int = 2) -> Any:
    kind = draw(
        st.sampled_from(["step", "fused", "exact", "fixed", "grouped", "grouped", "kernel"])
    )
    if kind == "kernel" and depth == 2:
        return draw(KERNELS)
    if kind == "fused":
        return draw(fused())
    if kind == "exact":
        return Exact(draw(st.sampled_from(SUMS)), draw(MODE))
    if kind == "fixed":
        return FixedPoint(draw(st.integers(2, 64)), lowest - draw(st.sampled_from([0, 3])),
                          draw(st.sampled_from(["wrap", "saturate"])), draw(ORDER))  # fmt: skip
    if kind == "grouped" and depth:
        inner = draw(sums(lowest, depth - 1))
        last = outermost(inner)
        below = last.lsb if isinstance(last, FixedPoint) else low(last.format)
        outer = draw(sums(below, depth - 1))
        by = draw(st.sampled_from(["chunks", "split", "lanes"]))
        width = draw(st.integers(1, 3)) if by == "lanes" else 1
        return Grouped(inner, outer, by, draw(st.integers(1, 6)), width)
    return draw(stepwise())


def low(fmt: lf.Format) -> int:
    return (
        1 - fmt.bias - fmt.mantissa_bits
        if fmt.mantissa_bits or fmt.subnormals == "gradual"
        else -fmt.bias
    )


def numbers(draw: st.DrawFn, fmt: str, shape: tuple[int, ...], scale: bool = False) -> lf.Array:
    rng = np.random.default_rng(draw(st.integers(0, 1 << 30)))
    spread = draw(st.sampled_from([0, 2, 5]))
    values = rng.standard_normal(shape) * 2.0 ** rng.integers(-spread, spread + 1, shape)
    if scale:
        values = np.abs(values) + 2.0**-6
    else:
        values *= rng.random(shape) > 0.1
    return lf.cast(values, fmt, saturation="finite")


def factors(x: lf.Array | None) -> Any:
    """Exact numbers with the lowest exponent of their format."""
    if x is None:
        return None
    lowest = x.format.emin
    flat = [Factor(Fraction(float(v)), lowest) for v in x.to_numpy().astype(np.float64).ravel()]
    return np.array([*flat, None], object)[:-1].reshape(x.shape)


def check(
    x: lf.Array, y: lf.Array, acc: Any, c: lf.Array | None, scales: Any, fmt: str, mode: str
) -> int:
    """Compare every element; those that overflow are left out. The number that were compared."""
    z = lf.matmul(x, y, accumulator=acc, c=c, scales=scales, format=fmt, rounding=mode)
    generic = np.zeros(z.shape, np.uint8)
    again = lf.matmul(x, y, accumulator=acc, c=c, scales=scales, format=fmt, rounding=mode,
                      flags_out=generic)  # fmt: skip
    np.testing.assert_array_equal(z.codes, again.codes)
    a, b, start = factors(x), factors(y), factors(c)
    u, v = (factors(s) for s in scales or (None, None))
    k, compared = x.shape[1], 0
    for i, j in np.ndindex(z.shape):
        terms = []
        for t in range(k):
            term = [a[i, t], b[t, j]]
            term += [] if u is None else [u[i, t * u.shape[1] // k]]
            term += [] if v is None else [v[t * v.shape[0] // k, j * v.shape[1] // z.shape[1]]]
            terms.append(term)
        try:
            s = rational_sums.total(acc, terms, None if start is None else start[i, j])
            expected = rational_sums.rounded(s.x, lf.format(fmt), mode)
        except rational_sums.Overflow:
            continue
        assert Fraction(float(z.to_numpy()[i, j])) == expected
        compared += 1
    return compared


SLOW = settings(deadline=None, max_examples=120, suppress_health_check=list(HealthCheck))


@SLOW
@given(st.data())
def test_every_kind(data: st.DataObject) -> None:
    draw = data.draw
    a, b = (draw(st.sampled_from(OPERANDS)) for _ in range(2))
    m, n, k = draw(st.integers(1, 2)), draw(st.integers(1, 3)), draw(st.integers(0, 30))
    x, y = numbers(draw, a, (m, k)), numbers(draw, b, (k, n))
    lowest = low(x.format) + low(y.format)
    c = None
    scales = None
    if draw(st.booleans()):
        c = numbers(draw, draw(st.sampled_from(["float16", "float32", "e4m3"])), (m, n))
        lowest = min(lowest, low(c.format))
    elif k and draw(st.booleans()):
        blocks = draw(st.sampled_from([d for d in range(1, k + 1) if k % d == 0]))
        s = draw(st.sampled_from(["float8_e8m0fnu", "e4m3"]))
        scales = (
            numbers(draw, s, (m, blocks), True) if draw(st.booleans()) else None,
            numbers(draw, s, (blocks, n), True),
        )
        lowest += 2 * low(lf.format(s))
    acc = draw(sums(lowest))
    assume(c is None or acc is outermost(acc) or not isinstance(outermost(acc), FixedPoint))
    check(x, y, acc, c, scales, draw(st.sampled_from(["float64", "float32", "e5m6"])), draw(MODE))


@SLOW
@given(st.data())
def test_scaled_sums(data: st.DataObject) -> None:
    draw = data.draw
    a = draw(st.sampled_from(OPERANDS[:4]))
    block, blocks, n = (
        draw(st.integers(1, 5)),
        draw(st.integers(1, 5)),
        draw(st.sampled_from([2, 4])),
    )
    k = block * blocks
    x, y = numbers(draw, a, (2, k)), numbers(draw, a, (k, n))
    scales = (
        numbers(draw, draw(st.sampled_from(SCALES)), (2, blocks), True),
        numbers(
            draw, draw(st.sampled_from(SCALES)), (blocks, draw(st.sampled_from([1, 2, n]))), True
        ),
    )
    rounding = st.builds(Scaling, st.sampled_from(["float32", "bfloat16", "e6m9"]), MODE,
                         first=st.sampled_from(["scales", "sum"]))  # fmt: skip
    inner = draw(stepwise() | fused() | st.builds(Exact, st.sampled_from(SUMS)))
    outer = draw(stepwise() | fused())
    c = numbers(draw, "float32", (2, n)) if draw(st.booleans()) else None
    sizes = [d for d in range(1, block + 1) if block % d == 0]
    acc = Grouped(
        inner, outer, n=draw(st.sampled_from(sizes)), scaling=draw(st.just(Scaling()) | rounding)
    )
    check(x, y, acc, c, scales, "float64", "nearest_even")


def test_enough_is_compared_and_an_error_is_seen() -> None:
    x = lf.cast(np.random.default_rng(1).standard_normal((4, 64)), "float8_e4m3fn")
    acc = Accumulator("e6m9")
    assert check(x, x.T, acc, None, None, "float32", "nearest_even") == 16
    wrong = Accumulator("e6m9", order="reversed")
    a = factors(x)
    found = lf.matmul(x, x.T, accumulator=wrong, format="float32").to_numpy()
    different = 0
    for i, j in np.ndindex(4, 4):
        terms = [[a[i, t], a[j, t]] for t in range(64)]
        different += float(rational_sums.total(acc, terms, None).x) != found[i, j]
    assert different > 8
