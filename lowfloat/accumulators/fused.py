"""Fused dot products: blocks of terms aligned to one exponent, as matrix units add them.

Rules G-10 to G-13 of ``spec/semantics.md``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from lowfloat.accumulators.kinds import Kind, Projecting, Record, needs_zero, set_projection
from lowfloat.accumulators.orders import Interleaved, Order, blocks, checked_order, positive
from lowfloat.projection import Policy, Rounding, rounding

#: More fraction bits than this discard nothing that a projection could see, and are refused.
MOST_FRACTION_BITS = 96


@dataclass(frozen=True, repr=False)
class Subsums(Record):
    """Groups of terms within a block that are aligned and summed first.

    Parameters
    ----------
    n : int
        Consecutive terms of a group ("runs"), or the number of groups, k mod n ("lanes").
    by : {"runs", "lanes"}
    fraction_bits : int, optional
        Bits below the group's greatest exponent that terms keep; all of them by default.
    alignment : rounding
        How terms are cut to them.
    exponent : {"terms", "scales"}
        Whether a group's exponent is the greatest of its terms or of their scales alone.

    Raises
    ------
    ValueError
        If the parameters contradict each other.

    Examples
    --------
    >>> import lowfloat as lf
    >>> lf.accumulators.Subsums(16, exponent="scales").by
    'runs'

    Source: semantics.md rule G-11.
    """

    n: int
    by: Literal["runs", "lanes"] = "runs"
    fraction_bits: int | None = None
    alignment: str = "toward_zero"
    exponent: Literal["terms", "scales"] = "terms"

    def __post_init__(self) -> None:
        positive(self.n, "the subsums' n")
        _one_of(self.by, ("runs", "lanes"), "subsums by")
        _one_of(self.exponent, ("terms", "scales"), "exponent")
        _set_alignment(self)
        _fraction_bits(self.fraction_bits)
        if self.exponent == "scales" and self.fraction_bits is not None:
            raise ValueError("subsums with their scales' exponent are exact: fraction_bits=None")


@dataclass(frozen=True, repr=False)
class LateStart(Record):
    """The running sum joins after the block's terms are summed, with an alignment of its own.

    Parameters
    ----------
    sum_bits, start_bits : int
        Bits below the greater exponent that the block's sum and the running sum keep.
    alignment : rounding
        How both are cut.
    cutoff : int, optional
        Leave the running sum out where its exponent is more than this below the terms'.

    Raises
    ------
    ValueError
        If a number is out of range.

    Examples
    --------
    >>> import lowfloat as lf
    >>> lf.accumulators.LateStart(31, 24).alignment
    'toward_negative'

    Source: semantics.md rule G-12.
    """

    sum_bits: int
    start_bits: int
    alignment: str = "toward_negative"
    cutoff: int | None = None

    def __post_init__(self) -> None:
        _set_alignment(self)
        for bits in (self.sum_bits, self.start_bits):
            if bits is None:
                raise ValueError("a late start needs its numbers of bits")
            _fraction_bits(bits)
        if self.cutoff is not None:
            positive(self.cutoff, "the cutoff")


@dataclass(frozen=True, repr=False)
class Fused(Kind, Projecting):
    """Blocks of terms and the running sum, aligned to the greatest exponent, cut and added.

    Parameters
    ----------
    format : Format or name
        The format that each block's sum is rounded to.
    terms : int
        Terms of a block.
    fraction_bits : int or None
        Bits below the greatest exponent that every addend keeps; None keeps all.
    rounding, saturation, policy
        The projection of each block's sum.
    alignment : rounding
        How addends are cut: "toward_zero", "toward_negative" (floor), "to_odd" (sticky), ...
    minimum_exponent : int, optional
        The greatest exponent is no less than this.
    zeros : {"excluded", "aligned"}
        Whether products of zeros count among the exponents.
    addition : {"aligned", "sorted"}
        All at once; or one by one in decreasing magnitude, each partial sum cut.
    subsums : Subsums, optional
        Groups that are summed first.
    start : "early" or LateStart
        Whether the running sum is one of the addends.
    order : "sequential", "reversed" or Interleaved
        In which order terms are cut into blocks.

    Raises
    ------
    ValueError
        If the parameters contradict each other.

    Examples
    --------
    The FP8 unit of NVIDIA's Hopper:

    >>> import lowfloat as lf
    >>> lf.accumulators.Fused("e8m13", terms=32, fraction_bits=13).rounding
    'toward_zero'

    Source: arXiv 2511.10909 and 2512.07004; semantics.md rules G-10 to G-13.
    """

    format: Any
    terms: int
    fraction_bits: int | None
    rounding: Rounding = "toward_zero"
    saturation: str = "none"
    policy: Policy | str = "ieee"
    alignment: str = "toward_zero"
    minimum_exponent: int | None = None
    zeros: Literal["excluded", "aligned"] = "excluded"
    addition: Literal["aligned", "sorted"] = "aligned"
    subsums: Subsums | None = None
    start: Literal["early"] | LateStart = "early"
    order: Order = "sequential"

    def __post_init__(self) -> None:
        if self.format is None:
            raise ValueError("a Fused accumulator needs the format of its sums")
        set_projection(self)
        needs_zero(self.format)
        positive(self.terms, "the terms of a block")
        _fraction_bits(self.fraction_bits)
        _set_alignment(self)
        checked_order(self.order, ("sequential", "reversed"))
        _one_of(self.zeros, ("excluded", "aligned"), "zeros")
        _one_of(self.addition, ("aligned", "sorted"), "addition")
        low = self.minimum_exponent
        if low is not None and (isinstance(low, bool) or not isinstance(low, int)):
            raise ValueError(f"minimum_exponent is a whole number, not {low!r}")
        if self.start != "early" and not isinstance(self.start, LateStart):
            raise ValueError(f"start is 'early' or a LateStart(...), not {self.start!r}")
        if self.subsums is not None and not isinstance(self.subsums, Subsums):
            raise ValueError(f"subsums are a Subsums(...), not {self.subsums!r}")
        self._check_contradictions()

    def _check_contradictions(self) -> None:
        if self.addition == "sorted" and (self.subsums is not None or self.start != "early"):
            raise ValueError("a sorted block adds all its terms and the running sum one by one")
        if self.fraction_bits is None and self.addition == "sorted":
            raise ValueError("a sorted block without a window is an exact one: addition='aligned'")
        late = isinstance(self.start, LateStart)
        cut = self.fraction_bits is not None or late
        if not cut and (self.minimum_exponent is not None or self.zeros == "aligned"):
            raise ValueError("an exact block has no use for exponents: give its fraction_bits")

    def blocks(self, terms: int) -> list[list[int]]:
        """The indices of each block's terms, in order (rule G-10)."""
        return blocks(self.order, terms, self.terms)

    def roundings(self, terms: int) -> Iterator[int]:
        """Random bits of each block's projection (rule G-17)."""
        return self.drawn(self._block_count(terms))

    def draws(self, terms: int) -> int:
        """The number of stochastic roundings of ``terms`` terms: S of rule G-17."""
        return self.draws_one * self._block_count(terms)

    def _block_count(self, terms: int) -> int:
        if isinstance(self.order, Interleaved):
            return len(self.blocks(terms))
        return -(-terms // self.terms)


def _fraction_bits(bits: Any) -> None:
    if bits is None:
        return
    if isinstance(bits, bool) or not isinstance(bits, int) or not 0 <= bits <= MOST_FRACTION_BITS:
        raise ValueError(
            f"fraction bits are a whole number from 0 to {MOST_FRACTION_BITS}, or None to keep "
            f"all, not {bits!r}"
        )


def _set_alignment(record: Any) -> None:
    made = rounding(record.alignment)
    if not isinstance(made, str):
        raise ValueError("an alignment draws no random bits: give a deterministic rounding")
    object.__setattr__(record, "alignment", made)


def _one_of(value: Any, allowed: tuple[str, ...], what: str) -> None:
    if value not in allowed:
        raise ValueError(f"{what} is {' or '.join(map(repr, allowed))}, not {value!r}")
