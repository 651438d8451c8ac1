"""Elementary functions by MPFR: correctly rounded ones, and enclosures of every function.

``rounded`` lets MPFR round into an IEEE-style format itself. ``enclosure`` gives two rationals
with the exact result between them; where both project alike, that is the result in any mode.
Functions that MPFR lacks are composed of MPFR's with hundreds of bits to spare.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

import gmpy2
from gmpy2 import mpfr

import lowfloat as lf
from lowfloat.golden import Value
from lowfloat.golden.values import number

MODES = {
    "nearest_even": gmpy2.RoundToNearest,
    "toward_zero": gmpy2.RoundToZero,
    "toward_positive": gmpy2.RoundUp,
    "toward_negative": gmpy2.RoundDown,
    "away_from_zero": gmpy2.RoundAwayZero,
}
#: What MPFR rounds correctly and gmpy2 offers.
CORRECT = (
    "exp", "exp2", "exp10", "expm1", "log", "log2", "log10", "log1p",
    "sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh",
    "asinh", "acosh", "atanh", "cbrt", "erf", "atan2", "pow",
)  # fmt: skip
BINARY = ("pow", "atan2", "atan2pi")
INEXACT, OVERFLOW, DIVIDE_BY_ZERO, INVALID = 1, 4, 8, 16
BITS = 2000
SLACK = Fraction(1, 1 << 1400)
FAR = Fraction(1 << 200000)
TINY = 1 << 1000
WIDE, FLOOR, CEILING = (
    gmpy2.context(precision=BITS, emax=1 << 40, emin=-(1 << 40), round=mode)
    for mode in (gmpy2.RoundToNearest, gmpy2.RoundDown, gmpy2.RoundUp)
)


def rounded(name: str, values: tuple[Value, ...], f: lf.Format, mode: str) -> tuple[mpfr, int]:
    """MPFR's result in an IEEE-style format, and the flags but underflow."""
    context = gmpy2.context(
        precision=f.precision,
        emax=f.emax + 1,
        emin=f.emin - f.precision + 2,
        subnormalize=True,
        round=MODES[mode],
    )
    result = getattr(context, name)(*(exact(v) for v in values))
    # MPFR raises invalid for every NaN.
    invalid = context.invalid and not any(v.is_nan and not v.signaling for v in values)
    flags = (
        INEXACT * context.inexact
        | OVERFLOW * context.overflow
        | DIVIDE_BY_ZERO * context.divzero
        | INVALID * invalid
    )
    return result, flags


def rounded_text(text: str, f: lf.Format, mode: str) -> mpfr:
    """What MPFR reads from a decimal string, rounded into an IEEE-style format."""
    with gmpy2.context(
        precision=f.precision,
        emax=f.emax + 1,
        emin=f.emin - f.precision + 2,
        subnormalize=True,
        round=MODES[mode],
    ):
        return mpfr(text)


def exact(x: Value) -> mpfr:
    """The value of an operand of at most 64 bits."""
    with gmpy2.context(precision=64, emax=1 << 40, emin=-(1 << 40)):
        if x.is_nan:
            return mpfr("nan")
        if x.is_infinite:
            return mpfr("-inf" if x.sign else "inf")
        if x.is_zero:
            return mpfr("-0" if x.sign else "0")
        return mpfr(x.signed.numerator) / x.signed.denominator


def agrees(got: Value, expected: mpfr) -> bool:
    """Whether a result is MPFR's, the sign of a zero included."""
    if gmpy2.is_nan(expected):
        return got.is_nan
    if got.is_nan or got.sign != gmpy2.is_signed(expected):
        return False
    if gmpy2.is_infinite(expected):
        return got.is_infinite
    return got.kind == "finite" and got.signed == fraction(expected)


def fraction(x: mpfr) -> Fraction:
    """The value of a finite number."""
    numerator, denominator = x.as_integer_ratio()
    return Fraction(int(numerator), int(denominator))


def enclosure(name: str, *arguments: Fraction) -> tuple[Fraction, Fraction]:
    """Rationals on both sides of a result, closer than any rounding can tell apart.

    They are equal if MPFR shows the result to be exact.
    """
    operands = [exact(number(x)) for x in arguments]
    if name in CORRECT:
        low, high = (getattr(c, name)(*operands) for c in (FLOOR, CEILING))
        if low == high == 0:
            return Fraction(0), Fraction(0)
        low, high = squeezed(low), squeezed(high)
        return low + (high - low) / 4, high - (high - low) / 4
    found = beside_rational(name, *arguments)
    if found is None:
        with gmpy2.context(WIDE):
            middle = COMPOSED[name](*operands)
        if not middle and name in ("sinpi", "cospi", "tanpi", "acospi"):
            return Fraction(0), Fraction(0)
        middle = squeezed(middle)
        return ordered(middle * (1 - SLACK), middle * (1 + SLACK))
    base, side = found
    step = abs(base) if side > 0 else -abs(base)
    return ordered(base + step * SLACK, base + step * SLACK**2)


def ordered(x: Fraction, y: Fraction) -> tuple[Fraction, Fraction]:
    return min(x, y), max(x, y)


def squeezed(v: mpfr) -> Fraction:
    """A number, or one of its sign that is as far beyond the formats that the tests use."""
    sign = -1 if gmpy2.is_signed(v) else 1
    if gmpy2.is_infinite(v) or (v and gmpy2.get_exp(v) > 200000):
        return sign * FAR
    if not v or gmpy2.get_exp(v) < -200000:
        return sign / FAR
    return fraction(v)


def beside_rational(name: str, *arguments: Fraction) -> tuple[Fraction, Fraction | int] | None:
    """The rational number within 2^-990 of a result and the side where the result lies."""
    x, half = arguments[0], Fraction(1, 2)
    if len(arguments) == 1 and 0 < abs(x) < 1 / TINY:
        return {
            "cospi": (Fraction(1), -1), "acospi": (half, -x), "sigmoid": (half, x),
            "silu": (x / 2, 1), "gelu": (x / 2, 1),
        }.get(name)  # fmt: skip
    if len(arguments) == 1 and x > (40 if name == "gelu" else 900):
        found = {"sigmoid": (Fraction(1), -1), "softplus": (x, 1), "silu": (x, -1), "gelu": (x, -1)}
        if name in found:
            return found[name]
    if name == "atanpi" and abs(x) > TINY:
        return (half, -1) if x > 0 else (-half, 1)
    if name == "atan2pi":
        y, x = arguments
        sign = 1 if y > 0 else -1
        if abs(y) > TINY * abs(x):
            return sign * half, -sign * x
        if x < 0 and abs(y) * TINY < abs(x):
            return Fraction(sign), -sign
    return None


def _turns(x: mpfr) -> tuple[int, mpfr]:
    """Quarter turns in pi x, and the angle that is left."""
    n = int(gmpy2.rint(2 * x))
    return n % 4, gmpy2.const_pi() * (x - mpfr(n) / 2)


def _sinpi(x: mpfr) -> mpfr:
    n, angle = _turns(x)
    return [gmpy2.sin, gmpy2.cos][n % 2](angle) * (-1 if n > 1 else 1)


def _cospi(x: mpfr) -> mpfr:
    n, angle = _turns(x)
    return [gmpy2.cos, gmpy2.sin][n % 2](angle) * (-1 if n in (1, 2) else 1)


def _gelu(x: mpfr) -> mpfr:
    return x / 2 * gmpy2.erfc(-x / gmpy2.sqrt(mpfr(2)))


def _over_pi(name: str) -> Callable[..., mpfr]:
    return lambda *x: getattr(gmpy2, name)(*x) / gmpy2.const_pi()


#: What MPFR lacks, from what it has.
COMPOSED: dict[str, Callable[..., mpfr]] = {
    "sinpi": _sinpi,
    "cospi": _cospi,
    "tanpi": lambda x: _sinpi(x) / _cospi(x),
    "asinpi": _over_pi("asin"),
    "acospi": _over_pi("acos"),
    "atanpi": _over_pi("atan"),
    "atan2pi": _over_pi("atan2"),
    "sigmoid": lambda x: 1 / (1 + gmpy2.exp(-x)),
    "softplus": lambda x: gmpy2.log1p(gmpy2.exp(x)),
    "silu": lambda x: x / (1 + gmpy2.exp(-x)),
    "gelu": _gelu,
}
