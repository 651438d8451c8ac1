"""Train the small Fashion-MNIST CNN that ships as ``lowfloat/cli/data/fashion_cnn.npz``.

Data
    Fashion-MNIST by Zalando Research (https://github.com/zalandoresearch/fashion-mnist),
    MIT licence, Copyright (c) 2017 Zalando SE.  60,000 training and 10,000 test images,
    28x28, grey, ten classes.  Debian packages it as ``dataset-fashion-mnist``; its four
    IDX ``.gz`` files land in ``/usr/share/datasets/fashion-mnist``.

Architecture (plain float32, no batch norm; weights in PyTorch's layout)
    input    x = image / 255                                           (n, 1, 28, 28)
    conv1    3x3, 1 -> 16, stride 1, zero pad 1, ReLU, 2x2 max-pool    (n, 16, 14, 14)
    conv2    3x3, 16 -> 32, stride 1, zero pad 1, ReLU, 2x2 max-pool   (n, 32, 7, 7)
    conv3    3x3, 32 -> 64, stride 1, zero pad 1, ReLU                 (n, 64, 7, 7)
    fc       3136 -> 10, the logits; input flattened channel-first     (n, 10)

Accuracy reached by the stored weights
    91.41 % on all 10,000 test images, 93.00 % on the first 1,000 (the ones stored with them)

Run (needs NumPy and PyTorch; the stored file was made with torch 2.13.0 on the CPU)
    python benchmarks/train_demo_cnn.py --data /usr/share/datasets/fashion-mnist
"""

from __future__ import annotations

import argparse
import gzip
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import nn
from torch.nn import functional

STORED_IMAGES = 1000
DEFAULT_OUT = Path(__file__).resolve().parent.parent / "lowfloat/cli/data/fashion_cnn.npz"


class FashionCNN(nn.Module):
    """Three convolutions and one dense layer: 54,666 parameters."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, 16, 3, padding=1)
        self.conv2 = nn.Conv2d(16, 32, 3, padding=1)
        self.conv3 = nn.Conv2d(32, 64, 3, padding=1)
        self.fc = nn.Linear(64 * 7 * 7, 10)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Logits of a batch of inputs."""
        x = functional.max_pool2d(functional.relu(self.conv1(x)), 2)
        x = functional.max_pool2d(functional.relu(self.conv2(x)), 2)
        x = functional.relu(self.conv3(x))
        return self.fc(functional.dropout(x.flatten(1), 0.3, self.training))


def read_idx(path: Path) -> npt.NDArray[np.uint8]:
    """Read one gzipped IDX file of unsigned bytes."""
    raw = gzip.decompress(path.read_bytes())
    if len(raw) < 4 or raw[:3] != b"\x00\x00\x08":
        raise ValueError(f"{path.name}: not an IDX file of unsigned bytes")
    ndim = raw[3]
    shape = np.frombuffer(raw, ">u4", ndim, offset=4).astype(int)
    return np.frombuffer(raw, np.uint8, offset=4 + 4 * ndim).reshape(shape)


def load(folder: Path, split: str) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]:
    """Images and labels of ``split``, which is ``train`` or ``t10k``."""
    images = read_idx(folder / f"{split}-images-idx3-ubyte.gz")
    labels = read_idx(folder / f"{split}-labels-idx1-ubyte.gz")
    return images, labels


def to_target(labels: npt.NDArray[np.uint8]) -> torch.Tensor:
    """Labels as the int64 class numbers the loss takes."""
    return torch.from_numpy(labels.astype(np.int64))


def to_input(images: npt.NDArray[np.uint8]) -> torch.Tensor:
    """The network's input: ``image / 255`` in float32, with a channel axis."""
    return torch.from_numpy(images[:, None].astype(np.float32) / np.float32(255))


def train(model: nn.Module, x: torch.Tensor, y: torch.Tensor, epochs: int, batch: int = 64) -> None:
    """AdamW with a one-cycle learning rate and random left-right flips."""
    optimizer = torch.optim.AdamW(model.parameters(), weight_decay=0.02)
    steps = -(-len(x) // batch)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, max_lr=3e-3, total_steps=epochs * steps, pct_start=0.15
    )
    model.train()
    for epoch in range(epochs):
        total = 0.0
        for index in torch.randperm(len(x)).split(batch):
            flip = torch.rand(len(index), 1, 1, 1) < 0.5
            inputs = torch.where(flip, x[index].flip(3), x[index])
            loss = functional.cross_entropy(model(inputs), y[index])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            total += loss.item() * len(index)
        print(f"epoch {epoch + 1}/{epochs}: mean training loss {total / len(x):.4f}", flush=True)


@torch.no_grad()
def accuracy(model: nn.Module, x: torch.Tensor, y: torch.Tensor) -> float:
    """Share of ``x`` whose largest logit is the one ``y`` names."""
    model.eval()
    hits = sum(
        int((model(xb).argmax(1) == yb).sum())
        for xb, yb in zip(x.split(1000), y.split(1000), strict=True)
    )
    return hits / len(x)


def main() -> None:
    """Train, evaluate and write the file."""
    parser = argparse.ArgumentParser(description="Train the demo CNN on Fashion-MNIST.")
    parser.add_argument("--data", type=Path, required=True, help="folder with the IDX .gz files")
    parser.add_argument("--out", type=Path, default=DEFAULT_OUT, help="the .npz file to write")
    parser.add_argument("--epochs", type=int, default=6)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()

    torch.manual_seed(args.seed)
    torch.set_num_threads(1)  # one thread: the sums, and so the weights, do not vary
    torch.use_deterministic_algorithms(True)

    train_images, train_labels = load(args.data, "train")
    test_images, test_labels = load(args.data, "t10k")
    model = FashionCNN()
    train(model, to_input(train_images), to_target(train_labels), args.epochs)

    x, y = to_input(test_images), to_target(test_labels)
    first = slice(0, STORED_IMAGES)
    print(f"accuracy, all {len(x):,} test images: {accuracy(model, x, y):.2%}")
    print(f"accuracy, first {STORED_IMAGES:,}: {accuracy(model, x[first], y[first]):.2%}")

    arrays = {name: value.numpy() for name, value in model.state_dict().items()}
    args.out.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(args.out, **arrays, images=test_images[first], labels=test_labels[first])
    print(f"wrote {args.out.name}: {args.out.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
