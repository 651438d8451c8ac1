"""Layers with weights: dense, convolution, embedding."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from lowfloat.training import convolution
from lowfloat.training.emulator import Emulator
from lowfloat.training.numpy.layer import Floats, Layer, uniform
from lowfloat.windows import Window


def dense_forward(
    emulator: Emulator, layer: str, x: Floats, weight: Floats, bias: Floats | None
) -> tuple[Floats, Floats, Floats]:
    """y = a w' + bias on the output's grid, and the rounded operands a and w that were multiplied."""
    a = emulator.quantize(x, "activation", layer)
    w = emulator.quantize(weight, "weight", layer)
    y = emulator.gemm(a.reshape(-1, a.shape[-1]), w.T, "forward", layer)
    if bias is not None:
        y = y + bias
    y = emulator.quantize(y, "output", layer)
    return y.reshape(*x.shape[:-1], len(w)), a, w


def dense_backward(
    emulator: Emulator, layer: str, dy: Floats, a: Floats, w: Floats
) -> tuple[Floats, Floats, Floats]:
    """The gradients of operand, weight and bias: dx = e w, dw = e' a, db = 1' e."""
    e = emulator.quantize(dy, "error", layer).reshape(-1, len(w))
    dx = emulator.quantize(emulator.gemm(e, w, "dgrad", layer), "input_gradient", layer)
    dw = emulator.gemm(e.T, a.reshape(-1, a.shape[-1]), "wgrad", layer)
    dw = emulator.quantize(dw, "weight_gradient", layer)
    db = emulator.gemm(np.ones((1, len(e)), np.float32), e, "wgrad", layer, (None, "error"))[0]
    return dx.reshape(a.shape), dw, db


class Dense(Layer):
    """y = x w' + bias.

    Parameters
    ----------
    name : str
    inputs, outputs : int
        ``weight`` has shape (outputs, inputs), as in torch.
    bias : bool

    Examples
    --------
    >>> import numpy as np
    >>> from lowfloat.training.numpy import Dense, Network
    >>> network = Network([Dense("fc", 2, 1)], "w=e5m2,a=e5m2,e=e5m2,g=e5m2")
    >>> network.parameters()["fc.weight"][:] = [[0.3, 1]]
    >>> network.parameters()["fc.bias"][:] = 0
    >>> network.forward(np.float32([[1, 2]]))  # 0.3125 + 2, rounded
    array([[2.5]], dtype=float32)
    """

    def __init__(self, name: str, inputs: int, outputs: int, *, bias: bool = True) -> None:
        super().__init__(name)
        self.parameters["weight"] = np.zeros((outputs, inputs), np.float32)
        if bias:
            self.parameters["bias"] = np.zeros(outputs, np.float32)
        self.gemms = (name,)

    def initialise(self, rng: np.random.Generator) -> None:
        """Uniform weights, and then biases, in +-1/sqrt(inputs)."""
        inputs = self.parameters["weight"].shape[1]
        for values in self.parameters.values():
            values[...] = uniform(rng, values.shape, inputs)

    def forward(self, x: Floats) -> Floats:
        """(..., inputs) to (..., outputs)."""
        weight, bias = self.parameters["weight"], self.parameters.get("bias")
        y, self.a, self.w = dense_forward(self.emulator, self.name, x, weight, bias)
        return y

    def backward(self, dy: Floats) -> Floats:
        """dx, with the gradients of weight and bias put aside."""
        dx, dw, db = dense_backward(self.emulator, self.name, dy, self.a, self.w)
        self.gradients = {"weight": dw, "bias": db} if "bias" in self.parameters else {"weight": dw}
        return dx


class Convolution(Layer):
    """A convolution over the axes after the first two, zero-padded, as three matrix products.

    Parameters
    ----------
    name : str
    inputs, outputs : int
        Channels; ``weight`` has shape (outputs, inputs, ...).
    kernel : tuple of int
    stride, padding : int
        The same along every axis.
    bias : bool

    Source: ``lowfloat.training.convolution`` says which numbers meet in which product.
    """

    def __init__(
        self,
        name: str,
        inputs: int,
        outputs: int,
        kernel: tuple[int, ...] = (3, 3),
        *,
        stride: int = 1,
        padding: int = 0,
        bias: bool = True,
    ) -> None:
        super().__init__(name)
        axes = len(kernel)
        self.window = Window(kernel, (stride,) * axes, (padding,) * axes, (1,) * axes)
        self.parameters["weight"] = np.zeros((outputs, inputs, *kernel), np.float32)
        if bias:
            self.parameters["bias"] = np.zeros(outputs, np.float32)
        self.gemms = (name,)

    def initialise(self, rng: np.random.Generator) -> None:
        """Uniform weights, and then biases, in +-1/sqrt(inputs times places)."""
        inputs = self.parameters["weight"][0].size
        for values in self.parameters.values():
            values[...] = uniform(rng, values.shape, inputs)

    def forward(self, x: Floats) -> Floats:
        """(n, inputs, ...) to (n, outputs, ...)."""
        self.a = self._quantize(x, "activation")
        self.w = self._quantize(self.parameters["weight"], "weight")
        rows = convolution.columns(self.a, self.window)
        y = self.emulator.gemm(rows, self.w.reshape(len(self.w), -1).T, "forward", self.name)
        sizes = self.window.positions(x.shape[2:])
        y = convolution.as_images(y, len(x), sizes)
        if "bias" in self.parameters:
            y = y + self.parameters["bias"].reshape(-1, *[1] * len(sizes))
        return self._quantize(y, "output")

    def backward(self, dy: Floats) -> Floats:
        """dx, with the gradients of weight and bias put aside."""
        e, sizes = self._quantize(dy, "error"), self.a.shape[2:]
        meeting = convolution.dgrad_columns(e, self.window, sizes)
        dx = self.emulator.gemm(meeting, convolution.dgrad_weights(self.w), "dgrad", self.name)
        dx = self._quantize(convolution.as_images(dx, len(dy), sizes), "input_gradient")
        rows = convolution.as_rows(e)
        inputs = convolution.columns(self.a, self.window)
        dw = self.emulator.gemm(np.ascontiguousarray(rows.T), inputs, "wgrad", self.name)
        dw = self._quantize(dw.reshape(self.w.shape), "weight_gradient")
        self.gradients = {"weight": dw}
        if "bias" in self.parameters:
            ones = np.ones((1, len(rows)), np.float32)
            db = self.emulator.gemm(ones, rows, "wgrad", self.name, (None, "error"))
            self.gradients["bias"] = db[0]
        return dx


class Embedding(Layer):
    """Rows of a table; what is looked up is rounded, not the whole table.

    Parameters
    ----------
    name : str
    rows, width : int
    """

    def __init__(self, name: str, rows: int, width: int) -> None:
        super().__init__(name)
        self.parameters["weight"] = np.zeros((rows, width), np.float32)
        self.gemms = (name,)

    def initialise(self, rng: np.random.Generator) -> None:
        """Standard normal."""
        weight = self.parameters["weight"]
        weight[...] = rng.standard_normal(weight.shape).astype(np.float32)

    def forward(self, numbers: NDArray[Any]) -> Floats:
        """Rows of shape (..., width) for numbers of shape (...)."""
        self.numbers = numbers
        return self._quantize(self.parameters["weight"][numbers], "weight")

    def backward(self, dy: Floats) -> Floats:
        """Nothing flows on; gradients of one row are added in the order of its uses."""
        e = self._quantize(dy, "error")
        dw = np.zeros_like(self.parameters["weight"])
        np.add.at(dw, self.numbers.reshape(-1), e.reshape(-1, e.shape[-1]))
        self.gradients = {"weight": self._quantize(dw, "weight_gradient")}
        return np.zeros(self.numbers.shape, np.float32)
