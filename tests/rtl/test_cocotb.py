"""The cocotb test and its scoreboard on real simulators, under cocotb 1.8 and cocotb 2.

Cocotb 1 is that of the environment that runs the tests. LOWFLOAT_COCOTB2 names the folder of another
environment with cocotb 2 and lowfloat; docs/development.md says how to make one.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import rtl_benches as rtl

from lowfloat.vectors import Cases

pytestmark = pytest.mark.rtl

ROOT = Path(__file__).resolve().parents[2]
RUNS = [
    ("cocotb1", "icarus"),
    ("cocotb1", "verilator"),
    ("cocotb1", "ghdl"),
    ("cocotb2", "icarus"),
    ("cocotb2", "ghdl"),
]
EACH_RUN = pytest.mark.parametrize(("version", "simulator"), RUNS, ids=["-".join(r) for r in RUNS])


def environment(version: str) -> Path:
    """The folder of the Python environment that has a version of cocotb."""
    if version == "cocotb1":
        found, wanted = Path(sys.prefix), "1."
    else:
        found, wanted = Path(os.environ.get("LOWFLOAT_COCOTB2", ROOT / ".venv-cocotb2")), "2."
    config = found / "bin" / "cocotb-config"
    if not config.exists():
        pytest.skip(f"{version} is not installed in {found} (docs/development.md)")
    text = subprocess.run([config, "--version"], capture_output=True, text=True, check=True).stdout
    if not text.strip().startswith(wanted):
        pytest.skip(f"{found} has cocotb {text.strip()}, not {wanted}x")
    return found


def simulate(folder: Path, version: str, simulator: str) -> rtl.Outcome:
    """Run the folder with a version of cocotb."""
    rtl.need(simulator)
    found = environment(version)
    settings = {"PATH": f"{found / 'bin'}:{os.environ['PATH']}", "VIRTUAL_ENV": str(found)}
    command = ["make", "-s", "-C", str(folder), f"SIM={simulator}"]
    done = subprocess.run(
        command, check=False, capture_output=True, text=True, timeout=600,
        env={**os.environ, **settings},
    )  # fmt: skip
    return rtl.Outcome(done.returncode, done.stdout + done.stderr)


def sources(timing: str, language: str) -> list[Path]:
    if timing != "combinational":
        return rtl.registered_sources(timing, language)
    return [rtl.UNITS / "fp_mul.vhd"] if language == "vhdl" else rtl.sources("multiply")


@EACH_RUN
@pytest.mark.parametrize("timing", ["combinational", "pipeline", "stream"])
def test_right_units_pass(version: str, simulator: str, timing: str, tmp_path: Path) -> None:
    """All pairs of a combinational unit; a thousand for units with registers."""
    unit = rtl.unit_of("multiply", "float8_e4m3fn")
    language = "vhdl" if simulator == "ghdl" else "verilog"
    ports = (
        rtl.interface(unit, language)
        if timing == "combinational"
        else rtl.registered(unit, timing, language)
    )
    cases = unit if timing == "combinational" else Cases(unit, 1000, seed=1)
    folder = rtl.written("cocotb", cases, ports, sources(timing, language), tmp_path)
    outcome = simulate(folder, version, simulator)
    assert outcome.passed, outcome.text
    assert len((folder / "results.tv").read_text().splitlines()) == (
        65536 if timing == "combinational" else 1000
    )


@EACH_RUN
def test_a_wrong_latency_fails(version: str, simulator: str, tmp_path: Path) -> None:
    unit = rtl.unit_of("multiply", "float8_e4m3fn")
    language = "vhdl" if simulator == "ghdl" else "verilog"
    ports = rtl.registered(unit, "pipeline", language, latency=2)
    cases = Cases(unit, 200, seed=1)
    folder = rtl.written("cocotb", cases, ports, sources("pipeline", language), tmp_path)
    outcome = simulate(folder, version, simulator)
    assert not outcome.passed
    assert "of 200 cases of multiply" in outcome.text
    assert "are wrong" in outcome.text
