"""Operations on codes: decode, compute exactly, project. Rules A-1 to A-6 of spec/semantics.md."""

from __future__ import annotations

from fractions import Fraction
from functools import reduce

from lowfloat.exception_flags import INVALID
from lowfloat.formats import Format
from lowfloat.golden.decoding import read
from lowfloat.golden.projecting import default_nan, nan_result, project
from lowfloat.golden.values import Value, exact_sum, number
from lowfloat.projection import Policy, Projection

Result = tuple[int, int]
DEFAULT = Projection()


def encode(
    x: float | Fraction,
    *,
    format: Format,
    projection: Projection = DEFAULT,
    random_bits: int | None = None,
) -> Result:
    """The code and flags of an exact Python number, rounded once. Rule C-1.

    Examples
    --------
    >>> import lowfloat as lf
    >>> lf.golden.encode(0.3, format=lf.float8_e4m3fn)
    (42, 1)
    """
    return project(number(x), format, projection, random_bits)


def convert(
    a: int,
    *,
    formats: tuple[Format],
    format: Format,
    projection: Projection = DEFAULT,
    random_bits: int | None = None,
) -> Result:
    """The code of another format's code, rounded once. Rule C-2."""
    (value,) = _operands((a,), formats, projection)
    if value.is_nan:
        return nan_operands((value,), format, projection)
    return project(value, format, projection, random_bits)


def add(
    a: int,
    b: int,
    *,
    formats: tuple[Format, Format],
    format: Format,
    projection: Projection = DEFAULT,
    random_bits: int | None = None,
) -> Result:
    """a + b, rounded once. Rule A-2."""
    x, y = _operands((a, b), formats, projection)
    if x.is_nan or y.is_nan:
        return nan_operands((x, y), format, projection)
    return _project_sum(x, y, format, projection, random_bits)


def subtract(
    a: int,
    b: int,
    *,
    formats: tuple[Format, Format],
    format: Format,
    projection: Projection = DEFAULT,
    random_bits: int | None = None,
) -> Result:
    """a - b, rounded once: a + (-b), but a NaN operand keeps its sign. Rule A-3."""
    x, y = _operands((a, b), formats, projection)
    if x.is_nan or y.is_nan:
        return nan_operands((x, y), format, projection)
    return _project_sum(x, y._replace(sign=1 - y.sign), format, projection, random_bits)


def multiply(
    a: int,
    b: int,
    *,
    formats: tuple[Format, Format],
    format: Format,
    projection: Projection = DEFAULT,
    random_bits: int | None = None,
) -> Result:
    """a * b, rounded once. Rule A-4.

    Examples
    --------
    >>> import lowfloat as lf
    >>> f = lf.float8_e4m3fn
    >>> lf.golden.multiply(0x38, 0x7E, formats=(f, f), format=f)  # 1 * 448
    (126, 0)
    """
    x, y = _operands((a, b), formats, projection)
    if x.is_nan or y.is_nan:
        return nan_operands((x, y), format, projection)
    product = exact_product(x, y)
    if product is None:
        return invalid(format, projection)
    return project(product, format, projection, random_bits)


def fma(
    a: int,
    b: int,
    c: int,
    *,
    formats: tuple[Format, Format, Format],
    format: Format,
    projection: Projection = DEFAULT,
    random_bits: int | None = None,
) -> Result:
    """a * b + c, rounded once. Rule A-5."""
    x, y, z = _operands((a, b, c), formats, projection)
    if x.is_nan or y.is_nan:
        return nan_operands((x, y, z), format, projection)
    product = exact_product(x, y)
    if product is None:
        if not z.is_nan:
            return invalid(format, projection)
        raised = INVALID if projection.policy.fma_nan_invalid else 0
        code, flags = nan_operands((default_nan(projection), z), format, projection)
        return code, flags | raised
    if z.is_nan:
        return nan_operands((z,), format, projection)
    return _project_sum(product, z, format, projection, random_bits)


def exact_product(x: Value, y: Value) -> Value | None:
    """The product of two values that are not NaN; None for zero times infinity. Rule A-4."""
    sign = x.sign ^ y.sign
    if x.is_infinite or y.is_infinite:
        return None if x.is_zero or y.is_zero else Value("infinite", sign)
    return Value("finite", sign, x.magnitude * y.magnitude)


def invalid(format: Format, projection: Projection) -> Result:
    """The result of an invalid operation. Rule A-6."""
    code, _ = nan_result(default_nan(projection), format, projection)
    return code, INVALID


def nan_operands(values: tuple[Value, ...], format: Format, projection: Projection) -> Result:
    """The result of an operation with a NaN operand. Rule N-2."""
    chosen = reduce(lambda x, y: _first_nan(x, y, projection.policy), values)
    raised = INVALID if any(v.signaling for v in values) else 0
    code, flags = nan_result(chosen._replace(signaling=False), format, projection)
    return code, flags | raised


def _first_nan(x: Value, y: Value, policy: Policy) -> Value:
    """Which of two operands a propagating policy hands on. Rule Q-2."""
    if policy.nan == "signaling_first" and y.signaling and not x.signaling:
        return y._replace(signaling=False)
    return (x if x.is_nan else y)._replace(signaling=False)


def _operands(
    codes: tuple[int, ...], formats: tuple[Format, ...], projection: Projection
) -> tuple[Value, ...]:
    pairs = zip(codes, formats, strict=True)
    return tuple(read(code, fmt, projection.policy) for code, fmt in pairs)


def _project_sum(
    x: Value,
    y: Value,
    format: Format,
    projection: Projection,
    random_bits: int | None,
) -> Result:
    """The projected sum of two values that are not NaN. Rule A-2."""
    if x.is_infinite and y.is_infinite and x.sign != y.sign:
        return invalid(format, projection)
    if x.is_infinite or y.is_infinite:
        return project(x if x.is_infinite else y, format, projection, random_bits)
    zero_sign = int(projection.rounding == "toward_negative")
    return project(exact_sum(x, y, zero_sign), format, projection, random_bits)
