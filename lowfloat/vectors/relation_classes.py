"""Classes about how operands relate: alignment shifts, cancellation, comparison of fields."""

from __future__ import annotations

from typing import Any

import numpy as np

import lowfloat as lf
from lowfloat.vectors import patterns
from lowfloat.vectors.classes import FPGEN, Index, case_class, formats_of, has_numbers, on
from lowfloat.vectors.random_words import U64, Words, below, between, low_bits, spread
from lowfloat.vectors.units import Unit

_ALIGNED = ("add", "subtract", "faa", "hypot", "remainder", "fmod", "nextafter", "copysign")


def _pairs(unit: Unit) -> bool:
    """Whether two operands are weighed against one another."""
    arity = len(unit.operand_formats)
    return has_numbers(unit) and arity in (2, 3) and unit.operation != "fma"


def _precision(unit: Unit) -> int:
    return max(*(fmt.precision for fmt in formats_of(unit)), _result_precision(unit))


def _result_precision(unit: Unit) -> int:
    return unit.result_format.precision if isinstance(unit.result_format, lf.Format) else 1


def _fraction(fmt: lf.Format, word: Words, special: bool) -> Words:
    if special:
        return patterns.pick(patterns.significand_fractions(fmt.mantissa_bits), spread(word, 2))
    return low_bits(word, fmt.mantissa_bits)


def _rest(unit: Unit, columns: list[Words], words: Words) -> list[Words]:
    """The operands after the first two, near the first in size."""
    for fmt, word in zip(formats_of(unit)[2:], words[2:], strict=False):
        _, exponent, _ = patterns.unpack(formats_of(unit)[0], columns[0])
        near = exponent + below(spread(word, 7), 2 * fmt.precision + 1) - fmt.precision
        columns.append(patterns.pack(fmt, word >> U64(63), near, low_bits(word, fmt.mantissa_bits)))
    return columns


# -- alignment --------------------------------------------------------------------------------------


def _aligned(special: bool) -> Any:
    def make(unit: Unit, digits: list[Index], words: Words) -> list[Words]:
        distance, signs = digits
        first, second = formats_of(unit)[:2]
        shift = distance - (_precision(unit) + 4)
        low = np.maximum(first.emin, second.emin + shift)
        high = np.minimum(first.emax, second.emax + shift)
        exponent = between(spread(words[0], 1), low, high)
        columns = [
            patterns.pack(first, signs, exponent, _fraction(first, words[0], special)),
            patterns.pack(
                second, signs >> 1, exponent - shift, _fraction(second, words[1], special)
            ),
        ]
        return _rest(unit, columns, words)

    return make


for _name, _special in (("B10", False), ("B11", True)):
    case_class(
        _name,
        "differences of exponents from -(p+4) to p+4" + (", special significands" if _special else ""),
        FPGEN.format(_name), _pairs,
        lambda unit: (2 * (_precision(unit) + 4) + 1, 4),
    )(_aligned(_special))  # fmt: skip


# -- cancellation -----------------------------------------------------------------------------------


def _opposite(unit: Unit, sign: Any) -> Any:
    """The sign of the second operand that makes the operation subtract magnitudes."""
    return sign if unit.operation == "subtract" else sign ^ U64(1)


def _cancelling(lowest: bool) -> Any:
    def make(unit: Unit, digits: list[Index], words: Words) -> list[Words]:
        first, second = formats_of(unit)[:2]
        bits, sign, *place = digits
        m = first.mantissa_bits
        if lowest:
            exponent = first.emin + place[0]
        else:
            exponent = patterns.exponents(first, spread(words[0], 1))
        x = patterns.pack(first, 0, exponent, low_bits(words[0], m))
        # All but the low bits agree: the difference starts at one of the 0 to p + 1 low bits.
        low = (U64(1) << np.minimum(bits, first.width - 1).astype(np.uint64)) - U64(1)
        magnitude = x & ~low | words[1] & low
        magnitude = np.minimum(magnitude, U64(first.max_finite_code))
        _, e, f = patterns.unpack(first, magnitude)
        moved = f >> U64(m - second.mantissa_bits) if m >= second.mantissa_bits else (
            f << U64(second.mantissa_bits - m)
        )  # fmt: skip
        y = magnitude if second is first else patterns.pack(second, 0, e, moved)
        sign = sign.astype(np.uint64)
        columns = [
            patterns.with_sign(first, sign, x),
            patterns.with_sign(second, _opposite(unit, sign), y),
        ]
        return _rest(unit, columns, words)

    return make


case_class(
    "B12", "cancellation of every number of leading bits",
    FPGEN.format("B12"), _pairs, lambda unit: (formats_of(unit)[0].precision + 2, 2),
)(_cancelling(False))  # fmt: skip
case_class(
    "B13", "cancellation of every number of leading bits, near the smallest numbers",
    FPGEN.format("B13"), _pairs,
    lambda unit: (formats_of(unit)[0].precision + 2, 2, min(formats_of(unit)[0].precision + 2, _span(unit))),
)(_cancelling(True))  # fmt: skip


def _span(unit: Unit) -> int:
    return max(1, formats_of(unit)[0].emax - formats_of(unit)[0].emin + 1)


# -- fused multiply-add -----------------------------------------------------------------------------


def _factors(unit: Unit, words: Words, exponent: Any, special: bool = False) -> list[Words]:
    """Two factors whose exponents add up to ``exponent`` where the formats allow."""
    first, second = formats_of(unit)[:2]
    low = np.maximum(first.emin, exponent - second.emax)
    high = np.minimum(first.emax, exponent - second.emin)
    one = between(spread(words[0], 1), low, high)
    return [
        patterns.pack(first, words[0] >> U64(63), one, _fraction(first, words[0], special)),
        patterns.pack(
            second, words[1] >> U64(63), exponent - one, _fraction(second, words[1], special)
        ),
    ]


def _product_aligned(special: bool) -> Any:
    def make(unit: Unit, digits: list[Index], words: Words) -> list[Words]:
        distance, sign = digits
        first, second, third = formats_of(unit)
        shift = distance - (2 * _precision(unit) + 1)
        low = np.maximum(first.emin + second.emin, third.emin - shift)
        high = np.minimum(first.emax + second.emax, third.emax - shift)
        exponent = between(spread(words[2], 1), low, high)
        addend = patterns.pack(third, sign, exponent + shift, _fraction(third, words[2], special))
        return [*_factors(unit, words, exponent, special), addend]

    return make


for _name, _special in (("B14", False), ("B15", True)):
    case_class(
        _name,
        "addend shifted by -(2p+1) to p+1 against the product" + (", special significands" if _special else ""),
        FPGEN.format(_name), on("fma"), lambda unit: (3 * _precision(unit) + 3, 2),
    )(_product_aligned(_special))  # fmt: skip


def _product_cancelled(lowest: bool) -> Any:
    def make(unit: Unit, digits: list[Index], words: Words) -> list[Words]:
        bits, rounding, *place = digits
        _first, _second, third = formats_of(unit)
        exponent = (
            third.emin + place[0] - 2
            if lowest
            else patterns.exponents(third, spread(words[2], 1), 2)
        )
        a, b = _factors(unit, words, exponent)
        product = _minus_product(unit, a, b)
        low = (U64(1) << np.minimum(bits, third.width - 1).astype(np.uint64)) - U64(1)
        magnitude = product & U64(third.magnitude_mask)
        moved = magnitude & ~low | words[2] & low
        magnitude = np.minimum(
            np.where(rounding == 0, magnitude ^ low, moved), U64(third.max_finite_code)
        )
        sign = product >> U64(third.width - 1)
        return [a, b, patterns.with_sign(third, sign, magnitude)]

    return make


def _minus_product(unit: Unit, a: Words, b: Words) -> Words:
    """-(a b), rounded to the addend's format."""
    first, second, third = formats_of(unit)
    arrays = [
        lf.from_codes(x.astype(f"uint{fmt.storage_bits}"), fmt)
        for x, fmt in ((a, first), (b, second))
    ]
    product = lf.multiply(
        *arrays, format=third, rounding="toward_zero", saturation="finite", policy="ieee"
    )
    return product.codes.astype(np.uint64) ^ U64(third.sign_mask)


case_class(
    "B16", "addend that cancels every number of leading bits of the product",
    FPGEN.format("B16"), on("fma"), lambda unit: (formats_of(unit)[2].precision + 2, 2),
)(_product_cancelled(False))  # fmt: skip
case_class(
    "B17", "addend that cancels the product, near the smallest numbers",
    FPGEN.format("B17"), on("fma"),
    lambda unit: (formats_of(unit)[2].precision + 2, 2, formats_of(unit)[2].precision + 4),
)(_product_cancelled(True))  # fmt: skip


@case_class(
    "B18", "product beyond the largest or below the smallest number, moved back or kept by the addend",
    FPGEN.format("B18"), on("fma"), lambda unit: (2, 9, 2, 4),
)  # fmt: skip
def product_at_the_edges(unit: Unit, digits: list[Index], words: Words) -> list[Words]:
    edge, step, sign, size = digits
    third = formats_of(unit)[2]
    result = unit.result_format
    assert isinstance(result, lf.Format)
    top = np.where(edge == 0, result.emax, result.emin - result.precision // 2)
    a, b = _factors(unit, words, top + step - 4)
    product_sign = (words[0] ^ words[1]) >> U64(63)
    exponent = top + np.array([0, -1, -result.precision, -result.precision - 1])[size]
    return [
        a, b,
        patterns.pack(third, product_sign ^ sign.astype(np.uint64), exponent,
                      _fraction(third, words[2], True)),
    ]  # fmt: skip


# -- comparison of fields ---------------------------------------------------------------------------


@case_class(
    "B19", "equal, neighbouring and far signs, exponents and fractions",
    FPGEN.format("B19"), _pairs, lambda unit: (4, 5, 5),
)  # fmt: skip
def compared_fields(unit: Unit, digits: list[Index], words: Words) -> list[Words]:
    signs, between, fractions = digits
    first, second = formats_of(unit)[:2]
    shared = patterns.exponents(first, spread(words[0], 1))
    field = low_bits(words[0], first.mantissa_bits)
    m = second.mantissa_bits
    same = field >> U64(first.mantissa_bits - m) if first.mantissa_bits >= m else (
        field << U64(m - first.mantissa_bits)
    )  # fmt: skip
    bit = U64(1) << below(spread(words[1], 2), max(m, 1)).astype(np.uint64)
    fraction = np.choose(
        fractions, [same, same + U64(1), same - U64(1), same ^ bit, low_bits(words[1], m)]
    ) & U64((1 << m) - 1)
    other = np.choose(
        between,
        [shared, shared, shared + 1, shared - 1, patterns.exponents(second, spread(words[1], 1))],
    )
    columns = [
        patterns.pack(first, signs, shared, field),
        patterns.pack(second, signs >> 1, other, fraction),
    ]
    return _rest(unit, columns, words)
