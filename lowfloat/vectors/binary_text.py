"""Exact numbers in binary."""

from __future__ import annotations

from fractions import Fraction

#: The longest significands that are written out, and how many bits of longer ones.
LONGEST_BITS, SHOWN_BITS = 96, 40


def exponent_of(x: Fraction) -> int:
    """floor(log2 x) of a positive number."""
    e = x.numerator.bit_length() - x.denominator.bit_length()
    return e if x >= Fraction(2) ** e else e - 1


def binary(x: Fraction, places: int | None = None) -> str:
    """A non-negative number in binary, with at least ``places`` bits after the point.

    >>> binary(Fraction(11, 8)), binary(Fraction(1, 3))[:9]
    ('1.011', '0.0101010')
    """
    dyadic = x.denominator & (x.denominator - 1) == 0
    needed = x.denominator.bit_length() - 1
    shown = max(needed, places or 0) if dyadic and needed <= LONGEST_BITS else SHOWN_BITS
    scaled = x * (1 << shown)
    digits = f"{int(scaled):0{shown + 1}b}"
    text = f"{digits[:-shown]}.{digits[-shown:]}" if shown else digits
    return text + ("..." if scaled.denominator != 1 else "")


def aligned(x: Fraction, width: int) -> str:
    """A number with its sign, in at least ``width`` characters after that."""
    return f"{'-' if x < 0 else '+'}{binary(abs(x)).ljust(width)}"
