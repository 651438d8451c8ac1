"""Layers in a row, with one emulator for all of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from lowfloat.training.emulator import Emulator
from lowfloat.training.numpy.layer import Floats, Layer
from lowfloat.training.roles import Roles


class Residual(Layer):
    """y = f(x) + shortcut(x), f and the shortcut layers in a row; no layers are the identity.

    Parameters
    ----------
    layers, shortcut : sequence of Layer

    Source: He et al. 2016.
    """

    def __init__(self, layers: Sequence[Layer], shortcut: Sequence[Layer] = ()) -> None:
        super().__init__()
        self.layers, self.shortcut = list(layers), list(shortcut)

    def forward(self, x: Floats) -> Floats:
        """The sum, in float32."""
        y, direct = x, x
        for layer in self.layers:
            y = layer.forward(y)
        for layer in self.shortcut:
            direct = layer.forward(direct)
        return y + direct

    def backward(self, dy: Floats) -> Floats:
        """The sum of both ways back."""
        dx, direct = dy, dy
        for layer in reversed(self.layers):
            dx = layer.backward(dx)
        for layer in reversed(self.shortcut):
            direct = layer.backward(direct)
        return dx + direct


def _every(layers: Sequence[Layer]) -> Iterator[Layer]:
    for layer in layers:
        yield layer
        if isinstance(layer, Residual):
            yield from _every([*layer.layers, *layer.shortcut])


class Network:
    """Layers in a row.

    Parameters
    ----------
    layers : sequence of Layer
    roles : Roles or text
    seed : int
        Of the random bits of roundings, and of the first parameters.

    Attributes
    ----------
    emulator : Emulator
        Call ``emulator.advance()`` after every training step.

    Raises
    ------
    ValueError
        If two layers have one name.

    Examples
    --------
    >>> import numpy as np
    >>> from lowfloat.training import SGD, StaticScaler
    >>> from lowfloat.training.numpy import CrossEntropy, Dense, Network, ReLU
    >>> roles = "w=e5m2,a=e5m2,e=e5m2:sr,g=e5m2:sr"
    >>> network = Network([Dense("a", 4, 8), ReLU(), Dense("b", 8, 2)], roles, seed=1)
    >>> optimizer, scaler, loss = SGD(network.parameters(), lr=0.5), StaticScaler(64), CrossEntropy()
    >>> x, labels = np.eye(4, dtype=np.float32), np.array([0, 1, 0, 1])
    >>> losses = []
    >>> for _ in range(20):
    ...     losses.append(loss.forward(network.forward(x), labels))
    ...     _ = network.backward(loss.backward(scaler.get_scale()))
    ...     optimizer.gradients = network.gradients()
    ...     scaler.step(optimizer)
    ...     scaler.update()
    ...     network.emulator.advance()
    >>> bool(losses[-1] < losses[0] / 2)
    True
    """

    def __init__(self, layers: Sequence[Layer], roles: Roles | str = "", seed: int = 0) -> None:
        self.layers = list(layers)
        everything = list(_every(self.layers))
        names = [layer.name for layer in everything if layer.parameters]
        if twice := {name for name in names if names.count(name) > 1}:
            raise ValueError(
                f"two layers are called {', '.join(sorted(twice))}: give each its own name"
            )
        gemms = [gemm for layer in everything for gemm in layer.gemms]
        self.emulator = Emulator(roles, gemms, seed)
        for layer in everything:
            layer.attach(self.emulator)
        self.initialise(seed)

    def initialise(self, seed: int) -> None:
        """Fresh parameters, drawn layer by layer from ``np.random.default_rng(seed)``."""
        rng = np.random.default_rng(seed)
        for layer in _every(self.layers):
            layer.initialise(rng)

    def train(self, training: bool = True) -> None:
        """Use batch statistics (and update running ones), or running ones."""
        for layer in _every(self.layers):
            layer.training = training

    @np.errstate(all="ignore")  # overflows are for the loss scaler to see
    def forward(self, x: Any) -> Floats:
        """The last layer's result."""
        for layer in self.layers:
            x = layer.forward(x)
        return x  # type: ignore[no-any-return]

    @np.errstate(all="ignore")
    def backward(self, dy: Floats) -> Floats:
        """The gradient with respect to the network's operand; parameters' are put aside."""
        for layer in reversed(self.layers):
            dy = layer.backward(dy)
        return dy

    def parameters(self) -> dict[str, Floats]:
        """All parameters by name, as they are: an optimizer changes them in place."""
        return {
            f"{layer.name}.{key}": values
            for layer in _every(self.layers)
            for key, values in layer.parameters.items()
        }

    def gradients(self) -> dict[str, Floats]:
        """The gradients of the last ``backward``, by the parameters' names."""
        return {
            f"{layer.name}.{key}": values
            for layer in _every(self.layers)
            for key, values in layer.gradients.items()
        }
