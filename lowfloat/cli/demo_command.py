"""``lowfloat demo``: low-precision formats on a real network, vectors for RTL, and pictures."""

from __future__ import annotations

import argparse
import importlib.util
import time
from collections.abc import Iterator
from pathlib import Path

import lowfloat as lf
from lowfloat import vectors
from lowfloat.cli import demo_network
from lowfloat.cli.demo_casting import Setting, evaluate
from lowfloat.cli.options import Subparsers, new_parser

EXAMPLES = """\
  lowfloat demo
  lowfloat demo --out /tmp/demo"""

FORMATS = ("bfloat16", "float8_e4m3fn", "float8_e5m2", "float6_e3m2fn", "float4_e2m1fn")
PICTURED = ("float8_e4m3fn", "float8_e5m2", "float6_e3m2fn", "float6_e2m3fn", "float4_e2m1fn")
SAMPLE = 512
COLUMNS = "{:<15} {:<10} {:<6} {:>8} {:>11} {:>12} {:>12}"


def add_parser(subparsers: Subparsers) -> None:
    """Add ``demo``."""
    parser = new_parser(
        subparsers, "demo", "show on real data what the library does, in under a minute",
        EXAMPLES, run,
    )  # fmt: skip
    parser.add_argument("--out", default="lowfloat-demo", metavar="DIR",
                        help="where files go (default ./lowfloat-demo)")  # fmt: skip


def run(arguments: argparse.Namespace) -> int:
    """Run the three parts."""
    demonstrate(Path(arguments.out))
    return 0


def demonstrate(folder: Path, images: int | None = None) -> None:
    """Print and write everything; fewer ``images`` make it faster."""
    start = time.perf_counter()
    folder.mkdir(parents=True, exist_ok=True)
    casting_part(images)
    print()
    vector_part(folder)
    print()
    picture_part(folder)
    print(f"\nDone in {time.perf_counter() - start:.1f} s.")


def settings() -> Iterator[Setting]:
    """Every format, unscaled and scaled, with both roundings."""
    for name in FORMATS:
        for scaled in (False, True):
            for rounding in ("nearest_even", lf.Stochastic(16)):
                yield Setting(lf.format(name), rounding, scaled)


def casting_part(images: int | None) -> None:
    """The table of formats on the network; rows appear as they are computed."""
    network = demo_network.load(images)
    weights = sum(w.size for w in network.weights.values())
    print(f"1. A CNN on {len(network.images):,} Fashion-MNIST test images, in other formats")
    print(f"   {weights:,} weights and the inputs of all 4 layers are cast, saturation finite;")
    print("   products are summed in float32. Scales are powers of two, one per tensor (amax).\n")
    print("   " + COLUMNS.format(
        "format", "rounding", "scale", "accuracy", "weight SNR", "overflows", "underflows"
    ))  # fmt: skip
    print("   " + "-" * 80, flush=True)
    reference = demo_network.accuracy(network, lambda tensor, name: tensor)
    print("   " + COLUMNS.format("float32", "", "", f"{reference:.1%}", "", "", ""), flush=True)
    for setting in settings():
        result = evaluate(network, setting)
        row = COLUMNS.format(
            setting.format.name, setting.rounding_text, "amax" if setting.scaled else "none",
            f"{result.accuracy:.1%}", f"{result.weight_snr:.1f} dB",
            f"{result.overflows:,}", f"{result.underflows:,}",
        )  # fmt: skip
        print(f"   {row}", flush=True)
    print(f"\n   Overflows and underflows: elements out of {result.elements:,} that were cast.")
    print(
        "   SNR: signal-to-noise ratio of all weights. Stochastic rounding uses 16 bits of Philox"
    )
    print("   per element; it has no bias, and more noise.")


def vector_part(folder: Path) -> None:
    """Golden vectors of an e4m3fn multiplier, and their check."""
    unit = vectors.Unit.uniform("multiply", "float8_e4m3fn")
    path = folder / "e4m3fn_multiply.tv"
    print("2. Golden vectors for the RTL of a float8_e4m3fn multiplier")
    start = time.perf_counter()
    written = vectors.write(path, unit)
    seconds = time.perf_counter() - start
    report = vectors.check(path, unit, golden_sample=SAMPLE)
    if not report.ok:
        raise RuntimeError(f"{report.mismatch_count} vectors of {path} are wrong: report this")
    print(f"   {path}: {written.count:,} vectors, every pair of operands, in {seconds:.2f} s")
    print(f"   sha256 {written.sha256}")
    print(f"   checked: {report.count:,} with the native code, {report.golden_count} of them with")
    print(f"   the golden model too: {report.mismatch_count} mismatches")
    print(f"""
   A line is "op1 op2 result flags", TestFloat's grammar. In a Verilog testbench:
     while ($fscanf(f, "%h %h %h %h", a, b, want, want_flags) == 4) begin
       #1 if (result !== want || flags !== want_flags[4:0]) errors = errors + 1;
     end
   A device's own results, in the same grammar, are explained line by line by
     lowfloat check dut.tv --like {path}.json""")


def picture_part(folder: Path) -> None:
    """Pictures of grids and errors, where matplotlib is installed."""
    print("3. Pictures")
    if importlib.util.find_spec("matplotlib") is None:
        print("   matplotlib is not installed: pip install 'lowfloat[plot]' adds the pictures.")
        return
    from lowfloat import plotting

    for name, draw in (("grids", plotting.number_line), ("errors", plotting.relative_error)):
        path = folder / f"{name}.png"
        plotting.save(path, draw, PICTURED)
        print(f"   {path}")
