"""The one place where matrices are multiplied: with the host's float32 GEMM, or an accumulator."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

import lowfloat as lf
from lowfloat.training.quantizers import quantizer

#: Texts for the host's float32 GEMM: its order of sums is the host library's, not ours.
HOST = ("f32", "fp32", "float32", "none", "host")


def accumulator(given: Any) -> Any:
    """An accumulator from itself, its text, or None for the host's float32 GEMM.

    Texts: ``f32`` for the host's; ``exact`` for an exact sum, rounded once; or
    ``format[:option...]`` for a sum that is rounded at every step (``e8m23`` for a stated float32 one). Options: a rounding (``rtz``,
    ``sr8``), an order (``reversed``, ``pairwise``), ``kahan`` or ``neumaier``, and ``chunk64`` for
    chunks of 64 terms whose sums are then added alike.

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
    head, *options = (part.strip() for part in given.strip().lower().split(":"))
    if head in HOST and not options:
        return None
    if head == "exact" and not options:
        return lf.accumulators.Exact()
    chunk, found = 0, {}
    for option in options:
        if option.startswith("chunk") and option[5:].isdigit():
            chunk = int(option[5:])
        elif option in ("reversed", "pairwise"):
            found["order"] = option
        elif option in ("kahan", "neumaier"):
            found["compensation"] = option
        else:
            found["rounding"] = _rounding(option, given)
    try:
        made = lf.Accumulator(head, **found)  # type: ignore[arg-type]
    except ValueError as error:
        raise ValueError(f"no accumulator {given!r}: {error}") from None
    if not chunk:
        return made
    return lf.accumulators.Grouped(made, made, by="chunks", n=chunk)


def _rounding(option: str, text: str) -> Any:
    try:
        return quantizer(f"float32:{option}").rounding
    except ValueError:
        raise ValueError(
            f"{option!r} in {text!r} is no option of an accumulator: there are roundings (rtz, "
            "sr8), reversed, pairwise, kahan, neumaier and chunk64"
        ) from None


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
