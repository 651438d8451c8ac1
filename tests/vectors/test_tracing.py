"""Traces: the bits they show decide what the golden model delivers."""

from __future__ import annotations

import re

import pytest

import lowfloat as lf
from lowfloat import vectors
from lowfloat.cli.main import main

KEPT = re.compile(
    r"([01.]+) \| guard ([01]) \| round ([01]) \| sticky ([01]), last place 2\^(-?\d+)"
)


@pytest.mark.parametrize(
    ("operation", "fmt"),
    [("add", "e4m3fn"), ("multiply", "e5m2"), ("divide", "e4m3fn"), ("sqrt", "float16"),
     ("fma", "e5m2"), ("subtract", "float16"), ("reciprocal", "bfloat16"), ("faa", "e3m2fn"),
     ("hypot", "e4m3fn"), ("rsqrt", "float16"), ("exp", "e4m3fn"), ("less", "e5m2")],
)  # fmt: skip
def test_guard_and_sticky_decide(operation: str, fmt: str) -> None:
    unit = vectors.Unit.uniform(operation, fmt)
    inputs = vectors.Cases(unit, 250, seed=4).inputs(0, 250)
    result, flags = unit.compute(inputs)
    decided = 0
    for k in range(250):
        codes = tuple(int(column[k]) for column in inputs)
        steps = dict(vectors.trace(unit, codes))
        assert steps["result"].startswith(
            f"0x{int(result[k]):0{(unit.columns[-2].width + 3) // 4}X}"
        )
        if "kept" not in steps:
            continue
        text, guard, round_bit, sticky, _ = KEPT.fullmatch(steps["kept"]).groups()
        tail = int(guard), int(round_bit) | int(sticky)
        assert bool(int(flags[k]) & 1) == any(tail) or int(flags[k]) & 4
        away = tail[0] and (tail[1] or text[-1] == "1")
        if "goes up" in steps["decision"]:
            assert away
            decided += 1
        elif "stay" in steps["decision"]:
            assert not away
            decided += 1
    assert decided > 40 or operation in ("exp", "less", "hypot")


def test_the_exact_sum_is_shown() -> None:
    unit = vectors.Unit.uniform("add", "float8_e4m3fn")
    steps = dict(vectors.trace(unit, (0x40, 0x91)))
    assert steps["align b"] == "-0.000001001 * 2^1, shifted right by 6"
    assert steps["sum"] == "+0.111110111 * 2^1"
    assert steps["normalized"] == "1.11110111 * 2^0, shifted left by 1"
    assert steps["kept"] == "1.111 | guard 1 | round 0 | sticky 1, last place 2^-3"
    assert steps["decision"].endswith("so the last place goes up by one")


def test_subnormal_results_are_told() -> None:
    unit = vectors.Unit.uniform("multiply", "float8_e4m3fn")
    steps = dict(vectors.trace(unit, (0x05, 0x30)))
    assert "2 places below the normal numbers" in steps["normalized"]
    assert steps["kept"].startswith("0.010 | guard 1 | round 0 | sticky 0")
    assert steps["decision"] == (
        "P-5, nearest_even: the exact value is a tie, so the kept bits stay; tiny by P-4 and Q-1, "
        "so underflow (F-3)"
    )


def test_random_bits_are_shown() -> None:
    projection = lf.Projection(lf.Stochastic(4))
    unit = vectors.Unit.uniform("convert", "float16", "float8_e4m3fn", projection)
    for random_bits, outcome in ((0, "stay"), (15, "goes up")):
        steps = dict(vectors.trace(unit, (0x3C40, random_bits)))
        assert steps["random"] == f"{random_bits:04b}"
        assert outcome in steps["decision"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--trace", "add", "1", "-f", "e5m2"], "takes 2 codes (a, b), not 1"),
        (["--trace", "add", "1", "256", "-f", "e5m2"], "b 0x100 does not fit in 8 bits"),
        (["--trace", "dance", "1", "-f", "e5m2"], "invalid choice"),
        (["1", "-f", "int8"], "is no format"),
    ],
)
def test_bad_requests(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["show", *arguments]) == 2
    assert message in capsys.readouterr().err


def test_the_command_shows_the_steps(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", "--trace", "multiply", "0x39", "0x3A", "-f", "e4m3fn"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("multiply, float8_e4m3fn x float8_e4m3fn")
    assert lines[3] == "  product     1.001 x 1.01 = 1.01101, exponents 0 + 0"
    assert lines[-1] == "  result      0x3B, inexact"
