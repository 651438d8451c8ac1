"""The one door: arguments are normalised here once, then one backend computes.

``sources`` turns whatever a user gives into codes and a format, ``outputs`` looks after ``out=``
and ``flags_out=``, ``random_bits`` after randomness, ``dispatch`` calls a backend, ``asking`` answers questions, ``reductions`` sums.
"""

from lowfloat.engine.asking import ask, scaleb, to_integer
from lowfloat.engine.dispatch import apply, convert, quantize
from lowfloat.engine.reductions import matmul

__all__ = ["apply", "ask", "convert", "matmul", "quantize", "scaleb", "to_integer"]
