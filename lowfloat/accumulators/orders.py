"""In which order terms are added. Rules G-5 and G-14 of ``spec/semantics.md``."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

#: The named orders.
ORDERS: tuple[str, ...] = ("sequential", "reversed", "pairwise")


@dataclass(frozen=True)
class Interleaved:
    """The terms with floor(k / width) mod n = 0 first, then those with 1, and so on.

    Raises
    ------
    ValueError
        If ``n`` or ``width`` is not a positive whole number.

    Examples
    --------
    >>> import lowfloat as lf
    >>> list(lf.accumulators.indices(lf.accumulators.Interleaved(2, width=2), 8))
    [0, 1, 4, 5, 2, 3, 6, 7]

    Source: semantics.md rule G-5.
    """

    n: int
    width: int = 1

    def __post_init__(self) -> None:
        positive(self.n, "an interleaved order's n")
        positive(self.width, "an interleaved order's width")


Order = str | Interleaved


def indices(order: Order, terms: int) -> Iterator[int]:
    """The indices of ``terms`` terms in the order in which they are added. Rule G-5.

    ``pairwise`` has none of its own: its leaves are in sequence.
    """
    if isinstance(order, Interleaved):
        return (k for lane in lanes(terms, order.n, order.width) for k in lane)
    return iter(range(terms - 1, -1, -1) if order == "reversed" else range(terms))


def blocks(order: Order, terms: int, n: int) -> list[list[int]]:
    """The indices of each block of ``n`` terms; the lanes of an interleaved order are cut apart.

    >>> blocks(Interleaved(2), 7, 2)
    [[0, 2], [4, 6], [1, 3], [5]]
    """
    if isinstance(order, Interleaved):
        parts = lanes(terms, order.n, order.width)
    else:
        parts = [list(indices(order, terms))]
    return [part[k : k + n] for part in parts for k in range(0, len(part), n)]


def lanes(terms: int, n: int, width: int) -> list[list[int]]:
    """The terms of each lane, floor(k / width) mod n; empty lanes are left out. Rule G-14."""
    members: list[list[int]] = [[] for _ in range(min(n, terms))]
    for k in range(terms):
        members[k // width % n].append(k)
    return [lane for lane in members if lane]


def runs(terms: int, n: int) -> list[range]:
    """Consecutive runs of ``n`` terms, the last as long as it gets. Rules G-10 and G-14."""
    return [range(k, min(k + n, terms)) for k in range(0, terms, n)]


def checked_order(order: Any, named: tuple[str, ...] = ORDERS) -> Order:
    """The order, if it is one of those that are allowed.

    Raises
    ------
    ValueError
        If it is not.
    """
    if isinstance(order, Interleaved) or (isinstance(order, str) and order in named):
        return order
    raise ValueError(
        f"no order {order!r} here: there are {', '.join(named)} and "
        "lf.accumulators.Interleaved(n, width)"
    )


def positive(value: Any, what: str) -> int:
    """A positive whole number.

    Raises
    ------
    ValueError
        If it is none.
    """
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ValueError(f"{what} must be a positive whole number, not {value!r}")
    return value
