"""Bit-exact floating point in any format: cast, compute and verify, with the rule in plain sight.

>>> import lowfloat as lf
>>> lf.cast([0.1, 1000.0], lf.float8_e4m3fn, saturation="finite").to_numpy()
array([1.015625e-01, 4.480000e+02], dtype=float32)
"""

from importlib import import_module as _import_module
from typing import Any as _Any

from lowfloat import accumulators, golden, systems, testing
from lowfloat.accumulators import Accumulator
from lowfloat.arrays import Array, FormatMismatch, from_codes
from lowfloat.casting import array, cast, quantize
from lowfloat.exception_flags import Flags, flags
from lowfloat.format_names import format
from lowfloat.format_names import registry as _registry
from lowfloat.formats import Format
from lowfloat.functions import FUNCTIONS as _FUNCTIONS
from lowfloat.functions import scaleb, to_integer
from lowfloat.installation import get_include, get_library
from lowfloat.numeric_limits import finfo
from lowfloat.profiles import profile
from lowfloat.projection import Policy, Projection, Stochastic
from lowfloat.randomness import LFSR, Philox
from lowfloat.reductions import conv2d, cumsum, dot, matmul, sum, tensordot
from lowfloat.settings import backend, context, get_num_threads, set_num_threads
from lowfloat.storage import load, save

_LAZY = ("jit", "plotting", "training", "vectors")

__all__ = [  # noqa: PLE0604 - operations and formats are data
    "LFSR",
    "Accumulator",
    "Array",
    "Flags",
    "Format",
    "FormatMismatch",
    "Philox",
    "Policy",
    "Projection",
    "Stochastic",
    "accumulators",
    "array",
    "backend",
    "cast",
    "context",
    "conv2d",
    "cumsum",
    "dot",
    "finfo",
    "flags",
    "format",
    "from_codes",
    "get_include",
    "get_library",
    "get_num_threads",
    "golden",
    "load",
    "matmul",
    "profile",
    "quantize",
    "save",
    "scaleb",
    "set_num_threads",
    "sum",
    "systems",
    "tensordot",
    "testing",
    "to_integer",
    *_FUNCTIONS,
    *_registry(),
]


def __getattr__(name: str) -> _Any:
    if name == "__version__":  # importlib.metadata is slow to import
        return _import_module("importlib.metadata").version("lowfloat")
    if name in _LAZY:
        return _import_module(f"lowfloat.{name}")
    if name in _FUNCTIONS:
        return _FUNCTIONS[name]
    entry = _registry().get(name)
    if entry is not None:
        return entry.format
    raise AttributeError(f"module 'lowfloat' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_LAZY, *__all__})
