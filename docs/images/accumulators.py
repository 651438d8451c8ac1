"""Makes the pictures of the tutorial on accumulators: python docs/images/accumulators.py"""

from __future__ import annotations

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

import lowfloat as lf
from lowfloat.plotting import COLOURS, INK, MUTED

HERE = Path(__file__).parent
ROWS = 64
LENGTHS = 2 ** np.arange(4, 15)
FP8 = "float8_e4m3fn"
HOPPER = lf.accumulators.nvidia_hopper(FP8)
CHUNKED = lf.accumulators.ibm_chunk64()

#: Ten accumulators: label, accumulator, colour, dashes.
TEN = (
    ("float32", lf.Accumulator("float32"), INK, "-"),
    ("float16", lf.Accumulator("float16"), COLOURS[0], "-"),
    ("float16, pairwise", lf.Accumulator("float16", order="pairwise"), COLOURS[0], "--"),
    ("e6m9 (DLFloat16)", lf.Accumulator("e6m9"), COLOURS[2], "-"),
    ("e6m9, chunks of 64", CHUNKED, COLOURS[2], "--"),
    ("bfloat16", lf.Accumulator("bfloat16"), COLOURS[1], "-"),
    ("bfloat16, Kahan", lf.Accumulator("bfloat16", compensation="kahan"), COLOURS[1], "--"),
    ("e6m5, stochastic", lf.Accumulator("e6m5", lf.Stochastic(13)), COLOURS[3], "--"),
    ("Hopper FP8", HOPPER, COLOURS[4], "-"),
    (
        "Hopper FP8, promoted each 128",
        lf.accumulators.two_level_promotion(HOPPER),
        COLOURS[4],
        "--",
    ),
)


def axes(ax, title: str, x: str, y: str) -> None:
    """A quiet frame with a title at the left."""
    for side in ("top", "right"):
        ax.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        ax.spines[side].set_color(MUTED)
    ax.tick_params(colors=MUTED, labelsize=9, which="both")
    ax.set_title(title, loc="left", color=INK, fontsize=11, fontweight="bold")
    ax.set_xlabel(x, color=MUTED, fontsize=9.5)
    ax.set_ylabel(y, color=MUTED, fontsize=9.5)


def powers(axis, low: int, high: int, step: int = 2) -> None:
    """Ticks at powers of two."""
    exponents = range(low, high + 1, step)
    axis.set_ticks([2.0**e for e in exponents], [f"$2^{{{e}}}$" for e in exponents])
    axis.set_ticks([], minor=True)


def rms_error(x: lf.Array, y: lf.Array, accumulator) -> float:
    """Error of the rows' dot products, relative to their size or, with mixed signs, their spread."""
    got = lf.dot(x, y, accumulator=accumulator, format="float64", rng=lf.Philox(1)).to_numpy()
    exact = lf.dot(x, y, format="float64").to_numpy()
    spread = np.sqrt(((x.to_numpy().astype(float) * y.to_numpy()) ** 2).sum(-1))
    scale = exact if (exact > 0).all() else spread
    return float(np.sqrt(np.mean(((got - exact) / scale) ** 2)))


def error_growth(path: Path) -> None:
    """Error against the number of terms, for terms of one sign and of both."""
    rng = np.random.default_rng(3)
    n = LENGTHS[-1]
    shape = (2, ROWS, n)
    data = {
        "Terms of one sign": rng.random(shape),
        "Terms of both signs": rng.standard_normal(shape),
    }
    fig, both = plt.subplots(1, 2, figsize=(11.5, 5.2), layout="constrained", sharey=True)
    for ax, (title, values) in zip(both, data.items(), strict=True):
        x, y = lf.cast(values, FP8)
        for label, accumulator, colour, dashes in TEN:
            errors = [rms_error(x[:, :k], y[:, :k], accumulator) for k in LENGTHS]
            ax.plot(LENGTHS, errors, dashes, color=colour, lw=1.8, label=label)
        ax.set_xscale("log", base=2)
        ax.set_yscale("log")
        ax.set_ylim(2e-8, 2)
        powers(ax.xaxis, 4, 14)
        axes(ax, title, "number of terms K", "")
    both[0].set_ylabel("relative error of the dot product, RMS", color=MUTED, fontsize=9.5)
    fig.legend(*both[0].get_legend_handles_labels(), loc="outside right center", frameon=False,
               fontsize=9, labelcolor=INK)  # fmt: skip
    fig.savefig(path, dpi=150)
    plt.close(fig)


def stall(path: Path) -> None:
    """Running sums of ones."""
    fig, ax = plt.subplots(figsize=(8.5, 4.6), layout="constrained")
    n = 1 << 13
    ones = lf.array(np.ones(n), FP8)
    steps = np.arange(1, n + 1)
    ax.plot(steps, steps, color=MUTED, lw=1, ls=":")
    for (name, m), colour in zip(
        {"float16": 10, "e6m9": 9, "bfloat16": 7, "e6m5": 5}.items(),
        (COLOURS[0], COLOURS[2], COLOURS[1], COLOURS[3]),
        strict=True,
    ):
        step = lf.Accumulator(name)
        running = lf.cumsum(ones, accumulator=step, format="float64").to_numpy()
        ax.plot(steps, running, color=colour, lw=2)
        label = f"{name}: stops at $2^{{{m + 1}}}$ = {2 ** (m + 1)}"
        ax.text(n * 1.1, running[-1], label, color=colour, fontsize=9.5, va="center")
    small = lf.Accumulator("e6m5", lf.Stochastic(13))
    running = lf.cumsum(ones, accumulator=small, format="float64", rng=lf.Philox(2)).to_numpy()
    ax.plot(steps, running, color=COLOURS[3], lw=1, alpha=0.6)
    ax.text(n * 1.1, running[-1], "e6m5, stochastic", color=COLOURS[3], fontsize=9.5, va="center")
    ax.set_xscale("log", base=2)
    ax.set_yscale("log", base=2)
    ax.set_xlim(8, n)
    ax.set_ylim(8, n * 1.3)
    powers(ax.xaxis, 3, 13)
    powers(ax.yaxis, 3, 13)
    axes(ax, "Adding ones", "ones added", "the sum")
    fig.savefig(path, dpi=150)
    plt.close(fig)


def swamping(path: Path) -> None:
    """How much of 256 ones survives beside one large term."""
    fig, ax = plt.subplots(figsize=(8.5, 4.6), layout="constrained")
    ratios = np.arange(0, 19)
    shown = (
        ("bfloat16", lf.Accumulator("bfloat16"), COLOURS[1], "-"),
        ("bfloat16, Kahan", lf.Accumulator("bfloat16", compensation="kahan"), COLOURS[1], "--"),
        ("e6m9", lf.Accumulator("e6m9"), COLOURS[2], "-"),
        ("e6m9, chunks of 64", CHUNKED, COLOURS[2], "--"),
        ("float16", lf.Accumulator("float16"), COLOURS[0], "-"),
        ("Hopper FP8", HOPPER, COLOURS[4], "-"),
    )
    for label, accumulator, colour, dashes in shown:
        kept = []
        for r in ratios:
            large = lf.array([2.0**r] + [1.0] * 256, "bfloat16")
            gone = lf.array([-(2.0**r)], "float64")
            total = lf.sum(large, accumulator=accumulator, format="float64")
            rest = lf.add(total, gone[0], format="float64").item() / 256
            kept.append(rest if rest <= 1 else np.nan)  # float16 has no 2^16
        ax.plot(ratios, kept, dashes, color=colour, lw=2, label=label, marker="o", ms=3)
    ax.set_xticks(ratios[::2], [f"$2^{{{r}}}$" for r in ratios[::2]])
    axes(ax, "256 ones added to one large number", "the large number", "part of the ones kept")
    ax.legend(frameon=False, fontsize=9, labelcolor=INK, loc="center left", bbox_to_anchor=(1, 0.5))
    fig.savefig(path, dpi=150)
    plt.close(fig)


if __name__ == "__main__":
    error_growth(HERE / "accumulators_error.png")
    stall(HERE / "accumulators_stall.png")
    swamping(HERE / "accumulators_swamping.png")
