"""Projection against an independent search in the sorted list of a format's numbers.

Every legal format of few bits, every rounding, saturation and policy (P-1 to P-12, Q-1, Q-4 to
Q-6); and any format of up to nine bits by hypothesis.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from fractions import Fraction

import lattice_oracle
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import ROUNDINGS, SATURATIONS, formats, numbers, projections

import lowfloat as lf

Case = tuple[Fraction, lf.Format, lf.Projection, int | None]


def golden(x: Fraction, f: lf.Format, p: lf.Projection, r: int | None) -> tuple[int, int]:
    return lf.golden.encode(x, format=f, projection=p, random_bits=r)


def interesting(f: lf.Format) -> list[Fraction]:
    """Each number of a format, eighths of each step, near-ties, and what lies outside."""
    table = lattice_oracle.lattice(f)
    found = set()
    for low, high in itertools.pairwise(table.values):
        found |= {low + (high - low) * Fraction(k, 8) for k in range(8)}
        found |= {low + (high - low) / 3, (low + high) / 2 + (high - low) / 2**70}
    found |= {table.values[-1] * k for k in (1, Fraction(9, 8), Fraction(3, 2), 4, 2**50)}
    for edge in (next(v for v in table.values if v), table.smallest_normal):
        found |= {edge * Fraction(k, 16) for k in (*range(1, 16), 31)} | {edge / 2**60}
    return sorted(found - {0})


def combinations() -> list[tuple[lf.Projection, int | None]]:
    """Every projection that decides differently, with every R of up to three bits."""
    drawn = [(rounding, None) for rounding in ROUNDINGS]
    for variant, n in itertools.product("ABC", (1, 2, 3)):
        drawn += [(lf.Stochastic(n, variant), r) for r in range(2**n)]
    knobs = itertools.product(
        SATURATIONS, ("after", "before"), (False, True), (True, False), ("nan", "max")
    )
    return [
        (
            lf.Projection(
                rounding,
                saturation,
                lf.Policy(
                    tininess=tininess,
                    ftz=ftz,
                    saturation_raises_overflow=raises,
                    infinityless_overflow=beyond,
                ),
            ),
            r,
        )
        for saturation, tininess, ftz, raises, beyond in knobs
        for rounding, r in drawn
    ]


def cases(max_width: int, step: int, shard: int = 0, shards: int = 1) -> Iterator[Case]:
    """One in ``step`` of all cases of the formats of up to ``max_width`` bits, evenly spread."""
    every, turn = combinations(), shard
    for f in list(lattice_oracle.small_formats(max_width, biases=(None, -3, 4)))[shard::shards]:
        for x in interesting(f):
            for signed in (x, -x):
                turn += 1
                for p, r in every[turn % step :: step]:
                    yield signed, f, p, r


def disagreements(project: Callable, some: Iterator[Case]) -> tuple[int, list]:
    """How many cases were tried, and the first few where a projection differs from the oracle."""
    count, found = 0, []
    for case in some:
        count += 1
        expected, got = lattice_oracle.project(*case), project(*case)
        if expected != got:
            found.append((case, got, expected))
            if len(found) == 5:
                break
    return count, found


def test_every_small_format_rounds_on_its_lattice():
    count, found = disagreements(golden, cases(4, 4001))
    assert found == []
    assert count > 90_000


@pytest.mark.exhaustive
@pytest.mark.parametrize("shard", range(16))
def test_all_small_formats_round_on_their_lattice(shard):
    count, found = disagreements(golden, cases(5, 211, shard, 16))
    assert found == []
    assert count > 90_000


@pytest.mark.parametrize(
    "wrong",
    [
        {"nearest_even": "nearest_away"},
        {"nearest_even": "nearest_zero"},
        {"to_odd": "toward_zero"},
        {"nearest_odd": "nearest_even"},
        {"toward_positive": "away_from_zero"},
        {"toward_negative": "toward_zero"},
    ],
    ids=str,
)
def test_a_planted_wrong_rounding_is_found(wrong):
    def planted(x, f, p, r):
        rounding = wrong.get(p.rounding, p.rounding) if isinstance(p.rounding, str) else p.rounding
        return golden(x, f, lf.Projection(rounding, p.saturation, p.policy), r)

    assert disagreements(planted, cases(3, 701))[1]


@pytest.mark.parametrize("flag", [1, 2, 4, 16])
def test_a_planted_wrong_flag_is_found(flag):
    def planted(x, f, p, r):
        code, flags = golden(x, f, p, r)
        return code, flags & ~flag

    assert disagreements(planted, cases(3, 701, 0, 9))[1]


@settings(max_examples=400)
@given(st.data())
def test_any_format_of_nine_bits_rounds_on_its_lattice(data):
    f = data.draw(formats(max_width=9, max_exponent_bits=6, extreme_bias=False))
    x = data.draw(numbers(f))
    p, r = data.draw(projections())
    knobs = knobs_of_numbers(p.policy)
    p = lf.Projection(p.rounding, p.saturation, lf.Policy("ieee", **knobs))
    assert golden(x, f, p, r) == lattice_oracle.project(x, f, p, r)


@given(st.data())
def test_infinities_end_where_the_rules_say(data):
    f = data.draw(formats(max_width=7, extreme_bias=False))
    p, r = data.draw(projections())
    p = lf.Projection(p.rounding, p.saturation, lf.Policy("ieee", **knobs_of_numbers(p.policy)))
    for negative in (False, True):
        value = lf.golden.Value("infinite", int(negative))
        got = lf.golden.project(value, f, p, r)
        assert got == lattice_oracle.infinity(negative, f, p), (f, p, negative)


def knobs_of_numbers(policy: lf.Policy) -> dict:
    """The knobs that decide about numbers; NaN policies have tests of their own."""
    names = ("tininess", "ftz", "saturation_raises_overflow", "infinityless_overflow")
    return {name: getattr(policy, name) for name in names}
