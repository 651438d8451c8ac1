"""``lowfloat cast``: an .npy array into a format."""

from __future__ import annotations

import argparse
import errno
import math
import os
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import lowfloat as lf
from lowfloat.cli.options import Subparsers, add_projection, format_argument, natural, new_parser
from lowfloat.exception_flags import FLAG_NAMES
from lowfloat.systems import scaling

EXAMPLES = """\
  lowfloat cast weights.npy weights.npz --format float8_e4m3fn --saturation finite
  lowfloat cast weights.npy weights.npz --format float4_e2m1fn --scale amax
  lowfloat cast weights.npy weights.npz --format e5m2 --stochastic 16 --seed 7

lowfloat.load(OUT) gives an Array back; with --scale amax a dict of two, "elements" and "scale",
whose product stands for the input."""


def add_parser(subparsers: Subparsers) -> None:
    """Add ``cast``."""
    parser = new_parser(subparsers, "cast", "cast an .npy array to a format", EXAMPLES, run)
    parser.add_argument("input", metavar="IN.npy")
    parser.add_argument("output", metavar="OUT.npz")
    parser.add_argument("--format", "-f", required=True, type=format_argument, metavar="F")
    add_projection(parser)
    parser.add_argument(
        "--stochastic", type=natural, metavar="N", help="stochastic rounding with N random bits"
    )
    parser.add_argument("--seed", type=natural, metavar="S", help="of --stochastic; 0 by default")
    parser.add_argument(
        "--scale",
        choices=("none", "amax"),
        default="none",
        help="amax: divide by the least power of two that lets everything fit",
    )


def run(arguments: argparse.Namespace) -> int:
    """Cast, save, and print what was lost."""
    keywords = _rounding(arguments)
    values = load_npy(arguments.input)
    raised = np.zeros(values.shape, np.uint8)
    scale = None
    if arguments.scale == "amax":
        scaled = scaling.quantize(values, arguments.format, flags_out=raised, **keywords)
        elements, scale = scaled.elements, float(scaled.scale.item())
        stored: Any = {"elements": elements, "scale": lf.cast(scaled.scale, "float64")}
    else:
        stored = elements = lf.cast(values, arguments.format, flags_out=raised, **keywords)
    save_npz(arguments.output, stored)
    _report(arguments.output, values, elements, scale, raised)
    return 0


def _rounding(arguments: argparse.Namespace) -> dict[str, Any]:
    """The projection's keywords and the source of random bits."""
    keywords = {"saturation": arguments.saturation, "policy": arguments.policy}
    if arguments.stochastic is None:
        if arguments.seed is not None:
            raise ValueError("--seed is for stochastic rounding: add --stochastic N")
        return {**keywords, "rounding": arguments.rounding}
    if arguments.rounding is not None:
        raise ValueError("--rounding and --stochastic exclude each other: give one")
    stochastic = lf.Stochastic(arguments.stochastic)
    return {**keywords, "rounding": stochastic, "rng": lf.Philox(arguments.seed or 0)}


def load_npy(path: str) -> NDArray[Any]:
    """The array of an .npy file.

    Raises
    ------
    ValueError
        If the file is no .npy file of numbers.
    """
    try:
        values = np.load(path, allow_pickle=False)
    except (ValueError, EOFError, zipfile.BadZipFile):
        raise ValueError(f"{path} is no .npy file of numbers: write it with numpy.save") from None
    if not isinstance(values, np.ndarray):
        names = ", ".join(values.files[:5])
        values.close()
        raise ValueError(f"{path} is an .npz file of several arrays ({names}): give one .npy file")
    return values


def save_npz(path: str, arrays: Any) -> None:
    """Write with lf.save, under a temporary name until the file is complete."""
    target = Path(path)
    if target.suffix != ".npz":
        raise ValueError(f"{path} should end in .npz: that is what lowfloat.save writes")
    if not target.parent.is_dir():
        raise FileNotFoundError(errno.ENOENT, "no such folder", str(target.parent))
    partial = target.with_name(f".{target.name}.part")
    try:
        with partial.open("wb") as stream:
            lf.save(stream, arrays)
        os.replace(partial, target)
    finally:
        partial.unlink(missing_ok=True)


def snr_db(values: NDArray[Any], results: NDArray[Any]) -> float:
    """Signal-to-noise ratio in decibels over the elements where both are finite.

    >>> round(snr_db(np.array([3.0, 4.0]), np.array([3.0, 4.5])), 2)
    20.0
    """
    x, y = np.asarray(values, np.float64), np.asarray(results, np.float64)
    finite = np.isfinite(x) & np.isfinite(y)
    signal = float(np.square(x[finite]).sum())
    noise = float(np.square(x[finite] - y[finite]).sum())
    if noise == 0:
        return math.inf
    return 10 * math.log10(signal / noise) if signal else -math.inf


def _report(
    path: str,
    values: NDArray[Any],
    elements: lf.Array,
    scale: float | None,
    raised: NDArray[np.uint8],
) -> None:
    results = np.asarray(elements.to_numpy(np.float64)) * (1.0 if scale is None else scale)
    with np.errstate(over="ignore"):
        snr = snr_db(values, results)
    shape = " x ".join(map(str, values.shape)) or "scalar"
    print(f"{path}: {values.size:,} values ({shape}) in {elements.format}")
    if scale is not None:
        print(f"  scale      2^{round(math.log2(scale))}")
    for bit, name in FLAG_NAMES.items():
        count = int(np.count_nonzero(raised & bit))
        if count or name in ("inexact", "overflow", "underflow"):
            share = f"  ({count / values.size:.2%})" if values.size else ""
            print(f"  {name.replace('_', ' '):<10} {count:,}{share}")
    print(f"  SNR        {snr:.2f} dB")
