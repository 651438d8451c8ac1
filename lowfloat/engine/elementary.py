"""Elementary functions: C decides nearly every element, the golden model the others. Rule E-1.

C computes in double with a bound on the error, and leaves open what the bound does not decide.
Formats of more than 32 bits, and roundings that need every bit of a result, go to golden wholly.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lowfloat import _native
from lowfloat.engine import function_tables, golden_backend
from lowfloat.formats import Format
from lowfloat.projection import Projection

Codes = NDArray[Any]

#: Results of more bits lie too near to a boundary, too often, for a double to tell.
DECIDED_WIDTH = 32


def apply(
    operation: str,
    operands: Sequence[Codes],
    formats: Sequence[Format],
    out: Codes,
    fmt: Format,
    projection: Projection,
    random: Any,
    flags_out: Codes | None,
    collect: bool,
) -> int:
    """Fill ``out`` with an elementary function's codes; the union of the flags."""
    arguments = (operation, operands, formats, out, fmt, projection, random, flags_out, collect)
    stochastic = projection.stochastic
    if fmt.width > DECIDED_WIDTH or (stochastic is not None and stochastic.bits is None):
        if stochastic is None and len(operands) == 1:
            return _each_once(operation, operands[0], *arguments[2:])
        return golden_backend.apply(*arguments)
    if stochastic is None:
        sources = tuple(formats)
        table = function_tables.find(operation, sources, fmt, projection, out.size, compute)
        if table is not None:
            return _native.look_up(table, operands, formats, out, fmt, flags_out, collect)
    return compute(*arguments)


def _each_once(
    operation: str,
    codes: Codes,
    formats: Sequence[Format],
    out: Codes,
    fmt: Format,
    projection: Projection,
    random: Any,
    flags_out: Codes | None,
    collect: bool,
) -> int:
    """As ``apply`` by the golden model, which sees every operand code once."""
    distinct, places = np.unique(codes, return_inverse=True)
    results, flags = np.empty(distinct.size, out.dtype), np.empty(distinct.size, np.uint8)
    raised = golden_backend.apply(
        operation, (distinct,), formats, results, fmt, projection, random, flags, collect
    )
    out[...] = results[places]
    if flags_out is not None:
        flags_out[...] = flags[places]
    return raised


def compute(
    operation: str,
    operands: Sequence[Codes],
    formats: Sequence[Format],
    out: Codes,
    fmt: Format,
    projection: Projection,
    random: Any,
    flags_out: Codes | None,
    collect: bool,
) -> int:
    """As ``apply``, without a table."""
    undecided = np.zeros(out.size, np.uint8)
    raised = _native.elementary(
        operation, operands, formats, out, fmt, projection, random, flags_out, collect, undecided
    )
    places = np.flatnonzero(undecided)
    if not places.size:
        return raised
    return raised | golden_backend.apply(
        operation, operands, formats, out, fmt, projection, random, flags_out, collect, places
    )
