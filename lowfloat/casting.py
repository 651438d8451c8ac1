"""Values into formats: ``cast``, ``array`` and ``quantize``."""

from __future__ import annotations

from typing import Any

import numpy as np

from lowfloat import engine, settings
from lowfloat.arrays import Array, FormatMismatch, wrap
from lowfloat.engine import quick
from lowfloat.engine.sources import FLOATS, Coded, code_dtype
from lowfloat.format_names import format as find_format
from lowfloat.formats import Format
from lowfloat.projection import Policy, Rounding


def deliver(codes: Any, fmt: Format, out: Any) -> Array:
    return out if isinstance(out, Array) else wrap(codes, fmt)


def codes_of(out: Any, fmt: Format) -> Any:
    """The code array of ``out=``, an Array of the result's format or a plain code array."""
    if not isinstance(out, Array):
        return out
    if out.format is not fmt:
        raise FormatMismatch(f"out is an array of {out.format}: this result is {fmt}")
    return out.codes


def cast(
    x: Any,
    format: Any,
    *,
    rounding: Rounding | None = None,
    saturation: str | None = None,
    policy: Policy | str | None = None,
    rng: Any = None,
    random_bits: Any = None,
    out: Any = None,
    flags_out: Any = None,
) -> Array:
    """The values of ``x`` in a format, each rounded once.

    Parameters
    ----------
    x : array_like or Array
        Floating arrays, integers, ml_dtypes arrays, lf.Arrays, and nested sequences of int,
        float, Fraction, Decimal and decimal strings, which are converted exactly.
    format : Format, name or dtype
        The result's format.
    rounding, saturation, policy
        Parts of the projection; the context's where not given.
    rng : Philox or LFSR, optional
        Source of random bits for stochastic rounding.
    random_bits : array_like of unsigned int, optional
        The random bits themselves, each below 2^N; broadcast to the result.
    out : Array or unsigned ndarray, optional
        Where the codes go; the result's shape.
    flags_out : ndarray of uint8, optional
        One byte of flags per element (rule F-1).

    Raises
    ------
    ValueError
        For unknown names, wrong shapes, random bits that are missing or out of range.
    TypeError
        For values that are no real numbers and dtypes that do not fit.

    Examples
    --------
    >>> import lowfloat as lf
    >>> lf.cast([0.3, 500.0], "float8_e4m3fn", saturation="finite").to_numpy()
    array([3.125e-01, 4.480e+02], dtype=float32)

    Source: semantics.md rules C-1, C-2 and section 2.
    """
    fmt = find_format(format)
    projection = settings.resolve(rounding, saturation, policy)
    target = codes_of(out, fmt)
    codes = None
    if random_bits is None and flags_out is None:
        codes = quick.convert(x, fmt, projection, target)
    if codes is None:
        codes = engine.convert(x, fmt, projection, rng, random_bits, target, flags_out)
    return deliver(codes, fmt, out)


def array(values: Any, format: Any = None, **projection: Any) -> Array:
    """An array of values in a format; the format may be left out where ``values`` has one.

    Parameters are those of ``lf.cast``.

    Raises
    ------
    TypeError
        If no format is given and the values have none.

    Examples
    --------
    >>> import lowfloat as lf
    >>> lf.array([1, "0.25"], "e3m4")
    lowfloat.array([1.0, 0.25], 'float8_e3m4')
    """
    if format is None:
        if isinstance(values, Array):
            return values.copy()
        fmt = FLOATS.get(getattr(values, "dtype", np.dtype(object)))
        if fmt is None:
            raise TypeError("which format? lf.array(values, 'float8_e4m3fn')")
        format = fmt
    return cast(values, format, **projection)


def quantize(
    x: Any,
    format: Any,
    *,
    rounding: Rounding | None = None,
    saturation: str | None = None,
    policy: Policy | str | None = None,
    rng: Any = None,
    random_bits: Any = None,
    out: Any = None,
    flags_out: Any = None,
) -> Any:
    """The values of ``x`` rounded to a format's grid, kept in ``x``'s own dtype.

    Parameters
    ----------
    x : ndarray of float16, float32 or float64, or Array
        The container must hold every value of the format.
    format : Format, name or dtype
        The grid.
    out : ndarray or Array, optional
        Where the values go; ``x`` itself works in place.
    rounding, saturation, policy, rng, random_bits, flags_out
        As for ``lf.cast``.

    Raises
    ------
    TypeError
        If ``x`` is no floating array.
    ValueError
        If the container cannot hold the grid; and as ``lf.cast``.

    Examples
    --------
    >>> import numpy as np, lowfloat as lf
    >>> lf.quantize(np.float32([0.3, 3.3]), "float8_e5m2")
    array([0.3125, 3.5   ], dtype=float32)

    Source: semantics.md rule C-2.
    """
    grid = find_format(format)
    projection = settings.resolve(rounding, saturation, policy)
    if random_bits is None and flags_out is None:
        values = quick.quantize(x, grid, projection, out)
        if values is not None:
            return values
    if isinstance(x, Array):
        given = Coded(x.codes, x.format)
    else:
        values = np.asarray(x)
        container = FLOATS.get(values.dtype.newbyteorder("="))
        if container is None:
            raise TypeError(
                f"quantize keeps its input's dtype and takes float16, float32 or float64, "
                f"not {values.dtype}: use lf.cast"
            )
        if not values.dtype.isnative:
            values = values.astype(values.dtype.newbyteorder("="))
        given = Coded(_as_codes(values, container), container)
    if not grid.fits_in(given.format):
        raise ValueError(f"{given.format} cannot hold every value of {grid}: use a wider container")
    target = out.codes if isinstance(out, Array) else _float_out(out, given.format)
    codes = engine.quantize(given, grid, projection, rng, random_bits, target, flags_out)
    if isinstance(x, Array):
        return deliver(codes, given.format, out)
    if out is not None:
        return out
    dtype = np.asarray(x).dtype.newbyteorder("=")
    return codes.reshape(-1).view(dtype).reshape(codes.shape)


def _as_codes(values: Any, fmt: Format) -> Any:
    return values.view(code_dtype(fmt))


def _float_out(out: Any, container: Format) -> Any:
    """A floating ``out`` seen as codes of the container."""
    if out is None:
        return None
    dtype = getattr(out, "dtype", None)
    if not isinstance(out, np.ndarray) or FLOATS.get(out.dtype) is not container:
        raise TypeError(f"out must be an array of {container}, not {dtype or type(out).__name__}")
    return _as_codes(out, container)
