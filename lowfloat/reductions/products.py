"""Sums of products: matmul, dot and tensordot."""

from __future__ import annotations

from typing import Any, Unpack

import numpy as np
from numpy.typing import NDArray

from lowfloat.arrays import Array
from lowfloat.engine.sources import Coded
from lowfloat.reductions.operands import both_operands, one_axis, sums
from lowfloat.reductions.options import Keywords, options_of, shows_keywords


@shows_keywords
def matmul(
    x: Any,
    y: Any,
    *,
    scales: Any = None,
    **keywords: Unpack[Keywords],
) -> Array:
    """The matrix product, summed in a stated accumulator, plus ``c``.

    Parameters
    ----------
    x : Array or array_like, shape (..., m, k) or (k,)
    y : Array or array_like, shape (..., k, n) or (k,)
        As in ``np.matmul``: leading axes broadcast, an operand of one axis is a row or a column.
        Each Array keeps its own format. Float arrays are numbers of float16, float32 or float64,
        or of the grids that ``formats`` names; integer arrays are exact integers.
    accumulator : lf.Accumulator, one of lf.accumulators, or a preset, optional
        What decides the bits of the sums; exact sums by default.
    c : Array or array_like, optional
        Where the sums start; broadcasts to the result.
    format : Format, name or dtype, optional
        The result's format; the accumulator's by default, for exact sums the operands'.
    rounding, saturation, policy
        The projection of the finished sums into ``format``.
    rng, random_bits
        Random bits of all stochastic roundings; given ones have the result's shape and an axis
        of length S, their number (rule G-17).
    scales : pair of Array, optional
        Block scales ``(sx, sy)``, shapes (..., m, blocks) and (..., blocks, n): the blocks divide
        the k terms equally; either may be None. Fewer rows of sx, or columns of sy, are for tiles:
        (..., blocks, n / 128) has a scale for every 128 columns. Scales multiply terms, or sums of
        groups where the accumulator has a ``scaling`` (rule G-19).
    formats : pair of formats, optional
        The formats whose grids float operands are on.
    checked : bool
        Whether every element of such operands is looked at; otherwise it is rounded.
    out, flags_out
        As for ``lf.cast``.
    progress : callable, optional
        Called with the fraction done, from 0 to 1, about 20 times a second where that takes long,
        within one long sum too. What it raises ends the call, as Ctrl-C does.

    Returns
    -------
    Array
        Of shape (..., m, n), without the axes that the operands did not have.

    Raises
    ------
    FormatMismatch
        If there is no common format and none is given.
    ValueError
        If the shapes do not match, an operand is off its grid, or the accumulator cannot take
        such terms.

    Examples
    --------
    >>> import lowfloat as lf
    >>> x = lf.array([[1, 2], [3, 4]], "float8_e4m3fn")
    >>> lf.matmul(x, x, accumulator=lf.Accumulator("e6m9"), format="bfloat16")
    lowfloat.array([[7.0, 10.0],
                    [15.0, 22.0]], 'bfloat16')

    Source: semantics.md rules G-1 to G-17 and G-19.
    """
    options = options_of("matmul", keywords)
    a, b = both_operands(x, y, options)
    if not a.codes.ndim or not b.codes.ndim:
        raise ValueError("matmul of a scalar: multiply it with lf.multiply")
    row, column = a.codes.ndim == 1, b.codes.ndim == 1
    left = Coded(a.codes[None, :] if row else a.codes, a.format)
    right = Coded(b.codes[:, None] if column else b.codes, b.format)
    if left.codes.shape[-1] != right.codes.shape[-2]:
        raise ValueError(
            f"matmul: rows of {a.codes.shape} have {left.codes.shape[-1]} terms, columns of "
            f"{b.codes.shape} have {right.codes.shape[-2]}"
        )
    batch = _batch("matmul", left.codes, right.codes)
    m, n = left.codes.shape[-2], right.codes.shape[-1]
    shape = (*batch, *(() if row else (m,)), *(() if column else (n,)))
    return sums("matmul", left, right, shape, (*batch, m, n), options, scales)


def _batch(name: str, x: NDArray[Any], y: NDArray[Any]) -> tuple[int, ...]:
    try:
        return np.broadcast_shapes(x.shape[:-2], y.shape[:-2])
    except ValueError:
        raise ValueError(
            f"{name}: batches of shapes {x.shape[:-2]} and {y.shape[:-2]} do not broadcast"
        ) from None


@shows_keywords
def dot(
    x: Any,
    y: Any,
    *,
    axis: int = -1,
    **keywords: Unpack[Keywords],
) -> Array:
    """The sum of x * y along an axis, row by row, in a stated accumulator.

    Parameters
    ----------
    x, y : Array or array_like
        Operands, broadcast together; each Array keeps its own format.
    axis : int
        The axis that is summed.
    accumulator, c, format, rounding, saturation, policy, rng, random_bits
        As for ``lf.matmul``.
    formats, checked, out, flags_out, progress
        As for ``lf.matmul``.

    Returns
    -------
    Array
        Of the broadcast shape without ``axis``.

    Raises
    ------
    FormatMismatch, ValueError
        As ``lf.matmul``.

    Examples
    --------
    >>> import lowfloat as lf
    >>> x = lf.array([256, 1, 1], "bfloat16")
    >>> lf.dot(x, lf.array([1, 1, 1], "bfloat16"), accumulator=lf.Accumulator("bfloat16"))
    lowfloat.array(256.0, 'bfloat16')

    Source: semantics.md rules G-1 to G-17.
    """
    options = options_of("dot", keywords)
    a, b = both_operands(x, y, options)
    try:
        shape = np.broadcast_shapes(a.codes.shape, b.codes.shape)
    except ValueError:
        raise ValueError(
            f"dot: operands of shapes {a.codes.shape} and {b.codes.shape} do not broadcast"
        ) from None
    rows = [np.moveaxis(np.broadcast_to(z.codes, shape), one_axis(axis, shape), -1) for z in (a, b)]
    outer = rows[0].shape[:-1]
    left, right = Coded(rows[0][..., None, :], a.format), Coded(rows[1][..., None], b.format)
    return sums("dot", left, right, outer, (*outer, 1, 1), options)


@shows_keywords
def tensordot(
    x: Any,
    y: Any,
    axes: Any = 2,
    **keywords: Unpack[Keywords],
) -> Array:
    """Sums of products over several axes, as ``np.tensordot``.

    Parameters
    ----------
    x, y : Array or array_like
    axes : int or pair of sequences of int
        The last axes of ``x`` and the first of ``y``; or which, in the order in which terms are
        added, the last one fastest.
    accumulator, c, format, rounding, saturation, policy, rng, random_bits
        As for ``lf.matmul``.
    formats, checked, out, flags_out, progress
        As for ``lf.matmul``.

    Returns
    -------
    Array
        The other axes of ``x``, then those of ``y``.

    Raises
    ------
    FormatMismatch, ValueError
        As ``lf.matmul``; also if the axes do not match.

    Examples
    --------
    >>> import lowfloat as lf
    >>> x = lf.array([[1, 2], [3, 4]], "float8_e4m3fn")
    >>> lf.tensordot(x, x, 2)
    lowfloat.array(30.0, 'float8_e4m3fn')

    Source: semantics.md rules G-1 to G-17.
    """
    options = options_of("tensordot", keywords)
    a, b = both_operands(x, y, options)
    summed_a, summed_b = _summed_axes(axes, a.codes, b.codes)
    free_a = [i for i in range(a.codes.ndim) if i not in summed_a]
    free_b = [i for i in range(b.codes.ndim) if i not in summed_b]
    lengths = [a.codes.shape[i] for i in summed_a]
    if lengths != [b.codes.shape[i] for i in summed_b]:
        raise ValueError(
            f"tensordot: axes {summed_a} of {a.codes.shape} and {summed_b} of {b.codes.shape} "
            "have different lengths"
        )
    k = int(np.prod(lengths, dtype=np.int64))
    shape_a = tuple(a.codes.shape[i] for i in free_a)
    shape_b = tuple(b.codes.shape[i] for i in free_b)
    m, n = (int(np.prod(shape, dtype=np.int64)) for shape in (shape_a, shape_b))
    left = Coded(a.codes.transpose(*free_a, *summed_a).reshape(m, k), a.format)
    right = Coded(b.codes.transpose(*summed_b, *free_b).reshape(k, n), b.format)
    return sums("tensordot", left, right, shape_a + shape_b, (m, n), options)


def _summed_axes(axes: Any, a: NDArray[Any], b: NDArray[Any]) -> tuple[list[int], list[int]]:
    if isinstance(axes, int | np.integer) and not isinstance(axes, bool):
        if not 0 <= axes <= min(a.ndim, b.ndim):
            raise ValueError(f"tensordot: there are no {axes} axes in both operands")
        return list(range(a.ndim - axes, a.ndim)), list(range(axes))
    first, second = ([s] if isinstance(s, int) else list(s) for s in axes)
    if len(first) != len(second):
        raise ValueError(f"tensordot: {len(first)} axes of one operand, {len(second)} of the other")
    return [one_axis(i, a.shape) for i in first], [one_axis(i, b.shape) for i in second]
