"""Numbers as text: decimal and hexadecimal strings. Rules T-1 to T-3 of spec/semantics.md."""

from __future__ import annotations

import re
from decimal import Decimal
from fractions import Fraction

from lowfloat.formats import Format
from lowfloat.golden.decoding import decode
from lowfloat.golden.on_codes import DEFAULT, Result, deliver
from lowfloat.golden.projecting import nan_result
from lowfloat.golden.values import Value
from lowfloat.projection import Projection

_DECIMAL = re.compile(r"([+-]?)(?=\d|\.\d)(\d*)(?:\.(\d*))?(?:e([+-]?\d+))?", re.IGNORECASE)
_HEXADECIMAL = re.compile(
    r"([+-]?)0x(?=[0-9a-f]|\.[0-9a-f])([0-9a-f]*)(?:\.([0-9a-f]*))?(?:p([+-]?\d+))?", re.IGNORECASE
)
_SPECIAL = re.compile(r"([+-]?)(inf|infinity|nan|snan)", re.IGNORECASE)

#: Exponents beyond this, after the digits are counted, are beyond every format.
MAX_EXPONENT = 1 << 21


def parse(text: str) -> Value:
    """The exact value of a decimal or hexadecimal string. Rule T-1.

    Raises
    ------
    ValueError
        If the text is no number.

    Examples
    --------
    >>> parse("0x1.8p-1").signed, parse("-1.25e2").signed
    (Fraction(3, 4), Fraction(-125, 1))
    """
    text = text.strip()
    if match := _SPECIAL.fullmatch(text):
        sign, word = int(match[1] == "-"), match[2].lower()
        if word.startswith("inf"):
            return Value("infinite", sign)
        return Value("nan", sign, signaling=word == "snan")
    for pattern, base, step in ((_DECIMAL, 10, 1), (_HEXADECIMAL, 16, 4)):
        if match := pattern.fullmatch(text):
            minus, whole, places, exponent = match.groups()
            digits = _integer(whole + (places or ""), base)
            scale = int(exponent or 0) - step * len(places or "")
            return Value("finite", int(minus == "-"), _scaled(digits, base, scale))
    raise ValueError(f"{text!r} is no decimal or hexadecimal number (rule T-1)")


def _integer(digits: str, base: int) -> int:
    """Digits of any number: int() itself stops at a few thousand decimal ones."""
    return int(digits, base) if base == 16 or len(digits) < 4000 else int(Decimal(digits))


def _scaled(digits: int, base: int, scale: int) -> Fraction:
    """digits 10^scale, or digits 2^scale; kept at the edge where it is beyond every format."""
    if digits == 0:
        return Fraction(0)
    bits_per_step = 3.3219280948873626 if base == 10 else 1.0
    exponent = digits.bit_length() + scale * bits_per_step
    if abs(exponent) > MAX_EXPONENT:
        return Fraction(2) ** (MAX_EXPONENT if exponent > 0 else -MAX_EXPONENT)
    radix = Fraction(10 if base == 10 else 2)
    return digits * radix**scale


def from_string(
    text: str,
    *,
    format: Format,
    projection: Projection = DEFAULT,
    random_bits: int | None = None,
) -> Result:
    """The code and flags of a decimal or hexadecimal string, rounded once. Rule T-1.

    Examples
    --------
    >>> import lowfloat as lf
    >>> from_string("0.1", format=lf.bfloat16)
    (15821, 1)
    """
    value = parse(text)
    if value.is_nan:
        return nan_result(value, format, projection)
    return deliver(value, format, projection, random_bits)


def to_hexadecimal(a: int, *, format: Format) -> str:
    """The exact value as a C99 hexadecimal string. Rule T-2.

    Examples
    --------
    >>> import lowfloat as lf
    >>> to_hexadecimal(0x7E, format=lf.float8_e4m3fn), to_hexadecimal(1, format=lf.float8_e5m2)
    ('0x1.cp+8', '0x1p-16')
    """
    value = decode(a, format)
    sign = "-" if value.sign else ""
    if value.is_nan:
        return sign + ("snan" if value.signaling else "nan")
    if value.is_infinite:
        return sign + "inf"
    if value.is_zero:
        return sign + "0x0p+0"
    numerator, denominator = value.magnitude.as_integer_ratio()
    exponent = numerator.bit_length() - denominator.bit_length()
    odd = numerator >> (numerator & -numerator).bit_length() - 1
    places = odd.bit_length() - 1
    digits = f"{(odd - (1 << places)) << (-places % 4):0{(places + 3) // 4}x}" if places else ""
    return f"{sign}0x1{'.' if digits else ''}{digits}p{exponent:+d}"
