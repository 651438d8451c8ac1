"""Exact comparison across formats: no operand is ever rounded."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lowfloat import engine
from lowfloat.engine.sources import Coded, Integers, Numbers, source
from lowfloat.format_names import format as find_format
from lowfloat.projection import Projection

COMPARISONS: dict[str, Callable[[Any, Any], Any]] = {
    "equal": operator.eq,
    "not_equal": operator.ne,
    "less": operator.lt,
    "less_equal": operator.le,
    "greater": operator.gt,
    "greater_equal": operator.ge,
}


def compare(name: str, x: Any, y: Any) -> Any:
    """Compare values of any formats and Python numbers, element by element.

    NaN is unequal to everything and unordered.

    Raises
    ------
    ValueError
        If the shapes do not broadcast.
    """
    try:
        sides = source(x), source(y)
    except TypeError:
        return NotImplemented
    columns: list[Any] = [_binary64(side) for side in sides]
    if any(column is None for column in columns):
        columns = [_exact_objects(side) for side in sides]
    with np.errstate(invalid="ignore"):
        result = COMPARISONS[name](*columns)
    return np.asarray(result, dtype=bool) if np.ndim(result) else bool(result)


def _binary64(side: Coded | Integers | Numbers) -> NDArray[np.float64] | None:
    """The values as binary64 where that is exact, else None."""
    if isinstance(side, Coded):
        float64 = find_format("float64")
        if not side.format.fits_in(float64):
            return None
        codes = engine.convert(_Codes(side), float64, Projection())
        return np.asarray(codes).reshape(-1).view(np.float64).reshape(codes.shape)
    if isinstance(side, Integers):
        exact = side.values.astype(np.float64)
        small = side.values.size == 0 or int(np.abs(exact).max()) <= 1 << 53
        return exact if small else None
    return None


def _exact_objects(side: Coded | Integers | Numbers) -> NDArray[np.object_]:
    """The values as Python numbers that compare exactly."""
    from lowfloat import golden

    if not isinstance(side, Coded):
        plain = [float(v) if isinstance(v, golden.Value) else v for v in side.values.flat]
        objects = np.empty(side.values.shape, dtype=object)
        objects.flat[:] = plain
        return objects

    out = np.empty(side.codes.shape, dtype=object)
    for i, code in enumerate(side.codes.flat):
        value = golden.decode(int(code), side.format)
        out.flat[i] = value.signed if value.kind == "finite" else float(value)
    return out


class _Codes:
    """Codes and a format in the shape that the engine reads."""

    __slots__ = ("_lowfloat_codes", "format")

    def __init__(self, side: Coded) -> None:
        self._lowfloat_codes, self.format = side
