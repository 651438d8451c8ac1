# Made by tests/docs/stub.py from __init__.py and spec/formats.toml; not to be edited.
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from lowfloat import accumulators, golden, systems, testing
from lowfloat import jit as jit
from lowfloat import plotting as plotting
from lowfloat import training as training
from lowfloat import vectors as vectors
from lowfloat.accumulators import Accumulator
from lowfloat.arrays import Array, FormatMismatch, from_codes
from lowfloat.casting import array, cast, quantize
from lowfloat.exception_flags import Flags, flags
from lowfloat.format_names import format
from lowfloat.formats import Format
from lowfloat.functions import scaleb, to_integer
from lowfloat.installation import get_include, get_library
from lowfloat.numeric_limits import finfo
from lowfloat.profiles import profile
from lowfloat.projection import Policy, Projection, Stochastic
from lowfloat.randomness import LFSR, Philox
from lowfloat.reductions import conv2d, cumsum, dot, matmul, sum, tensordot
from lowfloat.settings import backend, context, get_num_threads, set_num_threads
from lowfloat.storage import load, save

__all__ = [
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
    "abs",
    "accumulators",
    "acos",
    "acosh",
    "acospi",
    "add",
    "array",
    "asin",
    "asinh",
    "asinpi",
    "atan",
    "atan2",
    "atan2pi",
    "atanh",
    "atanpi",
    "backend",
    "bfloat16",
    "cast",
    "cbrt",
    "cfloat8_1_4_3",
    "cfloat8_1_5_2",
    "clamp",
    "classify",
    "context",
    "conv2d",
    "copysign",
    "cos",
    "cosh",
    "cospi",
    "cumsum",
    "divide",
    "dlfloat16",
    "dot",
    "equal",
    "equal_signaling",
    "erf",
    "exp",
    "exp2",
    "exp10",
    "expm1",
    "faa",
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
    "fmod",
    "format",
    "fp8_143",
    "from_codes",
    "gelu",
    "get_include",
    "get_library",
    "get_num_threads",
    "golden",
    "greater",
    "greater_equal",
    "greater_equal_signaling",
    "greater_signaling",
    "hypot",
    "is_finite",
    "is_infinite",
    "is_nan",
    "is_normal",
    "is_sign_minus",
    "is_signaling",
    "is_subnormal",
    "is_zero",
    "less",
    "less_equal",
    "less_equal_signaling",
    "less_signaling",
    "load",
    "log",
    "log1p",
    "log2",
    "log10",
    "logb",
    "matmul",
    "maximum",
    "maximum_finite",
    "maximum_magnitude",
    "maximum_magnitude_number",
    "maximum_number",
    "minimum",
    "minimum_finite",
    "minimum_magnitude",
    "minimum_magnitude_number",
    "minimum_number",
    "multiply",
    "negate",
    "nextafter",
    "nextdown",
    "nextup",
    "not_equal",
    "not_equal_signaling",
    "pow",
    "profile",
    "quantize",
    "reciprocal",
    "remainder",
    "round_to_integral",
    "round_to_integral_exact",
    "rsqrt",
    "save",
    "scaleb",
    "set_num_threads",
    "sigmoid",
    "silu",
    "sin",
    "sinh",
    "sinpi",
    "softplus",
    "sqrt",
    "subtract",
    "sum",
    "systems",
    "tan",
    "tanh",
    "tanpi",
    "tensordot",
    "testing",
    "tf32",
    "to_integer",
    "total_order",
    "unordered",
    "unordered_signaling",
]

__version__: str

add: Callable[..., Array]
subtract: Callable[..., Array]
multiply: Callable[..., Array]
divide: Callable[..., Array]
sqrt: Callable[..., Array]
fma: Callable[..., Array]
faa: Callable[..., Array]
remainder: Callable[..., Array]
fmod: Callable[..., Array]
reciprocal: Callable[..., Array]
rsqrt: Callable[..., Array]
hypot: Callable[..., Array]
round_to_integral: Callable[..., Array]
round_to_integral_exact: Callable[..., Array]
logb: Callable[..., Array]
exp: Callable[..., Array]
exp2: Callable[..., Array]
exp10: Callable[..., Array]
expm1: Callable[..., Array]
log: Callable[..., Array]
log2: Callable[..., Array]
log10: Callable[..., Array]
log1p: Callable[..., Array]
sin: Callable[..., Array]
cos: Callable[..., Array]
tan: Callable[..., Array]
asin: Callable[..., Array]
acos: Callable[..., Array]
atan: Callable[..., Array]
sinpi: Callable[..., Array]
cospi: Callable[..., Array]
tanpi: Callable[..., Array]
asinpi: Callable[..., Array]
acospi: Callable[..., Array]
atanpi: Callable[..., Array]
sinh: Callable[..., Array]
cosh: Callable[..., Array]
tanh: Callable[..., Array]
asinh: Callable[..., Array]
acosh: Callable[..., Array]
atanh: Callable[..., Array]
cbrt: Callable[..., Array]
erf: Callable[..., Array]
sigmoid: Callable[..., Array]
softplus: Callable[..., Array]
gelu: Callable[..., Array]
silu: Callable[..., Array]
atan2: Callable[..., Array]
atan2pi: Callable[..., Array]
pow: Callable[..., Array]
negate: Callable[..., Array]
abs: Callable[..., Array]
copysign: Callable[..., Array]
nextup: Callable[..., Array]
nextdown: Callable[..., Array]
nextafter: Callable[..., Array]
minimum: Callable[..., Array]
maximum: Callable[..., Array]
minimum_number: Callable[..., Array]
maximum_number: Callable[..., Array]
minimum_magnitude: Callable[..., Array]
maximum_magnitude: Callable[..., Array]
minimum_magnitude_number: Callable[..., Array]
maximum_magnitude_number: Callable[..., Array]
minimum_finite: Callable[..., Array]
maximum_finite: Callable[..., Array]
clamp: Callable[..., Array]
equal: Callable[..., NDArray[np.bool_]]
not_equal: Callable[..., NDArray[np.bool_]]
less: Callable[..., NDArray[np.bool_]]
less_equal: Callable[..., NDArray[np.bool_]]
greater: Callable[..., NDArray[np.bool_]]
greater_equal: Callable[..., NDArray[np.bool_]]
unordered: Callable[..., NDArray[np.bool_]]
equal_signaling: Callable[..., NDArray[np.bool_]]
not_equal_signaling: Callable[..., NDArray[np.bool_]]
less_signaling: Callable[..., NDArray[np.bool_]]
less_equal_signaling: Callable[..., NDArray[np.bool_]]
greater_signaling: Callable[..., NDArray[np.bool_]]
greater_equal_signaling: Callable[..., NDArray[np.bool_]]
unordered_signaling: Callable[..., NDArray[np.bool_]]
total_order: Callable[..., NDArray[np.bool_]]
is_nan: Callable[..., NDArray[np.bool_]]
is_signaling: Callable[..., NDArray[np.bool_]]
is_infinite: Callable[..., NDArray[np.bool_]]
is_finite: Callable[..., NDArray[np.bool_]]
is_zero: Callable[..., NDArray[np.bool_]]
is_subnormal: Callable[..., NDArray[np.bool_]]
is_normal: Callable[..., NDArray[np.bool_]]
is_sign_minus: Callable[..., NDArray[np.bool_]]
classify: Callable[..., NDArray[np.uint8]]
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
