"""Projections that together exercise every kernel: a mix that differs from format to format."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from strategies import ROUNDINGS, SATURATIONS

import lowfloat as lf

STOCHASTIC = tuple(
    lf.Stochastic(bits, variant)
    for bits, variant in ((1, "A"), (4, "B"), (8, "A"), (11, "C"), (16, "A"), (23, "B"), (40, "A"),
                          (53, "C"), (64, "A"))
)  # fmt: skip
POLICIES = tuple(
    lf.Policy(preset, **knobs)
    for preset, knobs in (
        ("ieee", {"ftz": True}),
        ("x86_sse", {}),
        ("ieee", {"daz": True}),
        ("arm", {}),
        ("ieee", {"saturation_raises_overflow": False}),
        ("ieee", {"infinityless_overflow": "max"}),
        ("arm_default_nan", {"ftz": True, "daz": True}),
        ("x86_sse", {"tininess": "before", "infinityless_overflow": "max"}),
        ("ieee", {"default_nan_sign": 1}),
        ("arm", {"default_nan_sign": 1, "saturation_raises_overflow": False}),
    )
)


def mix(seed: int, plain: bool) -> Iterator[lf.Projection]:
    """Every rounding once, with saturations and, unless ``plain``, policies that rotate."""
    for index, rounding in enumerate((*ROUNDINGS, *STOCHASTIC)):
        saturation = SATURATIONS[(index + seed) % 3]
        policy = lf.Policy() if plain else POLICIES[(index + 3 * seed) % len(POLICIES)]
        yield lf.Projection(rounding, saturation, policy)


def random_bits(projection: lf.Projection, count: int, seed: int = 0) -> np.ndarray | None:
    """Bits for a stochastic rounding, the extreme ones often; None for another rounding."""
    if projection.stochastic is None:
        return None
    bits = projection.stochastic.drawn_bits
    rng = np.random.default_rng(seed + bits)
    top = (1 << bits) - 1
    drawn = rng.integers(0, top, count, np.uint64, endpoint=True)
    extreme = rng.choice(np.array([0, 1, top // 2, top // 2 + 1, top], np.uint64), count)
    return np.where(rng.random(count) < 0.5, drawn, np.minimum(extreme, np.uint64(top)))
