"""NumPy's .npz: one array of codes for every column."""

from __future__ import annotations

import io
import shutil
import struct
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from tempfile import TemporaryFile
from typing import IO

import numpy as np

from lowfloat.vectors.errors import VectorFileError
from lowfloat.vectors.grammars.payloads import Bytes, Payload
from lowfloat.vectors.grammars.streams import Stream
from lowfloat.vectors.table import Table
from lowfloat.vectors.units import Codes, Unit

#: How an archive begins, and its last record, which has a fixed size where it has no comment.
_FIRST, _LAST, _LAST_SIZE = b"PK\x03\x04", b"PK\x05\x06", 22


class NpzGrammar:
    """A file that is written column by column, and read whole."""

    name, suffixes = "npz", (".npz",)
    text = "NumPy: an array of codes for every column"

    def header(self, unit: Unit) -> bytes:
        """Nothing: the archive has its own."""
        return b""

    def record_size(self, unit: Unit) -> int:
        """Bytes of one vector, without the archive's headers."""
        return sum(column.dtype.itemsize for column in unit.columns)

    def line_of(self, unit: Unit, index: int) -> int:
        """The vector's number, from 1."""
        return index + 1

    def describe(self, unit: Unit) -> dict[str, str]:
        """The grammar as text for the manifest."""
        return {"arrays": ", ".join(f"{c.name} {c.dtype}" for c in unit.columns)}

    def encode(self, unit: Unit, columns: Sequence[Codes], into: Bytes | None = None) -> Payload:
        """The whole archive; its bytes depend on the columns alone."""
        stream = io.BytesIO()
        self.write_archive(unit, [columns], len(columns[0]), stream)
        return stream.getvalue()

    def write_archive(
        self, unit: Unit, chunks: Iterable[Sequence[Codes]], count: int, stream: IO[bytes]
    ) -> None:
        """Write the archive of ``count`` vectors that come some at a time.

        Their columns wait in temporary files for their turn: memory is that of a chunk.
        """
        with ExitStack() as stack:
            waiting = [stack.enter_context(TemporaryFile()) for _ in unit.columns]
            for columns in chunks:
                for file, codes, column in zip(waiting, columns, unit.columns, strict=True):
                    file.write(np.ascontiguousarray(codes, column.dtype).data)
            archive = stack.enter_context(zipfile.ZipFile(stream, "w"))
            for file, column in zip(waiting, unit.columns, strict=True):
                header = {
                    "descr": np.lib.format.dtype_to_descr(column.dtype),
                    "fortran_order": False,
                    "shape": (count,),
                }
                file.seek(0)
                entry = zipfile.ZipInfo(f"{column.name}.npy")
                with archive.open(entry, "w", force_zip64=True) as member:
                    np.lib.format.write_array_header_1_0(member, header)
                    shutil.copyfileobj(file, member, 1 << 16)

    def tables(self, unit: Unit, stream: Stream) -> Iterator[Table]:
        """The vectors of an archive, as one table.

        Raises
        ------
        VectorFileError
            If it is no archive, or lacks a column or has one of another shape or dtype.
        """
        data = b"".join(iter(lambda: stream.read(1 << 24), b""))
        if not data.startswith(_FIRST):
            raise VectorFileError(
                stream.name, 1, 1, "this is no .npz archive, which begins with the bytes PK 03 04"
            )
        if data[-_LAST_SIZE:][: len(_LAST)] != _LAST:
            raise VectorFileError(
                stream.name, 1, 1,
                "the archive is truncated, or something follows it: its last 22 bytes should be "
                "the end of the directory, PK 05 06 and no comment; write it again",
            )  # fmt: skip
        try:
            with np.load(io.BytesIO(data), allow_pickle=False) as archive:
                # A member that is no array comes as bytes.
                columns = [np.asanyarray(archive[column.name]) for column in unit.columns]
        except KeyError as error:
            raise VectorFileError(
                stream.name, 1, 1, f"the archive lacks the array {error}"
            ) from None
        except (
            ArithmeticError,
            AttributeError,
            EOFError,
            MemoryError,
            OSError,
            RuntimeError,
            SyntaxError,
            TypeError,
            ValueError,
            struct.error,
            zipfile.BadZipFile,
            zlib.error,
        ) as error:
            raise VectorFileError(stream.name, 1, 1, f"this is no .npz archive ({error})") from None
        for column, codes in zip(unit.columns, columns, strict=True):
            if codes.dtype != column.dtype or codes.shape != columns[-1].shape or codes.ndim != 1:
                raise VectorFileError(
                    stream.name, 1, 1,
                    f"array {column.name} should be one-dimensional {column.dtype}, as long as the "
                    f"others; it is {codes.dtype} of shape {codes.shape}",
                )  # fmt: skip
            if column.width < 8 * column.dtype.itemsize and (codes >> column.width).any():
                at = int(np.flatnonzero(codes >> column.width)[0])
                raise VectorFileError(
                    stream.name, at + 1, 1,
                    f"{column.name} {int(codes[at]):#x} does not fit in {column.width} bits",
                )  # fmt: skip
        if len(columns[-1]):
            yield Table(tuple(columns[:-2]), columns[-2], columns[-1])


NPZ = NpzGrammar()
