"""Irrational results: evaluated ever more precisely until their bits are certain. Rule E-1.

The evaluations are mpmath's, composed so that no more than ``lost`` bits cancel. All rational
results must be found beforehand: no precision would settle them.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from fractions import Fraction
from importlib import import_module
from typing import Any

from lowfloat.formats import Format
from lowfloat.golden.irrational import BITS, near
from lowfloat.golden.values import Value

#: Where results of operations that do not know their format end.
FARTHEST = 1 << 21
#: Bits of the first attempt; each attempt doubles them.
FIRST = 192
ATTEMPTS = 8
#: An evaluation has at most 16 steps outside loops. mpmath aims at an error of one unit in the
#: last place of each; 2^12 of them are allowed, and 2^4 for their sum.
MARGIN = 16

_local = threading.local()


def irrational(evaluate: Callable[[Any], Any], lost: int = 0, limit: int = FARTHEST) -> Value:
    """A value that rounds like the irrational number that ``evaluate(mp)`` approximates.

    ``evaluate`` computes with the context ``mp`` at its precision of p bits; its relative error
    must be below 2^(lost + MARGIN - 1 - p). Results beyond 2^(+-limit) stay there (``reach``).

    Examples
    --------
    >>> float(irrational(lambda mp: mp.pi / 2))
    1.5707963267948966
    """
    mp = context()
    for attempt in range(ATTEMPTS):
        precision = FIRST << attempt
        mp.prec = precision + lost + MARGIN
        sign, significand, exponent, width = (+evaluate(mp))._mpf_
        floor = _certain_floor(int(significand), precision)
        if floor is not None:
            leading = int(exponent) + int(width) - 1
            bounded = max(-limit, min(limit, leading))
            return Value("finite", int(sign), _above(floor, bounded))
    raise ArithmeticError(f"{precision} bits do not settle a result: is it rational (rule E-1)?")


def _certain_floor(significand: int, precision: int) -> int | None:
    """The floor of the exact value at ``BITS`` below the leading bit, if the error leaves one."""
    surplus = significand.bit_length() - 1 - precision
    units = significand >> surplus if surplus >= 0 else significand << -surplus
    # The value is within one unit of the approximation, and that within one above ``units``.
    low, high = (units - 1) >> (precision - BITS), (units + 2) >> (precision - BITS)
    return low if low == high else None


def _above(floor: int, exponent: int) -> Fraction:
    return near(lambda scale: floor, exponent)


def reach(format: Format) -> int:
    """A power of two n: a result beyond 2^(+-n) rounds as though it were there. Rule E-1.

    Stochastic rounding compares 65 bits below the last one, and its ties one bit more.
    """
    farthest = abs(format.bias) + (1 << format.exponent_bits) + format.mantissa_bits + 70
    return max(512, 1 << farthest.bit_length())


def beside(base: Fraction | int, side: Fraction | int) -> Fraction:
    """A fraction that rounds like base + d, where 0 < |d| < 2^-190 |base| and d has side's sign.

    ``base`` is a number of at most 53 bits or the quotient of two: it is a point of the grid of
    ``BITS`` below its leading bit or at least 2^-(BITS + 54) of itself away from one, so nothing
    that a rounding looks at lies between it and anything within 2^-184 of it.
    """
    d = abs(Fraction(base)) / (1 << 190)
    return base + d if side > 0 else base - d


def context() -> Any:
    """This thread's own mpmath context; mpmath is loaded on first use."""
    if not hasattr(_local, "mp"):
        _local.mp = import_module("mpmath").mp.clone()
    return _local.mp


def approximation(mp: Any, x: Fraction) -> Any:
    """A dyadic fraction as a number of mpmath, exact up to the precision."""
    return mp.ldexp(mp.mpf(x.numerator), 1 - x.denominator.bit_length())
