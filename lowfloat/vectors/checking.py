"""Checking vectors: every line against the native code, a sample against the golden model."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

import lowfloat as lf
from lowfloat.vectors.cases import CHUNK, Unit
from lowfloat.vectors.reading import Table, read

Codes = NDArray[Any]


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


@dataclass(frozen=True)
class Report:
    """The outcome of a check."""

    #: Vectors in the file, all of them recomputed.
    count: int
    #: How many were also recomputed by the golden model.
    golden_count: int
    #: How many of all vectors are wrong.
    mismatch_count: int
    #: The first of them.
    mismatches: tuple[Mismatch, ...]

    @property
    def ok(self) -> bool:
        """Whether every vector is right."""
        return self.mismatch_count == 0


def check(
    path: str | os.PathLike[str],
    unit: Unit,
    *,
    golden_sample: int | None = 256,
    limit: int = 10,
) -> Report:
    """Recompute the vectors of a file and compare results and flags, bit for bit.

    Parameters
    ----------
    path : path
        A file in the grammar of ``lf.vectors.write``.
    unit : Unit
        What the vectors should be of.
    golden_sample : int, optional
        How many vectors, spread over the file, the golden model recomputes too, beside the
        mismatches that are returned; None for all.
    limit : int
        The most mismatches to return.

    Raises
    ------
    VectorFileError
        If the file breaks the grammar.
    RuntimeError
        If native code and the golden model disagree, which is an error in lowfloat.
    """
    table = read(path, unit)
    expected, expected_flags = _recompute(table, unit)
    wrong = np.flatnonzero((table.results != expected) | (table.flags != expected_flags))
    sample = np.union1d(sample_lines(table.count, golden_sample), wrong[:limit])
    _confirm(table, unit, sample, expected, expected_flags)
    first = tuple(
        Mismatch(
            int(i) + 1,
            tuple(int(column[i]) for column in table.operands),
            int(table.results[i]),
            int(table.flags[i]),
            int(expected[i]),
            int(expected_flags[i]),
        )
        for i in wrong[:limit]
    )
    return Report(table.count, len(sample), len(wrong), first)


def _recompute(table: Table, unit: Unit) -> tuple[Codes, NDArray[np.uint8]]:
    """The expected results and flags of all lines, in chunks that bound memory."""
    parts = [
        unit.compute([column[start : start + CHUNK] for column in table.operands])
        for start in range(0, table.count, CHUNK)
    ]
    return np.concatenate([p[0] for p in parts]), np.concatenate([p[1] for p in parts])


def sample_lines(count: int, size: int | None) -> NDArray[np.int64]:
    """Distinct line indices, spread evenly over the file and over the operands' low bits.

    Multiples of a step near ``count`` / golden ratio, coprime to ``count``.

    >>> sample_lines(10, 4).tolist()
    [0, 7, 4, 1]
    """
    if size is None or size >= count:
        return np.arange(count)
    step = max(1, round(count * 0.6180339887498949))
    while math.gcd(step, count) != 1:
        step += 1
    return np.arange(size) * step % count


def _confirm(
    table: Table, unit: Unit, sample: Codes, expected: Codes, expected_flags: Codes
) -> None:
    """Let the golden model recompute a sample, and compare it with the native results."""
    if not len(sample):
        return
    with lf.backend("golden"):
        results, raised = unit.compute([column[sample] for column in table.operands])
    differs = (results != expected[sample]) | (raised != expected_flags[sample])
    if differs.any():
        line = int(sample[np.flatnonzero(differs)[0]]) + 1
        raise RuntimeError(
            f"native code and the golden model disagree on line {line}: please report this "
            "with the file and its manifest"
        )
