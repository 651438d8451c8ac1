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

    Texts: ``f32`` for the host's, and those of ``lf.accumulators.parse``: ``exact``,
    ``format[:option...]`` (``e8m23`` for a stated float32 one), or a call as in Python.

    Raises
    ------
    ValueError
        If a text means nothing.

    Examples
    --------
    >>> accumulator("f32") is None
    True
    >>> accumulator("bfloat16:kahan")
    Accumulator('bfloat16', compensation='kahan')
    """
    if not isinstance(given, str):
        return given
    return None if given.strip().lower() in HOST else lf.accumulators.parse(given)


def accumulator_text(given: Any) -> str:
    """The text of an accumulator, in a Roles text: short where there is a short one."""
    if given is None:
        return "f32"
    return "exact" if given == lf.accumulators.Exact() else str(given)


def stochastic(accumulator: Any, terms: int) -> bool:
    """Whether a sum of so many terms uses random bits."""
    return accumulator is not None and accumulator.draws(terms) > 0


def gemm(
    a: NDArray[np.float32],
    b: NDArray[np.float32],
    accumulator: Any = None,
    rng: Any = None,
    formats: tuple[Any, Any] | None = None,
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
    formats : pair of formats, optional
        Grids that the operands are on; with an accumulator, products of narrow formats are faster.

    Raises
    ------
    ValueError
        If an operand is off its grid.

    Examples
    --------
    >>> import numpy as np
    >>> gemm(np.float32([[1, 2]]), np.float32([[3], [4]]))
    array([[11.]], dtype=float32)
    """
    if accumulator is None:
        with np.errstate(all="ignore"):  # an overflow is for the loss scaler to see
            product: NDArray[np.float32] = np.matmul(a, b)
        return product
    rounded = lf.matmul(
        a,
        b,
        accumulator=accumulator,
        format="float32",
        rounding="nearest_even",
        saturation="none",
        policy="ieee",
        rng=rng,
        formats=formats,
    )
    return np.asarray(rounded.to_numpy(), np.float32)
