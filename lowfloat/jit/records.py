"""What the kernels are told: formats and projections as records of numbers.

Every choice that a format and a projection decide before any number is seen is made here: what
becomes of infinities, zeros, overflows and NaNs is looked up by the kernels, not decided.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from lowfloat.exception_flags import INEXACT, INVALID, OVERFLOW
from lowfloat.formats import Format
from lowfloat.jit.kernels import Operation, Outcome, Outcomes, Source, Target
from lowfloat.projection import Projection, Stochastic

#: multiplies, adds, negates: an operation's operands are x, then the factor, then the addend.
OPERATIONS: dict[str, Operation] = {
    "convert": Operation(False, False, False),
    "add": Operation(False, True, False),
    "subtract": Operation(False, True, True),
    "multiply": Operation(True, False, False),
    "fma": Operation(True, True, False),
}

#: The least relation of nu to 1/2 (1 below, 2 at, 3 above) that rounds a magnitude away: for a
#: positive value with an even and with an odd lower neighbour, then for a negative one. Rule P-5.
_NEVER, _BELOW, _TIE, _ABOVE = 4, 1, 2, 3
_AWAY: dict[str, tuple[tuple[int, int], tuple[int, int]]] = {
    "nearest_even": ((_ABOVE, _TIE), (_ABOVE, _TIE)),
    "nearest_away": ((_TIE, _TIE), (_TIE, _TIE)),
    "nearest_zero": ((_ABOVE, _ABOVE), (_ABOVE, _ABOVE)),
    "toward_zero": ((_NEVER, _NEVER), (_NEVER, _NEVER)),
    "toward_positive": ((_BELOW, _BELOW), (_NEVER, _NEVER)),
    "toward_negative": ((_NEVER, _NEVER), (_BELOW, _BELOW)),
    "away_from_zero": ((_BELOW, _BELOW), (_BELOW, _BELOW)),
    "to_odd": ((_BELOW, _NEVER), (_BELOW, _NEVER)),
    "nearest_odd": ((_TIE, _ABOVE), (_TIE, _ABOVE)),
}

_NO_MAGNITUDE = (1 << 64) - 1


@lru_cache(maxsize=4096)
def source(fmt: Format, daz: bool = False) -> Source:
    """How codes of a format are read, with subnormals read as zeros under DAZ."""
    m = fmt.mantissa_bits
    ieee = fmt.nan == "ieee"
    first_nan = {
        "ieee": (fmt.infinity_code or 0) + 1,
        "all_ones": fmt.magnitude_mask,
        "top": fmt.magnitude_mask,
    }.get(fmt.nan, _NO_MAGNITUDE)
    infinity = _NO_MAGNITUDE if fmt.infinity_code is None else fmt.infinity_code
    # Where field 0 is a normal binade, only a zero code lacks the hidden bit.
    first_normal = int(fmt.zero) if fmt.subnormals == "normal" else 1 << m
    return Source(
        mantissa_bits=np.uint64(m),
        magnitude_mask=np.uint64(fmt.magnitude_mask),
        sign_mask=np.uint64(fmt.sign_mask),
        scale=np.int64(-fmt.bias - m),
        first_normal=np.uint64(first_normal),
        flushed=fmt.subnormals == "flush" or (daz and fmt.subnormals == "gradual"),
        negative_zero=fmt.negative_zero,
        infinity=np.uint64(infinity),
        first_nan=np.uint64(first_nan),
        nan_at_minus_zero=fmt.nan == "negative_zero",
        nan_has_sign=fmt.nan in ("ieee", "all_ones"),
        quiet_bit=np.uint64(1 << (m - 1) if ieee else 0),
        payload_mask=np.uint64((1 << (m - 1)) - 1 if ieee else 0),
        payload_shift=np.uint64(64 - m if ieee else 0),
    )


@lru_cache(maxsize=4096)
def target(fmt: Format, projection: Projection) -> Target:
    """What becomes of exact values in a format under a projection.

    Raises
    ------
    ValueError
        If the policy has a knob that only C and the golden model know (Q-1 zero, Q-9 to Q-13).
    """
    if any(projection.policy.quirks):
        raise ValueError(
            f"Numba's functions do not know all knobs of {projection.policy}: call the functions "
            "of lf, which compute in C"
        )
    m, policy, rounding = fmt.mantissa_bits, projection.policy, projection.rounding
    stochastic = rounding if isinstance(rounding, Stochastic) else None
    drawn = 64 if stochastic is None else stochastic.drawn_bits
    normal = fmt.subnormals == "normal"
    carries = policy.nan != "canonical"
    carries_sign = carries and fmt.nan in ("ieee", "all_ones")
    nan, invalid = _nan(fmt, projection)
    return Target(
        mantissa_bits=np.int64(m),
        emin=np.int64(fmt.emin),
        top_exponent=np.int64(max(fmt.emax, fmt.emin)),
        base=np.uint64(1 << m if normal else 0),
        least_normal=np.uint64((1 << m) + int(normal and fmt.zero)),
        lowest_is_normal=normal,
        has_zero=fmt.zero,
        signed=fmt.signed,
        sign_mask=np.uint64(fmt.sign_mask),
        minus_zero=np.uint64(fmt.sign_mask if fmt.negative_zero else 0),
        min_positive=np.uint64(fmt.min_positive_code),
        max_finite=np.uint64(fmt.max_finite_code),
        zero=_zero(fmt, projection, invalid),
        infinity=_infinity(fmt, projection, invalid),
        overflow=_overflow(fmt, projection),
        below_zero=_negative_in_unsigned(fmt, projection, invalid),
        invalid=invalid,
        nan=nan,
        nan_sign_mask=np.uint64(fmt.sign_mask if carries_sign else 0),
        payload_shift=np.uint64(64 - m if carries and fmt.nan == "ieee" else 63),
        signaling_first=policy.nan == "signaling_first",
        zero_times_infinity_plus_nan=np.uint64(INVALID if policy.fma_nan_invalid else 0),
        zero_sum_sign=np.int64(rounding == "toward_negative"),
        tiny_before=policy.tininess == "before",
        flush_tiny=fmt.zero and (policy.ftz or fmt.subnormals == "flush"),
        away=_away(fmt, projection),
        stochastic=stochastic is not None,
        variant=np.int64("ABC".index(stochastic.variant) if stochastic else 0),
        unused_bits=np.uint64(64 - drawn),
        most=np.uint64((1 << drawn) - 1),
        every_bit=stochastic is not None and stochastic.bits is None,
    )


def slots(plan: Operation) -> list[int]:
    """Where an operation's operands go among x, the factor y and the addend z."""
    return [0] + [1] * plan.multiplies + [2] * plan.adds


def sources(plan: Operation, formats: Sequence[Format], daz: bool) -> tuple[Source, Source, Source]:
    """How the operands are read; the places that an operation leaves empty repeat the first."""
    found = [source(formats[0], daz)] * 3
    for slot, fmt in zip(slots(plan), formats, strict=True):
        found[slot] = source(fmt, daz)
    return found[0], found[1], found[2]


def _outcome(code: int, flags: int = 0) -> Outcome:
    return np.uint64(code), np.uint64(flags)


def _signed(fmt: Format, magnitude: int) -> tuple[int, int]:
    """A nonzero magnitude code, positive and negative."""
    return magnitude, magnitude | fmt.sign_mask


def _away(
    fmt: Format, projection: Projection
) -> tuple[tuple[np.int64, np.int64], tuple[np.int64, np.int64]]:
    """The thresholds of the rounding; none of them counts where it is stochastic. Rule P-5."""
    name = str(projection.rounding)
    if name == "nearest_even" and not fmt.mantissa_bits and not fmt.zero:
        name = "nearest_away"
    (a, b), (c, d) = _AWAY.get(name, _AWAY["toward_zero"])
    return (np.int64(a), np.int64(b)), (np.int64(c), np.int64(d))


def _nan(fmt: Format, projection: Projection) -> tuple[Outcome, Outcome]:
    """A positive quiet NaN without payload, and an invalid operation. Rules N-2 to N-4, A-6."""
    if fmt.nan_code is None:
        clamped = _outcome(fmt.max_finite_code, INVALID)
        return clamped, clamped
    policy = projection.policy
    default = fmt.nan_code
    if policy.default_nan_sign and fmt.nan in ("ieee", "all_ones"):
        default |= fmt.sign_mask
    given = default if policy.nan == "canonical" else fmt.nan_code
    return _outcome(given), _outcome(default, INVALID)


def _zero(fmt: Format, projection: Projection, invalid: Outcome) -> Outcomes:
    """An exact zero of either sign. Rules P-10 and P-11."""
    if fmt.zero:
        return _outcome(0), _outcome(fmt.sign_mask if fmt.negative_zero else 0)
    if projection.saturation == "none" and fmt.nan_code is not None:
        return invalid, invalid
    smallest = _outcome(fmt.min_positive_code, INVALID)
    return smallest, smallest


def _beyond(fmt: Format, projection: Projection) -> Outcomes:
    """What lies past the largest finite number. Rules P-8 to P-10, Q-5, Q-6."""
    policy = projection.policy
    if projection.saturation == "none":
        past = OVERFLOW | INEXACT
        if fmt.infinity_code is not None:
            positive, negative = _signed(fmt, fmt.infinity_code)
            return _outcome(positive, past), _outcome(negative, past)
        if fmt.nan_code is not None and policy.infinityless_overflow == "nan":
            sign = fmt.sign_mask if fmt.nan == "all_ones" else 0
            return _outcome(fmt.nan_code, past), _outcome(fmt.nan_code | sign, past)
    flags = INEXACT | (OVERFLOW if policy.saturation_raises_overflow else 0)
    positive, negative = _signed(fmt, fmt.max_finite_code)
    return _outcome(positive, flags), _outcome(negative, flags)


def _overflow(fmt: Format, projection: Projection) -> Outcomes:
    """A finite value of either sign that rounds past the largest finite number. Rule P-8."""
    stays = {
        "toward_zero": (True, True),
        "toward_positive": (False, True),
        "toward_negative": (True, False),
        "to_odd": (fmt.max_finite_code % 2 == 1,) * 2,
    }.get(str(projection.rounding), (False, False))
    positive, negative = _beyond(fmt, projection)
    if projection.saturation != "none":
        return positive, negative
    largest = [_outcome(code, OVERFLOW | INEXACT) for code in _signed(fmt, fmt.max_finite_code)]
    return largest[0] if stays[0] else positive, largest[1] if stays[1] else negative


def _infinity(fmt: Format, projection: Projection, invalid: Outcome) -> Outcomes:
    """An infinity of either sign. Rules P-9 and P-12."""
    positive, negative = _beyond(fmt, projection)
    if projection.saturation != "finite" and fmt.infinity_code is not None:
        codes = _signed(fmt, fmt.infinity_code)
        positive, negative = _outcome(codes[0]), _outcome(codes[1])
    if not fmt.signed:
        negative = _below_unsigned(fmt, projection, invalid)
    return positive, negative


def _below_unsigned(fmt: Format, projection: Projection, invalid: Outcome) -> Outcome:
    """NaN, or the smallest number of an unsigned format. Rule P-12."""
    if projection.saturation == "none" and fmt.nan_code is not None:
        return invalid
    return _smallest(fmt)


def _negative_in_unsigned(fmt: Format, projection: Projection, invalid: Outcome) -> Outcome:
    """A negative number that does not round to zero. Rule P-12."""
    upward = projection.rounding in ("toward_zero", "toward_positive")
    if projection.saturation == "none" and upward:
        return _smallest(fmt)
    return _below_unsigned(fmt, projection, invalid)


def _smallest(fmt: Format) -> Outcome:
    return _outcome(0 if fmt.zero else fmt.min_positive_code, INVALID)
