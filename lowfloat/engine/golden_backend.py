"""The golden model behind the door: its scalar functions, element by element."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lowfloat import golden
from lowfloat.formats import Format
from lowfloat.golden.random_bits import element_bits
from lowfloat.projection import Projection
from lowfloat.randomness import PhiloxDraw

Codes = NDArray[Any]


def bits_of(projection: Projection, random: Any, index: int) -> int | None:
    """The random bits of one element, None where none are used."""
    if projection.stochastic is None:
        return None
    if isinstance(random, PhiloxDraw):
        return element_bits(random, index, projection.stochastic.drawn_bits)
    return int(random[index if random.size > 1 else 0])


def fill(
    results: Iterable[tuple[int, int]],
    out: Codes,
    flags_out: Codes | None,
    places: Iterable[int] | None = None,
) -> int:
    """Put results and their flags where they belong, one place after another; the flags' union."""
    union = 0
    chosen = range(out.size) if places is None else places
    for index, (result, flags) in zip(chosen, results, strict=True):
        out[index] = result
        union |= flags
        if flags_out is not None:
            flags_out[index] = flags
    return union


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
    places: Codes | None = None,
) -> int:
    """Fill ``out``, or those places of it, with an operation's codes; the union of the flags."""
    function = getattr(golden, operation)
    indices = range(out.size) if places is None else places.tolist()
    results = (
        function(
            *codes,
            formats=tuple(formats),
            format=fmt,
            projection=projection,
            random_bits=bits_of(projection, random, index),
        )
        for index, codes in zip(indices, rows(operands, out, places), strict=True)
    )
    return fill(results, out, flags_out, indices)


def rows(
    operands: Sequence[Codes], out: Codes, places: Codes | None = None
) -> Iterable[tuple[int, ...]]:
    """The operands' codes, element by element or at some places, as Python ints."""
    columns = [np.broadcast_to(codes, out.shape) for codes in operands]
    chosen = columns if places is None else [column[places] for column in columns]
    return zip(*(column.tolist() for column in chosen), strict=True)


def from_numbers(
    values: Codes,
    out: Codes,
    fmt: Format,
    projection: Projection,
    random: Any,
    flags_out: Codes | None,
    collect: bool,
) -> int:
    """Fill ``out`` with the codes of exact Python numbers or machine integers."""
    results = (
        golden.encode(
            value,
            format=fmt,
            projection=projection,
            random_bits=bits_of(projection, random, index),
        )
        for index, value in enumerate(values.tolist())
    )
    return fill(results, out, flags_out)
