"""Classes for conversions to and from integers, narrowing of NaNs, and rounding to integers."""

from __future__ import annotations

from fractions import Fraction
from functools import cache
from typing import Any

import numpy as np

import lowfloat as lf
from lowfloat.vectors import patterns
from lowfloat.vectors.classes import FPGEN, Index, case_class, formats_of, on
from lowfloat.vectors.operand_classes import has_payloads, nan_grid, nan_payloads
from lowfloat.vectors.random_words import U64, Words, low_bits, spread, up_to
from lowfloat.vectors.units import Integer, Unit

_INTEGRAL = ("round_to_integral", "round_to_integral_exact", "to_integer")


def _integer(unit: Unit) -> Integer:
    at = unit.result_format if unit.operation == "to_integer" else unit.operand_formats[0]
    assert isinstance(at, Integer)
    return at


# -- to integers ------------------------------------------------------------------------------------


@case_class(
    "B22", "numbers of every exponent from -2 to beyond the integers' range",
    FPGEN.format("B22"), on("to_integer"), lambda unit: (_integer(unit).width + 5, 2),
)  # fmt: skip
def every_exponent(unit: Unit, digits: list[Index], words: Words) -> list[Words]:
    exponent, sign = digits
    fmt = formats_of(unit)[0]
    return [patterns.pack(fmt, sign, exponent - 2, low_bits(words[0], fmt.mantissa_bits))]


@cache
def _around(fmt: lf.Format, numbers: tuple[Fraction, ...]) -> Any:
    """The codes on both sides of numbers."""
    sides = [
        lf.cast(list(numbers), fmt, rounding=r, saturation="finite", policy="ieee").codes
        for r in ("toward_zero", "away_from_zero")
    ]
    return np.unique(np.concatenate(sides)).astype(np.uint64)


@cache
def limit_codes(unit: Unit) -> Any:
    kind = _integer(unit)
    top = (1 << (kind.width - kind.signed)) - 1
    bottom = -top - 1 if kind.signed else 0
    quarters = [Fraction(k, 4) for k in range(-4, 5)]
    return _around(
        formats_of(unit)[0], tuple(limit + q for limit in (top, bottom) for q in quarters)
    )


@case_class(
    "B23", "the limits of the integers, a quarter, a half, three quarters and one away",
    FPGEN.format("B23"), on("to_integer"), lambda unit: (len(limit_codes(unit)),),
)  # fmt: skip
def limits(unit: Unit, digits: list[Index], words: Words) -> list[Words]:
    return [limit_codes(unit)[digits[0]]]


@cache
def quarter_codes(fmt: lf.Format) -> Any:
    return _around(fmt, tuple(Fraction(k, 4) for k in range(-12, 13) if k or fmt.zero))


@case_class(
    "B24", "quarters around zero, one and two, both signs",
    FPGEN.format("B24"), on(*_INTEGRAL), lambda unit: (len(quarter_codes(formats_of(unit)[0])), 3),
)  # fmt: skip
def quarters(unit: Unit, digits: list[Index], words: Words) -> list[Words]:
    place, step = digits
    fmt = formats_of(unit)[0]
    code = quarter_codes(fmt)[place]
    magnitude = (code & U64(fmt.magnitude_mask)).view(np.int64) + step - 1
    magnitude = np.clip(magnitude, 0, fmt.max_finite_code).astype(np.uint64)
    return [magnitude | code & U64(fmt.sign_mask)]


@case_class(
    "B28", "integers and what lies a quarter, a half and three quarters above them, every size",
    FPGEN.format("B28"), on(*_INTEGRAL), lambda unit: (formats_of(unit)[0].precision + 3, 4, 2),
)  # fmt: skip
def around_integers(unit: Unit, digits: list[Index], words: Words) -> list[Words]:
    exponent, quarter, sign = digits
    fmt = formats_of(unit)[0]
    return [_parts(fmt, exponent, sign, quarter >> 1, quarter & 1, words[0] >> U64(1), False)]


@case_class(
    "B29", "last integer bit, guard bit and sticky bit in every combination, every size",
    FPGEN.format("B29"), on(*_INTEGRAL), lambda unit: (formats_of(unit)[0].precision + 3, 2, 2, 2, 2),
)  # fmt: skip
def integer_rounding_bits(unit: Unit, digits: list[Index], words: Words) -> list[Words]:
    exponent, sign, last, guard, sticky = digits
    fmt = formats_of(unit)[0]
    word = words[0] & ~U64(1) | last.astype(np.uint64)
    return [_parts(fmt, exponent, sign, guard, sticky, word, True)]


def _parts(
    fmt: lf.Format,
    exponent: Index,
    sign: Index,
    guard: Index,
    sticky: Index,
    word: Words,
    tail: bool,
) -> Words:
    """A number of an exponent (from -2 on) with the given bits after its binary point.

    The lowest bit of ``word`` is the last bit of the integer; a sticky bit of 1 stands for
    random bits if ``tail``, else for the bit below the guard bit.
    """
    exponent = exponent - 2
    m = fmt.mantissa_bits
    places = np.clip(m - exponent, 0, m).astype(np.uint64)
    below_point = (U64(1) << places) - U64(1)
    guard_bit = np.where(guard == 1, (below_point + U64(1)) >> U64(1), U64(0))
    rest = (below_point + U64(1)) >> U64(2)
    under = np.maximum(below_point >> U64(1), U64(1))
    random_tail = np.where(rest > 0, up_to(spread(word, 3), under - U64(1)) + U64(1), U64(0)) & (
        below_point >> U64(1)
    )
    small = np.where(sticky == 1, random_tail if tail else rest, U64(0))
    whole = (word << places) & U64((1 << m) - 1)
    return patterns.pack(fmt, sign, exponent, whole | guard_bit | small)


# -- from integers ----------------------------------------------------------------------------------


@case_class(
    "B25", "the limits of the integers, zero and one, and their neighbours",
    FPGEN.format("B25"), on("from_integer"),
    lambda unit: (len(patterns.special_ranges(_integer(unit))),),
)  # fmt: skip
def integer_limits(unit: Unit, digits: list[Index], words: Words) -> list[Words]:
    return [patterns.draw_special(patterns.special_ranges(_integer(unit)), digits[0], words[0])]


@case_class(
    "B26", "integers of every length with every number of significant bits",
    FPGEN.format("B26"), on("from_integer"),
    lambda unit: (_integer(unit).width, _integer(unit).width, 2),
)  # fmt: skip
def significant_bits(unit: Unit, digits: list[Index], words: Words) -> list[Words]:
    length, significant, sign = digits
    width = _integer(unit).width
    top = U64(1) << length.astype(np.uint64)
    lowest = U64(1) << np.maximum(length - significant, 0).astype(np.uint64)
    number = top | lowest | words[0] & (top - U64(1)) & ~(lowest - U64(1))
    return [low_bits(np.where(sign == 1, ~number + U64(1), number), width)]


@case_class(
    "B27", "narrowing of NaNs: walking payload bits, quiet and signaling",
    FPGEN.format("B27"), lambda unit: unit.operation == "convert" and has_payloads(unit),
    nan_grid,
)  # fmt: skip
def narrowed_nans(unit: Unit, digits: list[Index], words: Words) -> list[Words]:
    return nan_payloads(unit, digits, words)
