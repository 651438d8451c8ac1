"""Integers: rounding to them, conversion to machine integers, exponents. Rules I-1 to I-5."""

from __future__ import annotations

from fractions import Fraction

from lowfloat.exception_flags import INEXACT, INVALID
from lowfloat.formats import Format
from lowfloat.golden.decoding import read
from lowfloat.golden.on_codes import (
    DEFAULT,
    Outcome,
    Pole,
    Result,
    Settings,
    deliver,
    nan_operands,
    on_codes,
    operands,
)
from lowfloat.golden.projecting import check_random_bits, floor_log2, rounds_away
from lowfloat.golden.values import Value
from lowfloat.projection import Projection

#: A format in which ties are broken by the parity of the integer itself.
INTEGERS = Format(0, 52)
#: scaleb's exponents beyond this give the same results: more than all binades of any two formats.
MAX_SCALE = 1 << 22


def nearest_integer(
    x: Value, projection: Projection, random_bits: int | None = None
) -> tuple[Value, bool]:
    """A finite value rounded to an integer of its sign, and whether that is inexact. Rule I-1."""
    check_random_bits(projection, random_bits)
    whole = x.magnitude.numerator // x.magnitude.denominator
    rest = x.magnitude - whole
    away = rounds_away(rest, whole, x.sign, INTEGERS, projection, random_bits)
    return x._replace(magnitude=Fraction(whole + away)), rest != 0


def round_to_integral(
    a: int,
    *,
    formats: tuple[Format, ...],
    format: Format,
    projection: Projection = DEFAULT,
    random_bits: int | None = None,
) -> Result:
    """The integer that the projection's rounding gives, without raising inexact. Rule I-1."""
    return _to_integral(a, formats, format, projection, random_bits)[:2]


def round_to_integral_exact(
    a: int,
    *,
    formats: tuple[Format, ...],
    format: Format,
    projection: Projection = DEFAULT,
    random_bits: int | None = None,
) -> Result:
    """The integer that the projection's rounding gives; inexact if it is another number. Rule I-1."""
    code, flags, inexact = _to_integral(a, formats, format, projection, random_bits)
    return code, flags | (INEXACT if inexact else 0)


def _to_integral(
    a: int,
    formats: tuple[Format, ...],
    format: Format,
    projection: Projection,
    random_bits: int | None,
) -> tuple[int, int, bool]:
    (x,) = operands((a,), formats, projection)
    if x.is_nan:
        return *nan_operands((x,), format, projection), False
    inexact = False
    if not x.is_infinite:
        x, inexact = nearest_integer(x, projection, random_bits)
    return *deliver(x, format, projection, random_bits), inexact


@on_codes
def logb(x: Value, settings: Settings) -> Outcome:
    """The exponent e of 2^e <= |x| < 2^(e+1), as a number. Rule I-3."""
    if x.is_infinite:
        return Value("infinite")
    if x.is_zero:
        return Pole(1)
    exponent = floor_log2(x.magnitude)
    return Value("finite", int(exponent < 0), Fraction(abs(exponent)))


def scaleb(
    a: int,
    n: int,
    *,
    formats: tuple[Format, ...],
    format: Format,
    projection: Projection = DEFAULT,
    random_bits: int | None = None,
) -> Result:
    """x * 2^n for an integer n, rounded once. Rule I-4."""
    (x,) = operands((a,), formats, projection)
    if x.is_nan:
        return nan_operands((x,), format, projection)
    scale = Fraction(2) ** max(-MAX_SCALE, min(MAX_SCALE, n))
    if x.kind == "finite":
        x = x._replace(magnitude=x.magnitude * scale)
    return deliver(x, format, projection, random_bits)


def to_integer(
    a: int,
    *,
    formats: tuple[Format, ...],
    bits: int,
    signed: bool,
    projection: Projection = DEFAULT,
    exact: bool = True,
    random_bits: int | None = None,
) -> tuple[int, int]:
    """The machine integer and flags of a number. Rules I-1 and I-5.

    ``exact`` says whether a number that is no integer raises inexact.
    """
    x = read(a, formats[0], projection.policy)
    low, high = (-(1 << (bits - 1)), (1 << (bits - 1)) - 1) if signed else (0, (1 << bits) - 1)
    if x.kind == "finite":
        rounded, inexact = nearest_integer(x, projection, random_bits)
        whole = int(rounded.signed)
        if low <= whole <= high:
            return whole, INEXACT if inexact and exact else 0
    below = x.sign == 1 and not x.is_nan
    result = _out_of_range(x.is_nan, below, bits, signed, projection.policy.float_to_int)
    return {"low": low, "high": high, "zero": 0}[result], INVALID


def _out_of_range(nan: bool, below: bool, bits: int, signed: bool, rule: str) -> str:
    """Which integer stands for a number that is none. Rule I-5."""
    if rule == "indefinite":
        return "low" if signed else "high"
    if nan:
        return "zero" if rule == "nan_zero" else "high"
    return "low" if below else "high"
