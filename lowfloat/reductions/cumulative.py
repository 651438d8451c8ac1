"""Prefix sums. Rule G-18 of ``spec/semantics.md``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lowfloat import engine, settings
from lowfloat.accumulators.kinds import Accumulator, Kind, unwrapped
from lowfloat.arrays import Array
from lowfloat.casting import codes_of, deliver
from lowfloat.engine import outputs
from lowfloat.engine.random_bits import reduction_table, resolve_reduction
from lowfloat.engine.reductions import NO_SCALES
from lowfloat.engine.sources import Coded, code_dtype
from lowfloat.formats import Format
from lowfloat.projection import Policy, Projection, Rounding
from lowfloat.reductions.operands import EXACT, ONE, one_axis, operand, result_format, start_of


def cumsum(
    x: Any,
    *,
    axis: int | None = None,
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
    """The sums of the first elements along an axis, each in a stated accumulator.

    Element j is ``lf.sum`` of elements 0 to j. A rounded accumulator in sequence makes all of them
    on its way; any other one begins anew for each.

    Parameters
    ----------
    x : Array or array_like
    axis : int, optional
        Where the sums run; over all elements in C order by default.
    accumulator, c, format, rounding, saturation, policy
        As for ``lf.matmul``; c broadcasts to the shape without ``axis``.
    rng, random_bits
        As for ``lf.matmul``, for rounded accumulators in sequence; given bits have the shape
        without ``axis`` and an axis of length S (rule G-18).
    formats, checked, out, flags_out, progress
        As for ``lf.sum``.

    Returns
    -------
    Array
        Of the shape of ``x``, or of one axis.

    Raises
    ------
    FormatMismatch, ValueError
        As ``lf.matmul``; also for stochastic roundings that are not in sequence.

    Examples
    --------
    >>> import lowfloat as lf
    >>> x = lf.array([2046, 1, 1, 1, 1], "float16")
    >>> lf.cumsum(x, accumulator=lf.Accumulator("float16"))
    lowfloat.array([2046.0, 2047.0, 2048.0, 2048.0, 2048.0], 'float16')

    Source: semantics.md rule G-18.
    """
    accumulator = EXACT if accumulator is None else unwrapped(accumulator)
    a = operand(x, formats, checked)
    codes = a.codes.reshape(-1) if axis is None else a.codes
    moved = np.moveaxis(codes, one_axis(-1 if axis is None else axis, codes.shape), -1)
    fmt = result_format("cumsum", format, accumulator, (a,))
    projection = settings.resolve(rounding, saturation, policy)
    start = start_of(c, fmt, accumulator)
    if start is not None:
        start = Coded(np.broadcast_to(start.codes, moved.shape[:-1]), start.format)
    raised = None if flags_out is None else np.zeros(moved.shape, np.uint8)
    lines = Coded(moved, a.format)
    if _is_chain(accumulator):
        made = _chain(
            accumulator, lines, start, fmt, projection, rng, random_bits, raised, progress
        )
    elif accumulator.draws(moved.shape[-1]) or projection.stochastic or random_bits is not None:
        raise ValueError(
            "stochastic prefix sums need an lf.Accumulator in sequence, without product= and "
            "compensation= (rule G-18)"
        )
    else:
        made = _prefixes(accumulator, lines, start, fmt, projection, raised, progress)
    back = -1 if axis is None else axis
    if raised is not None:
        shape, byte = codes.shape, np.dtype(np.uint8)
        target = outputs.given(flags_out, shape, byte, [a.codes], "flags_out")
        target.final[...] = np.moveaxis(raised, -1, back)
    result = np.moveaxis(made, -1, back)
    if out is None:
        return deliver(np.ascontiguousarray(result), fmt, None)
    target = outputs.given(codes_of(out, fmt), codes.shape, code_dtype(fmt), [], "out")
    target.final[...] = result
    return deliver(target.final, fmt, out)


def _is_chain(accumulator: Kind) -> bool:
    """Whether all prefix sums are states of one sum."""
    return (
        isinstance(accumulator, Accumulator)
        and accumulator.order == "sequential"
        and accumulator.compensation is None
        and accumulator.product is None
    )


def _chain(
    accumulator: Any,
    x: Coded,
    start: Coded | None,
    fmt: Format,
    projection: Projection,
    rng: Any,
    random_bits: Any,
    raised: NDArray[np.uint8] | None,
    progress: Callable[[float], Any] | None,
) -> NDArray[Any]:
    """The running sum after every step, all lines at once."""
    *shape, terms = x.codes.shape
    own, step = accumulator.format, accumulator.projection
    drawn = [
        p.stochastic.drawn_bits for p in (step, projection) if p.stochastic is not None
    ] * terms
    lines = int(np.prod(shape, dtype=np.int64))
    random = resolve_reduction(len(drawn), lambda: drawn, rng, random_bits, tuple(shape))
    table = None if random is None else reduction_table(random, drawn, lines)
    number = 0

    def bits(p: Projection) -> Any:
        nonlocal number
        if p.stochastic is None:
            return None
        assert table is not None
        number += 1
        return table[:, number - 1].reshape(shape)

    made = np.empty(x.codes.shape, code_dtype(fmt))
    union = None if raised is None else np.zeros(shape, np.uint8)
    flags = None if raised is None else np.zeros(shape, np.uint8)
    nearest = Projection("nearest_even", step.saturation, step.policy)
    s = np.zeros(shape, code_dtype(own))
    if start is not None:
        s = engine.convert(Array(start.codes, start.format), own, nearest, flags_out=flags)
        _collect(union, flags)
    for k in range(terms):
        operands = (Coded(x.codes[..., k], x.format), Coded(s, own))
        s = engine.apply("add", operands, own, step, None, bits(step), None, flags)
        _collect(union, flags)
        made[..., k] = engine.convert(
            Array(s, own), fmt, projection, None, bits(projection), None, flags
        )
        if raised is not None and union is not None and flags is not None:
            raised[..., k] = union | flags
        if progress is not None:
            progress((k + 1) / terms)
    return made


def _collect(union: NDArray[np.uint8] | None, flags: NDArray[np.uint8] | None) -> None:
    if union is not None and flags is not None:
        union |= flags


def _prefixes(
    accumulator: Kind,
    x: Coded,
    start: Coded | None,
    fmt: Format,
    projection: Projection,
    raised: NDArray[np.uint8] | None,
    progress: Callable[[float], Any] | None,
) -> NDArray[Any]:
    """Every prefix sum from its beginning."""
    *shape, terms = x.codes.shape
    made = np.empty(x.codes.shape, code_dtype(fmt))
    c = None if start is None else Coded(start.codes[..., None, None], start.format)
    for k in range(terms):
        flags = None if raised is None else np.zeros(shape, np.uint8)
        rows = Coded(x.codes[..., None, : k + 1], x.format)
        ones = Coded(np.broadcast_to(ONE.codes, (k + 1, 1)), ONE.format)
        made[..., k] = engine.matmul(
            rows, ones, c, NO_SCALES, accumulator, fmt, projection, tuple(shape), flags_out=flags
        )
        if raised is not None and flags is not None:
            raised[..., k] = flags
        if progress is not None:
            progress((k + 1) / terms)
    return made
