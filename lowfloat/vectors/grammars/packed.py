"""Packed binary: every vector in the fewest whole bytes, most significant first.

The columns stand side by side as in the word of a ``$readmemh`` file, but without padding between
them: the first operand on top, the flags at the bottom, and zeros above the first operand up to a
multiple of eight. Verilog's ``$fread`` reads such a record into one register.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import accumulate

import numpy as np

from lowfloat import _native_vectors
from lowfloat.vectors.errors import VectorFileError
from lowfloat.vectors.grammars.payloads import Bytes, Payload, room
from lowfloat.vectors.grammars.streams import Stream
from lowfloat.vectors.table import Table
from lowfloat.vectors.units import Codes, Unit

PAGE = 1 << 15


class PackedGrammar:
    """Records of a fixed number of bytes."""

    name, suffixes = "packed", (".bin",)
    text = "binary: the columns side by side in the fewest bytes, most significant first"

    def header(self, unit: Unit) -> bytes:
        """Nothing: the grammar has none."""
        return b""

    def record_size(self, unit: Unit) -> int:
        """Bytes of one vector."""
        return -(-sum(column.width for column in unit.columns) // 8)

    def line_of(self, unit: Unit, index: int) -> int:
        """The record's number, from 1: binary has no lines."""
        return index + 1

    def describe(self, unit: Unit) -> dict[str, str]:
        """The grammar as text for the manifest."""
        fields = " ".join(f"{column.name}:{column.width}" for column in unit.columns)
        return {
            "record": f"{self.record_size(unit)} bytes, most significant first",
            "bits": f"{fields}, from the top, below zeros that fill the first byte",
        }

    def encode(self, unit: Unit, columns: Sequence[Codes], into: Bytes | None = None) -> Payload:
        """The records of columns of codes."""
        size = self.record_size(unit)
        whole = room(into, len(columns[0]) * size)
        fields = [
            (np.ascontiguousarray(codes), column.width, place)
            for codes, column, place in zip(columns, unit.columns, _places(unit), strict=True)
        ]
        _native_vectors.write_packed(fields, size, whole)
        return whole.data

    def tables(self, unit: Unit, stream: Stream) -> Iterator[Table]:
        """The vectors of a stream, page by page.

        Raises
        ------
        VectorFileError
            If the stream ends inside a record or a filling bit is set; the column counts bytes.
        """
        size, done = self.record_size(unit), 0
        while data := stream.read(PAGE * size):
            count, rest = divmod(len(data), size)
            if rest:
                raise VectorFileError(
                    stream.name, done + count + 1, rest + 1,
                    f"the file ends after {rest} of the {size} bytes of this record",
                )  # fmt: skip
            page: Codes = np.frombuffer(data, np.uint8).reshape(count, size)
            spare = 8 * size - sum(column.width for column in unit.columns)
            filled = np.flatnonzero(page[:, 0] >> (8 - spare))
            if spare and len(filled):
                raise VectorFileError(
                    stream.name, done + int(filled[0]) + 1, 1,
                    f"the top {spare} bits of a record should be zero: is this another unit's file?",
                )  # fmt: skip
            columns = _unpacked(unit, page)
            yield Table(columns[:-2], columns[-2], columns[-1])
            done += count


def _places(unit: Unit) -> list[int]:
    """The lowest bit of every column."""
    widths = [column.width for column in unit.columns]
    return [sum(widths) - end for end in accumulate(widths)]


def _unpacked(unit: Unit, page: Codes) -> tuple[Codes, ...]:
    size, columns = int(page.shape[1]), []
    for column, place in zip(unit.columns, _places(unit), strict=True):
        codes = np.zeros(len(page), np.uint64)
        for byte in range(place // 8, (place + column.width - 1) // 8 + 1):
            shift = 8 * byte - place
            part = page[:, size - 1 - byte].astype(np.uint64)
            codes |= part << np.uint64(shift) if shift >= 0 else part >> np.uint64(-shift)
        columns.append((codes & np.uint64((1 << column.width) - 1)).astype(column.dtype))
    return tuple(columns)


PACKED = PackedGrammar()
