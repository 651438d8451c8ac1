"""Exact values: what a code decodes to and what an operation computes before projection."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Literal, NamedTuple


class Value(NamedTuple):
    """A signed zero, a nonzero rational, an infinity, or a NaN with what it carries.

    ``payload`` is a NaN's fraction below the quiet bit, as a fraction of one, so that it moves
    between formats left-aligned (rule N-3).
    """

    kind: Literal["finite", "infinite", "nan"]
    sign: int = 0
    magnitude: Fraction = Fraction(0)
    signaling: bool = False
    payload: Fraction = Fraction(0)

    @property
    def is_nan(self) -> bool:
        """Whether this is a NaN."""
        return self.kind == "nan"

    @property
    def is_infinite(self) -> bool:
        """Whether this is an infinity."""
        return self.kind == "infinite"

    @property
    def is_zero(self) -> bool:
        """Whether this is a zero of either sign."""
        return self.kind == "finite" and not self.magnitude

    @property
    def signed(self) -> Fraction:
        """The rational value of a finite number."""
        if self.kind != "finite":
            raise ValueError(f"{self.kind} has no rational value")
        return -self.magnitude if self.sign else self.magnitude

    def __float__(self) -> float:
        if self.is_nan:
            return math.nan
        size = math.inf if self.is_infinite else float(self.magnitude)
        return -size if self.sign else size


NAN = Value("nan")
INFINITY = Value("infinite")


def number(x: float | Fraction | Value) -> Value:
    """The exact value of a Python number; the sign of a float zero is kept. A Value is itself.

    Raises
    ------
    TypeError
        If ``x`` is not an int, float or Fraction.
    """
    if isinstance(x, Value):
        return x
    if isinstance(x, bool):
        raise TypeError("a bool is no number here")
    if isinstance(x, float):
        sign = int(math.copysign(1, x) < 0)
        if math.isnan(x):
            return NAN
        if math.isinf(x):
            return Value("infinite", sign)
        return Value("finite", sign, abs(Fraction(x)))
    if not isinstance(x, int | Fraction):
        raise TypeError(f"an exact value is an int, a float or a Fraction, not {x!r}")
    return Value("finite", int(x < 0), abs(Fraction(x)))
