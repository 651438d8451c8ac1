"""All presets, by the names of their functions."""

from __future__ import annotations

from collections.abc import Callable

from lowfloat.accumulators.amd import (
    amd_cdna1,
    amd_cdna2,
    amd_cdna3,
)
from lowfloat.accumulators.nvidia import (
    NVIDIA,
    nvidia_ada,
    nvidia_ampere,
    nvidia_blackwell,
    nvidia_hopper,
    nvidia_turing,
    nvidia_volta,
)
from lowfloat.accumulators.preset import EIGHTS, HALVES, Preset
from lowfloat.accumulators.published import (
    arm_fdot,
    ben_ali_fp12,
    fpnew_sdotp,
    ibm_chunk64,
    mxdotp,
    two_level_promotion,
)

#: Every preset function by name.
PRESETS: dict[str, Callable[..., Preset]] = {
    f.__name__: f
    for f in (
        nvidia_volta, nvidia_turing, nvidia_ampere, nvidia_ada, nvidia_hopper, nvidia_blackwell,
        amd_cdna1, amd_cdna2, amd_cdna3, arm_fdot, mxdotp, fpnew_sdotp, ben_ali_fp12, ibm_chunk64,
        two_level_promotion,
    )
}  # fmt: skip


def every_preset() -> list[Preset]:
    """Each device with each of its inputs, outputs and instructions.

    Examples
    --------
    >>> import lowfloat as lf
    >>> sum(preset.maturity == "recorded" for preset in every_preset()) > 20
    True
    """
    found = [
        PRESETS[f"nvidia_{architecture}"](fmt, out)
        for architecture, units in NVIDIA.items()
        for fmt in units
        for out in ("float32", "float16")
        if out == "float32" or fmt not in ("bfloat16", "tensorfloat32")
    ]
    for make in (nvidia_hopper, nvidia_blackwell):
        found += [make(f, o, "mma.sync") for f in EIGHTS for o in ("float32", "float16")]
    found.append(nvidia_blackwell("float4_e2m1fn", instruction="nvfp4"))
    found += [make(fmt) for make in (amd_cdna1, amd_cdna2, amd_cdna3) for fmt in HALVES]
    found += [amd_cdna3(fmt) for fmt in ("tensorfloat32", "float8_e4m3fnuz", "float8_e5m2fnuz")]
    found += [arm_fdot(), arm_fdot("float16"), mxdotp(), fpnew_sdotp(), ben_ali_fp12()]
    return [*found, ibm_chunk64(), two_level_promotion(nvidia_hopper("float8_e4m3fn"))]
