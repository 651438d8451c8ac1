"""Classes of results that lie as near to a tie as the operands allow, found by modular arithmetic.

The low bits of a product depend on the low bits of its factors alone, so an inverse modulo a
power of two gives the factor that makes them what they should be; likewise for quotients and
roots (Kahan 1994, "Using Hensel lifting to find worst cases"; Parks 1999).
"""

from __future__ import annotations

from typing import Any

import numpy as np

import lowfloat as lf
from lowfloat.vectors import patterns
from lowfloat.vectors.classes import FPGEN, Index, case_class, formats_of, on
from lowfloat.vectors.random_words import U64, Words, below, between, low_bits, spread, wide_product
from lowfloat.vectors.units import Unit

SOURCE = "Parks 1999, Number-theoretic test generation for directed rounding"


def _result_precision(unit: Unit) -> int:
    assert isinstance(unit.result_format, lf.Format)
    return unit.result_format.precision


def odd_inverse(x: Words, bits: int) -> Words:
    """The inverse of odd numbers modulo 2^bits, bits up to 64.

    >>> int(odd_inverse(np.array([3], np.uint64), 8)[0])
    171
    """
    inverse = x.copy()  # right to 3 bits, and Newton's step doubles that: 3, 6, ..., 96
    for _ in range(5):
        inverse *= U64(2) - x * inverse
    return low_bits(inverse, bits)


def square_root_modulo(c: Words, bits: int) -> Words:
    """An odd r with r^2 = c modulo 2^bits, for c = 1 modulo 8 and bits from 3 to 64.

    >>> r = square_root_modulo(np.array([17], np.uint64), 10)
    >>> int(r[0]) ** 2 % 1024
    17
    """
    root = np.ones_like(c)
    for bit in range(3, bits):
        wrong = (root * root ^ c) >> U64(bit) & U64(1)
        root += wrong << U64(bit - 1)
    return root


def _shifted(high: Words, low: Words, bits: int) -> Words:
    """(high 2^64 + low) >> bits, where that has 64 bits; 0 < bits < 64."""
    return high << U64(64 - bits) | low >> U64(bits)


def _normal(significand: Words, precision: int) -> tuple[Words, Any]:
    """The fraction of a nonzero significand shifted up to ``precision`` bits, and the shift."""
    shift = np.zeros(len(significand), np.int64)
    for _ in range(precision):
        short = significand >> U64(precision - 1) == 0
        if not short.any():
            break
        significand = np.where(short, significand << U64(1), significand)
        shift += short
    return low_bits(significand, precision - 1), shift


# -- near ties --------------------------------------------------------------------------------------


def _near_sum(unit: Unit, digits: list[Index], words: Words) -> list[Words]:
    """Two operands: half a last place, or the neighbours of that, is added or taken away."""
    tail, sign, last = digits
    first, second = formats_of(unit)[:2]
    fraction = low_bits(words[0], first.mantissa_bits) & ~U64(1) | last.astype(np.uint64)
    exponent = patterns.exponents(first, spread(words[0], 1))
    half = exponent - _result_precision(unit) - (tail == 2)
    ones = U64((1 << second.mantissa_bits) - 1)
    small = np.choose(tail, [U64(0), U64(1), ones]) & ones
    return [
        patterns.pack(first, words[0] >> U64(63), exponent, fraction),
        patterns.pack(second, sign, half, small),
    ]


def _near_product(unit: Unit, digits: list[Index], words: Words) -> list[Words]:
    """Factors whose product ends in 10..0, 10..01 or 01..1 below the result's last place."""
    tail, sign, shift = digits
    first, second = formats_of(unit)[:2]
    pa, pb = first.precision, second.precision
    # The product has pa + pb - 1 bits or one more; these are the discarded ones of the former.
    discarded = int(np.clip(pa + pb - 1 - _result_precision(unit), 1, pb - 1)) if pb > 1 else 0
    a = low_bits(words[0], pa - 1) | U64(1 << (pa - 1))
    if discarded == 0:
        b = np.full_like(a, 1)
    else:
        odd = a | U64(1)
        # A tie: the trailing zeros of both factors add up to discarded - 1.
        zeros = np.minimum(shift % discarded, pa - 1).astype(np.uint64)
        others = U64(discarded - 1) - zeros
        tie_a = a >> zeros << zeros | U64(1) << zeros | U64(1 << (pa - 1))
        rest = low_bits(words[1], pb - 1) | U64(1 << (pb - 1))
        tie_b = rest >> others << others | U64(1) << others
        wanted = U64(1 << (discarded - 1)) + np.where(tail == 1, U64(1), ~U64(0))
        near = low_bits(wanted * odd_inverse(odd, 64), discarded)
        near_b = rest >> U64(discarded) << U64(discarded) | near | U64(1 << (pb - 1))
        a = np.where(tail == 0, tie_a, odd)
        b = np.where(tail == 0, tie_b, near_b)
    total = patterns.exponents(_result(unit), spread(words[1], 1), 1)
    low, high = (
        np.maximum(first.emin, total - second.emax),
        np.minimum(first.emax, total - second.emin),
    )
    one = between(spread(words[0], 1), low, high)
    return [
        patterns.pack(first, sign, one, low_bits(a, pa - 1)),
        patterns.pack(second, words[1] >> U64(63), total - one, low_bits(b, pb - 1)),
    ]


def _result(unit: Unit) -> lf.Format:
    assert isinstance(unit.result_format, lf.Format)
    return unit.result_format


def _near_fma(unit: Unit, digits: list[Index], words: Words) -> list[Words]:
    """A near-tie of the product with a tiny addend, or a product of half a last place."""
    tail, sign, which = digits
    first, second, third = formats_of(unit)
    a, b = _near_product(unit, digits, words)
    tiny = patterns.with_sign(third, words[2] >> U64(62), np.full_like(a, third.min_positive_code))
    addend = patterns.random_number(third, words[2])
    _, exponent, _ = patterns.unpack(third, addend)
    half = exponent - _result_precision(unit) - (tail == 2)
    low = np.maximum(first.emin, half - second.emax)
    ones = U64((1 << second.mantissa_bits) - 1)
    small = np.choose(tail, [U64(0), U64(1), ones]) & ones
    power = patterns.pack(first, sign, low, np.zeros_like(a))
    other = patterns.pack(second, words[1] >> U64(63), half - low, small)
    product = which % 2 == 0
    return [
        np.where(product, a, power),
        np.where(product, b, other),
        np.where(product, tiny, addend),
    ]


def _near_quotient(unit: Unit, digits: list[Index], words: Words) -> list[Words]:
    """a / b beside a midpoint m: m b = a 2^(p+1) + d with d as small as it can be."""
    tail, sign, _ = digits
    first, second = formats_of(unit)
    p, pb = _result_precision(unit), second.precision
    b = low_bits(words[1], pb - 1) | U64(1 << (pb - 1)) | U64(1)
    distance = U64(1) + (U64(2) * tail.astype(np.uint64))
    m = low_bits(distance * odd_inverse(b, 64), p + 1)
    above = m >> U64(p) & U64(1) == 1
    # Of m and its negative one has the top bit; the distance then changes its sign.
    m = np.where(above, m, U64(1 << (p + 1)) - m)
    high, low = wide_product(m, b)
    low_moved = np.where(above, low - distance, low + distance)
    high = high - ((above) & (low < distance)) + (~above & (low_moved < low))
    a = _shifted(high, low_moved, p + 1)
    fits = first.precision >= pb
    fraction, _shift = _normal(np.maximum(a, U64(1)), max(pb, 1))
    fraction = (
        fraction << U64(first.precision - pb) if fits else fraction >> U64(pb - first.precision)
    )
    quotient = patterns.exponents(_result(unit), spread(words[0], 1), 1)
    low_e = np.maximum(second.emin, first.emin - quotient)
    eb = between(spread(words[1], 1), low_e, np.minimum(second.emax, first.emax - quotient))
    return [
        patterns.pack(first, sign, quotient + eb, fraction),
        patterns.pack(second, words[0] >> U64(63), eb, low_bits(b, pb - 1)),
    ]


def _near_root(unit: Unit, digits: list[Index], words: Words) -> list[Words]:
    """x beside the square of a midpoint m: x = m^2 - c, with c small and the low bits zero."""
    tail, _, _parity = digits
    (fmt,) = formats_of(unit)
    p, px = _result_precision(unit), fmt.precision
    # Bits that x lacks; as many more or less as keeps its exponent even, if it lacks none.
    zeros = max(2 * p + 2 - px, 4 - px % 2)
    if zeros > 62 or px < 2:
        return [patterns.random_number(fmt, words[0])]
    # Half of the distances are the smallest ones, the others give variety.
    further = (spread(words[0], 2) >> U64(52)) >> (spread(words[0], 3) >> U64(52)) % U64(24)
    c = U64(1) + U64(8) * (tail.astype(np.uint64) + further)
    negative = (words[0] >> U64(62) & U64(1) == 1) & (c > 1)
    c = np.where(negative, U64(2) - c, c)
    bits = min(zeros - 1, p + 1)
    m = low_bits(square_root_modulo(c, zeros), bits)
    if bits > p:
        m = np.where(m >> U64(p) & U64(1) == 1, m, U64(1 << bits) - m)
    else:  # the bits above are free
        m |= spread(words[0], 4) & U64((1 << p) - (1 << bits)) | U64(1 << p)
    high, low = wide_product(m, m)
    moved = low - c
    borrow = np.where(negative, 0, low < c).astype(np.uint64)
    carry = np.where(negative, moved < low, False).astype(np.uint64)
    significand = _shifted(high - borrow + carry, moved, zeros)
    fraction, shift = _normal(np.maximum(significand, U64(1)), px)
    half_span = max((fmt.emax - fmt.emin) // 2 - 2, 1)
    power = 2 * (below(spread(words[0], 1), half_span) + (fmt.emin + 2) // 2)
    return [patterns.pack(fmt, 0, power + 1 - shift, fraction)]


def _near(applies: tuple[str, ...], make: Any, last: Any) -> None:
    for operation in applies:
        _MAKERS[operation] = make
        _LAST[operation] = last


_MAKERS: dict[str, Any] = {}
_LAST: dict[str, Any] = {}
_near(("add", "subtract"), _near_sum, lambda unit: 2)
_near(("multiply",), _near_product, lambda unit: max(formats_of(unit)[0].mantissa_bits, 1))
_near(("fma",), _near_fma, lambda unit: 2 * max(formats_of(unit)[0].mantissa_bits, 1))
_near(("divide",), _near_quotient, lambda unit: 1)
_near(("sqrt",), _near_root, lambda unit: 2)


@case_class(
    "near_tie", "exact ties and the nearest to a tie that the operands allow",
    SOURCE, lambda unit: unit.operation in _MAKERS, lambda unit: (3, 2, _LAST[unit.operation](unit)),
)  # fmt: skip
def near_tie(unit: Unit, digits: list[Index], words: Words) -> list[Words]:
    columns: list[Words] = _MAKERS[unit.operation](unit, digits, words)
    return columns


# -- exact quotients and roots, division by zero ------------------------------------------------------


@case_class(
    "B20", "quotients and roots that end after every number of bits",
    FPGEN.format("B20"), on("divide", "sqrt"), lambda unit: (formats_of(unit)[0].precision, 2),
)  # fmt: skip
def short_results(unit: Unit, digits: list[Index], words: Words) -> list[Words]:
    length, sign = digits
    first = formats_of(unit)[0]
    p = first.precision
    bits = np.minimum(length + 1, (p + 1) // 2) if unit.operation == "sqrt" else length + 1
    q = _odd_of_length(spread(words[0], 2), bits)
    if unit.operation == "sqrt":
        fraction, shift = _normal(q * q, p + 1)
        exponent = 2 * (patterns.exponents(first, spread(words[0], 1), 1) // 2) + p - shift
        exponent = np.clip(exponent, first.emin, first.emax)
        return [patterns.pack(first, 0, exponent, fraction >> U64(1))]
    second = formats_of(unit)[1]
    b = _odd_of_length(spread(words[1], 2), np.clip(p - bits, 1, second.precision))
    fraction, _ = _normal(q * b, p + 1)
    divisor, _ = _normal(b, second.precision)
    return [
        patterns.pack(
            first, sign, patterns.exponents(first, spread(words[0], 1)), fraction >> U64(1)
        ),
        patterns.pack(
            second, words[1] >> U64(63), patterns.exponents(second, spread(words[1], 1)), divisor
        ),
    ]


def _odd_of_length(word: Words, bits: Index) -> Words:
    length = bits.astype(np.uint64)
    top = U64(1) << (length - U64(1))
    odd: Words = word & (top - U64(1)) | top | U64(1)
    return odd


@case_class(
    "B21", "every kind of number divided by zeros and by infinities",
    FPGEN.format("B21"), on("divide", "reciprocal", "rsqrt", "remainder", "fmod"),
    lambda unit: (len(patterns.special_ranges(unit.operand_formats[0])), 4),
)  # fmt: skip
def by_zero(unit: Unit, digits: list[Index], words: Words) -> list[Words]:
    kind, by = digits
    formats = formats_of(unit)
    x = patterns.draw_special(patterns.special_ranges(formats[0]), kind, words[0])
    if len(formats) == 1:
        zero = patterns.with_sign(formats[0], by, np.full_like(x, 0))
        return [np.where(by < 2, zero if formats[0].zero else x, x)]
    fmt = formats[1]
    infinity = fmt.max_finite_code if fmt.infinity_code is None else fmt.infinity_code
    magnitude = np.where(by < 2, 0 if fmt.zero else fmt.min_positive_code, infinity).astype(
        np.uint64
    )
    return [x, patterns.with_sign(fmt, by, magnitude)]
