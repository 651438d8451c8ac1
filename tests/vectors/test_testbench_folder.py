"""Testbenches as text: what is rendered, and what is refused; the simulators are in tests/rtl."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

import lowfloat as lf
from lowfloat import vectors
from lowfloat.cli.main import main
from lowfloat.vectors import Constant, Handshake, Interface
from lowfloat.vectors.rendering import Template
from lowfloat.vectors.testbenches import KINDS
from lowfloat.vectors.testbenches.bench import nan_codes

UNIT = vectors.Unit.uniform("multiply", "e2m1")
PORTS = Interface("unit", ("a", "b"))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "ports",
    [
        PORTS,
        Interface("unit", ("a", "b"), clock="clk", latency=4),
        Interface("unit", ("a", "b"), clock="clk", handshake=Handshake(in_valid="go")),
    ],
    ids=lambda ports: ports.timing,
)
def test_no_placeholder_is_left(kind: str, ports: Interface, tmp_path: Path) -> None:
    assert vectors.write_testbench(kind, UNIT, ports, tmp_path / "tb") == 256
    for path in (tmp_path / "tb").iterdir():
        if path.suffix not in (".so", ".a"):
            assert "@{" not in path.read_text(encoding="utf-8"), path.name


def test_templates_leave_everything_else_alone() -> None:
    text = '@(posedge clk) $display("@"); @echo ${x} @{name} {@{name}{1\'b1}}'
    assert Template(text).substitute(name="N") == text.replace("@{name}", "N")
    with pytest.raises(KeyError):
        Template("@{other}").substitute(name="N")


@pytest.mark.parametrize("fmt", ["float16", "e4m3fn", "e4m3fnuz", "e2m1", "e3m4fnu", "e5m2"])
def test_nan_codes_are_those_of_the_format(fmt: str) -> None:
    f = lf.format(fmt)
    mask, low, high = nan_codes(f)
    for code in range(1 << f.width):
        assert (low <= code & mask <= high) == (lf.golden.decode(code, f).kind == "nan")


def test_words_join_the_fields(tmp_path: Path) -> None:
    for kind in ("readmemh", "verilog"):
        vectors.write_testbench(kind, UNIT, PORTS, tmp_path)
    lines = (tmp_path / "vectors.tv").read_text().splitlines()
    words = (tmp_path / "vectors.mem").read_text().splitlines()
    assert words == [line.replace(" ", "_") for line in lines]


def test_cases_of_wide_operands(tmp_path: Path) -> None:
    unit = vectors.Unit.uniform("add", "float16")
    cases = vectors.Cases(unit, 1000, seed=5)
    assert vectors.write_testbench("verilog", cases, PORTS, tmp_path) == 1000
    assert vectors.check(tmp_path / "vectors.tv", unit).ok


@pytest.mark.parametrize(
    ("ports", "message"),
    [
        (lambda: Interface("9unit", ("a", "b")), "no name of a port"),
        (lambda: Interface("dut", ("a", "a")), "two ports are called a"),
        (lambda: Interface("unit", ("a", "b"), latency=1), "needs a clock"),
        (lambda: Interface("unit", ("a", "b"), clock="c", latency=1, handshake=Handshake()),
         "leave one of them out"),
        (lambda: Interface("unit", ("a", "b"), clock="c", latency=-1), "outside 0 to 1000"),
        (lambda: Constant.parse("3"), "3'd1"),
        (lambda: Constant.parse("3'd8"), "does not fit in 3 bits"),
    ],
)  # fmt: skip
def test_impossible_interfaces(ports, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ports()


@pytest.mark.parametrize(
    ("keywords", "message"),
    [
        ({"kind": "systemc"}, "there are verilog"),
        ({"interface": Interface("unit", ("a",))}, "has 2 inputs"),
        ({"stall": 100}, "outside 0 to 99"),
        ({"sources": ["my unit.v"]}, "has a space"),
        ({"interface": Interface("dut", ("a", "wire"))}, "'wire' is a reserved word"),
        ({"kind": "vhdl", "interface": Interface("dut", ("a", "In"))}, "'In' is a reserved word"),
        ({"kind": "dpi", "interface": Interface("dut", ("a", "bit"))}, "'bit' is a reserved word"),
        ({"sources": ["u.vhd"]}, "choose vhdl, or cocotb"),
        ({"kind": "vhdl", "sources": ["u.sv"]}, "choose verilog or readmemh or dpi, or cocotb"),
    ],
)
def test_impossible_testbenches(keywords: dict, message: str, tmp_path: Path) -> None:
    given = {"kind": "verilog", "cases": UNIT, "interface": PORTS, "folder": tmp_path, **keywords}
    with pytest.raises(ValueError, match=message):
        vectors.write_testbench(**given)


def test_words_of_the_other_language_are_names(tmp_path: Path) -> None:
    ports = Interface("entity", ("in", "type"), "out")
    assert vectors.write_testbench("verilog", UNIT, ports, tmp_path) == 256
    ports = Interface("dut", ("wire", "reg"), "logic")
    assert vectors.write_testbench("vhdl", UNIT, ports, tmp_path) == 256


def test_the_command_says_what_is_wrong(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["testbench", "verilog", "multiply", "-f", "e2m1", "--module", "u", "--out"]
    assert main([*command, str(tmp_path), "--constant", "rm"]) == 2
    assert "write PORT=VALUE" in capsys.readouterr().err
    assert main([*command, str(tmp_path), "--parameter", "EXP=four"]) == 2
    assert "write NAME=INTEGER" in capsys.readouterr().err
    assert main([*command, str(tmp_path), "--reset", "rst_n", "--clock", "clk"]) == 0
    assert "reset = 1'b0" in (tmp_path / "tb.v").read_text()


def test_the_command_chooses_cases(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["testbench", "verilog", "add", "--module", "u", "--out", str(tmp_path)]
    assert main([*command, "-f", "e2m2fn"]) == 0
    assert "1,024 cases" in capsys.readouterr().out
    assert main([*command, "-f", "e2m2fn", "--cover", "90"]) == 0
    assert "1,024 cases" not in capsys.readouterr().out
    assert main([*command, "-f", "float16", "-n", "10"]) == 0
    assert "10 cases" in capsys.readouterr().out
    assert main([*command, "-f", "float16"]) == 2
    assert "which cases?" in capsys.readouterr().err


def made(folder: Path, *arguments: str, path: str = "") -> str:
    """What make says, which fails."""
    make = shutil.which("make")
    if make is None:
        pytest.skip("make is not installed")
    outcome = subprocess.run(
        [make, "-C", str(folder), *arguments],
        check=False,
        env={"PATH": path, "LC_ALL": "C"},
        capture_output=True,
        text=True,
    )
    assert outcome.returncode == 2
    return outcome.stderr


@pytest.mark.parametrize("kind", ["verilog", "readmemh", "dpi", "vhdl"])
def test_make_says_that_a_file_of_the_unit_is_missing(kind: str, tmp_path: Path) -> None:
    ending = {"dpi": "sv", "vhdl": "vhd"}.get(kind, "v")
    here, absent = tmp_path / f"here.{ending}", tmp_path / f"absent.{ending}"
    here.touch()
    folder = tmp_path / "tb"
    vectors.write_testbench(kind, UNIT, PORTS, folder, sources=[here, absent])
    assert f"../absent.{ending} is not there: put the unit's file there" in made(folder)
    # A folder of a library, say, is for the simulator to find.
    absent.touch()
    assert "is not there" not in made(folder, f"SOURCES=../here.{ending} -y ../lib")
    assert f"Say where the unit is: make SOURCES=../unit.{ending}" in made(folder, "SOURCES=")


def test_make_says_what_else_is_missing(tmp_path: Path) -> None:
    unit = tmp_path / "unit.v"
    unit.touch()
    for kind, arguments, message in (
        ("verilog", ["SIM=vcs"], "SIM is icarus or verilator, not vcs"),
        ("cocotb", [], "pip install cocotb"),
    ):
        vectors.write_testbench(kind, UNIT, PORTS, tmp_path / kind, sources=[unit])
        assert message in made(tmp_path / kind, *arguments)


def test_the_command_names_files_that_are_not_there_yet(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "here.v").touch()
    sources = [f"--source={tmp_path}/{name}.v" for name in ("here", "absent")]
    command = ["testbench", "verilog", "multiply", "-f", "e2m1", "--module", "u", *sources]
    assert main([*command, "--out", str(tmp_path / "tb")]) == 0
    assert f"not there yet: {tmp_path}/absent.v" in capsys.readouterr().out
