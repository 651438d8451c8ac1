"""The scoreboard without a simulator; tests/rtl/test_cocotb.py runs it inside some."""

from __future__ import annotations

import pytest

import lowfloat as lf
from lowfloat.vectors import Cases, Unit
from lowfloat.vectors.cocotb import Scoreboard

UNIT = Unit.uniform("multiply", "float8_e4m3fn")
E5M2 = Unit.uniform("multiply", "float8_e5m2")


class Value:
    """A value of a handle as cocotb prints it."""

    def __init__(self, bits: str) -> None:
        self.bits = bits

    def __str__(self) -> str:
        return self.bits


def test_stimuli_expect_what_python_computes() -> None:
    board = Scoreboard(UNIT)
    f = lf.float8_e4m3fn
    count = 0
    for a, b in board.stimuli(Cases(UNIT, 500, seed=2)):
        code, flags = lf.golden.multiply(a, b, formats=(f, f), format=f)
        assert board.observe(code, flags)
        count += 1
    board.finish()
    assert count == board.answered == 500


def test_all_pairs_of_a_small_unit() -> None:
    board = Scoreboard(Unit.uniform("add", "e2m1"), compare_flags=False)
    inputs = list(board.stimuli(board.unit))
    assert inputs[:3] == [(0, 0), (0, 1), (0, 2)]
    assert board.outstanding == len(inputs) == 256


def test_values_of_handles() -> None:
    board = Scoreboard(UNIT)
    board.answers = []
    for _ in range(4):
        board.expect(0x2A, 0x2A)
    assert board.observe(Value("00011100"), Value("00001"))
    assert not board.observe(Value("000111XZ"), Value("00001"))
    assert not board.observe(Value("00011100"), Value("0000U"))
    assert not board.observe(Value("00011100"), Value("00000"))
    assert board.mismatches == [
        "case 2: 2A 2A => 1X 01 expected: 1C 01 (X or Z in the outputs)",
        "case 3: 2A 2A => 1C 0X expected: 1C 01 (X or Z in the outputs)",
        "case 4: 2A 2A => 1C 00 expected: 1C 01",
    ]
    assert board.answers[:2] == ["2A 2A 1C 01\n", "2A 2A 1X 01\n"]


@pytest.mark.parametrize("any_nan", [False, True])
def test_nans(any_nan: bool) -> None:
    board = Scoreboard(E5M2, any_nan=any_nan)
    board.expect(0x7C, 0x00)
    assert board.observe(0xFE, 0x10) is any_nan
    board.expect(0x7C, 0x00)
    assert not board.observe(0x7C, 0x10)


def test_the_end_tells_everything() -> None:
    board = Scoreboard(UNIT)
    with pytest.raises(AssertionError, match="given no case"):
        board.finish()
    for _ in range(14):
        board.expect(0x38, 0x38)
    for _ in range(12):
        assert not board.observe(0, 0)
    with pytest.raises(AssertionError) as told:
        board.finish()
    text = str(told.value)
    assert text.count("=> 00 00 expected: 38 00") == 10
    assert "and 2 more\n12 of 12 cases of multiply" in text
    assert "2 cases have no answer" in text


def test_answers_without_a_case_and_without_flags() -> None:
    board = Scoreboard(UNIT)
    with pytest.raises(AssertionError, match="answer 1 is one that no case asked for"):
        board.observe(0, 0)
    board.expect(1, 1)
    with pytest.raises(TypeError, match="give observe"):
        board.observe(0)
