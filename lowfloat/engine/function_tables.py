"""Tables of all results of an elementary function on few bits, made when they pay.

There is one operand of at most 16 bits, or there are two of at most 8. A table is made once a
quarter as many elements as it has entries were computed without it: a call pays at most five
times what it would have paid alone, and a short one seldom anything.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import numpy as np

from lowfloat import _native
from lowfloat.engine.sources import code_dtype
from lowfloat.formats import Format
from lowfloat.projection import Projection

Key = tuple[str, tuple[Format, ...], Format, Projection]

#: Bits of a single operand, and of each of two.
MAX_BITS, MAX_BITS_OF_TWO = 16, 8
#: A table takes at most 320 KiB; the least recently used one goes first.
MAX_TABLES = 128

_lock = threading.Lock()
#: A table, or how many elements were computed without one.
_entries: OrderedDict[Key, _native.Table | int] = OrderedDict()


def find(
    operation: str,
    formats: tuple[Format, ...],
    fmt: Format,
    projection: Projection,
    count: int,
    compute: Callable[..., int],
) -> _native.Table | None:
    """The table for a call on ``count`` elements, or None where there is none or it does not pay.

    ``compute`` fills arrays as a backend's ``apply`` does.
    """
    bits = sum(f.width for f in formats)
    wanted = _native.tabulate()
    widest = MAX_BITS if len(formats) == 1 else MAX_BITS_OF_TWO
    if wanted is False or max(f.width for f in formats) > widest:
        return None
    key = (operation, formats, fmt, projection)
    with _lock:
        entry = _entries.pop(key, 0)
        if isinstance(entry, int):
            entry += count
        _entries[key] = entry
        while len(_entries) > MAX_TABLES:
            _entries.popitem(last=False)
    if not isinstance(entry, int):
        return entry
    if not wanted and 4 * entry < 1 << bits:
        return None
    table = _made(key, compute)
    with _lock:
        _entries[key] = table
    return table


def _made(key: Key, compute: Callable[..., int]) -> _native.Table:
    operation, formats, fmt, projection = key
    size = 1 << sum(f.width for f in formats)
    index = np.arange(size, dtype=np.uint32)
    columns: list[Any] = []
    for source in reversed(formats):
        columns.insert(0, (index & ((1 << source.width) - 1)).astype(code_dtype(source)))
        index >>= source.width
    codes, flags = np.empty(size, code_dtype(fmt)), np.empty(size, np.uint8)
    compute(operation, columns, formats, codes, fmt, projection, None, flags, False)
    return _native.table_of(codes, flags, formats)


def clear() -> None:
    """Forget every table."""
    with _lock:
        _entries.clear()


def kept() -> list[Any]:
    """What there are tables of, the latest used last."""
    with _lock:
        return [key for key, entry in _entries.items() if not isinstance(entry, int)]
