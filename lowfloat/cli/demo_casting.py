"""One row of the demonstration's table: the network with its tensors cast to a format."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

import lowfloat as lf
from lowfloat.cli.cast_command import snr_db
from lowfloat.cli.demo_network import Network, Tensor, accuracy
from lowfloat.systems import scaling

OVERFLOW, UNDERFLOW = 4, 2
SEED = 2026


class Setting(NamedTuple):
    """How tensors are cast."""

    format: lf.Format
    rounding: Any
    #: Whether each tensor is divided by a power of two that makes its maximum fit.
    scaled: bool

    @property
    def rounding_text(self) -> str:
        """The rounding in a word."""
        return "stochastic" if isinstance(self.rounding, lf.Stochastic) else "nearest"


class Result(NamedTuple):
    """What the casts did to the network."""

    accuracy: float
    #: In decibels, over all weights.
    weight_snr: float
    overflows: int
    underflows: int
    #: How many were cast.
    elements: int


def evaluate(network: Network, setting: Setting) -> Result:
    """Cast every weight and layer input, and classify the images."""
    caster = Caster(setting)
    share = accuracy(network, caster)
    weights = [network.weights[layer].ravel() for layer in network.weights]
    snr = snr_db(np.concatenate(weights), np.concatenate(caster.cast_weights))
    return Result(share, snr, caster.overflows, caster.underflows, caster.elements)


@dataclass
class Caster:
    """Rounds tensors to a format's grid, kept in float32, and counts flags."""

    setting: Setting

    def __post_init__(self) -> None:
        self.random = lf.Philox(SEED)
        self.overflows = self.underflows = self.elements = 0
        self.cast_weights: list[Tensor] = []

    def __call__(self, tensor: Tensor, name: str) -> Tensor:
        """The values that the format keeps of a tensor."""
        fmt, rounding, scaled = self.setting
        # The extremes alone decide the scale; a power of two divides float32 exactly, as long
        # as nothing becomes subnormal.
        extremes = (tensor.max(), tensor.min())
        scale = np.float32(scaling.amax_scale(extremes, fmt).item() if scaled else 1)
        raised = np.zeros(tensor.shape, np.uint8)
        grid = lf.quantize(
            tensor / scale if scaled else tensor,
            fmt,
            rounding=rounding,
            saturation="finite",
            rng=self.random if isinstance(rounding, lf.Stochastic) else None,
            flags_out=raised,
        )
        self.overflows += int(np.count_nonzero(raised & OVERFLOW))
        self.underflows += int(np.count_nonzero(raised & UNDERFLOW))
        self.elements += tensor.size
        kept: Tensor = grid * scale if scaled else grid
        if name.endswith(".weight"):
            self.cast_weights.append(kept.ravel())
        return kept
