"""The Numba implementation: functions for user ``@njit`` code, compiled for one format.

Imported on first use of ``lf.jit``, because importing Numba takes longer than all the rest.
"""

from lowfloat.jit.casting import cast_kernel
from lowfloat.jit.products import fma, matmul
from lowfloat.jit.scalars import decoder, encoder, function

__all__ = ["cast_kernel", "decoder", "encoder", "fma", "function", "matmul"]
