"""Random bits keyed by (seed, step, tensor name, element): rule W-1 of spec/semantics.md.

Nothing else enters: not the order of calls, threads, or what ran before a resume.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache

from lowfloat.randomness import Philox, PhiloxDraw


@lru_cache(maxsize=65536)
def _tensor_key(seed: int, name: str) -> tuple[int, int]:
    """The Philox seed (64 bits) and stream (32 bits) of a tensor."""
    text = seed.to_bytes(8, "little") + name.encode()
    digest = hashlib.blake2b(text, digest_size=12).digest()
    return int.from_bytes(digest[:8], "little"), int.from_bytes(digest[8:], "little")


def tensor_draw(seed: int, step: int, name: str) -> PhiloxDraw:
    """The random bits of one tensor at one step.

    Parameters
    ----------
    seed : int
        64 bits: the run's.
    step : int
        32 bits: the training step.
    name : str
        The tensor's name; other names give unrelated bits.

    Raises
    ------
    ValueError
        If a number is out of range.

    Examples
    --------
    >>> import lowfloat as lf
    >>> draw = lf.training.tensor_draw(7, 100, "conv1.error")
    >>> lf.cast([1.1] * 4, "e5m2", rounding=lf.Stochastic(16), rng=draw)
    lowfloat.array([1.2, 1.0, 1.2, 1.2], 'float8_e5m2')

    Source: rule W-1; Philox4x32-10 of Salmon et al., SC 2011 (rules R-2, R-3).
    """
    seed = Philox(seed).seed
    key, stream = _tensor_key(seed, name)
    return Philox(key, stream).at(step)
