"""Codes by shape: fraction patterns, numbers from exponent and fraction, the special values."""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

import lowfloat as lf
from lowfloat.vectors.random_words import U64, Words, below, low_bits, spread, up_to
from lowfloat.vectors.units import Integer, Port

Fractions = NDArray[np.uint64]
Exponents = NDArray[np.int64]


def _distinct(values: list[int], width: int) -> Fractions:
    mask = (1 << width) - 1
    return np.array(list(dict.fromkeys(value & mask for value in values)), np.uint64)


@cache
def few_fractions(width: int) -> Fractions:
    """All zeros, one, all ones but the last, all ones.

    >>> [f"{f:03b}" for f in few_fractions(3).tolist()]
    ['000', '001', '110', '111']
    """
    return _distinct([0, 1, -2, -1], width)


@cache
def run_fractions(width: int) -> Fractions:
    """Walking ones and zeros, runs of leading and of trailing ones.

    >>> [f"{f:03b}" for f in run_fractions(3).tolist()]
    ['000', '001', '010', '100', '110', '101', '011', '111']
    """
    ones = (1 << width) - 1
    values = [0, *(1 << k for k in range(width))]
    values += [ones ^ ones >> k for k in range(2, width)]
    values += [ones ^ 1 << k for k in range(width)]
    values += [ones >> k for k in range(1, width)]
    return _distinct([*values, ones], width)


@cache
def run_sums(width: int) -> Fractions:
    """The sums of two runs, without carries out of the fraction.

    >>> len(run_sums(10)), len(run_sums(3))
    (292, 8)
    """
    runs, mask = run_fractions(width), U64((1 << width) - 1)
    sums: Fractions = np.unique(runs[:, None] + runs[None, :] & mask)
    return sums


@cache
def significand_fractions(width: int) -> Fractions:
    """Runs and walking bits, then checkerboards of one to four bits, sparse and dense fractions."""
    boards = [_repeated(pattern, size, width) for pattern, size in _CHECKERBOARDS]
    sparse = [1 << k | 1 for k in range(width)] + [1 << (width - 1) | 1 << k for k in range(width)]
    values = [*run_fractions(width).tolist(), *boards, *sparse, *(~s for s in sparse)]
    return _distinct(values, width)


_CHECKERBOARDS = ((0b01, 2), (0b10, 2), (0b0011, 4), (0b1100, 4), (0x0F, 8), (0xF0, 8))


@cache
def booth_fractions(width: int) -> Fractions:
    """Every pattern of two, three, four and six bits, repeated: all strings of Booth digits.

    A radix-4 digit is recoded from three bits and a radix-8 digit from four, with one bit of
    overlap, so repeating six bits visits every pair of neighbouring digits that repeats.
    """
    values = [_repeated(p, size, width) for size in (2, 3, 4, 6) for p in range(1 << size)]
    return _distinct(values, width)


def _repeated(pattern: int, size: int, width: int) -> int:
    """A pattern of ``size`` bits repeated from the top of ``width`` bits."""
    copies = width // size + 1
    return int(f"{pattern:0{size}b}" * copies, 2) >> (copies * size - width)


def pick(table: NDArray[Any], word: Words) -> NDArray[Any]:
    """An entry of a table for every word."""
    return table.take(below(word, len(table)))


# -- numbers ------------------------------------------------------------------------------------


def pack(fmt: lf.Format, sign: Any, exponent: Any, fraction: Any) -> Words:
    """The codes of (-1)^sign 2^exponent (1 + fraction / 2^M), or of the nearest reachable shape.

    Below the normal numbers the significand is shifted right; above the largest finite number
    the exponent stays at the top.
    """
    m, field = fmt.mantissa_bits, np.asarray(exponent, np.int64) + fmt.bias
    lowest = 0 if fmt.subnormals == "normal" else 1
    highest = fmt.max_finite_code >> m
    short = np.clip(lowest - field, int(fmt.exponent_bits == 0), m + 1).astype(np.uint64)
    significand = (np.asarray(fraction, np.uint64) | U64(1 << m)) >> short
    normal = np.clip(field, lowest, max(highest, lowest)).astype(np.uint64) << U64(m)
    code = np.where(short > 0, significand, normal | np.asarray(fraction, np.uint64))
    if fmt.subnormals != "gradual":
        code = np.maximum(code, U64(fmt.min_positive_code))
    code = np.minimum(code, U64(fmt.max_finite_code))
    return with_sign(fmt, sign, code)


def with_sign(fmt: lf.Format, sign: Any, magnitude: Words) -> Words:
    """Magnitude codes with a sign bit where ``sign`` is odd and the format has one."""
    if not fmt.signed:
        return magnitude
    top = U64(fmt.width - 1)
    return magnitude | (np.asarray(sign).astype(np.uint64) & U64(1)) << top


def unpack(fmt: lf.Format, codes: Words) -> tuple[Words, Exponents, Fractions]:
    """Sign, exponent (that of the lowest binade for field 0) and fraction of codes."""
    m = fmt.mantissa_bits
    magnitude = codes & U64(fmt.magnitude_mask)
    field = (magnitude >> U64(m)).astype(np.int64)
    lowest = 0 if fmt.subnormals == "normal" else 1
    sign = codes >> U64(fmt.width - 1) if fmt.signed else np.zeros_like(codes)
    return sign, np.maximum(field, lowest) - fmt.bias, low_bits(magnitude, m)


def exponents(fmt: lf.Format, word: Words, margin: int = 0) -> Exponents:
    """Exponents of normal numbers, ``margin`` away from both ends where there is room."""
    room = fmt.emax - fmt.emin
    margin = min(margin, room // 2)
    return below(word, max(room - 2 * margin, 0) + 1) + fmt.emin + margin


def random_number(fmt: lf.Format, word: Words, margin: int = 0) -> Words:
    """A random sign, exponent and fraction: one word makes one code."""
    exponent = exponents(fmt, spread(word, 1), margin)
    return pack(fmt, word >> U64(63), exponent, low_bits(word, fmt.mantissa_bits))


# -- the special values ---------------------------------------------------------------------------


class Range(NamedTuple):
    """Codes from ``low`` to ``high`` that are one special value, or one kind of number."""

    name: str
    low: int
    high: int


#: The six kinds that weights are given for.
KINDS = ("normal", "subnormal", "zero", "infinity", "quiet_nan", "signaling_nan")


@cache
def kind_ranges(fmt: lf.Format) -> dict[str, tuple[Range, ...]]:
    """The codes of each kind, one range for each sign; kinds that a format lacks are absent."""
    found: dict[str, list[tuple[int, int]]] = {
        "zero": [(0, 0)] if fmt.zero else [],
        "subnormal": [(1, fmt.min_normal_code - 1)] if fmt.has_subnormals else [],
        "normal": [(fmt.min_normal_code, fmt.max_finite_code)],
        "infinity": [] if fmt.infinity_code is None else [(fmt.infinity_code, fmt.infinity_code)],
    }
    nan = fmt.nan_code
    if fmt.nan == "ieee":
        assert fmt.infinity_code is not None
        assert nan is not None
        found["signaling_nan"] = [(fmt.infinity_code + 1, nan - 1)]
    if nan is not None and fmt.nan != "negative_zero":
        found["quiet_nan"] = [(nan, fmt.magnitude_mask)]
    ranges = {
        kind: [
            Range(("-" if sign else "+") + kind, low | sign, high | sign)
            for low, high in pairs
            for sign in dict.fromkeys((0, fmt.sign_mask))
            if low <= high and not (kind == "zero" and sign and not fmt.negative_zero)
        ]
        for kind, pairs in found.items()
    }
    if fmt.nan == "negative_zero":
        ranges["quiet_nan"] = [Range("quiet_nan", fmt.sign_mask, fmt.sign_mask)]
    return {kind: tuple(ranges[kind]) for kind in KINDS if ranges.get(kind)}


@cache
def special_ranges(at: Port) -> tuple[Range, ...]:
    """The specials of IBM's model B1, with both signs: extremes, one, and each kind of code."""
    if isinstance(at, Integer):
        return _integer_specials(at)
    one = _one(at)
    points = {
        "one": one,
        "least": at.min_positive_code,
        "largest subnormal": at.min_normal_code - 1 if at.has_subnormals else None,
        "least normal": at.min_normal_code if at.min_normal_code <= at.max_finite_code else None,
        "largest": at.max_finite_code,
        "canonical NaN": at.nan_code if at.nan != "negative_zero" else None,
    }
    found = [r for ranges in kind_ranges(at).values() for r in ranges]
    for name, code in points.items():
        if code is not None:
            found += [Range(name, code | s, code | s) for s in dict.fromkeys((0, at.sign_mask))]
    return tuple(found)


def _one(fmt: lf.Format) -> int | None:
    """The code of 1, where the format has it."""
    exact = lf.golden.encode(1, format=fmt)
    return exact[0] if not exact[1] else None


def _integer_specials(at: Integer) -> tuple[Range, ...]:
    mask, half = (1 << at.width) - 1, 1 << (at.width - 1)
    near = [k & mask for k in (0, 1, 2, -1, -2)] + [half, half - 1, half + 1, half - 2]
    points = [Range(f"{code:#x}", code, code) for code in dict.fromkeys(near)]
    return (*points, Range("any", 0, mask))


def draw_special(ranges: tuple[Range, ...], index: NDArray[np.int64], word: Words) -> Words:
    """A code of range ``index`` for every element."""
    low = np.array([r.low for r in ranges], np.uint64).take(index)
    span = np.array([(r.high - r.low) & ((1 << 64) - 1) for r in ranges], np.uint64).take(index)
    return low + up_to(word, span)
