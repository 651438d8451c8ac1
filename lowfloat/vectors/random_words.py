"""The random words of cases: those of case j depend on the seed and j alone.

They are the outputs of Philox4x64-10 (Salmon et al., SC 2011) as NumPy's ``Philox(key=seed)`` gives
them: block n, of four words, has the counter n + 1, and word w of case j is output j W + w, with
W words to a case.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Words = NDArray[np.uint64]
#: Outputs of one Philox block.
BLOCK = 4
#: An odd multiplier whose high bits depend on all bits of a word (Steele and Vigna's).
_SPREAD = np.uint64(0xD1342543DE82EF95)
U64 = np.uint64


def words(seed: int, start: int, count: int, width: int) -> Words:
    """``width`` rows of ``count`` words: column i has those of case ``start + i``.

    Examples
    --------
    >>> whole = words(7, 0, 10, 3)
    >>> bool((words(7, 4, 5, 3) == whole[:, 4:9]).all())
    True
    """
    first, skipped = divmod(start * width, BLOCK)
    generator = np.random.Philox(key=seed, counter=first)
    raw: Words = generator.random_raw(skipped + count * width)
    return raw[skipped:].reshape(count, width).T


def spread(word: Words, salt: int) -> Words:
    """Another word made from a word: each salt gives one that looks independent."""
    mixed = (word ^ word >> U64(29)) + U64((salt * 0x9E3779B97F4A7C15) & ((1 << 64) - 1))
    mixed *= _SPREAD
    return mixed ^ mixed >> U64(32)


def below(word: Words, bound: int) -> NDArray[np.int64]:
    """A number below ``bound`` (up to 2^31) from the top bits of a word."""
    return ((word >> U64(32)) * U64(bound) >> U64(32)).view(np.int64)


def low_bits(word: Words, count: int) -> Words:
    """The low ``count`` bits of a word, 0 to 64."""
    return word & U64((1 << count) - 1)
