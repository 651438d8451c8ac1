"""Which cases: an exhaustive list, or a mix of classes drawn from a seed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lowfloat import _native_vectors
from lowfloat.vectors import (  # noqa: F401 - each adds its classes to the list
    conversion_classes,
    dot_classes,
    hard_classes,
    operand_classes,
    relation_classes,
    result_classes,
)  # fmt: skip
from lowfloat.vectors.classes import CLASSES, CaseClass, classes_for
from lowfloat.vectors.drawing import drawing_of
from lowfloat.vectors.random_words import RUN, U64, Words, below, low_bits, spread, words
from lowfloat.vectors.units import Codes, Unit

#: Cases that are computed and written at a time; a bound on memory, not on the count.
CHUNK = 1 << 16
#: Input spaces beyond this many bits are not listed exhaustively.
MAX_EXHAUSTIVE_BITS = 32
#: The classes of a mix where none are named, with their share of the cases.
DEFAULT_SHARES = {
    "testfloat1": 4,
    "testfloat2": 2,
    "random": 2,
    "weighted": 2,
    "near_tie": 2,
    "B3": 2,
}


@dataclass(frozen=True)
class Cases:
    """Some cases of a unit; case j is a pure function of the seed and j.

    Parameters
    ----------
    unit : Unit
    count : int
        How many.
    seed : int
        64 bits.
    classes : tuple of str
        Names from ``lf.vectors.CLASSES`` that have cases for the unit; all of them if empty.
        They take turns, eight cases at a time.
    weights : tuple of (str, int)
        Of the class ``weighted``, where they differ from the default.
    exhaustive : bool
        Every combination of input codes in counting order instead; the last input runs fastest.
    closing : tuple of tuple of int
        Input codes that are appended to the mix; ``count`` includes them.

    Raises
    ------
    ValueError
        If a class is unknown or has no cases for the unit, or the count is impossible.

    Examples
    --------
    >>> import lowfloat as lf
    >>> unit = lf.vectors.Unit.uniform("add", "float16")
    >>> cases = lf.vectors.Cases(unit, 1000, seed=7)
    >>> whole, part = cases.inputs(0, 1000), cases.inputs(500, 600)
    >>> all((w[500:600] == p).all() for w, p in zip(whole, part))
    True

    Source: Philox4x32-10, Salmon et al., SC 2011; the classes name theirs.
    """

    unit: Unit
    count: int
    seed: int = 0
    classes: tuple[str, ...] = ()
    weights: tuple[tuple[str, int], ...] = ()
    exhaustive: bool = False
    closing: tuple[tuple[int, ...], ...] = ()

    def __post_init__(self) -> None:
        if self.count < 1:
            raise ValueError(f"a file has at least one vector, not {self.count}")
        if not 0 <= self.seed < 1 << 64:
            raise ValueError(f"a seed has 64 bits, not {self.seed}")
        bits = sum(column.width for column in self.unit.inputs)
        if self.exhaustive and bits > MAX_EXHAUSTIVE_BITS:
            raise ValueError(
                f"{self.unit} has 2^{bits} cases: exhaustive vectors are for input spaces of up "
                f"to 2^{MAX_EXHAUSTIVE_BITS}; draw some with a count"
            )
        if self.exhaustive and self.count != self.unit.exhaustive_count:
            raise ValueError(f"all cases are {self.unit.exhaustive_count}, not {self.count}")
        known = {entry.name for entry in classes_for(self.unit)}
        for name in self.classes:
            if name not in CLASSES:
                raise ValueError(f"no class {name!r}: there are {', '.join(CLASSES)}")
            if name not in known:
                raise ValueError(
                    f"class {name} has no cases for {self.unit.operation}: "
                    f"there are {', '.join(sorted(known))}"
                )

    def __reduce__(self) -> tuple[Any, ...]:
        return Cases, tuple(getattr(self, entry.name) for entry in fields(self))

    @classmethod
    def all_of(cls, unit: Unit) -> Cases:
        """Every combination of input codes.

        Raises
        ------
        ValueError
            If there are more than 2^32.
        """
        return cls(unit, unit.exhaustive_count, exhaustive=True)

    @cached_property
    def turns(self) -> tuple[CaseClass, ...]:
        """The classes in the order in which they take turns, some of them several times."""
        entries = [CLASSES[name] for name in self.classes] or list(classes_for(self.unit))
        shares = {} if self.classes else DEFAULT_SHARES
        if self.weights:
            entries = [
                e._replace(make=self._weighted) if e.name == "weighted" else e for e in entries
            ]
        rounds = max(shares.get(entry.name, 1) for entry in entries)
        return tuple(
            entry for turn in range(rounds) for entry in entries if turn < shares.get(entry.name, 1)
        )

    def _weighted(self, unit: Unit, digits: Any, words: Words) -> list[Words]:
        chosen = {**operand_classes.DEFAULT_WEIGHTS, **dict(self.weights)}
        return operand_classes.weighted(unit, words, chosen)

    @property
    def drawn(self) -> int:
        """The cases before the closing ones."""
        return self.count - len(self.closing)

    def class_names(self, start: int, stop: int) -> NDArray[Any]:
        """The class of every case, as an index into ``names``."""
        index = np.arange(start, stop)
        if self.exhaustive:
            return np.zeros(len(index), np.int64)
        turn = np.array([self.names.index(entry.name) for entry in self.turns])
        return np.where(index < self.drawn, turn[index // RUN % len(turn)], len(self.names) - 1)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The names of the classes that occur."""
        if self.exhaustive:
            return ("exhaustive",)
        names = tuple(dict.fromkeys(entry.name for entry in self.turns))
        return (*names, "closing") if self.closing else names

    def inputs(self, start: int, stop: int) -> tuple[Codes, ...]:
        """The input columns of cases ``start`` to ``stop``: operands, then random bits if used.

        Raises
        ------
        IndexError
            If the range is not within the cases.
        """
        if not 0 <= start <= stop <= self.count:
            raise IndexError(f"cases {start} to {stop} are not within 0 to {self.count}")
        if self.exhaustive:
            return self._counted(start, stop)
        drawn = self._drawn(start, min(stop, self.drawn)) if start < self.drawn else None
        if stop <= self.drawn and drawn is not None:
            return drawn
        rows = self.closing[max(start - self.drawn, 0) : stop - self.drawn]
        closing = tuple(
            np.array([row[k] for row in rows], column.dtype)
            for k, column in enumerate(self.unit.inputs)
        )
        if drawn is None:
            return closing
        return tuple(np.concatenate(pair) for pair in zip(drawn, closing, strict=True))

    def columns(self, start: int, stop: int) -> tuple[Codes, ...]:
        """All columns of cases ``start`` to ``stop``: inputs, results, flags."""
        inputs = self.inputs(start, stop)
        return (*inputs, *self.unit.compute(inputs))

    def chunks(
        self, start: int = 0, stop: int | None = None, size: int = CHUNK
    ) -> Iterator[tuple[int, int]]:
        """Consecutive ranges of up to ``size`` cases."""
        stop = self.count if stop is None else stop
        for first in range(start, stop, size):
            yield first, min(first + size, stop)

    def _counted(self, start: int, stop: int) -> tuple[Codes, ...]:
        """Inputs are the fields of a counter, the first one on top."""
        columns, shift = [], sum(column.width for column in self.unit.inputs)
        for column in self.unit.inputs:
            shift -= column.width
            codes = np.empty(stop - start, column.dtype)
            _native_vectors.count_codes(start, shift, column.width, codes)
            columns.append(codes)
        return tuple(columns)

    def _drawn(self, start: int, stop: int) -> tuple[Codes, ...]:
        # Whole runs are drawn, and those at the ends cut.
        first, last = start // RUN, -(-stop // RUN)
        columns = [np.empty((last - first) * RUN, column.dtype) for column in self.unit.inputs]
        drawing, left = self._drawing or (None, tuple(range(len(self.turns))))
        if drawing is not None:
            drawing.draw(self.seed, first, last - first, columns)
        if left:
            self._draw_in_python(left, first, last, columns)
        cut = slice(start - first * RUN, stop - first * RUN)
        return tuple(column[cut] for column in columns)

    @cached_property
    def _drawing(self) -> tuple[Any, tuple[int, ...]] | None:
        chosen = {**operand_classes.DEFAULT_WEIGHTS, **dict(self.weights)}
        return drawing_of(self.unit, self.turns, chosen)

    def _draw_in_python(
        self, turns: tuple[int, ...], first: int, last: int, columns: list[Codes]
    ) -> None:
        """The runs of some turns, by the golden functions of their classes."""
        width, count = max(len(self.unit.inputs), 2), len(self.turns)
        for turn in turns:
            entry, offset = self.turns[turn], (turn - first) % count
            runs = len(range(first + offset, last, count))
            if not runs:
                continue
            start = (first + offset) * RUN
            own = words(self.seed, start, runs * RUN, width, count * RUN)
            index = self._local(entry, turn, (first + offset) // count, own.shape[1])
            made = entry.operands(self.unit, index, own)
            bits = zip(own[len(made) :], self.unit.random_widths, strict=False)
            made = [*made, *(_random_bits(word, width) for word, width in bits)]
            for column, codes in zip(columns, made, strict=True):
                column.reshape(-1, RUN)[offset::count] = codes.reshape(-1, RUN)

    def _local(self, entry: CaseClass, turn: int, first: int, count: int) -> NDArray[np.int64]:
        """How many cases of its class come before each: classes with several turns share a count."""
        places = [k for k, other in enumerate(self.turns) if other.name == entry.name]
        rounds = np.arange(first, first + count // RUN) * (len(places) * RUN)
        return (rounds[:, None] + (places.index(turn) * RUN + np.arange(RUN))).reshape(-1)


def _random_bits(word: Words, width: int) -> Words:
    """R of stochastic rounding: uniform, but every fourth one an end or the middle of its range."""
    top = (1 << width) - 1
    ends = np.array([0, top, 1 << (width - 1), top >> 1], np.uint64)
    kind = spread(word, 11)
    return np.where(kind & U64(3) == 0, ends[below(kind, 4)], low_bits(spread(word, 12), width))
