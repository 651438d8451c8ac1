"""The claims of the founding papers on real data, three seeds: an hour of one core, marked.

Thresholds leave at least twice the margin that was seen when they were chosen. Finished runs are
kept in the folder that LOWFLOAT_RUNS names, if it does.
"""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from lowfloat.training import Recipe, recipe

torch = pytest.importorskip("torch", reason="PyTorch is not installed")

from lowfloat.training import workloads
from lowfloat.training.workloads import reproduction
from lowfloat.training.workloads.running import Outcome, Run

pytestmark = pytest.mark.training

SEEDS = {"images": 3, "translation": 3, "recommendation": 3}


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return Path(os.environ.get("LOWFLOAT_RUNS") or tmp_path_factory.mktemp("runs"))


@cache
def workload(name: str):
    torch.set_num_threads(1)
    return workloads.load(name)


def runs(folder: Path, name: str, *recipes: Recipe) -> reproduction.Runs:
    """The outcomes of recipes, and of float32, on every seed of a workload."""
    found: reproduction.Runs = {}
    for chosen in (recipe("float32"), *recipes):
        for seed in range(SEEDS[name]):
            outcome = Run(workload(name), chosen, seed, folder).train()
            found.setdefault(chosen.name, {})[seed] = outcome
    return found


def scaled(name: str, exponent: int) -> Recipe:
    """A recipe with a constant loss scale of 2^exponent."""
    return recipe(name).but(name=f"{name}_2e{exponent}", scaler=f"static:{2.0**exponent}")


@pytest.mark.parametrize("claim", reproduction.CLAIMS, ids=lambda c: f"{c.workload}: {c.text}")
def test_a_claim_shows(claim: reproduction.Claim, folder: Path) -> None:
    found = runs(folder, claim.workload, *map(recipe, claim.recipes))
    shows, figures = claim.look(found)
    assert shows, figures


def test_smaller_gradients_sink_fp8_and_not_s2fp8(folder: Path) -> None:
    """FP8 with a loss scale of 2^-4; S2FP8 with 2^-8."""
    found = runs(folder, "images", scaled("fp8_unscaled", -4), scaled("s2fp8", -8))
    sunk = found["fp8_unscaled_2e-4"]
    assert reproduction.mean(found, "fp8_unscaled_2e-4", "accuracy") <= 75
    ends = [np.mean([o.norms[1] for o in group.values()]) for group in (sunk, found["float32"])]
    assert ends[0] >= 1.15 * ends[1]
    for seed, outcome in found["s2fp8_2e-8"].items():
        assert (
            abs(outcome.measures["accuracy"] - found["float32"][seed].measures["accuracy"]) <= 1.5
        )


def test_too_large_a_scale_skips_every_step(folder: Path) -> None:
    """At 2^24 every gradient overflows, and the weights stay as they were; at 2^20 nearly every."""
    task = workload("images")
    for seed in range(SEEDS["images"]):
        outcome: Outcome = Run(task, scaled("fp8_unscaled", 24), seed, folder).train()
        assert outcome.skipped == outcome.steps
        squares = [p.detach().double().square().sum() for p in task.model(seed).parameters()]
        assert outcome.norms == (float(sum(squares)),) * 2
        assert outcome.measures["accuracy"] <= 20
        nearly = Run(task, scaled("fp8_unscaled", 20), seed, folder).train()
        assert nearly.skipped >= 0.9 * nearly.steps


@pytest.mark.parametrize(("rounding", "low", "high"), [("", 0, 78), (":sr", 80, 100)])
def test_fp8_masters_need_stochastic_rounding(
    rounding: str, low: float, high: float, folder: Path
) -> None:
    roles = f"w=e5m2,a=e5m2,e=e5m2,g=e5m2,master=e5m2{rounding}"
    master = recipe("fp8_scaled").but(name=f"fp8_master{rounding[1:]}", roles=roles)
    master = master.but(scaler="static:8192")
    accuracy = reproduction.mean(runs(folder, "images", master), master.name, "accuracy")
    assert low <= accuracy <= high
