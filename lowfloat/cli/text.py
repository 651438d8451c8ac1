"""Codes, exact values and tables as text for people."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from itertools import pairwise

import lowfloat as lf
from lowfloat.decimals import all_digits, shortest
from lowfloat.exception_flags import FLAG_NAMES
from lowfloat.format_text import decimal

#: Exact decimals longer than this are left to the other two notations.
LONGEST_DECIMAL = 40
#: The longest exact decimals beside codes.
SHORT_DECIMAL = 12
#: Binary exponents beyond which no decimal is looked for; binary128's are below.
LARGEST_DECIMAL_EXPONENT = 20_000
#: Bits of the longest numerators and denominators that are written out in decimal.
LONGEST_EXPANDED = 2000
#: Bits of the longest significands beside a power of two.
LONGEST_SIGNIFICAND = 64


def hexadecimal(fmt: lf.Format, code: int) -> str:
    """A code with all the digits of its width.

    >>> hexadecimal(lf.float8_e4m3fn, 8), hexadecimal(lf.float4_e2m1fn, 8)
    ('0x08', '0x8')
    """
    return f"0x{code:0{(fmt.width + 3) // 4}X}"


def bit_fields(fmt: lf.Format, code: int) -> str:
    """Sign, exponent and fraction bits, separated by spaces.

    >>> bit_fields(lf.float8_e4m3fn, 0x7E)
    '0 1111 110'
    """
    bits = f"{code:0{fmt.width}b}"
    cuts = (0, int(fmt.signed), int(fmt.signed) + fmt.exponent_bits, fmt.width)
    parts = (bits[a:b] for a, b in pairwise(cuts))
    return " ".join(part for part in parts if part)


def with_value(fmt: lf.Format, code: int) -> str:
    """A code and its value: exactly where that is short, else the shortest decimal.

    >>> with_value(lf.float8_e4m3fn, 0x7E), with_value(lf.bfloat16, 1)
    ('0x7E (448)', '0x0001 (~9e-41)')
    """
    return f"{hexadecimal(fmt, code)} ({value_text(fmt, code)})"


def value_text(fmt: lf.Format, code: int) -> str:
    """The value of a code in a few characters; ~ marks a decimal that is not exact."""
    value = lf.golden.decode(code, fmt)
    if value.kind != "finite" or value.is_zero:
        return shortest(fmt, code).removesuffix(".0")
    exact = exact_decimal(value.signed)
    if exact is not None and len(exact) <= SHORT_DECIMAL:
        return exact
    if far_from_one(value.signed):
        return power_text(value.signed)
    return f"~{shortest(fmt, code)}"


def far_from_one(x: Fraction) -> bool:
    """Whether the decimals of a number have so many digits that finding them takes long."""
    exponent = x.numerator.bit_length() - x.denominator.bit_length()
    return abs(exponent) > LARGEST_DECIMAL_EXPONENT


def flags_text(bits: int) -> str:
    """Flags as two digits and names.

    >>> flags_text(5), flags_text(0)
    ('05 inexact, overflow', '00 no flags')
    """
    names = [name.replace("_", " ") for bit, name in FLAG_NAMES.items() if bits & bit]
    return f"{bits:02X} {', '.join(names) or 'no flags'}"


def exact_text(x: Fraction) -> str:
    """A value: a decimal where it ends soon, else a power of two or a fraction.

    Where all of them are long it is rounded to twelve digits, marked with ~.

    >>> exact_text(Fraction(13, 128)), exact_text(Fraction(1, 3)), exact_text(Fraction(448))
    ('0.1015625', '1/3', '448')
    """
    digits = exact_decimal(x)
    if digits is not None and len(digits) <= LONGEST_DECIMAL:
        return digits
    if dyadic(x) and abs(x.numerator).bit_length() - _twos(x) <= LONGEST_SIGNIFICAND:
        return power_text(x)
    if max(abs(x.numerator), x.denominator).bit_length() <= 3 * LONGEST_DECIMAL // 2:
        return f"{x.numerator}/{x.denominator}"
    return f"~{'-' if x < 0 else ''}{decimal(abs(x), 12)}"


def exact_decimal(x: Fraction) -> str | None:
    """All digits of a number whose decimal ends, without an exponent.

    None if it does not end, or if numerator or denominator has more than 2,000 bits.

    >>> exact_decimal(Fraction(-1, 8)), exact_decimal(Fraction(1, 3))
    ('-0.125', None)
    """
    if max(abs(x.numerator), x.denominator).bit_length() > LONGEST_EXPANDED:
        return None
    rest = x.denominator >> ((x.denominator & -x.denominator).bit_length() - 1)
    while rest % 5 == 0:
        rest //= 5
    if rest != 1:
        return None
    return ("-" if x < 0 else "") + all_digits(abs(x)).removesuffix(".0")


def dyadic(x: Fraction) -> bool:
    """Whether a number is an integer times a power of two."""
    return x.denominator & (x.denominator - 1) == 0


def _twos(x: Fraction) -> int:
    """How often two divides the numerator."""
    return (x.numerator & -x.numerator).bit_length() - 1 if x else 0


def power_text(x: Fraction) -> str:
    """A dyadic number as an odd integer times a power of two.

    >>> power_text(Fraction(448)), power_text(Fraction(1, 512)), power_text(Fraction(5))
    ('7 * 2^6', '2^-9', '5')
    """
    twos = _twos(x)
    odd, exponent = x.numerator >> twos, twos + 1 - x.denominator.bit_length()
    if exponent == 0 or odd == 0:
        return str(odd)
    sign = "-" if odd < 0 else ""
    return f"{sign}2^{exponent}" if abs(odd) == 1 else f"{odd} * 2^{exponent}"


def hex_float(x: Fraction) -> str:
    """A dyadic number in C's hexadecimal notation, of any range and precision.

    >>> hex_float(Fraction(448)), hex_float(Fraction(-13, 128)), hex_float(Fraction(0))
    ('0x1.cp+8', '-0x1.ap-4', '0x0p+0')
    """
    if x == 0:
        return "0x0p+0"
    size = abs(x.numerator)
    exponent = size.bit_length() - x.denominator.bit_length()
    places = -(-(size.bit_length() - 1) // 4)
    fraction = (size << (4 * places - size.bit_length() + 1)) - (1 << 4 * places)
    digits = f"{fraction:0{places}x}".rstrip("0") if places else ""
    point = f".{digits}" if digits else ""
    return f"{'-' if x < 0 else ''}0x1{point}p{exponent:+d}"


def aligned(rows: Iterable[Sequence[str]], right: Iterable[int] = ()) -> list[str]:
    """Rows of cells as lines of columns two spaces apart; the columns in ``right`` align right.

    >>> aligned([("a", "10"), ("bcd", "5")], right=[1])
    ['a    10', 'bcd   5']
    """
    table = [tuple(row) for row in rows]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    flush = set(right)
    return [
        "  ".join(
            cell.rjust(width) if i in flush else cell.ljust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in table
    ]
