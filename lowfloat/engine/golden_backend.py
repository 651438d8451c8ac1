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


def fill(results: Iterable[tuple[int, int]], out: Codes, flags_out: Codes | None) -> int:
    """Put results and their flags where they belong; the union of the flags."""
    union = 0
    for index, (result, flags) in enumerate(results):
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
) -> int:
    """Fill ``out`` with an operation's codes; the union of the flags."""
    function = getattr(golden, operation)
    results = (
        function(
            *codes,
            formats=tuple(formats),
            format=fmt,
            projection=projection,
            random_bits=bits_of(projection, random, index),
        )
        for index, codes in enumerate(rows(operands, out))
    )
    return fill(results, out, flags_out)


def rows(operands: Sequence[Codes], out: Codes) -> Iterable[tuple[int, ...]]:
    """The operands' codes, element by element, as Python ints."""
    return zip(*(np.broadcast_to(codes, out.shape).tolist() for codes in operands), strict=True)


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
