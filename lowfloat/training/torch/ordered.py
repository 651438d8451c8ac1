"""Layers of ``lowfloat.training.numpy`` as modules: parts between products with the same bits as there."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from lowfloat.training import ordered
from lowfloat.training.emulator import Emulator
from lowfloat.training.numpy.layer import Layer
from lowfloat.training.numpy.pointwise import CrossEntropy


class _Apply(torch.autograd.Function):
    """A NumPy layer's forward and backward halves."""

    @staticmethod
    @np.errstate(all="ignore")
    def forward(ctx: Any, x: Tensor, layer: Layer, *parameters: Tensor) -> Tensor:
        ctx.layer = layer
        return torch.from_numpy(layer.forward(np.ascontiguousarray(x.detach().numpy())))

    @staticmethod
    @once_differentiable
    @np.errstate(all="ignore")
    def backward(ctx: Any, dy: Tensor) -> tuple[Tensor | None, ...]:
        layer: Layer = ctx.layer
        dx = torch.from_numpy(layer.backward(np.ascontiguousarray(dy.numpy())))
        found = (torch.from_numpy(layer.gradients[key]) for key in layer.parameters)
        return dx, None, *found


class Ordered(nn.Module):
    """A layer of ``lowfloat.training.numpy`` whose sums have a stated order, as a module.

    Torch's own normalisations and softmax sum in an order of their own; these give the bits of the
    NumPy layers. One forward call must be followed by its backward before the next.

    Parameters
    ----------
    layer : Layer
        Such as ``BatchNorm("bn", 16)``, ``ReLU()`` or ``GlobalAverage()``; its parameters become
        the module's and share their memory.

    Examples
    --------
    >>> import torch
    >>> from lowfloat.training.numpy import ReLU
    >>> from lowfloat.training.torch import Ordered
    >>> Ordered(ReLU())(torch.tensor([-1.0, 2.0]))
    tensor([0., 2.])
    """

    def __init__(self, layer: Layer) -> None:
        super().__init__()
        self.layer = layer
        if not hasattr(layer, "emulator"):
            layer.attach(Emulator(""))
        for key, values in layer.parameters.items():
            self.register_parameter(key, nn.Parameter(torch.from_numpy(values)))

    def attach(self, emulator: Emulator, name: str) -> None:
        """Round by an emulator's roles, under a name."""
        self.layer.name = name
        self.layer.attach(emulator)

    def forward(self, x: Tensor) -> Tensor:
        """What the layer makes of ``x``, float32 on the CPU."""
        self.layer.training = self.training
        parameters = [self.get_parameter(key) for key in self.layer.parameters]
        for key, parameter in zip(self.layer.parameters, parameters, strict=True):
            self.layer.parameters[key] = parameter.detach().numpy()
        return _Apply.apply(x, self.layer, *parameters)  # type: ignore[no-any-return]


class _Softmax(torch.autograd.Function):
    @staticmethod
    @np.errstate(all="ignore")
    def forward(ctx: Any, x: Tensor) -> Tensor:
        y = torch.from_numpy(ordered.softmax(x.detach().numpy()))
        ctx.save_for_backward(y)
        return y

    @staticmethod
    @once_differentiable
    @np.errstate(all="ignore")
    def backward(ctx: Any, dy: Tensor) -> Tensor:
        (y,) = ctx.saved_tensors
        return torch.from_numpy(ordered.dsoftmax(dy.numpy(), y.numpy()))


def softmax(x: Tensor) -> Tensor:
    """exp(x - max) over its sum along the last axis, the sum in the order of rule W-4.

    Parameters
    ----------
    x : Tensor of float32

    Examples
    --------
    >>> import torch
    >>> softmax(torch.tensor([0.0, 0.0, -torch.inf]))
    tensor([0.5000, 0.5000, 0.0000])
    """
    return _Softmax.apply(x)  # type: ignore[no-any-return]


class _CrossEntropy(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, logits: Tensor, labels: Tensor) -> Tensor:
        ctx.loss = CrossEntropy()
        return torch.tensor(ctx.loss.forward(logits.detach().numpy(), labels.numpy()))

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, scale: Tensor) -> tuple[Tensor, None]:
        return torch.from_numpy(ctx.loss.backward(float(scale))), None


def cross_entropy(logits: Tensor, labels: Tensor) -> Tensor:
    """The mean of -log softmax at the labels, with the order of sums of ``lowfloat.training.ordered``.

    Parameters
    ----------
    logits : Tensor of float32, shape (n, classes)
    labels : Tensor of int64, shape (n,)

    Examples
    --------
    >>> import torch
    >>> cross_entropy(torch.zeros(2, 4), torch.tensor([1, 3]))
    tensor(1.3863)
    """
    return _CrossEntropy.apply(logits, labels)  # type: ignore[no-any-return]
