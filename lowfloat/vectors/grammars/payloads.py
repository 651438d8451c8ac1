"""The bytes of vectors in memory: where a grammar writes them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]
#: What a grammar makes: bytes, or a view of the buffer that it was given.
Payload = bytes | bytearray | memoryview


def room(given: Bytes | None, size: int) -> Bytes:
    """``size`` bytes at the start of a buffer, or new ones if none is given.

    Raises
    ------
    ValueError
        If the buffer is too short.
    """
    if given is None:
        return np.empty(size, np.uint8)
    if len(given) < size:
        raise ValueError(f"{size} bytes do not fit in a buffer of {len(given)}")
    return given[:size]
