"""PyTorch: a model's layers in the formats of roles, forward and backward.

Tensors are float32 on the CPU and are not copied to be rounded. Nothing is compiled at import.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from lowfloat.training.emulator import Emulator
from lowfloat.training.roles import Roles
from lowfloat.training.torch.attention import scaled_dot_product_attention
from lowfloat.training.torch.functions import linear, lookup, matmul, pointwise
from lowfloat.training.torch.layers import (
    GEMM_LAYERS,
    POINTWISE_LAYERS,
    layer_names,
    round_outputs,
    why_not,
)
from lowfloat.training.torch.ordered import Ordered, cross_entropy, softmax

__all__ = [
    "Ordered",
    "UnknownModule",
    "cross_entropy",
    "gradients",
    "linear",
    "lookup",
    "matmul",
    "parameters",
    "pointwise",
    "prepare",
    "scaled_dot_product_attention",
    "softmax",
]


class UnknownModule(UserWarning):
    """Modules with parameters that keep their own float32 arithmetic."""


def prepare(
    model: nn.Module, roles: Roles | str, *, seed: int = 0, unknown: str = "warn"
) -> tuple[nn.Module, Emulator]:
    """A model whose layers compute in the formats of their roles, and the emulator that does it.

    Linear, Conv1d to Conv3d, MultiheadAttention and Embedding are replaced in place, with the same
    parameters; the results of normalisations and Softmax modules are rounded as ``pointwise``
    tensors, and ``Ordered`` modules round their own; modules without parameters are left alone. Layers are named as in
    ``model.named_modules()``, and count from the first to the last in that order; the products of
    attention are the layers ``name.q``, ``k``, ``v``, ``scores``, ``mix`` and ``out_proj``.

    Parameters
    ----------
    model : torch.nn.Module
        On the CPU, in float32 (or float64, with roles that round nothing).
    roles : Roles or text
    seed : int
        Of all random bits.
    unknown : {"warn", "error", "leave"}
        What to do about other modules that have parameters; they keep their float32 arithmetic.

    Returns
    -------
    model : torch.nn.Module
        The same object, unless it is itself a layer to replace.
    emulator : Emulator
        Call ``emulator.advance()`` after every training step.

    Raises
    ------
    TypeError
        If a parameter is not on the CPU or not a float32 or float64 tensor.
    ValueError
        If the model was prepared before, or has an unknown module and ``unknown="error"``.

    Examples
    --------
    >>> import torch
    >>> from lowfloat.training.torch import prepare
    >>> model, emulator = prepare(torch.nn.Linear(4, 2), "w=e4m3fn,a=e4m3fn,e=e5m2,g=e5m2")
    >>> model(torch.ones(1, 4)).sum().backward()
    >>> emulator.layers, model.weight.grad.shape
    (('layer',), torch.Size([2, 4]))
    """
    if unknown not in ("warn", "error", "leave"):
        raise ValueError(f'unknown is "warn", "error" or "leave", not {unknown!r}')
    _check(model)
    _take_the_long_way(model)
    replaced, rounded, strange = _sort(model)
    if strange:
        _report(strange, unknown)
    layers = [part for name, module in replaced.items() for part in layer_names(module, name)]
    emulator = Emulator(roles, layers, seed)
    for name, module in rounded.items():
        if isinstance(module, Ordered):
            module.attach(emulator, name)
        else:
            round_outputs(module, emulator, name)
    for name, module in replaced.items():
        layer = _replacement(module, emulator, name)
        if module is model:
            model = layer
        else:
            parent, _, key = name.rpartition(".")
            setattr(model.get_submodule(parent), key, layer)
    return model, emulator


def _check(model: nn.Module) -> None:
    for name, parameter in model.named_parameters():
        if parameter.device.type != "cpu":
            raise TypeError(
                f"parameter {name} is on {parameter.device}, and lowfloat computes on the CPU: "
                'call model.to("cpu") first'
            )
        if parameter.dtype not in (torch.float32, torch.float64):
            raise TypeError(
                f"parameter {name} is {parameter.dtype}, and formats are emulated on float32 "
                "tensors: call model.float() first"
            )


def _take_the_long_way(model: nn.Module) -> None:
    """Keep torch's Transformer layers from kernels for inference that pass by their parts."""
    for module in model.modules():
        if isinstance(module, nn.TransformerEncoder):
            module.use_nested_tensor = False
        elif isinstance(module, nn.TransformerEncoderLayer):
            module.activation_relu_or_gelu = 0  # what torch asks before it takes the fused kernel


def _sort(model: nn.Module) -> tuple[dict[str, nn.Module], dict[str, nn.Module], dict[str, str]]:
    """The modules to replace, those to round, and those with parameters of their own beside."""
    replaced: dict[str, nn.Module] = {}
    rounded: dict[str, nn.Module] = {}
    strange: dict[str, str] = {}
    inside: list[str] = []  # prefixes of modules that answer for what is in them
    for path, module in model.named_modules():
        name = path or "layer"
        if hasattr(module, "emulator"):
            raise ValueError(f"the model was prepared before: {name} has an emulator")
        if path.startswith(tuple(inside)):
            continue
        reason = why_not(module)
        if type(module) in GEMM_LAYERS and reason is None:
            replaced[name] = module
        elif isinstance(module, POINTWISE_LAYERS):
            rounded[name] = module
        elif any(True for _ in module.parameters(recurse=False)):
            strange[name] = type(module).__name__ + (f": {reason}" if reason else "")
        else:
            continue
        inside.append(f"{path}." if path else "")
    return replaced, rounded, strange


def _report(strange: Mapping[str, str], unknown: str) -> None:
    listed = "; ".join(f"{name} ({what})" for name, what in strange.items())
    text = f"these modules have parameters and keep float32 arithmetic: {listed}"
    if unknown == "error":
        raise ValueError(text)
    if unknown == "warn":
        warnings.warn(text, UnknownModule, stacklevel=3)


def _replacement(module: nn.Module, emulator: Emulator, name: str) -> nn.Module:
    """A layer with the same parameters, buffers, hooks and settings."""
    kind = GEMM_LAYERS[type(module)]
    layer: Any = kind.__new__(kind)
    layer.__dict__.update(module.__dict__)
    layer.emulator, layer.layer = emulator, name
    return layer  # type: ignore[no-any-return]


def parameters(model: nn.Module) -> dict[str, NDArray[np.float32]]:
    """The parameters as arrays that share their memory, for an optimizer of lowfloat.training.

    Examples
    --------
    >>> import torch
    >>> from lowfloat.training import SGD
    >>> model = torch.nn.Linear(2, 1)
    >>> optimizer = SGD(parameters(model), lr=0.1, master="bfloat16")
    >>> model(torch.ones(1, 2)).sum().backward()
    >>> optimizer.gradients = gradients(model)
    >>> optimizer.step()
    """
    named = model.named_parameters()
    return {name: p.detach().numpy() for name, p in named if p.requires_grad}


def gradients(model: nn.Module) -> dict[str, NDArray[np.float32]]:
    """The gradients as arrays that share their memory; parameters without one are left out."""
    named = model.named_parameters()
    return {name: p.grad.detach().numpy() for name, p in named if p.grad is not None}
