"""Runs of workloads: resumed bit for bit, and told in tables and pages."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest

from lowfloat.cli.main import main
from lowfloat.training import recipe

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
from torch import nn

from lowfloat.training import workloads
from lowfloat.training.workloads import reporting, reproduction
from lowfloat.training.workloads.base import generator
from lowfloat.training.workloads.running import INTERVAL, Outcome, Run


class Line:
    """Fitting a plane with batch normalisation and dropout: everything that has a state."""

    name, summary = "line", "a plane, 80 steps"
    steps, epoch_steps = 80, 40
    optimizer, optimizer_settings = "adam", {"betas": (0.9, 0.99)}
    measure, more_is_better = "error", False

    def model(self, seed: int) -> nn.Module:
        torch.manual_seed(seed)
        return nn.Sequential(nn.Linear(6, 8), nn.BatchNorm1d(8), nn.Dropout(0.2), nn.Linear(8, 1))

    def batch(self, seed: int, step: int):
        torch.manual_seed(seed * 1000 + step)  # dropout's
        x = generator(seed, step).standard_normal((16, 6)).astype(np.float32)
        return torch.from_numpy(x), torch.from_numpy(x.sum(1, keepdims=True))

    def loss(self, model: nn.Module, batch) -> torch.Tensor:
        return nn.functional.mse_loss(model(batch[0]), batch[1])

    def rate(self, step: int) -> float:
        return 0.01 / (1 + step)

    @torch.no_grad()
    def evaluate(self, model: nn.Module) -> dict[str, float]:
        return {"error": self.loss(model, self.batch(99, 0)).item()}


def same(a: Outcome, b: Outcome) -> bool:
    return dataclasses.replace(a, cpu_seconds=0) == dataclasses.replace(b, cpu_seconds=0)


@pytest.mark.parametrize(
    ("name", "stop"),
    [
        ("mellempudi2019_threshold", INTERVAL - 1),
        ("mellempudi2019_threshold", INTERVAL),
        ("revisiting_bf16_kahan", INTERVAL + 13),
    ],
)
def test_a_run_that_was_killed_ends_as_if_it_had_not_been(
    tmp_path: Path, name: str, stop: int
) -> None:
    whole = Run(Line(), recipe(name), 1).train()
    with pytest.raises(InterruptedError):
        Run(Line(), recipe(name), 1, tmp_path).train(stop_after=stop)
    again = Run(Line(), recipe(name), 1, tmp_path).train()
    assert same(again, whole)
    lines = (tmp_path / f"line-{name}-1.jsonl").read_text().splitlines()
    assert [json.loads(line)["step"] for line in lines] == list(range(80))


def test_seeds_and_recipes_matter() -> None:
    """The comparison above can fail."""
    a, b = (Run(Line(), recipe("mellempudi2019"), seed).train() for seed in (0, 1))
    assert not same(a, b)


def test_a_finished_run_is_not_run_again(tmp_path: Path) -> None:
    first = Run(Line(), recipe("float32"), 0, tmp_path).train()
    second = Run(Line(), recipe("float32"), 0, tmp_path)
    assert second.outcome == first
    assert second.train() == first
    assert {p.suffix for p in tmp_path.iterdir()} == {".json", ".jsonl"}


def test_other_settings_are_refused(tmp_path: Path) -> None:
    Run(Line(), recipe("float32"), 0, tmp_path).train()
    other = recipe("float32").but(scaler="static:8")
    with pytest.raises(ValueError, match=r"run with other scaler \('none', not 'static:8'\)"):
        Run(Line(), other, 0, tmp_path)


def test_a_table_has_means_and_differences() -> None:
    runs = [
        Outcome(name, "line", seed, {}, loss, {"error": 2 * loss}, (1.0, 2.0), 80, 3, 1.0, 5.0)
        for name, losses in (("float32", (1.0, 2.0)), ("s2fp8", (1.5, 2.0)))
        for seed, loss in enumerate(losses)
    ]
    heads, rows = reporting.table(runs, "error")
    assert rows[0][:5] == ["float32", "2", "3.000 +- 1.000", "", "1.500 +- 0.500"]
    assert rows[1][:5] == ["s2fp8", "2", "3.500 +- 0.500", "+0.500", "1.750 +- 0.250"]
    assert len(heads) == len(rows[0])


def images(name: str, loss: float, accuracy: float) -> Outcome:
    measures, settings = {"accuracy": accuracy}, {"summary": "images"}
    return Outcome(name, "images", 0, settings, loss, measures, (7.0, 7.0), 1, 0, 1.0, 1.0)


def test_claims_are_judged_by_the_figures() -> None:
    good = [images("float32", 1.0, 85.0), images("s2fp8", 1.02, 84.0)]
    bad = [images("float32", 1.0, 85.0), images("s2fp8", 1.02, 83.0)]
    assert [shows for _, shows, _ in reproduction.verdicts(good)] == [True, True]
    assert [shows for _, shows, _ in reproduction.verdicts(bad)] == [False, True]
    broken = [images("float32", 1.0, 85.0), images("fp8_unscaled", float("nan"), 10.0)]
    assert [shows for _, shows, _ in reproduction.verdicts(broken)] == [True]


def test_a_page_from_runs(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="has no finished runs"):
        reproduction.page(tmp_path)
    for outcome in (images("float32", 1.0, 85.0), images("s2fp8", 1.1, 80.0)):
        path = tmp_path / f"images-{outcome.recipe}-0.json"
        path.write_text(json.dumps(dataclasses.asdict(outcome)))
    text = reproduction.page(tmp_path)
    assert "**not at this scale**" in text
    assert "| s2fp8 | 1 | 80.000 | -5.000 |" in text


def test_a_picture_of_losses(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    run = Run(Line(), recipe("float32"), 0, tmp_path)
    run.train()
    reporting.picture(tmp_path / "losses.png", reporting.losses(tmp_path), "Losses")
    assert (tmp_path / "losses.png").stat().st_size > 10_000


def test_the_command_lists_recipes_and_refuses_nonsense(capsys, tmp_path: Path) -> None:
    assert main(["train", "--list"]) == 0
    printed = capsys.readouterr().out
    assert "mellempudi2019\n" in printed
    assert all(f"{name} " in printed for name in workloads.NAMES)
    for arguments, words in (
        (["train"], "name a recipe"),
        (["train", "fp4"], "no recipe 'fp4'"),
        (["train", "s2fp8", "--workload", "chess"], "no workload 'chess'"),
        (["train", "s2fp8", "--data", str(tmp_path)], "apt-get download dataset-fashion-mnist"),
        (["train", "s2fp8", "--fraction", "2"], "fraction is above 0 and at most 1"),
        (["train", "s2fp8", "--scaler", "cubic"], "no loss scaler 'cubic'"),
    ):
        assert main(arguments) == 2
        assert words in capsys.readouterr().err


@pytest.mark.training
@pytest.mark.parametrize("name", workloads.NAMES)
def test_a_workload_learns(name: str) -> None:
    workload = workloads.load(name, fraction=0.02)
    outcome = Run(workload, recipe("micikevicius2017"), 0).train()
    first = workload.loss(workload.model(0), workload.batch(0, 0)).item()
    assert outcome.train_loss < first
