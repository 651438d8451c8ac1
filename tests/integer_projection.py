"""The projection of the integer model's exact results: rules P-1 to P-12 and section 4."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from integer_numbers import (
    INEXACT,
    INFINITE,
    INVALID,
    MOST_BITS,
    NAN,
    NUMBER,
    OVERFLOW,
    TOO_FEW,
    UNDERFLOW,
    ZERO,
    Numbers,
    U,
    bit_length,
    normalised,
    shift_right,
)  # fmt: skip

import lowfloat as lf


def goes_away(lower: np.ndarray, significand: np.ndarray, shift: np.ndarray, x: Numbers,
              f: lf.Format, p: lf.Projection, bits: np.ndarray | None) -> np.ndarray:  # fmt: skip
    """Whether a significand cut by ``shift`` places, at code ``lower``, is rounded away (P-5, P-6)."""
    places = np.clip(shift, 0, 63).astype(U)
    cut = significand - (significand >> places << places)
    inexact = (cut != 0) | x.rest
    assert not (x.rest & (shift < 1)).any(), TOO_FEW
    half = np.where(places > 0, U(1) << (np.maximum(places, U(1)) - U(1)), U(1))
    # A significand has at most 62 bits: at 63 places and more it is less than half a step.
    beyond = (cut > half) | ((cut == half) & x.rest)
    tie = (cut == half) & ~x.rest & (places > 0)
    odd = lower % 2 == 1
    if p.stochastic is not None:
        assert bits is not None
        return inexact & stochastic_away(cut, shift, x.rest, p.stochastic, np.asarray(bits, U))
    nearest = {
        "nearest_even": odd | (f.mantissa_bits == 0 and not f.zero), "nearest_away": True,
        "nearest_zero": False, "nearest_odd": ~odd,
    }  # fmt: skip
    directed = {
        "toward_zero": False, "toward_positive": ~x.sign, "toward_negative": x.sign,
        "away_from_zero": True, "to_odd": ~odd,
    }  # fmt: skip
    if p.rounding in nearest:
        return beyond | (tie & nearest[str(p.rounding)])
    return inexact & directed[str(p.rounding)]


def stochastic_away(cut: np.ndarray, shift: np.ndarray, rest: np.ndarray, how: lf.Stochastic,
                    bits: np.ndarray) -> np.ndarray:  # fmt: skip
    """Rule P-6, for up to 62 random bits; nu is (cut + rest) / 2^shift."""
    n = how.bits
    more = {"A": 0, "B": 1, "C": 2}[how.variant]
    # scaled = floor(nu 2^(n + more)), and whether there is more below.
    drop = shift - (n + more)
    assert not (rest & (drop < 0)).any(), TOO_FEW
    kept, below = shift_right(cut, np.maximum(drop, 0))
    scaled = kept << np.clip(-drop, 0, 62).astype(U)
    below = below | rest
    if how.variant == "A":
        return scaled + bits >= U(1 << n)
    if how.variant == "B":
        return scaled + U(2) * bits + U(1) >= U(2 << n)
    whole, quarter = scaled >> U(2), scaled & U(3)
    tie = (quarter == 2) & ~below
    up = (quarter == 3) | ((quarter == 2) & below) | (tie & (whole % U(2) == 1))
    return whole + up.astype(U) + bits >= U(1 << n)


def on_lattice(x: Numbers, exponent: np.ndarray, f: lf.Format, p: lf.Projection,
               bits: np.ndarray | None) -> tuple[np.ndarray, np.ndarray, np.ndarray]:  # fmt: skip
    """The code below in the binade of an exponent, whether it goes up, whether it is inexact."""
    m = f.mantissa_bits
    shift = exponent - m - x.exponent
    kept, cut = shift_right(x.significand, np.maximum(shift, 0))
    kept = kept << np.clip(-shift, 0, 62).astype(U)
    code = (exponent + f.bias - 1) * (1 << m) + kept.astype(np.int64)
    return code, goes_away(code, x.significand, shift, x, f, p, bits), cut | x.rest


def below_smallest(x: Numbers, f: lf.Format, p: lf.Projection) -> tuple[np.ndarray, np.ndarray]:
    """Rule P-3, where field 0 is normal: which numbers lie below the smallest, and go up to it."""
    m = f.mantissa_bits
    smallest = U((1 << m) + f.zero)
    a, e = normalised(x, MOST_BITS)
    top = e + MOST_BITS - 1
    s = int(smallest) << (MOST_BITS - int(smallest).bit_length())
    s_top = int(smallest).bit_length() - 1 - f.bias - m
    below = (x.kind == NUMBER) & ((top < s_top) | ((top == s_top) & (a < U(s))))
    if not f.zero:
        return below, np.ones_like(below)
    assert p.stochastic is None, "the model leaves these to golden"
    twice = top + 1
    beyond = (twice > s_top) | ((twice == s_top) & ((a > U(s)) | ((a == U(s)) & x.rest)))
    tie = (twice == s_top) & (a == U(s)) & ~x.rest
    up = {
        "nearest_even": beyond, "nearest_away": beyond | tie, "nearest_zero": beyond,
        "nearest_odd": beyond | tie, "toward_zero": False, "toward_positive": ~x.sign,
        "toward_negative": x.sign, "away_from_zero": True, "to_odd": True,
    }[str(p.rounding)]  # fmt: skip
    return below, np.broadcast_to(up, below.shape)


def project(x: Numbers, f: lf.Format, p: lf.Projection,
            bits: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """Codes and flags of exact results. Rules P-1 to P-12."""
    policy, number = p.policy, x.kind == NUMBER
    x = replace(x, significand=np.where(number, x.significand, U(1)), rest=x.rest & number,
                exponent=np.where(number, x.exponent, -f.bias))  # fmt: skip
    binade = bit_length(x.significand) - 1 + x.exponent
    # Everything beyond the highest binade overflows alike: 2^(emax + 1), so that codes fit.
    past = binade > f.emax
    x = replace(
        x, significand=np.where(past, U(1) << U(MOST_BITS - 1), x.significand),
        exponent=np.where(past, f.emax + 2 - MOST_BITS, x.exponent),
    )  # fmt: skip
    binade = np.where(past, f.emax + 1, binade)
    lowest = -f.bias if f.subnormals == "normal" else 1 - f.bias
    code, away, inexact = on_lattice(x, np.maximum(binade, lowest), f, p, bits)
    code = code + away
    unbounded, up, _ = on_lattice(x, binade, f, p, bits)
    before = unbounded < f.min_normal_code
    tiny = before if policy.tininess == "before" else before & (unbounded + up < f.min_normal_code)
    if f.subnormals == "normal":
        below, up = below_smallest(x, f, p)
        code = np.where(below, np.where(up, f.min_positive_code, 0), code)
        inexact = inexact | below
    sign_bit = U(f.sign_mask)
    largest = f.max_finite_code
    under = (code == 0) & bool(f.zero) if policy.tininess == "zero" else tiny
    flags = np.where(inexact, INEXACT | np.where(under, UNDERFLOW, 0), 0)
    flush = tiny & bool(f.zero) & bool(policy.ftz or f.subnormals == "flush")
    quiet = 0 if not policy.ftz_raises_underflow else INEXACT | UNDERFLOW
    over = number & (code > largest)
    codes = np.where(flush, 0, code)
    signs = x.sign & bool(f.signed) & ((codes != 0) | bool(f.negative_zero))
    codes = codes.astype(U) | np.where(signs, sign_bit, U(0))
    flags = np.where(flush, quiet, flags)
    # Overflow, and infinities that do not stay.
    keeps = {
        "toward_zero": True, "toward_positive": x.sign, "toward_negative": ~x.sign,
        "to_odd": largest % 2 == 1,
    }.get(str(p.rounding), False)  # fmt: skip
    keeps = np.broadcast_to(keeps, x.kind.shape) & (p.saturation == "none")
    beyond, raised = outside(x.sign, f, p)
    negative = x.sign & bool(f.signed)
    limit = U(largest) | np.where(negative, sign_bit, U(0))
    codes = np.where(over, np.where(keeps, limit, beyond), codes)
    flags = np.where(over, np.where(keeps, OVERFLOW | INEXACT, raised), flags)
    infinite = x.kind == INFINITE
    stays = f.infinity_code is not None and p.saturation != "finite"
    endless = U(f.infinity_code or 0) | np.where(negative, sign_bit, U(0))
    codes = np.where(infinite, endless if stays else beyond, codes)
    flags = np.where(infinite, 0 if stays else raised, flags)
    codes, flags = zeros(x, codes, flags, f, p)
    if not f.signed:
        codes, flags = negatives(x, code, tiny, codes, flags, f, p)
    codes, flags = nans(x, codes, flags, f, p)
    return codes, (flags | x.raised).astype(np.uint8)


def outside(sign: np.ndarray, f: lf.Format, p: lf.Projection) -> tuple[np.ndarray, int]:
    """What lies past the largest number. Rules P-8, P-10, Q-5, Q-6."""
    minus = np.where(sign & bool(f.signed), U(f.sign_mask), U(0))
    if p.saturation == "none" and f.infinity_code is not None:
        return U(f.infinity_code) | minus, OVERFLOW | INEXACT
    if p.saturation == "none" and f.nan != "none" and p.policy.infinityless_overflow == "nan":
        same = np.full(sign.shape, U(f.nan_code))
        return (same | minus if f.nan == "all_ones" else same), OVERFLOW | INEXACT
    silent = not p.policy.saturation_raises_overflow
    return U(f.max_finite_code) | minus, INEXACT | (0 if silent else OVERFLOW)


def zeros(x: Numbers, codes: np.ndarray, flags: np.ndarray, f: lf.Format,
          p: lf.Projection) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """Rules P-10 and P-11."""
    zero = x.kind == ZERO
    if f.zero:
        minus = np.where(x.sign & bool(f.negative_zero), U(f.sign_mask), U(0))
        return np.where(zero, minus, codes), np.where(zero, 0, flags)
    instead = U(made_nan(f, p) if p.saturation == "none" and f.nan != "none" else 0)
    return np.where(zero, instead, codes), np.where(zero, INVALID, flags)


def negatives(x: Numbers, magnitude: np.ndarray, tiny: np.ndarray, codes: np.ndarray,
              flags: np.ndarray, f: lf.Format, p: lf.Projection):  # type: ignore[no-untyped-def]  # fmt: skip
    """Rule P-12."""
    number, infinite = x.sign & (x.kind == NUMBER), x.sign & (x.kind == INFINITE)
    vanish = number & (magnitude == 0) & bool(f.zero)
    nan = p.saturation == "none" and f.nan != "none"
    low = U(made_nan(f, p) if nan else 0)
    cut = p.saturation == "none" and p.rounding in ("toward_zero", "toward_positive")
    codes = np.where(infinite, low, np.where(number, U(0) if cut else low, codes))
    flags = np.where(number | infinite, INVALID, flags)
    under = np.full(tiny.shape, True) if p.policy.tininess == "zero" else tiny
    lost = INEXACT | np.where(under, UNDERFLOW, 0)
    return np.where(vanish, U(0), codes), np.where(vanish, lost, flags)


def made_nan(f: lf.Format, p: lf.Projection) -> int:
    """The NaN that an operation makes. Rules D-3, Q-2, Q-9."""
    if f.nan == "ieee":
        ones = (1 << f.exponent_bits) - 1
        fraction = 1 << (f.mantissa_bits - 1)
        if p.policy.default_nan_fraction == "ones":
            fraction = (1 << f.mantissa_bits) - 1
        code = ones << f.mantissa_bits | fraction
    elif f.nan == "negative_zero":
        return f.sign_mask
    else:
        code = (1 << (f.exponent_bits + f.mantissa_bits)) - 1
    signed = f.nan in ("ieee", "all_ones") and p.policy.default_nan_sign
    return code | (f.sign_mask if signed else 0)


def nans(x: Numbers, codes: np.ndarray, flags: np.ndarray, f: lf.Format,
         p: lf.Projection) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """Rules N-1 to N-4."""
    nan = x.kind == NAN
    if f.nan == "none":
        return np.where(nan, U(f.max_finite_code), codes), np.where(nan, INVALID, flags)
    code = np.full(x.kind.shape, U(f.nan_code))
    if p.policy.nan == "canonical":
        code[:] = made_nan(f, p)
    else:
        if f.nan == "ieee" and f.mantissa_bits > 1:
            code |= x.payload >> U(65 - f.mantissa_bits)
        if f.nan in ("ieee", "all_ones"):
            code |= np.where(x.sign, U(f.sign_mask), U(0))
    return np.where(nan, code, codes), np.where(nan, np.where(x.signaling, INVALID, 0), flags)
