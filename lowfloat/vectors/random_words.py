"""The random words of cases: those of case j depend on the seed and j alone.

They are drawn as rules R-2 and R-3 say: words 4 b and 4 b + 1 of case j are the numbers 2 j and
2 j + 1 of 64 bits of call b of ``lf.Philox(seed, stream=STREAM)`` (Philox4x32-10, Salmon et al.,
SC 2011). Words 4 b + 2 and 4 b + 3 are made from those two by ``spread`` with the salts THIRD and
FOURTH: 128 random bits are enough for four operands.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from lowfloat import _native_vectors

Words = NDArray[np.uint64]
#: The stream of the words of cases; ``lf.Philox(seed)`` has another.
STREAM = 0x56454354
#: An odd multiplier whose high bits depend on all bits of a word (Steele and Vigna's).
_SPREAD = np.uint64(0xD1342543DE82EF95)
#: What makes the third and the fourth word of a call from ``low ^ (high rotated by 32)``.
THIRD, FOURTH = 31, 32
U64 = np.uint64


#: Cases of a class in a row: a cache line of their words.
RUN = 8


def words(seed: int, start: int, count: int, width: int, apart: int = RUN) -> Words:
    """``width`` rows of ``count`` words, of runs of eight cases that begin ``apart`` from ``start`` on.

    Column i has those of case ``start + i // 8 * apart + i % 8``.

    Examples
    --------
    >>> whole = words(7, 0, 10, 3)
    >>> bool((words(7, 4, 5, 3) == whole[:, 4:9]).all())
    True
    """
    return _native_vectors.draw_words(seed, start, count, width, apart)


def spread(word: Words, salt: int) -> Words:
    """Another word made from a word: each salt gives one that looks independent."""
    mixed = (word ^ word >> U64(29)) + U64((salt * 0x9E3779B97F4A7C15) & ((1 << 64) - 1))
    mixed *= _SPREAD
    return mixed ^ mixed >> U64(32)


def below(word: Words, bound: int | Words) -> NDArray[np.int64]:
    """A number below ``bound`` (up to 2^31) from the top bits of a word."""
    return ((word >> U64(32)) * np.asarray(bound, np.uint64) >> U64(32)).view(np.int64)


def between(word: Words, low: Any, high: Any) -> NDArray[np.int64]:
    """A number from ``low`` to ``high``, or ``low`` where that is above ``high``."""
    span = np.maximum(high - low + 1, 1).astype(np.uint64)
    found: NDArray[np.int64] = low + below(word, span)
    return found


def up_to(word: Words, span: int | Words) -> Words:
    """A number from 0 to ``span``, which has up to 64 bits: the high half of word (span + 1).

    >>> up_to(np.array([0, 1 << 63, (1 << 64) - 1], np.uint64), 9).tolist()
    [0, 5, 9]
    """
    bound = np.asarray(span, np.uint64)
    high, low = wide_product(word, bound)
    return high + (low + word < word)


def wide_product(x: Words, y: Words) -> tuple[Words, Words]:
    """High and low words of the 128-bit product."""
    half, mask = U64(32), U64(0xFFFFFFFF)
    xh, xl, yh, yl = x >> half, x & mask, y >> half, y & mask
    middle = xh * yl + (xl * yl >> half)
    carried = xl * yh + (middle & mask)
    return xh * yh + (middle >> half) + (carried >> half), x * y


def low_bits(word: Words, count: int) -> Words:
    """The low ``count`` bits of a word, 0 to 64."""
    return word & U64((1 << count) - 1)
