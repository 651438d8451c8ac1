"""Where results go: fresh arrays, or the user's ``out=`` and ``flags_out=``.

A backend writes into one-dimensional contiguous memory that overlaps no operand, except an operand
that it replaces element by element. Everything else goes through a buffer that is copied at
the end, so that any strides and any overlap give the same bits.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Codes = NDArray[Any]


class Target(NamedTuple):
    """The array that results are for, and the flat buffer that a backend fills: a view or its own."""

    flat: Codes
    final: Codes

    def finish(self) -> Codes:
        """Copy the buffer to where it belongs, if it is not there already."""
        if self.flat.base is None:
            self.final[...] = self.flat.reshape(self.final.shape)
        return self.final


def fresh(shape: tuple[int, ...], dtype: np.dtype[Any]) -> Target:
    """New memory."""
    final = np.empty(shape, dtype)
    return Target(final.reshape(-1), final)


def given(
    out: Any,
    shape: tuple[int, ...],
    dtype: np.dtype[Any],
    inputs: Sequence[Codes],
    name: str,
    elementwise: bool = True,
) -> Target:
    """The user's array, checked; ``elementwise``: an input may be replaced as it is read.

    Raises
    ------
    TypeError
        If it is no array of the right dtype.
    ValueError
        If it has another shape or is read-only.
    """
    if not isinstance(out, np.ndarray):
        raise TypeError(f"{name} must be a NumPy array of {dtype}, not {type(out).__name__}")
    if out.dtype.newbyteorder("=") != dtype:
        raise TypeError(f"{name} has dtype {out.dtype}: this result needs {dtype}")
    if out.shape != shape:
        raise ValueError(f"{name} has shape {out.shape}: the result has shape {shape}")
    if not out.flags.writeable:
        raise ValueError(f"{name} is read-only: give a writable array")
    direct = out.flags.c_contiguous and out.flags.aligned and out.dtype.isnative
    apart = _harmless if elementwise else _separate
    if direct and all(apart(out, array) for array in inputs):
        return Target(out.reshape(-1), out)
    return Target(np.empty(out.size, dtype), out)


def _separate(out: Codes, array: Codes) -> bool:
    """Whether no byte is shared."""
    return not np.may_share_memory(out, array)


def _harmless(out: Codes, array: Codes) -> bool:
    """Whether writing ``out`` element by element leaves the unread part of ``array`` alone."""
    if not np.may_share_memory(out, array):
        return True
    same_start = out.ctypes.data == array.ctypes.data
    return same_start and out.itemsize == array.itemsize and out.size == array.size
