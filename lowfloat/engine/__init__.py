"""The one door: arguments are normalised here once, then one backend computes.

``sources`` turns whatever a user gives into codes and a format, ``outputs`` looks after ``out=``
and ``flags_out=``, ``random_bits`` after randomness, ``dispatch`` calls a backend, ``asking`` answers questions.
"""

from lowfloat.engine.asking import ask, scaleb, to_integer
from lowfloat.engine.dispatch import apply, convert, quantize

__all__ = ["apply", "ask", "convert", "quantize", "scaleb", "to_integer"]
