"""What a unit under test computes, and the cases that exercise it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

import lowfloat as lf
from lowfloat.optable import OPERATIONS

Codes = NDArray[Any]

#: Operations that vectors are written for: every operand and the result are codes of a format.
VECTOR_OPERATIONS = ("add", "subtract", "multiply", "fma")
#: The widest operands whose cases are listed exhaustively: 2^16 pairs, 2^24 triples.
MAX_EXHAUSTIVE_WIDTH = 8
#: Cases that are computed and written at a time; a bound on memory, not on the count.
CHUNK = 1 << 20


@dataclass(frozen=True)
class Unit:
    """A hardware unit as data: its operation, the formats at its ports, and its projection.

    Raises
    ------
    ValueError
        If the operation is unknown, the formats do not match its arity, or the rounding is
        stochastic.

    Examples
    --------
    >>> import lowfloat as lf
    >>> unit = lf.vectors.Unit.uniform("multiply", "float8_e4m3fn")
    >>> unit.exhaustive_count
    65536
    """

    operation: str
    #: One per operand.
    operand_formats: tuple[lf.Format, ...]
    result_format: lf.Format
    projection: lf.Projection = field(default_factory=lf.Projection)

    def __post_init__(self) -> None:
        if self.operation not in VECTOR_OPERATIONS:
            raise ValueError(
                f"no vectors are written for {self.operation!r}: there are "
                f"{', '.join(VECTOR_OPERATIONS)}"
            )
        arity = OPERATIONS[self.operation].arity
        if len(self.operand_formats) != arity:
            raise ValueError(
                f"{self.operation} has {arity} operands, not {len(self.operand_formats)}: "
                "give one format for each"
            )
        if self.projection.stochastic is not None:
            raise ValueError(
                "vectors of stochastic rounding need the random bits as a column, which this "
                "grammar lacks: choose a deterministic rounding"
            )

    @classmethod
    def uniform(
        cls,
        operation: str,
        format: Any,
        result_format: Any = None,
        projection: lf.Projection | None = None,
    ) -> Unit:
        """A unit whose operands share one format, which the result has too if none is given."""
        fmt = lf.format(format)
        arity = OPERATIONS[operation].arity if operation in VECTOR_OPERATIONS else 0
        result = fmt if result_format is None else lf.format(result_format)
        return cls(operation, (fmt,) * arity, result, projection or lf.Projection())

    @property
    def exhaustive_count(self) -> int:
        """How many combinations of operand codes there are."""
        return 1 << sum(fmt.width for fmt in self.operand_formats)

    def compute(self, operands: Sequence[Codes]) -> tuple[Codes, NDArray[np.uint8]]:
        """The expected result codes and flags of columns of operand codes."""
        pairs = zip(operands, self.operand_formats, strict=True)
        arrays = [lf.from_codes(codes, fmt) for codes, fmt in pairs]
        raised = np.zeros(arrays[0].shape, np.uint8)
        result = getattr(lf, self.operation)(
            *arrays,
            format=self.result_format,
            rounding=self.projection.rounding,
            saturation=self.projection.saturation,
            policy=self.projection.policy,
            flags_out=raised,
        )
        return result.codes, raised


def exhaustive(unit: Unit, chunk: int = CHUNK) -> Iterator[tuple[Codes, ...]]:
    """Every combination of operand codes, in chunks of columns; the last operand runs fastest.

    Raises
    ------
    ValueError
        If an operand is wider than 8 bits.

    Examples
    --------
    >>> import lowfloat as lf
    >>> unit = lf.vectors.Unit.uniform("add", "float4_e2m1fn")
    >>> [column[:3].tolist() for column in next(exhaustive(unit))]
    [[0, 0, 0], [0, 1, 2]]
    """
    for fmt in unit.operand_formats:
        if fmt.width > MAX_EXHAUSTIVE_WIDTH:
            raise ValueError(
                f"{unit.operation} on {fmt} has 2^{sum(f.width for f in unit.operand_formats)} "
                f"cases: exhaustive vectors are for operands of up to {MAX_EXHAUSTIVE_WIDTH} bits"
            )
    return _counted(unit, chunk)


def _counted(unit: Unit, chunk: int) -> Iterator[tuple[Codes, ...]]:
    """Operands are the fields of a counter, the first one on top."""
    widths = [fmt.width for fmt in unit.operand_formats]
    for start in range(0, unit.exhaustive_count, chunk):
        counter = np.arange(start, min(start + chunk, unit.exhaustive_count), dtype=np.uint32)
        columns, shift = [], sum(widths)
        for width in widths:
            shift -= width
            columns.append((counter >> shift & ((1 << width) - 1)).astype(np.uint8))
        yield tuple(columns)
