"""From an exact operation on values to the operation on codes: decode, compute, project.

An exact operation takes values that are not NaN and a ``Settings``, and returns a ``Value``, a
``Pole`` or ``INVALID_OPERATION``; everything that all operations share happens here.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce, wraps
from inspect import Parameter, Signature, signature
from typing import NamedTuple

from lowfloat.exception_flags import DIVIDE_BY_ZERO, INVALID
from lowfloat.formats import Format
from lowfloat.golden.decoding import read
from lowfloat.golden.projecting import default_nan, nan_result, project
from lowfloat.golden.values import Value
from lowfloat.projection import Policy, Projection

Result = tuple[int, int]
DEFAULT = Projection()


class Pole(NamedTuple):
    """An infinity that finite operands make exactly. Rule A-7."""

    sign: int


class Invalid(NamedTuple):
    """No value: the operation is invalid. Rule A-6."""


INVALID_OPERATION = Invalid()
Outcome = Value | Pole | Invalid


class Settings(NamedTuple):
    """What an exact operation may ask of its surroundings."""

    #: Sign of an exact zero sum of terms that differ in sign (A-2).
    zero_sign: int


def on_codes(exact: Callable[..., Outcome]) -> Callable[..., Result]:
    """The operation on codes whose exact form is given.

    The result takes the operands' codes, ``formats`` (one per operand), ``format``,
    ``projection`` and ``random_bits``, and returns ``(code, flags)``.
    """

    @wraps(exact)
    def operation(
        *codes: int,
        formats: tuple[Format, ...],
        format: Format,
        projection: Projection = DEFAULT,
        random_bits: int | None = None,
    ) -> Result:
        values = operands(codes, formats, projection)
        if any(value.is_nan for value in values):
            return nan_operands(values, format, projection)
        outcome = exact(*values, settings_of(projection))
        return deliver(outcome, format, projection, random_bits)

    names = list(signature(exact).parameters)[:-1]
    codes = [Parameter(name, Parameter.POSITIONAL_ONLY) for name in names]
    keywords = list(signature(operation, follow_wrapped=False).parameters.values())[1:]
    operation.__dict__["__signature__"] = Signature([*codes, *keywords])
    return operation


def exact_zero_sign(projection: Projection) -> int:
    """The sign of an exact zero sum of terms that differ in sign. Rules A-2 and Q-13."""
    ieee = projection.policy.exact_zero == "ieee"
    return int(ieee and projection.rounding == "toward_negative")


def settings_of(projection: Projection) -> Settings:
    """The settings that a projection implies."""
    return Settings(exact_zero_sign(projection))


def operands(
    codes: tuple[int, ...], formats: tuple[Format, ...], projection: Projection
) -> tuple[Value, ...]:
    """The values that an operation reads. Rule A-1."""
    pairs = zip(codes, formats, strict=True)
    return tuple(read(code, fmt, projection.policy) for code, fmt in pairs)


def deliver(
    outcome: Outcome, format: Format, projection: Projection, random_bits: int | None
) -> Result:
    """The code and flags of an exact outcome. Rules A-6 and A-7."""
    if isinstance(outcome, Invalid):
        return invalid(format, projection)
    if isinstance(outcome, Pole):
        infinity = Value("infinite", outcome.sign)
        code, flags = project(infinity, format, projection, random_bits)
        return code, flags | DIVIDE_BY_ZERO
    return project(outcome, format, projection, random_bits)


def invalid(format: Format, projection: Projection) -> Result:
    """The result of an invalid operation. Rule A-6."""
    code, _ = nan_result(default_nan(projection), format, projection)
    return code, INVALID


def nan_operands(values: tuple[Value, ...], format: Format, projection: Projection) -> Result:
    """The result of an operation with a NaN operand. Rule N-2."""
    chosen = reduce(lambda x, y: _first_nan(x, y, projection.policy), values)
    raised = INVALID if projection.policy.quiet_nan_invalid else 0
    raised |= INVALID if any(v.signaling for v in values) else 0
    code, flags = nan_result(chosen._replace(signaling=False), format, projection)
    return code, flags | raised


def _first_nan(x: Value, y: Value, policy: Policy) -> Value:
    """Which of two operands a propagating policy hands on. Rule Q-2."""
    if policy.nan == "signaling_first" and y.signaling and not x.signaling:
        return y._replace(signaling=False)
    return (x if x.is_nan else y)._replace(signaling=False)
