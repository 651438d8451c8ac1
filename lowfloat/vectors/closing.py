"""Reaching a coverage: more cases in fixed rounds, then cases for the bins that are left.

Which bins can be reached at all is found by computing every combination of inputs, where there are
few enough. A wide unit is held against its little sister: the same unit on formats of a few bits,
with the same special values. A bin that the sister reaches is expected of the wide unit too.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import lowfloat as lf
from lowfloat.vectors.cases import Cases
from lowfloat.vectors.coverage import Coverage
from lowfloat.vectors.units import Integer, Port, Unit

#: Input spaces up to this many bits are searched whole.
SEARCHED_BITS = 24
#: Cases that a round adds.
ROUND = 1 << 16
#: Rounds without a new bin after which drawing more is given up.
PATIENCE = 4
#: The most rounds, and the most where the bins that are left can be closed one by one.
MAX_ROUNDS, MAX_ROUNDS_BEFORE_CLOSING = 256, 16


@dataclass(frozen=True)
class Goal:
    """The bins that cases should meet, and how they are known."""

    bins: frozenset[int]
    #: Whether every combination of inputs was computed: all other bins are unreachable.
    proved: bool
    #: A sentence on how the bins were found.
    proof: str
    #: Inputs for every bin; only where they are the unit's own.
    witnesses: dict[int, tuple[int, ...]]


def goal_of(unit: Unit, searched_bits: int = SEARCHED_BITS) -> Goal:
    """The reachable bins of a unit, by exhaustive search of it or of its little sister.

    Examples
    --------
    >>> import lowfloat as lf
    >>> goal_of(lf.vectors.Unit.uniform("add", "float4_e2m1fn")).proof
    'all 256 combinations of inputs were computed'
    """
    bits = sum(column.width for column in unit.inputs)
    if bits <= searched_bits:
        found = Coverage(unit).collect(Cases.all_of(unit))
        proof = f"all {unit.exhaustive_count:,} combinations of inputs were computed"
        return Goal(frozenset(found.hits), True, proof, found.witnesses)
    sister = little_sister(unit)
    if sister is None or sum(column.width for column in sister.inputs) > searched_bits:
        return Goal(
            frozenset(), False, "the unit is too wide to be searched, and has no sister", {}
        )
    found = Coverage(sister).collect(Cases.all_of(sister))
    proof = (
        f"2^{bits} combinations of inputs are too many; expected are the bins that all "
        f"{sister.exhaustive_count:,} cases of {sister} reach"
    )
    return Goal(frozenset(found.hits), False, proof, {})


def _small(at: Port) -> Port:
    if isinstance(at, Integer):
        return Integer(8, at.signed) if at.width > 8 else at
    if at.exponent_bits < 3 or at.mantissa_bits < 2:
        return at
    return lf.Format(
        3, 2, None, at.signed, at.infinities, at.nan, at.negative_zero, at.zero, at.subnormals
    )


def little_sister(unit: Unit) -> Unit | None:
    """The unit on small formats with the same special values; None if that is impossible."""
    if unit.operation in ("convert", "from_integer", "to_integer", "scaleb") or unit.random_widths:
        return None
    formats = (*unit.operand_formats, unit.result_format)
    if len({at for at in formats if isinstance(at, lf.Format)}) > 1:
        return None
    return replace(
        unit,
        operand_formats=tuple(map(_small, unit.operand_formats)),
        result_format=_small(unit.result_format),
    )


@dataclass(frozen=True)
class Reached:
    """Cases that reach a coverage, or as much of it as was found."""

    cases: Cases
    coverage: Coverage
    goal: Goal
    #: Rounds of cases that were drawn.
    rounds: int

    @property
    def missed(self) -> list[int]:
        """Bins of the goal that no case meets."""
        return sorted(self.goal.bins - self.coverage.hits.keys())

    @property
    def share(self) -> float:
        """The share of the goal's bins that are met, from 0 to 1."""
        return share_of(self.goal, self.coverage)


def share_of(goal: Goal, coverage: Coverage) -> float:
    """The share of a goal's bins that are met, from 0 to 1."""
    if not goal.bins:
        return 1.0 if goal.proved else 0.0
    return len(goal.bins & coverage.hits.keys()) / len(goal.bins)


def reach_coverage(
    unit: Unit,
    share: float = 1.0,
    *,
    seed: int = 0,
    classes: tuple[str, ...] = (),
    weights: tuple[tuple[str, int], ...] = (),
    round_size: int = ROUND,
    patience: int = PATIENCE,
    close: bool = True,
    goal: Goal | None = None,
) -> Reached:
    """Draw cases, round by round, until they meet a share of the reachable bins.

    Parameters
    ----------
    unit : Unit
    share : float
        Of the goal's bins, from 0 to 1.
    seed, classes, weights
        As for ``Cases``.
    round_size : int
        Cases that a round adds; fixed, so that the cases are the same on every machine.
    patience : int
        Rounds without a new bin after which no more are drawn.
    close : bool
        Whether bins that are left then get a case each from the exhaustive search.

    Raises
    ------
    ValueError
        If the share is not within 0 to 1.

    Examples
    --------
    >>> import lowfloat as lf
    >>> unit = lf.vectors.Unit.uniform("multiply", "float8_e4m3fn")
    >>> reached = lf.vectors.reach_coverage(unit, seed=1)
    >>> reached.share, reached.goal.proved, reached.missed
    (1.0, True, [])
    """
    if not 0 <= share <= 1:
        raise ValueError(f"a coverage is a share from 0 to 1, not {share}")
    goal = goal or goal_of(unit)
    coverage, idle, done = Coverage(unit), 0, 0
    rounds = MAX_ROUNDS_BEFORE_CLOSING if close and goal.witnesses else MAX_ROUNDS
    while done < rounds and idle < patience:
        done += 1
        cases = Cases(unit, done * round_size, seed, classes, weights)
        before = coverage.hit_count
        coverage.collect(cases, cases.count - round_size)
        idle = 0 if coverage.hit_count > before else idle + 1
        if share_of(goal, coverage) >= share and (goal.proved or idle):
            break
    left = sorted(goal.bins - coverage.hits.keys())
    if close and goal.witnesses and share_of(goal, coverage) < share:
        needed = left[: _needed(goal, coverage, share)]
        rows = tuple(goal.witnesses[number] for number in needed)
        drawn = cases.count
        cases = replace(cases, count=drawn + len(rows), closing=rows)
        coverage.collect(cases, drawn)
    return Reached(cases, coverage, goal, done)


def _needed(goal: Goal, coverage: Coverage, share: float) -> int:
    met = len(goal.bins & coverage.hits.keys())
    return -int(-(share * len(goal.bins)) // 1) - met
