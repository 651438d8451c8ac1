"""Decimals of codes: the shortest that round back to the same code, and exact ones. Rule T-3."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from functools import lru_cache

from lowfloat.formats import Format


@lru_cache(maxsize=65536)
def shortest(fmt: Format, code: int) -> str:
    """The shortest decimal that nearest-even rounding turns into ``code``.

    Of the decimals of that length it is the closest to the value.

    >>> import lowfloat as lf
    >>> shortest(lf.bfloat16, 0x3DCD), shortest(lf.float8_e4m3fn, 0x7F)
    ('0.1', 'nan')
    """
    from lowfloat import golden

    value = golden.decode(code, fmt)
    sign = "-" if value.sign else ""
    if value.is_nan:
        return "nan"
    if value.is_infinite:
        return sign + "inf"
    if value.is_zero:
        return sign + "0.0"
    exponent = _floor_log10(value.magnitude)
    canonical, _ = golden.encode(value.magnitude, format=fmt)
    digits = 1
    while True:
        scale = exponent - digits + 1
        ideal = value.magnitude / _power_of_ten(scale)
        # Where the steps below and above differ, the closer neighbour may miss and the other hit.
        closer = round(ideal)
        for significand in (closer, closer + (1 if ideal > closer else -1)):
            candidate = significand * _power_of_ten(scale)
            if significand and golden.encode(candidate, format=fmt)[0] == canonical:
                return sign + _written(significand, scale)
        digits += 1


def exact(fmt: Format, code: int) -> str:
    """All digits of a code's value, as many as it takes, without an exponent.

    >>> import lowfloat as lf
    >>> exact(lf.float8_e4m3fn, 0x7E), exact(lf.float8_e4m3fn, 0x01), exact(lf.float8_e5m2, 0xFC)
    ('448.0', '0.001953125', '-inf')
    """
    from lowfloat import golden

    value = golden.decode(code, fmt)
    if value.kind != "finite" or value.is_zero:
        return shortest(fmt, code)
    return ("-" if value.sign else "") + all_digits(value.magnitude)


def all_digits(x: Fraction) -> str:
    """Every digit of a nonnegative number whose decimal ends: its denominator is 2^m 5^n.

    >>> all_digits(Fraction(1, 40)), all_digits(Fraction(448))
    ('0.025', '448.0')
    """
    twos = (x.denominator & -x.denominator).bit_length() - 1
    rest, fives = x.denominator >> twos, 0
    while rest % 5 == 0:
        rest, fives = rest // 5, fives + 1
    assert rest == 1
    places = max(twos, fives)
    # str() of an int refuses more than a few thousand digits; a Decimal does not.
    digits = format(Decimal(x.numerator * 10**places // x.denominator), "f").rjust(places + 1, "0")
    return f"{digits[: len(digits) - places]}.{digits[len(digits) - places :] or '0'}"


def _power_of_ten(exponent: int) -> Fraction:
    return Fraction(10**exponent) if exponent >= 0 else Fraction(1, 10**-exponent)


def _floor_log10(x: Fraction) -> int:
    estimate = (x.numerator.bit_length() - x.denominator.bit_length()) * 30103 // 100000
    while _power_of_ten(estimate) > x:
        estimate -= 1
    while _power_of_ten(estimate + 1) <= x:
        estimate += 1
    return estimate


def _written(significand: int, scale: int) -> str:
    """A positive decimal as Python writes floats: plain from 1e-4 to 1e16."""
    digits = str(significand).rstrip("0")
    exponent = len(str(significand)) + scale - 1
    if -5 < exponent < 16:
        if exponent < 0:
            return "0." + "0" * (-exponent - 1) + digits
        whole = digits[: exponent + 1].ljust(exponent + 1, "0")
        return f"{whole}.{digits[exponent + 1 :] or '0'}"
    point = "." + digits[1:] if len(digits) > 1 else ""
    return f"{digits[0]}{point}e{exponent:+03d}"
