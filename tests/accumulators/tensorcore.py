"""The dot products recorded on real GPUs, from ``../shared/vectors/tensorcore``."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np

import lowfloat as lf
from lowfloat.accumulators import Preset

FOLDER = Path(__file__).resolve().parents[3] / "shared" / "vectors" / "tensorcore"

INPUTS = {
    "fp16": "float16",
    "bf16": "bfloat16",
    "tf32": "tensorfloat32",
    "e4m3": "float8_e4m3fn",
    "e5m2": "float8_e5m2",
}
PRESETS = {
    "v100": lf.accumulators.nvidia_volta,
    "a100": lf.accumulators.nvidia_ampere,
    "a2": lf.accumulators.nvidia_ampere,
    "ada": lf.accumulators.nvidia_ada,
    "l40s": lf.accumulators.nvidia_ada,
    "h100": lf.accumulators.nvidia_hopper,
    "h200": lf.accumulators.nvidia_hopper,
    "b200": lf.accumulators.nvidia_blackwell,
}


class Recorded(NamedTuple):
    """Rows of operands, starts and results as codes, and the preset that should give them."""

    name: str
    preset: Preset
    a: np.ndarray
    b: np.ndarray
    c: np.ndarray | None
    d: np.ndarray
    format: lf.Format
    out: lf.Format


def recorded(path: Path, out: str) -> Recorded | None:
    """One set with results in float32 or float16; None where it has none."""
    gpu, name = path.stem.split("_")
    fmt = lf.format(INPUTS[name])
    with np.load(path) as data:
        d = data.get(f"d_fp{32 if out == 'float32' else 16}")
        if d is None:
            return None
        key = name.upper() if name.startswith("e") else name
        a, b = data[f"a_{key}"], data[f"b_{key}"]
        c = data["c_fp32"]
    if name == "tf32":
        a, b = a >> 13, b >> 13
    fp8 = fmt.width == 8
    keywords = {"out": out}
    if fp8 and gpu in ("h100", "h200", "b200"):
        wgmma = gpu != "b200" and out == "float32"
        keywords["instruction"] = "wgmma" if wgmma else "mma.sync"
    preset = PRESETS[gpu](fmt, **keywords)
    if fp8 and gpu in ("h100", "h200") and out == "float32":
        c = None  # the recording program used 0
    elif out == "float16":
        c = lf.from_codes(c, "float32").astype("float16").codes
    if out == "float16":
        d = lf.from_codes(d, "float32").astype("float16").codes
    return Recorded(f"{path.stem}-{out}", preset, a, b, c, d, fmt, lf.format(out))


def all_recorded() -> list[Recorded]:
    """Every set with every kind of result."""
    made = (
        recorded(p, out) for p in sorted(FOLDER.glob("*.npz")) for out in ("float32", "float16")
    )
    return [r for r in made if r is not None]
