"""Whether an accumulator can take terms of given formats, decided before any work."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import NamedTuple

from lowfloat.accumulators.grouped import Grouped, Scaling, scaled, scaled_groups
from lowfloat.accumulators.kinds import TERM_BITS, FixedPoint, Kind
from lowfloat.formats import Format


class Grid(NamedTuple):
    """All finite numbers are multiples of 2^``lowest``, and have ``bits`` significant bits."""

    lowest: int
    bits: int
    name: str = ""

    def times(self, other: Grid) -> Grid:
        """That of products.

        Raises
        ------
        ValueError
            If they have more bits than are kept (rule G-1).
        """
        name, bits = f"{self.name} x {other.name}", self.bits + other.bits
        if bits > TERM_BITS:
            raise ValueError(
                f"products of {name} have {bits} significant bits; at most {TERM_BITS} are kept "
                "exactly (rule G-1): cast an operand or a scale to a narrower format"
            )
        return Grid(self.lowest + other.lowest, bits, name)


def grid_of(fmt: Format) -> Grid:
    """The grid of a format's numbers.

    >>> from lowfloat.format_names import format
    >>> grid_of(format("float8_e4m3fn"))
    Grid(lowest=-9, bits=4, name='float8_e4m3fn')
    """
    return Grid(fmt.emin - fmt.mantissa_bits, fmt.precision, fmt.name)


def check_terms(
    accumulator: Kind,
    operands: Sequence[Format],
    start: Format | None,
    scales: Sequence[Format] = (),
) -> None:
    """Refuse terms that are too long, or that a fixed-point sum does not hold.

    Raises
    ------
    ValueError
        If factors have more than 106 significant bits together (rule G-1), or are off the
        grid of a fixed-point accumulator (rule G-8).
    """
    term = reduce(Grid.times, map(grid_of, operands))
    _check(accumulator, term, [grid_of(fmt) for fmt in scales], start)


def _check(accumulator: Kind, term: Grid, scales: list[Grid], start: Format | None) -> Grid:
    """The grid of the sum."""
    if isinstance(accumulator, Grouped):
        scaling = accumulator.scaling if scales else None
        inner = _check(accumulator.inner, term, [] if scaling else scales, None)
        after = (inner, []) if scaling is None else _scaled(scaling, inner, scales)
        return _check(accumulator.outer, *after, start)
    term = reduce(Grid.times, scales, term)
    if isinstance(accumulator, FixedPoint):
        _check_grid(accumulator, term.lowest, "products")
        if start is not None:
            _check_grid(accumulator, grid_of(start).lowest, "starts")
        return Grid(accumulator.lsb, accumulator.bits, "the groups' sums")
    return term if accumulator.format is None else grid_of(accumulator.format)


def _scaled(scaling: Scaling, sums: Grid, scales: list[Grid]) -> tuple[Grid, list[Grid]]:
    """Terms of the outer sum, and the factors that are still their scales. Rule G-19."""
    if scaling.format is None:
        return sums, scales
    rounded = grid_of(scaling.format)
    if scaling.first == "scales":
        reduce(Grid.times, scales)
        return sums, [rounded]
    sums.times(scales[0])
    return rounded, scales[1:]


def check_groups(accumulator: Kind, terms: int, blocks: Sequence[int]) -> None:
    """Refuse groups whose terms do not share their scales. Rule G-19.

    ``blocks`` has the number of terms that share a scale, for each operand that has scales.

    Raises
    ------
    ValueError
        If a block ends within a group.
    """
    groups = scaled(accumulator)
    blocks = [block for block in blocks if block < terms]
    if groups is None or not blocks:
        return
    for group in scaled_groups(accumulator, terms):
        for block in blocks:
            if group[0] // block != group[-1] // block:
                raise ValueError(
                    f"terms {group[0]} and {group[-1]} are in one group and have different scales, "
                    f"which are for blocks of {block} terms: scales that multiply sums must be "
                    "the same throughout a group (rule G-19)"
                )


def _check_grid(accumulator: FixedPoint, lowest: int, what: str) -> None:
    if lowest < accumulator.lsb:
        raise ValueError(
            f"{what} are multiples of 2^{lowest}, the fixed-point accumulator of 2^"
            f"{accumulator.lsb}: give FixedPoint({accumulator.bits}, lsb={lowest})"
        )
