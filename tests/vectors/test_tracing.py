"""Traces: the bits they show decide what the golden model delivers."""

from __future__ import annotations

import math
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
    assert decided > 40 or operation in ("less", "hypot")


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


# -- elementary functions and accumulators ----------------------------------------------------------


def test_a_functions_value_is_enclosed() -> None:
    unit = vectors.Unit.uniform("log2", "float16")
    inputs = vectors.Cases(unit, 200, seed=2, classes=("random",)).inputs(0, 200)
    enclosed = 0
    for code in inputs[0].tolist():
        steps = dict(vectors.trace(unit, (code,)))
        if "enclosure" not in steps:
            continue
        low, high = sorted(map(float.fromhex, re.findall(r"-?0x\S+", steps["enclosure"])))
        x = lf.golden.decode(code, lf.float16).signed
        assert low <= math.log2(x) <= high
        assert high == math.nextafter(low, math.inf)
        # The kept bits and the guard bit, read twice.
        kept, rest = steps["digits"].split(" | ")
        text, guard, *_ = KEPT.fullmatch(steps["kept"]).groups()
        assert int(kept, 2) == int(text.replace(".", ""), 2)
        assert rest[0] == guard
        enclosed += 1
    assert enclosed > 50


DOTS = {
    "exact": None,
    "rounded": lf.Accumulator("float16"),
    "reversed": lf.Accumulator("e5m7", order="reversed", rounding="toward_zero"),
    "pairwise": lf.Accumulator("e5m7", order="pairwise"),
    "kahan": lf.Accumulator("e5m7", compensation="kahan"),
    "block": lf.accumulators.Fused("float16", terms=4, fraction_bits=10, rounding="nearest_even"),
    "blocks": lf.accumulators.Fused("float16", terms=2, fraction_bits=12, order="reversed"),
    "grouped": lf.accumulators.Grouped(
        lf.accumulators.Fused("e5m8", terms=2, fraction_bits=9), lf.Accumulator("float16"), n=3),
    "stochastic": lf.Accumulator("e5m7", rounding=lf.Stochastic(5)),
    "device": lf.accumulators.nvidia_hopper("float8_e4m3fn", out="float16"),
}  # fmt: skip


@pytest.mark.parametrize("name", DOTS)
def test_every_step_of_a_sum_is_shown(name: str) -> None:
    accumulator = DOTS[name]
    unit = vectors.Unit.dot(5, "float8_e4m3fn", "float16", accumulator=accumulator)
    inputs = vectors.Cases(unit, 60, seed=3).inputs(0, 60)
    result, _ = unit.compute(inputs)
    for k in range(60):
        codes = tuple(int(column[k]) for column in inputs)
        steps = vectors.trace(unit, codes)
        assert dict(steps)["result"].startswith(f"0x{int(result[k]):04X}")
        # The last sum is the accumulator's, which the projection makes the result.
        found = [text for step, text in steps if "-> 0x" in text]
        last = int(re.search(r"-> 0x([0-9A-F]+)", found[-1])[1], 16)
        inside = getattr(accumulator, "accumulator", accumulator)
        fmt = lf.float16 if inside is None else inside.format
        code, _ = lf.golden.convert(last, formats=(fmt,), format=lf.float16)
        assert code == int(result[k])
    names = [step for step, _ in steps]
    if name in ("rounded", "reversed", "kahan", "stochastic"):
        order = ["a4 b4", "a3 b3", "a2 b2", "a1 b1", "a0 b0"]
        assert [n for n in names if n in order] == order[:: 1 if name == "reversed" else -1]
    assert ("group 1" in names) == (name == "grouped")
    assert "accumulator" in names


def test_a_sum_by_hand() -> None:
    """Two products and a start of 2^-13 in a window of ten bits: what lies below 2^-10 is cut."""
    accumulator = lf.accumulators.Fused("float16", terms=2, fraction_bits=10)
    unit = vectors.Unit.dot(2, "float8_e4m3fn", "float16", accumulator=accumulator)
    steps = dict(vectors.trace(unit, (0x38, 0x39, 0x38, 0x3A, 0x0800)))
    assert steps["  a1 b1"].split() == ["+1.01101", "*", "2^0"]
    assert steps["  E"] == "0: each is cut to a multiple of 2^-10, toward_zero"
    assert (
        steps["a0 b0 ..."]
        == "exactly +10.0110100000001 * 2^0 -> 0x40D0 = +1.0011010000 * 2^1, inexact"
    )


def test_the_command_traces_dots_and_functions(capsys: pytest.CaptureFixture[str]) -> None:
    command = ["show", "--trace", "dot", "0x38", "0x39", "0x38", "0x3A", "0x0800", "--terms", "2"]
    assert main([*command, "-f", "e4m3fn", "--result-format", "float16"]) == 0
    assert "all a[k] * b[k], exactly" in capsys.readouterr().out
    mixed = ["--operand-formats", "e4m3fn,e5m2", "--result-format", "float16"]
    assert main([*command, *mixed, "--accumulator", "Accumulator('e5m7')"]) == 0
    assert "a1 b1" in capsys.readouterr().out
    assert main(["show", "--trace", "exp", "0x2A", "-f", "e4m3fn"]) == 0
    assert "enclosure" in capsys.readouterr().out
    assert main(["show", "0x2A"]) == 2
    assert "of which format?" in capsys.readouterr().err
