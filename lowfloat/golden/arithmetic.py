"""Conversion, sums and products. Rules A-1 to A-6, C-1 and C-2 of spec/semantics.md."""

from __future__ import annotations

from fractions import Fraction

from lowfloat.exception_flags import INVALID, OVERFLOW
from lowfloat.formats import Format
from lowfloat.golden.on_codes import (
    DEFAULT,
    INVALID_OPERATION,
    Outcome,
    Result,
    Settings,
    deliver,
    nan_operands,
    on_codes,
    operands,
    settings_of,
)
from lowfloat.golden.projecting import default_nan, project
from lowfloat.golden.values import Value, number
from lowfloat.projection import Projection


def encode(
    x: int | float | Fraction | Value,  # noqa: PYI041 - an int is told apart
    *,
    format: Format,
    projection: Projection = DEFAULT,
    random_bits: int | None = None,
) -> Result:
    """The code and flags of an exact Python number, rounded once. Rules C-1 and Q-11.

    Examples
    --------
    >>> import lowfloat as lf
    >>> lf.golden.encode(0.3, format=lf.float8_e4m3fn)
    (42, 1)
    """
    code, flags = project(number(x), format, projection, random_bits)
    if isinstance(x, int) and projection.policy.integer_overflow == "invalid" and flags & OVERFLOW:
        flags ^= OVERFLOW | INVALID
    return code, flags


@on_codes
def convert(x: Value, settings: Settings) -> Outcome:
    """The code of another format's code, rounded once. Rule C-2."""
    return x


@on_codes
def add(x: Value, y: Value, settings: Settings) -> Outcome:
    """x + y, rounded once. Rule A-2."""
    return exact_sum(x, y, settings.zero_sign)


@on_codes
def subtract(x: Value, y: Value, settings: Settings) -> Outcome:
    """x - y, rounded once: x + (-y), but a NaN operand keeps its sign. Rule A-3."""
    return exact_sum(x, y._replace(sign=1 - y.sign), settings.zero_sign)


@on_codes
def multiply(x: Value, y: Value, settings: Settings) -> Outcome:
    """x * y, rounded once. Rule A-4.

    Examples
    --------
    >>> import lowfloat as lf
    >>> f = lf.float8_e4m3fn
    >>> lf.golden.multiply(0x38, 0x7E, formats=(f, f), format=f)  # 1 * 448
    (126, 0)
    """
    return exact_product(x, y)


def fma(
    *codes: int,
    formats: tuple[Format, ...],
    format: Format,
    projection: Projection = DEFAULT,
    random_bits: int | None = None,
) -> Result:
    """x * y + z, rounded once. Rule A-5.

    Unlike other operations it looks at the values before the NaN: zero times infinity plus a
    NaN is invalid under some policies (Q-7).
    """
    x, y, z = operands(codes, formats, projection)
    if x.is_nan or y.is_nan:
        return nan_operands((x, y, z), format, projection)
    product = exact_product(x, y)
    if z.is_nan and isinstance(product, Value):
        return nan_operands((z,), format, projection)
    if z.is_nan:
        code, flags = nan_operands((default_nan(projection), z), format, projection)
        return code, flags | (INVALID if projection.policy.fma_nan_invalid else 0)
    outcome: Outcome = product
    if isinstance(product, Value):
        outcome = exact_sum(product, z, settings_of(projection).zero_sign)
    return deliver(outcome, format, projection, random_bits)


def exact_sum(x: Value, y: Value, zero_sign: int) -> Outcome:
    """The sum of two values that are not NaN. Rule A-2."""
    if x.is_infinite and y.is_infinite and x.sign != y.sign:
        return INVALID_OPERATION
    if x.is_infinite or y.is_infinite:
        return x if x.is_infinite else y
    total = x.signed + y.signed
    if total:
        return Value("finite", int(total < 0), abs(total))
    same = x.is_zero and y.is_zero and x.sign == y.sign
    return Value("finite", x.sign if same else zero_sign)


def exact_product(x: Value, y: Value) -> Outcome:
    """The product of two values that are not NaN. Rule A-4."""
    sign = x.sign ^ y.sign
    if x.is_infinite or y.is_infinite:
        return INVALID_OPERATION if x.is_zero or y.is_zero else Value("infinite", sign)
    return Value("finite", sign, x.magnitude * y.magnitude)
