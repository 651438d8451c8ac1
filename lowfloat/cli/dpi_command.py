"""``lowfloat dpi``: the C library and a SystemVerilog package, for simulators."""

from __future__ import annotations

import argparse

from lowfloat import vectors
from lowfloat.cli.options import Subparsers, new_parser

EXAMPLES = """\
  lowfloat dpi --out lowfloat_dpi
  make -C lowfloat_dpi

Compile lowfloat_pkg.sv with your testbench and link liblowfloat.a, or load liblowfloat.so
(-sv_lib). The functions have the names that they have in Python: multiply(a, b, float8_e4m3fn)."""


def add_parser(subparsers: Subparsers) -> None:
    """Add ``dpi``."""
    parser = new_parser(
        subparsers, "dpi", "write the C library and its SystemVerilog package", EXAMPLES, run
    )
    parser.add_argument("--out", "-o", required=True, metavar="FOLDER")


def run(arguments: argparse.Namespace) -> int:
    """Write the folder."""
    for path in vectors.write_dpi(arguments.out):
        print(path)
    return 0
