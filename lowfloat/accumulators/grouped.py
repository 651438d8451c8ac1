"""Accumulators of accumulators: groups of terms, their sums, and scales that multiply these.

Rules G-14 and G-19 of ``spec/semantics.md``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from lowfloat.accumulators.kinds import (
    FixedPoint,
    Kind,
    Projecting,
    Record,
    set_fields,
    set_projection,
    unwrapped,
)
from lowfloat.accumulators.orders import lanes, positive, runs
from lowfloat.projection import Policy, Projection, Rounding, make_projection

GROUPINGS: tuple[str, ...] = ("chunks", "split", "lanes")
#: What a scaling multiplies and rounds first.
FIRST: tuple[str, ...] = ("scales", "sum")


@dataclass(frozen=True, repr=False)
class Scaling(Record, Projecting):
    """How block scales multiply the sum of a group, as FP8 kernels with fine-grained scales do.

    Parameters
    ----------
    format : Format or name, optional
        The format that the first product is rounded to; without it the product of the sum and its
        scales is exact.
    rounding, saturation, policy
        The projection into ``format``.
    first : {"scales", "sum"}
        What is rounded: the product of the two scales, or that of the sum and the first of them.
        The other product is exact, and rounded with the outer sum.

    Raises
    ------
    ValueError
        If a name is unknown, the rounding is stochastic, or there is one without a format.

    Examples
    --------
    One float32 product of scales and one fused multiply-add for each 128 terms, as in DeepGEMM:

    >>> import lowfloat as lf
    >>> lf.accumulators.Scaling("float32").first
    'scales'

    Source: semantics.md rule G-19.
    """

    format: Any = None
    rounding: Rounding = "nearest_even"
    saturation: str = "none"
    policy: Policy | str = "ieee"
    first: Literal["scales", "sum"] = "scales"

    def __post_init__(self) -> None:
        set_projection(self)
        if self.first not in FIRST:
            raise ValueError(f"first is 'scales' or 'sum', not {self.first!r}")
        if self.projection.stochastic is not None:
            raise ValueError("a scaling draws no random bits: give a deterministic rounding")
        plain = make_projection("nearest_even", "none", Projection().policy)
        if self.format is None and (self.projection != plain or self.first != "scales"):
            raise ValueError("a scaling's rounding needs its format: Scaling(format, ...)")


@dataclass(frozen=True, repr=False)
class Grouped(Kind):
    """Groups of terms summed by one accumulator, and their sums by another.

    Parameters
    ----------
    inner, outer : accumulator
        ``inner`` sums each group from +0; ``outer`` sums the results and starts with c.
    by : {"chunks", "split", "lanes"}
        Consecutive terms, ``n`` at a time; ``n`` consecutive runs; or floor(k / width) mod n.
    n : int
    width : int
        For lanes only.
    scaling : Scaling, optional
        Block scales of a call multiply the groups' sums; without it, they multiply the terms.

    Raises
    ------
    ValueError
        If ``inner`` has no format of its own, a number is not positive, or scales would multiply
        twice.

    Examples
    --------
    Two-level summation in chunks of 64, both of nine mantissa bits (Wang et al. 2018):

    >>> import lowfloat as lf
    >>> half = lf.Accumulator("e6m9")
    >>> lf.accumulators.Grouped(half, half, n=64).draws(1000)
    0

    Source: semantics.md rules G-14 and G-19.
    """

    inner: Any
    outer: Any
    by: str = "chunks"
    n: int = 64
    width: int = 1
    scaling: Scaling | None = None

    def __post_init__(self) -> None:
        set_fields(self, inner=unwrapped(self.inner), outer=unwrapped(self.outer))
        if self.by not in GROUPINGS:
            raise ValueError(f"no groups by {self.by!r}: there are {', '.join(GROUPINGS)}")
        positive(self.n, "the groups' n")
        if positive(self.width, "the lanes' width") != 1 and self.by != "lanes":
            raise ValueError(f"width is for lanes: groups by {self.by} have none")
        if self.inner.format is None and not isinstance(outermost(self.inner), FixedPoint):
            raise ValueError(
                "an inner accumulator gives numbers of a format: Exact(format) says which"
            )
        self._check_scaling()

    def _check_scaling(self) -> None:
        if self.scaling is not None and not isinstance(self.scaling, Scaling):
            raise ValueError(
                f"scaling is an lf.accumulators.Scaling(...) or None, not {self.scaling!r}"
            )
        if scaled(self.outer) is not None:
            raise ValueError(
                "an outer accumulator takes sums, which have no block scales: give the scaling to "
                "the groups of products"
            )
        if self.scaling is not None and scaled(self.inner) is not None:
            raise ValueError("block scales multiply once: give scaling to one level of groups")

    @property
    def format(self) -> Any:
        """The outer accumulator's format."""
        return self.outer.format

    def groups(self, terms: int) -> list[list[int]] | list[range]:
        """The indices of each group's terms, in order (rule G-14)."""
        if self.by == "lanes":
            return lanes(terms, self.n, self.width)
        return runs(terms, self.n if self.by == "chunks" else max(1, -(-terms // self.n)))

    def roundings(self, terms: int) -> Iterator[int]:
        """Those of the groups, one after another, then the outer one's (rule G-17)."""
        groups = self.groups(terms)
        for group in groups:
            yield from self.inner.roundings(len(group))
        yield from self.outer.roundings(len(groups))

    def draws(self, terms: int) -> int:
        """The number of stochastic roundings of ``terms`` terms: S of rule G-17."""
        if not self.inner.draws(1) and not self.outer.draws(1):
            return 0
        sizes = Counter(len(group) for group in self.groups(terms))
        inner: int = sum(count * self.inner.draws(size) for size, count in sizes.items())
        outer: int = self.outer.draws(sum(sizes.values()))
        return inner + outer


def outermost(accumulator: Kind) -> Kind:
    """The accumulator that the result comes from."""
    while isinstance(accumulator, Grouped):
        accumulator = accumulator.outer
    return accumulator


def scaled(accumulator: Kind) -> Grouped | None:
    """The groups within an accumulator whose sums the block scales multiply, if there are any."""
    while isinstance(accumulator, Grouped):
        if accumulator.scaling is not None:
            return accumulator
        accumulator = accumulator.inner
    return None


def scaled_groups(accumulator: Kind, terms: int) -> Iterator[list[int] | range]:
    """The indices of the terms of each group that ``scaled`` names, in order."""
    return _scaled_groups(accumulator, range(terms))


def _scaled_groups(accumulator: Kind, terms: Any) -> Iterator[list[int] | range]:
    assert isinstance(accumulator, Grouped)
    for group in accumulator.groups(len(terms)):
        if isinstance(group, range):
            part = terms[group.start : group.stop]
        else:
            part = [terms[k] for k in group]
        if accumulator.scaling is not None:
            yield part
        else:
            yield from _scaled_groups(accumulator.inner, part)
