"""Classifying Fashion-MNIST with a ResNet of eight layers."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from lowfloat.training.datasets import fashion_mnist
from lowfloat.training.workloads.base import Batch, shuffled

TRAIN, TEST, BATCH, EPOCHS = 6000, 5000, 128, 4
#: Mean and standard deviation of the training images' pixels in 0..1.
MEAN, DEVIATION = 0.2860, 0.3530


class Block(nn.Module):
    """Two convolutions and a shortcut (He et al. 2016)."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.shortcut: nn.Module = nn.Identity()
        if stride != 1 or inputs != outputs:
            self.shortcut = nn.Sequential(
                nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs)
            )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Feature maps of shape (n, channels, height, width)."""
        y = torch.relu(self.bn1(self.conv1(x)))
        return torch.relu(self.bn2(self.conv2(y)) + self.shortcut(x))


class ResNet8(nn.Module):
    """A stem of stride 2 and three residual blocks of 16, 32 and 64 channels."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(1, 16, 3, 2, 1, bias=False)
        self.bn = nn.BatchNorm2d(16)
        self.blocks = nn.Sequential(Block(16, 16, 1), Block(16, 32, 2), Block(32, 64, 2))
        self.classifier = nn.Linear(64, 10)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Logits of shape (n, 10) from images of shape (n, 1, 28, 28)."""
        x = self.blocks(torch.relu(self.bn(self.stem(x))))
        return self.classifier(x.mean((2, 3)))  # type: ignore[no-any-return]


class Images:
    """ResNet-8 on 6,000 images of Fashion-MNIST, four epochs."""

    name = "images"
    summary = (
        "ResNet-8 on Fashion-MNIST: 6,000 training and 5,000 test images, 4 epochs of 46 "
        "batches of 128, SGD with momentum 0.9, weight decay 5e-4, rate 0.1 falling as a cosine"
    )
    epoch_steps = TRAIN // BATCH
    optimizer = "sgd"
    measure, more_is_better = "accuracy", True

    def __init__(self, data: str | None = None, fraction: float = 1.0) -> None:
        train, test = fashion_mnist(data)
        self.steps = max(1, round(EPOCHS * self.epoch_steps * fraction))
        self.optimizer_settings = {"momentum": 0.9, "weight_decay": 5e-4}
        self._train = _tensors(train.images[:TRAIN], train.labels[:TRAIN])
        self._test = _tensors(test.images[:TEST], test.labels[:TEST])

    def model(self, seed: int) -> nn.Module:
        """A freshly initialised network."""
        torch.manual_seed(seed)
        return ResNet8()

    def batch(self, seed: int, step: int) -> Batch:
        """Images and labels."""
        epoch, place = divmod(step, self.epoch_steps)
        rows = torch.from_numpy(_order(seed, epoch)[place * BATCH : (place + 1) * BATCH])
        return self._train[0][rows], self._train[1][rows]

    def loss(self, model: nn.Module, batch: Batch) -> torch.Tensor:
        """Cross entropy."""
        return nn.functional.cross_entropy(model(batch[0]), batch[1])

    def rate(self, step: int) -> float:
        """Half a cosine from 0.1 to 0."""
        return 0.05 * (1 + math.cos(math.pi * step / self.steps))

    @torch.no_grad()
    def evaluate(self, model: nn.Module) -> dict[str, float]:
        """Accuracy in percent and cross entropy on the test images."""
        logits = torch.cat([model(part) for part in torch.split(self._test[0], 500)])
        right = (logits.argmax(1) == self._test[1]).float().mean()
        entropy = nn.functional.cross_entropy(logits, self._test[1])
        return {"accuracy": 100 * float(right), "cross_entropy": float(entropy)}


@lru_cache(maxsize=2)
def _order(seed: int, epoch: int) -> NDArray[np.int64]:
    return shuffled(seed, epoch, TRAIN)


def _tensors(images: NDArray[np.uint8], labels: NDArray[np.uint8]) -> Batch:
    pixels = (images[:, None].astype(np.float32) / 255 - MEAN) / DEVIATION
    return torch.from_numpy(pixels.astype(np.float32)), torch.from_numpy(labels.astype(np.int64))
