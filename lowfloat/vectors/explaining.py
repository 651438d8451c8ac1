"""Why a result is what it is: the exact value, its neighbours, and the rule that decides."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from fractions import Fraction
from math import floor
from typing import NamedTuple

import numpy as np

import lowfloat as lf
from lowfloat.optable import OPERATIONS
from lowfloat.vectors.positions import EXACT, POSITIONS, TIE, positions, rounded, rounds
from lowfloat.vectors.units import Codes, Integer, Unit

_EXACT: dict[str, Callable[..., Fraction]] = {
    "add": operator.add,
    "subtract": operator.sub,
    "multiply": operator.mul,
    "divide": operator.truediv,
    "reciprocal": lambda x: 1 / x,
    "fma": lambda x, y, z: x * y + z,
    "faa": lambda x, y, z: x + y + z,
    "fmod": lambda x, y: x - y * int(x / y),
    "remainder": lambda x, y: x - y * round(x / y),
    "convert": lambda x: x,
    "to_integer": lambda x: x,
    "from_integer": lambda x: x,
    "round_to_integral": lambda x: x,
    "round_to_integral_exact": lambda x: x,
    "scaleb": lambda x, n: x * Fraction(2) ** floor(n),
    "negate": operator.neg,
    "abs": abs,
}


def operand_values(unit: Unit, inputs: Sequence[int]) -> list[Fraction] | None:
    """The values of a case's operands; None if one of them is not finite."""
    values = []
    for at, code in zip(unit.operand_formats, inputs, strict=False):
        if isinstance(at, Integer):
            negative = at.signed and code >> (at.width - 1)
            values.append(Fraction(code - (1 << at.width) if negative else code))
            continue
        value = lf.golden.decode(code, at)
        if value.kind != "finite":
            return None
        small = unit.projection.policy.daz and (code & at.magnitude_mask) < at.min_normal_code
        values.append(Fraction(0) if small else value.signed)
    return values


def exact_value(unit: Unit, inputs: Sequence[int]) -> Fraction | None:
    """What the operation yields before projection; None if that is no rational number.

    >>> unit = lf.vectors.Unit.uniform("multiply", "e4m3fn")
    >>> exact_value(unit, (0x3A, 0x3A))
    Fraction(25, 16)
    """
    values = operand_values(unit, inputs)
    if values is None or unit.operation not in _EXACT:
        return None
    try:
        return _EXACT[unit.operation](*values)
    except ZeroDivisionError:
        return None


def columns_of(unit: Unit, inputs: Sequence[int]) -> list[Codes]:
    """One case as columns of one element."""
    return [np.array([code], c.dtype) for code, c in zip(inputs, unit.inputs, strict=True)]


class Explanation(NamedTuple):
    """What decides one case."""

    expected: int
    flags: int
    exact: Fraction | None
    #: The codes on both sides of an inexact result, toward zero first; None if it is exact.
    between: tuple[int, int] | None
    #: A name from POSITIONS, or None where results are no rounded numbers.
    position: str | None
    #: Rules of spec/semantics.md and what they say here.
    rule: str


def explain(unit: Unit, inputs: Sequence[int]) -> Explanation:
    """What decides the result of a case.

    Parameters
    ----------
    unit : Unit
    inputs : sequence of int
        Operand codes, then random bits if the unit uses any.

    Examples
    --------
    >>> unit = lf.vectors.Unit.uniform("add", "float8_e4m3fn")
    >>> explain(unit, (0x40, 0x11)).rule
    'P-5, nearest_even: the exact value is below the midpoint'
    """
    columns = columns_of(unit, inputs)
    result, raised = unit.compute(columns)
    code, flags = int(result[0]), int(raised[0])
    between, position = None, None
    if rounds(unit):
        place = int(positions(unit, columns)[0])
        position = POSITIONS[place]
        if place != EXACT:
            inner, outer = (
                int(rounded(unit, columns, r)[0]) for r in ("toward_zero", "away_from_zero")
            )
            between = inner, outer
    rule = _rule(unit, inputs, code, flags, position)
    return Explanation(code, flags, exact_value(unit, inputs), between, position, rule)


def _rule(unit: Unit, inputs: Sequence[int], code: int, flags: int, position: str | None) -> str:
    if unit.accumulator is not None:
        return f"G-1 to G-17 for {unit.accumulator!r}"
    own = OPERATIONS[unit.operation].rule if unit.operation in OPERATIONS else {
        "to_integer": "I-5", "scaleb": "I-4", "dot": "G-2",
    }.get(unit.operation, "C-2")  # fmt: skip
    values = [
        lf.golden.decode(c, at)
        for c, at in zip(inputs, unit.operand_formats, strict=False)
        if isinstance(at, lf.Format)
    ]
    fmt = unit.result_format
    if not isinstance(fmt, lf.Format):
        return f"{own}: {'invalid, Q-8 chooses the integer' if flags & 16 else 'the answer'}"
    result = lf.golden.decode(code, fmt)
    if any(value.is_nan for value in values):
        loud = "; a signaling NaN is invalid (F-5)" if any(v.signaling for v in values) else ""
        return f"A-1 and N-2, {unit.projection.policy.nan}: a NaN operand gives a NaN{loud}"
    if flags & 16:
        return f"{own} and A-6: invalid"
    if flags & 8:
        return f"{own}: a finite number over zero divides by zero"
    if flags & 4:
        return f"P-8, saturation {unit.projection.saturation}: the rounded value is beyond the largest number"
    if result.is_zero and position == "exact":
        return f"{own} and P-10: an exact zero, and its sign"
    if position == "exact":
        return f"{own}: the exact value is a number of {fmt}"
    if unit.random_widths:
        return f"P-6, {unit.projection.rounding}: the random bits decide"
    where = {
        "below_tie": "the exact value is below the midpoint",
        "tie": "the exact value is a tie",
        "above_tie": "the exact value is above the midpoint",
    }[position or "tie"]
    tiny = "; tiny by P-4 and Q-1, so underflow (F-3)" if flags & 2 else ""
    flushed = " and Q-4" if unit.projection.policy.ftz and result.is_zero else ""
    return f"P-5{flushed}, {unit.projection.rounding}: {where}{tiny}"


__all__ = ["TIE", "Explanation", "exact_value", "explain", "operand_values"]
