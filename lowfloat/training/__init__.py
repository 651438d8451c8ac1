"""Training in formats that no processor has yet; framework-free, on NumPy arrays.

``Roles`` say which tensor has which ``Quantizer`` and which GEMM which accumulator; an
``Emulator`` puts them to work in a run. Loss scalers, optimizers, checkpoints and meters are
separate parts that know nothing of one another.
"""

from lowfloat.training.arithmetic import Arithmetic
from lowfloat.training.checkpoints import Checkpoint
from lowfloat.training.dumping import Dump, read_dump, replay, trace
from lowfloat.training.emulator import Emulator
from lowfloat.training.gradients import GradientSum, all_reduce, clip_norm
from lowfloat.training.measuring import Meter, measure, plot_binades, plot_counts, read_records
from lowfloat.training.optimizers import SGD, Adam, AdamW, Optimizer
from lowfloat.training.products import gemm
from lowfloat.training.quantizers import Quantizer, quantizer
from lowfloat.training.random_keys import tensor_draw
from lowfloat.training.recipes import RECIPES, Recipe, recipe
from lowfloat.training.roles import GEMMS, TENSORS, Role, Roles
from lowfloat.training.scalers import DynamicScaler, StaticScaler, ThresholdScaler, scaler_for
from lowfloat.training.scaling import Scaling

__all__ = [
    "GEMMS",
    "RECIPES",
    "SGD",
    "TENSORS",
    "Adam",
    "AdamW",
    "Arithmetic",
    "Checkpoint",
    "Dump",
    "DynamicScaler",
    "Emulator",
    "GradientSum",
    "Meter",
    "Optimizer",
    "Quantizer",
    "Recipe",
    "Role",
    "Roles",
    "Scaling",
    "StaticScaler",
    "ThresholdScaler",
    "all_reduce",
    "clip_norm",
    "gemm",
    "measure",
    "plot_binades",
    "plot_counts",
    "quantizer",
    "read_dump",
    "read_records",
    "recipe",
    "replay",
    "scaler_for",
    "tensor_draw",
    "trace",
]
