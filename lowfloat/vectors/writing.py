"""Writing vectors: whole files or none, beside a manifest, going on where a killed run stopped."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from lowfloat.vectors.cases import Cases
from lowfloat.vectors.grammars import grammar_named, grammar_of
from lowfloat.vectors.grammars.payloads import Payload
from lowfloat.vectors.grammars.streams import SUFFIXES
from lowfloat.vectors.hashing import Digest
from lowfloat.vectors.journal import Journal
from lowfloat.vectors.manifest import describe
from lowfloat.vectors.running import Job, parts
from lowfloat.vectors.units import Unit

#: Called with the number of vectors done and of all.
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Written:
    """What was written."""

    count: int
    #: Of the uncompressed bytes, in hexadecimal.
    sha256: str
    #: Vectors that an interrupted run had left finished.
    resumed: int = 0


def as_cases(given: Cases | Unit) -> Cases:
    """Cases; a unit alone means all of its."""
    return Cases.all_of(given) if isinstance(given, Unit) else given


def write_to(
    stream: IO[bytes],
    cases: Cases | Unit,
    *,
    grammar: str = "testfloat",
    shard: tuple[int, int] = (1, 1),
    jobs: int = 1,
    scheduler: str | None = None,
    progress: Progress | None = None,
) -> Written:
    """Write vectors to a binary stream.

    Parameters
    ----------
    stream : binary stream
    cases : Cases or Unit
        A unit alone stands for every combination of its inputs.
    grammar, shard, jobs, scheduler, progress
        As for ``write``.

    Raises
    ------
    ValueError
        If there are too many cases to list, or the shard or the grammar does not exist.
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
    job = Job(as_cases(cases), grammar, shard)
    done = written = 0
    with Digest(job.part_count > 1) as digest:
        for part in parts(job, 0, jobs, scheduler):
            digest.update(part.payload)
            written += _write_all(stream, part.payload)
            done += part.vectors
            if progress is not None:
                progress(done, job.count)
        _demand_whole(job, done, written)
        return Written(done, digest.hexdigest())


def _demand_whole(job: Job, count: int, written: int) -> None:
    size = grammar_named(job.grammar).record_size(job.cases.unit)
    short = count != job.count
    if size is not None and job.grammar != "npz":
        short |= written != job.count * size + len(job.header)
    if short:
        raise RuntimeError(
            f"{count} vectors in {written} bytes were written where {job.count} were asked for: "
            "do not use this file"
        )


def _write_all(stream: IO[bytes], data: Payload) -> int:
    """Write everything, though an unbuffered stream takes a part at a time; the bytes written."""
    rest = memoryview(data)
    while taken := len(rest) and stream.write(rest):
        rest = rest[taken:]
    return len(data) - len(rest)


def write(
    path: str | os.PathLike[str],
    cases: Cases | Unit,
    *,
    grammar: str | None = None,
    shard: tuple[int, int] = (1, 1),
    jobs: int = 1,
    scheduler: str | None = None,
    progress: Progress | None = None,
) -> Written:
    """Write vectors to a file, and a manifest to ``path`` + ``.json``.

    The file appears complete or not at all. A run that is killed leaves ``.NAME.part`` and
    ``.NAME.journal``; the same call goes on from there and makes the same bytes.

    Parameters
    ----------
    path : path
        ``.gz`` and ``.zst`` compress.
    cases : Cases or Unit
        A unit alone stands for every combination of its inputs.
    grammar : str, optional
        A name from ``lf.vectors.GRAMMARS``; by default the one that the file's name asks for.
    shard : (int, int)
        (i, n): the i-th of n consecutive shares, from 1 on; shares 1 to n, one after the other,
        are the whole file.
    jobs : int
        Processes on this machine.
    scheduler : str, optional
        Address of a Dask scheduler, whose workers compute instead.
    progress : callable, optional
        Called with the number of vectors done and of all.

    Raises
    ------
    ValueError
        If there are too many cases to list, or the shard or the grammar does not exist.
    OSError
        If a file cannot be written.
    RuntimeError
        If another run writes this file.

    Source: TestFloat 3e, testfloat_gen; semantics.md rules F-1 and A-1 to A-6.
    """
    target = Path(path)
    if not target.parent.is_dir():
        raise FileNotFoundError(errno.ENOENT, "no such folder", str(target.parent))
    if target.is_dir():
        raise IsADirectoryError(errno.EISDIR, "is a folder", str(target))
    if target.exists() and not target.is_file():
        # A file that appears whole takes the place of what had its name.
        what = "is a device or a pipe, and would be replaced: write to standard output (--out -)"
        raise OSError(errno.EINVAL, what, str(target))
    compression = SUFFIXES.get(target.suffix)
    job = Job(as_cases(cases), grammar or grammar_of(target), shard, compression)
    with Journal(target, job) as journal:
        resumed = journal.count
        for part in parts(job, journal.finished, jobs, scheduler):
            journal.append(part)
            if progress is not None:
                progress(journal.count, job.count)
        _demand_whole(job, journal.count, journal.payload_bytes)
        manifest = describe(
            job.cases, target.name, job.grammar, job.start, job.count, journal.sha256,
            "{}/{}".format(*shard),
        )  # fmt: skip
        journal.finish(json.dumps(manifest, indent=2).encode() + b"\n")
    return Written(job.count, journal.sha256, resumed)
