"""How an array shows itself: shortest round-tripping decimals, summarised like NumPy's."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from lowfloat import golden
from lowfloat.decimals import exact, shortest
from lowfloat.formats import Format

if TYPE_CHECKING:
    from lowfloat.arrays import Array


def _printed(x: Array, prefix: str, separator: str) -> str:
    """The elements, laid out by NumPy's printer; only those shown are turned into decimals."""
    fmt: Format = x.format
    if x.ndim == 0:
        return shortest(fmt, int(x.codes))
    return np.array2string(
        x.codes,
        prefix=prefix,
        separator=separator,
        formatter={"int": lambda code: shortest(fmt, int(code))},
    )


NOTATIONS: dict[str, Callable[[Format, int], str]] = {
    "shortest": shortest,
    "exact": exact,
    "hexadecimal": lambda fmt, code: golden.to_hexadecimal(code, format=fmt),
}


def each_code(x: Array, function: Callable[[Format, int], Any]) -> NDArray[np.object_]:
    """What a function makes of the format and each code; once for each different code."""
    different, inverse = np.unique(x.codes.reshape(-1), return_inverse=True)
    made = np.empty(different.size, dtype=object)
    made[:] = [function(x.format, int(code)) for code in different]
    return made[inverse].reshape(x.shape)


def strings(x: Array, notation: str) -> NDArray[np.str_]:
    """The elements as text in one of the notations."""
    if notation not in NOTATIONS:
        raise ValueError(f"no notation {notation!r}: there are {', '.join(NOTATIONS)}")
    return each_code(x, NOTATIONS[notation]).astype(np.str_)


def array_repr(x: Array) -> str:
    """The evaluable repr."""
    from lowfloat.format_text import constructor

    name = x.format.name
    fmt = constructor(x.format) if name.startswith("custom_") else repr(name)
    empty = f".reshape({x.shape})" if x.size == 0 and x.shape != (0,) else ""
    values = "[]" if x.size == 0 else _printed(x, "lowfloat.array(", ", ")
    return f"lowfloat.array({values}, {fmt}){empty}"


def array_str(x: Array) -> str:
    """The values alone."""
    return "[]" if x.size == 0 else _printed(x, "", " ")


def array_html(x: Array) -> str:
    """A preview for notebooks."""
    shape = " x ".join(map(str, x.shape)) or "scalar"
    return f"<b>{escape(x.format.name)}</b> [{shape}]<pre>{escape(array_str(x))}</pre>"
