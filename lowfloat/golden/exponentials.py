"""Exponentials, logarithms and hyperbolic functions. Rules E-2, E-3 and E-7."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from lowfloat.golden.on_codes import INVALID_OPERATION, Outcome, Pole
from lowfloat.golden.unary import (
    DOWN,
    INFINITY,
    LARGE,
    ONE,
    SMALL_LOST,
    UP,
    ZERO,
    elementary,
    finite,
    same,
    sign_of,
    small,
    table,
    times,
)
from lowfloat.golden.ziv import beside

#: |log x| >= 2^-53 for x of 53 bits other than 1; an absolute error of mpmath's would do.
LOG_LOST = 56
#: 5^n has more than ``BITS`` bits above this n, so that 10^n is no stumbling block.
POWERS_OF_TEN = 128


@elementary(
    infinities=(ZERO, INFINITY),
    zero=ONE,
    stand_in=lambda x: beside(1, x) if small(x) else None,
    clamps=True,
)
def exp(mp: Any, x: Any) -> Any:
    """e^x, rounded once. Rule E-2.

    Examples
    --------
    >>> from lowfloat import float8_e4m3fn as f
    >>> exp(0x38, formats=(f,), format=f)  # e^1 = 2.718...
    (67, 1)
    """
    return mp.exp(x)


@elementary(
    infinities=(ZERO, INFINITY),
    zero=ONE,
    stand_in=lambda x: beside(1, x) if small(x) else None,
    exact=lambda x: finite(Fraction(2) ** int(x)) if x.denominator == 1 else None,
    clamps=True,
)
def exp2(mp: Any, x: Any) -> Any:
    """2^x, rounded once. Rule E-2."""
    whole = mp.nint(x)
    return mp.ldexp(mp.exp((x - whole) * mp.ln2), int(whole))


def _power_of_ten(x: Fraction) -> Outcome | None:
    if x.denominator == 1 and abs(x) <= POWERS_OF_TEN:
        return finite(Fraction(10) ** int(x))
    return None


@elementary(
    infinities=(ZERO, INFINITY),
    zero=ONE,
    stand_in=lambda x: beside(1, x) if small(x) else None,
    exact=_power_of_ten,
    clamps=True,
    lost=24,  # |x| ln 10 < 2^23 (FARTHEST) times the error of the product
)
def exp10(mp: Any, x: Any) -> Any:
    """10^x, rounded once. Rule E-2."""
    return mp.exp(x * mp.ln10)


def _near_expm1(x: Fraction) -> Fraction | None:
    if small(x):
        return beside(x, UP)  # x^2 / 2
    return beside(-1, UP) if x < -LARGE else None


@elementary(
    infinities=(finite(-1), INFINITY),
    zero=same,
    stand_in=_near_expm1,
    clamps=True,
    lost=SMALL_LOST,
)
def expm1(mp: Any, x: Any) -> Any:
    """e^x - 1, rounded once. Rule E-2."""
    return mp.exp(x) - 1


def _positive(x: Fraction) -> bool:
    return x > 0


@elementary(
    infinities=(INVALID_OPERATION, INFINITY),
    zero=Pole(1),
    domain=_positive,
    exact=table({1: 0}),
    lost=LOG_LOST,
)
def log(mp: Any, x: Any) -> Any:
    """The natural logarithm, rounded once. Rule E-3."""
    return mp.ln(x)


def _log2_of_a_power(x: Fraction) -> Outcome | None:
    n, d = x.numerator, x.denominator
    if n & (n - 1) or d & (d - 1):
        return None
    return finite(n.bit_length() - d.bit_length())


@elementary(
    infinities=(INVALID_OPERATION, INFINITY),
    zero=Pole(1),
    domain=_positive,
    exact=_log2_of_a_power,
    lost=LOG_LOST,
)
def log2(mp: Any, x: Any) -> Any:
    """The logarithm to base 2, rounded once. Rule E-3."""
    return mp.ln(x) / mp.ln2


#: The powers of ten of at most 53 significant bits, and some.
_log10_of_a_power = table({10**n: n for n in range(32)})


@elementary(
    infinities=(INVALID_OPERATION, INFINITY),
    zero=Pole(1),
    domain=_positive,
    exact=_log10_of_a_power,
    lost=LOG_LOST,
)
def log10(mp: Any, x: Any) -> Any:
    """The logarithm to base 10, rounded once. Rule E-3."""
    return mp.ln(x) / mp.ln10


@elementary(
    infinities=(INVALID_OPERATION, INFINITY),
    zero=same,
    domain=lambda x: x >= -1,
    exact=lambda x: Pole(1) if x == -1 else None,
    stand_in=lambda x: beside(x, DOWN) if small(x) else None,  # -x^2 / 2
    lost=SMALL_LOST,
)
def log1p(mp: Any, x: Any) -> Any:
    """The natural logarithm of 1 + x, rounded once. Rule E-3."""
    return mp.ln(1 + x)


@elementary(
    infinities=(same, same),
    zero=same,
    stand_in=lambda x: beside(x, x) if small(x) else None,  # x^3 / 6
    clamps=True,
    lost=SMALL_LOST,
)
def sinh(mp: Any, x: Any) -> Any:
    """The hyperbolic sine, rounded once. Rule E-7."""
    e = mp.exp(x)
    return (e - 1 / e) / 2


@elementary(
    infinities=(INFINITY, INFINITY),
    zero=ONE,
    stand_in=lambda x: beside(1, UP) if small(x) else None,  # x^2 / 2
    clamps=True,
)
def cosh(mp: Any, x: Any) -> Any:
    """The hyperbolic cosine, rounded once. Rule E-7."""
    e = mp.exp(x)
    return (e + 1 / e) / 2


def _near_tanh(x: Fraction) -> Fraction | None:
    if small(x):
        return beside(x, -x)  # -x^3 / 3
    return beside(sign_of(x), -x) if abs(x) > LARGE else None  # -2 e^(-2 |x|)


@elementary(
    infinities=(times(Fraction(1)), times(Fraction(1))),
    zero=same,
    stand_in=_near_tanh,
    lost=SMALL_LOST,
)
def tanh(mp: Any, x: Any) -> Any:
    """The hyperbolic tangent, rounded once. Rule E-7."""
    e = mp.exp(2 * x)
    return (e - 1) / (e + 1)


@elementary(
    infinities=(same, same),
    zero=same,
    stand_in=lambda x: beside(x, -x) if small(x) else None,  # -x^3 / 6
    lost=SMALL_LOST,
)
def asinh(mp: Any, x: Any) -> Any:
    """The inverse hyperbolic sine, rounded once. Rule E-7."""
    size = abs(x)
    return mp.sign(x) * mp.ln(size + mp.sqrt(size * size + 1))


@elementary(
    infinities=(INVALID_OPERATION, INFINITY),
    zero=INVALID_OPERATION,
    domain=lambda x: x >= 1,
    exact=table({1: 0}),
    lost=30,  # acosh x > 2^-26 for x > 1 of 53 bits
)
def acosh(mp: Any, x: Any) -> Any:
    """The inverse hyperbolic cosine, rounded once. Rule E-7."""
    return mp.ln(x + mp.sqrt((x - 1) * (x + 1)))


@elementary(
    infinities=(INVALID_OPERATION, INVALID_OPERATION),
    zero=same,
    domain=lambda x: abs(x) <= 1,
    exact=lambda x: Pole(int(x < 0)) if abs(x) == 1 else None,
    stand_in=lambda x: beside(x, x) if small(x) else None,  # x^3 / 3
    lost=SMALL_LOST,
)
def atanh(mp: Any, x: Any) -> Any:
    """The inverse hyperbolic tangent, rounded once. Rule E-7."""
    return mp.ln((1 + x) / (1 - x)) / 2
