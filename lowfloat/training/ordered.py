"""Norms, softmax, losses and pools with a stated order for every sum, and their gradients.

Frameworks sum in whatever order is fast. Here every operation is one of IEEE 754 on float32, or a
correctly rounded exp or log, and sums follow rule W-4, so that any framework can give the same bits.
Everything is NumPy on float32; ``d`` before a name means the gradient of the loss.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

import lowfloat as lf

Floats = NDArray[np.float32]


def total(x: Floats, axis: int = -1) -> Floats:
    """Sums along an axis, by halves: term i + h is added to term i, h the largest power of two below n.

    Parameters
    ----------
    x : ndarray of float32
    axis : int
        The axis that goes.

    Examples
    --------
    >>> import numpy as np
    >>> total(np.float32([1, 2**-24, 2**-24]))  # (1 + 2^-24) + 2^-24 would stay at 1, and does
    np.float32(1.0)

    Source: semantics.md rule W-4.
    """
    terms = np.moveaxis(x, axis, 0)
    n = len(terms)
    if n == 0:
        return np.zeros(terms.shape[1:], np.float32)
    while n > 1:
        half = 1 << (n - 1).bit_length() - 1
        sums = terms[:half].copy()
        sums[: n - half] += terms[half:n]
        terms, n = sums, half
    first: Floats = terms[0]
    return first


def mean(x: Floats, axis: int = -1) -> Floats:
    """The total divided by the number of terms."""
    averages: Floats = total(x, axis) / np.float32(x.shape[axis])
    return averages


def exp(x: Floats) -> Floats:
    """e^x, correctly rounded (rule E-2)."""
    return np.asarray(
        lf.exp(lf.array(x), rounding="nearest_even", saturation="none", policy="ieee").to_numpy(),
        np.float32,
    )


def log(x: Floats) -> Floats:
    """The natural logarithm, correctly rounded (rule E-3)."""
    return np.asarray(
        lf.log(lf.array(x), rounding="nearest_even", saturation="none", policy="ieee").to_numpy(),
        np.float32,
    )


def relu(x: Floats) -> Floats:
    """x where it is positive, +0 elsewhere; NaN stays."""
    return np.where(x <= 0, np.float32(0), x)


def drelu(dy: Floats, x: Floats) -> Floats:
    """dy where x is positive, +0 elsewhere."""
    return np.where(x > 0, dy, np.float32(0))


def softmax(x: Floats) -> Floats:
    """exp(x - max) / total(exp(x - max)), along the last axis.

    Examples
    --------
    >>> import numpy as np
    >>> softmax(np.float32([0, 0, -np.inf]))
    array([0.5, 0.5, 0. ], dtype=float32)
    """
    powers = exp(x - x.max(axis=-1, keepdims=True))
    shares: Floats = powers / total(powers)[..., None]
    return shares


def dsoftmax(dy: Floats, y: Floats) -> Floats:
    """y (dy - total(dy y))."""
    dx: Floats = y * (dy - total(dy * y)[..., None])
    return dx


class Standardized(NamedTuple):
    """x less its mean over its deviation along the last axis, and the reciprocal of the latter."""

    values: Floats
    reciprocal: Floats
    mean: Floats
    variance: Floats


def standardize(x: Floats, eps: float = 1e-5) -> Standardized:
    """(x - m) / sqrt(v + eps), with m = mean(x) and v = mean((x - m)^2), along the last axis.

    Source: Ioffe and Szegedy 2015; Ba et al. 2016.
    """
    m = mean(x)
    d = x - m[..., None]
    v = mean(d * d)
    r = np.float32(1) / np.sqrt(v + np.float32(eps))
    return Standardized(d * r[..., None], r, m, v)


def dstandardize(dy: Floats, s: Standardized) -> Floats:
    """r ((dy - mean(dy)) - z mean(dy z)) with z the standardized values."""
    centred = dy - mean(dy)[..., None]
    slope = mean(dy * s.values)[..., None]
    dx: Floats = s.reciprocal[..., None] * (centred - s.values * slope)
    return dx


def cross_entropy(logits: Floats, labels: NDArray[Any]) -> tuple[np.float32, Floats]:
    """The mean of -log softmax at the labels, and the softmax.

    Parameters
    ----------
    logits : ndarray of float32, shape (n, classes)
    labels : ndarray of int, shape (n,)

    Examples
    --------
    >>> import numpy as np
    >>> cross_entropy(np.zeros((3, 4), np.float32), np.array([0, 1, 2]))[0]
    np.float32(1.3862944)
    """
    above = logits - logits.max(axis=-1, keepdims=True)
    powers = exp(above)
    sums = total(powers)
    losses = log(sums) - above[np.arange(len(labels)), labels]
    return np.float32(mean(losses)), powers / sums[..., None]


def dcross_entropy(shares: Floats, labels: NDArray[Any], scale: float = 1.0) -> Floats:
    """(softmax - one at the label) times scale / n."""
    d = shares.copy()
    d[np.arange(len(labels)), labels] -= np.float32(1)
    return d * np.float32(scale / len(labels))
