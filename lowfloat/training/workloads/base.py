"""What a workload has to say."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray

Batch = tuple[torch.Tensor, ...]


class Workload(Protocol):
    """A training task; a batch is a pure function of seed and step, so a run can resume anywhere."""

    name: str
    #: One line about model, data and schedule.
    summary: str
    #: Number of update steps, and of those in the last epoch.
    steps: int
    epoch_steps: int
    #: ``"sgd"`` or ``"adam"``, with the keywords of lowfloat.training's optimizer.
    optimizer: str
    optimizer_settings: dict[str, Any]
    #: The measure that recipes are compared by, and whether more of it is better.
    measure: str
    more_is_better: bool

    def model(self, seed: int) -> torch.nn.Module:
        """A freshly initialised network."""
        ...

    def batch(self, seed: int, step: int) -> Batch:
        """The training examples of a step."""
        ...

    def loss(self, model: torch.nn.Module, batch: Batch) -> torch.Tensor:
        """The mean loss of a batch, a float32 scalar."""
        ...

    def rate(self, step: int) -> float:
        """The learning rate of a step."""
        ...

    def evaluate(self, model: torch.nn.Module) -> dict[str, float]:
        """Measures on the test set."""
        ...


def generator(seed: int, *path: int) -> np.random.Generator:
    """Independent random numbers for a seed and a place in the training."""
    return np.random.Generator(np.random.Philox(np.random.SeedSequence((seed, *path))))


def shuffled(seed: int, epoch: int, count: int) -> NDArray[np.int64]:
    """The order of the examples in an epoch."""
    return generator(seed, epoch).permutation(count)
