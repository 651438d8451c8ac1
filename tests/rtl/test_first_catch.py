"""The way of a new user, in the default suite where Icarus is installed: one right unit, one wrong."""

from __future__ import annotations

from pathlib import Path

import pytest
import rtl_benches as rtl

from lowfloat.cli.main import main


def command(folder: Path, unit: Path) -> list[str]:
    files = [unit, *rtl.sources("multiply")[1:]]
    named = ["--operands", "x", "y", "--result", "z", "--flags", "flags", "--constant", "rm=3'd0"]
    given = [argument for path in files for argument in ("--source", str(path))]
    start = ["testbench", "verilog", "multiply", "-f", "float8_e4m3fn", "--module", "fp_mul"]
    return [*start, *named, *given, "--out", str(folder)]


def test_a_right_multiplier_passes_and_a_wrong_one_is_caught(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    right = rtl.UNITS / "fp_mul.v"
    assert main(command(tmp_path / "right", right)) == 0
    outcome = rtl.simulate(tmp_path / "right", "icarus")
    assert outcome.passed, outcome.text

    text = right.read_text()
    assert text.count("x_sign ^ y_sign") == 1
    wrong = tmp_path / "fp_mul.v"
    wrong.write_text(text.replace("x_sign ^ y_sign", "x_sign | y_sign"))
    assert main(command(tmp_path / "wrong", wrong)) == 0
    outcome = rtl.simulate(tmp_path / "wrong", "icarus")
    assert not outcome.passed
    # The first product of two negative numbers, zeros, has the wrong sign.
    assert "case 32897: 80 80 => 80 00 expected: 00 00\n" in outcome.text

    capsys.readouterr()
    folder = tmp_path / "wrong"
    assert main(["check", f"{folder}/results.tv", "--like", f"{folder}/vectors.tv.json"]) == 1
    assert "multiply 0x80 (-0) 0x80 (-0)" in capsys.readouterr().out
