"""Results that no fraction holds: enough of their bits, and half a bit for the rest.

A result is decided by its bits down to the last one that a rounding looks at. ``near`` gives a
fraction that lies in the same place as the irrational value relative to all of those bits.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from math import isqrt

#: Bits below the leading one: 53 of significand, 65 that stochastic rounding compares, and slack.
BITS = 53 + 65 + 10


def near_sqrt(x: Fraction) -> Fraction:
    """The square root of a positive fraction, exactly if rational, else ``near`` it.

    >>> near_sqrt(Fraction(9, 4))
    Fraction(3, 2)
    """
    numerator, denominator = isqrt(x.numerator), isqrt(x.denominator)
    if numerator * numerator == x.numerator and denominator * denominator == x.denominator:
        return Fraction(numerator, denominator)
    half_exponent = (x.numerator.bit_length() - x.denominator.bit_length()) // 2
    return near(lambda scale: _floor_sqrt(x * scale * scale), half_exponent)


def near(floor_of: Callable[[Fraction], int], exponent: int) -> Fraction:
    """The fraction half a unit above an irrational's floor at ``BITS`` below 2^exponent.

    ``floor_of(s)`` is the floor of the irrational times the power of two ``s``. Every bit above
    the last is the irrational's own, and the rest is neither zero nor a tie, as the irrational's.
    """
    scale = Fraction(2) ** (BITS - exponent)
    return (2 * floor_of(scale) + 1) / (2 * scale)


def _floor_sqrt(x: Fraction) -> int:
    return isqrt(x.numerator // x.denominator)
