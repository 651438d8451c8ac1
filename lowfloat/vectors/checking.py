"""Checking vectors: every line against the native code, a sample against the golden model."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

import lowfloat as lf
from lowfloat.exception_flags import FLAG_NAMES
from lowfloat.vectors.acceptance import Acceptance
from lowfloat.vectors.causes import CAUSES, causes_of
from lowfloat.vectors.grammars import grammar_named, grammar_of
from lowfloat.vectors.grammars.fptest import FPTEST
from lowfloat.vectors.random_words import spread
from lowfloat.vectors.reading import tables
from lowfloat.vectors.table import Table
from lowfloat.vectors.units import Codes, Flags, Unit


@dataclass(frozen=True)
class Mismatch:
    """A vector whose result or flags are not the expected ones."""

    #: Counted from 1.
    line: int
    operands: tuple[int, ...]
    got: int
    got_flags: int
    expected: int
    expected_flags: int
    #: A name from CAUSES.
    cause: str


@dataclass
class Report:
    """The outcome of a check."""

    #: Vectors in the file, all of them recomputed.
    count: int = 0
    #: How many were also recomputed by the golden model.
    golden_count: int = 0
    #: How many of all vectors are wrong.
    mismatch_count: int = 0
    #: The first of them.
    mismatches: list[Mismatch] = field(default_factory=list)
    #: How many are wrong for each cause.
    causes: Counter[str] = field(default_factory=Counter)
    #: The simplest wrong vector.
    simplest: Mismatch | None = None

    @property
    def ok(self) -> bool:
        """Whether every vector is right."""
        return self.mismatch_count == 0


#: What may be compared: the result, all flags, or single flags.
PARTS = ("result", "flags", *FLAG_NAMES.values())


def check(
    path: str | os.PathLike[str] | Iterable[Table],
    unit: Unit,
    *,
    grammar: str | None = None,
    compare: Iterable[str] = (),
    accept: str | None = None,
    any_nan: bool = False,
    golden_sample: int | None = 256,
    limit: int = 10,
) -> Report:
    """Recompute the vectors of a file and compare results and flags, bit for bit.

    Parameters
    ----------
    path : path, or iterable of Table
        ``-`` is standard input.
    unit : Unit
        What the vectors should be of.
    grammar : str, optional
        A name from ``lf.vectors.GRAMMARS``; by default the one that the file's name asks for.
    compare : iterable of str
        Any of ``result``, ``flags`` and names of flags; all by default, and the result alone
        where ``accept`` is given.
    accept : str, optional
        ``faithful``: either neighbour of the exact result; ``ulp=N``: up to N last places from
        the correctly rounded one. Exact results, NaNs and infinities that are exact stay exact.
    any_nan : bool
        Whether every NaN is as good as the expected one.
    golden_sample : int, optional
        How many vectors, spread over the file, the golden model recomputes too; None for all.
    limit : int
        The most mismatches to return.

    Raises
    ------
    VectorFileError
        If the file breaks the grammar.
    ValueError
        If ``compare`` or ``accept`` asks for what there is not.
    RuntimeError
        If native code and the golden model disagree, which is an error in lowfloat.
    """
    name = grammar or ("testfloat" if not isinstance(path, str | os.PathLike) else grammar_of(path))
    stream = tables(path, unit, name) if isinstance(path, str | os.PathLike) else path
    checker = _Checker(unit, name, compare, accept, any_nan, golden_sample, limit)
    for table in stream:
        checker.take(table)
    return checker.finish()


class _Checker:
    """Compares table after table; what it holds does not grow with them."""

    def __init__(
        self,
        unit: Unit,
        grammar: str,
        compare: Iterable[str],
        accept: str | None,
        any_nan: bool,
        golden_sample: int | None,
        limit: int,
    ) -> None:
        self._unit, self._grammar, self._limit = unit, grammar_named(grammar), limit
        self._lossy = grammar == FPTEST.name
        parts = set(compare) or ({"result"} if accept else {"result", "flags"})
        if unknown := parts - set(PARTS):
            raise ValueError(f"nothing is called {unknown.pop()!r}: compare {', '.join(PARTS)}")
        self._results = "result" in parts
        self._mask = np.uint8(
            31 if "flags" in parts else sum(b for b, n in FLAG_NAMES.items() if n in parts)
        )
        self._acceptance = Acceptance(unit, accept, any_nan)
        self._sample = _Sample(golden_sample)
        self._report = Report()
        self._weight: int | None = None

    def take(self, table: Table) -> None:
        unit, report = self._unit, self._report
        expected, flags = unit.compute(table.operands)
        self._sample.take(table, expected, flags)
        if self._lossy:
            expected = FPTEST.canonical(unit, "result", expected)
        wrong = (table.flags ^ flags) & self._mask != 0
        if self._results:
            wrong |= table.results != expected
        index = np.flatnonzero(wrong)
        if len(index):
            index = self._unaccepted(table, expected, flags, index)
        if len(index):
            self._note(table, expected, flags, index)
        report.count += table.count
        report.mismatch_count += len(index)

    def _unaccepted(
        self, table: Table, expected: Codes, flags: Flags, index: NDArray[np.int64]
    ) -> NDArray[np.int64]:
        """Of the vectors that differ, those that no tolerance covers."""
        some = _rows(table, index)
        good = (some.flags ^ flags[index]) & self._mask == 0
        if self._results:
            differs = some.results != expected[index]
            good &= ~differs | self._acceptance.accepts(some, expected[index])
        bad: NDArray[np.int64] = index[~good]
        return bad

    def _note(self, table: Table, expected: Codes, flags: Flags, index: NDArray[np.int64]) -> None:
        report, some = self._report, _rows(table, index)
        causes = causes_of(self._unit, some, expected[index], flags[index])
        names = tuple(CAUSES)
        for cause, count in enumerate(np.bincount(causes, minlength=len(names)).tolist()):
            if count:
                report.causes[names[cause]] += count

        def mismatch(k: int) -> Mismatch:
            return Mismatch(
                self._grammar.line_of(self._unit, report.count + int(index[k])),
                tuple(int(column[k]) for column in some.operands),
                int(some.results[k]), int(some.flags[k]),
                int(expected[index[k]]), int(flags[index[k]]), names[causes[k]],
            )  # fmt: skip

        for k in range(min(len(index), self._limit - len(report.mismatches))):
            report.mismatches.append(mismatch(k))
        weights = complexity(some.operands)
        simplest = int(np.argmin(weights))
        if self._weight is None or int(weights[simplest]) < self._weight:
            self._weight, report.simplest = int(weights[simplest]), mismatch(simplest)

    def finish(self) -> Report:
        self._report.golden_count = self._sample.confirm(self._unit)
        return self._report


def complexity(operands: Iterable[Codes]) -> Any:
    """How hard operands are to follow by hand: their changes from bit to bit, and set bits."""
    total: Any = None
    for codes in operands:
        wide = codes.astype(np.uint64)
        bits = np.bitwise_count(wide ^ wide << np.uint64(1)).astype(np.int64) * 64
        bits += np.bitwise_count(wide)
        total = bits if total is None else total + bits
    if total is None:
        raise ValueError("a case has at least one operand")
    return total


def _rows(table: Table, index: NDArray[np.int64]) -> Table:
    return Table(
        tuple(column[index] for column in table.operands), table.results[index], table.flags[index]
    )


class _Sample:
    """Vectors that the golden model recomputes: those whose numbers hash lowest."""

    def __init__(self, size: int | None) -> None:
        self._size, self._seen = size, 0
        self._keys = np.empty(0, np.uint64)
        self._table: Table | None = None

    def take(self, table: Table, expected: Codes, flags: Flags) -> None:
        """Keep what is below the highest hash so far."""
        if self._size == 0:
            return
        number = np.arange(self._seen, self._seen + table.count, dtype=np.uint64)
        self._seen += table.count
        keys = spread(number, 1)
        if self._size is not None and len(self._keys) == self._size:
            index = np.flatnonzero(keys < self._keys.max())
        else:
            index = np.arange(table.count)
        new = Table(tuple(c[index] for c in table.operands), expected[index], flags[index])
        joined = new if self._table is None else Table.joined([self._table, new])
        keys = np.concatenate([self._keys, keys[index]])
        order = np.sort(np.argsort(keys)[: self._size])
        self._keys, self._table = keys[order], _rows(joined, order)

    def confirm(self, unit: Unit) -> int:
        """Let the golden model recompute the sample; how many those were."""
        if self._table is None:
            return 0
        with lf.backend("golden"):
            results, raised = unit.compute(self._table.operands)
        differs = np.flatnonzero((results != self._table.results) | (raised != self._table.flags))
        if len(differs):
            codes = ", ".join(f"{int(column[differs[0]]):#x}" for column in self._table.operands)
            raise RuntimeError(
                f"native code and the golden model disagree on {unit.operation} of {codes}: please "
                "report this with the file and its manifest"
            )
        return self._table.count
