"""Classes that choose each operand by itself: specials, significands, TestFloat's mixes, random."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

import lowfloat as lf
from lowfloat.vectors import patterns
from lowfloat.vectors.classes import (
    FPGEN,
    TESTFLOAT,
    Index,
    case_class,
    formats_of,
    has_numbers,
    not_dot,
    on,
)
from lowfloat.vectors.random_words import U64, Words, below, low_bits, spread
from lowfloat.vectors.units import Integer, Port, Unit


def _always(unit: Unit) -> bool:
    return True


def any_code(at: Port, word: Words) -> Words:
    """Uniform codes, NaNs and integers too."""
    return low_bits(word, at.width)


# -- B1, NaN and zeros ----------------------------------------------------------------------------


@case_class(
    "B1", "every combination of special values: extremes, one, infinities, NaNs, both signs",
    FPGEN.format("B1"), not_dot,
    lambda unit: tuple(len(patterns.special_ranges(at)) for at in unit.operand_formats),
)  # fmt: skip
def specials(unit: Unit, digits: list[Index], words: Words) -> list[Words]:
    return [
        patterns.draw_special(patterns.special_ranges(at), digit, word)
        for at, digit, word in zip(unit.operand_formats, digits, words, strict=False)
    ]


def has_payloads(unit: Unit) -> bool:
    return any(fmt.nan == "ieee" for fmt in formats_of(unit))


def nan_grid(unit: Unit) -> tuple[int, ...]:
    """Operand, sign, payload bit, and what stands beside it."""
    return len(unit.operand_formats), 2, max(f.mantissa_bits for f in formats_of(unit)), 16


@case_class(
    "nan", "NaNs with walking payload bits, in every operand, beside special values",
    "Berkeley SoftFloat 3e, propagateNaN", has_payloads,
    nan_grid,
)  # fmt: skip
def nan_payloads(unit: Unit, digits: list[Index], words: Words) -> list[Words]:
    place, sign, bit, _ = digits
    columns = []
    for k, (at, word) in enumerate(zip(unit.operand_formats, words, strict=False)):
        ranges = patterns.special_ranges(at)
        other = patterns.draw_special(ranges, below(spread(word, 3), len(ranges)), word)
        if isinstance(at, Integer) or at.nan != "ieee":
            columns.append(other)
            continue
        walking = U64(1) << (bit % at.mantissa_bits).astype(np.uint64)
        nan = patterns.with_sign(at, sign, U64(at.infinity_code or 0) | walking)
        columns.append(np.where(place == k, nan, other))
    return columns


@case_class(
    "zero_sign", "operands that cancel exactly, zeros of both signs: the sign of a zero result",
    "IEEE 754-2019, 6.3", lambda unit: has_numbers(unit) and len(unit.operand_formats) in (2, 3),
    lambda unit: (2,) * len(unit.operand_formats) + (3,),
)  # fmt: skip
def zero_signs(unit: Unit, digits: list[Index], words: Words) -> list[Words]:
    *signs, kind = digits
    first = formats_of(unit)[0]
    x = patterns.random_number(first, words[0])
    columns = []
    for k, (fmt, sign) in enumerate(zip(formats_of(unit), signs, strict=True)):
        if fmt is first:
            same = x & U64(fmt.magnitude_mask)
        else:
            moved = lf.cast(lf.from_codes(x.astype(_dtype(first)), first), fmt, saturation="finite")
            same = moved.codes.astype(np.uint64) & U64(fmt.magnitude_mask)
        zero = np.full_like(same, 0 if fmt.zero else fmt.min_positive_code)
        one = patterns.pack(fmt, 0, np.zeros(len(same), np.int64), np.zeros(len(same), np.uint64))
        if len(signs) == 3 and k == 1:
            same = one
        choice = [np.where(kind == 0, zero, same), same, zero][k if len(signs) == 3 else 0]
        columns.append(patterns.with_sign(fmt, sign, np.where(kind == 2, zero, choice)))
    return columns


def _dtype(fmt: lf.Format) -> np.dtype[Any]:
    return np.dtype(f"uint{fmt.storage_bits}")


# -- B9: significands -----------------------------------------------------------------------------


def _significand_count(at: Port) -> int:
    return 1 if isinstance(at, Integer) else len(patterns.significand_fractions(at.mantissa_bits))


@case_class(
    "B9", "special significands: walking bits, runs, sparse, dense, checkerboards",
    FPGEN.format("B9"), not_dot,
    lambda unit: tuple(_significand_count(at) for at in unit.operand_formats[:2]),
)  # fmt: skip
def significands(unit: Unit, digits: list[Index], words: Words) -> list[Words]:
    columns: list[Words] = []
    for k, (at, word) in enumerate(zip(unit.operand_formats, words, strict=False)):
        if isinstance(at, Integer):
            columns.append(any_code(at, word))
            continue
        table = patterns.significand_fractions(at.mantissa_bits)
        fraction = (
            table.take(digits[k]) if k < len(digits) else patterns.pick(table, spread(word, 2))
        )
        columns.append(patterns.pack(at, word >> U64(63), _near(at, k, words), fraction))
    return columns


def _near(fmt: lf.Format, k: int, words: Words) -> Any:
    """Exponents: every other case has those of the operands within three of one another."""
    shared = patterns.exponents(fmt, spread(words[0], 1), 2)
    close = shared + below(spread(words[k], 4), 7) - 3
    anywhere = patterns.exponents(fmt, spread(words[k], 5))
    return np.where(words[0] >> U64(40) & U64(1) == 0, close, anywhere)


# -- TestFloat's levels ---------------------------------------------------------------------------


@cache
def wide_fields(fmt: lf.Format, wide: bool) -> Any:
    """Magnitude codes of TestFloat's exponents with a zero fraction."""
    m, top = fmt.mantissa_bits, fmt.magnitude_mask >> fmt.mantissa_bits
    middle = [fmt.bias + d for d in (-fmt.precision, -2, -1, 0, 1, 2, fmt.precision)]
    if wide:
        middle += [fmt.bias + d for d in (-fmt.precision - 1, -3, 3, fmt.precision + 1)]
    edges = (0, 1, 2, top - 2, top - 1, top) if wide else (0, 1, top - 1, top)
    fields = sorted({f for f in (*edges, *middle) if 0 <= f <= top})
    return np.array(
        [f << m | s for s in dict.fromkeys((0, fmt.sign_mask)) for f in fields], np.uint64
    )


@cache
def directed_codes(at: Port, level: int) -> Any:
    """TestFloat's directed operands: exponents crossed with a few or with all run fractions."""
    if isinstance(at, Integer):
        bits = [1 << k for k in range(at.width)]
        runs = [b - 1 for b in bits] + [~(b - 1) for b in bits] + [~b for b in bits]
        chosen = [0, 1, -1, -2, bits[-1], bits[-1] - 1] if level == 1 else [0, *bits, *runs]
        return np.array(list(dict.fromkeys(v & ((1 << at.width) - 1) for v in chosen)), np.uint64)
    table = patterns.few_fractions if level == 1 else patterns.run_fractions
    # One operand is cheap, so it has the wider list of exponents.
    crossed = wide_fields(at, False)[:, None] | table(at.mantissa_bits)[None, :]
    return crossed.ravel()


def _mixed(at: Port, word: Words) -> Words:
    """TestFloat's random operands: 3/8, 1/8, 3/8, 1/8 of few or any exponents and sums or any
    fractions."""
    if isinstance(at, Integer):
        return any_code(at, word) >> below(spread(word, 1), at.width).astype(np.uint64)
    fields, sums = wide_fields(at, True), patterns.run_sums(at.mantissa_bits)
    chosen, mask = spread(word, 1), U64((1 << at.mantissa_bits) - 1)
    few, total = patterns.pick(fields, chosen), patterns.pick(sums, chosen << U64(32))
    code = any_code(at, word)
    fraction = np.where(chosen & U64(3) == 3, code, total) & mask
    mixed: Words = np.where(chosen & U64(4) == 0, few, code & ~mask) | fraction
    return mixed


#: Which operands are directed, in turn: the rest are random.
TURNS = {
    (1, 1): ("d", "r", "r"),
    (1, 2): ("d", "r"),
    (2, 1): ("rr", "dr", "rr", "rd", "rr", "dd"),
    (2, 2): ("rr", "dd"),
    (3, 1): ("rrr", "rrd", "rdr", "drr", "rrr", "rdd", "drd", "ddr", "ddd"),
    (3, 2): ("rrr", "ddd"),
}


def _testfloat(level: int) -> Any:
    def make(unit: Unit, digits: list[Index], words: Words) -> list[Words]:
        *places, turn = digits
        turns = TURNS[len(unit.operand_formats), level]
        columns = []
        for k, (at, word) in enumerate(zip(unit.operand_formats, words, strict=False)):
            directed = np.array([t[k] == "d" for t in turns]).take(turn)
            chosen = directed_codes(at, level).take(places[k])
            columns.append(np.where(directed, chosen, _mixed(at, word)))
        return columns

    return make


def _testfloat_grid(level: int) -> Callable[[Unit], tuple[int, ...]]:
    return lambda unit: (
        *(len(directed_codes(at, level)) for at in unit.operand_formats),
        len(TURNS[len(unit.operand_formats), level]),
    )


for _level in (1, 2):
    case_class(
        f"testfloat{_level}", f"like TestFloat's level {_level}: directed and random operands in turn",
        TESTFLOAT, not_dot,
        _testfloat_grid(_level),
    )(_testfloat(_level))  # fmt: skip


# -- digits of multipliers and of dividers ----------------------------------------------------------


@case_class(
    "booth", "significands of repeated Booth digits, radix 4 and 8",
    "Booth 1951; MacSorley 1961", on("multiply", "fma"),
    lambda unit: tuple(len(patterns.booth_fractions(f.mantissa_bits)) for f in formats_of(unit)[:2]),
)  # fmt: skip
def booth(unit: Unit, digits: list[Index], words: Words) -> list[Words]:
    columns = []
    for k, (fmt, word) in enumerate(zip(formats_of(unit), words, strict=False)):
        if k == 2:
            columns.append(patterns.random_number(fmt, word))
            continue
        fraction = patterns.booth_fractions(fmt.mantissa_bits).take(digits[k])
        columns.append(patterns.pack(fmt, word >> U64(63), _near(fmt, k, words), fraction))
    return columns


#: Leading fraction bits that choose a row or a column of a radix-4 quotient-selection table.
SRT_BITS = 5


@case_class(
    "srt", "leading bits of operands on the boundaries of quotient-selection tables",
    "Robertson 1958, Tocher 1958; Pratt 1995 on the Pentium's table",
    on("divide", "reciprocal", "sqrt", "rsqrt", "remainder", "fmod"),
    lambda unit: tuple(4 << min(SRT_BITS, f.mantissa_bits) for f in formats_of(unit)),
)  # fmt: skip
def srt(unit: Unit, digits: list[Index], words: Words) -> list[Words]:
    columns = []
    for k, (fmt, digit, word) in enumerate(zip(formats_of(unit), digits, words, strict=False)):
        rest = fmt.mantissa_bits - min(SRT_BITS, fmt.mantissa_bits)
        head, tail = np.divmod(digit, 4)
        ones = (1 << rest) - 1
        fixed = np.array([0, ones, 1 & ones, 0], np.uint64).take(tail)
        bits = np.where(tail == 3, low_bits(word, rest), fixed)
        fraction = head.astype(np.uint64) << U64(rest) | bits
        negative = word >> U64(63) if unit.operation not in ("sqrt", "rsqrt") else 0
        columns.append(patterns.pack(fmt, negative, _near(fmt, k, words), fraction))
    return columns


# -- random ---------------------------------------------------------------------------------------


@case_class("random", "uniform codes in every operand", "", _always, lambda unit: (1,))
def uniform(unit: Unit, digits: list[Index], words: Words) -> list[Words]:
    return [any_code(at, word) for at, word in zip(unit.operand_formats, words, strict=False)]


#: The weights of cvfpu-uvm's stimulus: kinds of numbers and shapes of fractions.
DEFAULT_WEIGHTS = {
    "normal": 66, "subnormal": 30, "zero": 1, "infinity": 1, "quiet_nan": 1, "signaling_nan": 1,
    "zeros": 10, "ones": 10, "walking_one": 30, "walking_zero": 30, "any": 20,
}  # fmt: skip
SHAPES = ("zeros", "ones", "walking_one", "walking_zero", "any")


#: The most units that the weights of a choice are counted in.
WEIGHT_UNITS = 1 << 10


def by_weight(weights: list[int]) -> NDArray[np.int64]:
    """Each index as often as its weight says; large weights are rounded to units of the sum.

    >>> by_weight([2, 0, 1]).tolist()
    [0, 0, 2]
    """
    total = sum(weights)
    if total > WEIGHT_UNITS:
        weights = [w and max(w * WEIGHT_UNITS // total, 1) for w in weights]
    return np.repeat(np.arange(len(weights)), weights)


def weighted(unit: Unit, words: Words, weights: dict[str, int]) -> list[Words]:
    """Constrained random operands: a kind, then for numbers a shape of the fraction."""
    return [
        _weighted(at, word, weights) for at, word in zip(unit.operand_formats, words, strict=False)
    ]


def weighted_ranges(
    at: lf.Format, weights: dict[str, int]
) -> tuple[tuple[patterns.Range, ...], list[int]]:
    """The kinds of numbers that a format has, and the weight of each."""
    kinds = patterns.kind_ranges(at)
    names = [name for name in kinds if weights[name]] or list(kinds)
    shares = [weights[name] * 2 // len(kinds[name]) or 1 for name in names for _ in kinds[name]]
    return tuple(r for name in names for r in kinds[name]), shares


def _weighted(at: Port, word: Words, weights: dict[str, int]) -> Words:
    if isinstance(at, Integer):
        return _mixed(at, word)
    ranges, shares = weighted_ranges(at, weights)
    chosen = spread(word, 1)
    kind = patterns.pick(by_weight(shares), chosen)
    shape = patterns.pick(shapes_by_weight(weights), chosen << U64(32))
    code = patterns.draw_special(ranges, kind, word)
    numeric = code & U64(at.magnitude_mask)
    number = (numeric <= U64(at.max_finite_code)) & (numeric > 0)
    shaped = code & ~U64((1 << at.mantissa_bits) - 1) | _shaped(at, word, shape)
    # A shape that would make another kind of number of it is left out.
    magnitude = shaped & U64(at.magnitude_mask)
    ok = (magnitude <= U64(at.max_finite_code)) & (magnitude > 0)
    return np.where(number & ok, shaped, code)


def shapes_by_weight(weights: dict[str, int]) -> NDArray[np.int64]:
    """Indices into SHAPES, each as often as its weight says."""
    return by_weight([weights[name] for name in SHAPES])


def _shaped(fmt: lf.Format, word: Words, shape: Index) -> Words:
    m = fmt.mantissa_bits
    mask = U64((1 << m) - 1)
    walking = U64(1) << below(spread(word, 2), max(m, 1)).astype(np.uint64)
    zeros = np.zeros_like(word)
    return np.choose(shape, [zeros, ~zeros, walking, ~walking, word]) & mask


def parse_weights(text: str) -> dict[str, int]:
    """Weights from NAME=N,...; names left out keep their default.

    Raises
    ------
    ValueError
        If a name is unknown, a number negative, or every kind has weight 0.

    >>> parse_weights("subnormal=90,normal=10")["subnormal"]
    90
    """
    found = dict(DEFAULT_WEIGHTS)
    for part in filter(None, text.split(",")):
        name, _, number = part.partition("=")
        if name.strip() not in found or not number.strip().isdigit():
            raise ValueError(f"{part!r} is no weight: write NAME=N with {', '.join(found)}")
        found[name.strip()] = int(number)
    for names in (patterns.KINDS, SHAPES):
        if not any(found[name] for name in names):
            raise ValueError(f"give one of {', '.join(names)} a weight above 0")
    return found


@case_class(
    "weighted", "constrained random: weights for kinds of numbers and for shapes of fractions",
    "OpenHW cvfpu-uvm, stimulus weights", _always, lambda unit: (1,),
)  # fmt: skip
def constrained(unit: Unit, digits: list[Index], words: Words) -> list[Words]:
    return weighted(unit, words, DEFAULT_WEIGHTS)
