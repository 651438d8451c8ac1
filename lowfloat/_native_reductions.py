"""Sums of products in the C library: accumulators become structs, matrices become pointers."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
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
from lowfloat.accumulators.fields import fields_of
from lowfloat.accumulators.kinds import Kind
from lowfloat.formats import Format
from lowfloat.projection import Projection

Codes = NDArray[Any]
#: Called with the steps that are done.
Tell = Callable[[int], None]

#: Calls of fewer steps are over before anybody asks.
LONG = 1 << 18

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
    for name, value in fields_of(accumulator).items():
        setattr(struct, name, _field(value, kept))
    return struct


def _field(value: Any, kept: list[Any]) -> Any:
    if isinstance(value, Format):
        return format_struct(value)
    if isinstance(value, Projection):
        # A struct of its own stays when the cache of structs is emptied.
        struct = ffi.new("lf_projection *", projection_struct(value)[0])
        kept.append(struct)
        return struct
    return _make(value, kept) if isinstance(value, Kind) else value


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
    tell: Tell,
) -> int:
    """Fill ``out``, flat, of ``shape`` (batch, m, k, n), with sums; the union of their flags.

    ``first`` is the number of the first element for random bits. ``tell`` hears from a long call,
    now and then, how many steps are done; what it raises, a signal's exception too, ends the call.
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
    listener = _Listener(tell)
    status = lib.lf_matmul(
        struct,
        _result(out, fmt, flags_out, flags),
        projection_struct(projection),
        _random_struct(random, first),
        options_struct() if math.prod(shape) < LONG else listener.options(),
    )
    if status == lib.LF_STOPPED:
        raise listener.error or KeyboardInterrupt
    _check(status)
    return flags[0] if collect else 0


class _Listener:
    """Who hears of a call's steps from C, and what was raised then."""

    def __init__(self, tell: Tell) -> None:
        self.tell, self.error = tell, None
        self._kept: tuple[Any, ...] = ()

    def options(self) -> Any:
        """The lf_options of the present settings, with this listener."""
        handle = ffi.new_handle(self)
        struct = ffi.new("lf_options *", options_struct()[0])
        struct.tell, struct.context = lib.lf_tell_python, handle
        self._kept = handle, struct
        return struct


@ffi.def_extern(onerror=lambda *_: 1)  # type: ignore[untyped-decorator]
def lf_tell_python(context: Any, steps: int) -> int:
    """Nonzero if the call is to stop."""
    listener = ffi.from_handle(context)
    try:
        listener.tell(steps)
    except BaseException as error:  # noqa: BLE001 - it goes on where the call is left
        listener.error = error
        return 1
    return 0
