"""Differentiable products and roundings whose three GEMMs and tensors follow an emulator's roles.

Every rounding, accumulator and random draw is passed on explicitly: autograd may run the backward
half in a thread that knows nothing of ``lf.context``.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from lowfloat.training import convolution
from lowfloat.training.emulator import Emulator
from lowfloat.windows import Window


def quantize(emulator: Emulator, x: Tensor, tensor: str, layer: str) -> Tensor:
    """A tensor on the grid of its role; it keeps its dtype and shares memory where nothing changes."""
    return torch.from_numpy(emulator.quantize(_array(x), tensor, layer))


def product(
    emulator: Emulator,
    a: Tensor,
    b: Tensor,
    gemm: str,
    layer: str,
    operands: tuple[str | None, str | None] | None = None,
) -> Tensor:
    """A matrix product, batched over leading axes, with the accumulator of its GEMM."""
    if _on_host(emulator, gemm, layer):
        return torch.matmul(a, b)
    return torch.from_numpy(emulator.gemm(_array(a), _array(b), gemm, layer, operands))


def _on_host(emulator: Emulator, gemm: str, layer: str) -> bool:
    """Whether a GEMM is the host library's: no accumulator, and nobody who wants its operands."""
    return emulator.accumulator(gemm, layer) is None and not emulator.recorders


def _array(x: Tensor) -> np.ndarray[Any, Any]:
    if x.device.type != "cpu":
        raise TypeError(
            f"lowfloat computes on the CPU, and got a tensor on {x.device}: move model and data "
            'there with .to("cpu")'
        )
    if x.dtype not in (torch.float32, torch.float64):
        raise TypeError(
            f"lowfloat emulates formats on float32 tensors, and got {x.dtype}: use .float()"
        )
    return x.detach().numpy()


def _ones(e: Tensor) -> Tensor:
    """What a bias is multiplied by: one row of ones."""
    return torch.ones(1, len(e), dtype=e.dtype)


class _Linear(torch.autograd.Function):
    """x w' + bias."""

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, weight: Tensor, bias: Tensor | None, emulator: Emulator, layer: str
    ) -> Tensor:
        a = quantize(emulator, x, "activation", layer)
        w = quantize(emulator, weight, "weight", layer)
        ctx.save_for_backward(a, w)
        ctx.place, ctx.has_bias = (emulator, layer), bias is not None
        y = product(emulator, a.reshape(-1, a.shape[-1]), w.T, "forward", layer)
        if bias is not None:
            y = y + bias
        return quantize(emulator, y, "output", layer).reshape(*x.shape[:-1], len(w))

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        (a, w), (emulator, layer) = ctx.saved_tensors, ctx.place
        e = quantize(emulator, gradient, "error", layer).reshape(-1, len(w))
        dx = dw = db = None
        if ctx.needs_input_grad[0]:
            dx = product(emulator, e, w, "dgrad", layer)
            dx = quantize(emulator, dx, "input_gradient", layer).reshape(a.shape)
        if ctx.needs_input_grad[1]:
            dw = product(emulator, e.T, a.reshape(-1, a.shape[-1]), "wgrad", layer)
            dw = quantize(emulator, dw, "weight_gradient", layer)
        if ctx.has_bias and ctx.needs_input_grad[2]:
            db = product(emulator, _ones(e), e, "wgrad", layer, (None, "error"))[0]
        return dx, dw, db, None, None


class _Convolution(torch.autograd.Function):
    """A convolution of any number of axes, as in torch, zero-padded, with groups."""

    @staticmethod
    def forward(
        ctx: Any,
        x: Tensor,
        weight: Tensor,
        bias: Tensor | None,
        window: Window,
        groups: int,
        emulator: Emulator,
        layer: str,
    ) -> Tensor:
        a = quantize(emulator, x, "activation", layer)
        w = quantize(emulator, weight, "weight", layer)
        ctx.save_for_backward(a, w)
        ctx.place, ctx.has_bias = (emulator, layer), bias is not None
        ctx.window, ctx.groups = window, groups
        if _on_host(emulator, "forward", layer):
            y = _host_convolution(a, w, window, groups)
        else:
            sizes = window.positions(tuple(a.shape[2:]))
            parts = [
                emulator.gemm(
                    convolution.columns(_array(part), window),
                    _array(kernel.reshape(len(kernel), -1).T),
                    "forward",
                    layer,
                )
                for part, kernel in zip(a.chunk(groups, 1), w.chunk(groups), strict=True)
            ]
            y = torch.from_numpy(convolution.as_images(np.hstack(parts), len(a), sizes))
        if bias is not None:
            y = y + bias.reshape(-1, *[1] * len(window.kernel))
        return quantize(emulator, y, "output", layer)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        (a, w), (emulator, layer), window = ctx.saved_tensors, ctx.place, ctx.window
        e = quantize(emulator, gradient, "error", layer)
        dx = dw = db = None
        if ctx.needs_input_grad[0]:
            dx = _convolution_dgrad(e, a, w, window, ctx.groups, emulator, layer)
            dx = quantize(emulator, dx, "input_gradient", layer)
        if ctx.needs_input_grad[1]:
            dw = _convolution_wgrad(e, a, w, window, ctx.groups, emulator, layer)
            dw = quantize(emulator, dw, "weight_gradient", layer)
        if ctx.has_bias and ctx.needs_input_grad[2]:
            rows = torch.from_numpy(convolution.as_rows(_array(e)))
            db = product(emulator, _ones(rows), rows, "wgrad", layer, (None, "error"))[0]
        return dx, dw, db, None, None, None, None


def _host_convolution(a: Tensor, w: Tensor, window: Window, groups: int) -> Tensor:
    _, stride, padding, dilation = window
    axes = [0] * len(stride)
    return torch.convolution(a, w, None, stride, padding, dilation, False, axes, groups)


def _host_gradient(
    e: Tensor, a: Tensor, w: Tensor, window: Window, groups: int, which: int
) -> Tensor:
    """The gradient of the input (0) or the weights (1) by the host's float32 arithmetic."""
    _, stride, padding, dilation = window
    mask = [which == 0, which == 1, False]
    zeros = [0] * len(stride)
    found = torch.ops.aten.convolution_backward(
        e, a, w, None, stride, padding, dilation, False, zeros, groups, mask
    )
    return found[which]  # type: ignore[no-any-return]


def _convolution_dgrad(
    e: Tensor, a: Tensor, w: Tensor, window: Window, groups: int, emulator: Emulator, layer: str
) -> Tensor:
    if _on_host(emulator, "dgrad", layer):
        return _host_gradient(e, a, w, window, groups, 0)
    sizes = tuple(a.shape[2:])
    parts = [
        emulator.gemm(
            convolution.dgrad_columns(_array(part), window, sizes),
            convolution.dgrad_weights(_array(kernel)),
            "dgrad",
            layer,
        )
        for part, kernel in zip(e.chunk(groups, 1), w.chunk(groups), strict=True)
    ]
    return torch.from_numpy(convolution.as_images(np.hstack(parts), len(a), sizes))


def _convolution_wgrad(
    e: Tensor, a: Tensor, w: Tensor, window: Window, groups: int, emulator: Emulator, layer: str
) -> Tensor:
    if _on_host(emulator, "wgrad", layer):
        return _host_gradient(e, a, w, window, groups, 1)
    parts = [
        emulator.gemm(
            np.ascontiguousarray(convolution.as_rows(_array(error)).T),
            convolution.columns(_array(part), window),
            "wgrad",
            layer,
        )
        for error, part in zip(e.chunk(groups, 1), a.chunk(groups, 1), strict=True)
    ]
    return torch.from_numpy(np.vstack(parts)).reshape(w.shape)


class _MatMul(torch.autograd.Function):
    """a b of two activations, batched over equal leading axes."""

    @staticmethod
    def forward(ctx: Any, a: Tensor, b: Tensor, emulator: Emulator, layer: str) -> Tensor:
        a = quantize(emulator, a, "activation", layer)
        b = quantize(emulator, b, "activation", layer)
        ctx.save_for_backward(a, b)
        ctx.place = emulator, layer
        y = product(emulator, a, b, "forward", layer, ("activation", "activation"))
        return quantize(emulator, y, "output", layer)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        (a, b), (emulator, layer) = ctx.saved_tensors, ctx.place
        e = quantize(emulator, gradient, "error", layer)
        da = db = None
        if ctx.needs_input_grad[0]:
            da = product(emulator, e, b.mT, "dgrad", layer, ("error", "activation"))
            da = quantize(emulator, da, "input_gradient", layer)
        if ctx.needs_input_grad[1]:
            db = product(emulator, a.mT, e, "dgrad", layer, ("activation", "error"))
            db = quantize(emulator, db, "input_gradient", layer)
        return da, db, None, None


class _Lookup(torch.autograd.Function):
    """Rows of an embedding; what is looked up is rounded, not the whole table."""

    @staticmethod
    def forward(
        ctx: Any, numbers: Tensor, weight: Tensor, padding: int, emulator: Emulator, layer: str
    ) -> Tensor:
        ctx.save_for_backward(numbers)
        ctx.place, ctx.padding, ctx.rows = (emulator, layer), padding, len(weight)
        return quantize(emulator, weight.detach()[numbers], "weight", layer)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        (numbers,), (emulator, layer) = ctx.saved_tensors, ctx.place
        e = quantize(emulator, gradient, "error", layer)
        # One thread adds rows in the order of their numbers in C order: index_add_ on the CPU.
        dw = torch.zeros(ctx.rows, e.shape[-1], dtype=e.dtype)
        dw.index_add_(0, numbers.reshape(-1), e.reshape(-1, e.shape[-1]))
        if ctx.padding >= 0:
            dw[ctx.padding] = 0
        return None, quantize(emulator, dw, "weight_gradient", layer), None, None, None


class _Pointwise(torch.autograd.Function):
    """A tensor between GEMMs on the grid of its role, and its gradient too."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, emulator: Emulator, layer: str) -> Tensor:
        ctx.place = emulator, layer
        return quantize(emulator, x, "pointwise", layer)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        emulator, layer = ctx.place
        return quantize(emulator, gradient, "pointwise", layer), None, None


class _Shared(torch.autograd.Function):
    """One tensor as several, whose gradients are added from the first to the last."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, uses: int) -> tuple[Tensor, ...]:
        ctx.set_materialize_grads(False)
        return tuple(x.view_as(x) for _ in range(uses))

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: Tensor | None) -> tuple[Tensor | None, None]:
        total = None
        for gradient in gradients:
            if gradient is not None:
                total = gradient if total is None else total + gradient
        return total, None


def shared(*operands: Tensor) -> list[Tensor]:
    """The operands; where one tensor stands in several places, its gradients are added in their order.

    Autograd adds them in an order of its own, and a sum of three in float32 depends on it.
    """
    copies = {}
    for x in operands:
        uses = sum(x is y for y in operands)
        copies[id(x)] = iter(_Shared.apply(x, uses) if uses > 1 else (x,))
    return [next(copies[id(x)]) for x in operands]


def linear(
    x: Tensor, weight: Tensor, bias: Tensor | None, emulator: Emulator, layer: str
) -> Tensor:
    """``torch.nn.functional.linear`` in a layer's formats."""
    return _Linear.apply(x, weight, bias, emulator, layer)  # type: ignore[no-any-return]


def convolve(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    window: Window,
    groups: int,
    emulator: Emulator,
    layer: str,
) -> Tensor:
    """``torch.nn.functional.conv1d`` to ``conv3d`` in a layer's formats."""
    return _Convolution.apply(  # type: ignore[no-any-return]
        x, weight, bias, window, groups, emulator, layer
    )


def matmul(a: Tensor, b: Tensor, emulator: Emulator, layer: str = "matmul") -> Tensor:
    """``torch.matmul`` of two activations in a layer's formats; leading axes must be equal."""
    if a.shape[:-2] != b.shape[:-2]:
        shape = torch.broadcast_shapes(a.shape[:-2], b.shape[:-2])
        a, b = a.expand(*shape, *a.shape[-2:]), b.expand(*shape, *b.shape[-2:])
    return _MatMul.apply(a, b, emulator, layer)  # type: ignore[no-any-return]


def lookup(
    numbers: Tensor, weight: Tensor, padding: int | None, emulator: Emulator, layer: str
) -> Tensor:
    """``torch.nn.functional.embedding`` in a layer's formats."""
    place = -1 if padding is None else padding % len(weight)
    return _Lookup.apply(numbers, weight, place, emulator, layer)  # type: ignore[no-any-return]


def pointwise(x: Tensor, emulator: Emulator, layer: str) -> Tensor:
    """A result between GEMMs on the grid of its role."""
    if emulator.quantizer("pointwise", layer).format is None and not emulator.observers:
        return x
    return _Pointwise.apply(x, emulator, layer)  # type: ignore[no-any-return]
