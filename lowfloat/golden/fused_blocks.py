"""Blocks of terms aligned to one exponent, as matrix units add them. Rules G-10 to G-13."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

from lowfloat.accumulators.fused import Fused, LateStart, Subsums
from lowfloat.accumulators.orders import lanes, runs
from lowfloat.exception_flags import INEXACT
from lowfloat.golden.integral import nearest_integer
from lowfloat.golden.projecting import floor_log2
from lowfloat.golden.terms import Number, Start, Steps, Term, read_number, special_sum, term
from lowfloat.golden.values import Value
from lowfloat.projection import Projection


class Addend(NamedTuple):
    """A number to be aligned: its value, its exponent (None for zeros), its scales' exponent."""

    x: Fraction
    exponent: int | None
    scale_exponent: int = 0


def fused(acc: Fused, terms: list[Term], start: Start, steps: Steps) -> Number:
    """Block after block, each sum rounded to the accumulator's format. Rule G-10."""
    s = start.number
    if start.is_default:
        s = Number(s.value, acc.format)
    for block in acc.blocks(len(terms)):
        s = fused_block(acc, [terms[k] for k in block], s, steps)
    return s


def fused_block(acc: Fused, terms: list[Term], s: Number, steps: Steps) -> Number:
    """The projected sum of a block and the running sum."""
    projection = acc.projection
    s = Number(read_number(s, projection.policy), s.format)
    values = [s.value, *(term(t, projection.policy, "exact", steps) for t in terms)]
    special = special_sum(values, projection, steps)
    if special is not None:
        return Number(steps.project(special, acc.format, projection), acc.format)
    addends = [addend(t, acc) for t in terms]
    if acc.addition == "sorted":
        amount = sorted_sum(acc, addends, s, steps)
    else:
        amount = aligned_sum(acc, addends, s, steps)
    value = Value("finite", int(amount < 0), abs(amount))
    return Number(steps.project(value, acc.format, projection), acc.format)


def addend(t: Term, acc: Fused) -> Addend:
    """A term's value and the sum of its factors' exponents. Rule G-10, step 1."""
    factors = t.factors(acc.projection.policy)
    x = Fraction(1)
    for number in factors:
        x *= number.value.signed
    exponents = [number.exponent for number in factors]
    if acc.zeros == "aligned":
        exponents = [n.lowest if e is None else e for n, e in zip(factors, exponents, strict=True)]
    scales = [e for e in exponents[2:] if e is not None]
    known = [e for e in exponents if e is not None]
    return Addend(x, sum(known) if len(known) == len(exponents) else None, sum(scales))


def aligned_sum(acc: Fused, addends: list[Addend], s: Number, steps: Steps) -> Fraction:
    """The sum of a block and the running sum, cut at one exponent. Rules G-10 to G-12."""
    if acc.subsums is not None:
        addends = [subsum(acc.subsums, group, steps) for group in groups(acc.subsums, addends)]
    running = Addend(s.value.signed, s.exponent)
    if acc.zeros == "aligned" and s.exponent is None:
        running = running._replace(exponent=s.lowest)
    if isinstance(acc.start, LateStart):
        return late_sum(acc, acc.start, addends, running, steps)
    addends = [*addends, running]
    exponent = greatest(addends, acc.minimum_exponent)
    return cut_sum(addends, exponent, acc.fraction_bits, acc.alignment, steps)


def groups(subsums: Subsums, addends: list[Addend]) -> list[list[Addend]]:
    """The addends of each group of a block. Rule G-11."""
    count = len(addends)
    parts: Sequence[Sequence[int]] = (
        lanes(count, subsums.n, 1) if subsums.by == "lanes" else runs(count, subsums.n)
    )
    return [[addends[k] for k in part] for part in parts]


def subsum(subsums: Subsums, addends: list[Addend], steps: Steps) -> Addend:
    """A group's sum and its exponent. Rule G-11."""
    exponent = greatest(addends, None)
    x = cut_sum(addends, exponent, subsums.fraction_bits, subsums.alignment, steps)
    if subsums.exponent == "scales":
        counted = [a.scale_exponent for a in addends if a.exponent is not None]
        exponent = max(counted, default=None)
    return Addend(x, exponent)


def late_sum(
    acc: Fused, late: LateStart, addends: list[Addend], running: Addend, steps: Steps
) -> Fraction:
    """The block's sum and the running sum, cut apart and then together. Rule G-12."""
    exponent = greatest(addends, acc.minimum_exponent)
    if all(a.exponent is None for a in addends):
        return running.x
    assert exponent is not None
    block = cut_sum(addends, exponent, acc.fraction_bits, acc.alignment, steps)
    dropped = running.exponent is None
    if late.cutoff is not None and running.exponent is not None:
        dropped = running.exponent < exponent - late.cutoff
    if dropped:
        steps.flags |= INEXACT if running.x else 0
        return cut(block, exponent - late.sum_bits, late.alignment, steps)
    assert running.exponent is not None
    top = max(exponent, running.exponent)
    return cut(block, top - late.sum_bits, late.alignment, steps) + cut(
        running.x, top - late.start_bits, late.alignment, steps
    )


def sorted_sum(acc: Fused, addends: list[Addend], s: Number, steps: Steps) -> Fraction:
    """Addends one by one in decreasing magnitude, every sum cut. Rule G-13."""
    assert acc.fraction_bits is not None
    every = [a.x for a in addends] + [s.value.signed]
    total = Fraction(0)
    for x in sorted(every, key=abs, reverse=True):
        total += x
        if total:
            grid = floor_log2(abs(total)) - acc.fraction_bits
            total = cut(total, grid, acc.alignment, steps)
    return total


def greatest(addends: list[Addend], minimum: int | None) -> int | None:
    """E: the greatest exponent, no less than the minimum. Rule G-10, step 2."""
    exponents = [a.exponent for a in addends if a.exponent is not None]
    if exponents and minimum is not None:
        exponents.append(minimum)
    return max(exponents, default=None)


def cut_sum(
    addends: list[Addend], exponent: int | None, bits: int | None, alignment: str, steps: Steps
) -> Fraction:
    """The exact sum of addends that are cut below one exponent. Rule G-10, step 3."""
    if bits is None or exponent is None:
        return sum((a.x for a in addends), Fraction(0))
    return sum((cut(a.x, exponent - bits, alignment, steps) for a in addends), Fraction(0))


def cut(x: Fraction, grid: int, alignment: str, steps: Steps) -> Fraction:
    """x rounded to a multiple of 2^grid. Rule G-10, step 3."""
    unit = Fraction(2) ** grid
    whole, inexact = nearest_integer(
        Value("finite", int(x < 0), abs(x) / unit), Projection(alignment)
    )
    steps.flags |= INEXACT if inexact else 0
    return whole.signed * unit
