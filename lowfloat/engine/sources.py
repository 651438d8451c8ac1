"""What users give: arrays, Arrays, numbers and sequences become codes of a format, exactly.

Floating arrays are viewed as codes of float16, float32 or float64; nothing is rounded here.
"""

from __future__ import annotations

import numbers
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from decimal import Decimal
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lowfloat.format_names import format as find_format
from lowfloat.formats import Format
from lowfloat.golden.strings import parse
from lowfloat.golden.values import Value

Codes = NDArray[Any]


class Coded(NamedTuple):
    """Codes of a format, as the user's array laid them out."""

    codes: Codes
    format: Format


class Integers(NamedTuple):
    """An array of machine integers."""

    values: Codes


class Numbers(NamedTuple):
    """Exact numbers that no machine type holds: ints, Fractions, floats and NaNs, as objects."""

    values: NDArray[np.object_]


Source = Coded | Integers | Numbers

FLOATS: dict[np.dtype[Any], Format] = {
    np.dtype(t): find_format(n)
    for t, n in ((np.float16, "float16"), (np.float32, "float32"), (np.float64, "float64"))
}


def code_dtype(fmt: Format) -> np.dtype[Any]:
    """The unsigned dtype that carries a format's codes."""
    return _CODE_DTYPES[fmt.storage_bits]


_CODE_DTYPES = {bits: np.dtype(f"uint{bits}") for bits in (8, 16, 32, 64)}


def source(x: Any) -> Source:
    """What ``x`` stands for, without rounding.

    Raises
    ------
    TypeError
        If ``x`` holds no real numbers.
    """
    if type(x) is np.ndarray:
        return _from_ndarray(x)
    coded = getattr(x, "_lowfloat_codes", None)
    if coded is not None:
        return Coded(coded, x.format)
    if isinstance(x, np.ndarray | np.generic):
        if hasattr(x, "filled"):
            raise TypeError("a masked array: give x.filled(value), or x.data to ignore the mask")
        return _from_ndarray(np.asarray(x))
    if isinstance(x, str | numbers.Number | Decimal | list | tuple):
        return _from_python(x)
    if hasattr(x, "__array__"):
        return _from_ndarray(np.asarray(x))
    if hasattr(x, "__iter__") and not isinstance(x, bytes | bytearray | Mapping | AbstractSet):
        return _from_python(list(x))
    raise TypeError(f"a {type(x).__name__} holds no numbers: give an array, numbers or an lf.Array")


def _from_ndarray(x: Codes) -> Source:
    dtype = x.dtype
    fmt = FLOATS.get(dtype)
    if fmt is not None:
        return Coded(x.view(code_dtype(fmt)) if x.ndim else _view_scalar(x, fmt), fmt)
    kind = dtype.kind
    if kind in "fiu" and not dtype.isnative:
        return _from_ndarray(x.astype(dtype.newbyteorder("=")))
    if kind in "iu":
        return Integers(x)
    if kind == "b":
        return Integers(x.view(np.uint8))
    if kind == "f":
        return _from_longdouble(x)
    if kind == "O":
        return _from_python(x)
    if kind in "UT":
        return _from_python(x.astype(object))
    if kind == "c":
        raise TypeError("complex numbers have no format: cast the real and imaginary parts")
    if dtype.name.startswith(("float", "bfloat")):
        fmt = find_format(dtype)
        return Coded(x.view(code_dtype(fmt)), fmt)
    raise TypeError(f"an array of dtype {dtype} holds no real numbers")


def integer_array(x: Any, what: str) -> Codes:
    """``x`` as an array of integers; Python ints beyond 64 bits stay objects.

    NumPy would make floats of a list that holds ints on both sides of 2^63.

    Raises
    ------
    TypeError
        If ``x`` holds anything but integers.
    """
    array = np.asarray(x)
    if array.dtype.kind in "iu" or array.size == 0:
        return array
    exact = array if isinstance(x, np.ndarray) else np.asarray(x, dtype=object)
    if exact.dtype == object and all(
        isinstance(item, int | np.integer) and item is not True and item is not False
        for item in exact.flat
    ):
        fits = min(exact.flat) >= 0 and max(exact.flat) < 1 << 64
        return exact.astype(np.uint64) if fits else exact
    raise TypeError(f"{what} are unsigned integers, not {array.dtype}")


def _view_scalar(x: Codes, fmt: Format) -> Codes:
    return x.reshape(1).view(code_dtype(fmt)).reshape(())


def _from_longdouble(x: Codes) -> Source:
    narrow = x.astype(np.float64)
    if not np.array_equal(narrow.astype(x.dtype), x, equal_nan=True):
        raise TypeError(
            f"{x.dtype} values that float64 does not hold would be rounded twice: "
            "give float64, or Fractions"
        )
    return _from_ndarray(narrow)


def _from_python(x: Any) -> Source:
    """Numbers in Python containers, converted element by element before NumPy can round them."""
    if isinstance(x, float):
        return _from_ndarray(np.array(x))
    try:
        objects = np.array(x, dtype=object)
    except ValueError:
        raise TypeError("the nested sequences have different lengths: make them equal") from None
    exact = np.empty(objects.shape, dtype=object)
    for index, item in enumerate(objects.flat):
        exact.flat[index] = _exact(item)
    kinds = {type(item) for item in exact.flat}
    if kinds <= {float}:
        return _from_ndarray(exact.astype(np.float64))
    if kinds == {int}:
        low, high = min(exact.flat), max(exact.flat)
        if low >= -(1 << 63) and high < 1 << 63:
            return Integers(exact.astype(np.int64))
        if low >= 0 and high < 1 << 64:
            return Integers(exact.astype(np.uint64))
    if kinds == {int, float} and all(
        abs(item) <= 1 << 53 for item in exact.flat if isinstance(item, int)
    ):
        return _from_ndarray(exact.astype(np.float64))
    return Numbers(exact)


def _exact(item: Any) -> int | float | Fraction | Value:
    """One element as an exact number. Rules C-1 and T-1."""
    if isinstance(item, bool | np.bool_):
        return int(item)
    if isinstance(item, float | int | Fraction):
        return float(item) if isinstance(item, float) else item
    if isinstance(item, np.integer):
        return int(item)
    if isinstance(item, np.floating):
        if not np.isfinite(item) or item == 0:
            return float(item)
        return Fraction(*item.as_integer_ratio())
    if isinstance(item, str):
        return _from_text(item)
    if isinstance(item, Decimal):
        return _from_decimal(item)
    if isinstance(item, numbers.Rational):
        return Fraction(item)
    if isinstance(item, numbers.Complex):
        raise TypeError("complex numbers have no format: cast the real and imaginary parts")
    if hasattr(item, "_lowfloat_codes"):
        raise TypeError("a sequence of lf.Arrays: join their codes with lf.from_codes")
    if type(item).__module__.startswith("ml_dtypes"):
        return float(item)
    if isinstance(item, list | tuple):
        raise TypeError("the nested sequences have different lengths: make them equal")
    raise TypeError(f"{item!r} is no real number")


def _from_text(text: str) -> float | Fraction | Value:
    """The exact value of a string; only a NaN that carries something stays a Value. Rule T-1."""
    try:
        value = parse(text)
    except ValueError as error:
        raise TypeError(str(error)) from None
    if value.kind == "finite" and value.magnitude:
        return value.signed
    if value.is_nan and (value.sign or value.signaling):
        return value
    return float(value)


def _from_decimal(number: Decimal) -> float | Fraction | Value:
    """A Decimal by its digits; NaNs keep their sign and whether they signal, not their payload."""
    if number.is_nan():
        sign = "-" if number.is_signed() else ""
        return _from_text(f"{sign}{'snan' if number.is_snan() else 'nan'}")
    return _from_text(str(number))
