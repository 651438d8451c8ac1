"""Sums of elements."""

from __future__ import annotations

from typing import Any, Unpack

import numpy as np

from lowfloat.arrays import Array
from lowfloat.engine.sources import Coded
from lowfloat.reductions.operands import ONE, one_axis, operand, sums
from lowfloat.reductions.options import Keywords, options_of, shows_keywords


@shows_keywords
def sum(
    x: Any,
    *,
    axis: Any = None,
    keepdims: bool = False,
    **keywords: Unpack[Keywords],
) -> Array:
    """The sum of the elements, of all or along axes, in a stated accumulator.

    Parameters
    ----------
    x : Array or array_like
    axis : int or tuple of int, optional
        The axes that are summed, in C order of the elements; all by default.
    keepdims : bool
        Whether they stay, with length 1.
    accumulator, c, format, rounding, saturation, policy, rng, random_bits
        As for ``lf.matmul``.
    formats : Format or name, optional
        The format whose grid a float operand is on.
    checked, out, flags_out, progress
        As for ``lf.matmul``.

    Returns
    -------
    Array

    Raises
    ------
    FormatMismatch, ValueError
        As ``lf.matmul``.

    Examples
    --------
    >>> import lowfloat as lf
    >>> ones = lf.array([1.0] * 1000, "bfloat16")
    >>> lf.sum(ones), lf.sum(ones, accumulator=lf.Accumulator("bfloat16"))
    (lowfloat.array(1000.0, 'bfloat16'), lowfloat.array(256.0, 'bfloat16'))

    Source: semantics.md rules G-1 to G-17.
    """
    options = options_of("sum", keywords)
    a = operand(x, options.formats, options.checked, options.accumulator)
    ndim = a.codes.ndim
    given = range(ndim) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    axes = sorted({one_axis(i, a.codes.shape) for i in given})
    kept = [i for i in range(ndim) if i not in axes]
    moved = np.transpose(a.codes, (*kept, *axes))
    outer = moved.shape[: len(kept)]
    count = int(np.prod(moved.shape[len(kept) :], dtype=np.int64))
    left = Coded(moved.reshape((*outer, 1, count)), a.format)
    right = Coded(np.broadcast_to(ONE.codes, (count, 1)), ONE.format)
    shape = outer
    if keepdims:
        shape = tuple(1 if i in axes else n for i, n in enumerate(a.codes.shape))
    return sums("sum", left, right, shape, (*outer, 1, 1), options, formats=(a,))
