"""Classes that choose the result first: a target between two codes, then operands that reach it.

Targets are codes of the result's format with more fraction bits, so they say where between two
results the exact value should lie. All operands but one are drawn, and the last one is computed
with the library's own operations, rounded to its format: exact where that format holds it, and
within half of its last place where not.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

import lowfloat as lf
from lowfloat.vectors import patterns
from lowfloat.vectors.classes import FPGEN, Index, case_class, formats_of
from lowfloat.vectors.random_words import U64, Words, below, between, low_bits, spread, up_to
from lowfloat.vectors.units import Integer, Unit

#: Fraction bits of a target below the last place of the result, where 64 bits have room.
EXTRA = 12
#: Magnitudes have up to 63 bits (rule D-1), and are kept as integers of 64 with a sign.
_LARGEST = (1 << 63) - 1


@cache
def target_format(fmt: lf.Format) -> lf.Format:
    """A format with the lattice of another, up to twelve more fraction bits, and no specials."""
    extra = min(EXTRA, 52 - fmt.mantissa_bits, 64 - fmt.width)
    return lf.Format(
        fmt.exponent_bits, fmt.mantissa_bits + extra, fmt.bias, fmt.signed,
        zero=fmt.zero, subnormals="gradual" if fmt.subnormals == "flush" else fmt.subnormals,
    ) if _legal(fmt, extra) else fmt  # fmt: skip


def _legal(fmt: lf.Format, extra: int) -> bool:
    """Exponent fields above 11 bits are for codes of up to 16 bits (rule D-1)."""
    return fmt.exponent_bits <= 11 or fmt.width + extra <= 16


def extra_bits(fmt: lf.Format) -> int:
    """Fraction bits that a target has below the result's last place."""
    return target_format(fmt).mantissa_bits - fmt.mantissa_bits


# -- reaching a target ------------------------------------------------------------------------------

Solver = Callable[[Unit, Any, Words], list[Any]]


def _drawn(fmt: lf.Format, word: Words, exponent: Any = None) -> Any:
    """A random operand as an Array, near an exponent if one is given."""
    if exponent is None:
        codes = patterns.random_number(fmt, word)
    else:
        codes = patterns.pack(fmt, word >> U64(63), exponent, low_bits(word, fmt.mantissa_bits))
    return lf.from_codes(codes.astype(f"uint{fmt.storage_bits}"), fmt)


def _exponent(target: Any) -> Any:
    return patterns.unpack(target.format, target.codes.astype(np.uint64))[1]


def _to(function: Any, fmt: lf.Format, *operands: Any) -> Any:
    """A library call without the user's context: to nearest, clamped, quiet."""
    return function(
        *operands, format=fmt, rounding="nearest_even", saturation="finite", policy="ieee"
    )


def _wider(formats: list[lf.Format]) -> lf.Format:
    return max(formats, key=lambda fmt: (fmt.exponent_bits, fmt.mantissa_bits))


def _sum(unit: Unit, target: Any, words: Words) -> list[Any]:
    first, second = formats_of(unit)
    apart = below(spread(words[0], 6), first.precision + 4) - 3
    a = _drawn(first, words[0], _exponent(target) - apart)
    if unit.operation == "subtract":
        return [a, _to(lf.subtract, second, a, target)]
    return [a, _to(lf.subtract, second, target, a)]


def _product(unit: Unit, target: Any, words: Words) -> list[Any]:
    first, second = formats_of(unit)
    a = _drawn(first, words[0], _share(first, second, _exponent(target), words[0]))
    return [a, _to(lf.divide, second, target, a)]


def _share(first: lf.Format, second: lf.Format, total: Any, word: Words) -> Any:
    """An exponent for the first factor that leaves the second one a normal number.

    Every fourth first factor may be subnormal.
    """
    deep = (word >> U64(21) & U64(3) == 0) * first.mantissa_bits
    low = np.maximum(first.emin - deep, total - second.emax)
    high = np.minimum(first.emax, total - second.emin)
    return between(spread(word, 1), low, high)


def _quotient(unit: Unit, target: Any, words: Words) -> list[Any]:
    first, second = formats_of(unit)
    total = -_exponent(target)
    low = np.maximum(second.emin, total + first.emin)
    high = np.minimum(second.emax, total + first.emax)
    b = _drawn(second, words[1], between(spread(words[1], 1), low, high))
    return [_to(lf.multiply, first, target, b), b]


def _fma(unit: Unit, target: Any, words: Words) -> list[Any]:
    first, second, third = formats_of(unit)
    apart = below(spread(words[2], 6), 2 * third.precision + 4) - third.precision
    total = _exponent(target) - apart
    a = _drawn(first, words[0], _share(first, second, total, words[0]))
    b = _drawn(second, words[1], total - _exponent(a))
    minus = _to(lf.negate, first, a) if first.signed else a
    return [a, b, _to(lf.fma, third, minus, b, target)]


def _faa(unit: Unit, target: Any, words: Words) -> list[Any]:
    first, second, third = formats_of(unit)
    apart = below(spread(words[2], 6), third.precision + 4) - 3
    a, b = (
        _drawn(fmt, word, _exponent(target) - apart - k)
        for k, (fmt, word) in enumerate(zip((first, second), words, strict=False))
    )
    if not (first.signed and second.signed):
        return [a, b, _drawn(third, words[2])]
    return [a, b, _to(lf.faa, third, target, _to(lf.negate, first, a), _to(lf.negate, second, b))]


def _squared(unit: Unit, target: Any, words: Words) -> list[Any]:
    return [_to(lf.multiply, formats_of(unit)[0], target, target)]


def _inverse(unit: Unit, target: Any, words: Words) -> list[Any]:
    x = _to(lf.reciprocal, formats_of(unit)[0], target)
    return [_to(lf.multiply, formats_of(unit)[0], x, x) if unit.operation == "rsqrt" else x]


def _same(unit: Unit, target: Any, words: Words) -> list[Any]:
    return [_to(lf.cast, formats_of(unit)[0], target)]


def _scaled(unit: Unit, target: Any, words: Words) -> list[Any]:
    fmt = formats_of(unit)[0]
    power = unit.operand_formats[1]
    reach = min(abs(fmt.emin) + fmt.emax + fmt.precision, (1 << (power.width - 1)) - 1)
    n = below(spread(words[1], 1), 2 * reach + 1) - reach
    x = lf.scaleb(
        target, -n, format=fmt, rounding="nearest_even", saturation="finite", policy="ieee"
    )
    return [x, n.astype(np.uint64) & U64((1 << power.width) - 1)]


def _whole(unit: Unit, target: Any, words: Words) -> list[Any]:
    kind = unit.operand_formats[0]
    assert isinstance(kind, Integer)
    numbers = lf.to_integer(target, kind.name, rounding="nearest_even", policy="ieee")
    return [numbers.view(f"uint{kind.width}").astype(np.uint64)]


SOLVERS: dict[str, Solver] = {
    "add": _sum, "subtract": _sum, "multiply": _product, "divide": _quotient, "fma": _fma,
    "faa": _faa, "sqrt": _squared, "reciprocal": _inverse, "rsqrt": _inverse, "convert": _same,
    "scaleb": _scaled, "from_integer": _whole,
}  # fmt: skip


def _solvable(unit: Unit) -> bool:
    return unit.operation in SOLVERS and isinstance(unit.result_format, lf.Format)


def _result(unit: Unit) -> lf.Format:
    assert isinstance(unit.result_format, lf.Format)
    return unit.result_format


def reach(unit: Unit, sign: Any, magnitude: Any, extra: Any, words: Words) -> list[Words]:
    """Operands for results near the code ``magnitude`` plus ``extra`` / 2^extra_bits places."""
    fmt = _result(unit)
    wide, shift = target_format(fmt), extra_bits(fmt)
    magnitude = np.maximum(magnitude, 0).astype(np.uint64)
    codes = magnitude << U64(shift) | np.asarray(extra).astype(np.uint64)
    codes = np.minimum(codes, U64(wide.max_finite_code))
    codes = patterns.with_sign(wide, sign, codes)
    target = lf.from_codes(codes.astype(f"uint{wide.storage_bits}"), wide)
    solved = SOLVERS[unit.operation](unit, target, words)
    return [np.asarray(getattr(x, "codes", x)).astype(np.uint64) for x in solved]


# -- the classes ------------------------------------------------------------------------------------


@cache
def boundaries(fmt: lf.Format) -> Any:
    """Codes of zero, one and the ends of the subnormal and normal ranges."""
    one = lf.golden.encode(1, format=fmt, projection=lf.Projection(saturation="finite"))[0]
    codes = [0, one, 1, fmt.min_normal_code - 1, fmt.min_normal_code, fmt.max_finite_code]
    return np.array(list(dict.fromkeys(max(code, 0) for code in codes)), np.int64)


@case_class(
    "B2", "results one bit away from zero, one, and the ends of the ranges",
    FPGEN.format("B2"), _solvable,
    lambda unit: (2, len(boundaries(_result(unit))), _result(unit).width),
)  # fmt: skip
def one_bit_away(unit: Unit, digits: list[Index], words: Words) -> list[Words]:
    sign, base, bit = digits
    codes = boundaries(_result(unit))[base] ^ (np.int64(1) << bit)
    return reach(unit, sign, codes & _result(unit).magnitude_mask, 0, words)


def _random_magnitude(fmt: lf.Format, word: Words) -> Index:
    return up_to(word, fmt.max_finite_code).view(np.int64)


@case_class(
    "B3", "every combination of sign, last bit, guard bit and sticky bit",
    FPGEN.format("B3"), _solvable, lambda unit: (2, 2, 2, 2),
)  # fmt: skip
def guard_and_sticky(unit: Unit, digits: list[Index], words: Words) -> list[Words]:
    sign, last, guard, sticky = digits
    code = _random_magnitude(_result(unit), spread(words[-1], 8)) & ~1 | last
    return reach(unit, sign, code, _rounding_bits(unit, guard, sticky, words), words)


def _rounding_bits(unit: Unit, guard: Index, sticky: Index, words: Words) -> Index:
    bits = extra_bits(_result(unit))
    if bits < 2:
        return np.zeros_like(guard)
    rest = 1 + below(spread(words[-1], 9), (1 << (bits - 1)) - 1)
    return guard << (bits - 1) | np.where(sticky == 1, rest, 0)


@case_class(
    "B4", "the largest number -3 to +3 last places, with guard and sticky bits, and beyond",
    FPGEN.format("B4"), _solvable, lambda unit: (2, 14, 2, 2),
)  # fmt: skip
def overflow_edge(unit: Unit, digits: list[Index], words: Words) -> list[Words]:
    sign, step, guard, sticky = digits
    fmt = _result(unit)
    beyond = np.where(step < 7, step - 3, (step - 7 - 3) << fmt.mantissa_bits)
    code = fmt.max_finite_code + np.minimum(beyond, _LARGEST - fmt.max_finite_code)
    return reach(unit, sign, code, _rounding_bits(unit, guard, sticky, words), words)


@case_class(
    "B5", "the smallest and the smallest normal number -3 to +3 last places, and the next binades",
    FPGEN.format("B5"), _solvable, lambda unit: (2, 20, 2, 2),
)  # fmt: skip
def subnormal_boundary(unit: Unit, digits: list[Index], words: Words) -> list[Words]:
    sign, step, guard, sticky = digits
    fmt = _result(unit)
    near = np.where(step < 7, fmt.min_positive_code + step - 3, fmt.min_normal_code + step - 10)
    binade = fmt.min_normal_code + ((step - 14) << fmt.mantissa_bits)
    code = np.where(step < 14, near, binade)
    return reach(unit, sign, code, _rounding_bits(unit, guard, sticky, words), words)


@case_class(
    "B6", "results below the smallest number: below, at and above its half, down to nothing",
    FPGEN.format("B6"), _solvable, lambda unit: (2, 3, EXTRA),
)  # fmt: skip
def below_the_smallest(unit: Unit, digits: list[Index], words: Words) -> list[Words]:
    sign, part, shift = digits
    bits = max(extra_bits(_result(unit)), 1)
    half = 1 << (bits - 1)
    tail = (1 + below(spread(words[-1], 9), half)) >> np.minimum(shift, bits - 1)
    extra = np.where(part == 0, tail, np.where(part == 1, half, half + tail)) & ((1 << bits) - 1)
    return reach(unit, sign, np.zeros_like(sign), extra if extra_bits(_result(unit)) else 0, words)


@case_class(
    "B7", "a single sticky bit in every place below the guard bit",
    FPGEN.format("B7"), _solvable, lambda unit: (2, 2, max(extra_bits(_result(unit)), 1)),
)  # fmt: skip
def one_sticky_bit(unit: Unit, digits: list[Index], words: Words) -> list[Words]:
    sign, last, place = digits
    code = _random_magnitude(_result(unit), spread(words[-1], 8)) & ~1 | last
    extra = np.int64(1) << place if extra_bits(_result(unit)) else 0
    return reach(unit, sign, code, extra, words)


@case_class(
    "B8", "bits below the last place from 00..00 to 00..11 and from 11..00 to 11..11",
    FPGEN.format("B8"), _solvable, lambda unit: (2, 2, 8),
)  # fmt: skip
def extremes_of_the_tail(unit: Unit, digits: list[Index], words: Words) -> list[Words]:
    sign, last, tail = digits
    code = _random_magnitude(_result(unit), spread(words[-1], 8)) & ~1 | last
    top = 1 << extra_bits(_result(unit))
    return reach(unit, sign, code, np.where(tail < 4, tail, top - 8 + tail) % top, words)


@case_class(
    "carry_out", "roundings that carry through every number of trailing ones, into the exponent",
    "IEEE 754-2019, 4.3", _solvable,
    lambda unit: (2, _result(unit).mantissa_bits + 2, 3),
)  # fmt: skip
def carry_out(unit: Unit, digits: list[Index], words: Words) -> list[Words]:
    sign, ones, tail = digits
    code = _random_magnitude(_result(unit), spread(words[-1], 8)) | (np.int64(1) << ones) - 1
    bits = extra_bits(_result(unit))
    half = (1 << bits) >> 1
    extra = np.choose(tail, [half, half + 1, (1 << bits) - 1]) % (1 << bits)
    return reach(unit, sign, code, extra, words)
