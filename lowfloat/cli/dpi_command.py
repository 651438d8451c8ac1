"""``lowfloat dpi``: the C library and a SystemVerilog package, for simulators."""

from __future__ import annotations

import argparse
from typing import Any

import lowfloat as lf
from lowfloat import vectors
from lowfloat.cli.options import Subparsers, new_parser, parsed

EXAMPLES = """\
  lowfloat dpi --out lowfloat_dpi
  make -C lowfloat_dpi
  lowfloat dpi --accumulator "hopper=nvidia_hopper('float8_e4m3fn', out='float32')" --out lowfloat_dpi

Compile lowfloat_pkg.sv with your testbench and link liblowfloat.a, or load liblowfloat.so
(-sv_lib). The functions have the names that they have in Python: multiply(a, b, float8_e4m3fn)."""


def add_parser(subparsers: Subparsers) -> None:
    """Add ``dpi``."""
    parser = new_parser(
        subparsers, "dpi", "write the C library and its SystemVerilog package", EXAMPLES, run
    )
    parser.add_argument("--accumulator", action="append", default=[], metavar="NAME=TEXT",
                        type=parsed(_accumulator), help="a constant for dot and sum: "
                        "acc=Accumulator('e6m9'), as in Python; repeat it for more")  # fmt: skip
    parser.add_argument("--out", "-o", required=True, metavar="FOLDER")


def _accumulator(text: str) -> tuple[str, Any]:
    """A name and an accumulator.

    >>> _accumulator("acc=Accumulator('e6m9')")
    ('acc', Accumulator('e6m9'))
    """
    name, equals, described = text.partition("=")
    if not equals or "(" in name:
        raise ValueError(
            f"{text!r} names no accumulator: write NAME=TEXT, such as acc=Accumulator('e6m9')"
        )
    return name, lf.accumulators.parse(described)


def run(arguments: argparse.Namespace) -> int:
    """Write the folder."""
    accumulators = dict(arguments.accumulator)
    if len(accumulators) < len(arguments.accumulator):
        raise ValueError("two accumulators have one name: give each its own")
    for path in vectors.write_dpi(arguments.out, accumulators):
        print(path)
    return 0
