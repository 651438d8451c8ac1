"""Which results count as right for units that are not correctly rounded."""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

import lowfloat as lf
from lowfloat.vectors.positions import is_nan, ranks, rounded, rounds
from lowfloat.vectors.table import Table
from lowfloat.vectors.units import Codes, Unit


class Acceptance:
    """A tolerance for results that differ from the expected ones.

    Parameters
    ----------
    unit : Unit
    rule : str, optional
        ``faithful`` or ``ulp=N``.
    any_nan : bool
        Whether every NaN is as good as another.

    Raises
    ------
    ValueError
        If the rule is neither, or the results are no numbers of a format.
    """

    def __init__(self, unit: Unit, rule: str | None, any_nan: bool = False) -> None:
        self._unit, self._any_nan = unit, any_nan
        self._places: int | None = None
        self._faithful = rule == "faithful"
        if rule is not None and not self._faithful:
            found = re.fullmatch(r"ulp=(\d+)", rule)
            if found is None:
                raise ValueError(f"no tolerance {rule!r}: accept is faithful or ulp=N")
            self._places = int(found[1])
        if rule is not None and not rounds(unit):
            raise ValueError(
                f"the results of {unit.operation} are no numbers that are rounded once: compare them exactly"
            )
        if any_nan and not isinstance(unit.result_format, lf.Format):
            raise ValueError(f"the results of {unit.operation} have no NaN: leave out any_nan")

    def accepts(self, table: Table, expected: Codes) -> NDArray[np.bool_]:
        """Which results are within the tolerance of the expected ones."""
        good = np.zeros(table.count, bool)
        fmt = self._unit.result_format
        if not isinstance(fmt, lf.Format):
            return good
        got_nan, nan = is_nan(fmt, table.results), is_nan(fmt, expected)
        if self._any_nan:
            good |= got_nan & nan
        numbers = ~got_nan & ~nan
        if self._faithful:
            for rounding in ("toward_zero", "away_from_zero"):
                good |= numbers & (table.results == rounded(self._unit, table.operands, rounding))
        if self._places is not None:
            distance = np.abs(ranks(fmt, table.results) - ranks(fmt, expected))
            inexact = rounded(self._unit, table.operands, "toward_zero") != rounded(
                self._unit, table.operands, "away_from_zero"
            )
            good |= numbers & inexact & (distance <= self._places)
        return good
