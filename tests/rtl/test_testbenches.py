"""Generated testbenches on real simulators: right units pass, exhaustively for 8 bits."""

from __future__ import annotations

from pathlib import Path

import pytest
import rtl_benches as rtl

import lowfloat as lf

pytestmark = pytest.mark.rtl

#: Kinds of testbench and the simulators that run them.
RUNS = [
    ("verilog", "icarus"),
    ("verilog", "verilator"),
    ("readmemh", "icarus"),
    ("readmemh", "verilator"),
    ("vhdl", "ghdl"),
]
#: One for each language: kinds of one language differ in how they get cases alone.
DRIVERS = [("verilog", "icarus"), ("verilog", "verilator"), ("vhdl", "ghdl")]
EACH_RUN = pytest.mark.parametrize(("kind", "simulator"), RUNS, ids=["-".join(run) for run in RUNS])
EACH_DRIVER = pytest.mark.parametrize(
    ("kind", "simulator"), DRIVERS, ids=["-".join(run) for run in DRIVERS]
)


@pytest.mark.parametrize("rounding", rtl.ROUNDING_MODES)
@pytest.mark.parametrize("fmt", ["float8_e4m3fn", "float8_e5m2"])
@pytest.mark.parametrize("operation", ["add", "multiply"])
def test_every_pair_in_every_rounding(
    operation: str, fmt: str, rounding: str, tmp_path: Path
) -> None:
    unit = rtl.unit_of(operation, fmt, rounding)
    folder = rtl.written("verilog", unit, rtl.interface(unit), rtl.sources(operation), tmp_path)
    outcome = rtl.simulate(folder, "icarus")
    assert outcome.passed, outcome.text
    assert "65536 cases" in outcome.text


@pytest.mark.parametrize("fmt", ["e2m2", "e2m2fn", "e3m1", "e3m1fn"])
def test_multiply_add_of_small_formats(fmt: str, tmp_path: Path) -> None:
    unit = rtl.unit_of("fma", fmt)
    folder = rtl.written("readmemh", unit, rtl.interface(unit), rtl.sources("fma"), tmp_path)
    assert rtl.simulate(folder, "icarus").passed


@pytest.mark.parametrize(
    "rule",
    [
        {"saturation": "finite"},
        {"policy": lf.Policy(tininess="before")},
    ],
    ids=["saturating", "tiny-before"],
)
@pytest.mark.parametrize("operation", ["add", "multiply"])
def test_other_policies(operation: str, rule: dict, tmp_path: Path) -> None:
    unit = rtl.unit_of(operation, "float8_e4m3fn", **rule)
    folder = rtl.written("verilog", unit, rtl.interface(unit), rtl.sources(operation), tmp_path)
    assert rtl.simulate(folder, "icarus").passed


@pytest.mark.parametrize(
    ("timing", "fmt"),
    [
        ("combinational", "float8_e4m3fn"),
        ("combinational", "float8_e5m2"),
        ("pipeline", "float8_e5m2"),
        ("stream", "float8_e4m3fn"),
    ],
)
@EACH_RUN
def test_every_kind_and_timing(
    kind: str, simulator: str, timing: str, fmt: str, tmp_path: Path
) -> None:
    unit = rtl.unit_of("multiply", fmt)
    language = "vhdl" if kind == "vhdl" else "verilog"
    if timing == "combinational":
        ports = rtl.interface(unit, language)
        files = [rtl.UNITS / "fp_mul.vhd"] if language == "vhdl" else rtl.sources("multiply")
    else:
        ports = rtl.registered(unit, timing, language)
        files = rtl.registered_sources(timing, language)
    folder = rtl.written(kind, unit, ports, files, tmp_path)
    outcome = rtl.simulate(folder, simulator)
    assert outcome.passed, outcome.text
    # What the unit answered is a vector file again.
    assert rtl.checked(folder) == 0


@pytest.mark.parametrize("rounding", rtl.ROUNDING_MODES)
def test_the_vhdl_multiplier_in_every_rounding(rounding: str, tmp_path: Path) -> None:
    unit = rtl.unit_of("multiply", "float8_e5m2", rounding)
    ports = rtl.interface(unit, "vhdl")
    folder = rtl.written("vhdl", unit, ports, [rtl.UNITS / "fp_mul.vhd"], tmp_path)
    assert rtl.simulate(folder, "ghdl").passed


def test_units_without_flags_and_with_any_nan(tmp_path: Path) -> None:
    """A unit that answers the negative NaN passes only where any NaN will do."""
    unit = rtl.unit_of("multiply", "float8_e5m2")
    unit_file = tmp_path / "fp_mul.v"
    text = (rtl.UNITS / "fp_mul.v").read_text()
    unit_file.write_text(text.replace("{2'b01, {EXP{1'b1}}}", "{2'b11, {EXP{1'b1}}}"))
    files = [unit_file, *rtl.sources("multiply")[1:]]
    ports = rtl.interface(unit, flags=None)
    outcomes = [
        rtl.simulate(rtl.written("verilog", unit, ports, files, tmp_path / str(any_nan), any_nan=any_nan), "icarus")
        for any_nan in (False, True)
    ]  # fmt: skip
    assert [outcome.passed for outcome in outcomes] == [False, True]
    assert [rtl.checked(tmp_path / str(any_nan)) for any_nan in (False, True)] == [1, 0]


# -- what must fail ---------------------------------------------------------------------------


@EACH_DRIVER
def test_a_wrong_latency_fails(kind: str, simulator: str, tmp_path: Path) -> None:
    unit = rtl.unit_of("multiply", "float8_e4m3fn")
    language = "vhdl" if kind == "vhdl" else "verilog"
    ports = rtl.registered(unit, "pipeline", language, latency=2)
    files = rtl.registered_sources("pipeline", language)
    outcome = rtl.simulate(rtl.written(kind, unit, ports, files, tmp_path), simulator)
    assert not outcome.passed
    assert "of 65536 cases" in outcome.text


@EACH_RUN
def test_short_vectors_fail(kind: str, simulator: str, tmp_path: Path) -> None:
    unit = rtl.unit_of("multiply", "e2m2fn")
    language = "vhdl" if kind == "vhdl" else "verilog"
    files = [rtl.UNITS / "fp_mul.vhd"] if language == "vhdl" else rtl.sources("multiply")
    folder = rtl.written(kind, unit, rtl.interface(unit, language), files, tmp_path)
    path = folder / ("vectors.mem" if kind == "readmemh" else "vectors.tv")
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:-1]))
    outcome = rtl.simulate(folder, simulator)
    assert not outcome.passed
    assert "ends early" in outcome.text


@EACH_RUN
def test_a_malformed_line_fails(kind: str, simulator: str, tmp_path: Path) -> None:
    unit = rtl.unit_of("multiply", "e2m2fn")
    language = "vhdl" if kind == "vhdl" else "verilog"
    files = [rtl.UNITS / "fp_mul.vhd"] if language == "vhdl" else rtl.sources("multiply")
    folder = rtl.written(kind, unit, rtl.interface(unit, language), files, tmp_path)
    path = folder / ("vectors.mem" if kind == "readmemh" else "vectors.tv")
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join([*lines[:7], "oops\n", *lines[8:]]))
    outcome = rtl.simulate(folder, simulator)
    assert not outcome.passed


@EACH_DRIVER
@pytest.mark.parametrize("fault", ["loses a result", "repeats a result", "never ready"])
def test_faulty_handshakes_fail(kind: str, simulator: str, fault: str, tmp_path: Path) -> None:
    """The register forgets to wait, is never emptied, or is never free."""
    language, suffix = ("vhdl", "vhd") if kind == "vhdl" else ("verilog", "v")
    changes = {
        "loses a result": {
            "v": ("!out_valid || out_ready;", "1'b1;"),
            "vhd": ("not full or out_ready;", "'1';"),
        },
        "repeats a result": {
            "v": ("out_valid <= in_valid;", "out_valid <= in_valid || out_valid;"),
            "vhd": ("full <= in_valid;", "full <= in_valid or full;"),
        },
        "never ready": {
            "v": ("!out_valid || out_ready;", "1'b0;"),
            "vhd": ("not full or out_ready;", "'0';"),
        },
    }
    old, new = changes[fault][suffix]
    text = (rtl.UNITS / f"fp_mul_stream.{suffix}").read_text()
    assert text.count(old) == 1
    changed = tmp_path / f"changed.{suffix}"
    changed.write_text(text.replace(old, new))
    files = [
        changed if path.stem == "fp_mul_stream" else path
        for path in rtl.registered_sources("stream", language)
    ]
    unit = rtl.unit_of("multiply", "e2m2fn")
    ports = rtl.registered(unit, "stream", language)
    outcome = rtl.simulate(rtl.written(kind, unit, ports, files, tmp_path / "tb"), simulator)
    assert not outcome.passed
