"""The small CNN of the demonstration, in NumPy, with a hook where weights and inputs are cast."""

from __future__ import annotations

from collections.abc import Callable
from importlib import resources
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Tensor = NDArray[np.float32]
#: Takes a tensor and its name, returns the values that a format keeps of it.
Hook = Callable[[Tensor, str], Tensor]

CONVOLUTIONS = ("conv1", "conv2", "conv3")
LAYERS = (*CONVOLUTIONS, "fc")
#: Images whose columns are in memory at a time: 23 MB in conv2.
BATCH = 200


class Network(NamedTuple):
    """A trained CNN and the images it is tested on."""

    weights: dict[str, Tensor]
    biases: dict[str, Tensor]
    #: (n, 28, 28), 0 to 255.
    images: NDArray[np.uint8]
    #: (n,), 0 to 9.
    labels: NDArray[np.uint8]


def load(images: int | None = None) -> Network:
    """The network shipped with the package, and its first ``images`` test images."""
    file = resources.files("lowfloat.cli").joinpath("data", "fashion_cnn.npz")
    with file.open("rb") as stream, np.load(stream, allow_pickle=False) as data:
        return Network(
            {layer: data[f"{layer}.weight"] for layer in LAYERS},
            {layer: data[f"{layer}.bias"] for layer in LAYERS},
            data["images"][:images],
            data["labels"][:images],
        )


def accuracy(network: Network, hook: Hook) -> float:
    """The share of images whose class is found, with every weight and layer input cast.

    Products are summed in float32, and biases are float32.
    """
    weights = {layer: hook(network.weights[layer], f"{layer}.weight") for layer in LAYERS}
    # Channels run last inside the network: convolution is then one matrix product.
    x = network.images[..., np.newaxis].astype(np.float32) / np.float32(255)
    for layer in CONVOLUTIONS:
        x = hook(x, f"{layer}.input")
        x = np.maximum(_convolve(x, weights[layer]) + network.biases[layer], np.float32(0))
        if layer != CONVOLUTIONS[-1]:
            x = _max_pool(x)
    flat = np.ascontiguousarray(x.transpose(0, 3, 1, 2)).reshape(len(x), -1)
    scores = hook(flat, "fc.input") @ weights["fc"].T + network.biases["fc"]
    return float((scores.argmax(axis=1) == network.labels).mean())


def _convolve(x: Tensor, weight: Tensor) -> Tensor:
    """3 x 3 convolution with padding 1: (n, h, w, c) with (out, c, 3, 3) to (n, h, w, out)."""
    padded = np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(1, 2))
    n, h, w = x.shape[:3]
    out = len(weight)
    matrix = weight.reshape(out, -1).T
    product = np.empty((n, h, w, out), np.float32)
    for start in range(0, n, BATCH):
        part = slice(start, start + BATCH)
        columns = windows[part].reshape(-1, len(matrix))
        product[part] = (columns @ matrix).reshape(-1, h, w, out)
    return product


def _max_pool(x: Tensor) -> Tensor:
    """The maximum of each 2 x 2 block: (n, h, w, c) to (n, h/2, w/2, c)."""
    n, h, w, c = x.shape
    pooled: Tensor = x.reshape(n, h // 2, 2, w // 2, 2, c).max(axis=(2, 4))
    return pooled
