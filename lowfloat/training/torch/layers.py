"""Torch's layers with an emulator's formats; parameters, buffers and state dicts stay as they are."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn

from lowfloat.training.emulator import Emulator
from lowfloat.training.torch.attention import PARTS, MultiheadAttention
from lowfloat.training.torch.functions import convolve, linear, lookup, pointwise
from lowfloat.training.torch.ordered import Ordered
from lowfloat.windows import Window


class Linear(nn.Linear):
    """``torch.nn.Linear`` in its layer's formats."""

    emulator: Emulator
    layer: str

    def forward(self, x: Tensor) -> Tensor:
        """(..., in) to (..., out)."""
        return linear(x, self.weight, self.bias, self.emulator, self.layer)


class _Convolution:
    """What the three convolutions share; mixed into torch's classes."""

    emulator: Emulator
    layer: str

    def forward(self: Any, x: Tensor) -> Tensor:
        """(n, in, ...) or (in, ...) to the same with channels out."""
        axes = len(self.kernel_size)
        batched = x.dim() == axes + 2
        images = x if batched else x[None]
        padding = self.padding
        if self.padding_mode != "zeros":
            images = nn.functional.pad(
                images, self._reversed_padding_repeated_twice, mode=self.padding_mode
            )
            padding = (0,) * axes
        elif isinstance(padding, str):
            images = nn.functional.pad(images, self._reversed_padding_repeated_twice)
            padding = (0,) * axes
        window = Window(self.kernel_size, self.stride, tuple(padding), self.dilation)
        place = (self.emulator, self.layer)
        y = convolve(images, self.weight, self.bias, window, self.groups, *place)
        return y if batched else y[0]


class Conv1d(_Convolution, nn.Conv1d):
    """``torch.nn.Conv1d`` in its layer's formats."""


class Conv2d(_Convolution, nn.Conv2d):
    """``torch.nn.Conv2d`` in its layer's formats."""


class Conv3d(_Convolution, nn.Conv3d):
    """``torch.nn.Conv3d`` in its layer's formats."""


class Embedding(nn.Embedding):
    """``torch.nn.Embedding`` in its layer's formats."""

    emulator: Emulator
    layer: str

    def forward(self, numbers: Tensor) -> Tensor:
        """Rows of shape (..., width) for numbers of shape (...)."""
        return lookup(numbers, self.weight, self.padding_idx, self.emulator, self.layer)


def round_outputs(module: nn.Module, emulator: Emulator, layer: str) -> None:
    """Round what a module gives to the grid of pointwise tensors."""

    def rounded(_module: nn.Module, _inputs: Any, output: Tensor) -> Tensor:
        return pointwise(output, emulator, layer)

    module.register_forward_hook(rounded)


#: Layers with GEMMs and what takes their place.
GEMM_LAYERS: dict[type[nn.Module], type[nn.Module]] = {
    nn.Linear: Linear,
    nn.Conv1d: Conv1d,
    nn.Conv2d: Conv2d,
    nn.Conv3d: Conv3d,
    nn.MultiheadAttention: MultiheadAttention,
    nn.Embedding: Embedding,
}

#: Layers whose arithmetic stays their own; only their results are rounded, as pointwise tensors.
POINTWISE_LAYERS: tuple[type[nn.Module], ...] = (
    nn.BatchNorm1d,
    nn.BatchNorm2d,
    nn.BatchNorm3d,
    nn.LayerNorm,
    nn.GroupNorm,
    nn.RMSNorm,
    nn.InstanceNorm1d,
    nn.InstanceNorm2d,
    nn.InstanceNorm3d,
    nn.Softmax,
    nn.LogSoftmax,
    Ordered,
)


def layer_names(module: nn.Module, name: str) -> tuple[str, ...]:
    """The names of the layers with GEMMs that a module is."""
    if isinstance(module, nn.MultiheadAttention):
        return tuple(f"{name}.{part}" for part in PARTS)
    return (name,)


def why_not(module: nn.Module) -> str | None:
    """Why a layer of a known class cannot be replaced, or None."""
    if isinstance(module, nn.MultiheadAttention):
        if module.bias_k is not None or module.add_zero_attn:
            return "bias_k, bias_v and add_zero_attn are not supported"
    elif isinstance(module, nn.Embedding) and (
        module.max_norm is not None or module.sparse or module.scale_grad_by_freq
    ):
        return "max_norm, sparse and scale_grad_by_freq are not supported"
    return None
