"""What all sums share: operands, starts, scales and formats in their last form."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lowfloat import engine, settings
from lowfloat.accumulators import kinds
from lowfloat.accumulators.grouped import scaled
from lowfloat.accumulators.kinds import Exact, FixedPoint, Kind, unwrapped
from lowfloat.arrays import Array, FormatMismatch
from lowfloat.casting import codes_of, deliver
from lowfloat.engine.reductions import NO_SCALES, Scales
from lowfloat.engine.sources import FLOATS, Coded, Integers, source
from lowfloat.exception_flags import ignored
from lowfloat.format_names import format as find_format
from lowfloat.formats import Format
from lowfloat.projection import Projection
from lowfloat.reductions.options import Options

#: The accumulator of calls that name none (the plan of the house, 4).
EXACT = Exact()
#: The second factor of a summand (rule G-1).
ONE = Coded(np.array([[1]], np.uint8), kinds.ONE)


def operand(x: Any, fmt: Any = None, checked: bool = True, accumulator: Any = None) -> Coded:
    """An operand's codes: an Array's own, a float array's, or an integer array's, exactly.

    ``fmt`` says which grid a float array is on, or else a preset's operands do; unless ``checked``
    is false every element is looked at.

    Raises
    ------
    TypeError
        If ``x`` has no format.
    ValueError
        If an element is not on the grid, or a preset is for other operands.
    """
    names = getattr(accumulator, "operands", ())
    if not names:
        return _operand(x, fmt, checked)
    if fmt is None and not isinstance(x, Array):
        fmt = names[0]
    coded = _operand(x, fmt, checked)
    if coded.format not in map(find_format, names):
        raise ValueError(
            f"{accumulator!r} is for operands of {' or '.join(names)}, not {coded.format}: cast "
            "them, or give its .accumulator to use the arithmetic alone"
        )
    return coded


def _operand(x: Any, fmt: Any, checked: bool) -> Coded:
    if isinstance(x, Array):
        if fmt is not None and find_format(fmt) is not x.format:
            raise FormatMismatch(f"an Array of {x.format} is not on {find_format(fmt)}: cast it")
        return Coded(x.codes, x.format)
    given = source(x)
    if fmt is not None:
        return on_grid(x, find_format(fmt), checked)
    if isinstance(given, Integers):
        return _integers(given.values)
    if isinstance(given, Coded) and isinstance(x, np.ndarray | np.generic):
        return given
    raise TypeError(
        f"a {type(x).__name__} has no format: make it an lf.Array with lf.array(x, format), or "
        "give formats="
    )


def on_grid(x: Any, fmt: Format, checked: bool) -> Coded:
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


def both_operands(x: Any, y: Any, options: Options) -> tuple[Coded, Coded]:
    """The codes of both operands of a product; a preset's operands are those of the device."""
    first, second = _pair(options.formats)
    return (
        operand(x, first, options.checked, options.accumulator),
        operand(y, second, options.checked, options.accumulator),
    )


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
        raise FormatMismatch(
            f"{name} in {accumulator.bits} bits has no format, as no more than 52 bits of an "
            "integer have: give format= (float64 rounds to 53 bits, and flags_out= says where)"
        )
    formats = {x.format for x in operands}
    if len(formats) > 1:
        names = " and ".join(sorted(f.name for f in formats))
        raise FormatMismatch(
            f"{name} of {names}: cast the operands to one format with .astype(...), or give "
            "format=..."
        )
    return formats.pop()


def _scales(scales: Any, accumulator: Kind, m: int, k: int, n: int) -> Scales:
    """``scales=(sx, sy)`` as codes for each row, each column and blocks of k; None is left out."""
    if scales is None:
        return NO_SCALES
    if not isinstance(scales, tuple | list) or len(scales) != 2:
        raise TypeError("scales= are those of both operands: scales=(sx, sy), or None for one")
    coded: list[Coded | None] = []
    blocks = []
    if not k:  # there is nothing to scale
        scales = None, None
    for given, lines, axis in zip(scales, (m, n), (-1, -2), strict=True):
        x = None if given is None else operand(given)
        if x is not None and x.codes.ndim < 2:
            raise ValueError("scales have the operand's axes, the summed one in blocks")
        blocks.append(1 if x is None else _block(x.codes.shape[axis], k, accumulator))
        coded.append(None if x is None else _for_each_line(x, lines, -3 - axis))
    return Scales(coded[0], coded[1], blocks[0], blocks[1])


def _block(count: int, k: int, accumulator: Kind) -> int:
    """Terms that share a scale, if ``count`` of them go with k terms.

    Where scales multiply the sums of chunks, whole chunks share one, and the last may be shorter.
    """
    groups = scaled(accumulator)
    n = groups.n if groups is not None and groups.by == "chunks" else 1
    chunks = -(-k // n)
    if not count or chunks % count:
        parts = "terms" if n == 1 else f"chunks of {n} terms"
        raise ValueError(f"{count} scales do not divide {chunks} {parts} into equal blocks")
    return n * (chunks // count)


def _for_each_line(x: Coded, lines: int, axis: int) -> Coded:
    """Scales of tiles of lines, repeated for each of their lines; one for all stays as it is."""
    count = x.codes.shape[axis]
    if count in (1, lines):
        return x
    if not count or lines % count:
        where = "rows" if axis == -2 else "columns"
        raise ValueError(
            f"{count} scales do not divide {lines} {where} into equal tiles: repeat them for each, "
            f"np.repeat(scales, tile, axis={axis}) without those beyond the last"
        )
    return Coded(np.repeat(x.codes, lines // count, axis), x.format)


def sums(
    name: str,
    a: Coded,
    b: Coded,
    shape: tuple[int, ...],
    inner: tuple[int, ...],
    options: Options,
    scales: Any = None,
    formats: Sequence[Coded] | None = None,
    swapped: bool = False,
) -> Array:
    """Sums of a (..., m, k) times b (..., k, n): ``inner`` is (..., m, n), seen as ``shape``.

    ``swapped``: the terms are b a.
    """
    accumulator = EXACT if options.accumulator is None else unwrapped(options.accumulator)
    fmt = result_format(name, options.format, accumulator, formats or (a, b))
    start = start_of(options.c, fmt, accumulator)
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
        _scales(scales, accumulator, a.codes.shape[-2], a.codes.shape[-1], b.codes.shape[-1]),
        accumulator,
        fmt,
        settings.resolve(options.rounding, options.saturation, options.policy),
        shape,
        options.rng,
        options.random_bits,
        codes_of(options.out, fmt),
        options.flags_out,
        options.progress,
        swapped,
    )
    return deliver(codes, fmt, options.out)


def start_of(c: Any, fmt: Format, accumulator: Kind) -> Coded | None:
    """c as codes: an Array's own, or a value of the accumulator's format."""
    if c is None:
        return None
    if isinstance(c, Array):
        return Coded(c.codes, c.format)
    own: Format | None = accumulator.format
    given = source(c)
    if isinstance(given, Coded) and isinstance(c, np.ndarray) and given.format in FLOATS.values():
        return given
    return on_grid(c, own or fmt, True)


def one_axis(axis: Any, shape: tuple[int, ...]) -> int:
    if not shape:
        raise ValueError("a scalar has no axis to sum over")
    if isinstance(axis, bool) or not isinstance(axis, int | np.integer):
        raise TypeError(f"an axis is a whole number, not {axis!r}")
    if not -len(shape) <= axis < len(shape):
        raise ValueError(f"there is no axis {axis} in an array of shape {shape}")
    return int(axis) % len(shape)
