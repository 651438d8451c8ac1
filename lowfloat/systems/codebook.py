"""The codebook of an S2FP8 tensor: where its codes begin and what they stand for (X-4, X-5).

Everything is exact: thresholds are integers that are computed as such, values are binary64
approximations with a bound, and what the bound leaves undecided goes to the golden model.
"""

from __future__ import annotations

import math
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lowfloat import _native, golden
from lowfloat.format_names import format as find_format
from lowfloat.formats import Format
from lowfloat.golden import s2fp8, ziv
from lowfloat.golden.s2fp8 import UNIT, Squeeze
from lowfloat.golden.values import INFINITY, NAN
from lowfloat.projection import Projection

THRESHOLDS, RESULTS = 127, 128
NEVER = np.uint32(0xFFFFFFFF)
SIGN, INFINITE = 1 << 31, 0x7F800000
#: log2 of the least positive binary32 number, and one beyond the largest.
LEAST, BEYOND = -149, 128
#: Bits of the logarithms of magnitudes, at first.
PRECISION = 160
#: Bits of an exponent's fraction, as binary64 holds them.
FRACTION = 53
#: Doubt about 2^f, 0 <= f < 1, in units of 2^-24 of a result: 64 units of binary64. NumPy's exp2
#: with the rounding of its argument is within 8.
DOUBT = 2.0**-22


class Codebook(NamedTuple):
    """The monotone map of one tensor.

    ``thresholds``: bits of the least binary32 magnitude of places 1, 2, ...; place = magnitude
    code. ``results``: bits of the binary32 value of each place. Pairs hold what an infinity, its
    sign and a NaN become: as a code, and as the bits of the code's value.
    """

    thresholds: NDArray[np.uint32]
    results: NDArray[np.uint32]
    infinity: tuple[int, int]
    infinity_sign: tuple[int, int]
    nan: tuple[int, int]
    sign: int
    signed_zero: bool


def _log2_floor(x: Fraction, bits: int) -> int:
    """floor(2^bits log2 x)."""
    if _is_power_of_two(x):
        return (x.numerator.bit_length() - x.denominator.bit_length()) << bits
    mp = ziv.context()
    mp.prec = bits + 64  # |log2 x| < 2^21: the error is below 2^(21 + 4 - 64 - bits)
    return int(mp.floor(mp.ldexp(mp.log(mp.mpf(x.numerator) / x.denominator, 2), bits)))


def _is_power_of_two(x: Fraction) -> bool:
    n, d = x.numerator, x.denominator
    return n & (n - 1) == 0 and d & (d - 1) == 0


def _magnitude(format: Format, code: int) -> Fraction:
    return golden.decode(code, format).magnitude


@lru_cache(maxsize=64)
def _midpoints(format: Format) -> tuple[tuple[Fraction, bool], ...]:
    """Where codes 1, 2, ... begin among magnitudes, and whether a tie belongs to them (P-5)."""
    first = 0
    if format.subnormals == "flush":  # the place where results cease to be tiny (P-4, Q-4)
        first = format.min_normal_code
        gap = Fraction(2) ** (format.emin - format.mantissa_bits - 2)
        begins = [(_magnitude(format, first) - gap, False)] * first
    else:
        begins = []
    for code in range(first + 1, format.max_finite_code + 1):
        middle = (_magnitude(format, code - 1) + _magnitude(format, code)) / 2
        begins.append((middle, code % 2 == 0))
    return tuple(begins)


@lru_cache(maxsize=64)
def _begin_logs(format: Format) -> tuple[int, ...]:
    """Logarithms of where codes 1, 2, ... begin, as floors of 2^PRECISION times them."""
    return tuple(_log2_floor(x, PRECISION) for x, _ in _midpoints(format))


@lru_cache(maxsize=64)
def _value_logs(format: Format) -> tuple[NDArray[np.int64], tuple[int, ...]]:
    """The codes of positive finite numbers, and their logarithms likewise."""
    pairs = [(c, _magnitude(format, c)) for c in range(1, format.max_finite_code + 1)]
    pairs = [(code, value) for code, value in pairs if value]
    logs = tuple(_log2_floor(value, PRECISION) for _, value in pairs)
    return np.array([code for code, _ in pairs]), logs


def _first_logs(squeeze: Squeeze, format: Format) -> list[int]:
    """The least integers l with 2^(tau + (l - L)/sigma) where codes 1, 2, ... begin, or above.

    Codes that begin above 2^tau are left out.
    """
    sigma, top = squeeze.sigma, squeeze.tau << PRECISION
    n, d = sigma.numerator, sigma.denominator << PRECISION
    found = []
    for place, log in enumerate(_begin_logs(format)):
        if log > top:
            break
        steps, rest = divmod((log - top) * n, d)
        if rest + n >= d or rest == 0:
            steps = _settled(place, squeeze, format)
        found.append(squeeze.largest + steps + 1)
    return found


def _settled(place: int, squeeze: Squeeze, format: Format) -> int:
    """The steps from L to below the first l of a place, where the first precision leaves doubt."""
    begin, tie = _midpoints(format)[place]
    sigma = squeeze.sigma
    if _is_power_of_two(begin):
        exact = (_log2_floor(begin, 0) - squeeze.tau) * sigma
        return math.ceil(exact) - 1 if tie else math.floor(exact)
    bits = PRECISION
    while True:
        bits *= 2
        low = (_log2_floor(begin, bits) - (squeeze.tau << bits)) * sigma.numerator
        below = low // (sigma.denominator << bits)
        if (low + sigma.numerator) // (sigma.denominator << bits) == below:
            return below


def _powers(
    exponents: NDArray[np.int64], bits: int
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """2^(e 2^-bits) as multiples q 2^u of what binary32 can hold: q and u."""
    whole = exponents >> bits
    part = (exponents & ((1 << bits) - 1)) * 2.0**-bits
    unit = np.maximum(whole - 23, LEAST)
    with np.errstate(under="ignore"):
        return np.ldexp(np.exp2(part), np.asarray(whole - unit, np.int32)), unit


def _threshold_bits(logs: NDArray[np.int64]) -> NDArray[np.uint32]:
    """Bits of the least binary32 number whose log is at least each l."""
    logs = np.clip(logs, LEAST * UNIT, BEYOND * UNIT)
    # l(x) >= l iff log2 x > (l - 1/2) 2^-40: no logarithm of a binary32 number is a tie.
    q, unit = _powers(2 * logs - 1, 41)
    up = np.ceil(q)
    for i in np.flatnonzero(np.abs(q - np.rint(q)) < DOUBT):
        near = np.rint(q[i : i + 1])
        bits = int(_bits(near, unit[i : i + 1])[0])
        up[i] = near[0] if _native.log2_fixed(bits) >= logs[i] else near[0] + 1
    return _bits(np.maximum(up, 1), unit)


def _bits(q: NDArray[np.float64], unit: NDArray[np.int64]) -> NDArray[np.uint32]:
    """Bits of the binary32 numbers q 2^unit; infinity where there is none."""
    with np.errstate(over="ignore"):
        numbers = np.ldexp(q, unit.astype(np.int32)).astype(np.float32)
    return numbers.view(np.uint32)


def values(squeeze: Squeeze, format: Format) -> NDArray[np.uint32]:
    """Bits of the binary32 values of the magnitude codes 0, 1, ... (rule X-5)."""
    results = np.zeros(RESULTS, np.uint32)
    codes, logs = _value_logs(format)
    sigma, top = squeeze.sigma, squeeze.tau << PRECISION
    shift = FRACTION - 40  # exponents of 2 with FRACTION bits below the point
    n, d, base = sigma.numerator, sigma.denominator << (PRECISION - shift), squeeze.largest << shift
    least, beyond = (LEAST - 2) << FRACTION, BEYOND << FRACTION
    exponents = [min(max(base + (log - top) * n // d, least), beyond) for log in logs]
    q, unit = _powers(np.array(exponents), FRACTION)
    nearest = np.rint(q)
    results[codes] = _bits(nearest, unit)
    for i in np.flatnonzero(np.abs(np.abs(q - nearest) - 0.5) < DOUBT):
        results[codes[i]] = s2fp8.value(int(codes[i]), squeeze, format, find_format("float32"))
    return results


@lru_cache(maxsize=64)
def _specials(format: Format) -> tuple[int, int]:
    """The codes of infinity and NaN (X-6)."""
    projection = Projection()
    infinity, nan = (golden.project(v, format, projection)[0] for v in (INFINITY, NAN))
    return infinity, nan


def codebook(squeeze: Squeeze, format: Format) -> Codebook:
    """The codebook that statistics and an element format decide."""
    thresholds = np.full(THRESHOLDS, NEVER)
    logs = _first_logs(squeeze, format)
    if logs:
        thresholds[: len(logs)] = _threshold_bits(np.array(logs))
    results = values(squeeze, format)
    infinity, nan = _specials(format)
    # Where the format lacks them their codes are numbers, whose values the squeeze decides.
    numbers = {code: int(results[code]) for code in (infinity, nan) if code < RESULTS}
    beyond, no_number = (numbers.get(c) or int(_fixed_values(format)[c]) for c in (infinity, nan))
    return Codebook(
        thresholds,
        results,
        (infinity, beyond),
        (format.sign_mask, SIGN if beyond <= INFINITE else 0),
        (nan, no_number),
        format.sign_mask,
        format.negative_zero,
    )


@lru_cache(maxsize=64)
def _fixed_values(format: Format) -> NDArray[np.uint32]:
    """Bits of the values of all codes, right where these are no finite nonzero numbers (X-5)."""
    container, codes = find_format("float32"), range(1 << format.width)
    nothing = Squeeze(0, 0, 0, 1)
    special = [golden.decode(code, format) for code in codes]
    return np.array(
        [
            s2fp8.value(code, nothing, format, container) if v.kind != "finite" or v.is_zero else 0
            for code, v in zip(codes, special, strict=True)
        ],
        np.uint32,
    )


def all_values(squeeze: Squeeze, format: Format) -> NDArray[np.float32]:
    """The binary32 value of every code (rule X-5)."""
    table = _fixed_values(format).copy()
    results = values(squeeze, format)
    finite, _ = _value_logs(format)
    table[finite] = results[finite]
    negative = finite | format.sign_mask
    table[negative] = results[finite] | np.uint32(SIGN)
    return table.view(np.float32)
