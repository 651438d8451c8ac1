"""Computing vectors in parts: here, in several processes, or on a Dask cluster.

A part is a pure function of the job and its number, so it does not matter who computes it.
"""

from __future__ import annotations

import mmap
import os
import threading
import time
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from itertools import cycle
from multiprocessing import get_context
from tempfile import TemporaryFile
from typing import Any, NamedTuple

import numpy as np

from lowfloat.vectors.cases import Cases
from lowfloat.vectors.grammars import grammar_named
from lowfloat.vectors.grammars.npz import NPZ
from lowfloat.vectors.grammars.payloads import Payload
from lowfloat.vectors.grammars.streams import compressed

#: Cases of a part. A killed run can lose two; two parts of text fit in a core's second cache.
PART = 1 << 16


class Part(NamedTuple):
    """The bytes of some consecutive vectors."""

    vectors: int
    payload: Payload
    #: What goes into the file: the payload, or its compressed form.
    data: Payload


@dataclass(frozen=True)
class Job:
    """A file to be made: some cases in a grammar, or one shard of them.

    Raises
    ------
    ValueError
        If there is no such shard or grammar.
    """

    cases: Cases
    grammar: str
    shard: tuple[int, int] = (1, 1)
    compression: str | None = None

    def __post_init__(self) -> None:
        index, shards = self.shard
        if not 1 <= index <= shards:
            raise ValueError(f"shard {index}/{shards}: I/N counts from 1 to N")
        if self.count < 1:
            raise ValueError(
                f"shard {index}/{shards} of {self.cases.count} vectors is empty: use fewer shards"
            )
        grammar_named(self.grammar)

    @property
    def start(self) -> int:
        """The first case."""
        index, shards = self.shard
        return self.cases.count * (index - 1) // shards

    @property
    def stop(self) -> int:
        """The case after the last one."""
        index, shards = self.shard
        return self.cases.count * index // shards

    @property
    def count(self) -> int:
        """How many cases."""
        return self.stop - self.start

    @property
    def part_count(self) -> int:
        """How many parts."""
        return 1 if self.grammar == "npz" else -(-self.count // PART)

    @property
    def header(self) -> bytes:
        """What stands before the first vector; only the first shard has it."""
        return grammar_named(self.grammar).header(self.cases.unit) if self.start == 0 else b""

    def part(self, number: int, into: bytearray | None = None) -> Part:
        """Compute a part, in a buffer of ``part_bytes`` if one is given."""
        size = self.count if self.grammar == "npz" else PART
        start = self.start + number * size
        stop = min(start + size, self.stop)
        header = self.header if number == 0 else b""
        payload = self._payload(start, stop, header, into)
        return Part(stop - start, payload, compressed(payload, self.compression))

    @property
    def part_bytes(self) -> int:
        """The most bytes of a part's payload; 0 if only the vectors tell."""
        size = grammar_named(self.grammar).record_size(self.cases.unit)
        return (
            0
            if size is None or self.grammar == "npz"
            else len(self.header) + min(PART, self.count) * size
        )

    def _payload(self, start: int, stop: int, header: bytes, into: bytearray | None) -> Payload:
        grammar, unit = grammar_named(self.grammar), self.cases.unit
        size = grammar.record_size(unit)
        if self.grammar == "npz":
            return self._archive(start, stop)
        chunks = self.cases.chunks(start, stop)
        if size is None:
            pieces = [grammar.encode(unit, self.cases.columns(*ends)) for ends in chunks]
            return b"".join([header, *pieces])
        whole = into or bytearray(len(header) + (stop - start) * size)
        whole[: len(header)] = header
        page = np.frombuffer(whole, np.uint8)[len(header) :]
        for first, last in chunks:
            grammar.encode(unit, self.cases.columns(first, last), page[(first - start) * size :])
        end = len(header) + (stop - start) * size
        return whole if end == len(whole) else memoryview(whole)[:end]

    def _archive(self, start: int, stop: int) -> Payload:
        """An .npz file, in a temporary file that is looked at as memory."""
        chunks = (self.cases.columns(*ends) for ends in self.cases.chunks(start, stop))
        with TemporaryFile() as file:
            NPZ.write_archive(self.cases.unit, chunks, stop - start, file)
            file.flush()
            return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))


def parts(job: Job, first: int, jobs: int = 1, scheduler: str | None = None) -> Iterator[Part]:
    """The parts of a job from number ``first`` on, in order.

    The bytes of a part are good until the next but one is made.

    Raises
    ------
    ValueError
        If ``jobs`` is not positive.
    ImportError
        If a scheduler is given and Dask is absent.
    """
    if jobs < 1:
        raise ValueError(f"at least one job is needed, not {jobs}")
    numbers = iter(range(first, job.part_count))
    here = scheduler is None and (jobs == 1 or job.part_count - first < 2)
    if here or job.grammar == "npz":
        buffers = cycle([bytearray(job.part_bytes) for _ in range(min(job.part_count, 2))])
        yield from map(job.part, numbers, buffers)
        return
    with _executor(min(jobs, job.part_count - first), scheduler) as (executor, window):
        waiting: deque[Future[Part]] = deque()
        try:
            for number in numbers:
                waiting.append(executor.submit(job.part, number))
                if len(waiting) >= window:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()


@contextmanager
def _executor(jobs: int, scheduler: str | None) -> Iterator[tuple[Executor, int]]:
    """Who computes, and how many parts may be under way: a bound on memory."""
    if scheduler is None:
        pool = ProcessPoolExecutor(
            jobs, mp_context=get_context("spawn"), initializer=_end_with, initargs=(os.getpid(),)
        )
        with pool:
            yield pool, 2 * jobs
        return
    try:
        distributed: Any = import_module("distributed")
    except ImportError:
        raise ImportError(
            "a Dask cluster needs the extra: pip install 'lowfloat[cluster]'"
        ) from None
    with distributed.Client(scheduler) as client:
        threads = max(sum(client.nthreads().values()), 1)
        with client.get_executor(pure=False) as executor:
            yield executor, 2 * threads


def _end_with(parent: int) -> None:
    """Let a worker end when the process that started it has been killed."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
