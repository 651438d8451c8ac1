"""Whether an accumulator can take terms of given formats, decided before any work."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from lowfloat.accumulators.kinds import TERM_BITS, FixedPoint, Grouped, Kind
from lowfloat.formats import Format


class Grid(NamedTuple):
    """All finite numbers are multiples of 2^``lowest``, and have ``bits`` significant bits."""

    lowest: int
    bits: int


def grid_of(fmt: Format) -> Grid:
    """The grid of a format's numbers.

    >>> from lowfloat.format_names import format
    >>> grid_of(format("float8_e4m3fn"))
    Grid(lowest=-9, bits=4)
    """
    return Grid(fmt.emin - fmt.mantissa_bits, fmt.precision)


def check_terms(accumulator: Kind, factors: Sequence[Format], start: Format | None) -> None:
    """Refuse terms that are too long, or that a fixed-point sum does not hold.

    Raises
    ------
    ValueError
        If the factors have more than 106 significant bits together (rule G-1), or are off the
        grid of a fixed-point accumulator (rule G-8).
    """
    grids = [grid_of(fmt) for fmt in factors]
    term = Grid(sum(g.lowest for g in grids), sum(g.bits for g in grids))
    if term.bits > TERM_BITS:
        names = " x ".join(str(fmt) for fmt in factors)
        raise ValueError(
            f"products of {names} have {term.bits} significant bits; at most {TERM_BITS} are "
            "kept exactly (rule G-1): cast an operand or a scale to a narrower format"
        )
    _check(accumulator, term, start)


def _check(accumulator: Kind, term: Grid, start: Format | None) -> Grid:
    if isinstance(accumulator, Grouped):
        inner = _check(accumulator.inner, term, None)
        return _check(accumulator.outer, inner, start)
    if isinstance(accumulator, FixedPoint):
        _check_grid(accumulator, term.lowest, "products")
        if start is not None:
            _check_grid(accumulator, grid_of(start).lowest, "starts")
        return Grid(accumulator.lsb, accumulator.bits)
    return term if accumulator.format is None else grid_of(accumulator.format)


def _check_grid(accumulator: FixedPoint, lowest: int, what: str) -> None:
    if lowest < accumulator.lsb:
        raise ValueError(
            f"{what} are multiples of 2^{lowest}, the fixed-point accumulator of 2^"
            f"{accumulator.lsb}: give FixedPoint({accumulator.bits}, lsb={lowest})"
        )
