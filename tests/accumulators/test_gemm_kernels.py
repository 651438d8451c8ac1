"""The kernels of sums of products have the bits of the generic path, on every instruction set."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import lowfloat as lf
from lowfloat import _native
from lowfloat.accumulators import Accumulator, Exact, Fused, Grouped, Interleaved, Product

FORMATS = [
    "float8_e4m3fn",
    "float8_e5m2",
    "float8_e4m3fnuz",
    "e3m2",
    "float16",
    "bfloat16",
    "float32",
]
SUMS = ["e5m10", "e8m7", "e6m9", "float32", "e8m13", "e4m3fn", "e5m2", "float64", "e6m20"]
ROUNDINGS = ["nearest_even", "toward_zero", "toward_positive", "toward_negative"]
SLOW = settings(deadline=None, max_examples=150, suppress_health_check=list(HealthCheck))


class Call(NamedTuple):
    """A product of matrices."""

    x: lf.Array
    y: lf.Array
    c: lf.Array | None
    accumulator: Any
    format: str

    def run(self, **how: Any) -> np.ndarray:
        """Its codes."""
        with _native.forced(**how):
            return lf.matmul(
                self.x, self.y, c=self.c, accumulator=self.accumulator, format=self.format,
                rng=lf.Philox(3).at(1),
            ).codes  # fmt: skip


def numbers(fmt: str, shape: tuple[int, ...], seed: int, spread: int, specials: bool) -> lf.Array:
    """Normal numbers over some binades, zeros, and perhaps any code at all."""
    rng = np.random.default_rng(seed)
    values = rng.standard_normal(shape) * 2.0 ** rng.integers(-spread, spread + 1, shape)
    values[rng.random(shape) < 0.05] = rng.choice([0.0, -0.0])
    with lf.context(saturation="finite"):
        x = lf.cast(values, fmt)
    if not specials:
        return x
    wild = rng.random(shape) < 2.0 / max(8, np.prod(shape))
    width = lf.format(fmt).width
    codes = rng.integers(0, 1 << width, shape, dtype=np.uint64).astype(x.codes.dtype)
    return lf.Array(np.where(wild, codes, x.codes), x.format)


@st.composite
def sums(draw: st.DrawFn, inner: bool = False) -> Any:
    """Accumulators that have kernels, for some operands at least."""
    fmt = draw(st.sampled_from(SUMS))
    rounding: Any = draw(st.sampled_from(ROUNDINGS))
    if not inner and draw(st.integers(0, 3)) == 0:
        rounding = lf.Stochastic(draw(st.sampled_from([1, 5, 8, 11, 16, 20])))
    product = None
    narrow = [f for f in SUMS[:4] if _fits(f, fmt)]
    if narrow and draw(st.integers(0, 3)) == 0:
        product = Product(draw(st.sampled_from(narrow)), draw(st.sampled_from(ROUNDINGS)))
    order = draw(
        st.sampled_from(["sequential", "sequential", "reversed"])
        | st.builds(Interleaved, st.integers(1, 4), st.integers(1, 3))
    )
    saturation = draw(st.sampled_from(["none", "none", "finite", "propagate"]))
    return Accumulator(fmt, rounding, saturation, product=product, order=order)


def _fits(product: str, total: str) -> bool:
    p, s = lf.format(product), lf.format(total)
    return p.precision <= s.precision and p.emax <= s.emax


@st.composite
def blocks(draw: st.DrawFn) -> Fused:
    """Fused blocks that have kernels, for narrow operands."""
    fmt = draw(st.sampled_from(["float32", "e8m13", "float16", "e6m9"]))
    return Fused(
        fmt,
        draw(st.sampled_from([1, 3, 4, 8, 16, 32])),
        draw(st.sampled_from([1, 5, 13, 23, 24, 25])),
        "toward_zero" if fmt in ("float32", "e8m13") else draw(st.sampled_from(ROUNDINGS[:2])),
        minimum_exponent=draw(st.sampled_from([None, -132, -4, 3])),
    )


@st.composite
def calls(draw: st.DrawFn) -> Call:
    """Any call, ragged and degenerate shapes among them."""
    a, b = (draw(st.sampled_from(FORMATS)) for _ in range(2))
    length = st.sampled_from([1, 2, 3, 14, 15, 31, 33, 50])
    m, n = draw(length), draw(length)
    k = draw(st.sampled_from([0, 1, 2, 7, 16, 65, 255, 256, 257, 300]))
    seed, spread = draw(st.integers(0, 1 << 20)), draw(st.sampled_from([0, 2, 5, 12]))
    specials = draw(st.integers(0, 3)) == 0
    x = numbers(a, (m, k), seed, spread, specials)
    y = numbers(b, (k, n), seed + 1, spread, specials)
    if draw(st.booleans()):
        x = lf.Array(np.asfortranarray(x.codes), x.format)
    if draw(st.booleans()):
        y = lf.Array(np.asfortranarray(y.codes), y.format)
    grouped = draw(st.integers(0, 2)) == 0
    acc = draw(sums(inner=grouped) | blocks())
    if grouped:
        by = draw(st.sampled_from(["chunks", "split", "lanes"]))
        width = draw(st.integers(1, 3)) if by == "lanes" else 1
        outer = Accumulator(draw(st.sampled_from(SUMS)), draw(st.sampled_from(ROUNDINGS)))
        acc = Grouped(acc, outer, by, draw(st.integers(1, 70)), width)
    elif draw(st.integers(0, 4)) == 0:
        acc = Exact()
    c = None
    if draw(st.integers(0, 2)) == 0:
        c = numbers(draw(st.sampled_from(SUMS)), (m, n), seed + 2, spread, specials)
    return Call(x, y, c, acc, draw(st.sampled_from(SUMS)))


@SLOW
@given(calls())
def test_kernels_are_the_generic_path(call: Call) -> None:
    expected = call.run(generic=True)
    for isa in _native.usable_isas():
        np.testing.assert_array_equal(call.run(isa=isa), expected, isa)


@pytest.mark.parametrize("fraction_bits", [22, 23, 24, 25, 26])
@pytest.mark.parametrize("terms", [4, 8, 16, 31])
@pytest.mark.parametrize("total", ["float32", "float16", "e6m12"])
def test_blocks_whose_sums_are_wider_than_the_result(
    total: str, terms: int, fraction_bits: int
) -> None:
    """Sums of 24 bits and a few more, with and without room in 31 bits."""
    x, y = (numbers("float16", shape, 1, 1, False) for shape in ((20, 96), (96, 40)))
    rounding = "toward_zero" if total == "float32" else "nearest_even"
    call = Call(x, y, None, Fused(total, terms, fraction_bits, rounding), "float32")
    expected = call.run(generic=True)
    for isa in _native.usable_isas():
        np.testing.assert_array_equal(call.run(isa=isa), expected, isa)


@pytest.mark.parametrize(
    "accumulator",
    [
        Accumulator("e6m9"),
        Accumulator("e5m10", lf.Stochastic(8)),
        Grouped(Accumulator("e5m10"), Accumulator("float32"), n=32),
        Exact(),
    ],
    ids=["rounded", "stochastic", "chunks", "exact"],
)
def test_threads_and_pieces_change_nothing(accumulator: Any) -> None:
    x = numbers("float8_e4m3fn", (3, 130, 170), 1, 2, False)
    y = numbers("float8_e4m3fn", (3, 170, 101), 2, 2, False)
    call = Call(x, y, None, accumulator, "float32")
    whole = call.run()
    try:
        lf.set_num_threads(3)
        np.testing.assert_array_equal(call.run(), whole)
    finally:
        lf.set_num_threads(1)
    # rows of a call that draws have other numbers alone
    if not isinstance(accumulator, Accumulator) or accumulator.projection.stochastic is None:
        part = Call(x[1:2, 40:90], y[1:2], None, accumulator, "float32").run()
        np.testing.assert_array_equal(part, whole[1:2, 40:90])


def test_sums_that_overflow_and_come_back() -> None:
    """An overflow within the sum sticks, though its last terms are small again."""
    terms = np.full((1, 600), 400.0)
    terms[0, 300:] = -400.0
    x, y = lf.cast(terms, "float8_e4m3fn"), lf.cast(np.ones((600, 20)), "float8_e4m3fn")
    z = lf.matmul(x, y, accumulator=Accumulator("float16"))
    assert np.isinf(z.to_numpy()).all()
    kept = lf.matmul(x, y, accumulator=Accumulator("float16", saturation="finite"))
    with _native.forced(generic=True):
        expected = lf.matmul(x, y, accumulator=Accumulator("float16", saturation="finite"))
    np.testing.assert_array_equal(kept.codes, expected.codes)
    assert np.isfinite(kept.to_numpy()).all()


def test_one_bit_less_is_seen() -> None:
    """Negative control: accumulators that differ in one bit of precision differ here."""
    call = Call(
        numbers("float8_e4m3fn", (40, 300), 1, 2, False),
        numbers("float8_e4m3fn", (300, 40), 2, 2, False), None, Accumulator("e5m10"), "float32",
    )  # fmt: skip
    other = call._replace(accumulator=Accumulator("e5m9"))
    assert (call.run() != other.run(generic=True)).mean() > 0.5


@pytest.mark.parametrize("knobs", [{"exact_zero": "positive"}, {"default_nan_fraction": "ones"}])
def test_knobs_that_only_the_generic_path_knows_keep_it(knobs: dict[str, Any]) -> None:
    """Zeros toward negative (Q-13) and the fraction of NaNs (Q-9)."""
    policy = lf.Policy(**knobs)
    x = lf.array([[1.0, 1.0], [np.inf, 1.0], [2.0, 3.0]], "float16")
    y = lf.array([[1.0, -1.0, 0.0], [-1.0, 1.0, -2.0]], "float16")
    for fmt in ("float32", "e8m13"):
        acc = Accumulator(fmt, "toward_negative", policy=policy)
        how = {"accumulator": acc, "format": fmt, "policy": policy, "rounding": "toward_negative"}
        got = lf.matmul(x, y, **how)
        with _native.forced(generic=True):
            assert np.array_equal(got.codes, lf.matmul(x, y, **how).codes)
        zero = 0 if knobs.get("exact_zero") == "positive" else got.format.sign_mask
        assert got.codes[0, 0] == got.codes[0, 1] == zero
        ones = "default_nan_fraction" in knobs
        assert got.codes[1, 2] == (got.format.magnitude_mask if ones else got.format.nan_code)
