"""Test vectors in the C library: records of columns of codes, in text and in binary.

Nothing here computes a result: codes come and go as they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lowfloat._core import ffi, lib
from lowfloat._native import _check, options_struct

Codes = NDArray[Any]
Bytes = NDArray[np.uint8]


def _columns(columns: Sequence[tuple[Codes, int, int]]) -> Any:
    structs = ffi.new("lf_column[]", len(columns))
    for struct, (codes, width, place) in zip(structs, columns, strict=True):
        struct.codes = ffi.from_buffer(codes)
        struct.bytes, struct.width, struct.place = codes.dtype.itemsize, width, place
    return structs


def write_text(columns: Sequence[tuple[Codes, int, int]], record: Bytes, out: Bytes) -> None:
    """Fill ``out`` with copies of a record that hold the hexadecimal digits of codes.

    A column is its contiguous codes, their width in bits, and the index of its first digit.
    """
    count = len(columns[0][0])
    _check(
        lib.lf_write_text(
            _columns(columns), len(columns), ffi.from_buffer("uint8_t[]", record), len(record),
            ffi.from_buffer("uint8_t[]", out, require_writable=True), count, options_struct(),
        )
    )  # fmt: skip


def write_packed(columns: Sequence[tuple[Codes, int, int]], size: int, out: Bytes) -> None:
    """Fill ``out`` with records of ``size`` bytes, most significant first.

    A column is its contiguous codes, their width in bits, and the lowest bit of its place.
    """
    count = len(columns[0][0])
    _check(
        lib.lf_write_packed(
            _columns(columns), len(columns), size,
            ffi.from_buffer("uint8_t[]", out, require_writable=True), count, options_struct(),
        )
    )  # fmt: skip


def count_codes(start: int, shift: int, width: int, out: Codes) -> None:
    """Fill ``out`` with ``width`` bits, from bit ``shift`` on, of a counter from ``start`` on."""
    _check(
        lib.lf_count_codes(
            start, shift, width, out.dtype.itemsize, ffi.from_buffer(out, require_writable=True),
            len(out),
        )
    )  # fmt: skip
