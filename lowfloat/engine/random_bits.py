"""Which random bits a call uses: given ones, or a draw from a source. Rules R-1 to R-6."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lowfloat.engine.sources import integer_array
from lowfloat.projection import Projection, Stochastic
from lowfloat.randomness import LFSR, LFSRDraw, Philox, PhiloxDraw

Random = PhiloxDraw | NDArray[np.uint64] | None


def resolve(
    projection: Projection, rng: Any, random_bits: Any, shape: tuple[int, ...], count: int
) -> Random:
    """The random bits of one call: a Philox draw, or a flat uint64 array of one or ``count``.

    Raises
    ------
    TypeError, ValueError
        If a stochastic rounding has no bits or two sources, or the bits are no unsigned
        integers below 2^N of the result's shape.
    """
    stochastic = projection.stochastic
    if stochastic is None:
        if random_bits is not None:
            raise ValueError("random_bits= needs rounding=lf.Stochastic(...): nothing else uses it")
        return None
    if rng is not None and random_bits is not None:
        raise ValueError("give rng= or random_bits=, not both")
    if random_bits is not None:
        return _given(random_bits, stochastic, shape)
    if rng is None:
        raise ValueError(
            "stochastic rounding needs its random bits: rng=lf.Philox(seed) or random_bits="
        )
    draw = rng.draw(count) if isinstance(rng, Philox | LFSR) else rng
    if isinstance(draw, PhiloxDraw):
        return draw
    if isinstance(draw, LFSRDraw):
        if stochastic.drawn_bits > draw.width:
            raise ValueError(
                f"an LFSR of {draw.width} bits cannot give {stochastic.drawn_bits} random bits "
                "(rule R-5)"
            )
        from lowfloat import _native

        return _native.lfsr_bits(draw, stochastic.drawn_bits, count)
    raise TypeError(f"rng must be an lf.Philox or an lf.LFSR, not {type(rng).__name__}")


def resolve_reduction(
    draws: int,
    drawn: Callable[[], list[int]],
    rng: Any,
    random_bits: Any,
    shape: tuple[int, ...],
) -> Random:
    """The random bits of sums with ``draws`` stochastic roundings each, of ``drawn()`` bits.

    A Philox draw, or that many values for each element.

    Raises
    ------
    TypeError, ValueError
        As ``resolve``; the bits have the result's shape and an axis of length S (rule G-17).
    """
    if draws == 0:
        if random_bits is not None:
            raise ValueError("random_bits= needs a stochastic rounding: nothing else uses it")
        return None
    if rng is not None and random_bits is not None:
        raise ValueError("give rng= or random_bits=, not both")
    if rng is None and random_bits is None:
        raise ValueError(
            "stochastic rounding needs its random bits: rng=lf.Philox(seed) or random_bits="
        )
    count = int(np.prod(shape, dtype=np.int64))
    draw = rng.draw(count * draws) if isinstance(rng, Philox | LFSR) else rng
    if isinstance(draw, PhiloxDraw):
        return draw
    if random_bits is not None:
        return _given_reduction(random_bits, np.array(drawn()), shape)
    if not isinstance(draw, LFSRDraw):
        raise TypeError(f"rng must be an lf.Philox or an lf.LFSR, not {type(rng).__name__}")
    return _lfsr_reduction(draw, drawn(), count)


def reduction_table(random: Random, drawn: list[int], count: int) -> NDArray[np.uint64]:
    """The bits of ``count`` elements as rows of a table. Rule G-17."""
    from lowfloat import _native

    if not isinstance(random, PhiloxDraw):
        assert random is not None
        return random.reshape(count, len(drawn))
    if len(drawn) == 1:
        return _native.philox_bits(random, drawn[0], count)[:, None]
    lane = max(8, 1 << (max(drawn) - 1).bit_length())
    lanes = -(-len(drawn) * lane // 128) * 128 // lane
    bits = _native.philox_bits(random, lane, count * lanes).reshape(count, lanes)
    return bits[:, : len(drawn)] >> (lane - np.array(drawn, np.uint64))


def _lfsr_reduction(draw: LFSRDraw, drawn: list[int], count: int) -> NDArray[np.uint64]:
    from lowfloat import _native

    bits = np.empty((count, len(drawn)), np.uint64)
    for n in sorted(set(drawn)):
        if n > draw.width:
            raise ValueError(f"an LFSR of {draw.width} bits cannot give {n} random bits (rule R-5)")
        columns = np.array(drawn) == n
        every = _native.lfsr_bits(draw, n, count * len(drawn)).reshape(bits.shape)
        bits[:, columns] = every[:, columns]
    return bits.reshape(-1)


def _given_reduction(
    random_bits: Any, drawn: NDArray[np.int64], shape: tuple[int, ...]
) -> NDArray[np.uint64]:
    array = integer_array(random_bits, "random_bits")
    whole = shape if len(drawn) == 1 else (*shape, len(drawn))
    try:
        bits = np.broadcast_to(array, whole)
    except ValueError:
        raise ValueError(
            f"random_bits of shape {array.shape} do not broadcast to {whole}: the result's shape"
            + (f" and {len(drawn)} roundings (rule G-17)" if len(drawn) > 1 else "")
        ) from None
    if array.size and int(array.min()) < 0:
        raise ValueError("random_bits must not be negative (rule R-1)")
    bits = np.ascontiguousarray(bits, np.uint64).reshape(-1, len(drawn))
    narrow = drawn < 64
    limits = np.uint64(1) << drawn[narrow].astype(np.uint64)
    if (bits[:, narrow] >= limits).any():
        column = int(np.argmax((bits[:, narrow] >= limits).any(axis=0)))
        raise ValueError(
            f"random_bits of rounding {int(np.flatnonzero(narrow)[column])} must be in "
            f"0..2^{int(drawn[narrow][column])} - 1 (rule R-1)"
        )
    return bits.reshape(-1)


def _given(random_bits: Any, stochastic: Stochastic, shape: tuple[int, ...]) -> NDArray[np.uint64]:
    bits = stochastic.drawn_bits
    if isinstance(random_bits, int) and not isinstance(random_bits, bool):
        if not 0 <= random_bits < 1 << bits:
            raise ValueError(f"random_bits {random_bits} is not in 0..2^{bits} - 1 (rule R-1)")
        return np.array([random_bits], np.uint64)
    array = integer_array(random_bits, "random_bits")
    if array.size and (int(array.min()) < 0 or int(array.max()) >= 1 << bits):
        raise ValueError(f"random_bits must be in 0..2^{bits} - 1 (rule R-1)")
    try:
        whole = np.broadcast_to(array, shape)
    except ValueError:
        raise ValueError(
            f"random_bits of shape {array.shape} do not broadcast to the result's {shape}"
        ) from None
    if array.size == 1:
        return array.reshape(1).astype(np.uint64)
    return np.ascontiguousarray(whole, np.uint64).reshape(-1)
