"""Bytes from files and pipes, plain or compressed, and compression of what is written."""

from __future__ import annotations

import gzip
import io
import os
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

from lowfloat.vectors.errors import VectorFileError
from lowfloat.vectors.grammars.payloads import Payload

#: Compressions by the suffix of a file's name.
SUFFIXES = {".gz": "gzip", ".zst": "zstd"}
_MAGIC = {b"\x1f\x8b": "gzip", b"\x28\xb5\x2f\xfd": "zstd"}


class Stream:
    """A source of bytes with a name; ``read`` gives as many as asked for unless it ends."""

    def __init__(self, name: str | os.PathLike[str], raw: Any, ahead: bytes = b"") -> None:
        self.name, self._raw, self._ahead = name, raw, ahead

    def read(self, count: int) -> bytes:
        """Up to ``count`` bytes; fewer only at the end.

        Raises
        ------
        VectorFileError
            If compressed data are damaged.
        """
        parts = [self._ahead[:count]]
        self._ahead = self._ahead[count:]
        missing = count - len(parts[0])
        while missing:
            try:
                part = self._raw.read(missing)
            except (EOFError, OSError, zlib.error) as error:
                if isinstance(error, OSError) and error.errno is not None:
                    raise
                raise VectorFileError(
                    self.name, 1, 1, f"the compressed data are damaged or truncated ({error})"
                ) from None
            except Exception as error:
                if type(error).__name__ != "ZstdError":
                    raise
                raise VectorFileError(
                    self.name, 1, 1, f"the compressed data are damaged ({error})"
                ) from None
            if not part:
                break
            parts.append(part)
            missing -= len(part)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def peek(self, count: int) -> bytes:
        """The next bytes, left where they are."""
        found = self.read(count)
        self._ahead = found + self._ahead
        return found


@contextmanager
def opened(path: str | os.PathLike[str]) -> Iterator[Stream]:
    """A file, or standard input for ``-``, decompressed if it is compressed."""
    if os.fspath(path) == "-":
        yield decompressed(Stream("<stdin>", sys.stdin.buffer))
        return
    with Path(path).open("rb") as raw:
        yield decompressed(Stream(path, raw))


def decompressed(stream: Stream) -> Stream:
    """The payload of a stream, whether it is compressed or not."""
    kind = next((kind for magic, kind in _MAGIC.items() if stream.peek(4).startswith(magic)), None)
    if kind is None:
        return stream
    source: Any = io.BufferedReader(_Raw(stream))
    if kind == "gzip":
        return Stream(stream.name, gzip.GzipFile(fileobj=source))
    return Stream(stream.name, io.BufferedReader(_Zstd(source)))


class _Raw(io.RawIOBase):
    """A Stream as Python's own readers want it."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._stream.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)


class _Zstd(io.RawIOBase):
    """Frames one after the other; unlike zstandard's own reader it notices a missing end."""

    def __init__(self, source: Any) -> None:
        self._source, self._decompressor = source, _zstandard().ZstdDecompressor()
        self._frame: Any = None
        self._raw, self._ready = b"", b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._ready:
            raw = self._raw or self._source.read(1 << 16)
            if not raw:
                if self._frame is not None:
                    raise EOFError("the last frame has no end")
                return 0
            self._frame = self._frame or self._decompressor.decompressobj()
            self._ready, self._raw = self._frame.decompress(raw), b""
            if self._frame.eof:
                self._raw, self._frame = self._frame.unused_data, None
        count = min(len(buffer), len(self._ready))
        buffer[:count] = self._ready[:count]
        self._ready = self._ready[count:]
        return count


def compressed(data: Payload, kind: str | None) -> Payload:
    """One member or frame; they may be concatenated."""
    if kind is None:
        return data
    if kind == "gzip":
        return gzip.compress(data, 6, mtime=0)
    packed: bytes = _zstandard().ZstdCompressor(level=3).compress(data)
    return packed


def _zstandard() -> Any:
    try:
        return import_module("zstandard")
    except ImportError:
        raise ImportError("zstd needs the package zstandard: pip install zstandard") from None
