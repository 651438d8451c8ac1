"""``lowfloat vectors``: inputs and expected results of an RTL unit, in many grammars."""

from __future__ import annotations

import argparse
import sys
import time

from lowfloat import vectors
from lowfloat.cli.coverage_command import report_form, write_report
from lowfloat.cli.options import Subparsers, natural, new_parser, parsed
from lowfloat.cli.progress import ProgressLine
from lowfloat.cli.text import aligned
from lowfloat.cli.unit_options import (
    add_cases,
    add_unit,
    cases_of_options,
    reached_of_options,
    unit_of_options,
)

EXAMPLES = """\
  lowfloat vectors multiply --format float8_e4m3fn --exhaustive --out mul.tv
  lowfloat vectors fma -f float16 --count 10_000_000 --seed 1 --jobs 2 --out fma.tv.gz
  lowfloat vectors add -f float16 --count 100_000 --classes B10,B12,near_tie --out add.hex
  lowfloat vectors convert -f float32 --result-format e4m3fn --stochastic 16 --count 1000 --out -
  lowfloat vectors dot --terms 2 -f e5m2 --result-format float16 --accumulator "fpnew_sdotp('float16')" \\
      --count 100_000 --out dot.tv
  lowfloat vectors divide -f e5m2 --cover 100 --coverage div.html --out div.tv
  lowfloat vectors divide -f bfloat16 --list

A line is "a [b [c]] result flags" in hexadecimal, TestFloat's grammar, or what --grammar or the
file's name says (.hex, .bin, .csv, .jsonl, .fptest, .input, .npz; .gz and .zst compress). Flags are
01 inexact, 02 underflow, 04 overflow, 08 divide by zero, 10 invalid. FILE.json beside it says the
rest. A run that was killed goes on when it is started again."""

#: Missed bins that are printed; a report has all.
MISSED = 20


def add_parser(subparsers: Subparsers) -> None:
    """Add ``vectors``."""
    parser = new_parser(subparsers, "vectors", "write test vectors of an operation", EXAMPLES, run)
    add_unit(parser)
    add_cases(parser)
    parser.add_argument("--list", action="store_true", help="print the classes of this operation")
    output = parser.add_argument_group("output")
    output.add_argument("--out", "-o", metavar="FILE", help="- is standard output")
    output.add_argument("--grammar", choices=vectors.GRAMMARS, metavar="G",
                        help=", ".join(vectors.GRAMMARS))  # fmt: skip
    output.add_argument("--coverage", metavar="FILE", dest="report",
                        help="write a coverage report of all cases: .txt, .json or .html")  # fmt: skip
    output.add_argument("--shard", type=parsed(_shard), default=(1, 1), metavar="I/N",
                        help="only the I-th of N consecutive shares")  # fmt: skip
    output.add_argument("--jobs", "-j", type=natural, default=1, metavar="N",
                        help="processes on this machine")  # fmt: skip
    output.add_argument("--scheduler", metavar="ADDRESS", help="compute on a Dask cluster instead")


def _shard(text: str) -> tuple[int, int]:
    """A shard as I/N.

    >>> _shard("2/4")
    (2, 4)
    """
    index, slash, shards = text.partition("/")
    if not (slash and index.isdigit() and shards.isdigit()):
        raise ValueError(f"{text!r} is no shard: write I/N, as in 2/4")
    return int(index), int(shards)


def run(arguments: argparse.Namespace) -> int:
    """Write the vectors; say so on stderr where they go to stdout."""
    unit = unit_of_options(arguments)
    if arguments.list:
        _print_classes(unit)
        return 0
    if arguments.out is None and arguments.report is None:
        raise ValueError("where to? give --out FILE, or --out - for standard output")
    if arguments.report is not None:
        report_form(arguments.report)
    cases = _cases(arguments, unit)
    if arguments.out is None:
        return 0
    start = time.perf_counter()
    keywords = {
        "shard": arguments.shard, "jobs": arguments.jobs, "scheduler": arguments.scheduler,
        "progress": ProgressLine(),
    }  # fmt: skip
    if arguments.out == "-":
        grammar = arguments.grammar or "testfloat"
        written = vectors.write_to(sys.stdout.buffer, cases, grammar=grammar, **keywords)
        sys.stdout.buffer.flush()
        print(f"{written.count:,} vectors, sha256 {written.sha256}", file=sys.stderr)
        return 0
    written = vectors.write(arguments.out, cases, grammar=arguments.grammar, **keywords)
    seconds = time.perf_counter() - start
    print(f"{arguments.out}: {written.count:,} vectors of {unit} in {seconds:.2f} s")
    if written.resumed:
        print(f"  resumed   {written.resumed:,} were there from a run that had stopped")
    print(f"  sha256    {written.sha256}")
    print(f"  manifest  {arguments.out}.json")
    return 0


def _cases(arguments: argparse.Namespace, unit: vectors.Unit) -> vectors.Cases:
    """The cases, with the coverage report if one is asked for.

    Raises
    ------
    RuntimeError
        If ``--cover`` asks for more than is met; the report is written all the same.
    """
    if arguments.cover is None or arguments.exhaustive or arguments.count is not None:
        if arguments.cover is not None:
            raise ValueError(
                "--cover finds the number of cases: leave out --count and --exhaustive"
            )
        cases = cases_of_options(arguments, unit)
        if arguments.report is not None:
            write_report(arguments.report, vectors.Coverage(unit).collect(cases))
        return cases
    reached = reached_of_options(arguments, unit)
    if arguments.report is not None:
        write_report(arguments.report, reached.coverage, goal=reached.goal)
    if reached.share < arguments.cover:
        for number in reached.missed[:MISSED]:
            bin_ = reached.coverage.name(number)
            print("missed " + ", ".join(f"{k} {v}" for k, v in bin_.items()), file=sys.stderr)
        raise RuntimeError(
            f"{reached.cases.count:,} cases meet {100 * reached.share:.2f} % of the "
            f"{len(reached.goal.bins):,} expected bins and more cases meet no more, "
            f"{len(reached.missed):,} are missed ({reached.goal.proof}): ask for less, or for a count"
        )
    return reached.cases


def _print_classes(unit: vectors.Unit) -> None:
    rows = [(c.name, f"{c.size(unit):,}", c.text) for c in vectors.classes_for(unit)]
    print("\n".join(aligned([("class", "directed cases", ""), *rows], right=[1])))
