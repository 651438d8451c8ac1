"""An independent projection for small formats: a sorted list of numbers and a search in it.

It shares nothing with the library but the record of a format's fields. Rounding looks up the
two neighbours of a number in the list of everything the format can produce, continued by one
number above the largest; the rules of spec/semantics.md cited here were read anew.
"""

from __future__ import annotations

import itertools
from bisect import bisect_right
from collections.abc import Iterator
from fractions import Fraction
from functools import cache
from typing import NamedTuple

import lowfloat as lf

NEAREST = ("nearest_even", "nearest_away", "nearest_zero", "nearest_odd")
INEXACT, UNDERFLOW, OVERFLOW, INVALID = 1, 2, 4, 16


def small_formats(max_width: int, biases: tuple[int | None, ...] = (None,)) -> Iterator[lf.Format]:
    """Every legal format of up to ``max_width`` bits with these biases."""
    nans = ("none", "ieee", "all_ones", "negative_zero", "top")
    for signed, e, m in itertools.product(
        (True, False), range(max_width + 1), range(max_width + 1)
    ):
        if not 1 <= e + m + signed <= max_width:
            continue
        for inf, nan, nz, zero, sub, bias in itertools.product(
            ("none", "ieee", "top"), nans, (True, False), (True, False),
            ("gradual", "flush", "normal"), biases,
        ):  # fmt: skip
            try:
                yield lf.Format(e, m, bias, signed, inf, nan, nz, zero, sub)
            except ValueError:
                continue


class Decoded(NamedTuple):
    """What a code stands for: "nan", "inf" or a number, and its sign."""

    kind: str
    sign: int
    magnitude: Fraction


def decode(code: int, f: lf.Format) -> Decoded:
    """Rules D-3 to D-6, from the bit string of the code."""
    bits = f"{code:0{f.width}b}"
    sign = int(bits[0]) if f.signed else 0
    rest = bits[1:] if f.signed else bits
    exponent, fraction = rest[: f.exponent_bits], rest[f.exponent_bits :]
    zero = Fraction(0)
    if f.nan == "ieee" and "0" not in exponent:
        return Decoded("nan" if "1" in fraction else "inf", sign, zero)
    if f.nan in ("all_ones", "top") and "0" not in rest:
        return Decoded("nan", sign if f.nan == "all_ones" else 0, zero)
    if f.nan == "negative_zero" and sign and "1" not in rest:
        return Decoded("nan", 0, zero)
    top = 2 ** len(rest) - 1 - (f.nan in ("all_ones", "top"))
    if f.infinities == "top" and int(rest, 2) == top:
        return Decoded("inf", sign, zero)
    magnitude = position_value(int(rest, 2), f)
    return Decoded("number", sign if magnitude or f.negative_zero else 0, magnitude)


def position_value(position: int, f: lf.Format) -> Fraction:
    """Rule D-5, for a magnitude code or for one past the largest."""
    field, t = position >> f.mantissa_bits, position % 2**f.mantissa_bits
    ulp = Fraction(2) ** (field - f.bias - f.mantissa_bits)
    if f.subnormals == "normal":
        return Fraction(0) if position == 0 and f.zero else (2**f.mantissa_bits + t) * ulp
    if field == 0:
        return t * 2 * ulp if f.subnormals == "gradual" else Fraction(0)
    return (2**f.mantissa_bits + t) * ulp


class Lattice(NamedTuple):
    """The non-negative numbers of a format with their codes, and one number more."""

    values: list[Fraction]
    codes: list[int]
    largest: int
    smallest_normal: Fraction
    special: dict[str, int]


@cache
def lattice(f: lf.Format) -> Lattice:
    """Everything that a format can produce, in order of value."""
    special: dict[str, int] = {}
    values, codes = [], []
    for code in range(2 ** (f.exponent_bits + f.mantissa_bits)):
        kind = decode(code, f).kind
        if kind == "number":
            value = position_value(code, f)
            if f.subnormals == "flush" and code >> f.mantissa_bits == 0:
                # Rounded on the numbers that a gradual format would have, then flushed.
                value = code * Fraction(2) ** (1 - f.bias - f.mantissa_bits)
            values.append(value)
            codes.append(code)
        elif kind == "inf":
            special["inf"] = code
    largest = codes[-1]
    values.append(position_value(largest + 1, f))
    codes.append(largest + 1)
    smallest_normal = Fraction(2) ** (1 - f.bias)
    if f.subnormals == "normal":
        smallest_normal = min(v for v in values if v)
    return Lattice(values, codes, largest, smallest_normal, special)


def neighbours(x: Fraction, f: lf.Format) -> tuple[Fraction, Fraction]:
    """The numbers at or below, and above, a magnitude inside a format's range."""
    values = lattice(f).values
    at = bisect_right(values, x)
    return values[at - 1], values[at]


def steps_away(
    x: Fraction, low: Fraction, high: Fraction, code: int, negative: bool, f: lf.Format,
    rounding: lf.Stochastic | str, r: int | None,
) -> bool:  # fmt: skip
    """Whether x, strictly between two neighbours, goes to the upper one (P-5, P-6)."""
    to_low, to_high = x - low, high - x
    if isinstance(rounding, lf.Stochastic):
        # The number of those R that round away, which are the highest ones (p3109 4.7.4).
        y = to_low / (high - low) * 2**rounding.drawn_bits
        half = Fraction(1, 2)
        count = {"A": y // 1, "B": (y + half) // 1, "C": round(y)}[rounding.variant]
        return r >= 2**rounding.drawn_bits - count
    if rounding in NEAREST and to_low != to_high:
        return to_high < to_low
    if rounding == "nearest_even":
        return code % 2 == 1 or (f.mantissa_bits == 0 and not f.zero)
    return {
        "nearest_away": True,
        "nearest_zero": False,
        "toward_zero": False,
        "toward_positive": not negative,
        "toward_negative": negative,
        "away_from_zero": True,
        "to_odd": code % 2 == 0,
        "nearest_odd": code % 2 == 0,
    }[rounding]


def is_tiny(x: Fraction, negative: bool, f: lf.Format, p: lf.Projection, r: int | None) -> bool:
    """Rule P-4; after rounding means: rounded to P bits on a grid without a lowest binade."""
    smallest = lattice(f).smallest_normal
    if x >= smallest or p.policy.tininess == "before":
        return x < smallest
    e = 0
    while Fraction(2) ** e > x:
        e -= 1
    while Fraction(2) ** (e + 1) <= x:
        e += 1
    ulp = Fraction(2) ** (e - f.mantissa_bits)
    low = x // ulp * ulp
    if low == x:
        return True
    parity = int(low / ulp) if f.mantissa_bits else e + f.bias
    up = steps_away(x, low, low + ulp, parity, negative, f, p.rounding, r)
    return low + up * ulp < smallest


def project(x: Fraction, f: lf.Format, p: lf.Projection, r: int | None = None) -> tuple[int, int]:
    """The code and flags of a nonzero number."""
    negative, x = x < 0, abs(x)
    values, codes, largest, _, _ = table = lattice(f)
    tiny = is_tiny(x, negative, f, p, r)
    if x >= values[-1]:
        code, exact = codes[-1], False
    elif x < values[0]:
        code, exact = codes[0], False
    else:
        at = bisect_right(values, x) - 1
        code, exact = codes[at], values[at] == x
        if not exact:
            low, high = values[at : at + 2]
            up = steps_away(x, low, high, code, negative, f, p.rounding, r)
            code = codes[at + up]
    if negative and not f.signed:
        return _below_unsigned(code, tiny, f, p)
    if code > largest:
        return _overflow(negative, table, f, p)
    sign = f.sign_mask if negative else 0
    if tiny and f.zero and (p.policy.ftz or f.subnormals == "flush"):
        return sign * f.negative_zero, INEXACT | UNDERFLOW
    flags = 0 if exact else INEXACT | UNDERFLOW * tiny
    return code | (sign if code or f.negative_zero else 0), flags


def infinity(negative: bool, f: lf.Format, p: lf.Projection) -> tuple[int, int]:
    """The code and flags of an infinity (P-9, P-12)."""
    if negative and not f.signed:
        return _clamped_below(f, p), INVALID
    table = lattice(f)
    if "inf" in table.special and p.saturation != "finite":
        return table.special["inf"] | negative * f.sign_mask, 0
    return _beyond(negative, table, f, p)


def _overflow(negative: bool, table: Lattice, f: lf.Format, p: lf.Projection) -> tuple[int, int]:
    """Rule P-8."""
    keeps = (
        p.rounding == "toward_zero"
        or p.rounding == ("toward_positive" if negative else "toward_negative")
        or (p.rounding == "to_odd" and table.largest & 1)
    )
    if p.saturation == "none" and keeps:
        return table.largest | negative * f.sign_mask, INEXACT | OVERFLOW
    return _beyond(negative, table, f, p)


def _beyond(negative: bool, table: Lattice, f: lf.Format, p: lf.Projection) -> tuple[int, int]:
    """Rules P-8 to P-10, Q-5 and Q-6."""
    sign = negative * f.sign_mask
    if p.saturation == "none" and "inf" in table.special:
        return table.special["inf"] | sign, INEXACT | OVERFLOW
    if p.saturation == "none" and p.policy.infinityless_overflow == "nan" and f.nan != "none":
        return canonical_nan(f, sign if f.nan == "all_ones" else 0), INEXACT | OVERFLOW
    return table.largest | sign, INEXACT | OVERFLOW * p.policy.saturation_raises_overflow


def _below_unsigned(code: int, tiny: bool, f: lf.Format, p: lf.Projection) -> tuple[int, int]:
    """Rule P-12 for a finite number."""
    if code == 0 and f.zero:
        return 0, INEXACT | UNDERFLOW * tiny
    if p.saturation == "none" and p.rounding in ("toward_zero", "toward_positive"):
        return 0, INVALID
    return _clamped_below(f, p), INVALID


def _clamped_below(f: lf.Format, p: lf.Projection) -> int:
    """Rule P-12: NaN where there is one, else code 0, the smallest number either way."""
    return canonical_nan(f, 0) if p.saturation == "none" and f.nan != "none" else 0


def canonical_nan(f: lf.Format, sign: int) -> int:
    """Rule D-3, for a format with NaN; the sign where NaN is all ones."""
    if f.nan == "ieee":
        ones = "1" * (f.exponent_bits + 1)
        return int(ones.ljust(f.exponent_bits + f.mantissa_bits, "0"), 2)
    if f.nan == "negative_zero":
        return 2 ** (f.width - 1)
    return 2 ** (f.width - f.signed) - 1 | sign
