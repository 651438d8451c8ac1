"""Two-dimensional convolution as sums of products."""

from __future__ import annotations

import math
from typing import Any, Unpack

import numpy as np
from numpy.typing import NDArray

from lowfloat.accumulators.orders import positive
from lowfloat.arrays import Array
from lowfloat.engine.sources import Coded
from lowfloat.reductions.operands import both_operands, sums
from lowfloat.reductions.options import Keywords, options_of, shows_keywords
from lowfloat.windows import Window


@shows_keywords
def conv2d(
    x: Any,
    w: Any,
    *,
    stride: int | tuple[int, int] = 1,
    padding: int | tuple[int, int] = 0,
    dilation: int | tuple[int, int] = 1,
    groups: int = 1,
    **keywords: Unpack[Keywords],
) -> Array:
    """The sums of products of an image's windows and filters, as layers of networks compute them.

    Parameters
    ----------
    x : Array or array_like, shape (images, channels, height, width)
    w : Array or array_like, shape (filters, channels / groups, rows, columns)
        The terms of a sum are x * w in the order of a filter's elements: channel, row, column.
    stride, padding, dilation : int or pair of int
        Steps of the window, zeros around the image, and distance of the window's elements.
    groups : int
        The channels and the filters are divided in so many parts that meet only each other.
    accumulator, c, format, rounding, saturation, policy, rng, random_bits
        As for ``lf.matmul``; c broadcasts to the result: a bias is of shape (filters, 1, 1).
    formats, checked, out, flags_out, progress
        As for ``lf.matmul``.

    Returns
    -------
    Array
        Of shape (images, filters, rows, columns).

    Raises
    ------
    FormatMismatch, ValueError
        As ``lf.matmul``; also if the shapes do not match.

    Examples
    --------
    >>> import lowfloat as lf
    >>> x = lf.array([[[[1, 2, 3], [4, 5, 6]]]], "float8_e5m2")
    >>> w = lf.array([[[[1, 1], [1, 1]]]], "float8_e5m2")
    >>> lf.conv2d(x, w).shape, lf.conv2d(x, w).item(0)
    ((1, 1, 1, 2), 12.0)

    Source: semantics.md rules G-1 to G-17.
    """
    options = options_of("conv2d", keywords)
    a, b = both_operands(x, w, options)
    _check_shapes(a.codes.shape, b.codes.shape, groups)
    window = Window(
        b.codes.shape[2:], _pairs(stride, "stride", 1), _pairs(padding, "padding", 0),
        _pairs(dilation, "dilation", 1),
    )  # fmt: skip
    columns = WindowColumns(a, window, groups)
    images, filters, k = a.codes.shape[0], b.codes.shape[0], columns.shape[-2]
    inner = (images, groups, filters // groups, columns.shape[-1])
    result = (images, filters, *columns.places)
    left = Coded(b.codes.reshape(groups, filters // groups, k), b.format)
    right = Coded(columns, a.format)  # type: ignore[arg-type]
    return sums("conv2d", left, right, result, inner, options, swapped=True)


def _check_shapes(x: tuple[int, ...], w: tuple[int, ...], groups: Any) -> None:
    if len(x) != 4 or len(w) != 4:
        raise ValueError(
            f"conv2d takes images of shape (images, channels, height, width) and filters of shape "
            f"(filters, channels, rows, columns), not {x} and {w}"
        )
    positive(groups, "groups")
    if min(w[2:]) < 1:
        raise ValueError(f"conv2d: filters of shape {w} have no elements")
    if x[1] % groups or w[0] % groups or w[1] * groups != x[1]:
        raise ValueError(
            f"conv2d: {x[1]} channels and {w[0]} filters of {w[1]} channels do not make "
            f"{groups} groups"
        )


def _pairs(value: Any, what: str, least: int) -> tuple[int, int]:
    pair = value if isinstance(value, tuple | list) else (value, value)
    if len(pair) != 2 or not all(
        isinstance(v, int | np.integer) and not isinstance(v, bool) and v >= least for v in pair
    ):
        raise ValueError(f"{what} is one whole number or two, at least {least}, not {value!r}")
    return int(pair[0]), int(pair[1])


class WindowColumns:
    """The windows of images as columns of matrices, made for one image when it is asked for.

    Of shape (images, groups, terms, places).
    """

    def __init__(self, x: Coded, window: Window, groups: int) -> None:
        self.base_codes, fmt = x.codes, x.format
        if any(window.padding) and not fmt.zero:
            raise ValueError(f"there is no zero in {fmt} to pad images with")
        self.window = window
        images, channels, *sizes = x.codes.shape
        self.places = window.positions(tuple(sizes))
        terms = channels // groups * math.prod(window.kernel)
        self.shape = (images, groups, terms, math.prod(self.places))
        self.ndim, self.dtype = 4, x.codes.dtype
        self._latest: tuple[int, NDArray[Any]] | None = None

    def __getitem__(self, outer: tuple[int]) -> NDArray[Any]:
        """The columns of one image: (groups, terms, places)."""
        if self._latest is None or self._latest[0] != outer[0]:
            view = self.window.over(self.base_codes[outer[0], None])[0]
            self._latest = outer[0], view.transpose(0, 3, 4, 1, 2).reshape(self.shape[1:])
        return self._latest[1]
