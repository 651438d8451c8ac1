"""Classes that are drawn in C: the data that they work on, and which of them there are.

The functions of the classes in Python are golden; those in ``native/kernels/case_*.h`` give the
same codes. A class without a form in C, or a unit that C does not take, is drawn in Python.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

import lowfloat as lf
from lowfloat._native_vectors import CasePort, CaseTurn, Drawing
from lowfloat.vectors import conversion_classes, operand_classes, patterns, result_classes
from lowfloat.vectors.classes import CaseClass
from lowfloat.vectors.units import Integer, Port, Unit

#: C has room for three operands, and one more column for random bits.
MOST_PORTS = 3

_REACHED = (
    "add",
    "subtract",
    "multiply",
    "divide",
    "fma",
    "sqrt",
    "reciprocal",
    "rsqrt",
    "convert",
)


def _always(unit: Unit) -> bool:
    return True


def _one_format(unit: Unit) -> bool:
    return len(set(unit.operand_formats)) == 1


def _of(*operations: str) -> Callable[[Unit], bool]:
    return lambda unit: unit.operation in operations


def _near_ties(unit: Unit) -> bool:
    """C takes midpoints times divisors, and squares of midpoints, of up to 62 bits."""
    if unit.operation not in ("divide", "sqrt"):
        return True
    assert isinstance(unit.result_format, lf.Format)
    widths = [at.precision for at in unit.operand_formats if isinstance(at, lf.Format)]
    bits = unit.result_format.precision + 1
    square = 2 * bits <= 62 and widths[0] > 1
    return square if unit.operation == "sqrt" else bits + widths[1] <= 62


#: The classes with a form in C, and the units that it is for, of those that have the class.
NATIVE: dict[str, Callable[[Unit], bool]] = {
    **dict.fromkeys(("random", "weighted", "testfloat1", "testfloat2", "B1", "nan", "B9"), _always),
    **dict.fromkeys(("booth", "B10", "B11", "B12", "B13", "B14", "B15", "B16", "B17"), _always),
    **dict.fromkeys(("B18", "B19"), _always),
    "zero_sign": _one_format,
    **dict.fromkeys(("srt", *(f"B{k}" for k in range(20, 30))), _always),
    "near_tie": _near_ties,
    **dict.fromkeys(("B2", "B3", "B4", "B5", "B6", "B7", "B8", "carry_out"), _of(*_REACHED)),
}


def drawing_of(
    unit: Unit, turns: Sequence[CaseClass], weights: dict[str, int]
) -> tuple[Drawing, tuple[int, ...]] | None:
    """What draws a unit's cases in C, and the numbers of the turns that it leaves to Python."""
    if unit.operation == "dot" or len(unit.operand_formats) > MOST_PORTS:
        return None
    made = []
    for number, entry in enumerate(turns):
        places = [k for k, other in enumerate(turns) if other.name == entry.name]
        known = entry.name in NATIVE and NATIVE[entry.name](unit)
        grid = tuple(entry.radices(unit)) if known else ()
        name = entry.name if known else None
        made.append(CaseTurn(name, places.index(number), len(places), grid))
    left = tuple(k for k, turn in enumerate(made) if turn.name is None)
    if len(left) == len(turns):
        return None
    result, target, extra, ends = None, None, 0, np.zeros(1, np.int64)
    if isinstance(unit.result_format, lf.Format):
        result = _port(unit.result_format, weights)
        if unit.operation in _REACHED:
            target = _port(result_classes.target_format(unit.result_format), weights)
            extra = result_classes.extra_bits(unit.result_format)
            ends = result_classes.boundaries(unit.result_format)
    drawing = Drawing(
        unit.operation,
        [_port(at, weights) for at in unit.operand_formats],
        result,
        target,
        made,
        extra_bits=extra,
        boundaries=ends,
        limits=_codes_of("B23", turns, lambda: conversion_classes.limit_codes(unit)),
        quarters=_codes_of(
            "B24", turns, lambda: conversion_classes.quarter_codes(unit.operand_formats[0])
        ),
        nearest=_clamped("nearest_even"),
        toward_zero=_clamped("toward_zero"),
        random_width=sum(unit.random_widths),
        directed=[
            sum(
                1 << 3 * t + k
                for t, turn in enumerate(turns)
                for k, d in enumerate(turn)
                if d == "d"
            )
            for level in (1, 2)
            for turns in [operand_classes.TURNS[len(unit.operand_formats), level]]
        ],
    )
    return drawing, left


def _codes_of(name: str, turns: Sequence[CaseClass], make: Callable[[], Any]) -> Any:
    """The codes that a class works on, if it has a turn."""
    return make() if any(entry.name == name for entry in turns) else np.zeros(0, np.uint64)


_CLAMPED: dict[str, lf.Projection] = {}


def _clamped(rounding: str) -> lf.Projection:
    return _CLAMPED.setdefault(rounding, lf.Projection(rounding, "finite"))


def _port(at: Port, weights: dict[str, int]) -> CasePort:
    specials = patterns.special_ranges(at)
    directed = [operand_classes.directed_codes(at, level) for level in (1, 2)]
    if isinstance(at, Integer):
        return CasePort(None, {"width": at.width, "is_integer": 1}, {}, directed, _ranges(specials))
    m, lowest = at.mantissa_bits, 0 if at.subnormals == "normal" else 1
    numbers: dict[str, Any] = {
        "width": at.width, "mantissa_bits": m, "precision": at.precision, "bias": at.bias,
        "emin": at.emin, "emax": at.emax, "lowest": lowest,
        "highest": max(at.max_finite_code >> m, lowest), "shortest": int(at.exponent_bits == 0),
        "least": 0 if at.subnormals == "gradual" else at.min_positive_code,
        "sign_mask": at.sign_mask, "magnitude_mask": at.magnitude_mask,
        "max_finite": at.max_finite_code, "min_normal": at.min_normal_code,
        "min_positive": at.min_positive_code, "zero": 0 if at.zero else at.min_positive_code,
        "infinity": at.infinity_code or 0, "has_payloads": at.nan == "ieee",
    }  # fmt: skip
    lists = {
        "sums": patterns.run_sums(m),
        "significands": patterns.significand_fractions(m),
        "booth": patterns.booth_fractions(m),
        "fields": operand_classes.wide_fields(at, True),
        "shapes": operand_classes.shapes_by_weight(weights),
    }
    ranges, shares = operand_classes.weighted_ranges(at, weights)
    kinds = [ranges[k] for k in operand_classes.by_weight(shares)]
    return CasePort(
        at,
        numbers,
        lists,
        directed,
        _ranges(specials),
        _ranges(kinds),
    )


def _ranges(ranges: Sequence[patterns.Range]) -> tuple[Any, Any]:
    low = np.array([r.low for r in ranges], np.uint64)
    return low, np.array([r.high for r in ranges], np.uint64) - low
