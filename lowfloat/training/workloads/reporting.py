"""Outcomes of runs as a table against the baseline, and as a picture of the losses."""

from __future__ import annotations

import json
import math
import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path

from lowfloat.training.workloads.running import Outcome

BASELINE = "float32"
Row = list[str]


def table(outcomes: Sequence[Outcome], measure: str) -> tuple[Row, list[Row]]:
    """Heads and rows, one for each recipe: means over seeds, spread, difference to the baseline.

    The spread is half the range of the seeds; the difference is the mean of the differences
    seed by seed.
    """
    names = list(dict.fromkeys(o.recipe for o in outcomes))
    by_recipe = {name: {o.seed: o for o in outcomes if o.recipe == name} for name in names}
    baseline = by_recipe.get(BASELINE, {})
    label = measure.replace("_", " ")
    heads = ["recipe", "seeds", label, f"{label} - {BASELINE}", "training loss", "squared weights",
             "steps skipped", "CPU s"]  # fmt: skip
    rows = []
    for name, runs in by_recipe.items():
        values = [o.measure(measure) for o in runs.values()]
        common = [runs[s].measure(measure) - baseline[s].measure(measure)
                  for s in runs if s in baseline]  # fmt: skip
        rows.append([
            name, str(len(runs)), _spread(values),
            f"{_mean(common):+.3f}" if common and name != BASELINE else "",
            _spread([o.train_loss for o in runs.values()]),
            " -> ".join(f"{_mean([o.norms[i] for o in runs.values()]):.1f}" for i in (0, 1)),
            f"{sum(o.skipped for o in runs.values())}/{sum(o.steps for o in runs.values())}",
            f"{_mean([o.cpu_seconds for o in runs.values()]):.0f}",
        ])  # fmt: skip
    return heads, rows


def _mean(values: Sequence[float]) -> float:
    finite = all(math.isfinite(v) for v in values)
    return statistics.fmean(values) if values and finite else math.nan


def _spread(values: Sequence[float]) -> str:
    if len(values) == 1:
        return f"{values[0]:.3f}"
    return f"{_mean(values):.3f} +- {(max(values) - min(values)) / 2:.3f}"


def losses(folder: str | Path) -> dict[str, list[float]]:
    """The loss at every step of every run in a folder, by its name."""
    found = {}
    for path in sorted(Path(folder).glob("*.jsonl")):
        lines = path.read_text().splitlines()
        found[path.stem] = [float(json.loads(line)["loss"]) for line in lines]
    return found


def picture(path: str | Path, curves: Mapping[str, Sequence[float]], title: str) -> None:
    """The losses of runs, smoothed, as a PNG or SVG file.

    Raises
    ------
    ImportError
        If matplotlib is not installed.
    """
    try:
        import matplotlib.pyplot as plt
    except ImportError:
        raise ImportError("the picture needs matplotlib: pip install 'lowfloat[plot]'") from None
    from lowfloat.plotting import COLOURS, INK, MUTED

    figure, ax = plt.subplots(figsize=(9, 4.8), layout="constrained")
    window = max(1, min((len(v) for v in curves.values()), default=1) // 20)
    for number, (name, values) in enumerate(curves.items()):
        style = "-" if number < len(COLOURS) else "--"
        smooth = _smoothed(values, window)
        steps = range(1, len(smooth) + 1)
        ax.plot(steps, smooth, style, color=COLOURS[number % len(COLOURS)], lw=1.6, label=name)
    for side in ("top", "right"):
        ax.spines[side].set_visible(False)
    ax.tick_params(colors=MUTED, labelsize=9)
    ax.set_xlabel("step", color=MUTED)
    smoothed = f", mean of {window} steps" if window > 1 else ""
    ax.set_ylabel(f"training loss{smoothed}", color=MUTED)
    ax.set_yscale("log")
    for which in (ax.yaxis.set_major_formatter, ax.yaxis.set_minor_formatter):
        which("{x:g}")  # losses span less than a decade: plain numbers
    ax.tick_params(axis="y", which="minor", colors=MUTED, labelsize=9)
    ax.locator_params(axis="x", integer=True)
    ax.set_title(title, loc="left", color=INK, fontsize=13, fontweight="bold")
    ax.legend(frameon=False, fontsize=9)
    figure.savefig(path, dpi=120)
    plt.close(figure)


def _smoothed(values: Sequence[float], window: int) -> list[float]:
    """The mean of each value and those before it, ``window`` together."""
    return [statistics.fmean(values[max(0, i + 1 - window) : i + 1]) for i in range(len(values))]
