"""Testbenches that compute what they expect, for operations of every shape: they compile as they are."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
import rtl_benches as rtl

import lowfloat as lf
from lowfloat import vectors
from lowfloat.vectors import Cases, Interface, Unit

pytestmark = pytest.mark.rtl

UNITS = {
    "convert": Unit.uniform("convert", "float32", "e4m3fn"),
    "to_integer": Unit.uniform("to_integer", "float16", "int8"),
    "from_integer": Unit.uniform("from_integer", "int32", "bfloat16"),
    "scaleb": Unit.uniform("scaleb", "float16"),
    "less": Unit("less", (lf.float16, lf.bfloat16), vectors.Integer(1, signed=False)),
    "total_order": Unit.uniform("total_order", "float16"),
    "is_nan": Unit.uniform("is_nan", "float16"),
    "classify": Unit.uniform("classify", "float16"),
    "nextafter": Unit.uniform("nextafter", "float16"),
    "atan2": Unit.uniform("atan2", "float16"),
    "fma": Unit(
        "fma", (lf.float8_e5m2, lf.float8_e4m3fn, lf.float16), lf.float16,
        lf.Projection(lf.Stochastic(12), "finite"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", UNITS)
def test_the_testbench_of_an_operation_compiles(name: str, tmp_path: Path) -> None:
    rtl.need("verilator")
    unit = UNITS[name]
    ports = "abcd"[: len(unit.inputs)]
    declared = "".join(
        f"    input [{column.width - 1}:0] {port},\n"
        for port, column in zip(ports, unit.inputs, strict=True)
    )
    stub = f"module stub (\n{declared}    output [{unit.columns[-2].width - 1}:0] result\n);\n"
    (tmp_path / "stub.v").write_text(stub + "    assign result = 0;\nendmodule\n")
    interface = Interface("stub", tuple(ports))
    folder = rtl.written("dpi", Cases(unit, 100), interface, [], tmp_path / "tb")
    command = [
        "verilator",
        "--lint-only",
        "--timing",
        "-Wno-fatal",
        "-Wno-lint",
        "--top-module",
        "tb",
    ]
    files = ["lowfloat_pkg.sv", "tb.sv", "../stub.v"]
    done = subprocess.run(
        [*command, *files], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
