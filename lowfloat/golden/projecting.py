"""Projection of an exact value into a format: rules P-1 to P-12 of spec/semantics.md.

Magnitudes are rounded on the lattice of magnitude codes, continued above the largest finite
one: a code's successor is its neighbour, so rounding away is adding one.
"""

from __future__ import annotations

from fractions import Fraction

from lowfloat.exception_flags import INEXACT, INVALID, OVERFLOW, UNDERFLOW
from lowfloat.formats import Format
from lowfloat.golden.decoding import _magnitude, _min_normal
from lowfloat.golden.values import Value
from lowfloat.projection import Projection, Stochastic

HALF = Fraction(1, 2)
#: A payload whose leading 64 bits are ones.
ALL_ONES = 1 - Fraction(1, 1 << 64)


def project(
    value: Value,
    format: Format,
    projection: Projection,
    random_bits: int | None = None,
) -> tuple[int, int]:
    """The code and flags of an exact value. Rule P-1.

    Raises
    ------
    ValueError
        If the rounding is stochastic and ``random_bits`` is missing or out of range, or if
        ``bits=None`` and the discarded tail is longer than 64 bits.

    Examples
    --------
    >>> import lowfloat as lf
    >>> from fractions import Fraction
    >>> x = lf.golden.Value("finite", 0, Fraction(3, 10))
    >>> lf.golden.project(x, lf.float8_e4m3fn, lf.Projection())
    (42, 1)
    """
    if type(format) is not Format:
        raise TypeError(f"golden takes Formats: lf.format({format!r})")
    check_random_bits(projection, random_bits)
    if value.is_nan:
        return nan_result(value, format, projection)
    if value.is_infinite:
        return infinite_result(value.sign, format, projection)
    if value.is_zero:
        return zero_result(value.sign, format, projection)
    code, tiny, inexact = round_magnitude(
        value.magnitude, value.sign, format, projection, random_bits
    )
    if value.sign and not format.signed:
        return negative_to_unsigned(code, tiny, format, projection)
    if code > format.max_finite_code:
        return overflow_result(value.sign, format, projection)
    if tiny and format.zero and (projection.policy.ftz or format.subnormals == "flush"):
        raised = INEXACT | UNDERFLOW if projection.policy.ftz_raises_underflow else 0
        return signed_code(value.sign, 0, format), raised
    flags = INEXACT | underflow(code, tiny, format, projection) if inexact else 0
    return signed_code(value.sign, code, format), flags


def underflow(code: int, tiny: bool, format: Format, projection: Projection) -> int:
    """The underflow flag of an inexact number. Rules F-3 and Q-1."""
    if projection.policy.tininess == "zero":
        return UNDERFLOW if format.zero and code == 0 else 0
    return UNDERFLOW if tiny else 0


def check_random_bits(projection: Projection, random_bits: int | None) -> None:
    """Random bits are there exactly when they are needed, and in range. Rule R-1."""
    stochastic = projection.stochastic
    if stochastic is None:
        return
    if random_bits is None:
        raise ValueError("stochastic rounding needs random_bits= (rule R-1)")
    if not 0 <= random_bits < 1 << stochastic.drawn_bits:
        raise ValueError(
            f"random bits {random_bits} are not in 0..2^{stochastic.drawn_bits} - 1 (rule R-1)"
        )


def signed_code(sign: int, code: int, format: Format) -> int:
    """A magnitude code with its sign; -0 only where it is a number. Rule P-10."""
    if not sign or (code == 0 and not format.negative_zero):
        return code
    return code | format.sign_mask


def nan_result(value: Value, format: Format, projection: Projection) -> tuple[int, int]:
    """A NaN into a format. Rules N-1 to N-4."""
    flags = INVALID if value.signaling else 0
    policy = projection.policy
    if format.nan_code is None:
        return format.max_finite_code, INVALID
    given = value if policy.nan != "canonical" else default_nan(projection)
    code = format.nan_code
    if format.nan == "ieee":
        code |= int(given.payload * (1 << (format.mantissa_bits - 1)))
    if format.nan in ("ieee", "all_ones") and given.sign:
        code |= format.sign_mask
    return code, flags


def default_nan(projection: Projection) -> Value:
    """The NaN that an invalid operation makes. Rules N-2 and Q-9."""
    policy = projection.policy
    ones = ALL_ONES if policy.default_nan_fraction == "ones" else Fraction(0)
    return Value("nan", policy.default_nan_sign, payload=ones)


def made_nan(format: Format, projection: Projection) -> int:
    """The code of a NaN that projection itself makes. Rule N-2."""
    return nan_result(default_nan(projection), format, projection)[0]


def zero_result(sign: int, format: Format, projection: Projection) -> tuple[int, int]:
    """An exact zero into a format. Rules P-10 and P-11."""
    if format.zero:
        return signed_code(sign, 0, format), 0
    if projection.saturation == "none" and format.nan_code is not None:
        return made_nan(format, projection), INVALID
    return format.min_positive_code, INVALID


def infinite_result(sign: int, format: Format, projection: Projection) -> tuple[int, int]:
    """An infinity into a format. Rule P-9."""
    if sign and not format.signed:
        return below_unsigned(format, projection), INVALID
    if projection.saturation != "finite" and format.infinity_code is not None:
        return signed_code(sign, format.infinity_code, format), 0
    return beyond(sign, format, projection)


def overflow_result(sign: int, format: Format, projection: Projection) -> tuple[int, int]:
    """A finite value that rounds past the largest finite number. Rule P-8."""
    stays = {
        "toward_zero": True,
        "toward_positive": sign == 1,
        "toward_negative": sign == 0,
        "to_odd": format.max_finite_code % 2 == 1,
    }.get(str(projection.rounding), False)
    if projection.saturation == "none" and stays:
        return signed_code(sign, format.max_finite_code, format), OVERFLOW | INEXACT
    return beyond(sign, format, projection)


def beyond(sign: int, format: Format, projection: Projection) -> tuple[int, int]:
    """What lies past the largest number: infinity, NaN or the clamp. Rules P-8, P-9, Q-5, Q-6."""
    policy = projection.policy
    if projection.saturation == "none":
        if format.infinity_code is not None:
            return signed_code(sign, format.infinity_code, format), OVERFLOW | INEXACT
        if format.nan_code is not None and policy.infinityless_overflow == "nan":
            code = format.nan_code
            if format.nan == "all_ones":
                code |= format.sign_mask if sign else 0
            return code, OVERFLOW | INEXACT
    flags = INEXACT | (OVERFLOW if policy.saturation_raises_overflow else 0)
    return signed_code(sign, format.max_finite_code, format), flags


def negative_to_unsigned(
    code: int,
    tiny: bool,
    format: Format,
    projection: Projection,
) -> tuple[int, int]:
    """A negative number into an unsigned format, its magnitude rounded to ``code``. Rule P-12."""
    if code == 0 and format.zero:
        return 0, INEXACT | underflow(code, tiny, format, projection)
    truncates = projection.rounding in ("toward_zero", "toward_positive")
    if projection.saturation == "none" and truncates:
        return format.min_positive_code if not format.zero else 0, INVALID
    return below_unsigned(format, projection), INVALID


def below_unsigned(format: Format, projection: Projection) -> int:
    """What lies below an unsigned format: NaN, or its smallest number when clamped. Rule P-12."""
    if projection.saturation == "none" and format.nan_code is not None:
        return made_nan(format, projection)
    return 0 if format.zero else format.min_positive_code


def round_magnitude(
    x: Fraction,
    sign: int,
    format: Format,
    projection: Projection,
    random_bits: int | None,
) -> tuple[int, bool, bool]:
    """The rounded magnitude code, whether it is tiny, whether it is inexact. Rules P-2 to P-4."""
    exponent = floor_log2(x)
    smallest = _magnitude(format.min_positive_code, format)
    tiny = is_tiny(x, exponent, sign, format, projection, random_bits)
    if format.subnormals == "normal" and x < smallest:
        # No number but zero, if there is one, lies below the smallest (P-3).
        up = not format.zero or rounds_away(x / smallest, 0, sign, format, projection, random_bits)
        return format.min_positive_code if up else 0, tiny, True
    lower, fraction = lattice(x, max(exponent, format.emin), format)
    away = rounds_away(fraction, lower, sign, format, projection, random_bits)
    return lower + away, tiny, fraction != 0


def lattice(x: Fraction, exponent: int, format: Format) -> tuple[int, Fraction]:
    """The code at or below ``x`` and the fraction of a step above it. Rule P-2."""
    scaled = x / Fraction(2) ** (exponent - format.mantissa_bits)
    significand = scaled.numerator // scaled.denominator
    hidden = 1 << format.mantissa_bits
    field = exponent + format.bias
    subnormal = field == 1 and significand < hidden
    code = significand if subnormal else (field - 1) * hidden + significand
    return code, scaled - significand


def is_tiny(
    x: Fraction,
    exponent: int,
    sign: int,
    format: Format,
    projection: Projection,
    random_bits: int | None,
) -> bool:
    """Whether a nonzero value is tiny, before or after rounding. Rules P-4 and Q-1."""
    normal = _min_normal(format)
    if x >= normal:
        return False
    if projection.policy.tininess == "before":
        return True
    lower, fraction = lattice(x, exponent, format)
    away = rounds_away(fraction, lower, sign, format, projection, random_bits)
    hidden = 1 << format.mantissa_bits
    significand = lower - (exponent + format.bias) * hidden + hidden + away
    return significand * Fraction(2) ** (exponent - format.mantissa_bits) < normal


def rounds_away(
    fraction: Fraction,
    lower: int,
    sign: int,
    format: Format,
    projection: Projection,
    random_bits: int | None,
) -> bool:
    """Whether a magnitude goes to the upper of its two neighbours. Rules P-5 and P-6."""
    if fraction == 0:
        return False
    even = lower % 2 == 0
    rounding = projection.rounding
    if isinstance(rounding, Stochastic):
        assert random_bits is not None
        return stochastic_away(fraction, rounding, random_bits)
    match rounding:
        case "nearest_even":
            ties_away = not even or not (format.mantissa_bits or format.zero)
            return fraction > HALF or (fraction == HALF and ties_away)
        case "nearest_away":
            return fraction >= HALF
        case "nearest_zero":
            return fraction > HALF
        case "nearest_odd":
            return fraction > HALF or (fraction == HALF and even)
        case "toward_zero":
            return False
        case "toward_positive":
            return not sign
        case "toward_negative":
            return bool(sign)
        case "away_from_zero":
            return True
        case _:  # "to_odd"
            return even


def stochastic_away(fraction: Fraction, rounding: Stochastic, random_bits: int) -> bool:
    """P3109's StochasticA, B and C. Rule P-6."""
    n = rounding.drawn_bits
    scaled = fraction * (1 << n)
    if rounding.bits is None and scaled.denominator != 1:
        raise ValueError(
            "Stochastic(bits=None) needs a discarded tail of at most 64 bits (rule P-6): "
            "give a number of bits"
        )
    match rounding.variant:
        case "A":
            return scaled.numerator // scaled.denominator + random_bits >= 1 << n
        case "B":
            return (2 * scaled).__floor__() + 2 * random_bits + 1 >= 2 << n
        case _:  # "C": round() of a Fraction is to nearest, ties to even
            return round(scaled) + random_bits >= 1 << n


def floor_log2(x: Fraction) -> int:
    """The exponent e with 2^e <= x < 2^(e+1), exactly."""
    exponent = x.numerator.bit_length() - x.denominator.bit_length()
    return exponent if x >= Fraction(2) ** exponent else exponent - 1
