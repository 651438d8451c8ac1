"""Machine limits of a format, under NumPy's names."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from fractions import Fraction
from typing import Any

from lowfloat.format_names import format as find_format
from lowfloat.format_text import extremes, magnitude
from lowfloat.formats import Format

Real = float | Fraction


@dataclass(frozen=True, repr=False)
class FloatInfo:
    """Limits of a format; values are floats where binary64 holds them, else Fractions."""

    format: Format
    #: Bits of a code.
    bits: int
    #: Spacing above 1.
    eps: Real
    #: Spacing below 1.
    epsneg: Real
    #: Largest finite number.
    max: Real
    #: Smallest finite number: -max, or the smallest number of an unsigned format.
    min: Real
    #: Smallest positive normal number.
    smallest_normal: Real
    #: Smallest positive number.
    smallest_subnormal: Real
    #: Width of the exponent field.
    nexp: int
    #: Width of the mantissa field.
    nmant: int
    #: Exponent of eps and epsneg.
    machep: int
    negep: int
    #: Exponents of the smallest normal number and of the first power of two beyond the largest.
    minexp: int
    maxexp: int
    #: Decimal digits that survive, and the corresponding resolution.
    precision: int
    resolution: float

    def __repr__(self) -> str:
        rest = ", ".join(f"{f.name}={getattr(self, f.name)!r}" for f in fields(self)[1:])
        return f"finfo({self.format.name!r}: {rest})"

    @property
    def tiny(self) -> Real:
        """Another name of ``smallest_normal``."""
        return self.smallest_normal

    @property
    def iexp(self) -> int:
        """Another name of ``nexp``."""
        return self.nexp

    @property
    def dtype(self) -> Format:
        """The format, under the name that NumPy uses."""
        return self.format


def _real(x: Fraction) -> Real:
    try:
        value = float(x)
    except OverflowError:
        return x
    return value if Fraction(value) == x else x


def finfo(format: Any) -> FloatInfo:
    """Machine limits of a format, under NumPy's names.

    Parameters
    ----------
    format : Format, name or dtype

    Raises
    ------
    ValueError, TypeError
        As ``lf.format``.

    Examples
    --------
    >>> import lowfloat as lf
    >>> i = lf.finfo("float8_e4m3fn")
    >>> i.max, i.smallest_subnormal, i.eps
    (448.0, 0.001953125, 0.125)

    Source: numpy.finfo; semantics.md rule D-7.
    """
    fmt = find_format(format)
    x = extremes(fmt)
    m = fmt.mantissa_bits
    lowest = -x.max if fmt.signed else magnitude(fmt, 0)
    digits = math.floor(m * math.log10(2))
    return FloatInfo(
        format=fmt,
        bits=fmt.width,
        eps=_real(x.eps),
        epsneg=_real(x.eps / 2),
        max=_real(x.max),
        min=_real(lowest),
        smallest_normal=_real(x.min_normal),
        smallest_subnormal=_real(x.min_positive),
        nexp=fmt.exponent_bits,
        nmant=m,
        machep=-m,
        negep=-m - 1,
        minexp=fmt.emin,
        maxexp=fmt.emax + 1,
        precision=digits,
        resolution=10.0**-digits,
    )
