"""The Numba implementation: scalar functions for user ``@njit`` code, and array kernels.

Imported on first use of ``lf.jit``, because importing Numba takes longer than everything else.
"""

from lowfloat.jit.scalars import decoder, encoder, function

__all__ = ["decoder", "encoder", "function"]
