"""Accumulators as data: everything that decides the bits of a sum of products.

``Accumulator`` rounds every step, ``Exact`` none, ``FixedPoint`` counts in units, ``Fused`` aligns
blocks as matrix units do, and ``Grouped`` makes one of two. The presets name those of devices and
papers. Rules G-1 to G-19 of ``spec/semantics.md``.
"""

from lowfloat.accumulators.amd import (
    amd_cdna1,
    amd_cdna2,
    amd_cdna3,
)
from lowfloat.accumulators.fused import Fused, LateStart, Subsums
from lowfloat.accumulators.grouped import Grouped, Scaling
from lowfloat.accumulators.kinds import Accumulator, Exact, FixedPoint, Product
from lowfloat.accumulators.nvidia import (
    nvidia_ada,
    nvidia_ampere,
    nvidia_blackwell,
    nvidia_hopper,
    nvidia_turing,
    nvidia_volta,
)
from lowfloat.accumulators.orders import Interleaved, indices
from lowfloat.accumulators.preset import Preset
from lowfloat.accumulators.presets import PRESETS, every_preset
from lowfloat.accumulators.published import (
    arm_fdot,
    ben_ali_fp12,
    fpnew_sdotp,
    ibm_chunk64,
    mxdotp,
    two_level_promotion,
)
from lowfloat.accumulators.reading import parse

__all__ = [
    "PRESETS",
    "Accumulator",
    "Exact",
    "FixedPoint",
    "Fused",
    "Grouped",
    "Interleaved",
    "LateStart",
    "Preset",
    "Product",
    "Scaling",
    "Subsums",
    "amd_cdna1",
    "amd_cdna2",
    "amd_cdna3",
    "arm_fdot",
    "ben_ali_fp12",
    "every_preset",
    "fpnew_sdotp",
    "ibm_chunk64",
    "indices",
    "mxdotp",
    "nvidia_ada",
    "nvidia_ampere",
    "nvidia_blackwell",
    "nvidia_hopper",
    "nvidia_turing",
    "nvidia_volta",
    "parse",
    "two_level_promotion",
]
