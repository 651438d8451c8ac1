"""Classes for dot-product units: alignment of products, cancellation, lanes, specials.

A grid names places among the terms; the operands that it leaves are random numbers whose products
have similar exponents, so that all of them take part in the sum.
"""

from __future__ import annotations

from typing import Any

import numpy as np

import lowfloat as lf
from lowfloat.vectors import patterns
from lowfloat.vectors.classes import Index, case_class, formats_of, on
from lowfloat.vectors.random_words import U64, Words, below, between, low_bits, spread
from lowfloat.vectors.units import Unit

SOURCE = "Fasi et al. 2021, Numerical behavior of NVIDIA tensor cores; Li et al. 2024, FTTN"


def _window(unit: Unit) -> int:
    """Exponent distances from nothing to beyond the alignment of the widest sums."""
    start = unit.operand_formats[-1]
    assert isinstance(start, lf.Format)
    return start.precision + 2 * formats_of(unit)[0].precision + 4


def _near(unit: Unit, words: Words, exponent: Index) -> list[Words]:
    """Factors and start whose products and start have about one exponent."""
    k, formats = unit.terms, formats_of(unit)
    columns: list[Words] = [words[0]] * len(formats)
    for i in range(k):
        first, second = formats[i], formats[k + i]
        low = np.maximum(first.emin, exponent - second.emax)
        high = np.minimum(first.emax, exponent - second.emin)
        one = between(spread(words[i], 1), low, high)
        for column, e, fmt in ((i, one, first), (k + i, exponent - one, second)):
            fraction = low_bits(words[column], fmt.mantissa_bits)
            columns[column] = patterns.pack(fmt, words[column] >> U64(63), e, fraction)
    start = formats[-1]
    fraction = low_bits(words[-1], start.mantissa_bits)
    columns[-1] = patterns.pack(start, words[-1] >> U64(63), exponent, fraction)
    return columns


def _exponent(unit: Unit, word: Words, margin: int = 0) -> Index:
    """An exponent that products can have."""
    first, second = formats_of(unit)[0], formats_of(unit)[unit.terms]
    low, high = first.emin + second.emin + margin, first.emax + second.emax - margin
    found: Index = below(spread(word, 21), max(high - low, 0) + 1) + low
    return found


def _at(place: Index, k: int) -> Any:
    return place == k


@case_class(
    "dot_alignment", "one term or the start shifted against the others by every distance",
    SOURCE, on("dot"), lambda unit: (unit.terms + 1, 2 * _window(unit) + 1),
)  # fmt: skip
def aligned(unit: Unit, digits: list[Index], words: Words) -> list[Words]:
    place, distance = digits
    base = _exponent(unit, words[0], 2)
    columns = _near(unit, words, base)
    moved = _near(unit, words, base + distance - _window(unit))
    k = unit.terms
    for i in range(k):
        for column in (i, k + i):
            columns[column] = np.where(_at(place, i), moved[column], columns[column])
    columns[-1] = np.where(_at(place, k), moved[-1], columns[-1])
    return columns


@case_class(
    "dot_cancellation", "two products, or a product and the start, that cancel but for low bits",
    SOURCE, on("dot"), lambda unit: (unit.terms + 1, unit.terms + 1, 4),
)  # fmt: skip
def cancelling(unit: Unit, digits: list[Index], words: Words) -> list[Words]:
    place, other, low = digits
    k, formats = unit.terms, formats_of(unit)
    columns = _near(unit, words, _exponent(unit, words[0], 1))
    chosen = np.minimum(place, k - 1), np.arange(len(place))
    a, b = np.stack(columns[:k])[chosen], np.stack(columns[k : 2 * k])[chosen]
    for i in range(k):
        here = _at(other, i) & (place != other)
        flipped = a ^ U64(formats[i].sign_mask) ^ low_bits(words[i], 2) * (low == 3)
        legal = (flipped & U64(formats[i].magnitude_mask)) <= U64(formats[i].max_finite_code)
        columns[i] = np.where(here & legal, flipped, columns[i])
        columns[k + i] = np.where(here & legal, b, columns[k + i])
    start = formats[-1]
    arrays = [
        lf.from_codes(x.astype(f"uint{fmt.storage_bits}"), fmt)
        for x, fmt in ((a, formats[0]), (b, formats[k]))
    ]
    product = lf.multiply(
        *arrays, format=start, rounding="toward_zero", saturation="finite", policy="ieee"
    )
    minus = product.codes.astype(np.uint64) ^ U64(start.sign_mask)
    columns[-1] = np.where(_at(other, k), minus, columns[-1])
    return columns


@case_class(
    "dot_lanes", "a single product that is not zero, in every lane, and the start alone",
    SOURCE, on("dot"), lambda unit: (unit.terms + 1, 2),
)  # fmt: skip
def one_lane(unit: Unit, digits: list[Index], words: Words) -> list[Words]:
    place, keep_start = digits
    k, formats = unit.terms, formats_of(unit)
    columns = [patterns.random_number(fmt, word) for fmt, word in zip(formats, words, strict=False)]
    for i in range(k):
        zero = U64(0) if formats[i].zero else U64(formats[i].min_positive_code)
        columns[i] = np.where(_at(place, i), columns[i], zero)
    columns[-1] = np.where((keep_start == 1) | (place == k), columns[-1], U64(0))
    return columns


@case_class(
    "dot_equal", "equal products of one sign: carries through the whole sum",
    SOURCE, on("dot"), lambda unit: (4, 2),
)  # fmt: skip
def equal(unit: Unit, digits: list[Index], words: Words) -> list[Words]:
    shape, sign = digits
    k, formats = unit.terms, formats_of(unit)
    base = _exponent(unit, words[0], 1)
    columns = _near(unit, words, base)
    a, b = columns[0], columns[k]
    ones = [U64((1 << formats[i].mantissa_bits) - 1) for i in (0, k)]
    mags = [U64(formats[i].magnitude_mask) for i in (0, k)]
    full_a, full_b = a & mags[0] | ones[0], b & mags[1] | ones[1]
    a = np.where(shape & 1 == 1, np.minimum(full_a, U64(formats[0].max_finite_code)), a & mags[0])
    b = np.where(shape & 1 == 1, np.minimum(full_b, U64(formats[k].max_finite_code)), b & mags[1])
    columns[:k] = [patterns.with_sign(formats[0], sign, a)] * k
    columns[k : 2 * k] = [b] * k
    start = formats[-1]
    magnitude = columns[-1] & U64(start.magnitude_mask)
    columns[-1] = np.where(shape < 2, patterns.with_sign(start, sign, magnitude), U64(0))
    return columns


@case_class(
    "dot_specials", "zeros, extremes, infinities and NaNs in every operand among ordinary numbers",
    "IEEE 754-2019, 7.2; the order in which units look at NaNs and infinities", on("dot"),
    lambda unit: (2 * unit.terms + 1, 2 * unit.terms + 1),
)  # fmt: skip
def special_operands(unit: Unit, digits: list[Index], words: Words) -> list[Words]:
    columns = _near(unit, words, _exponent(unit, words[0]))
    for k, (fmt, word) in enumerate(zip(formats_of(unit), words, strict=False)):
        ranges = patterns.special_ranges(fmt)
        special = patterns.draw_special(ranges, below(spread(word, 3), len(ranges)), word)
        columns[k] = np.where((digits[0] == k) | (digits[1] == k), special, columns[k])
    return columns
