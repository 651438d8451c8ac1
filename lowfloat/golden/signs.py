"""Sign operations and neighbours: rules S-1 to S-4 of spec/semantics.md."""

from __future__ import annotations

from lowfloat.formats import Format
from lowfloat.golden.decoding import decode
from lowfloat.golden.on_codes import DEFAULT, Result, deliver, nan_operands
from lowfloat.golden.projecting import signed_code
from lowfloat.golden.values import Value
from lowfloat.projection import Projection


def negate(
    a: int,
    *,
    formats: tuple[Format, ...],
    format: Format,
    projection: Projection = DEFAULT,
    random_bits: int | None = None,
) -> Result:
    """-x; a quiet operation. Rule S-1."""
    sign = 1 - decode(a, formats[0]).sign
    return _with_sign(a, sign, formats[0], format, projection, random_bits)


def abs(
    a: int,
    *,
    formats: tuple[Format, ...],
    format: Format,
    projection: Projection = DEFAULT,
    random_bits: int | None = None,
) -> Result:
    """|x|; a quiet operation. Rule S-1."""
    return _with_sign(a, 0, formats[0], format, projection, random_bits)


def copysign(
    a: int,
    b: int,
    *,
    formats: tuple[Format, ...],
    format: Format,
    projection: Projection = DEFAULT,
    random_bits: int | None = None,
) -> Result:
    """x with the sign of y; a quiet operation. Rule S-1."""
    sign = decode(b, formats[1]).sign
    return _with_sign(a, sign, formats[0], format, projection, random_bits)


def _with_sign(
    a: int,
    sign: int,
    source: Format,
    format: Format,
    projection: Projection,
    random_bits: int | None,
) -> Result:
    """The value of a code with a sign: within one format only the sign bit moves. Rule S-1."""
    value = decode(a, source)
    if source is format and format.signed:
        if value.is_nan and format.nan not in ("ieee", "all_ones"):
            return a, 0
        magnitude = 0 if value.is_zero else a & format.magnitude_mask
        return signed_code(sign, magnitude, format), 0
    if value.is_nan:
        return nan_operands((value._replace(sign=sign),), format, projection)
    return deliver(value._replace(sign=sign), format, projection, random_bits)


def nextup(
    a: int,
    *,
    formats: tuple[Format, ...],
    format: Format,
    projection: Projection = DEFAULT,
    random_bits: int | None = None,
) -> Result:
    """The least number above x; the largest value stays. Rule S-2."""
    return _next(a, 0, formats[0], projection)


def nextdown(
    a: int,
    *,
    formats: tuple[Format, ...],
    format: Format,
    projection: Projection = DEFAULT,
    random_bits: int | None = None,
) -> Result:
    """The greatest number below x; the smallest value stays. Rule S-2."""
    return _next(a, 1, formats[0], projection)


def _next(a: int, down: int, format: Format, projection: Projection) -> Result:
    value = decode(a, format)
    if value.is_nan:
        return nan_operands((value,), format, projection)
    code = a & format.magnitude_mask
    if value.is_zero:
        if not down or format.signed:
            return signed_code(down, format.min_positive_code, format), 0
        return a, 0
    if value.sign == down:
        last = format.max_finite_code if format.infinity_code is None else format.infinity_code
        return signed_code(value.sign, min(code + 1, last), format), 0
    if code <= format.min_positive_code:
        return signed_code(value.sign, 0 if format.zero else code, format), 0
    return signed_code(value.sign, code - 1, format), 0


def nextafter(
    a: int,
    b: int,
    *,
    formats: tuple[Format, ...],
    format: Format,
    projection: Projection = DEFAULT,
    random_bits: int | None = None,
) -> Result:
    """The neighbour of x on the way to y; y's value if they are equal. Rule S-3."""
    x, y = decode(a, formats[0]), decode(b, formats[1])
    if x.is_nan or y.is_nan:
        return nan_operands((x, y), formats[0], projection)
    order = compare_values(x, y)
    if order == 0:
        return deliver(y, formats[0], projection, random_bits)
    return _next(a, int(order > 0), formats[0], projection)


def compare_values(x: Value, y: Value) -> int:
    """-1, 0 or 1 as x is below, equal to or above y; neither is NaN. Rule K-1."""

    def key(v: Value) -> tuple[int, object]:
        if v.is_infinite:
            return (-1 if v.sign else 1), 0
        return 0, v.signed

    left, right = key(x), key(y)
    return (left > right) - (left < right)
