"""A training step of ResNet-8 in the formats of recipes, against PyTorch's own and qtorch's: one table.

python benchmarks/training.py [--batch 128] [--rounds 9]

Images are random numbers: the time of a step does not depend on what they show. A step is forward and
backward pass and the update, on one thread. Where qtorch is installed (``pip install --no-deps qtorch
ninja``; it compiles C++ for most of a minute when it is imported) the same network is quantized with it.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import torch
from measure import Row, alternate, table
from s2fp8 import rows as s2fp8_rows
from torch import nn

import lowfloat as lf
from lowfloat.training import SGD, Roles
from lowfloat.training.torch import gradients, parameters, prepare
from lowfloat.training.workloads.images import ResNet8

Step = Callable[[], object]

NEAREST = "w=e5m2,a=e5m2,e=e5m2,g=e5m2"
FP8 = "w=e5m2,a=e5m2,e=e5m2:sr8,g=e5m2:sr8"
#: What is emulated, and the most that a step may cost in steps of plain PyTorch.
EMULATED = {
    "FP8 tensors, nearest": (NEAREST, 2.5),
    "FP8 tensors, errors and gradients stochastic": (FP8, 2.5),
    "S2FP8 tensors": ("w=s2fp8,a=s2fp8,e=s2fp8,g=s2fp8", 5.0),
    "FP8, every sum in e6m9": (f"{FP8},acc=e6m9", 12.0),
    "FP8, every sum in e6m9, chunks of 64": (f"{FP8},acc=e6m9:chunk64", 12.0),
    "FP16, every sum in float32": ("w=e5m10,a=e5m10,e=e5m10,g=e5m10,acc=e8m23", 12.0),
}
#: What qtorch does too: roles, its rounding of errors and gradients, and how much faster we should be.
#: To nearest, qtorch's step takes about three plain ones: three times as fast would be a step of nearly
#: no emulation at all.
LIKE_QTORCH = {
    "FP8 tensors, nearest": (NEAREST, "nearest", 3.0),
    "FP8 tensors, errors and gradients stochastic": (FP8, "stochastic", 3.0),
}


def plain(images: torch.Tensor, labels: torch.Tensor, model: nn.Module) -> Step:
    """A step of PyTorch alone."""
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)

    def step() -> None:
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(images), labels).backward()
        optimizer.step()

    return step


def emulated(images: torch.Tensor, labels: torch.Tensor, text: str) -> Step:
    """The same step by roles, with this library's update."""
    torch.manual_seed(0)
    roles = Roles.parse(text)
    model, emulator = prepare(ResNet8(), roles, seed=1)
    optimizer = SGD.from_roles(parameters(model), roles, lr=0.01, momentum=0.9, seed=1)

    def step() -> None:
        model.zero_grad()
        nn.functional.cross_entropy(model(images), labels).backward()
        optimizer.gradients = gradients(model)
        optimizer.step()
        emulator.advance()

    return step


def with_qtorch(model: nn.Module, errors: str) -> nn.Module | None:
    """The model with qtorch's roundings where ours has them, or None where qtorch is missing."""
    try:
        from qtorch import FloatingPoint
        from qtorch.quant import quantizer
    except ImportError as error:
        print(f"qtorch is not measured: {error}. pip install --no-deps qtorch ninja adds it.")
        return None
    fp8 = FloatingPoint(exp=5, man=2)
    rounded = quantizer(fp8, fp8, "nearest", errors)

    class Rounded(nn.Module):
        """x and the weights are rounded, then the result; their gradients on the way back."""

        def __init__(self, layer: Any) -> None:
            super().__init__()
            self.layer = layer

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            x, w = rounded(x), rounded(self.layer.weight)
            if isinstance(self.layer, nn.Linear):
                return rounded(nn.functional.linear(x, w, self.layer.bias))
            return rounded(self.layer._conv_forward(x, w, self.layer.bias))

    for name, module in list(model.named_modules()):
        if isinstance(module, nn.Conv2d | nn.Linear):
            parent, _, key = name.rpartition(".")
            setattr(model.get_submodule(parent), key, Rounded(module))
    return model


def import_seconds(rounds: int = 5) -> tuple[float, float]:
    """CPU seconds of importing torch, and of importing the plug beyond that."""

    def seconds(code: str) -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, "-c", code], check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    pairs = [
        (seconds("import torch"), seconds("import torch, lowfloat.training.torch"))
        for _ in range(rounds)
    ]
    alone = statistics.median(a for a, _ in pairs)
    return alone, statistics.median(b - a for a, b in pairs)


def main() -> None:
    """Run the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--rounds", type=int, default=9)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    lf.set_num_threads(1)
    torch.manual_seed(0)
    images = torch.randn(arguments.batch, 1, 28, 28)
    batch = images, torch.randint(10, (arguments.batch,))

    rows = []
    for name, (text, most) in EMULATED.items():
        rows.append(Row(name, emulated(*batch, text), "plain", plain(*batch, ResNet8()), 1 / most))
    for name, (text, errors, target) in LIKE_QTORCH.items():
        theirs = with_qtorch(ResNet8(), errors)
        if theirs is None:
            break
        rows.append(Row(name, emulated(*batch, text), "qtorch", plain(*batch, theirs), target))
    title = f"ResNet-8, a step of {arguments.batch} images, one thread"
    table(title, rows, alternate(rows, arguments.rounds), images.numel())

    n = 1 << 24
    chosen = s2fp8_rows(n, 0.25)
    table("S2FP8 quantization, n = 2^24", chosen, alternate(chosen, arguments.rounds), n)

    alone, more = import_seconds()
    print(f"\nimport torch: {alone:.2f} s of CPU; lowfloat.training.torch adds {more:.2f} s (1.00)")


if __name__ == "__main__":
    main()
