"""Test vectors in the C library: drawn cases, and records of columns of codes.

Results are not computed here: ``engine`` has the one door for that.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lowfloat._core import ffi, lib
from lowfloat._native import (
    OPERATIONS,
    _check,
    format_struct,
    options_struct,
    projection_struct,
)
from lowfloat.formats import Format
from lowfloat.projection import Projection

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


# -- drawn cases ----------------------------------------------------------------------------------


def draw_words(seed: int, first: int, count: int, words: int, apart: int) -> NDArray[np.uint64]:
    """``words`` rows of ``count`` random words: of cases in runs of eight that lie ``apart``."""
    out = np.empty((words, count), np.uint64)
    _check(
        lib.lf_draw_words(
            seed, first, apart, words, ffi.from_buffer("uint64_t[]", out, require_writable=True),
            count, options_struct(),
        )
    )  # fmt: skip
    return out


class CasePort(NamedTuple):
    """What the classes know of a format or an integer at a port of a unit."""

    format: Format | None
    #: Fields of lf_case_port by name.
    numbers: dict[str, int]
    #: Lists of codes by name.
    lists: dict[str, Codes]
    #: Of TestFloat's levels.
    directed: list[Codes]
    #: Low codes and spans.
    specials: tuple[Codes, Codes]
    #: The same, each as often as its weight says.
    weighted: tuple[Codes, Codes] | None = None


class CaseTurn(NamedTuple):
    """A turn of a class, or of nobody: a place among the turns of its class, and its grid."""

    name: str | None
    place: int
    places: int
    radices: tuple[int, ...]


class Drawing:
    """The inputs of a unit's cases, as C draws them."""

    def __init__(
        self,
        operation: str,
        ports: Sequence[CasePort],
        result: CasePort | None,
        target: CasePort | None,
        turns: Sequence[CaseTurn],
        *,
        extra_bits: int,
        boundaries: Codes,
        limits: Codes,
        quarters: Codes,
        nearest: Projection,
        toward_zero: Projection,
        random_width: int,
        directed: Sequence[int],
    ) -> None:
        self._kept: list[Any] = []
        self._unit = unit = ffi.new("lf_case_unit *")
        unit.operation = OPERATIONS.get(operation, -1)
        unit.ports, unit.random_width = len(ports), random_width
        unit.words = max(len(ports) + (random_width > 0), 2)
        for k, port in enumerate(ports):
            self._set_port(unit.port[k], port)
        for struct, given in ((unit.result, result), (unit.target, target)):
            if given is not None:
                self._set_port(struct, given)
        unit.extra_bits, unit.boundaries = extra_bits, self._numbers(boundaries, "int64_t")
        self._set_list(unit.limits, limits)
        self._set_list(unit.quarters, quarters)
        unit.nearest, unit.toward_zero = projection_struct(nearest), projection_struct(toward_zero)
        self._kept += [nearest, toward_zero, unit.nearest, unit.toward_zero]
        unit.turns = list(directed)
        self._turns = ffi.new("lf_case_turn[]", len(turns))
        for struct, turn in zip(self._turns, turns, strict=True):
            struct.kind = -1
            if turn.name is not None:
                struct.kind = getattr(lib, f"LF_CASES_{turn.name.upper()}")
            struct.place, struct.places = turn.place, turn.places
            struct.digits, struct.radices = len(turn.radices), list(turn.radices)

    def _numbers(self, given: Codes, kind: str = "uint64_t") -> Any:
        numbers = np.ascontiguousarray(given, kind.removesuffix("_t"))
        pointer = ffi.from_buffer(f"{kind}[]", numbers)
        self._kept += [numbers, pointer]
        return pointer

    def _set_port(self, struct: Any, port: CasePort) -> None:
        struct.format = ffi.NULL if port.format is None else format_struct(port.format)
        self._kept.append(struct.format)
        for name, number in port.numbers.items():
            setattr(struct, name, number)
        struct.bytes = max(1, 1 << (struct.width - 1).bit_length() >> 3)
        for name, codes in port.lists.items():
            self._set_list(getattr(struct, name), codes)
        for level, codes in enumerate(port.directed):
            self._set_list(struct.directed[level], codes)
        self._set_ranges(struct.specials, *port.specials)
        if port.weighted is not None:
            self._set_ranges(struct.weighted, *port.weighted)

    def _set_list(self, struct: Any, codes: Codes) -> None:
        struct.codes, struct.count = self._numbers(codes), len(codes)

    def _set_ranges(self, struct: Any, low: Codes, span: Codes) -> None:
        struct.low, struct.span, struct.count = self._numbers(low), self._numbers(span), len(low)

    def draw(self, seed: int, first: int, runs: int, columns: Sequence[Codes]) -> None:
        """Fill columns with the inputs of ``runs`` runs; the turns of nobody are left as they are.

        A column has eight codes for each run.
        """
        pointers = [ffi.from_buffer(column, require_writable=True) for column in columns]
        _check(
            lib.lf_draw_cases(
                self._unit, self._turns, len(self._turns), seed, first, runs,
                ffi.new("void *[]", pointers),
                ffi.new("int[]", [column.dtype.itemsize for column in columns]), options_struct(),
            )
        )  # fmt: skip
