"""What all layers are: a name, parameters, gradients, a forward and a backward half."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from lowfloat.training.emulator import Emulator

Floats = NDArray[np.float32]


class Layer:
    """A step of a network.

    ``forward`` keeps what ``backward`` needs; ``backward`` takes the gradient of the loss with
    respect to the result, fills ``gradients`` and gives the gradient with respect to the operand.

    Attributes
    ----------
    name : str
        Tensors are called ``name.activation`` and so on, parameters ``name.weight``.
    parameters, gradients : dict of str to ndarray of float32
    gemms : tuple of str
        The names of its products, in order: layers in the sense of roles.
    emulator : Emulator
        Given by the network.
    training : bool
        Whether batch statistics are used, and running ones updated.
    """

    emulator: Emulator

    def __init__(self, name: str = "") -> None:
        self.name = name
        self.parameters: dict[str, Floats] = {}
        self.gradients: dict[str, Floats] = {}
        self.gemms: tuple[str, ...] = ()
        self.training = True

    def initialise(self, rng: np.random.Generator) -> None:
        """Draw fresh parameters."""

    def forward(self, x: Any) -> Floats:
        """The result."""
        raise NotImplementedError

    def backward(self, dy: Floats) -> Floats:
        """The gradient with respect to the operand."""
        raise NotImplementedError

    def attach(self, emulator: Emulator) -> None:
        """Use an emulator from here on."""
        self.emulator = emulator

    def _quantize(self, x: Floats, tensor: str, part: str = "") -> Floats:
        name = f"{self.name}.{part}" if part else self.name
        return self.emulator.quantize(x, tensor, name)


def uniform(rng: np.random.Generator, shape: tuple[int, ...], inputs: int) -> Floats:
    """Uniform in +-1/sqrt(inputs), as torch's layers begin."""
    bound = 1 / np.sqrt(inputs)
    return rng.uniform(-bound, bound, shape).astype(np.float32)
