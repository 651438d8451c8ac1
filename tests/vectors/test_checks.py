"""Checks: causes, tolerances, parts, pipes, and what is said about a mismatch."""

from __future__ import annotations

import io
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import lowfloat as lf
from lowfloat import vectors
from lowfloat.cli.main import main
from lowfloat.vectors.causes import CAUSES
from lowfloat.vectors.explaining import explain
from lowfloat.vectors.positions import POSITIONS, positions

MULTIPLY = vectors.Unit.uniform("multiply", "float8_e4m3fn")


def answered(unit: vectors.Unit, **wrong: object) -> vectors.Table:
    """What a unit with another projection answers to every case of ``unit``."""
    inputs = vectors.Cases.all_of(unit).inputs(0, unit.exhaustive_count)
    device = replace(unit, projection=replace(unit.projection, **wrong))
    return vectors.Table(tuple(inputs), *device.compute(inputs))


def changed(unit: vectors.Unit, where: np.ndarray, result: object = None, flags: object = None):
    table = answered(unit)
    results, raised = table.results.copy(), table.flags.copy()
    if result is not None:
        results[where] = result if np.ndim(result) == 0 else np.asarray(result)[where]
    if flags is not None:
        raised[where] = flags
    return vectors.Table(table.operands, results, raised)


@pytest.mark.parametrize(
    ("unit", "wrong", "causes"),
    [
        (MULTIPLY, {"rounding": "nearest_away"}, {"tie"}),
        (MULTIPLY, {"rounding": "nearest_zero"}, {"tie"}),
        (MULTIPLY, {"rounding": "toward_zero"}, {"tie", "subnormal", "last_place", "overflow"}),
        (MULTIPLY, {"saturation": "finite"}, {"overflow"}),
        (MULTIPLY, {"policy": lf.Policy(tininess="before")}, {"flags"}),
        (MULTIPLY, {"policy": lf.Policy(ftz=True)}, {"subnormal"}),
        (MULTIPLY, {"policy": lf.Policy(daz=True)}, None),
        (
            vectors.Unit.uniform("add", "float8_e5m2"),
            {"policy": lf.Policy(nan="first")},
            {"nan_code"},
        ),
        (
            vectors.Unit.uniform("add", "float8_e5m2"),
            {"rounding": "toward_negative"},
            None,
        ),
    ],
)
def test_wrong_units_are_told_by_their_causes(
    unit: vectors.Unit, wrong: dict[str, object], causes: set[str] | None
) -> None:
    report = vectors.check([answered(unit, **wrong)], unit)
    assert not report.ok
    assert sum(report.causes.values()) == report.mismatch_count
    assert set(report.causes) <= CAUSES.keys()
    if causes is not None:
        assert set(report.causes) == causes


def test_the_sign_of_zero_is_a_cause() -> None:
    unit = vectors.Unit.uniform("subtract", "float8_e4m3fn")
    table = answered(unit)
    zero = (table.results == 0) & (table.flags == 0)
    report = vectors.check([changed(unit, zero, 0x80)], unit)
    assert dict(report.causes) == {"zero_sign": int(zero.sum())}
    report = vectors.check([changed(unit, table.results == 0x38, 0xB8)], unit)
    assert set(report.causes) == {"sign"}


def test_parts_can_be_chosen() -> None:
    table = answered(MULTIPLY, policy=lf.Policy(tininess="before"))
    assert not vectors.check([table], MULTIPLY).ok
    assert vectors.check([table], MULTIPLY, compare=["result"]).ok
    assert vectors.check([table], MULTIPLY, compare=["result", "overflow", "inexact"]).ok
    assert not vectors.check([table], MULTIPLY, compare=["underflow"]).ok
    with pytest.raises(ValueError, match="nothing is called 'colour'"):
        vectors.check([table], MULTIPLY, compare=["colour"])


@pytest.mark.parametrize("operation", ["multiply", "add", "divide", "sqrt"])
def test_faithful_units_are_accepted(operation: str) -> None:
    unit = vectors.Unit.uniform(operation, "float8_e5m2")
    for rounding in ("toward_zero", "away_from_zero", "nearest_away"):
        assert vectors.check([answered(unit, rounding=rounding)], unit, accept="faithful").ok
    table = answered(unit)
    exact = (table.flags & 1 == 0) & (table.results == 0x3C)
    assert not vectors.check([changed(unit, exact, 0x3D)], unit, accept="faithful").ok


def test_units_within_last_places_are_accepted() -> None:
    unit = MULTIPLY
    table = answered(unit)
    inner = (table.flags == 1) & (table.results < 0x70) & (table.results > 0x10)
    for places in (1, 2, 3):
        off = changed(unit, inner, table.results + np.uint8(places))
        assert vectors.check([off], unit, accept=f"ulp={places}").ok
        assert not vectors.check([off], unit, accept=f"ulp={places - 1}").ok
    for rule in ("ulp", "ulp=x", "roughly"):
        with pytest.raises(ValueError, match="accept is faithful or ulp=N"):
            vectors.check([table], unit, accept=rule)
    with pytest.raises(ValueError, match="compare them exactly"):
        vectors.check([], vectors.Unit.uniform("less", "e4m3fn"), accept="faithful")


def test_any_nan_will_do() -> None:
    unit = vectors.Unit.uniform("add", "float8_e5m2")
    table = answered(unit, policy=lf.Policy("x86_sse"))
    assert not vectors.check([table], unit, compare=["result"]).ok
    assert vectors.check([table], unit, compare=["result"], any_nan=True).ok


def test_positions_agree_with_the_golden_model() -> None:
    unit = MULTIPLY
    inputs = vectors.Cases.all_of(unit).inputs(0, 65536)
    found = positions(unit, inputs)
    f = lf.float8_e4m3fn
    for k in range(0, 65536, 97):
        codes = tuple(int(column[k]) for column in inputs)
        why = explain(unit, codes)
        if why.exact is None:
            assert POSITIONS[found[k]] == "exact"
            continue
        low = lf.golden.encode(abs(why.exact), format=f, projection=lf.Projection("RTZ", "finite"))[
            0
        ]
        value = lf.golden.decode(low, f).signed
        if value == abs(why.exact) or low == f.max_finite_code:
            continue
        middle = (value + lf.golden.decode(low + 1, f).signed) / 2
        order = (abs(why.exact) > middle) - (abs(why.exact) < middle)
        assert POSITIONS[found[k]] == {-1: "below_tie", 0: "tie", 1: "above_tie"}[order]


def test_the_simplest_failure_is_the_simplest() -> None:
    report = vectors.check([answered(MULTIPLY, rounding="nearest_away")], MULTIPLY, limit=3)
    assert report.simplest is not None
    assert len(report.mismatches) == 3
    assert [code.bit_count() for code in report.simplest.operands] == [1, 1]


RULES = [
    ("add", (0x38, 0x38), "A-2: the exact value is a number"),
    ("add", (0x40, 0x11), "P-5, nearest_even: the exact value is below the midpoint"),
    ("add", (0x7F, 0x11), "A-1 and N-2"),
    ("add", (0x38, 0xB8), "A-2 and P-10: an exact zero"),
    ("multiply", (0x7E, 0x7E), "P-8, saturation none"),
    ("divide", (0x38, 0x00), "A-7: a finite number over zero"),
    ("divide", (0x00, 0x00), "A-7 and A-6: invalid"),
    ("multiply", (0x01, 0x01), "tiny by P-4"),
]


@pytest.mark.parametrize(("operation", "codes", "rule"), RULES)
def test_the_deciding_rule(operation: str, codes: tuple[int, ...], rule: str) -> None:
    assert rule in explain(vectors.Unit.uniform(operation, "float8_e4m3fn"), codes).rule


# -- the command ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def rounded_away(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Answers of a multiplier that rounds ties away, and the right manifest."""
    folder = tmp_path_factory.mktemp("checks")
    command = ["vectors", "multiply", "-f", "float8_e4m3fn", "--exhaustive", "--out"]
    assert main([*command, str(folder / "dut.tv"), "--rounding", "RNA"]) == 0
    (folder / "dut.tv.json").unlink()
    assert main([*command, str(folder / "good.tv")]) == 0
    return folder


def test_causes_and_the_simplest_are_printed(
    rounded_away: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["check", str(rounded_away / "dut.tv"), "--like", str(rounded_away / "good.tv.json")]
    assert main([*command, "--minimize", "--limit", "1"]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "the simplest of them"
    assert "  rule      P-5, nearest_even: the exact value is a tie" in "\n".join(lines)
    assert lines[-2].split() == ["2,552", "tie", *CAUSES["tie"].split()]
    assert main([*command, "--accept", "faithful"]) == 0
    assert main([*command, "--compare", "flags"]) == 0


@pytest.mark.parametrize(("file", "status"), [("good.tv", 0), ("dut.tv", 1)])
def test_results_from_a_pipe(file: str, status: int, rounded_away: Path) -> None:
    command = [sys.executable, "-m", "lowfloat", "check", "-", "--like"]
    run = subprocess.run(
        [*command, str(rounded_away / "good.tv.json")], check=False,
        input=(rounded_away / file).read_bytes(), capture_output=True,
    )  # fmt: skip
    assert run.returncode == status, run.stderr
    assert b"65,536 vectors" in run.stdout


def test_a_pipe_with_unknown_bits(
    rounded_away: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = (rounded_away / "good.tv").read_bytes().splitlines(keepends=True)
    lines[41] = b"00 29 xX 00\n"
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"".join(lines))))
    assert main(["check", "-", "--like", str(rounded_away / "good.tv.json")]) == 2
    error = capsys.readouterr().err
    assert "<stdin>, line 42, column 7: 'x' in the result is an unknown bit" in error


def test_checks_of_other_ports(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for operation, fmt, more in (
        ("to_integer", "bfloat16", ["--result-format", "int8"]),
        ("less", "e4m3fn", []),
        ("convert", "float16", ["--result-format", "e5m2", "--stochastic", "8C"]),
    ):
        path = tmp_path / f"{operation}.tv"
        command = ["vectors", operation, "-f", fmt, *more, "--count", "3000", "--out", str(path)]
        assert main(command) == 0
        assert main(["check", str(path)]) == 0
        lines = path.read_bytes().splitlines(keepends=True)
        head, result, flags = lines[7].rsplit(b" ", 2)
        flipped = b"1" if result == b"0" else b"0" * len(result)
        if flipped == result:
            flipped = b"1" * len(result)
        lines[7] = b" ".join((head, flipped, flags))
        path.write_bytes(b"".join(lines))
        assert main(["check", str(path), "--like", f"{path}.json"]) == 1
        text = capsys.readouterr().out
        assert f"line 8: {operation} 0x" in text
        assert "1 WRONG" in text


# -- shrinking --------------------------------------------------------------------------------------

DEVICE = """
import sys
import lowfloat as lf
from lowfloat import vectors
wrong = vectors.Unit.uniform("multiply", "float8_e4m3fn", projection=lf.Projection("RNA"))
rows = [[int(w, 16) for w in line.split()] for line in sys.stdin]
import numpy as np
inputs = [np.array(column, np.uint8) for column in zip(*rows)]
results, flags = wrong.compute(inputs)
for row, r, f in zip(rows, results, flags):
    print(*(f"{x:02X}" for x in (*row, r, f)))
"""


def test_a_failure_is_shrunk() -> None:
    wrong = replace(MULTIPLY, projection=lf.Projection("nearest_away"))
    found = vectors.minimize(MULTIPLY, wrong.compute, (0x3A, 0xBA))
    assert found.cause == "tie"
    assert sum(code.bit_count() for code in found.operands) < 8  # 9 at first
    with pytest.raises(ValueError, match="nothing to shrink"):
        vectors.minimize(MULTIPLY, MULTIPLY.compute, (0x3A, 0xBA))

    # A stuck result bit is seen with the simplest operands there are.
    def stuck(inputs: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
        results, flags = MULTIPLY.compute(inputs)
        return results | np.uint8(1), flags

    assert vectors.minimize(MULTIPLY, stuck, (0x3A, 0x3B)).operands == (0, 0)


def test_a_program_is_a_device(
    rounded_away: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "device.py").write_text(DEVICE)
    command = ["check", str(rounded_away / "dut.tv"), "--like", str(rounded_away / "good.tv.json")]
    device = ["--device", f"{sys.executable} {tmp_path / 'device.py'}"]
    assert main([*command, "--minimize", *device]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "shrunk with the device"
    assert lines[1].startswith("line 1: multiply 0x")
    assert main([*command, *device]) == 2
    assert "add --minimize" in capsys.readouterr().err
    for program, message in (("false", "exit code 1"), ("true", "answered 0 of 1")):
        assert main([*command, "--minimize", "--device", program]) == 2
        assert message in capsys.readouterr().err


@pytest.mark.parametrize("name", ["dut.tv", "dut.csv", "dut.npz", "dut.bin"])
def test_a_device_that_stops_early_does_not_pass(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cases = vectors.Cases(MULTIPLY, 100, seed=1)
    vectors.write(tmp_path / "good.tv", cases)
    like = ["--like", str(tmp_path / "good.tv.json")]
    for count, message in ((60, "ends after 60 vectors"), (140, "goes on after 100 vectors")):
        vectors.write(tmp_path / name, vectors.Cases(MULTIPLY, count, seed=1))
        (tmp_path / f"{name}.json").unlink()
        assert main(["check", str(tmp_path / name), *like]) == 2
        shown = capsys.readouterr()
        line = min(count, 100) + (2 if name == "dut.csv" else 1)
        assert f"{name}, line {line}, column 1: the file {message}" in shown.err
        assert f"{count} vectors of multiply" in shown.out
        assert main(["check", str(tmp_path / name), *like, "--partial"]) == 0
    assert main(["check", str(tmp_path / "good.tv"), "--partial"]) == 2
    assert "add --like" in capsys.readouterr().err


def test_headers_that_contradict(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = str(tmp_path / "arm.tv")
    write = ["vectors", "multiply", "-f", "e4m3fn", "-n", "50"]
    assert main([*write, "--out", path, "--policy", "arm"]) == 0
    assert main([*write, "--out", str(tmp_path / "ieee.tv"), "--rounding", "RTZ"]) == 0
    capsys.readouterr()
    for arguments, message in (
        (["--like", str(tmp_path / "ieee.tv.json")], "leave out --like, or move"),
        (["--operation", "multiply", "--format", "e4m3fn"], "tininess before, nan signaling_first"),
        (["--rounding", "RTZ"], "arm.tv.json says what"),
    ):
        assert main(["check", path, *arguments]) == 2
        assert message in capsys.readouterr().err
    assert main(["check", path, "--like", f"{path}.json"]) == 0


def test_the_files_own_name_says_its_grammar(tmp_path: Path) -> None:
    """A testbench fed by $readmemh writes results.tv."""
    cases = vectors.Cases(MULTIPLY, 50, seed=1)
    vectors.write(tmp_path / "vectors.mem", cases)
    like = ["--like", str(tmp_path / "vectors.mem.json")]
    for name, grammar in (("a.tv", "testfloat"), ("a.csv", "csv"), ("a", "readmemh")):
        vectors.write(tmp_path / name, cases, grammar=grammar)
        assert main(["check", str(tmp_path / name), *like]) == 0
