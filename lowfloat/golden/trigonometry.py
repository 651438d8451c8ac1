"""Trigonometric functions, their pi forms and their inverses. Rules E-4 to E-6."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

from lowfloat.golden.on_codes import INVALID_OPERATION, Outcome, Pole, Settings, on_codes
from lowfloat.golden.unary import (
    DOWN,
    ONE,
    SMALL,
    UP,
    elementary,
    finite,
    same,
    sign_of,
    small,
    table,
    times,
)
from lowfloat.golden.values import Value
from lowfloat.golden.ziv import approximation, beside, irrational

HALF, QUARTER = Fraction(1, 2), Fraction(1, 4)
NOWHERE = (INVALID_OPERATION, INVALID_OPERATION)


# mpmath reduces arguments with as many bits of pi as a small relative error needs.


@elementary(
    infinities=NOWHERE,
    zero=same,
    stand_in=lambda x: beside(x, -x) if small(x) else None,  # -x^3 / 6
)
def sin(mp: Any, x: Any) -> Any:
    """The sine, rounded once. Rule E-4."""
    return mp.sin(x)


@elementary(
    infinities=NOWHERE,
    zero=ONE,
    stand_in=lambda x: beside(1, DOWN) if small(x) else None,  # -x^2 / 2
)
def cos(mp: Any, x: Any) -> Any:
    """The cosine, rounded once. Rule E-4."""
    return mp.cos(x)


@elementary(
    infinities=NOWHERE,
    zero=same,
    stand_in=lambda x: beside(x, x) if small(x) else None,  # x^3 / 3
)
def tan(mp: Any, x: Any) -> Any:
    """The tangent, rounded once. Rule E-4."""
    return mp.tan(x)


def _reduced(mp: Any, x: Any) -> tuple[int, Any, Any]:
    """Quarter turns, and the sine and cosine of what is left of pi x: at most pi/4, exactly."""
    turns = mp.nint(2 * x)
    angle = mp.pi * (x - turns / 2)
    return int(turns) % 4, mp.sin(angle), mp.cos(angle)


def _exact_sinpi(x: Fraction) -> Outcome | None:
    if (2 * x).denominator != 1:
        return None
    return finite((0, 1, 0, -1)[int(2 * x) % 4], zero_sign=int(x < 0))


def _exact_cospi(x: Fraction) -> Outcome | None:
    return finite((1, 0, -1, 0)[int(2 * x) % 4]) if (2 * x).denominator == 1 else None


def _exact_tanpi(x: Fraction) -> Outcome | None:
    if (4 * x).denominator != 1:
        return None
    odd = x.__floor__() % 2
    quarters = int(4 * x) % 4
    if quarters == 2:
        return Pole(odd)
    return finite((0, 1, 0, -1)[quarters], zero_sign=odd ^ int(x < 0))


@elementary(infinities=NOWHERE, zero=same, exact=_exact_sinpi)
def sinpi(mp: Any, x: Any) -> Any:
    """The sine of pi x, rounded once. Rule E-5."""
    turns, s, c = _reduced(mp, x)
    return (s, c, -s, -c)[turns]


@elementary(
    infinities=NOWHERE,
    zero=ONE,
    exact=_exact_cospi,
    stand_in=lambda x: beside(1, DOWN) if small(x) else None,  # -(pi x)^2 / 2
)
def cospi(mp: Any, x: Any) -> Any:
    """The cosine of pi x, rounded once. Rule E-5."""
    turns, s, c = _reduced(mp, x)
    return (c, -s, -c, s)[turns]


@elementary(infinities=NOWHERE, zero=same, exact=_exact_tanpi)
def tanpi(mp: Any, x: Any) -> Any:
    """The tangent of pi x, rounded once. Rule E-5."""
    turns, s, c = _reduced(mp, x)
    return -c / s if turns % 2 else s / c


def _to_one(x: Fraction) -> bool:
    return abs(x) <= 1


def _cosine_of_asin(mp: Any, x: Any) -> Any:
    """sqrt(1 - x^2), each factor with a small relative error."""
    return mp.sqrt((1 - x) * (1 + x))


@elementary(
    infinities=NOWHERE,
    zero=same,
    domain=_to_one,
    stand_in=lambda x: beside(x, x) if small(x) else None,  # x^3 / 6
)
def asin(mp: Any, x: Any) -> Any:
    """The inverse sine, rounded once. Rule E-6."""
    return mp.atan2(x, _cosine_of_asin(mp, x))


@elementary(infinities=NOWHERE, domain=_to_one, exact=table({1: 0}))
def acos(mp: Any, x: Any) -> Any:
    """The inverse cosine, rounded once. Rule E-6."""
    return mp.atan2(_cosine_of_asin(mp, x), x)


def _half_pi(x: Value) -> Outcome:
    return irrational(lambda mp: (-mp.pi if x.sign else mp.pi) / 2)


@elementary(
    infinities=(_half_pi, _half_pi),
    zero=same,
    stand_in=lambda x: beside(x, -x) if small(x) else None,  # -x^3 / 3
)
def atan(mp: Any, x: Any) -> Any:
    """The inverse tangent, rounded once. Rule E-6."""
    return mp.atan(x)


@elementary(
    infinities=NOWHERE,
    zero=same,
    domain=_to_one,
    exact=table({-1: -HALF, -HALF: -Fraction(1, 6), HALF: Fraction(1, 6), 1: HALF}),
)
def asinpi(mp: Any, x: Any) -> Any:
    """The inverse sine over pi, rounded once. Rule E-6."""
    return mp.atan2(x, _cosine_of_asin(mp, x)) / mp.pi


@elementary(
    infinities=NOWHERE,
    zero=finite(HALF),
    domain=_to_one,
    exact=table({-1: 1, -HALF: Fraction(2, 3), HALF: Fraction(1, 3), 1: 0}),
    stand_in=lambda x: beside(HALF, -x) if small(x) else None,  # -x / pi
)
def acospi(mp: Any, x: Any) -> Any:
    """The inverse cosine over pi, rounded once. Rule E-6."""
    return mp.atan2(_cosine_of_asin(mp, x), x) / mp.pi


def _near_atanpi(x: Fraction) -> Fraction | None:
    return beside(sign_of(x) * HALF, -x) if abs(x) > 1 / SMALL else None  # -1 / (pi x)


@elementary(
    infinities=(times(HALF), times(HALF)),
    zero=same,
    exact=table({-1: -QUARTER, 1: QUARTER}),
    stand_in=_near_atanpi,
)
def atanpi(mp: Any, x: Any) -> Any:
    """The inverse tangent over pi, rounded once. Rule E-6."""
    return mp.atan(x) / mp.pi


@on_codes
def atan2(y: Value, x: Value, settings: Settings) -> Outcome:
    """The angle of the point (x, y), rounded once; operands y, x. Rule E-6."""
    half_turns = _round_angle(y, x)
    if half_turns is None:
        return _with_sign(y, _angle(y.magnitude, x))
    if not half_turns:
        return Value("finite", y.sign)
    return _with_sign(
        y, irrational(lambda mp: mp.pi * half_turns.numerator / half_turns.denominator)
    )


@on_codes
def atan2pi(y: Value, x: Value, settings: Settings) -> Outcome:
    """The angle of the point (x, y) over pi, rounded once; operands y, x. Rule E-6."""
    half_turns = _round_angle(y, x)
    if half_turns is None:
        return _with_sign(y, _angle_over_pi(y.magnitude, x))
    return Value("finite", y.sign, half_turns)


def _with_sign(y: Value, angle: Value) -> Value:
    return angle._replace(sign=y.sign)


def _round_angle(y: Value, x: Value) -> Fraction | None:
    """|angle| / pi where it is rational. Rule E-6."""
    if y.is_zero or (x.is_infinite and not y.is_infinite):
        return Fraction(x.sign)
    if x.is_zero or (y.is_infinite and not x.is_infinite):
        return HALF
    if x.magnitude == y.magnitude:  # both infinite, or equal numbers
        return 3 * QUARTER if x.sign else QUARTER
    return None


def _angle(y: Fraction, x: Value) -> Value:
    """atan2(y, x) for positive y."""
    quotient = y / x.magnitude
    if quotient < SMALL and not x.sign:
        return finite(beside(quotient, DOWN))  # -q^3 / 3
    return irrational(_atan2(y, x.signed))


def _angle_over_pi(y: Fraction, x: Value) -> Value:
    """atan2(y, x) / pi for positive y."""
    quotient = y / x.magnitude
    if quotient < SMALL and x.sign:
        return finite(beside(1, DOWN))  # -q / pi
    if quotient > 1 / SMALL:
        return finite(beside(HALF, UP if x.sign else DOWN))  # -+1 / (pi q)
    angle = _atan2(y, x.signed)
    return irrational(lambda mp: angle(mp) / mp.pi)


def _atan2(y: Fraction, x: Fraction) -> Callable[[Any], Any]:
    return lambda mp: mp.atan2(approximation(mp, y), approximation(mp, x))
