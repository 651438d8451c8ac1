"""What sums refuse, before any work, and with what words."""

from __future__ import annotations

import re
from fractions import Fraction

import numpy as np
import pytest

import lowfloat as lf
from lowfloat import _native
from lowfloat.accumulators import FixedPoint

X = lf.array(np.ones((3, 4)), "float8_e4m3fn")
Y = lf.array(np.ones((4, 2)), "float8_e4m3fn")
STEP = lf.Accumulator("e6m9")
SR = lf.Accumulator("e6m5", lf.Stochastic(8))

REFUSED = [
    (lambda: lf.matmul(X, X), ValueError, "4 terms, columns of (3, 4) have 3"),
    (lambda: lf.matmul(X, lf.array(1, "bfloat16")), ValueError, "matmul of a scalar"),
    (lambda: lf.matmul(np.ones((2, 3, 4)), np.ones((5, 4, 2))), ValueError, "do not broadcast"),
    (lambda: lf.matmul([[1.0]], Y), TypeError, "a list has no format"),
    (lambda: lf.matmul(X, Y, accumulator="e6m9"), TypeError, "lf.Accumulator(...)"),
    (lambda: lf.matmul(X, Y.astype("bfloat16")), lf.FormatMismatch, "cast the operands"),
    (lambda: lf.matmul(X, Y, formats=("bfloat16", None)), lf.FormatMismatch, "cast it"),
    (lambda: lf.matmul(X, Y, formats="bfloat16"), TypeError, "those of both operands"),
    (lambda: lf.matmul(X, Y, c=np.ones((5, 5))), ValueError, "c of shape (5, 5)"),
    (lambda: lf.matmul(X, Y, c=0.3, accumulator=STEP), ValueError, "is no number of e6m9"),
    (lambda: lf.matmul(X, Y, accumulator=SR), ValueError, "needs its random bits"),
    (lambda: lf.matmul(X, Y, accumulator=SR, rng=7), TypeError, "an lf.Philox or an lf.LFSR"),
    (lambda: lf.matmul(X, Y, rng=lf.Philox(), random_bits=1), ValueError, "nothing else uses it"),
    (lambda: lf.matmul(X, Y, accumulator=SR, rng=lf.Philox(), random_bits=1), ValueError,
     "not both"),
    (lambda: lf.matmul(X, Y, accumulator=SR, random_bits=np.zeros((3, 2, 5), int)), ValueError,
     "(3, 2, 4): the result's shape and 4 roundings"),
    (lambda: lf.matmul(X, Y, accumulator=SR, random_bits=256), ValueError, "0..2^8 - 1"),
    (lambda: lf.matmul(X, Y, accumulator=SR, random_bits=-1), ValueError, "negative"),
    (lambda: lf.matmul(X, Y, accumulator=SR, rng=lf.LFSR(7, 3)), ValueError, "7 bits cannot give"),
    (lambda: lf.matmul(X, Y, out=np.zeros((3, 3), np.uint8)), ValueError, "out has shape"),
    (lambda: lf.matmul(X, Y, out=np.zeros((3, 2))), TypeError, "this result needs uint8"),
    (lambda: lf.matmul(X, Y, out=lf.array(np.zeros((3, 2)), "bfloat16")), lf.FormatMismatch,
     "this result is float8_e4m3fn"),
    (lambda: lf.matmul(X, Y, scales=X), TypeError, "scales=(sx, sy)"),
    (lambda: lf.matmul(X, Y, scales=(lf.array(np.ones((3, 3)), "bfloat16"), None)), ValueError,
     "3 scales do not divide 4 terms"),
    (lambda: lf.matmul(X, Y, scales=(lf.array(np.ones((2, 2)), "bfloat16"), None)), ValueError,
     "2 scales do not divide 3 rows into equal tiles"),
    (lambda: lf.matmul(np.ones((1, 2)), np.ones((2, 1)), scales=(None, np.ones((1, 1)))),
     ValueError, "159 significant bits; at most 106"),
    (lambda: lf.matmul(X, Y, accumulator=FixedPoint(32)), ValueError,
     "products are multiples of 2^-18, the fixed-point accumulator of 2^0: give FixedPoint(32,"),
    (lambda: lf.matmul(X, Y, c=lf.array(1, "float32"), accumulator=FixedPoint(32, -18)),
     ValueError, "starts are multiples of 2^-149"),
    (lambda: lf.matmul(X, Y, accumulator=FixedPoint(60, -18)), lf.FormatMismatch,
     "60 bits has no format, as no more than 52 bits"),
    (lambda: lf.sum(X, axis=2), ValueError, "no axis 2"),
    (lambda: lf.sum(X, axis=1.5), TypeError, "an axis is a whole number"),
    (lambda: lf.sum(lf.array(1, "bfloat16"), axis=0), ValueError, "a scalar has no axis"),
    (lambda: lf.dot(X, Y), ValueError, "do not broadcast"),
    (lambda: lf.tensordot(X, Y, 2), ValueError, "different lengths"),
    (lambda: lf.tensordot(X, Y, 3), ValueError, "no 3 axes"),
    (lambda: lf.tensordot(X, Y, ([0], [0, 1])), ValueError, "1 axes of one operand, 2"),
    (lambda: lf.conv2d(X, X), ValueError, "conv2d takes images"),
    (lambda: lf.conv2d(np.ones((1, 3, 5, 5)), np.ones((2, 2, 3, 3))), ValueError, "do not make"),
    (lambda: lf.conv2d(np.ones((1, 1, 2, 2)), np.ones((1, 1, 3, 3))), ValueError, "does not fit"),
    (lambda: lf.conv2d(np.ones((1, 1, 4, 4)), np.ones((1, 1, 3, 3)), stride=0), ValueError,
     "stride is one whole number or two"),
    (lambda: lf.matmul(X, Y, akkumulator=STEP), TypeError,
     "matmul() got an unexpected keyword argument 'akkumulator'"),
    (lambda: lf.sum(X, accumulator=lf.accumulators.nvidia_ampere("float16")), ValueError,
     "is for operands of float16, not float8_e4m3fn"),
    (lambda: lf.cumsum(X, accumulator=lf.accumulators.nvidia_ampere("float16")), ValueError,
     "is for operands of float16, not float8_e4m3fn"),
    (lambda: lf.cumsum(X, accumulator=FixedPoint(32)), ValueError, "products are multiples of"),
    (lambda: lf.Accumulator("float8_e8m0fnu"), ValueError, "which float8_e8m0fnu does not have"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("call", "error", "words"), REFUSED, ids=[str(i) for i in range(len(REFUSED))]
)
def test_bad_input_is_refused(call, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=re.escape(words)):
        call()


def test_nothing_is_drawn_or_written_by_a_refused_call() -> None:
    rng, out = lf.Philox(1), np.full((3, 2), 7, np.uint8)
    for keywords in ({"c": np.ones((5, 5))}, {"scales": (X, X)}, {"out": np.zeros((9, 9))}):
        with pytest.raises((ValueError, TypeError)):
            lf.matmul(X, Y, accumulator=SR, rng=rng, **{"out": out, **keywords}, format="e4m3fn")
        with pytest.raises((ValueError, TypeError)):
            lf.cumsum(X, accumulator=SR, rng=rng, **{"out": out, **keywords}, format="e4m3fn")
    assert rng.state["call"] == 0
    assert (out == 7).all()


@pytest.mark.parametrize("accumulator", [None, STEP, lf.accumulators.nvidia_hopper("float8_e4m3fn"),
                                         lf.accumulators.ibm_chunk64(), FixedPoint(32, -18),
                                         lf.accumulators.two_level_promotion(STEP),
                                         lf.Accumulator("e6m9", order="pairwise"),
                                         lf.Accumulator("e6m9", compensation="neumaier"),
                                         lf.accumulators.amd_cdna3("float16").accumulator],
                         ids=repr)  # fmt: skip
def test_no_terms_are_the_start(accumulator) -> None:
    z = lf.matmul(X[:, :0], Y[:0], accumulator=accumulator, format="bfloat16")
    assert z.codes.tolist() == [[0, 0]] * 3
    c = lf.array([[1.5], [-2.0], [0.25]], "float8_e4m3fn")
    scales = (np.ones((3, 1), np.float32), np.ones((0, 2), np.float32))
    z = lf.matmul(X[:, :0], Y[:0], scales=scales, accumulator=accumulator, format="bfloat16")
    assert z.codes.tolist() == [[0, 0]] * 3
    z = lf.matmul(X[:, :0], Y[:0], c=c, accumulator=accumulator, format="bfloat16")
    np.testing.assert_array_equal(z.to_numpy(), np.repeat(c.to_numpy(), 2, 1))


def test_exact_sums_hold_every_bit_of_the_widest_formats() -> None:
    """Nothing is too wide for an exact sum: bias and exponents at the ends of rule D-1."""
    low, high = lf.Format(8, 7, 1 << 20), lf.Format(8, 7, -(1 << 20))
    x = lf.from_codes([1, high.max_finite_code], high)
    tiny = lf.from_codes([1, 1], low)
    for format in (low, high):
        z = lf.dot(x, tiny, accumulator=None, format=lf.Format(8, 7), c=lf.from_codes(1, format))
        with lf.backend("golden"):
            g = lf.dot(x, tiny, format=lf.Format(8, 7), c=lf.from_codes(1, format))
        assert z.codes == g.codes


def test_a_long_sum_overruns_nothing() -> None:
    """2^22 greatest terms: carries beyond every operand's bits."""
    x = np.broadcast_to(np.array([0x7B], np.uint8), (1 << 22,))
    ones = lf.Array(x, lf.float8_e5m2)
    assert lf.dot(ones, ones, format="float64").item() == 57344.0**2 * 2**22


@pytest.mark.parametrize("terms", [(1 << 17) - 1, 1 << 17, (1 << 17) + 1, 1 << 19])
@pytest.mark.parametrize("generic", [False, True])
def test_exact_sums_stay_exact_where_binary64_would_not(terms: int, generic: bool) -> None:
    """Both sides of the number of terms beyond which the kernel's binary64 no longer holds sums."""
    codes = np.full(terms, 0x7E, np.uint8)
    codes[0] = 1  # 2^-9, squared: the last bit of the sum
    x = lf.Array(codes, lf.float8_e4m3fn)
    exact = 448**2 * (terms - 1) + Fraction(1, 1 << 18)
    with _native.forced(generic=generic):
        for rounding in ("toward_zero", "toward_positive"):
            z = lf.dot(x, x, format="float64", rounding=rounding)
            code, _ = lf.golden.encode(exact, format=lf.float64, projection=lf.Projection(rounding))
            assert int(z.codes) == code


def test_a_group_of_wide_integers_may_be_grouped_again() -> None:
    """Sums of 60 bits have no format, and need none within."""
    wide = FixedPoint(60, -18)
    inner = lf.accumulators.Grouped(STEP, FixedPoint(60, -39), n=2)
    z = lf.matmul(X, Y, accumulator=lf.accumulators.Grouped(inner, STEP, n=4))
    assert z.codes.tolist() == lf.matmul(X, Y, accumulator=STEP).codes.tolist()
    with pytest.raises(ValueError, match="an inner accumulator gives numbers of a format"):
        lf.accumulators.Grouped(lf.accumulators.Exact(), wide)
