"""``lowfloat vectors``: expected results of an RTL unit, one case per line."""

from __future__ import annotations

import argparse
import sys
import time

from lowfloat import vectors
from lowfloat.cli.options import (
    Subparsers,
    add_projection,
    format_argument,
    new_parser,
    projection_of,
)

EXAMPLES = """\
  lowfloat vectors multiply --format float8_e4m3fn --exhaustive --out mul.tv
  lowfloat vectors add --format e5m2 --result-format float16 --exhaustive --out add.tv
  lowfloat vectors multiply -f e4m3fn --rounding RTZ --saturation finite --exhaustive --out - | head

A line is "op1 op2 result flags" in hexadecimal, TestFloat's grammar; flags are 01 inexact,
02 underflow, 04 overflow, 08 divide by zero, 10 invalid. FILE.json beside it says the rest."""


def add_parser(subparsers: Subparsers) -> None:
    """Add ``vectors``."""
    parser = new_parser(subparsers, "vectors", "write test vectors of an operation", EXAMPLES, run)
    add_unit(parser)
    parser.add_argument(
        "--exhaustive", action="store_true", help="every combination of operands, up to 8 bits each"
    )
    parser.add_argument("--out", "-o", required=True, metavar="FILE", help="- is standard output")


def add_unit(parser: argparse.ArgumentParser) -> None:
    """The arguments that describe a unit under test."""
    parser.add_argument("operation", choices=vectors.VECTOR_OPERATIONS, metavar="OP",
                        help=", ".join(vectors.VECTOR_OPERATIONS))  # fmt: skip
    parser.add_argument("--format", "-f", required=True, type=format_argument, metavar="F",
                        help="of the operands")  # fmt: skip
    parser.add_argument("--result-format", type=format_argument, metavar="R",
                        help="of the result; the operands' by default")  # fmt: skip
    add_projection(parser)


def run(arguments: argparse.Namespace) -> int:
    """Write the vectors; say so on stderr where they go to stdout."""
    if not arguments.exhaustive:
        raise ValueError("which cases? exhaustive ones are what there is so far: add --exhaustive")
    unit = vectors.Unit.uniform(
        arguments.operation, arguments.format, arguments.result_format, projection_of(arguments)
    )
    start = time.perf_counter()
    if arguments.out == "-":
        written = vectors.write_to(sys.stdout.buffer, unit)
        sys.stdout.buffer.flush()
        print(f"{written.count:,} vectors, sha256 {written.sha256}", file=sys.stderr)
        return 0
    written = vectors.write(arguments.out, unit)
    seconds = time.perf_counter() - start
    print(f"{arguments.out}: {written.count:,} vectors of {describe(unit)} in {seconds:.2f} s")
    print(f"  sha256    {written.sha256}")
    print(f"  manifest  {arguments.out}.json")
    return 0


def describe(unit: vectors.Unit) -> str:
    """A unit in one line."""
    formats = " x ".join(fmt.name for fmt in unit.operand_formats)
    rule = unit.projection
    return (
        f"{unit.operation}, {formats} -> {unit.result_format}, "
        f"{rule.rounding}, saturation {rule.saturation}"
    )
