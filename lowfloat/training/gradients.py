"""What happens to gradients between the backward pass and the update: sums, clipping, all-reduce."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lowfloat.training import ordered
from lowfloat.training.arithmetic import Arithmetic, Floats
from lowfloat.training.quantizers import Quantizer, quantizer
from lowfloat.training.random_keys import tensor_draw

TOPOLOGIES = ("ring", "tree")


def clip_norm(gradients: MutableMapping[str, NDArray[np.float32]], limit: float) -> float:
    """Scale gradients down, in place, so that their joint 2-norm is at most ``limit``.

    Call it after ``scaler.unscale_``. Squares are exact in binary64; their sums follow rule W-4
    within each tensor, and the mapping's order among tensors. Each gradient is multiplied by
    limit / (norm + 1e-6), rounded to binary32, where that is below 1. Where the norm is infinite
    or NaN nothing is changed: the step will be skipped.

    Parameters
    ----------
    gradients : mapping of str to ndarray of float32
    limit : float
        Positive.

    Returns
    -------
    float
        The norm before.

    Raises
    ------
    ValueError
        If the limit is not positive.

    Examples
    --------
    >>> import numpy as np
    >>> from lowfloat.training import clip_norm
    >>> gradients = {"w": np.float32([3, 4])}
    >>> clip_norm(gradients, 0.5), gradients["w"]
    (5.0, array([0.29999995, 0.39999992], dtype=float32))

    Source: Pascanu et al. 2013; ``torch.nn.utils.clip_grad_norm_``.
    """
    if not limit > 0:
        raise ValueError(f"a norm's limit is positive, not {limit!r}")
    squares = np.float64(0)
    for gradient in gradients.values():
        wide: Any = gradient.reshape(-1).astype(np.float64)
        squares = squares + np.float64(ordered.total(wide * wide))
    norm = float(np.sqrt(squares))
    factor = limit / (norm + 1e-6)
    if np.isfinite(norm) and factor < 1:
        for gradient in gradients.values():
            gradient *= np.float32(factor)
    return norm


class GradientSum:
    """Gradients of several small batches, added in a chosen format.

    Parameters
    ----------
    format : Quantizer or text
        How each addition is rounded.
    seed : int
        Of the random bits of a stochastic rounding.

    Examples
    --------
    >>> import numpy as np
    >>> from lowfloat.training import GradientSum
    >>> total = GradientSum("bfloat16")
    >>> for _ in range(3):
    ...     total.add({"w": np.float32([1, 256])})
    >>> total.take()["w"]  # the third 256 is exact, and 3 too
    array([  3., 768.], dtype=float32)
    """

    def __init__(self, format: Quantizer | str = "float32", seed: int = 0) -> None:
        self.arithmetic, self.seed = Arithmetic(format), seed
        self.sums: dict[str, Floats] = {}
        self.batches = 0
        self.steps = 0

    def add(self, gradients: Mapping[str, Floats]) -> None:
        """One more batch.

        Raises
        ------
        ValueError
            If names or shapes are others than those of the batches before.
        """
        shapes = {name: g.shape for name, g in gradients.items()}
        if self.sums and shapes != {name: g.shape for name, g in self.sums.items()}:
            raise ValueError("these gradients have other names or shapes than those before them")
        for name, gradient in gradients.items():
            self.arithmetic.begin(
                lambda operation, name=name: tensor_draw(  # type: ignore[misc]
                    self.seed, self.steps, f"{name}.sum{self.batches}.{operation}"
                )
            )
            before = self.sums.get(name)
            start = np.zeros_like(gradient) if before is None else before
            self.sums[name] = self.arithmetic.add(start, gradient)
        self.batches += 1

    def take(self, *, average: bool = False) -> dict[str, Floats]:
        """The sums, or their averages over batches; the next sum starts from nothing."""
        sums, count = self.sums, self.batches
        self.sums, self.batches, self.steps = {}, 0, self.steps + 1
        if average and count:
            self.arithmetic.begin(None)
            return {name: self.arithmetic.divide(s, float(count)) for name, s in sums.items()}
        return sums


def all_reduce(
    tensors: Sequence[Floats],
    format: Quantizer | str = "float32",
    *,
    topology: str = "ring",
    order: Sequence[int] | None = None,
    average: bool = False,
    seed: int = 0,
    step: int = 0,
    name: str = "all_reduce",
) -> Floats:
    """The sum of several workers' tensors as a network of them would make it, in one process.

    Parameters
    ----------
    tensors : sequence of ndarray of float32
        One of each worker, of one shape.
    format : Quantizer or text
        What is sent: tensors are rounded into it, and so is every sum.
    topology : {"ring", "tree"}
        In which order: rule W-5.
    order : sequence of int, optional
        The workers in their order along the ring, or at the leaves of the tree.
    average : bool
        Divide by the number of workers, once more rounded.
    seed, step, name
        Of the random bits of a stochastic rounding (rule W-1).

    Raises
    ------
    ValueError
        If shapes differ, there are no workers, or a name or the order means nothing.

    Examples
    --------
    >>> import numpy as np
    >>> from lowfloat.training import all_reduce
    >>> workers = [np.float32([2048]), np.float32([1]), np.float32([1])]
    >>> all_reduce(workers, "float16"), all_reduce(workers, "float16", order=[1, 2, 0])
    (array([2048.], dtype=float32), array([2050.], dtype=float32))

    Source: semantics.md rule W-5; the axes of Cheng et al. 2019.
    """
    if topology not in TOPOLOGIES:
        raise ValueError(f"no topology {topology!r}: there are {', '.join(TOPOLOGIES)}")
    if not tensors or len({t.shape for t in tensors}) > 1:
        raise ValueError("all_reduce needs a tensor of each worker, all of one shape")
    places = list(range(len(tensors))) if order is None else list(order)
    if sorted(places) != list(range(len(tensors))):
        raise ValueError(
            f"order must list the workers 0 to {len(tensors) - 1} once each: {order!r}"
        )
    q, arithmetic = quantizer(format), Arithmetic(format)
    arithmetic.begin(lambda operation: tensor_draw(seed, step, f"{name}.{operation}"))
    sent = [
        _sent(q, tensors[place], tensor_draw(seed, step, f"{name}.{place}")) for place in places
    ]
    summed = (_ring if topology == "ring" else _tree)(sent, arithmetic)
    if average:
        summed = arithmetic.divide(summed, float(len(tensors)))
    return summed.reshape(tensors[0].shape)


def _sent(q: Quantizer, tensor: Floats, draw: Any) -> Floats:
    return q(np.asarray(tensor, np.float32).reshape(-1), draw)


def _ring(sent: list[Floats], arithmetic: Arithmetic) -> Floats:
    """Reduce-scatter: part p starts at worker p and goes round."""
    workers, size = len(sent), sent[0].size
    length = -(-size // workers)
    parts = []
    for p in range(workers):
        part = slice(p * length, min((p + 1) * length, size))
        running = sent[p][part]
        for hop in range(1, workers):
            running = arithmetic.add(running, sent[(p + hop) % workers][part])
        parts.append(running)
    return np.concatenate(parts)


def _tree(sent: list[Floats], arithmetic: Arithmetic) -> Floats:
    """Neighbours, then neighbours of the sums; an odd one passes."""
    while len(sent) > 1:
        pairs = [arithmetic.add(a, b) for a, b in zip(sent[::2], sent[1::2], strict=False)]
        sent = [*pairs, sent[-1]] if len(sent) % 2 else pairs
    return sent[0]
