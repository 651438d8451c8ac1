"""The one place where matrices are multiplied: with the host's float32 GEMM, or an accumulator."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

import lowfloat as lf

#: Texts for the host's float32 GEMM: its order of sums is the host library's, not ours.
HOST = ("f32", "fp32", "float32", "none", "host")


def accumulator(given: Any) -> Any:
    """An accumulator from itself, its text, or None for the host's float32 GEMM.

    Texts: ``f32`` for the host's; ``exact`` for exact products and an exact sum, rounded once.

    Raises
    ------
    ValueError
        If a text means nothing.

    Examples
    --------
    >>> accumulator("f32") is None
    True
    """
    if not isinstance(given, str):
        return given
    text = given.strip().lower()
    if text in HOST:
        return None
    raise ValueError(f"no accumulator {given!r}: write f32, or give an lf.Accumulator")


def accumulator_text(given: Any) -> str:
    """The text of an accumulator, in a Roles text."""
    return "f32" if given is None else str(given)


def gemm(
    a: NDArray[np.float32], b: NDArray[np.float32], accumulator: Any = None, rng: Any = None
) -> NDArray[np.float32]:
    """The matrix product of float32 arrays, batched over leading axes.

    Parameters
    ----------
    a, b : ndarray of float32
        (..., n, k) and (..., k, m).
    accumulator : optional
        None: the host's float32 GEMM, fast, but with sums in an order that is the host
        library's. Otherwise an ``lf.Accumulator``: the same bits everywhere.
    rng : optional
        Random bits of an accumulator that rounds stochastically.

    Examples
    --------
    >>> import numpy as np
    >>> gemm(np.float32([[1, 2]]), np.float32([[3], [4]]))
    array([[11.]], dtype=float32)
    """
    if accumulator is None:
        product: NDArray[np.float32] = np.matmul(a, b)
        return product
    matmul = getattr(lf, "matmul", None)
    if matmul is None:
        raise NotImplementedError("this version of lowfloat has no accumulators: use f32")
    rounded = matmul(a, b, accumulator=accumulator, format="float32", rng=rng)
    return np.asarray(rounded.to_numpy(), np.float32)
