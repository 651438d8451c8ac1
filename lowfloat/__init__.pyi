# Made by tests/docs/stub.py from __init__.py and spec/formats.toml; not to be edited.
from lowfloat import golden, systems, testing
from lowfloat import jit as jit
from lowfloat import plotting as plotting
from lowfloat import vectors as vectors
from lowfloat.arrays import Array, FormatMismatch, from_codes
from lowfloat.casting import array, cast, quantize
from lowfloat.exception_flags import Flags, flags
from lowfloat.format_names import format
from lowfloat.formats import Format
from lowfloat.functions import add, fma, multiply, subtract
from lowfloat.numeric_limits import finfo
from lowfloat.projection import Policy, Projection, Stochastic
from lowfloat.randomness import LFSR, Philox
from lowfloat.settings import backend, context, get_num_threads, set_num_threads
from lowfloat.storage import load, save

__all__ = [
    "LFSR",
    "Array",
    "Flags",
    "Format",
    "FormatMismatch",
    "Philox",
    "Policy",
    "Projection",
    "Stochastic",
    "add",
    "array",
    "backend",
    "bfloat16",
    "cast",
    "cfloat8_1_4_3",
    "cfloat8_1_5_2",
    "context",
    "dlfloat16",
    "finfo",
    "flags",
    "float4_e2m1fn",
    "float6_e2m3fn",
    "float6_e3m2fn",
    "float8_e3m4",
    "float8_e4m3",
    "float8_e4m3b11fnuz",
    "float8_e4m3fn",
    "float8_e4m3fnuz",
    "float8_e5m2",
    "float8_e5m2fnuz",
    "float8_e8m0fnu",
    "float16",
    "float32",
    "float64",
    "fma",
    "format",
    "fp8_143",
    "from_codes",
    "get_num_threads",
    "golden",
    "load",
    "multiply",
    "quantize",
    "save",
    "set_num_threads",
    "subtract",
    "systems",
    "testing",
    "tf32",
]

__version__: str

float16: Format
float32: Format
float64: Format
bfloat16: Format
tf32: Format
dlfloat16: Format
float8_e3m4: Format
float8_e4m3: Format
float8_e4m3fn: Format
float8_e4m3fnuz: Format
float8_e4m3b11fnuz: Format
float8_e5m2: Format
float8_e5m2fnuz: Format
float8_e8m0fnu: Format
float6_e2m3fn: Format
float6_e3m2fn: Format
float4_e2m1fn: Format
fp8_143: Format
cfloat8_1_4_3: Format
cfloat8_1_5_2: Format
