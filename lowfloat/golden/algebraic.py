"""Division, roots and remainders. Rules A-7 to A-12 of spec/semantics.md."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from lowfloat.formats import Format
from lowfloat.golden.arithmetic import exact_sum
from lowfloat.golden.irrational import near_sqrt
from lowfloat.golden.on_codes import (
    DEFAULT,
    INVALID_OPERATION,
    Outcome,
    Pole,
    Result,
    Settings,
    deliver,
    nan_operands,
    on_codes,
    operands,
)
from lowfloat.golden.values import Value
from lowfloat.projection import Projection


@on_codes
def divide(x: Value, y: Value, settings: Settings) -> Outcome:
    """x / y, rounded once. Rule A-7.

    Examples
    --------
    >>> import lowfloat as lf
    >>> f = lf.float8_e4m3fn
    >>> lf.golden.divide(0x38, 0x40, formats=(f, f), format=f)  # 1 / 2
    (48, 0)
    """
    return exact_quotient(x, y)


@on_codes
def reciprocal(x: Value, settings: Settings) -> Outcome:
    """1 / x, rounded once. Rule A-7."""
    return exact_quotient(Value("finite", 0, Fraction(1)), x)


def exact_quotient(x: Value, y: Value) -> Outcome:
    """The quotient of two values that are not NaN. Rule A-7."""
    sign = x.sign ^ y.sign
    if (x.is_infinite and y.is_infinite) or (x.is_zero and y.is_zero):
        return INVALID_OPERATION
    if x.is_infinite:
        return Value("infinite", sign)
    if y.is_zero:
        return Pole(sign)
    return Value("finite", sign, Fraction(0) if y.is_infinite else x.magnitude / y.magnitude)


@on_codes
def sqrt(x: Value, settings: Settings) -> Outcome:
    """The square root, rounded once. Rule A-8."""
    if x.is_zero:
        return x
    if x.sign:
        return INVALID_OPERATION
    return x if x.is_infinite else Value("finite", 0, near_sqrt(x.magnitude))


@on_codes
def rsqrt(x: Value, settings: Settings) -> Outcome:
    """1 / sqrt(x), rounded once. Rule A-9."""
    if x.is_zero:
        return Pole(x.sign)
    if x.sign:
        return INVALID_OPERATION
    return Value("finite", 0, Fraction(0) if x.is_infinite else near_sqrt(1 / x.magnitude))


def hypot(
    *codes: int,
    formats: tuple[Format, ...],
    format: Format,
    projection: Projection = DEFAULT,
    random_bits: int | None = None,
) -> Result:
    """sqrt(x^2 + y^2), rounded once; infinite for an infinity beside a quiet NaN. Rule A-10."""
    x, y = values = operands(codes, formats, projection)
    signals = x.signaling or y.signaling
    infinite = x.is_infinite or y.is_infinite
    if signals or (not infinite and (x.is_nan or y.is_nan)):
        return nan_operands(values, format, projection)
    if infinite:
        return deliver(Value("infinite"), format, projection, random_bits)
    square = x.magnitude**2 + y.magnitude**2
    root = Value("finite", 0, near_sqrt(square) if square else square)
    return deliver(root, format, projection, random_bits)


@on_codes
def remainder(x: Value, y: Value, settings: Settings) -> Outcome:
    """IEEE 754's remainder: x - n y with n the integer nearest to x / y, ties to even. Rule A-11."""
    return _rest(x, y, round)


@on_codes
def fmod(x: Value, y: Value, settings: Settings) -> Outcome:
    """C's fmod: x - n y with n the integer part of x / y. Rule A-11."""
    return _rest(x, y, int)


def _rest(x: Value, y: Value, whole: Callable[[Fraction], int]) -> Outcome:
    """x - n y; a zero has the sign of x. Rule A-11."""
    if x.is_infinite or y.is_zero:
        return INVALID_OPERATION
    if y.is_infinite:
        return x
    rest = x.signed - whole(x.signed / y.signed) * y.signed
    return Value("finite", int(rest < 0) if rest else x.sign, abs(rest))


@on_codes
def faa(x: Value, y: Value, z: Value, settings: Settings) -> Outcome:
    """x + y + z, rounded once. Rule A-12."""
    zero_sign = settings.zero_sign
    if x.is_zero and y.is_zero and z.is_zero:
        same = x.sign == y.sign == z.sign
        return Value("finite", x.sign if same else zero_sign)
    infinite = [v for v in (x, y, z) if v.is_infinite]
    if len({v.sign for v in infinite}) == 2:
        return INVALID_OPERATION
    if infinite:
        return infinite[0]
    total = x.signed + y.signed + z.signed
    return exact_sum(
        Value("finite", int(total < 0), abs(total)), Value("finite", zero_sign), zero_sign
    )
