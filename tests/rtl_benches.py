"""The units of tests/rtl/units as data, and running generated testbenches on real simulators."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import lowfloat as lf
from lowfloat import vectors
from lowfloat.vectors import Cases, Constant, Handshake, Interface, Unit

UNITS = Path(__file__).parent / "rtl" / "units"
#: What the units call roundings: the port rm.
ROUNDING_MODES = {
    "nearest_even": 0,
    "toward_zero": 1,
    "toward_negative": 2,
    "toward_positive": 3,
    "nearest_away": 4,
}
VERILOG_FILES = {
    "multiply": ("fp_mul", "fp_unpack", "fp_round"),
    "add": ("fp_add", "fp_unpack", "fp_round", "fp_sum"),
    "fma": ("fp_mac", "fp_unpack", "fp_round", "fp_sum"),
}
OPERANDS = {"multiply": ("x", "y"), "add": ("x", "y"), "fma": ("a", "b", "c")}
# Verilator's own files are compiled for every testbench: once is enough.
if shutil.which("ccache"):
    os.environ.setdefault("OBJCACHE", "ccache")
PROGRAMS = {"icarus": "iverilog", "verilator": "verilator", "ghdl": "ghdl"}


def need(simulator: str) -> None:
    """Skip a test where a simulator is absent."""
    for program in (PROGRAMS[simulator], "make"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed (Debian: apt-get install {program})")


def sources(operation: str) -> list[Path]:
    """The Verilog files of a combinational unit, its own module first."""
    return [UNITS / f"{name}.v" for name in VERILOG_FILES[operation]]


def interface(unit: Unit, language: str = "verilog", **changes: Any) -> Interface:
    """The ports and parameters of a combinational unit of the tests."""
    fmt, rule = unit.result_format, unit.projection
    parameters = {"EXP": fmt.exponent_bits, "MAN": fmt.mantissa_bits}
    if language == "verilog":
        parameters |= {
            "BIAS": fmt.bias,
            "IEEE": int(fmt.nan == "ieee"),
            "SATURATE": int(rule.saturation == "finite"),
            "TININESS_BEFORE": int(rule.policy.tininess == "before"),
        }
    else:
        parameters["ieee_style"] = int(fmt.nan == "ieee")
    mode = ROUNDING_MODES[str(rule.rounding)]
    values: dict[str, Any] = {
        "module": VERILOG_FILES[unit.operation][0],
        "operands": OPERANDS[unit.operation],
        "result": "z",
        "flags": "flags",
        "constants": {"rm": Constant(3, mode)},
        "parameters": parameters,
    }
    return Interface(**{**values, **changes})


def registered(unit: Unit, timing: str, language: str = "verilog", **changes: Any) -> Interface:
    """The interface of the multiplier with registers: ``pipeline`` or ``stream``."""
    parameters = interface(unit, language).parameters
    kept = {
        name: parameters[name]
        for name in parameters
        if name in ("EXP", "MAN", "IEEE", "ieee_style")
    }
    ports: dict[str, Any] = {
        "module": f"fp_mul_{timing}",
        "constants": {},
        "parameters": kept,
        "clock": "clk",
    }
    if timing == "pipeline":
        ports |= {"reset": "rst_n", "reset_level": 0, "latency": 3}
    else:
        ports |= {"reset": "rst", "handshake": Handshake()}
    return interface(unit, language, **{**ports, **changes})


def registered_sources(timing: str, language: str = "verilog") -> list[Path]:
    """The files of the multiplier with registers."""
    if language == "vhdl":
        return [UNITS / "fp_mul.vhd", UNITS / f"fp_mul_{timing}.vhd"]
    return [UNITS / f"fp_mul_{timing}.v", *sources("multiply")]


@dataclass(frozen=True)
class Outcome:
    """What a simulation said."""

    status: int
    text: str

    @property
    def passed(self) -> bool:
        """Whether it ended well: make's exit status and the printed word must agree."""
        words = [line for line in self.text.splitlines() if line.startswith(("PASS", "FAIL"))]
        said = bool(words) and all(line.startswith("PASS") for line in words)
        assert said == (self.status == 0), self.text
        return said


def simulate(folder: Path, simulator: str) -> Outcome:
    """Run a generated folder as its reader would."""
    need(simulator)
    chosen = [] if simulator == "ghdl" else [f"SIM={simulator}"]
    command = ["make", "-s", "-C", str(folder), *chosen]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=600)
    return Outcome(done.returncode, done.stdout + done.stderr)


def checked(folder: Path) -> int:
    """The exit status of `lowfloat check` on a unit's answers, as the Makefile calls it."""
    lowfloat = Path(sys.executable).with_name("lowfloat")
    command = [
        "make",
        "-s",
        "-C",
        str(folder),
        "check",
        f"LOWFLOAT={lowfloat}",
        "--no-print-directory",
    ]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 0 or "Error 1" in done.stderr, done.stdout + done.stderr
    return min(done.returncode, 1)


def written(
    kind: str, cases: Cases | Unit, ports: Interface, files: list[Path], folder: Path, **how: Any
) -> Path:
    """A testbench in a folder."""
    vectors.write_testbench(kind, cases, ports, folder, sources=files, **how)
    return folder


def unit_of(operation: str, fmt: str, rounding: str = "nearest_even", **rule: Any) -> Unit:
    """A unit of one format."""
    return Unit.uniform(operation, fmt, projection=lf.Projection(rounding, **rule))
