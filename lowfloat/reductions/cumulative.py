"""Prefix sums. Rule G-18 of ``spec/semantics.md``."""

from __future__ import annotations

from typing import Any, NamedTuple, Unpack

import numpy as np
from numpy.typing import NDArray

from lowfloat import engine, settings
from lowfloat.accumulators.checking import check_terms
from lowfloat.accumulators.kinds import Accumulator, Kind, unwrapped
from lowfloat.arrays import Array
from lowfloat.casting import codes_of, deliver
from lowfloat.engine import outputs
from lowfloat.engine.random_bits import reduction_table, resolve_reduction
from lowfloat.engine.reductions import NO_SCALES
from lowfloat.engine.sources import Coded, code_dtype
from lowfloat.formats import Format
from lowfloat.projection import Projection
from lowfloat.reductions.operands import EXACT, ONE, one_axis, operand, result_format, start_of
from lowfloat.reductions.options import Keywords, Options, options_of, shows_keywords


@shows_keywords
def cumsum(
    x: Any,
    *,
    axis: int | None = None,
    **keywords: Unpack[Keywords],
) -> Array:
    """The sums of the first elements along an axis, each in a stated accumulator.

    Element j is ``lf.sum`` of elements 0 to j. A rounded accumulator in sequence makes all of them
    on its way; any other one begins anew for each, which takes time with the square of their number.

    Parameters
    ----------
    x : Array or array_like
    axis : int, optional
        Where the sums run; over all elements in C order by default.
    accumulator, c, format, rounding, saturation, policy
        As for ``lf.matmul``; c broadcasts to the shape without ``axis``.
    rng, random_bits
        As for ``lf.matmul``; given bits have the shape without ``axis`` and an axis of length S,
        the number of roundings of a whole line (rule G-18).
    formats, checked, out, flags_out, progress
        As for ``lf.sum``.

    Returns
    -------
    Array
        Of the shape of ``x``, or of one axis.

    Raises
    ------
    FormatMismatch, ValueError
        As ``lf.matmul``.

    Examples
    --------
    >>> import lowfloat as lf
    >>> x = lf.array([2046, 1, 1, 1, 1], "float16")
    >>> lf.cumsum(x, accumulator=lf.Accumulator("float16"))
    lowfloat.array([2046.0, 2047.0, 2048.0, 2048.0, 2048.0], 'float16')

    Source: semantics.md rule G-18.
    """
    options = options_of("cumsum", keywords)
    given = EXACT if options.accumulator is None else options.accumulator
    a = operand(x, options.formats, options.checked, given)
    accumulator = unwrapped(given)
    codes = a.codes.reshape(-1) if axis is None else a.codes
    moved = np.moveaxis(codes, one_axis(-1 if axis is None else axis, codes.shape), -1)
    fmt = result_format("cumsum", options.format, accumulator, (a,))
    start = start_of(options.c, fmt, accumulator)
    if start is not None:
        start = Coded(np.broadcast_to(start.codes, moved.shape[:-1]), start.format)
    check_terms(accumulator, (a.format,), None if start is None else start.format)
    wanted, flags = _targets(codes, fmt, options)
    raised = None if flags is None else np.zeros(moved.shape, np.uint8)
    projection = settings.resolve(options.rounding, options.saturation, options.policy)
    lines = Lines(Coded(moved, a.format), start, accumulator, fmt, projection, raised)
    made = (_chain if _is_chain(accumulator) else _prefixes)(lines, options)
    back = -1 if axis is None else axis
    if raised is not None and flags is not None:
        flags[...] = np.moveaxis(raised, -1, back)
    wanted[...] = np.moveaxis(made, -1, back)
    return deliver(wanted, fmt, options.out)


def _targets(
    codes: NDArray[Any], fmt: Format, options: Options
) -> tuple[NDArray[Any], NDArray[np.uint8] | None]:
    """The arrays of results and of flags, checked before any work."""
    out, flags = np.empty(codes.shape, code_dtype(fmt)), None
    if options.out is not None:
        out = outputs.given(codes_of(options.out, fmt), out.shape, out.dtype, [], "out").final
    if options.flags_out is not None:
        byte = np.dtype(np.uint8)
        flags = outputs.given(options.flags_out, out.shape, byte, [], "flags_out").final
    return out, flags


def _is_chain(accumulator: Kind) -> bool:
    """Whether all prefix sums are states of one sum."""
    return (
        isinstance(accumulator, Accumulator)
        and accumulator.order == "sequential"
        and accumulator.compensation is None
        and accumulator.product is None
    )


class Lines(NamedTuple):
    """Lines of terms (..., K), where their sums start, and what decides the bits of these."""

    terms: Coded
    start: Coded | None
    accumulator: Any
    format: Format
    projection: Projection
    raised: NDArray[np.uint8] | None

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape without the axis of terms."""
        return self.terms.codes.shape[:-1]

    def table(self, drawn: list[int], options: Options) -> NDArray[np.uint64] | None:
        """The random bits of every line's roundings: (lines, S), or None where S = 0."""
        random = resolve_reduction(
            len(drawn), lambda: drawn, options.rng, options.random_bits, self.shape
        )
        lines = int(np.prod(self.shape, dtype=np.int64))
        return None if random is None else reduction_table(random, drawn, lines)


def _chain(lines: Lines, options: Options) -> NDArray[Any]:
    """The running sum after every step, all lines at once."""
    x, fmt, projection, raised = lines.terms, lines.format, lines.projection, lines.raised
    *shape, terms = x.codes.shape
    own, step = lines.accumulator.format, lines.accumulator.projection
    drawn = [p.stochastic.drawn_bits for p in (step, projection) if p.stochastic is not None]
    table = lines.table(drawn * terms, options)
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
    if lines.start is not None:
        start = Array(lines.start.codes, lines.start.format)
        s = engine.convert(start, own, nearest, flags_out=flags)
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
        if options.progress is not None:
            options.progress((k + 1) / terms)
    return made


def _collect(union: NDArray[np.uint8] | None, flags: NDArray[np.uint8] | None) -> None:
    if union is not None and flags is not None:
        union |= flags


def _prefixes(lines: Lines, options: Options) -> NDArray[Any]:
    """Every prefix sum from its beginning."""
    x, fmt, projection = lines.terms, lines.format, lines.projection
    *shape, terms = x.codes.shape
    made = np.empty(x.codes.shape, code_dtype(fmt))
    start = lines.start
    c = None if start is None else Coded(start.codes[..., None, None], start.format)
    last = [] if projection.stochastic is None else [projection.stochastic.drawn_bits]
    drawn = [[*lines.accumulator.roundings(k + 1), *last] for k in range(terms)]
    table = lines.table([bits for sums in drawn for bits in sums], options)
    at = 0
    for k in range(terms):
        flags = None if lines.raised is None else np.zeros(shape, np.uint8)
        rows = Coded(x.codes[..., None, : k + 1], x.format)
        ones = Coded(np.broadcast_to(ONE.codes, (k + 1, 1)), ONE.format)
        bits = None
        if table is not None and drawn[k]:
            bits = table[:, at : (at := at + len(drawn[k]))]
            bits = bits.reshape(shape if len(drawn[k]) == 1 else (*shape, len(drawn[k])))
        made[..., k] = engine.matmul(
            rows, ones, c, NO_SCALES, lines.accumulator, fmt, projection, tuple(shape),
            bits=bits, flags_out=flags,
        )  # fmt: skip
        if lines.raised is not None and flags is not None:
            lines.raised[..., k] = flags
        if options.progress is not None:
            options.progress((k + 1) / terms)
    return made
