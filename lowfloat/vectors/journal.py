"""The journal of a file in the making: which parts are finished, so that nothing is done twice.

Beside the file NAME lie ``.NAME.part``, its finished parts, and ``.NAME.journal``, one line for
each. A line is written after its part. When a run begins again, it reads the parts back, keeps
those that match their lines, and cuts off the rest.
"""

from __future__ import annotations

import fcntl
import hashlib
import io
import json
import os
import time
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

import lowfloat as lf
from lowfloat.vectors.grammars.streams import Stream, decompressed
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
        self._digest = hashlib.sha256()
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
            if hashlib.sha256(data).hexdigest() != entry["sha256"]:
                break
            self._note(entry["count"], _payload(data), len(data))
            kept.append(entry)
        self._file.seek(self._end)
        self._file.truncate()
        self._journal.seek(0)
        self._journal.truncate()
        for entry in ({"job": identity(self._job)}, *kept):
            self._journal.write(json.dumps(entry).encode() + b"\n")
        self._journal.flush()

    def _note(self, count: int, payload: bytes, size: int) -> None:
        self._digest.update(payload)
        self.finished += 1
        self.count += count
        self.payload_bytes += len(payload)
        self._end += size

    def append(self, part: Part) -> None:
        """Write a finished part and its line."""
        self._file.write(part.data)
        self._file.flush()
        self._note(part.vectors, part.payload, len(part.data))
        digest = hashlib.sha256(part.data).hexdigest()
        entry = {"end": self._end, "count": part.vectors, "sha256": digest}
        self._journal.write(json.dumps(entry).encode() + b"\n")
        self._journal.flush()
        if time.monotonic() - self._synced > SYNC_EVERY:
            self._sync()

    def _sync(self) -> None:
        os.fsync(self._file.fileno())
        os.fsync(self._journal.fileno())
        self._synced = time.monotonic()

    def finish(self, manifest: bytes) -> None:
        """Write the manifest, and give both files their names; the journal goes."""
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
        self._file.close()
        if kind is not None and self.finished == 0:
            self._partial.unlink(missing_ok=True)
            self._path.unlink(missing_ok=True)
        self._journal.close()


def _payload(data: bytes) -> bytes:
    """What a part's bytes are when decompressed."""
    stream = decompressed(Stream("part", io.BytesIO(data)))
    return b"".join(iter(lambda: stream.read(1 << 24), b""))
