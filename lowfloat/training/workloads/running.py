"""One training run: a workload by a recipe, written step by step to disk, and resumed from there."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TextIO

import torch

from lowfloat.training.checkpoints import Checkpoint
from lowfloat.training.emulator import Emulator
from lowfloat.training.recipes import Recipe
from lowfloat.training.torch import gradients, parameters, prepare
from lowfloat.training.workloads.base import Workload

#: Steps between two checkpoints.
INTERVAL = 50
Progress = Callable[[int, int, float], None]


@dataclass(frozen=True)
class Outcome:
    """What came of a run."""

    recipe: str
    workload: str
    seed: int
    #: Everything else that decided the bits.
    settings: dict[str, Any]
    #: Mean loss of the last epoch.
    train_loss: float
    #: The workload's measures on its test set.
    measures: dict[str, float]
    #: Sums of the squared weights after the first epoch and at the end.
    norms: tuple[float, float]
    steps: int
    skipped: int
    scale: float
    cpu_seconds: float

    def measure(self, name: str) -> float:
        """A measure by its name; ``train_loss`` is one too."""
        return self.train_loss if name == "train_loss" else self.measures[name]


class ModelState:
    """A model's parameters and buffers as NumPy arrays, as a part of a checkpoint."""

    def __init__(self, model: torch.nn.Module) -> None:
        self._model = model

    def state_dict(self) -> dict[str, Any]:
        """Copies of all parameters and buffers."""
        return {name: t.numpy().copy() for name, t in self._model.state_dict().items()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Put them back into the same memory."""
        tensors = {name: torch.from_numpy(array) for name, array in state.items()}
        self._model.load_state_dict(tensors)


class Run:
    """A workload trained by a recipe.

    Parameters
    ----------
    workload : Workload
    recipe : Recipe
    seed : int
        Of the weights, the batches, dropout, and all random bits.
    folder : path, optional
        Where ``NAME.jsonl`` (a line a step), ``NAME.ckpt`` and ``NAME.json`` (the outcome) go, with
        NAME = workload-recipe-seed. A run that finds its own files goes on where they end.

    Raises
    ------
    ValueError
        If the files in the folder are of a run with other settings.
    """

    def __init__(
        self, workload: Workload, recipe: Recipe, seed: int, folder: str | Path | None = None
    ) -> None:
        self.workload, self.recipe, self.seed = workload, recipe, seed
        self.settings = {
            "roles": str(recipe.roles),
            "scaler": recipe.scaler,
            "update": {name: str(value) for name, value in recipe.update.items()},
            "steps": workload.steps,
            "summary": workload.summary,
            "torch_threads": torch.get_num_threads(),
        }
        self._base = None
        if folder is not None:
            self._base = Path(folder) / f"{workload.name}-{recipe.name}-{seed}"
            self._base.parent.mkdir(parents=True, exist_ok=True)
        self.outcome = self._finished()

    def _path(self, suffix: str) -> Path:
        assert self._base is not None
        return self._base.with_name(self._base.name + suffix)

    def _finished(self) -> Outcome | None:
        """The outcome of this very run from an earlier time."""
        if self._base is None or not self._path(".json").exists():
            return None
        found = json.loads(self._path(".json").read_text())
        self._refuse_others(found["settings"], self._path(".json"))
        return Outcome(**{**found, "norms": tuple(found["norms"])})

    def _refuse_others(self, settings: dict[str, Any], path: Path) -> None:
        for key, mine in self.settings.items():
            if settings.get(key) != mine:
                raise ValueError(
                    f"{path} is of a run with other {key} ({settings.get(key)!r}, not {mine!r}): "
                    "choose another folder, or delete it"
                )

    def train(self, progress: Progress | None = None, stop_after: int | None = None) -> Outcome:
        """Train to the end, or return the outcome of a run that is finished.

        Parameters
        ----------
        progress : callable, optional
            ``progress(step, steps, loss)`` after every step.
        stop_after : int, optional
            Leave off after this many steps, as if killed there, with an error.

        Raises
        ------
        InterruptedError
            After ``stop_after`` steps.
        """
        if self.outcome is not None:
            return self.outcome
        training = _Training(self)
        try:
            for step in range(training.start, self.workload.steps):
                if stop_after is not None and step - training.start >= stop_after:
                    raise InterruptedError(f"stopped after {stop_after} steps")
                loss = training.step(step)
                if progress:
                    progress(step + 1, self.workload.steps, loss)
            self.outcome = training.finish()
        finally:
            training.close()
        return self.outcome


class _Training:
    """The moving parts of a run."""

    def __init__(self, run: Run) -> None:
        self.run, self.workload, recipe = run, run.workload, run.recipe
        model = self.workload.model(run.seed)
        self.emulator: Emulator
        self.model, self.emulator = prepare(model, recipe.roles, seed=run.seed)
        self.scaler = recipe.make_scaler()
        self.optimizer = recipe.make_optimizer(
            self.workload.optimizer,
            parameters(self.model),
            lr=self.workload.rate(0),
            seed=run.seed,
            **self.workload.optimizer_settings,
        )
        self.checkpoint = Checkpoint(
            model=ModelState(self.model),
            emulator=self.emulator,
            optimizer=self.optimizer,
            scaler=self.scaler,
        )
        self.start, self.losses, self.norms, self.seconds = 0, [], [], 0.0  # type: ignore[var-annotated]
        self.log: TextIO | None = None
        if run._base is not None:
            self._resume()

    def _resume(self) -> None:
        path, log = self.run._path(".ckpt"), self.run._path(".jsonl")
        lines: list[str] = []
        if path.exists():
            notes = self.checkpoint.load(path)
            self.run._refuse_others(notes["settings"], path)
            self.start, self.norms, self.seconds = notes["step"], notes["norms"], notes["seconds"]
            lines = log.read_text().splitlines()[: self.start]
            self.losses = [json.loads(line)["loss"] for line in lines]
        self.log = log.open("w")
        self.log.writelines(f"{line}\n" for line in lines)

    def step(self, step: int) -> float:
        """One update; its loss."""
        before = time.process_time()
        self.model.train()
        self.optimizer.lr = self.workload.rate(step)
        self.model.zero_grad()
        loss = self.workload.loss(self.model, self.workload.batch(self.run.seed, step))
        self.scaler.scale(loss).backward()
        self.optimizer.gradients = gradients(self.model)
        scale, skipped = self.scaler.get_scale(), self.scaler.skipped
        self.scaler.step(self.optimizer)
        self.scaler.update()
        self.emulator.advance()
        value = loss.item()
        self.losses.append(value)
        if step + 1 in (self.workload.epoch_steps, self.workload.steps):
            self.norms.append(self._norm())
        self.seconds += time.process_time() - before
        self._record(step, {"loss": value, "scale": scale,
                            "skipped": self.scaler.skipped > skipped})  # fmt: skip
        return value

    def _norm(self) -> float:
        squares = (p.detach().double().square().sum() for p in self.model.parameters())
        return float(sum(squares))

    def _record(self, step: int, line: dict[str, Any]) -> None:
        if self.log is None:
            return
        self.log.write(json.dumps({"step": step, **line}) + "\n")
        if (step + 1) % INTERVAL == 0:
            self.log.flush()
            notes = {"step": step + 1, "norms": self.norms, "seconds": self.seconds}
            path = self.run._path(".ckpt")
            self.checkpoint.save(path, settings=self.run.settings, **notes)

    def finish(self) -> Outcome:
        """Measure, write the outcome, and remove the checkpoint."""
        self.model.eval()
        measures = self.workload.evaluate(self.model)
        last = self.losses[-min(len(self.losses), self.workload.epoch_steps) :]
        outcome = Outcome(
            recipe=self.run.recipe.name,
            workload=self.workload.name,
            seed=self.run.seed,
            settings=self.run.settings,
            train_loss=sum(last) / len(last),
            measures=measures,
            norms=(self.norms[0], self.norms[-1]),
            steps=self.workload.steps,
            skipped=self.scaler.skipped,
            scale=self.scaler.get_scale(),
            cpu_seconds=self.seconds,
        )
        if self.log is not None:
            path = self.run._path(".json")
            beside = path.with_name(f"{path.name}.tmp")
            beside.write_text(json.dumps(asdict(outcome), indent=1) + "\n")
            beside.replace(path)
            self.run._path(".ckpt").unlink(missing_ok=True)
        return outcome

    def close(self) -> None:
        """Close the log."""
        if self.log is not None:
            self.log.close()
