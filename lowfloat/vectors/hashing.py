"""SHA-256 in a thread of its own, beside whatever makes the next bytes."""

from __future__ import annotations

import hashlib
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Self

from lowfloat.settings import usable_processors
from lowfloat.vectors.grammars.payloads import Payload


class Digest:
    """A SHA-256 of consecutive bytes, as a context; hashing runs beside the caller.

    At most one piece is under way: ``update`` waits for the piece before. A piece must stay as it
    is until then. Without a second piece, or a second processor, there is nothing to run beside:
    then ``beside`` is False, and no thread is started.
    """

    def __init__(self, beside: bool = True) -> None:
        self._hash = hashlib.sha256()
        self._pool = ThreadPoolExecutor(1, "sha256") if beside and usable_processors() > 1 else None
        self._last: Future[None] | None = None

    def update(self, piece: Payload) -> None:
        """Hash a piece, when the one before is done."""
        self.wait()
        if self._pool is None:
            self._hash.update(piece)
        else:
            self._last = self._pool.submit(self._hash.update, piece)

    def wait(self) -> None:
        """Until all pieces are hashed."""
        if self._last is not None:
            self._last.result()
            self._last = None

    def hexdigest(self) -> str:
        """Of all pieces so far."""
        self.wait()
        return self._hash.hexdigest()

    def after(self, piece: Payload) -> str:
        """What ``hexdigest`` would be with one more piece."""
        self.wait()
        ahead = self._hash.copy()
        ahead.update(piece)
        return ahead.hexdigest()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._pool is not None:
            self._pool.shutdown()
