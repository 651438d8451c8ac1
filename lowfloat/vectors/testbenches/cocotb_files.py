"""The cocotb test as a folder: a module of one test, a Makefile, and a manifest of its cases."""

from __future__ import annotations

from typing import Any

from lowfloat.vectors.testbenches.bench import Bench

_VHDL = (".vhd", ".vhdl")


def values(bench: Bench) -> dict[str, Any]:
    """What ``test_unit.py.in`` and ``Makefile.cocotb`` ask for."""
    interface = bench.interface
    vhdl = any(path.lower().endswith(_VHDL) for path in bench.sources)
    return {
        "title": f"Drives {interface.module} and compares it with lowfloat: {bench.description}.",
        "interface": repr(interface),
        "any_nan": bench.any_nan,
        "stall": bench.stall,
        "module": interface.module,
        "parameters": " ".join(f"{n}={v}" for n, v in interface.parameters.items()),
        "default_simulator": "ghdl" if vhdl else "icarus",
        "count": bench.cases.count,
        "description": bench.description,
    }
