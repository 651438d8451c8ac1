"""Decoding: rules D-3 to D-6 of spec/semantics.md."""

from __future__ import annotations

from fractions import Fraction

from lowfloat.formats import Format
from lowfloat.golden.values import Value
from lowfloat.projection import Policy


def decode(code: int, format: Format) -> Value:
    """The exact value of a code. Rules D-3 to D-6.

    Raises
    ------
    ValueError
        If ``code`` is not an unsigned integer of ``format.width`` bits.

    Examples
    --------
    >>> import lowfloat as lf
    >>> float(lf.golden.decode(0x7E, lf.float8_e4m3fn))
    448.0
    """
    if type(format) is not Format:
        raise TypeError(f"golden takes Formats: lf.format({format!r})")
    if not 0 <= code < 1 << format.width:
        raise ValueError(f"code {code:#x} does not fit the {format.width} bits of {format}")
    sign = int(bool(code & format.sign_mask))
    rest = code & format.magnitude_mask
    if _is_nan(sign, rest, format):
        return _nan(sign, rest, format)
    if rest == format.infinity_code:
        return Value("infinite", sign)
    magnitude = _magnitude(rest, format)
    return Value("finite", sign if format.negative_zero or magnitude else 0, magnitude)


def read(code: int, format: Format, policy: Policy) -> Value:
    """An operand: its value, with subnormals read as zeros under DAZ. Rule Q-3."""
    value = decode(code, format)
    if policy.daz and value.kind == "finite" and value.magnitude < _min_normal(format):
        return Value("finite", value.sign if format.negative_zero else 0)
    return value


def _is_nan(sign: int, rest: int, format: Format) -> bool:
    """Whether a code is NaN. Rule D-3."""
    match format.nan:
        case "none":
            return False
        case "ieee":
            return format.infinity_code is not None and rest > format.infinity_code
        case "negative_zero":
            return sign == 1 and rest == 0
        case _:  # "all_ones" of a signed format, "top" of an unsigned one
            return rest == format.magnitude_mask


def _nan(sign: int, rest: int, format: Format) -> Value:
    """The NaN of a code; only IEEE's carry a payload and can signal. Rules D-3 and N-1."""
    if format.nan != "ieee":
        return Value("nan", sign if format.nan == "all_ones" else 0)
    quiet = 1 << (format.mantissa_bits - 1)
    return Value(
        "nan", sign, signaling=not rest & quiet, payload=Fraction(rest & (quiet - 1), quiet)
    )


def _magnitude(rest: int, format: Format) -> Fraction:
    """The magnitude of a finite code. Rules D-5 and D-6."""
    field, fraction = divmod(rest, 1 << format.mantissa_bits)
    hidden = 1 << format.mantissa_bits
    match format.subnormals:
        case "normal":
            if rest == 0 and format.zero:
                return Fraction(0)
            return _scaled(hidden + fraction, field - format.bias - format.mantissa_bits)
        case "flush" if field == 0:
            return Fraction(0)
        case _ if field == 0:
            return _scaled(fraction, 1 - format.bias - format.mantissa_bits)
        case _:
            return _scaled(hidden + fraction, field - format.bias - format.mantissa_bits)


def _min_normal(format: Format) -> Fraction:
    """The smallest positive normal magnitude. Rule D-7."""
    if format.subnormals == "normal":
        return _magnitude(format.min_positive_code, format)
    return _scaled(1, format.emin)


def _scaled(significand: int, exponent: int) -> Fraction:
    if exponent >= 0:
        return Fraction(significand << exponent)
    return Fraction(significand, 1 << -exponent)
