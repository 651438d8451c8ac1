"""The windows of convolutions: which elements of an input meet a kernel, at which positions."""

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

    def over(self, x: Array) -> Array:
        """Inputs (n, channels, ...) as a view (n, channels, positions ..., kernel places ...).

        Padding is of zeros, or of code 0.

        >>> Window((2,), (2,), (1,), (1,)).over(np.arange(1, 5).reshape(1, 1, 4))
        array([[[[0, 1],
                 [2, 3],
                 [4, 0]]]])
        """
        positions = self.positions(x.shape[2:])
        if any(self.padding):
            x = np.pad(x, [(0, 0), (0, 0), *((p, p) for p in self.padding)])
        steps = x.strides[2:]
        strides = (
            *x.strides[:2],
            *(step * s for step, s in zip(steps, self.stride, strict=True)),
            *(step * d for step, d in zip(steps, self.dilation, strict=True)),
        )
        return as_strided(x, (*x.shape[:2], *positions, *self.kernel), strides, writeable=False)
