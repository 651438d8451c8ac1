"""The journal of a file in the making: which parts are finished, so that nothing is done twice.

Beside the file NAME lie ``.NAME.part``, its finished parts, and ``.NAME.journal``, one line for
each, with the hash of the file up to the part's end. A line is written after its part, when that
is hashed. When a run begins again, it reads the parts back, keeps those that match their lines, and
cuts off the rest.
"""

from __future__ import annotations

import fcntl
import hashlib
import io
import json
import os
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

import lowfloat as lf
from lowfloat.vectors.grammars.payloads import Payload
from lowfloat.vectors.grammars.streams import Stream, decompressed
from lowfloat.vectors.hashing import Digest
from lowfloat.vectors.manifest import describe_cases, manifest_path, policy_header
from lowfloat.vectors.running import PART, Job, Part

#: Seconds between two calls of fsync.
SYNC_EVERY = 2.0


def identity(job: Job) -> str:
    """A fingerprint of everything that decides the bytes of a file."""
    data = {
        **policy_header(job.cases.unit),
        "cases": describe_cases(job.cases),
        "grammar": job.grammar,
        "shard": job.shard,
        "compression": job.compression,
        "part": PART,
        "version": lf.__version__,
    }
    return hashlib.sha256(json.dumps(data, sort_keys=True).encode()).hexdigest()


class Journal:
    """A file in the making, as a context: on entry it takes up what an earlier run left.

    Raises
    ------
    RuntimeError
        If another run writes this file.
    OSError
        If a file cannot be written.
    """

    def __init__(self, target: Path, job: Job) -> None:
        self.target, self._job = target, job
        self._partial = target.with_name(f".{target.name}.part")
        self._path = target.with_name(f".{target.name}.journal")
        #: Of the payload, and of the bytes of the file, which are the same unless compressed.
        beside = job.part_count > 1
        self._digest = Digest(beside)
        self._file_digest = self._digest if job.compression is None else Digest(beside)
        #: The line of a part that is being hashed.
        self._pending: dict[str, Any] | None = None
        #: Parts, vectors and payload bytes that are finished.
        self.finished = self.count = self.payload_bytes = 0
        self._end, self._synced = 0, time.monotonic()

    @property
    def sha256(self) -> str:
        """Of the payload so far."""
        return self._digest.hexdigest()

    def __enter__(self) -> Self:
        self._journal: IO[bytes] = self._path.open("ab+")
        try:
            fcntl.flock(self._journal, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._journal.close()
            raise RuntimeError(f"another run writes {self.target}: wait for it") from None
        lines = self._lines()
        complete = sum(entry["count"] for entry in lines) == self._job.count
        if complete and not self._partial.exists() and self.target.exists():
            # The run was killed between its last two renames.
            os.replace(self.target, self._partial)
        self._file: IO[bytes] = self._partial.open("ab+")
        self._take_up(lines)
        return self

    def _lines(self) -> list[dict[str, Any]]:
        """The lines of an earlier run of the same job, without a torn last one."""
        self._journal.seek(0)
        found = []
        for line in self._journal:
            try:
                found.append(json.loads(line))
            except ValueError:
                break
        if not found or found[0].get("job") != identity(self._job):
            return []
        return found[1:]

    def _take_up(self, lines: list[dict[str, Any]]) -> None:
        kept = []
        self._file.seek(0)
        for entry in lines:
            data = self._file.read(entry["end"] - self._end)
            if self._file_digest.after(data) != entry["sha256"]:
                break
            self._note(entry["count"], _payload(data), data)
            kept.append(entry)
        self._file.seek(self._end)
        self._file.truncate()
        self._journal.seek(0)
        self._journal.truncate()
        for entry in ({"job": identity(self._job)}, *kept):
            self._journal.write(json.dumps(entry).encode() + b"\n")
        self._journal.flush()

    def _note(self, count: int, payload: Payload, data: Payload) -> None:
        self._digest.update(payload)
        if self._file_digest is not self._digest:
            self._file_digest.update(data)
        self.finished += 1
        self.count += count
        self.payload_bytes += len(payload)
        self._end += len(data)

    def append(self, part: Part) -> None:
        """Write a finished part; its line follows when it is hashed, before the next part's."""
        self._file.write(part.data)
        self._file.flush()
        self._write_line()
        self._note(part.vectors, part.payload, part.data)
        self._pending = {"end": self._end, "count": part.vectors}
        if time.monotonic() - self._synced > SYNC_EVERY:
            self._sync()

    def _write_line(self) -> None:
        """The line that waits for its hash."""
        if self._pending is None:
            return
        entry = {**self._pending, "sha256": self._file_digest.hexdigest()}
        self._pending = None
        self._journal.write(json.dumps(entry).encode() + b"\n")
        self._journal.flush()

    def _sync(self) -> None:
        os.fsync(self._file.fileno())
        os.fsync(self._journal.fileno())
        self._synced = time.monotonic()

    def finish(self, manifest: bytes) -> None:
        """Write the manifest, and give both files their names; the journal goes."""
        self._write_line()
        self._file.flush()
        os.fsync(self._file.fileno())
        if (size := os.fstat(self._file.fileno()).st_size) != self._end:
            raise OSError(f"{self.target} has {size} bytes on disk instead of {self._end}")
        beside = self.target.with_name(f".{self.target.name}.json.part")
        with beside.open("wb") as stream:
            stream.write(manifest)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(self._partial, self.target)
        os.replace(beside, manifest_path(self.target))
        self._path.unlink()
        self._sync_folder()

    def _sync_folder(self) -> None:
        folder = os.open(self.target.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is not None:
            with suppress(OSError):  # of a full disk the caller hears already
                self._write_line()
        for digest in (self._digest, self._file_digest):
            digest.__exit__(kind, error, trace)
        self._file.close()
        if kind is not None and self.finished == 0:
            self._partial.unlink(missing_ok=True)
            self._path.unlink(missing_ok=True)
        self._journal.close()


def _payload(data: bytes) -> bytes:
    """What a part's bytes are when decompressed."""
    stream = decompressed(Stream("part", io.BytesIO(data)))
    return b"".join(iter(lambda: stream.read(1 << 24), b""))
