"""Convolutions as matrix products: which numbers meet in the forward, dgrad and wgrad GEMMs.

With n images, c channels in and d out, k kernel places and p positions, the three are (n p, c k) x
(c k, d), (n q, d k) x (d k, c) for the q positions of the input, and (d, n p) x (n p, c k). The
sums run over the columns in C order: channel, then kernel place.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from lowfloat.windows import Window

Array = NDArray[Any]


def columns(x: Array, window: Window) -> Array:
    """The inputs of each output position, as a matrix.

    Parameters
    ----------
    x : ndarray
        (n, channels, ...) with one axis for each of the window's.

    Returns
    -------
    ndarray
        (n * positions, channels * kernel places).

    Examples
    --------
    >>> import numpy as np
    >>> columns(np.arange(4.0).reshape(1, 1, 4), Window((3,), (1,), (0,), (1,)))
    array([[0., 1., 2.],
           [1., 2., 3.]])
    """
    axes = len(window.kernel)
    view = np.moveaxis(window.over(x), 1, 1 + axes)
    return np.ascontiguousarray(view).reshape(len(x) * int(np.prod(view.shape[1 : 1 + axes])), -1)


def dgrad_columns(e: Array, window: Window, sizes: tuple[int, ...]) -> Array:
    """The errors that meet in the gradient of each input position.

    Parameters
    ----------
    e : ndarray
        (n, channels out, ...), the gradient of the output.
    window : Window
        Of the forward convolution.
    sizes : tuple of int
        The input's sizes.

    Returns
    -------
    ndarray
        (n * input positions, channels out * kernel places); its product with ``dgrad_weights``
        is the input's gradient.
    """
    count, channels, *outputs = e.shape
    spread = [(size - 1) * s + 1 for size, s in zip(outputs, window.stride, strict=True)]
    reach = [d * (k - 1) for d, k in zip(window.dilation, window.kernel, strict=True)]
    before = [r - p for r, p in zip(reach, window.padding, strict=True)]
    wide = np.zeros((count, channels, *(s + r for s, r in zip(sizes, reach, strict=True))), e.dtype)
    # An error that padding beyond the kernel's reach would put outside meets no input.
    ours, theirs = [slice(None)] * 2, [slice(None)] * 2
    for start, stride, width, room in zip(
        before, window.stride, spread, wide.shape[2:], strict=True
    ):
        first = max(0, -(start // stride)) if start < 0 else 0
        last = min(width, room - start)
        theirs.append(slice(first, -(-last // stride)))
        ours.append(slice(start + first * stride, start + last, stride))
    wide[tuple(ours)] = e[tuple(theirs)]
    ones = (1,) * len(sizes)
    return columns(wide, Window(window.kernel, ones, (0,) * len(sizes), window.dilation))


def dgrad_weights(w: Array) -> Array:
    """Weights (channels out, channels in, ...) as the matrix (channels out * places, channels in)."""
    mirrored = w[(slice(None), slice(None), *[slice(None, None, -1)] * (w.ndim - 2))]
    return np.ascontiguousarray(np.moveaxis(mirrored, 1, -1)).reshape(-1, w.shape[1])


def as_images(matrix: Array, count: int, sizes: tuple[int, ...]) -> Array:
    """A product (n * positions, channels) as (n, channels, ...)."""
    return np.ascontiguousarray(np.moveaxis(matrix.reshape(count, *sizes, -1), -1, 1))


def as_rows(images: Array) -> Array:
    """Images (n, channels, ...) as the matrix (n * positions, channels)."""
    return np.ascontiguousarray(np.moveaxis(images, 1, -1)).reshape(-1, images.shape[1])
