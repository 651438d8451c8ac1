"""How a format shows itself: one evaluable line, and a bit-field table in notebooks."""

from __future__ import annotations

import sys
from fractions import Fraction
from html import escape
from typing import NamedTuple

from lowfloat.format_names import entry_of
from lowfloat.formats import Format


def magnitude(fmt: Format, code: int) -> Fraction:
    """The value of a non-negative finite code (rules D-5 and D-6)."""
    field, fraction = divmod(code, 1 << fmt.mantissa_bits)
    if fmt.subnormals == "normal":
        if code == 0 and fmt.zero:
            return Fraction(0)
    elif field == 0:
        return Fraction(fraction) * Fraction(2) ** (1 - fmt.bias - fmt.mantissa_bits)
    significand = (1 << fmt.mantissa_bits) + fraction
    return Fraction(significand) * Fraction(2) ** (field - fmt.bias - fmt.mantissa_bits)


def decimal(value: Fraction, digits: int = 6) -> str:
    """A short decimal of an exact value; powers of two and huge values as 2^k.

    >>> decimal(Fraction(448)), decimal(Fraction(1, 512)), decimal(Fraction(2) ** 2000)
    ('448', '0.00195312', '2^2000')
    """
    if value == 0:
        return "0"
    exponent = value.numerator.bit_length() - value.denominator.bit_length()
    if abs(exponent) < 1022 or value == Fraction(sys.float_info.max):
        return f"{float(value):.{digits}g}"
    scaled = value / Fraction(2) ** exponent
    if scaled < 1:
        scaled, exponent = scaled * 2, exponent - 1
    return f"2^{exponent}" if scaled == 1 else f"{float(scaled):.{digits}g}*2^{exponent}"


class Extremes(NamedTuple):
    """The positive extremes of a format, exactly."""

    max: Fraction
    min_normal: Fraction
    min_positive: Fraction
    eps: Fraction


def extremes(fmt: Format) -> Extremes:
    """Largest finite, smallest normal, smallest positive, and the spacing above 1."""
    return Extremes(
        magnitude(fmt, fmt.max_finite_code),
        magnitude(fmt, min(fmt.min_normal_code, fmt.max_finite_code)),
        magnitude(fmt, fmt.min_positive_code),
        Fraction(1, 1 << fmt.mantissa_bits),
    )


def layout(fmt: Format) -> str:
    """Sign, exponent and mantissa widths, as in ``1-4-3``."""
    return f"{int(fmt.signed)}-{fmt.exponent_bits}-{fmt.mantissa_bits}"


def specials(fmt: Format) -> str:
    """The special codes in words."""
    nan = {
        "none": "no NaN",
        "ieee": "IEEE NaN",
        "all_ones": "NaN all ones",
        "negative_zero": "NaN at -0",
        "top": "NaN on top",
    }[fmt.nan]
    infinity = {"none": "no inf", "ieee": "IEEE inf", "top": "inf on top"}[fmt.infinities]
    return f"{infinity}, {nan}" + ("" if fmt.zero else ", no zero")


def constructor(fmt: Format) -> str:
    """An expression that makes the format from its fields."""
    names = ("infinities", "nan", "negative_zero", "zero", "subnormals")
    rest = ", ".join(f"{name}={getattr(fmt, name)!r}" for name in names)
    return (
        f"lowfloat.Format({fmt.exponent_bits}, {fmt.mantissa_bits}, {fmt.bias}, "
        f"signed={fmt.signed}, {rest})"
    )


def repr_text(fmt: Format) -> str:
    """The evaluable repr: a name, then layout and extremes as a comment."""
    x = extremes(fmt)
    entry = entry_of(fmt)
    name = fmt.name
    head = constructor(fmt) if name.startswith("custom_") else f'lowfloat.format("{name}")'
    parts = [
        f"{layout(fmt)}",
        f"bias {fmt.bias}",
        f"max {decimal(x.max)}" + (f"; {entry.note}" if entry and entry.note else ""),
        f"min {decimal(x.min_positive)}",
        specials(fmt),
    ]
    return f"{head}  # {', '.join(parts)}"


def repr_html(fmt: Format) -> str:
    """A table of the bit fields and the extremes."""
    x = extremes(fmt)
    fields = [
        ("sign", int(fmt.signed), "#f4c7c3"),
        ("exponent", fmt.exponent_bits, "#c3e6cb"),
        ("mantissa", fmt.mantissa_bits, "#bcd6f5"),
    ]
    cells = "".join(
        f'<td style="background:{colour};color:#111;text-align:center" colspan="{bits}">'
        f"{name} {bits}</td>"
        for name, bits, colour in fields
        if bits
    )
    entry = entry_of(fmt)
    rows = [
        ("bias", str(fmt.bias)),
        ("max", decimal(x.max)),
        ("min normal", decimal(x.min_normal)),
        ("min positive", decimal(x.min_positive)),
        ("specials", specials(fmt)),
    ]
    if entry:
        rows += [("also", ", ".join(entry.aliases)), ("source", entry.source)]
    body = "".join(f"<tr><th>{k}</th><td>{escape(v)}</td></tr>" for k, v in rows)
    return (
        f"<table><caption><b>{escape(fmt.name)}</b></caption><tr>{cells}</tr></table>"
        f"<table>{body}</table>"
    )
