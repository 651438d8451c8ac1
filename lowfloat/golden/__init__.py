"""The reference: exact integers and fractions, one function per rule of spec/semantics.md.

Slow and plain on purpose. Codes are Python ints; every operation takes
``formats=`` (one per operand), ``format=`` (the result's), a ``Projection`` and, for
stochastic rounding, the random bits of this one result, and returns ``(code, flags)``.
"""

from lowfloat.golden.arithmetic import add, convert, encode, fma, multiply, subtract
from lowfloat.golden.decoding import decode
from lowfloat.golden.projecting import project
from lowfloat.golden.random_bits import lfsr_bits, philox4x32, philox_bits
from lowfloat.golden.values import Value

__all__ = [
    "Value",
    "add",
    "convert",
    "decode",
    "encode",
    "fma",
    "lfsr_bits",
    "multiply",
    "philox4x32",
    "philox_bits",
    "project",
    "subtract",
]
