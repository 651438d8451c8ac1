"""Tensors with a power-of-two scale beside their codes: value = scale * element."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lowfloat import engine, exception_flags, settings
from lowfloat.arrays import Array
from lowfloat.format_names import format as find_format
from lowfloat.format_text import extremes
from lowfloat.projection import Projection


class Scaled(NamedTuple):
    """Elements and the scales that multiply them; the scales broadcast against the elements."""

    elements: Array
    scale: NDArray[np.float64]

    def to_numpy(self) -> NDArray[np.float64]:
        """The values, scale times element, in binary64; exact barring over- and underflow."""
        values: NDArray[np.float64] = np.asarray(self.elements.to_numpy(), np.float64) * self.scale
        return values


def _binary64(x: Any) -> NDArray[np.float64]:
    """Values as binary64, where that rounds none of them; a second rounding follows."""
    with exception_flags.flags() as raised:
        codes = engine.convert(x, find_format("float64"), Projection())
    if raised.bits & (exception_flags.INEXACT | exception_flags.OVERFLOW):
        raise ValueError("scaling starts from binary64, which does not hold all of these values")
    return codes.reshape(-1).view(np.float64).reshape(codes.shape)


def amax_scale(
    x: Any, format: Any, *, axis: int | tuple[int, ...] | None = None
) -> NDArray[np.float64]:
    """The least power of two s for which no finite abs(x) / s is above the format's maximum.

    Parameters
    ----------
    x : array_like of real numbers
    format : Format, name or dtype
        The elements' format.
    axis : int or tuple of int, optional
        Axes that share a scale; all by default. Reduced axes keep length one.

    Returns
    -------
    ndarray of float64
        Powers of two; 1 where there is nothing finite and nonzero.

    Examples
    --------
    >>> import lowfloat as lf
    >>> lf.systems.scaling.amax_scale([0.001, 0.01], "float4_e2m1fn")
    array(0.00195312)

    Source: OCP MX 1.0, 6.3, with the exponent rounded up so that nothing overflows.
    """
    values = np.abs(_binary64(x))
    values = np.where(np.isfinite(values), values, 0.0)
    largest = values.max(axis=axis, keepdims=True, initial=0.0)
    limit = float(extremes(find_format(format)).max)
    # With amax = a 2^p and limit = b 2^q, a and b in [1/2, 1): amax <= limit 2^k iff
    # k >= p - q + (a > b). Exact: no quotient is formed.
    (a, p), (b, q) = np.frexp(largest), np.frexp(limit)
    # A scale is a binary64 too: not below its smallest number, nor above its largest power of two.
    power = np.clip(p - q + (a > b), -1074, 1023)
    scale = np.where(largest > 0, np.ldexp(1.0, np.asarray(power, np.int32)), 1.0)
    return np.asarray(scale if axis is not None else scale.reshape(()))


def quantize(
    x: Any,
    format: Any,
    *,
    axis: int | tuple[int, ...] | None = None,
    scale: Any = None,
    rounding: Any = None,
    saturation: str | None = None,
    policy: Any = None,
    rng: Any = None,
    random_bits: Any = None,
    flags_out: Any = None,
) -> Scaled:
    """Elements of a format and power-of-two scales that stand for ``x``.

    Parameters
    ----------
    x : array_like of real numbers
    format : Format, name or dtype
        The elements' format.
    axis : int or tuple of int, optional
        Axes that share a scale; all by default.
    scale : array_like, optional
        Powers of two to use instead of ``amax_scale(x, format, axis=axis)``.
    rounding, saturation, policy, rng, random_bits, flags_out
        As for ``lf.cast``.

    Raises
    ------
    ValueError
        If a given scale is no power of two.

    Examples
    --------
    >>> import lowfloat as lf
    >>> t = lf.systems.scaling.quantize([0.001, 0.01], "float4_e2m1fn")
    >>> t.elements, t.to_numpy()
    (lowfloat.array([0.5, 6.0], 'float4_e2m1fn'), array([0.00097656, 0.01171875]))
    """
    fmt = find_format(format)
    values = _binary64(x)
    scales = amax_scale(values, fmt, axis=axis) if scale is None else np.asarray(scale, np.float64)
    if np.any(np.frexp(scales)[0] != 0.5):
        raise ValueError("a scale must be a positive power of two")
    projection = settings.resolve(rounding, saturation, policy)
    codes = engine.convert(values / scales, fmt, projection, rng, random_bits, None, flags_out)
    return Scaled(Array(codes, fmt), scales)
