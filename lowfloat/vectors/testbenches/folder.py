"""A testbench as a folder: its text, its cases, and a Makefile that runs it."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import lowfloat as lf
from lowfloat.vectors.cases import Cases
from lowfloat.vectors.dpi import write_library
from lowfloat.vectors.manifest import describe
from lowfloat.vectors.rendering import render
from lowfloat.vectors.reserved_words import SYSTEM_VERILOG, VERILOG, VHDL
from lowfloat.vectors.testbenches import cocotb_files, dpi_calls, verilog, vhdl
from lowfloat.vectors.testbenches.bench import Bench
from lowfloat.vectors.testbenches.interface import Interface
from lowfloat.vectors.units import Unit
from lowfloat.vectors.writing import as_cases, write


def _fscanf(bench: Bench, folder: Path) -> None:
    write(folder / "vectors.tv", bench.cases, grammar="testfloat")
    (folder / "tb.v").write_text(verilog.bench_text(bench, "fetch_fscanf.v", _common(bench)))
    _makefile(bench, folder, "Makefile.verilog", "vectors.tv.json")


def _readmemh(bench: Bench, folder: Path) -> None:
    write(folder / "vectors.mem", bench.cases, grammar="readmemh")
    values = {**_common(bench), **verilog.word_values(bench)}
    (folder / "tb.v").write_text(verilog.bench_text(bench, "fetch_readmemh.v", values))
    _makefile(bench, folder, "Makefile.verilog", "vectors.mem.json")


def _dpi(bench: Bench, folder: Path) -> None:
    values = {**_common(bench), **dpi_calls.values(bench)}
    (folder / "tb.sv").write_text(verilog.bench_text(bench, "fetch_dpi.sv", values))
    write_library(folder)
    _describe(bench, folder / "unit.json")
    _makefile(bench, folder, "Makefile.dpi", "unit.json")


def _cocotb(bench: Bench, folder: Path) -> None:
    values = {**_common(bench), **cocotb_files.values(bench)}
    (folder / "test_unit.py").write_text(render(__package__, "test_unit.py.in", values))
    _describe(bench, folder / "cases.json")
    _makefile(bench, folder, "Makefile.cocotb", "cases.json", values)


def _describe(bench: Bench, path: Path) -> None:
    """A manifest without vectors: it says which cases, and what the columns of results.tv mean."""
    manifest = describe(bench.cases, "results.tv", "testfloat", 0, bench.cases.count, "")
    path.write_text(json.dumps(manifest, indent=2) + "\n")


def _vhdl(bench: Bench, folder: Path) -> None:
    write(folder / "vectors.tv", bench.cases, grammar="testfloat")
    (folder / "tb.vhd").write_text(vhdl.bench_text(bench, lf.__version__))
    _makefile(bench, folder, "Makefile.vhdl", "vectors.tv.json")


def _common(bench: Bench) -> dict[str, str]:
    return {"version": lf.__version__, "sources": " ".join(bench.sources)}


def _makefile(
    bench: Bench, folder: Path, template: str, manifest: str, more: Mapping[str, Any] | None = None
) -> None:
    options = " --compare result" if bench.interface.flags is None else ""
    options += " --any-nan" if bench.any_nan else ""
    values = {**_common(bench), "manifest": manifest, "check_options": options, **(more or {})}
    ending = {"Makefile.vhdl": ".vhd", "Makefile.dpi": ".sv"}.get(template, ".v")
    values["find_sources"] = render(__package__, "sources.mk", {**values, "ending": ending})
    (folder / "Makefile").write_text(render(__package__, template, values))


#: The kinds of testbench, and what writes the files of each.
KINDS: dict[str, Callable[[Bench, Path], None]] = {
    "verilog": _fscanf,
    "readmemh": _readmemh,
    "dpi": _dpi,
    "vhdl": _vhdl,
    "cocotb": _cocotb,
}


def write_testbench(
    kind: str,
    cases: Cases | Unit,
    interface: Interface,
    folder: str | os.PathLike[str],
    *,
    sources: Sequence[str | os.PathLike[str]] = (),
    any_nan: bool = False,
    stall: int = 25,
) -> int:
    """Write a self-checking testbench for a unit into a folder; returns its number of cases.

    Parameters
    ----------
    kind : str
        ``verilog``, ``readmemh``, ``dpi``, ``vhdl`` or ``cocotb``.
    cases : Cases or Unit
        What the unit under test gets; a unit alone stands for every combination of its inputs.
        Kind ``dpi`` draws as many in the simulator, of classes of its own.
    interface : Interface
        The unit's ports and their timing.
    folder : path
        Where the testbench goes; it is made if it is not there.
    sources : sequence of paths
        The unit's own files, which the Makefile compiles too.
    any_nan : bool
        Whether any NaN will do where one is expected.
    stall : int
        With a handshake, in how many percent of the cycles either side waits.

    Raises
    ------
    ValueError
        If the kind is unknown, or the interface does not fit the unit.

    Examples
    --------
    >>> import tempfile, lowfloat as lf
    >>> unit = lf.vectors.Unit.uniform("multiply", "float4_e2m1fn")
    >>> ports = lf.vectors.Interface("fp4_mul", operands=("a", "b"))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     lf.vectors.write_testbench("verilog", unit, ports, folder)
    256
    """
    if kind not in KINDS:
        raise ValueError(f"no testbench is of kind {kind!r}: there are {', '.join(KINDS)}")
    target = Path(folder)
    paths = _relative(sources, target)
    _demand_language(kind, paths)
    _demand_names(kind, interface)
    bench = Bench(as_cases(cases), interface, paths, any_nan, stall)
    target.mkdir(parents=True, exist_ok=True)
    KINDS[kind](bench, target)
    return bench.cases.count


def _demand_language(kind: str, paths: Sequence[str]) -> None:
    """Refuse files that the simulators of a kind do not read."""
    verilog, vhdl = (".v", ".sv", ".vh", ".svh"), (".vhd", ".vhdl")
    refused = {"verilog": vhdl, "readmemh": vhdl, "dpi": vhdl, "vhdl": verilog}.get(kind, ())
    for path in paths:
        if path.lower().endswith(refused):
            others = [
                name for name in KINDS if name != "cocotb" and (name == "vhdl") != (kind == "vhdl")
            ]
            raise ValueError(
                f"{path} is not for a testbench of kind {kind}: choose {' or '.join(others)}, or cocotb"
            )


_RESERVED = {"verilog": VERILOG, "readmemh": VERILOG, "dpi": SYSTEM_VERILOG, "vhdl": VHDL}


def _demand_names(kind: str, interface: Interface) -> None:
    """Refuse names that the language of a kind keeps for itself."""
    reserved = _RESERVED.get(kind, frozenset())
    for name in (interface.module, *interface.parameters, *interface.ports):
        if (name.lower() if kind == "vhdl" else name) in reserved:
            raise ValueError(
                f"{name!r} is a reserved word in a testbench of kind {kind}: the unit's own name differs"
            )


def _relative(sources: Iterable[str | os.PathLike[str]], folder: Path) -> tuple[str, ...]:
    """Paths as a Makefile in the folder sees them."""
    paths = [Path(os.path.relpath(source, folder)).as_posix() for source in sources]
    for path in paths:
        if " " in path:
            raise ValueError(f"{path!r} has a space, which make cannot read: move the file")
    return tuple(paths)
