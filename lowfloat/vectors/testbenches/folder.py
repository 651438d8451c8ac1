"""A testbench as a folder: its text, its cases, and a Makefile that runs it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import lowfloat as lf
from lowfloat.vectors.manifest import read_manifest, unit_of
from lowfloat.vectors.testbenches import verilog, vhdl
from lowfloat.vectors.testbenches.bench import Bench
from lowfloat.vectors.testbenches.interface import Interface
from lowfloat.vectors.testbenches.rendering import render
from lowfloat.vectors.units import Unit
from lowfloat.vectors.writing import write

VECTORS = "vectors.tv"


def _fscanf(bench: Bench, folder: Path) -> None:
    (folder / "tb.v").write_text(verilog.bench_text(bench, "fetch_fscanf.v", _common(bench)))
    _makefile(bench, folder, "Makefile.verilog")


def _readmemh(bench: Bench, folder: Path) -> None:
    values = {**_common(bench), **verilog.word_values(bench)}
    (folder / "tb.v").write_text(verilog.bench_text(bench, "fetch_readmemh.v", values))
    _join_words(folder / VECTORS, folder / "vectors.mem")
    _makefile(bench, folder, "Makefile.verilog")


def _join_words(vectors: Path, words: Path) -> None:
    """Vectors with their spaces as underscores, which ``$readmemh`` reads as one word a line."""
    with vectors.open("rb") as source, words.open("wb") as target:
        while block := source.read(1 << 20):
            target.write(block.replace(b" ", b"_"))


def _vhdl(bench: Bench, folder: Path) -> None:
    (folder / "tb.vhd").write_text(vhdl.bench_text(bench, lf.__version__))
    _makefile(bench, folder, "Makefile.vhdl")


def _common(bench: Bench) -> dict[str, str]:
    return {"version": lf.__version__, "sources": " ".join(bench.sources)}


def _makefile(bench: Bench, folder: Path, template: str) -> None:
    (folder / "Makefile").write_text(render(template, _common(bench)))


#: The kinds of testbench, and what writes the files of each.
KINDS: dict[str, Callable[[Bench, Path], None]] = {
    "verilog": _fscanf,
    "readmemh": _readmemh,
    "vhdl": _vhdl,
}


def write_testbench(
    kind: str,
    unit: Unit,
    interface: Interface,
    folder: str | os.PathLike[str],
    *,
    sources: Sequence[str | os.PathLike[str]] = (),
    vectors: str | os.PathLike[str] | None = None,
    any_nan: bool = False,
    stall: int = 25,
) -> int:
    """Write a self-checking testbench for a unit into a folder; returns its number of cases.

    Parameters
    ----------
    kind : str
        One of ``KINDS``.
    unit : Unit
        What the unit under test should compute.
    interface : Interface
        Its ports and their timing.
    folder : path
        Where the testbench goes; it is made if it is not there.
    sources : sequence of paths
        The unit's own files, which the Makefile compiles too.
    vectors : path, optional
        A file of vectors of this unit with its manifest; exhaustive vectors by default.
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
    bench = Bench(unit, interface, 0, _relative(sources, target), any_nan, stall)
    target.mkdir(parents=True, exist_ok=True)
    bench = replace(bench, count=_place_vectors(unit, target / VECTORS, vectors))
    KINDS[kind](bench, target)
    return bench.count


def _place_vectors(unit: Unit, target: Path, source: str | os.PathLike[str] | None) -> int:
    """Put vectors and their manifest into the folder; how many there are."""
    if source is None:
        return write(target, unit).count
    path = f"{os.fspath(source)}.json"
    manifest = read_manifest(path)
    if unit_of(manifest, path) != unit:
        raise ValueError(f"{path} describes another unit: ask for the unit that its vectors are of")
    if Path(source).resolve() != target.resolve():
        for suffix in ("", ".json"):
            Path(f"{target}{suffix}").write_bytes(Path(f"{os.fspath(source)}{suffix}").read_bytes())
    return int(manifest["count"])


def _relative(sources: Iterable[str | os.PathLike[str]], folder: Path) -> tuple[str, ...]:
    """Paths as a Makefile in the folder sees them."""
    paths = [Path(os.path.relpath(source, folder)).as_posix() for source in sources]
    for path in paths:
        if " " in path:
            raise ValueError(f"{path!r} has a space, which make cannot read: move the file")
    return tuple(paths)
