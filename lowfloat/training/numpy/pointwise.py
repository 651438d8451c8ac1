"""Layers between products: normalisations, ReLU, pools, and the loss. Sums follow rule W-4."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from lowfloat.training import ordered
from lowfloat.training.numpy.layer import Floats, Layer


class ReLU(Layer):
    """x where it is positive, 0 elsewhere."""

    def forward(self, x: Floats) -> Floats:
        """The same shape."""
        self.x = x
        return ordered.relu(x)

    def backward(self, dy: Floats) -> Floats:
        """dy where x was positive."""
        return ordered.drelu(dy, self.x)


class Flatten(Layer):
    """All axes but the first as one."""

    def forward(self, x: Floats) -> Floats:
        """(n, ...) to (n, product)."""
        self.shape = x.shape
        return x.reshape(len(x), -1)

    def backward(self, dy: Floats) -> Floats:
        """The shape as it was."""
        return dy.reshape(self.shape)


class GlobalAverage(Layer):
    """The mean over all positions of a channel, in C order."""

    def forward(self, x: Floats) -> Floats:
        """(n, channels, ...) to (n, channels)."""
        self.shape = x.shape
        return ordered.mean(x.reshape(*x.shape[:2], -1))

    def backward(self, dy: Floats) -> Floats:
        """dy over the number of positions, at every position."""
        share = dy / np.float32(np.prod(self.shape[2:]))
        return np.broadcast_to(
            share.reshape(*dy.shape, *[1] * (len(self.shape) - 2)), self.shape
        ).copy()


class _Norm(Layer):
    """Standardize, then weight and bias: what the two normalisations share."""

    def __init__(self, name: str, features: int, eps: float) -> None:
        super().__init__(name)
        self.eps = eps
        self.parameters["weight"] = np.ones(features, np.float32)
        self.parameters["bias"] = np.zeros(features, np.float32)

    def initialise(self, rng: np.random.Generator) -> None:
        """Weights of one and biases of zero."""
        self.parameters["weight"][...] = 1
        self.parameters["bias"][...] = 0


class LayerNorm(_Norm):
    """Standardized along the last axis, then weighted; the result is a pointwise tensor.

    Parameters
    ----------
    name : str
    features : int
        The length of the last axis.
    eps : float

    Source: Ba et al. 2016.
    """

    def __init__(self, name: str, features: int, eps: float = 1e-5) -> None:
        super().__init__(name, features, eps)

    def forward(self, x: Floats) -> Floats:
        """The same shape."""
        self.s = ordered.standardize(x, self.eps)
        y = self.s.values * self.parameters["weight"] + self.parameters["bias"]
        return self._quantize(y, "pointwise")

    def backward(self, dy: Floats) -> Floats:
        """dx, with the gradients of weight and bias put aside."""
        dy = self._quantize(dy, "pointwise")
        rows = dy.reshape(-1, dy.shape[-1])
        z = self.s.values.reshape(rows.shape)
        self.gradients = {"weight": ordered.total(rows * z, 0), "bias": ordered.total(rows, 0)}
        return ordered.dstandardize(dy * self.parameters["weight"], self.s)


class BatchNorm(_Norm):
    """Standardized over images and positions for each channel; the result is a pointwise tensor.

    Parameters
    ----------
    name : str
    features : int
        Channels.
    eps : float
    momentum : float
        Of the running mean and (unbiased) variance, which ``training = False`` uses.

    Source: Ioffe and Szegedy 2015.
    """

    def __init__(self, name: str, features: int, eps: float = 1e-5, momentum: float = 0.1) -> None:
        super().__init__(name, features, eps)
        self.momentum = np.float32(momentum)
        self.running_mean = np.zeros(features, np.float32)
        self.running_variance = np.ones(features, np.float32)

    def forward(self, x: Floats) -> Floats:
        """(n, channels, ...) to the same."""
        self.shape = x.shape
        rows = self._by_channel(x)
        if self.training:
            self.s = ordered.standardize(rows, self.eps)
            n = np.float32(rows.shape[1])
            unbiased = self.s.variance * (n / np.maximum(n - 1, np.float32(1)))
            keep = np.float32(1) - self.momentum
            self.running_mean = keep * self.running_mean + self.momentum * self.s.mean
            self.running_variance = keep * self.running_variance + self.momentum * unbiased
            z = self.s.values
        else:
            r = np.float32(1) / np.sqrt(self.running_variance + np.float32(self.eps))
            z = (rows - self.running_mean[:, None]) * r[:, None]
        y = z * self.parameters["weight"][:, None] + self.parameters["bias"][:, None]
        return self._quantize(self._as_images(y), "pointwise")

    def backward(self, dy: Floats) -> Floats:
        """dx, with the gradients of weight and bias put aside."""
        rows = self._by_channel(self._quantize(dy, "pointwise"))
        self.gradients = {
            "weight": ordered.total(rows * self.s.values),
            "bias": ordered.total(rows),
        }
        dx = ordered.dstandardize(rows * self.parameters["weight"][:, None], self.s)
        return self._as_images(dx)

    def _by_channel(self, x: Floats) -> Floats:
        return np.ascontiguousarray(np.moveaxis(x, 1, 0)).reshape(x.shape[1], -1)

    def _as_images(self, rows: Floats) -> Floats:
        n, channels, *sizes = self.shape
        return np.ascontiguousarray(np.moveaxis(rows.reshape(channels, n, *sizes), 0, 1))


class CrossEntropy:
    """The mean of -log softmax at the labels.

    Examples
    --------
    >>> import numpy as np
    >>> loss = CrossEntropy()
    >>> loss.forward(np.zeros((2, 4), np.float32), np.array([1, 3]))
    np.float32(1.3862944)
    >>> loss.backward(scale=8.0)[0]
    array([ 1., -3.,  1.,  1.], dtype=float32)
    """

    @np.errstate(all="ignore")
    def forward(self, logits: Floats, labels: NDArray[Any]) -> np.float32:
        """The loss of logits (n, classes) and labels (n,)."""
        self.labels = labels
        loss, self.shares = ordered.cross_entropy(logits, labels)
        return loss

    @np.errstate(all="ignore")
    def backward(self, scale: float = 1.0) -> Floats:
        """Its gradient, times a loss scale."""
        return ordered.dcross_entropy(self.shares, self.labels, scale)
