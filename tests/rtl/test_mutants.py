"""Directed classes alone, without exhaustive search, tell every wrong float16 unit from a right one."""

from __future__ import annotations

from pathlib import Path

import pytest
import rtl_benches as rtl
from mutants import MUTANTS, Mutant

from lowfloat.vectors import Cases, Unit, classes_for

pytestmark = pytest.mark.rtl

#: Classes whose operands are random alone.
RANDOM = {"random", "weighted"}
COUNT = 20_000


def cases(unit: Unit) -> Cases:
    """Directed cases."""
    names = tuple(entry.name for entry in classes_for(unit) if entry.name not in RANDOM)
    return Cases(unit, COUNT, seed=1, classes=names)


@pytest.mark.parametrize(
    ("operation", "rounding"), sorted({(mutant.operation, mutant.rounding) for mutant in MUTANTS})
)
def test_the_right_units_pass(operation: str, rounding: str, tmp_path: Path) -> None:
    unit = rtl.unit_of(operation, "float16", rounding)
    folder = rtl.written(
        "verilog", cases(unit), rtl.interface(unit), rtl.sources(operation), tmp_path
    )
    outcome = rtl.simulate(folder, "icarus")
    assert outcome.passed, outcome.text


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_every_mutant_is_killed(mutant: Mutant, tmp_path: Path) -> None:
    unit = rtl.unit_of(mutant.operation, "float16", mutant.rounding)
    files = mutant.sources(tmp_path)
    folder = rtl.written("verilog", cases(unit), rtl.interface(unit), files, tmp_path / "tb")
    outcome = rtl.simulate(folder, "icarus")
    assert not outcome.passed
    assert f"of {COUNT} cases of {mutant.operation}" in outcome.text, outcome.text
