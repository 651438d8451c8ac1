"""Writing vectors: whole files or none, beside a manifest."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from lowfloat.vectors.cases import Unit, exhaustive
from lowfloat.vectors.grammar import format_lines, line_length
from lowfloat.vectors.manifest import describe, manifest_path


@dataclass(frozen=True)
class Written:
    """What was written."""

    count: int
    #: Of the vectors' bytes, in hexadecimal.
    sha256: str


def write_to(stream: IO[bytes], unit: Unit) -> Written:
    """Write every case of a unit to a binary stream.

    Raises
    ------
    ValueError
        If an operand is wider than 8 bits.
    RuntimeError
        If fewer bytes were written than the cases need.

    Examples
    --------
    >>> import io, lowfloat as lf
    >>> stream = io.BytesIO()
    >>> lf.vectors.write_to(stream, lf.vectors.Unit.uniform("add", "float4_e2m1fn")).count
    256
    >>> stream.getvalue().splitlines()[:2]
    [b'0 0 0 00', b'0 1 1 00']
    """
    digest, written = hashlib.sha256(), 0
    for operands in exhaustive(unit):
        lines = format_lines(unit, (*operands, *unit.compute(operands)))
        digest.update(lines)
        written += _write_all(stream, lines)
    count, rest = divmod(written, line_length(unit))
    if rest or count != unit.exhaustive_count:
        raise RuntimeError(
            f"{written} bytes were written where {unit.exhaustive_count} vectors need "
            f"{unit.exhaustive_count * line_length(unit)}: do not use this file"
        )
    return Written(count, digest.hexdigest())


def _write_all(stream: IO[bytes], data: bytes) -> int:
    """Write everything, though an unbuffered stream takes a part at a time; the bytes written."""
    rest = memoryview(data)
    while taken := len(rest) and stream.write(rest):
        rest = rest[taken:]
    return len(data) - len(rest)


def write(path: str | os.PathLike[str], unit: Unit) -> Written:
    """Write every case of a unit to a file, and a manifest to ``path`` + ``.json``.

    Both files appear complete or not at all: they are written under temporary names, synced,
    measured and renamed, the manifest last.

    Raises
    ------
    ValueError
        If an operand is wider than 8 bits.
    OSError
        If a file cannot be written.

    Source: TestFloat 3e, testfloat_gen; semantics.md rules F-1 and A-1 to A-6.
    """
    target = Path(path)
    if not target.parent.is_dir():
        raise FileNotFoundError(errno.ENOENT, "no such folder", str(target.parent))
    with _replacing(manifest_path(target)) as manifest, _replacing(target) as vectors:
        written = write_to(vectors, unit)
        vectors.flush()
        expected = written.count * line_length(unit)
        if (size := os.fstat(vectors.fileno()).st_size) != expected:
            raise OSError(f"{target} has {size} bytes on disk instead of {expected}")
        text = json.dumps(describe(unit, target.name, written.count, written.sha256), indent=2)
        manifest.write(text.encode() + b"\n")
    return written


@contextmanager
def _replacing(target: Path) -> Iterator[IO[bytes]]:
    """A new file that takes ``target``'s name when the block ends well, and else disappears."""
    handle, name = tempfile.mkstemp(prefix=f".{target.name}.", suffix=".part", dir=target.parent)
    try:
        with os.fdopen(handle, "wb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        os.chmod(name, 0o666 & ~_umask())
        os.replace(name, target)
    except BaseException:
        os.unlink(name)
        raise


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
