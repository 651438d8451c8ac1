"""Functional coverage: which kinds of cases a set of vectors has met.

A bin is the class of every operand x the rounding mode x the flags x the class of the result x
the boundary on which the result lies x the position of the exact value between two results. Of a
dot's factors it is the kinds of numbers that occur among the terms.

Bins are counted for every class of cases (B1, near_tie, ...) too. Which bins can be reached is
proved without the class: a class has random parts, so of its own bins only those met are known.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

import lowfloat as lf
from lowfloat.exception_flags import FLAG_NAMES
from lowfloat.optable import OPERATIONS
from lowfloat.vectors.cases import Cases
from lowfloat.vectors.positions import POSITIONS, positions, rounds
from lowfloat.vectors.units import Codes, Flags, Integer, Port, Unit

#: Boundaries of a format, by the magnitude of a result.
BOUNDARIES = ("none", "least", "largest_subnormal", "least_normal", "one", "largest")
_INTEGER_CLASSES = ("lowest", "negative", "zero", "positive", "highest")
#: Kinds of numbers among the terms of a dot, and the kind of each of ``lf.golden.CLASSES``.
KINDS = ("zero", "subnormal", "normal", "infinity", "nan")
_KIND_OF = np.array([4, 4, 3, 2, 1, 0, 0, 1, 2, 3], np.uint8)
_LETTERS = {"I": 1, "U": 2, "O": 4, "D": 8, "V": 16}


class Dimension(NamedTuple):
    """One factor of the cross product: a name and its values."""

    name: str
    values: tuple[str, ...]


def _class_names(at: Port) -> tuple[str, ...]:
    """The classes that codes of a port can have."""
    if isinstance(at, Integer):
        if at.width == 1:
            return ("false", "true")
        return _INTEGER_CLASSES
    return lf.golden.CLASSES


def _class_index(at: Port, codes: Codes) -> NDArray[Any]:
    if isinstance(at, lf.Format):
        return lf.classify(lf.from_codes(codes, at))
    if at.width == 1:
        return codes
    wide = codes.astype(np.uint64)
    top = 1 << (at.width - 1)
    low, high = (top, top - 1) if at.signed else (0, 2 * top - 1)
    negative = (wide >= top) & at.signed
    conditions = [wide == 0, wide == low, wide == high, negative]
    return np.select(conditions, [2, 0, 4, 1], 3)


@dataclass
class Coverage:
    """The bins of a unit, and how often each has been met.

    Examples
    --------
    >>> import lowfloat as lf
    >>> unit = lf.vectors.Unit.uniform("multiply", "float4_e2m1fn")
    >>> found = lf.vectors.Coverage(unit).collect(lf.vectors.Cases.all_of(unit))
    >>> found.cases, found.hit_count > 50
    (256, True)
    """

    unit: Unit
    cases: int = 0
    #: Cases by the number of their bin.
    hits: dict[int, int] = field(default_factory=dict)
    #: The inputs of the first case of every bin.
    witnesses: dict[int, tuple[int, ...]] = field(default_factory=dict)
    #: For every class of cases: its cases by the number of their bin.
    classes: dict[str, Counter[int]] = field(default_factory=dict)

    @cached_property
    def dimensions(self) -> tuple[Dimension, ...]:
        """The factors of the cross product, without the values that the unit cannot have."""
        unit, result = self.unit, self.unit.result_format
        found = [
            Dimension(name, _class_names(at) if len(columns) == 1 else _KIND_SETS)
            for name, columns, at in self._operands
        ]
        found.append(Dimension("mode", (self.mode,)))
        found.append(Dimension("flags", tuple(map(_flags_name, range(32)))))
        found.append(Dimension("result", _class_names(result)))
        if isinstance(result, lf.Format):
            found.append(Dimension("boundary", BOUNDARIES))
        if rounds(unit):
            found.append(Dimension("position", POSITIONS))
        return tuple(found)

    @property
    def _operands(self) -> list[tuple[str, tuple[int, ...], Port]]:
        """Operands, of a dot those of all terms together: name, columns, format."""
        formats = self.unit.operand_formats
        groups = self.unit.groups.items()
        return [(n, ks, formats[ks[0]]) for n, ks in groups if ks[0] < len(formats)]

    @property
    def mode(self) -> str:
        """The rounding mode, by name."""
        rule = self.unit.projection.stochastic
        return f"stochastic_{rule.variant}" if rule else str(self.unit.projection.rounding)

    @property
    def hit_count(self) -> int:
        """How many bins have been met."""
        return len(self.hits)

    def name(self, number: int) -> dict[str, str]:
        """A bin as the value of each dimension."""
        digits = []
        for dimension in reversed(self.dimensions):
            number, digit = divmod(number, len(dimension.values))
            digits.append(dimension.values[digit])
        return dict(zip((d.name for d in self.dimensions), reversed(digits), strict=True))

    def numbers(self, inputs: Sequence[Codes], results: Codes, flags: Flags) -> NDArray[np.int64]:
        """The bin of every case."""
        unit = self.unit
        parts: list[Any] = [
            _class_index(at, inputs[columns[0]])
            if len(columns) == 1
            else _kinds(at, [inputs[k] for k in columns])
            for _, columns, at in self._operands
        ]
        parts += [np.zeros(len(flags), np.int64), flags, _class_index(unit.result_format, results)]
        if isinstance(unit.result_format, lf.Format):
            parts.append(_boundaries(unit, results))
        if rounds(unit):
            parts.append(positions(unit, inputs))
        number = np.zeros(len(flags), np.int64)
        for dimension, part in zip(self.dimensions, parts, strict=True):
            number = number * len(dimension.values) + part.astype(np.int64)
        return number

    def add(
        self,
        inputs: Sequence[Codes],
        results: Codes,
        flags: Flags,
        classes: NDArray[Any] | None = None,
        names: Sequence[str] = ("all",),
    ) -> int:
        """Count some cases; how many bins are met for the first time.

        Parameters
        ----------
        inputs, results, flags : arrays
            Columns of the vectors.
        classes : array of int, optional
            The class of every case, as an index into ``names``.
        """
        numbers = self.numbers(inputs, results, flags)
        found, first, counts = np.unique(numbers, return_index=True, return_counts=True)
        new = 0
        for number, index, count in zip(
            found.tolist(), first.tolist(), counts.tolist(), strict=True
        ):
            if number not in self.hits:
                new += 1
                self.witnesses[number] = tuple(int(column[index]) for column in inputs)
            self.hits[number] = self.hits.get(number, 0) + count
        self.cases += len(numbers)
        for k, name in enumerate(names):
            own = numbers if classes is None else numbers[classes == k]
            if len(own):
                met, times = np.unique(own, return_counts=True)
                pairs = zip(met.tolist(), times.tolist(), strict=True)
                self.classes.setdefault(name, Counter()).update(dict(pairs))
        return new

    def collect(self, cases: Cases, start: int = 0, stop: int | None = None) -> Coverage:
        """Count the cases of a range; returns itself."""
        for first, last in cases.chunks(start, stop):
            inputs = cases.inputs(first, last)
            results, flags = self.unit.compute(inputs)
            self.add(inputs, results, flags, cases.class_names(first, last), cases.names)
        return self

    @cached_property
    def legal_sizes(self) -> tuple[int, ...]:
        """How many values of each dimension the formats and the operation's flags leave."""
        return tuple(len(set(values)) for values in self.legal_values)

    @cached_property
    def legal_values(self) -> list[list[int]]:
        """The values of each dimension that are not ruled out by the formats alone."""
        unit = self.unit
        legal = [
            _legal_classes(at) if len(columns) == 1 else _legal_kinds(at, len(columns))
            for _, columns, at in self._operands
        ]
        legal += [[0], _legal_flags(unit), _legal_classes(unit.result_format)]
        if isinstance(unit.result_format, lf.Format):
            legal.append(list(range(len(BOUNDARIES))))
        if rounds(unit):
            legal.append(list(range(len(POSITIONS))))
        return legal

    @property
    def bin_count(self) -> int:
        """The size of the cross product over classes that the formats have."""
        return math.prod(self.legal_sizes)

    def all_bins(self) -> Iterator[int]:
        """Every bin of the cross product over classes that the formats have."""
        grids = np.array([0], np.int64)
        for dimension, legal in zip(self.dimensions, self.legal_values, strict=True):
            grids = (grids[:, None] * len(dimension.values) + np.array(legal)[None, :]).ravel()
        yield from grids.tolist()


def _flags_name(bits: int) -> str:
    names = [name for bit, name in FLAG_NAMES.items() if bits & bit]
    return "+".join(names) or "none"


def _legal_flags(unit: Unit) -> list[int]:
    letters = OPERATIONS[unit.operation].flags if unit.operation in OPERATIONS else "IUOV"
    mask = sum(_LETTERS[letter] for letter in letters)
    return [bits for bits in range(32) if not bits & ~mask]


def _legal_classes(at: Port) -> list[int]:
    if isinstance(at, Integer):
        if at.width == 1:
            return [0, 1]
        return [0, 1, 2, 3, 4] if at.signed else [2, 3, 4]
    names = _class_names(at)
    have = {
        "nan": at.nan_code is not None,
        "signaling": at.nan == "ieee" and at.mantissa_bits > 1,
        "infinity": at.infinity_code is not None,
        "subnormal": at.has_subnormals,
        "negative": at.signed,
        "negative_zero": at.negative_zero,
        "zero": at.zero,
    }
    return [k for k, name in enumerate(names) if all(v for word, v in have.items() if word in name)]


_KIND_SETS = tuple(
    "+".join(name for bit, name in enumerate(KINDS) if bits >> bit & 1) or "none"
    for bits in range(1 << len(KINDS))
)


def _kinds(at: Port, columns: Sequence[Codes]) -> NDArray[Any]:
    """Which kinds of numbers occur in a row, as an index into their sets."""
    found = np.zeros(len(columns[0]), np.int64)
    for codes in columns:
        found |= 1 << _KIND_OF[_class_index(at, codes)].astype(np.int64)
    return found


def _legal_kinds(at: Port, terms: int) -> list[int]:
    """Sets of up to so many kinds of those that the format has."""
    mask = sum(1 << kind for kind in {int(_KIND_OF[k]) for k in _legal_classes(at)})
    return [
        bits for bits in range(1, len(_KIND_SETS)) if not bits & ~mask and bits.bit_count() <= terms
    ]


def _boundaries(unit: Unit, results: Codes) -> NDArray[Any]:
    fmt = unit.result_format
    assert isinstance(fmt, lf.Format)
    magnitude = results.astype(np.uint64) & np.uint64(fmt.magnitude_mask)
    one = lf.golden.encode(1, format=fmt)
    codes = [
        fmt.min_positive_code,
        fmt.min_normal_code - 1 if fmt.has_subnormals else None,
        fmt.min_normal_code,
        one[0] if not one[1] else None,
        fmt.max_finite_code,
    ]
    found = np.zeros(len(results), np.uint8)
    for place, code in reversed(list(enumerate(codes, 1))):
        if code is not None:
            found[magnitude == code] = place
    return found
