"""Convolutions as matrix products: which numbers meet in the forward, dgrad and wgrad GEMMs.

With n images, c channels in and d out, k kernel places and p positions, the three are (n p, c k) x
(c k, d), (n q, d k) x (d k, c) for the q positions of the input, and (d, n p) x (n p, c k). The
sums run over the columns in C order: channel, then kernel place.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.lib.stride_tricks import as_strided
from numpy.typing import NDArray

Array = NDArray[Any]


class Window(NamedTuple):
    """A convolution's kernel sizes, strides, zero padding on both sides, and dilation, per axis."""

    kernel: tuple[int, ...]
    stride: tuple[int, ...]
    padding: tuple[int, ...]
    dilation: tuple[int, ...]

    def positions(self, sizes: tuple[int, ...]) -> tuple[int, ...]:
        """The output's sizes for an input's.

        Raises
        ------
        ValueError
            If the kernel does not fit in the padded input.
        """
        found = tuple(
            (size + 2 * p - d * (k - 1) - 1) // s + 1
            for size, k, s, p, d in zip(sizes, *self, strict=True)
        )
        if min(found, default=1) < 1:
            raise ValueError(f"a kernel of {self.kernel} does not fit in an input of {sizes}")
        return found


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
    count, channels, *sizes = x.shape
    positions = window.positions(tuple(sizes))
    padded = np.pad(x, [(0, 0), (0, 0), *((p, p) for p in window.padding)])
    steps = padded.strides[2:]
    view = as_strided(
        padded,
        (count, *positions, channels, *window.kernel),
        (
            padded.strides[0],
            *(step * s for step, s in zip(steps, window.stride, strict=True)),
            padded.strides[1],
            *(step * d for step, d in zip(steps, window.dilation, strict=True)),
        ),
        writeable=False,
    )
    return np.ascontiguousarray(view).reshape(count * int(np.prod(positions)), -1)


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
