"""An elementary function of one operand from its data and its formula. Rule E-1.

The data say what happens at zeros, infinities and outside the domain, and where the result is
rational or too near a rational number for the Ziv loop; the formula covers everything else.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import cache, update_wrapper
from typing import Any, NamedTuple

from lowfloat.formats import Format
from lowfloat.golden.on_codes import (
    DEFAULT,
    INVALID_OPERATION,
    Invalid,
    Outcome,
    Pole,
    Result,
    on_codes,
)
from lowfloat.golden.values import Value
from lowfloat.golden.ziv import approximation, irrational, reach
from lowfloat.projection import Projection

#: What an operand that is a zero or an infinity gives, or how.
Special = Outcome | Callable[[Value], Outcome]
#: mpmath's context and number to the approximation of the result.
Formula = Callable[[Any, Any], Any]

ZERO = Value("finite")
MINUS_ZERO = Value("finite", 1)
ONE = Value("finite", 0, Fraction(1))
INFINITY = Value("infinite")
#: Sides of ``beside``.
UP, DOWN = 1, -1
#: Arguments below ``SMALL`` leave a relative error of less than 2^-190 in one term of a series.
SMALL = Fraction(1, 1 << 200)
#: e^-256 < 2^-369.
LARGE = 256
#: Bits that cancel, at most, in a difference of e^x or a logarithm near 1 for |x| >= SMALL.
SMALL_LOST = 204


class Data(NamedTuple):
    """What an elementary function does where its formula does not apply."""

    #: At -infinity and +infinity.
    infinities: tuple[Special, Special]
    #: At a zero; None where zero is an argument like others.
    zero: Special | None = None
    #: Whether the function is defined at a finite number other than zero.
    domain: Callable[[Fraction], bool] = lambda x: True
    #: The rational results and poles.
    exact: Callable[[Fraction], Outcome | None] = lambda x: None
    #: A fraction that rounds like the irrational result, where one is known.
    stand_in: Callable[[Fraction], Fraction | None] = lambda x: None
    #: Whether arguments beyond +-n, the ``reach`` of the format, give results beyond 2^(+-n).
    clamps: bool = False
    #: Bits that the formula may lose (``irrational``).
    lost: int = 0


def elementary(
    *,
    infinities: tuple[Special, Special],
    zero: Special | None = None,
    **more: Any,
) -> Callable[[Formula], Callable[..., Result]]:
    """The operation on codes whose formula is decorated with its ``Data``."""
    data = Data(infinities, zero, **more)

    def on_formula(formula: Formula) -> Callable[..., Result]:
        @cache
        def reaching(limit: int) -> Callable[..., Result]:
            return on_codes(lambda x, settings: outcome(x, data, formula, limit))

        def operation(
            *codes: int,
            formats: tuple[Format, ...],
            format: Format,
            projection: Projection = DEFAULT,
            random_bits: int | None = None,
        ) -> Result:
            return reaching(reach(format))(
                *codes,
                formats=formats,
                format=format,
                projection=projection,
                random_bits=random_bits,
            )

        update_wrapper(operation, formula).__dict__.pop("__wrapped__")
        return operation

    return on_formula


def outcome(x: Value, data: Data, formula: Formula, limit: int) -> Outcome:
    """The exact result, or one that rounds alike, for a value that is not NaN. Rule E-1."""
    if x.is_infinite:
        return _special(data.infinities[1 - x.sign], x)
    if x.is_zero and data.zero is not None:
        return _special(data.zero, x)
    q = x.signed
    if not data.domain(q):
        return INVALID_OPERATION
    stand_in = data.stand_in(q)
    if stand_in is not None:
        return finite(stand_in)
    if data.clamps:
        q = max(Fraction(-limit), min(Fraction(limit), q))
    known = data.exact(q)
    if known is not None:
        return known
    return irrational(lambda mp: formula(mp, approximation(mp, q)), data.lost, limit)


def _special(special: Special, x: Value) -> Outcome:
    return special if isinstance(special, Value | Pole | Invalid) else special(x)


def finite(x: Fraction | int, zero_sign: int = 0) -> Value:
    """The value of a rational number."""
    return Value("finite", int(x < 0) if x else zero_sign, abs(Fraction(x)))


def same(x: Value) -> Outcome:
    """The operand itself."""
    return x


def times(factor: Fraction) -> Special:
    """The sign of the operand times a positive number."""
    return lambda x: Value("finite", x.sign, factor)


def table(values: dict[Fraction | int, Fraction | int]) -> Callable[[Fraction], Outcome | None]:
    """Rational results by argument."""
    outcomes = {Fraction(x): finite(y) for x, y in values.items()}
    return outcomes.get


def small(x: Fraction) -> bool:
    """Whether one term of a series decides. Rule E-1."""
    return abs(x) < SMALL


def sign_of(x: Fraction) -> int:
    """1 or -1."""
    return 1 if x > 0 else -1
