"""The correctly rounded elementary functions by name. Section 7 of spec/semantics.md."""

from __future__ import annotations

from collections.abc import Callable

from lowfloat.golden.activations import erf, gelu, sigmoid, silu, softplus
from lowfloat.golden.exponentials import (
    acosh,
    asinh,
    atanh,
    cosh,
    exp,
    exp2,
    exp10,
    expm1,
    log,
    log1p,
    log2,
    log10,
    sinh,
    tanh,
)
from lowfloat.golden.on_codes import Result
from lowfloat.golden.powers import cbrt, pow
from lowfloat.golden.trigonometry import (
    acos,
    acospi,
    asin,
    asinpi,
    atan,
    atan2,
    atan2pi,
    atanpi,
    cos,
    cospi,
    sin,
    sinpi,
    tan,
    tanpi,
)

# Where [P3109] 4.10 differs from these functions, which follow IEEE 754-2019 clause 9.2:
#
#   all             one zero, one NaN, no flags
#   tanpi           NaN at odd multiples of 1/2, here a pole
#   atan2, atan2pi  NaN for (0, 0) and for two infinities, here an angle
#   atan2, atan2pi  pi (1) at x = -infinity for negative finite y too, here -pi (-1)
#
# Its poles of log, log2, log1p and atanh are the same infinities. It does not have exp10, log10,
# cbrt, pow, erf, sigmoid, gelu and silu.

__all__ = [
    "ELEMENTARY",
    "acos",
    "acosh",
    "acospi",
    "asin",
    "asinh",
    "asinpi",
    "atan",
    "atan2",
    "atan2pi",
    "atanh",
    "atanpi",
    "cbrt",
    "cos",
    "cosh",
    "cospi",
    "erf",
    "exp",
    "exp2",
    "exp10",
    "expm1",
    "gelu",
    "log",
    "log1p",
    "log2",
    "log10",
    "pow",
    "sigmoid",
    "silu",
    "sin",
    "sinh",
    "sinpi",
    "softplus",
    "tan",
    "tanh",
    "tanpi",
]

#: Every function by its name.
ELEMENTARY: dict[str, Callable[..., Result]] = {
    operation.__name__: operation
    for operation in (
        exp, exp2, exp10, expm1, log, log2, log10, log1p,
        sin, cos, tan, asin, acos, atan, atan2,
        sinpi, cospi, tanpi, asinpi, acospi, atanpi, atan2pi,
        sinh, cosh, tanh, asinh, acosh, atanh,
        cbrt, pow, erf, sigmoid, softplus, gelu, silu,
    )
}  # fmt: skip
