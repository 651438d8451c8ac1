"""Explicit layers on NumPy arrays, forward and backward by hand: to read, and to run without a framework.

A ``Network`` is a list of layers with an emulator. With an accumulator for every GEMM the same
network gives the same bits in ``lowfloat.training.torch``.
"""

from lowfloat.training.numpy.attention import Attention
from lowfloat.training.numpy.layers import Convolution, Dense, Embedding
from lowfloat.training.numpy.network import Network, Residual
from lowfloat.training.numpy.pointwise import (
    BatchNorm,
    CrossEntropy,
    Flatten,
    GlobalAverage,
    LayerNorm,
    ReLU,
)

__all__ = [
    "Attention",
    "BatchNorm",
    "Convolution",
    "CrossEntropy",
    "Dense",
    "Embedding",
    "Flatten",
    "GlobalAverage",
    "LayerNorm",
    "Network",
    "ReLU",
    "Residual",
]
