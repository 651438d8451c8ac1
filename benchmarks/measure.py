"""Ratios of alternating measurements: the one way in which the benchmarks measure."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

Call = Callable[[], object]


class Row(NamedTuple):
    """A subject, what it is measured against, and the ratio of their speeds that is wanted."""

    name: str
    subject: Call
    against: str
    limit: Call
    target: float | None = None


class Ratio(NamedTuple):
    """Speed of the subject over speed of the limit, over the rounds."""

    median: float
    low: float
    high: float
    seconds: float


def alternate(
    rows: Sequence[Row], rounds: int, clock: Callable[[], int] = time.process_time_ns
) -> list[Ratio]:
    """Measure every row ``rounds`` times, subject and limit in turn; one warm-up each."""
    for row in rows:
        row.subject()
        row.limit()
    times: list[list[tuple[int, int]]] = [[] for _ in rows]
    for _ in range(rounds):
        for taken, row in zip(times, rows, strict=True):
            start = clock()
            row.limit()
            middle = clock()
            row.subject()
            taken.append((middle - start, clock() - middle))
    return [_ratio(taken) for taken in times]


def _ratio(taken: list[tuple[int, int]]) -> Ratio:
    ratios = sorted(limit / max(subject, 1) for limit, subject in taken)
    tenth = len(ratios) // 10
    seconds = statistics.median(subject for _, subject in taken) / 1e9
    return Ratio(statistics.median(ratios), ratios[tenth], ratios[-1 - tenth], seconds)


def table(title: str, rows: Sequence[Row], ratios: Sequence[Ratio], n: int) -> None:
    """Print the rows of one run."""
    print(f"\n{title}")
    print(f"{'':44}{'against':>12}{'ratio':>8}{'10 %':>8}{'90 %':>8}{'target':>8}{'Gelem/s':>9}")
    for row, ratio in zip(rows, ratios, strict=True):
        target = "" if row.target is None else f"{row.target:.2f}"
        missed = row.target is not None and ratio.median < row.target
        print(
            f"{row.name:44}{row.against:>12}{ratio.median:8.2f}{ratio.low:8.2f}{ratio.high:8.2f}"
            f"{target:>8}{n / ratio.seconds / 1e9:9.3f}{'  missed' if missed else ''}",
            flush=True,
        )
