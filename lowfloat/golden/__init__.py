"""The reference: exact integers and fractions, one function per rule of spec/semantics.md.

Slow and plain on purpose. Codes are Python ints; every operation takes
``formats=`` (one per operand), ``format=`` (the result's), a ``Projection`` and, for
stochastic rounding, the random bits of this one result, and returns ``(code, flags)``.
Comparisons and predicates take no result format and return ``(truth, flags)``.
"""

from collections.abc import Callable
from typing import Any

from lowfloat.golden import comparison, elementary
from lowfloat.golden.algebraic import (
    divide,
    faa,
    fmod,
    hypot,
    reciprocal,
    remainder,
    rsqrt,
    sqrt,
)
from lowfloat.golden.arithmetic import add, convert, encode, fma, multiply, subtract
from lowfloat.golden.comparison import CLASSES, clamp, classify, is_sign_minus, total_order
from lowfloat.golden.decoding import decode
from lowfloat.golden.integral import (
    logb,
    round_to_integral,
    round_to_integral_exact,
    scaleb,
    to_integer,
)
from lowfloat.golden.projecting import project
from lowfloat.golden.random_bits import lfsr_bits, philox4x32, philox_bits, reduction_bits
from lowfloat.golden.reducing import dot, sum
from lowfloat.golden.signs import abs, copysign, negate, nextafter, nextdown, nextup
from lowfloat.golden.strings import from_string, to_hexadecimal
from lowfloat.golden.values import Value

_TABLES: tuple[dict[str, Callable[..., Any]], ...] = (
    comparison.COMPARISONS,
    comparison.EXTREMA,
    comparison.PREDICATES,
    elementary.ELEMENTARY,
)


def __getattr__(name: str) -> Callable[..., Any]:
    """The operations that are rows of a table: comparisons, extrema, predicates, functions."""
    for table in _TABLES:
        if name in table:
            return table[name]
    raise AttributeError(f"module 'lowfloat.golden' has no attribute {name!r}")


__all__ = [
    "CLASSES",
    "Value",
    "abs",
    "add",
    "clamp",
    "classify",
    "convert",
    "copysign",
    "decode",
    "divide",
    "dot",
    "encode",
    "faa",
    "fma",
    "fmod",
    "from_string",
    "hypot",
    "is_sign_minus",
    "lfsr_bits",
    "logb",
    "multiply",
    "negate",
    "nextafter",
    "nextdown",
    "nextup",
    "philox4x32",
    "philox_bits",
    "project",
    "reciprocal",
    "reduction_bits",
    "remainder",
    "round_to_integral",
    "round_to_integral_exact",
    "rsqrt",
    "scaleb",
    "sqrt",
    "subtract",
    "sum",
    "to_hexadecimal",
    "to_integer",
    "total_order",
]
