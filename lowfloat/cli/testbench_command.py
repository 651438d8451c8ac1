"""``lowfloat testbench``: a folder that simulates a unit against its expected results."""

from __future__ import annotations

import argparse
from pathlib import Path

from lowfloat import vectors
from lowfloat.cli.options import Subparsers, natural, new_parser, parsed
from lowfloat.cli.unit_options import (
    add_cases,
    add_unit,
    cases_of_options,
    reached_of_options,
    unit_of_options,
)
from lowfloat.vectors.testbenches import KINDS, Constant, Handshake, Interface

#: Input spaces of up to so many cases are listed whole where nothing else is asked for.
MAX_UNASKED = 1 << 20

EXAMPLES = """\
  lowfloat testbench verilog multiply -f float8_e4m3fn --module fp8_mul --source fp8_mul.v --out tb
  make -C tb && make -C tb SIM=verilator

  lowfloat testbench verilog dot --terms 4 -f float8_e4m3fn --result-format float16 \\
      --accumulator "Fused('float16', terms=4, fraction_bits=14)" --count 10_000 \\
      --module fp8_dot --source fp8_dot.v --out tb

  lowfloat testbench readmemh add -f e5m2 --module fp8_add --operands x y --result z --flags fflags \\
      --clock clk --reset rst_n --latency 3 --constant rm=3\\'d0 --source fp8_add.v --out tb

The unit needs a port for each operand (a, b, c) and one for the result; flags are bits 4 to 0: invalid,
divide by zero, overflow, underflow, inexact. What the unit answered is in tb/results.tv: `make -C tb
check` decodes every mismatch."""


def add_parser(subparsers: Subparsers) -> None:
    """Add ``testbench``."""
    parser = new_parser(subparsers, "testbench", "write a self-checking testbench", EXAMPLES, run)
    parser.add_argument("kind", choices=KINDS, metavar="KIND", help=", ".join(KINDS))
    add_unit(parser)
    _add_ports(parser)
    add_cases(parser)
    parser.add_argument("--any-nan", action="store_true",
                        help="let any NaN do where one is expected")  # fmt: skip
    parser.add_argument("--stall", type=natural, default=25, metavar="PERCENT",
                        help="cycles in which either side of a handshake waits (default 25)")  # fmt: skip
    parser.add_argument("--source", action="append", default=[], metavar="FILE",
                        help="a file of the unit's; repeat it for more")  # fmt: skip
    parser.add_argument("--out", "-o", required=True, metavar="FOLDER")


def _add_ports(parser: argparse.ArgumentParser) -> None:
    """The options that describe the unit's interface."""
    ports = parser.add_argument_group("the unit under test")
    ports.add_argument("--module", required=True, metavar="NAME", help="module or entity")
    ports.add_argument(
        "--operands",
        nargs="+",
        metavar="PORT",
        help="default: a, b, c, random; of a dot its terms side by side, or one each",
    )
    ports.add_argument("--result", default="result", metavar="PORT", help="default: result")
    ports.add_argument("--flags", metavar="PORT", help="5 bits; not compared if not given")
    ports.add_argument("--clock", metavar="PORT", help="combinational if not given")
    ports.add_argument("--reset", metavar="PORT",
                       help="active low if its name ends in n, as in rst_n")  # fmt: skip
    ports.add_argument("--latency", type=natural, default=0, metavar="EDGES",
                       help="clock edges from operands to result")  # fmt: skip
    ports.add_argument("--handshake", nargs=4, metavar="PORT",
                       help="valid and ready of the inputs, valid and ready of the outputs")  # fmt: skip
    ports.add_argument("--constant", action="append", default=[], metavar="PORT=VALUE",
                       type=parsed(_constant), help="an input that stays, as in rm=3'd0")  # fmt: skip
    ports.add_argument("--parameter", action="append", default=[], metavar="NAME=INTEGER",
                       type=parsed(_parameter), help="a Verilog parameter or VHDL generic")  # fmt: skip


def _constant(text: str) -> tuple[str, Constant]:
    """A port and its value.

    >>> _constant("rm=3'd1")
    ('rm', Constant(width=3, value=1))
    """
    name, equals, value = text.partition("=")
    if not equals:
        raise ValueError(f"{text!r} gives no port a value: write PORT=VALUE, such as rm=3'd0")
    return name, Constant.parse(value)


def _parameter(text: str) -> tuple[str, int]:
    """A parameter and its value.

    >>> _parameter("EXP=4")
    ('EXP', 4)
    """
    name, _, value = text.partition("=")
    try:
        return name, int(value, 0)
    except ValueError:
        raise ValueError(f"{text!r} is no parameter: write NAME=INTEGER, such as EXP=4") from None


def run(arguments: argparse.Namespace) -> int:
    """Write the folder."""
    unit = unit_of_options(arguments)
    count = vectors.write_testbench(
        arguments.kind,
        _cases(arguments, unit),
        interface(arguments, unit),
        arguments.out,
        sources=arguments.source,
        any_nan=arguments.any_nan,
        stall=arguments.stall,
    )
    print(f"{arguments.out}: {count:,} cases of {unit}")
    for source in arguments.source:
        if not Path(source).is_file():
            print(f"  not there yet: {source}, which make will ask for")
    print(f"  run it    make -C {arguments.out}")
    return 0


def _cases(arguments: argparse.Namespace, unit: vectors.Unit) -> vectors.Cases:
    """The cases that are asked for; all of them where none are and there are few."""
    if arguments.cover is not None and not arguments.exhaustive and arguments.count is None:
        reached = reached_of_options(arguments, unit)
        if reached.share < arguments.cover:
            raise ValueError(
                f"only {100 * reached.share:.2f} % of the bins of {unit} are met: `lowfloat vectors "
                "--cover` says which are not"
            )
        return reached.cases
    chosen = arguments.exhaustive or arguments.count is not None
    if not chosen and unit.exhaustive_count <= MAX_UNASKED:
        return vectors.Cases.all_of(unit)
    return cases_of_options(arguments, unit)


def interface(arguments: argparse.Namespace, unit: vectors.Unit) -> Interface:
    """The interface that the options of ``add_parser`` describe."""
    reset = arguments.reset
    return Interface(
        arguments.module,
        tuple(arguments.operands or unit.groups),
        arguments.result,
        arguments.flags,
        arguments.clock,
        reset,
        0 if reset and reset.lower().endswith("n") else 1,
        arguments.latency,
        Handshake(*arguments.handshake) if arguments.handshake else None,
        dict(arguments.constant),
        dict(arguments.parameter),
    )
