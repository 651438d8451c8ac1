"""Whole input spaces of small dot units: a model in machine integers, and golden, against native."""

from __future__ import annotations

import numpy as np
import pytest

import lowfloat as lf
from lowfloat import vectors

A = lf.accumulators
INEXACT, UNDERFLOW, OVERFLOW = 1, 2, 4
TERM, RESULT = lf.float4_e2m1fn, lf.float8_e4m3fn
#: Every number below is a whole multiple of 2^-9, the smallest e4m3fn, in 64 bits.
UNIT = 9
NAN = 0x7F


def numbers(fmt: lf.Format) -> np.ndarray:
    """Each code's magnitude with its sign, in units of 2^-9; that of NaN is not used."""
    codes = np.arange(1 << fmt.width)
    m, e = fmt.mantissa_bits, fmt.exponent_bits
    exponent, fraction = codes >> m & (1 << e) - 1, codes & (1 << m) - 1
    significand = np.where(exponent > 0, fraction + (1 << m), fraction)
    shift = UNIT - fmt.bias - m + np.maximum(exponent, 1)
    assert (shift >= 0).all()
    return np.where(codes >> (m + e) & 1, -1, 1) * (significand << shift)


TERMS, RESULTS = numbers(TERM), numbers(RESULT)
FINITE = RESULTS[:NAN]


def rounded(
    total: np.ndarray, zero_sign: np.ndarray, nan: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Codes and flags of sums, to nearest with ties to even codes; no saturation, so NaN above.

    ``zero_sign`` is the sign of sums that are zero.
    """
    magnitude = np.abs(total)
    above = np.minimum(np.searchsorted(FINITE, magnitude), NAN - 1)
    below = np.maximum(above - (FINITE[above] > magnitude), 0)
    upper = np.minimum(below + 1, NAN - 1)
    low, high = magnitude - FINITE[below], FINITE[upper] - magnitude
    up = (high < low) | ((high == low) & (below % 2 == 1))
    code = np.where((upper > below) & (low > 0) & up, upper, below)
    # Beyond 448 half a place, 16, is a tie with 480, whose code would be odd: it stays at 448.
    overflow = magnitude > FINITE[-1] + (16 << UNIT)
    inexact = (FINITE[code] != magnitude) | overflow
    # Tiny after rounding: to three bits without a least exponent, what stays below 2^-6.
    tiny = (magnitude > 0) & (magnitude < (1 << (UNIT - 6)))
    sign = np.where(total == 0, zero_sign, total < 0)
    flags = INEXACT * inexact + OVERFLOW * overflow + UNDERFLOW * (tiny & inexact)
    code = np.where(overflow, NAN, code) | sign << 7  # rule P-10: this NaN has a sign
    return np.where(nan, NAN, code), np.where(nan, 0, flags)


def exact_dot(a0, a1, b0, b1, c, starts):
    """c + a0 b0 + a1 b1, rounded once."""
    negative = (c & 0x80 if starts is RESULTS else c & 8) != 0
    signs = (a0 ^ b0) >> 3 & (a1 ^ b1) >> 3 & negative
    total = starts[c] + (TERMS[a0] * TERMS[b0] + TERMS[a1] * TERMS[b1] >> UNIT)
    nan = c & NAN == NAN if starts is RESULTS else np.zeros(c.shape, bool)
    return rounded(total, signs, nan)


def running_dot(a0, a1, b0, b1, c, starts):
    """(c + a0 b0) + a1 b1, rounded to e4m3fn after each addition; c and the sum are e4m3fn."""
    assert starts is RESULTS
    code, raised, nan = c, np.zeros_like(c), c & NAN == NAN
    for a, b in ((a0, b0), (a1, b1)):
        product = TERMS[a] * TERMS[b] >> UNIT
        total = RESULTS[code] + product
        code, flags = rounded(total, (a ^ b) >> 3 & code >> 7, nan)
        raised = raised | flags
        nan = nan | (code & NAN == NAN)
    return np.where(nan, NAN, code), raised  # a NaN that is converted loses its sign


MODELS = {
    "exact": (A.Exact(), exact_dot),
    "running": (lf.Accumulator("float8_e4m3fn"), running_dot),
}


@pytest.mark.exhaustive
@pytest.mark.parametrize(
    ("name", "start"), [("exact", TERM), ("exact", RESULT), ("running", RESULT)],
    ids=["exact, 2^20", "exact, 2^24", "running, 2^24"],
)  # fmt: skip
def test_every_dot_of_two_products(name: str, start: lf.Format) -> None:
    accumulator, model = MODELS[name]
    unit = vectors.Unit.dot(2, TERM, start, RESULT, accumulator=accumulator)
    cases = vectors.Cases.all_of(unit)
    assert cases.count == 1 << (16 + start.width)
    starts = numbers(start)
    for first in range(0, cases.count, 1 << 20):
        inputs = cases.inputs(first, first + (1 << 20))
        columns = [np.asarray(x).astype(np.int64) for x in inputs]
        expected = model(*columns, RESULTS if start is RESULT else starts)
        for found, wanted in zip(unit.compute(inputs), expected, strict=True):
            np.testing.assert_array_equal(found, wanted)


#: Steps that no host float has: aligned and cut, sorted by groups, in a fixed point that wraps.
UNITS = {
    "fused": A.Fused("float8_e4m3fn", terms=2, fraction_bits=2),
    "grouped": A.Grouped(lf.Accumulator("e4m2"), lf.Accumulator("float8_e4m3fn"), n=1),
    "fixed": A.FixedPoint(8, lsb=-2, overflow="wrap"),
    "kahan": lf.Accumulator("float8_e4m3fn", compensation="kahan"),
}


@pytest.mark.exhaustive
@pytest.mark.parametrize("name", UNITS)
def test_every_dot_in_other_accumulators_equals_golden(name: str) -> None:
    """2^20 dots: four factors of 4 bits and a start of as many."""
    unit = vectors.Unit.dot(2, TERM, TERM, RESULT, accumulator=UNITS[name])
    cases = vectors.Cases.all_of(unit)
    inputs = cases.inputs(0, cases.count)
    table = vectors.Table(tuple(inputs), *unit.compute(inputs))
    report = vectors.check([table], unit, golden_sample=None)
    assert report.ok
    assert report.golden_count == 1 << 20


def test_the_model_sees_a_planted_error() -> None:
    unit = vectors.Unit.dot(2, TERM, TERM, RESULT, accumulator=A.Exact())
    wrong = vectors.Unit.dot(
        2, TERM, TERM, RESULT, accumulator=A.Exact(), projection=lf.Projection("nearest_away")
    )
    inputs = vectors.Cases.all_of(unit).inputs(0, 1 << 20)
    columns = [np.asarray(x).astype(np.int64) for x in inputs]
    expected = exact_dot(*columns, TERMS)
    np.testing.assert_array_equal(unit.compute(inputs)[0], expected[0])
    np.testing.assert_array_equal(unit.compute(inputs)[1], expected[1])
    assert (wrong.compute(inputs)[0] != expected[0]).any()
