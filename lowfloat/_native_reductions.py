"""Sums of products in the C library: accumulators become structs, matrices become pointers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from numpy.typing import NDArray

from lowfloat._core import ffi, lib
from lowfloat._native import (
    Random,
    _check,
    _random_struct,
    _result,
    format_struct,
    options_struct,
    projection_struct,
)
from lowfloat.accumulators.fused import Fused, LateStart
from lowfloat.accumulators.kinds import (
    COMPENSATIONS,
    GROUPINGS,
    METHODS,
    Accumulator,
    FixedPoint,
    Grouped,
    Kind,
)
from lowfloat.accumulators.orders import ORDERS, Interleaved
from lowfloat.formats import Format
from lowfloat.projection import ROUNDINGS, Projection

Codes = NDArray[Any]

_KINDS = {"Accumulator": 0, "Exact": 1, "FixedPoint": 2, "Fused": 3, "Grouped": 4}
_ALL_BITS = -1
_NO_MINIMUM = -(1 << 31)

#: The struct of each accumulator, followed by those that it points to.
_accumulators: dict[Kind, list[Any]] = {}


class Matrix(NamedTuple):
    """Codes of batch x rows x columns in any layout; an axis of length 1 may be repeated."""

    codes: Codes
    format: Format


class Reduction(NamedTuple):
    """The operands of a call: a (b, m, k), b (b, k, n), c (b, m, n), scales by blocks of k.

    ``swapped``: the terms are b a.
    """

    a: Matrix
    b: Matrix
    c: Matrix | None
    a_scales: Matrix | None
    b_scales: Matrix | None
    a_block: int
    b_block: int
    swapped: bool = False


def accumulator_structs(accumulator: Kind) -> list[Any]:
    """The lf_accumulator of an accumulator, made once, and what must live as long as it is used."""
    found = _accumulators.get(accumulator)
    if found is None:
        if len(_accumulators) >= 1024:
            _accumulators.clear()
        _make(accumulator, found := [])
        _accumulators[accumulator] = found
    return found


def _make(accumulator: Kind, kept: list[Any]) -> Any:
    struct = ffi.new("lf_accumulator *")
    kept.append(struct)
    struct.size = ffi.sizeof("lf_accumulator")
    struct.kind = _KINDS[type(accumulator).__name__]
    struct.minimum_exponent = _NO_MINIMUM
    struct.fraction_bits = struct.subsum_bits = struct.late_cutoff = _ALL_BITS
    order = getattr(accumulator, "order", "sequential")
    if isinstance(order, Interleaved):
        struct.order, struct.order_n, struct.order_width = len(ORDERS), order.n, order.width
    else:
        struct.order = ORDERS.index(order)
    if isinstance(accumulator, Grouped):
        struct.grouping = 1 + GROUPINGS.index(accumulator.by)
        struct.n, struct.width = accumulator.n, accumulator.width
        struct.inner, struct.outer = _make(accumulator.inner, kept), _make(accumulator.outer, kept)
        return struct
    if isinstance(accumulator, FixedPoint):
        struct.bits, struct.lsb = accumulator.bits, accumulator.lsb
        struct.saturates = accumulator.overflow == "saturate"
        return struct
    struct.projection = _kept_projection(accumulator.projection, kept)  # type: ignore[attr-defined]
    if accumulator.format is not None:
        struct.format = format_struct(accumulator.format)
    if isinstance(accumulator, Accumulator):
        _fill_rounded(struct, accumulator, kept)
    elif isinstance(accumulator, Fused):
        _fill_fused(struct, accumulator)
    return struct


def _kept_projection(projection: Projection, kept: list[Any]) -> Any:
    """A projection's struct that stays when the cache of structs is emptied."""
    struct = ffi.new("lf_projection *", projection_struct(projection)[0])
    kept.append(struct)
    return struct


def _fill_rounded(struct: Any, accumulator: Accumulator, kept: list[Any]) -> None:
    if accumulator.compensation is not None:
        struct.compensation = 1 + COMPENSATIONS.index(accumulator.compensation)
    product = accumulator.product
    if product is not None:
        struct.product = METHODS.index(product.method)
        struct.product_projection = _kept_projection(product.projection, kept)
        if product.format is not None:
            struct.product_format = format_struct(product.format)


def _bits(bits: int | None) -> int:
    return _ALL_BITS if bits is None else bits


def _fill_fused(struct: Any, accumulator: Fused) -> None:
    struct.terms = accumulator.terms
    struct.fraction_bits = _bits(accumulator.fraction_bits)
    struct.alignment = ROUNDINGS.index(accumulator.alignment)
    if accumulator.minimum_exponent is not None:
        struct.minimum_exponent = accumulator.minimum_exponent
    struct.zeros_aligned = accumulator.zeros == "aligned"
    struct.sorted = accumulator.addition == "sorted"
    subsums = accumulator.subsums
    if subsums is not None:
        struct.subsums = lib.LF_BY_LANES if subsums.by == "lanes" else lib.LF_BY_CHUNKS
        struct.subsum_n, struct.subsum_bits = subsums.n, _bits(subsums.fraction_bits)
        struct.subsum_alignment = ROUNDINGS.index(subsums.alignment)
        struct.subsum_scales = subsums.exponent == "scales"
    late = accumulator.start
    if isinstance(late, LateStart):
        struct.late = 1
        struct.late_sum_bits, struct.late_start_bits = late.sum_bits, late.start_bits
        struct.late_alignment = ROUNDINGS.index(late.alignment)
        struct.late_cutoff = _bits(late.cutoff)


def _fill_matrix(struct: Any, matrix: Matrix | None, pointers: list[Any]) -> None:
    if matrix is None:
        return
    codes = matrix.codes
    struct.format = format_struct(matrix.format)
    # Strided arrays have no buffer that cffi takes: the address is that of element (0, 0, 0).
    struct.codes = ffi.cast("void *", codes.ctypes.data)
    pointers.append(codes)
    strides = [
        0 if length == 1 else stride // codes.itemsize
        for length, stride in zip(codes.shape, codes.strides, strict=True)
    ]
    struct.batch_stride, struct.row_stride, struct.column_stride = strides


def matmul(
    operands: Reduction,
    out: Codes,
    shape: Sequence[int],
    fmt: Format,
    accumulator: Kind,
    projection: Projection,
    random: Random,
    first: int,
    flags_out: Codes | None,
    collect: bool,
) -> int:
    """Fill ``out``, flat, of ``shape`` (batch, m, k, n), with sums; the union of their flags.

    ``first`` is the number of the first element for random bits.
    """
    pointers: list[Any] = []
    struct = ffi.new("lf_reduction *")
    struct.size = ffi.sizeof("lf_reduction")
    structs = accumulator_structs(accumulator)
    struct.accumulator = structs[0]
    struct.batch, struct.rows, struct.terms, struct.columns = shape
    _fill_matrix(struct.a, operands.a, pointers)
    _fill_matrix(struct.b, operands.b, pointers)
    _fill_matrix(struct.c, operands.c, pointers)
    _fill_matrix(struct.a_scales, operands.a_scales, pointers)
    _fill_matrix(struct.b_scales, operands.b_scales, pointers)
    struct.a_block, struct.b_block = operands.a_block, operands.b_block
    struct.swapped = operands.swapped
    flags = ffi.new("uint32_t *") if collect else ffi.NULL
    _check(
        lib.lf_matmul(
            struct,
            _result(out, fmt, flags_out, flags),
            projection_struct(projection),
            _random_struct(random, first),
            options_struct(),
        )
    )
    return flags[0] if collect else 0
