"""Sums of products: shapes, random bits and pieces of a call, whatever computes it.

A call is cut into pieces of rows, so that Python sees signals between them and can say how far it
is; in a long piece C asks now and then. The bits do not depend on the pieces.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from functools import partial
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lowfloat import _native_reductions, exception_flags, golden, settings
from lowfloat._native_reductions import Matrix, Reduction, Tell
from lowfloat.accumulators.checking import check_groups, check_terms
from lowfloat.accumulators.kinds import Kind
from lowfloat.engine import golden_backend, outputs, random_bits
from lowfloat.engine.random_bits import Random
from lowfloat.engine.sources import Coded, code_dtype
from lowfloat.formats import Format
from lowfloat.golden.random_bits import reduction_bits
from lowfloat.projection import Projection
from lowfloat.randomness import PhiloxDraw

Codes = NDArray[Any]
#: Told the fraction that is done, from 0 to 1, now and then.
Progress = Callable[[float], Any]

#: Terms of the first piece of a call, and the seconds that the others should take.
FIRST_PIECE = 1 << 25
SECONDS = 0.25


class Scales(NamedTuple):
    """Block scales of both operands: element k of a row goes with scale k // block."""

    a: Coded | None
    b: Coded | None
    a_block: int
    b_block: int

    def blocks(self) -> list[int]:
        """Terms that share a scale, of each operand that has scales."""
        sides = ((self.a, self.a_block), (self.b, self.b_block))
        return [block for scales, block in sides if scales is not None]


NO_SCALES = Scales(None, None, 1, 1)


class Sums(NamedTuple):
    """A call in its last form: operands, shape (..., m, k, n), and everything that decides bits."""

    operands: list[Matrix | None]
    blocks: tuple[int, int]
    batch: tuple[int, ...]
    m: int
    k: int
    n: int
    format: Format
    accumulator: Kind
    projection: Projection
    random: Random
    draws: int
    swapped: bool


def matmul(
    a: Coded,
    b: Coded,
    c: Coded | None,
    scales: Scales,
    accumulator: Kind,
    fmt: Format,
    projection: Projection,
    shape: tuple[int, ...],
    rng: Any = None,
    bits: Any = None,
    out: Any = None,
    flags_out: Any = None,
    progress: Progress | None = None,
    swapped: bool = False,
) -> Codes:
    """Sums over k of a[..., m, k] b[..., k, n], in C order as codes of ``shape``.

    c is of shape (..., m, n), or broadcasts to it. ``swapped``: the terms are b a. In place of an
    array b may have an object that makes the last three axes when it is indexed.

    Raises
    ------
    ValueError
        If the shapes do not match, or the accumulator cannot take such terms.
    """
    batch, m, k, n = _shapes(a, b)
    _check_scales(scales, m, k, n)
    scale_formats = [x.format for x in (scales.a, scales.b) if x is not None]
    start = None if c is None else c.format
    check_terms(accumulator, (a.format, b.format), start, scale_formats)
    check_groups(accumulator, k, scales.blocks())
    given = [x.codes for x in (a, b, c, scales.a, scales.b) if x is not None]
    inputs = [getattr(codes, "base_codes", codes) for codes in given]
    target = _target(out, shape, code_dtype(fmt), inputs, "out")
    flags = None
    if flags_out is not None:
        inputs.append(target.final)
        flags = _target(flags_out, shape, np.dtype(np.uint8), inputs, "flags_out")
    draws = accumulator.draws(k) + (projection.stochastic is not None)
    drawn = partial(_drawn, accumulator, k, projection)
    random = random_bits.resolve_reduction(draws, drawn, rng, bits, shape)
    if c is not None:
        c = Coded(np.broadcast_to(c.codes, (*batch, m, n)), c.format)
    each = [_matrix(x, batch) for x in (a, b, c, scales.a, scales.b)]
    operands, batch = _one_batch_axis(each, batch)
    sums = Sums(
        operands, (scales.a_block, scales.b_block), batch, m, k, n, fmt, accumulator, projection,
        random, draws, swapped,
    )  # fmt: skip
    collect = exception_flags.collecting()
    raised = _run(sums, target.flat, None if flags is None else flags.flat, collect, progress)
    if flags is not None:
        flags.finish()
    if collect:
        exception_flags.raise_flags(raised)
    return target.finish()


def _drawn(accumulator: Kind, terms: int, projection: Projection) -> list[int]:
    """Random bits of every stochastic rounding of an element, in order. Rule G-17."""
    last = projection.stochastic
    return [*accumulator.roundings(terms), *([] if last is None else [last.drawn_bits])]


def _target(
    out: Any, shape: tuple[int, ...], dtype: np.dtype[Any], inputs: list[Codes], name: str
) -> outputs.Target:
    if out is None:
        return outputs.fresh(shape, dtype)
    return outputs.given(out, shape, dtype, inputs, name, elementwise=False)


def _shapes(a: Coded, b: Coded) -> tuple[tuple[int, ...], int, int, int]:
    """The batch shape, m, k and n."""
    (*batch_a, m, k), (*batch_b, k_b, n) = a.codes.shape, b.codes.shape
    if k != k_b:
        raise ValueError(
            f"{k} terms in rows of shape {a.codes.shape} meet {k_b} in columns of {b.codes.shape}"
        )
    if batch_a == batch_b:
        return tuple(batch_a), m, k, n
    try:
        batch = np.broadcast_shapes(tuple(batch_a), tuple(batch_b))
    except ValueError:
        raise ValueError(
            f"batches of shapes {tuple(batch_a)} and {tuple(batch_b)} do not broadcast"
        ) from None
    return batch, m, k, n


def _check_scales(scales: Scales, m: int, k: int, n: int) -> None:
    for name, x, block, lines, axis in (
        ("first", scales.a, scales.a_block, m, -1),
        ("second", scales.b, scales.b_block, n, -2),
    ):
        if x is None:
            continue
        blocks = -(-k // block)
        expected = (lines, blocks) if axis == -1 else (blocks, lines)
        if x.codes.shape[-2:] != expected and x.codes.shape[-2:] != _repeated(expected, axis):
            raise ValueError(
                f"scales of the {name} operand have shape {x.codes.shape}: blocks of {block} "
                f"terms need {expected} as the last two axes"
            )


def _repeated(shape: tuple[int, int], axis: int) -> tuple[int, int]:
    """The shape of scales that all lines share."""
    return (1, shape[1]) if axis == -1 else (shape[0], 1)


def _matrix(x: Coded | None, batch: tuple[int, ...]) -> Matrix | None:
    """An operand over the whole batch, its codes in native order."""
    if x is None:
        return None
    codes: Any = x.codes
    if not isinstance(codes, np.ndarray):
        return Matrix(codes, x.format)
    if not codes.dtype.isnative or any(s % codes.itemsize for s in codes.strides):
        codes = np.ascontiguousarray(codes, codes.dtype.newbyteorder("="))
    if codes.shape[:-2] != batch:
        codes = np.broadcast_to(codes, (*batch, *codes.shape[-2:]))
    return Matrix(codes, x.format)


def _one_batch_axis(
    operands: list[Matrix | None], batch: tuple[int, ...]
) -> tuple[list[Matrix | None], tuple[int, ...]]:
    """The same with all batch axes as one, if every layout allows it without a copy."""
    if any(x is not None and not isinstance(x.codes, np.ndarray) for x in operands):
        return operands, batch
    if not batch:
        return [x if x is None else Matrix(x.codes[np.newaxis], x.format) for x in operands], (1,)
    size = int(np.prod(batch, dtype=np.int64))
    strides = [None if x is None else _merged_stride(x.codes) for x in operands]
    if any(x is not None and s is None for x, s in zip(operands, strides, strict=True)):
        return operands, batch
    merged = [
        x if x is None else Matrix(_with_batch(x.codes, size, stride or 0), x.format)
        for x, stride in zip(operands, strides, strict=True)
    ]
    return merged, (size,)


def _merged_stride(codes: Codes) -> int | None:
    """The stride of all batch axes as one axis, None if they are no such axis."""
    axes = [(n, s) for n, s in zip(codes.shape[:-2], codes.strides[:-2], strict=True) if n != 1]
    for (_, outer), (length, inner) in pairwise(axes):
        if outer != length * inner:
            return None
    return axes[-1][1] if axes else 0


def _with_batch(codes: Codes, size: int, stride: int) -> Codes:
    shape, strides = (size, *codes.shape[-2:]), (stride, *codes.strides[-2:])
    return np.lib.stride_tricks.as_strided(codes, shape, strides, writeable=False)


class Piece(NamedTuple):
    """Matrices first .. last - 1 of the innermost batch axis, rows begin .. end - 1 of them."""

    outer: tuple[int, ...]
    first: int
    last: int
    begin: int
    end: int

    def rows(self) -> int:
        """Rows of all its matrices."""
        return (self.last - self.first) * (self.end - self.begin)


def _run(
    sums: Sums, out: Codes, flags_out: Codes | None, collect: bool, progress: Progress | None
) -> int:
    """Piece after piece; the union of the flags."""
    raised, at = 0, 0
    step = _golden if settings.current_backend() == "golden" else _native
    total = max(1, out.size * sums.k)

    def tell(steps: int) -> None:
        """So many steps of the present piece are done."""
        if progress is not None:
            progress(min(1.0, (at * sums.k + steps) / total))

    for piece in _pieces(sums):
        part = slice(at, at + piece.rows() * sums.n)
        flags = None if flags_out is None else flags_out[part]
        raised |= step(sums, piece, at, out[part], flags, collect, tell)
        at = part.stop
        if progress is not None:
            progress(at / out.size if out.size else 1.0)
    return raised


def _pieces(sums: Sums) -> Iterator[Piece]:
    """Parts of the call in C order, of about the same time each."""
    *outer, innermost = sums.batch
    rows = max(1, FIRST_PIECE // max(1, sums.k * sums.n))
    for index in np.ndindex(*outer):
        first = begin = 0
        while first < innermost and sums.m:
            whole = begin == 0 and rows >= sums.m
            last = min(innermost, first + rows // sums.m) if whole else first + 1
            piece = Piece(index, first, last, begin, sums.m if whole else min(begin + rows, sums.m))
            start = time.perf_counter()
            yield piece
            seconds = time.perf_counter() - start
            rows = max(1, int(piece.rows() * min(16.0, SECONDS / max(seconds, 1e-6))))
            first, begin = (last, 0) if piece.end == sums.m else (first, piece.end)


def _part(sums: Sums, piece: Piece) -> Reduction:
    """The operands of one piece."""

    def of(number: int, by_rows: bool) -> Matrix | None:
        matrix = sums.operands[number]
        if matrix is None:
            return None
        codes = matrix.codes[piece.outer][piece.first : piece.last]
        if by_rows and codes.shape[1] != 1:
            codes = codes[:, piece.begin : piece.end]
        return Matrix(codes, matrix.format)

    a, b = of(0, True), of(1, False)
    assert a is not None
    assert b is not None
    return Reduction(a, b, of(2, True), of(3, True), of(4, False), *sums.blocks, sums.swapped)


def _random_of(sums: Sums, at: int, size: int) -> Random:
    """Given bits of the piece's elements, or the whole draw."""
    if sums.random is None or isinstance(sums.random, PhiloxDraw):
        return sums.random
    return sums.random[at * sums.draws : (at + size) * sums.draws]


def _native(
    sums: Sums,
    piece: Piece,
    at: int,
    out: Codes,
    flags_out: Codes | None,
    collect: bool,
    tell: Tell,
) -> int:
    shape = (piece.last - piece.first, piece.end - piece.begin, sums.k, sums.n)
    return _native_reductions.matmul(
        _part(sums, piece), out, shape, sums.format, sums.accumulator, sums.projection,
        _random_of(sums, at, out.size), at, flags_out, collect, tell,
    )  # fmt: skip


def _golden(
    sums: Sums,
    piece: Piece,
    at: int,
    out: Codes,
    flags_out: Codes | None,
    collect: bool,
    tell: Tell,
) -> int:
    part = _part(sums, piece)
    places = np.ndindex(piece.last - piece.first, piece.end - piece.begin, sums.n)

    def results() -> Iterator[tuple[int, int]]:
        for number, place in enumerate(places):
            yield _golden_element(sums, part, place, at + number)
            tell((number + 1) * sums.k)

    return golden_backend.fill(results(), out, flags_out)


def _golden_element(
    sums: Sums, part: Reduction, place: tuple[int, ...], element: int
) -> tuple[int, int]:
    batch, i, j = place

    def line(matrix: Matrix | None, block: int, by_rows: bool) -> list[tuple[int, Format]] | None:
        if matrix is None:
            return None
        codes = matrix.codes[batch]
        chosen = codes[i % codes.shape[0]] if by_rows else codes[:, j % codes.shape[1]]
        return [(int(chosen[k // block]), matrix.format) for k in range(sums.k)]

    lines = [
        line(part.a, 1, True), line(part.b, 1, False), line(part.a_scales, part.a_block, True),
        line(part.b_scales, part.b_block, False),
    ]  # fmt: skip
    if sums.swapped:
        lines = [lines[1], lines[0], lines[3], lines[2]]
    factors = [list(term) for term in zip(*(x for x in lines if x is not None), strict=True)]
    c = None
    if part.c is not None:
        codes = part.c.codes[batch]
        c = int(codes[i % codes.shape[0], j % codes.shape[1]]), part.c.format
    random: list[int] = []
    if isinstance(sums.random, PhiloxDraw):
        drawn = _drawn(sums.accumulator, sums.k, sums.projection)
        random = reduction_bits(sums.random, element, drawn)
    elif sums.random is not None:
        random = sums.random[element * sums.draws : (element + 1) * sums.draws].tolist()
    return golden.reducing.reduction(
        factors, c, sums.format, sums.accumulator, sums.projection, random
    )
