"""Sums and sums of products, in any accumulator."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lowfloat import engine, settings
from lowfloat.accumulators.kinds import Exact, FixedPoint, Kind, unwrapped
from lowfloat.arrays import Array, FormatMismatch
from lowfloat.casting import codes_of, deliver
from lowfloat.engine.reductions import NO_SCALES, Scales
from lowfloat.engine.sources import FLOATS, Coded, Integers, source
from lowfloat.exception_flags import ignored
from lowfloat.format_names import format as find_format
from lowfloat.formats import Format
from lowfloat.projection import Policy, Projection, Rounding

_EXACT = Exact()
#: One, as a code of a format of powers of two: the second factor of a summand (rule G-1).
_ONE = Coded(np.array([[127]], np.uint8), find_format("float8_e8m0fnu"))


# -- operands -------------------------------------------------------------------------------


def operand(x: Any, fmt: Any = None, checked: bool = True) -> Coded:
    """An operand's codes: an Array's own, a float array's, or an integer array's, exactly.

    ``fmt`` says which grid a float array is on; unless ``checked`` is false every element is
    looked at.

    Raises
    ------
    TypeError
        If ``x`` has no format.
    ValueError
        If an element is not on the grid.
    """
    if isinstance(x, Array):
        if fmt is not None and find_format(fmt) is not x.format:
            raise FormatMismatch(f"an Array of {x.format} is not on {find_format(fmt)}: cast it")
        return Coded(x.codes, x.format)
    given = source(x)
    if fmt is not None:
        return _on_grid(x, find_format(fmt), checked)
    if isinstance(given, Integers):
        return _integers(given.values)
    if isinstance(given, Coded) and isinstance(x, np.ndarray | np.generic):
        return given
    raise TypeError(
        f"a {type(x).__name__} has no format: make it an lf.Array with lf.array(x, format), or "
        "give formats="
    )


def _on_grid(x: Any, fmt: Format, checked: bool) -> Coded:
    shape = np.shape(x)
    raised = np.zeros(shape, np.uint8) if checked else None
    with ignored():
        codes = engine.convert(x, fmt, Projection(), flags_out=raised)
    if raised is not None and raised.any():
        where = np.unravel_index(int(np.argmax(raised != 0)), shape)
        at = ", ".join(map(str, where))
        raise ValueError(
            f"element [{at}] = {np.asarray(x)[where]!r} is no number of {fmt}: cast the operand "
            "first, or give checked=False to round it to nearest even"
        )
    return Coded(codes, fmt)


def _integers(values: NDArray[Any]) -> Coded:
    """Machine integers as the sign-magnitude numbers they are (rule G-1)."""
    bits = min(8 * values.dtype.itemsize, 52)
    if values.dtype.itemsize == 8 and values.size:
        greatest = max(int(values.max()), -int(values.min()))
        if greatest >> bits:
            raise ValueError(f"{values.dtype} values beyond 2^52: give formats=, or cast them")
    fmt = Format(0, bits, 1 - bits)
    with ignored():
        return Coded(engine.convert(values, fmt, Projection()), fmt)


def _pair(formats: Any) -> tuple[Any, Any]:
    if formats is None:
        return None, None
    if isinstance(formats, Sequence) and not isinstance(formats, str) and len(formats) == 2:
        return formats[0], formats[1]
    raise TypeError("formats= are those of both operands: formats=('e4m3fn', 'e5m2')")


def result_format(name: str, fmt: Any, accumulator: Kind, operands: Sequence[Coded]) -> Format:
    """The result's format: as given, the accumulator's, or the operands' common one (G-15).

    Raises
    ------
    FormatMismatch
        If there is no such format.
    """
    if fmt is not None:
        return find_format(fmt)
    own: Format | None = accumulator.format
    if own is not None:
        return own
    if isinstance(accumulator, FixedPoint):
        raise FormatMismatch(f"{name} in {accumulator.bits} bits has no format: give format=...")
    formats = {x.format for x in operands}
    if len(formats) > 1:
        names = " and ".join(sorted(f.name for f in formats))
        raise FormatMismatch(
            f"{name} of {names}: cast the operands to one format with .astype(...), or give "
            "format=..."
        )
    return formats.pop()


def _scales(scales: Any, k: int) -> Scales:
    """``scales=(sx, sy)`` as Arrays over blocks of k; None leaves one out."""
    if scales is None:
        return NO_SCALES
    if not isinstance(scales, tuple | list) or len(scales) != 2:
        raise TypeError("scales= are those of both operands: scales=(sx, sy), or None for one")
    coded = [None if s is None else operand(s) for s in scales]
    blocks = []
    for x, axis in zip(coded, (-1, -2), strict=True):
        if x is not None and x.codes.ndim < 2:
            raise ValueError("scales have the operand's axes, the summed one in blocks")
        count = 1 if x is None else x.codes.shape[axis]
        if count < 1 or (k and (count > k or -(-k // -(-k // count)) != count)):
            raise ValueError(f"{count} scales do not divide {k} terms into equal blocks")
        blocks.append(max(1, -(-k // count)))
    return Scales(coded[0], coded[1], blocks[0], blocks[1])


class Options(NamedTuple):
    """The keywords that all sums share."""

    accumulator: Any
    c: Any
    format: Any
    rounding: Rounding | None
    saturation: str | None
    policy: Policy | str | None
    rng: Any
    random_bits: Any
    out: Any
    flags_out: Any
    progress: Callable[[float], Any] | None


def _sums(
    name: str,
    a: Coded,
    b: Coded,
    shape: tuple[int, ...],
    inner: tuple[int, ...],
    options: Options,
    scales: Any = None,
    formats: Sequence[Coded] | None = None,
) -> Array:
    """Sums of a (..., m, k) times b (..., k, n): ``inner`` is (..., m, n), seen as ``shape``."""
    accumulator = _EXACT if options.accumulator is None else unwrapped(options.accumulator)
    fmt = result_format(name, options.format, accumulator, formats or (a, b))
    start = _start(options.c, fmt, accumulator)
    if start is not None:
        try:
            codes = np.broadcast_to(start.codes, shape)
        except ValueError:
            raise ValueError(
                f"{name}: c of shape {start.codes.shape} does not broadcast to the result's {shape}"
            ) from None
        start = Coded(codes.reshape(inner), start.format)
    codes = engine.matmul(
        a,
        b,
        start,
        _scales(scales, a.codes.shape[-1]),
        accumulator,
        fmt,
        settings.resolve(options.rounding, options.saturation, options.policy),
        shape,
        options.rng,
        options.random_bits,
        codes_of(options.out, fmt),
        options.flags_out,
        options.progress,
    )
    return deliver(codes, fmt, options.out)


def _start(c: Any, fmt: Format, accumulator: Kind) -> Coded | None:
    """c as codes: an Array's own, or a value of the accumulator's format."""
    if c is None:
        return None
    if isinstance(c, Array):
        return Coded(c.codes, c.format)
    own: Format | None = accumulator.format
    given = source(c)
    if isinstance(given, Coded) and isinstance(c, np.ndarray) and given.format in FLOATS.values():
        return given
    return _on_grid(c, own or fmt, True)


# -- the functions --------------------------------------------------------------------------


def matmul(
    x: Any,
    y: Any,
    *,
    accumulator: Any = None,
    c: Any = None,
    format: Any = None,
    rounding: Rounding | None = None,
    saturation: str | None = None,
    policy: Policy | str | None = None,
    rng: Any = None,
    random_bits: Any = None,
    scales: Any = None,
    formats: Any = None,
    checked: bool = True,
    out: Any = None,
    flags_out: Any = None,
    progress: Callable[[float], Any] | None = None,
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
        Block scales ``(sx, sy)``, shapes (..., m, blocks) and (..., blocks, n): element k of a row
        is multiplied by scale k // (k / blocks); either may be None.
    formats : pair of formats, optional
        The formats whose grids float operands are on.
    checked : bool
        Whether every element of such operands is looked at; otherwise it is rounded.
    out, flags_out
        As for ``lf.cast``.
    progress : callable, optional
        Called with the fraction done, from time to time.

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

    Source: semantics.md rules G-1 to G-17.
    """
    options = Options(
        accumulator, c, format, rounding, saturation, policy, rng, random_bits, out, flags_out,
        progress,
    )  # fmt: skip
    first, second = _pair(formats)
    a, b = operand(x, first, checked), operand(y, second, checked)
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
    return _sums("matmul", left, right, shape, (*batch, m, n), options, scales)


def _batch(name: str, x: NDArray[Any], y: NDArray[Any]) -> tuple[int, ...]:
    try:
        return np.broadcast_shapes(x.shape[:-2], y.shape[:-2])
    except ValueError:
        raise ValueError(
            f"{name}: batches of shapes {x.shape[:-2]} and {y.shape[:-2]} do not broadcast"
        ) from None


def dot(
    x: Any,
    y: Any,
    *,
    axis: int = -1,
    accumulator: Any = None,
    c: Any = None,
    format: Any = None,
    rounding: Rounding | None = None,
    saturation: str | None = None,
    policy: Policy | str | None = None,
    rng: Any = None,
    random_bits: Any = None,
    formats: Any = None,
    checked: bool = True,
    out: Any = None,
    flags_out: Any = None,
    progress: Callable[[float], Any] | None = None,
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
    options = Options(
        accumulator, c, format, rounding, saturation, policy, rng, random_bits, out, flags_out,
        progress,
    )  # fmt: skip
    first, second = _pair(formats)
    a, b = operand(x, first, checked), operand(y, second, checked)
    try:
        shape = np.broadcast_shapes(a.codes.shape, b.codes.shape)
    except ValueError:
        raise ValueError(
            f"dot: operands of shapes {a.codes.shape} and {b.codes.shape} do not broadcast"
        ) from None
    rows = [np.moveaxis(np.broadcast_to(z.codes, shape), _axis(axis, shape), -1) for z in (a, b)]
    outer = rows[0].shape[:-1]
    left, right = Coded(rows[0][..., None, :], a.format), Coded(rows[1][..., None], b.format)
    return _sums("dot", left, right, outer, (*outer, 1, 1), options)


def _axis(axis: Any, shape: tuple[int, ...]) -> int:
    if not shape:
        raise ValueError("a scalar has no axis to sum over")
    if isinstance(axis, bool) or not isinstance(axis, int | np.integer):
        raise TypeError(f"an axis is a whole number, not {axis!r}")
    if not -len(shape) <= axis < len(shape):
        raise ValueError(f"there is no axis {axis} in an array of shape {shape}")
    return int(axis) % len(shape)


def sum(
    x: Any,
    *,
    axis: Any = None,
    keepdims: bool = False,
    accumulator: Any = None,
    c: Any = None,
    format: Any = None,
    rounding: Rounding | None = None,
    saturation: str | None = None,
    policy: Policy | str | None = None,
    rng: Any = None,
    random_bits: Any = None,
    formats: Any = None,
    checked: bool = True,
    out: Any = None,
    flags_out: Any = None,
    progress: Callable[[float], Any] | None = None,
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
    options = Options(
        accumulator, c, format, rounding, saturation, policy, rng, random_bits, out, flags_out,
        progress,
    )  # fmt: skip
    a = operand(x, formats, checked)
    ndim = a.codes.ndim
    given = range(ndim) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    axes = sorted({_axis(i, a.codes.shape) for i in given})
    kept = [i for i in range(ndim) if i not in axes]
    moved = np.transpose(a.codes, (*kept, *axes))
    outer = moved.shape[: len(kept)]
    count = int(np.prod(moved.shape[len(kept) :], dtype=np.int64))
    left = Coded(moved.reshape((*outer, 1, count)), a.format)
    right = Coded(np.broadcast_to(_ONE.codes, (count, 1)), _ONE.format)
    shape = outer
    if keepdims:
        shape = tuple(1 if i in axes else n for i, n in enumerate(a.codes.shape))
    return _sums("sum", left, right, shape, (*outer, 1, 1), options, formats=(a,))


def tensordot(
    x: Any,
    y: Any,
    axes: Any = 2,
    *,
    accumulator: Any = None,
    c: Any = None,
    format: Any = None,
    rounding: Rounding | None = None,
    saturation: str | None = None,
    policy: Policy | str | None = None,
    rng: Any = None,
    random_bits: Any = None,
    formats: Any = None,
    checked: bool = True,
    out: Any = None,
    flags_out: Any = None,
    progress: Callable[[float], Any] | None = None,
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
    options = Options(
        accumulator, c, format, rounding, saturation, policy, rng, random_bits, out, flags_out,
        progress,
    )  # fmt: skip
    first, second = _pair(formats)
    a, b = operand(x, first, checked), operand(y, second, checked)
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
    return _sums("tensordot", left, right, shape_a + shape_b, (m, n), options)


def _summed_axes(axes: Any, a: NDArray[Any], b: NDArray[Any]) -> tuple[list[int], list[int]]:
    if isinstance(axes, int | np.integer) and not isinstance(axes, bool):
        if not 0 <= axes <= min(a.ndim, b.ndim):
            raise ValueError(f"tensordot: there are no {axes} axes in both operands")
        return list(range(a.ndim - axes, a.ndim)), list(range(axes))
    first, second = ([s] if isinstance(s, int) else list(s) for s in axes)
    if len(first) != len(second):
        raise ValueError(f"tensordot: {len(first)} axes of one operand, {len(second)} of the other")
    return [_axis(i, a.shape) for i in first], [_axis(i, b.shape) for i in second]
