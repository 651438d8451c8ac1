"""``lowfloat coverage``: which kinds of cases some vectors have met."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from lowfloat import vectors
from lowfloat.cli.options import Subparsers, new_parser
from lowfloat.vectors.coverage_report import FORMS, as_text, combined
from lowfloat.vectors.manifest import cases_of, manifest_path, unit_of

EXAMPLES = """\
  lowfloat coverage mul.tv
  lowfloat coverage dut.tv --like mul.tv.json --report mul.html
  lowfloat coverage add.tv mul.tv fma.tv --report all.html

A bin is the class of every operand, the rounding, the flags, the class of the result, the boundary it
lies on, and where the exact value lies between two results. Bins of small units are proved
reachable or unreachable by computing every case; a report says so where there is no such proof. Vectors
beside their manifest are counted by their class of cases too. Files of several units make one report."""


def add_parser(subparsers: Subparsers) -> None:
    """Add ``coverage``."""
    parser = new_parser(subparsers, "coverage", "report what test vectors cover", EXAMPLES, run)
    parser.add_argument("files", nargs="+", metavar="FILE", help="vectors of any units")
    parser.add_argument("--like", metavar="MANIFEST", help="where the files have none of their own")
    parser.add_argument("--report", metavar="FILE", help="to a file: .txt, .json or .html")


def run(arguments: argparse.Namespace) -> int:
    """Print or write the report of all files together."""
    if arguments.report is not None:
        report_form(arguments.report)
    found: dict[vectors.Unit, vectors.Coverage] = {}
    for file in arguments.files:
        path = arguments.like or manifest_path(file)
        manifest = vectors.read_manifest(path)
        unit = unit_of(manifest, path)
        coverage = found.setdefault(unit, vectors.Coverage(unit))
        cases = None if arguments.like else cases_of(manifest, path)
        at = manifest["first_case"]
        for table in vectors.tables(file, unit, manifest["grammar"]["name"]):
            results = unit.compute(table.operands)
            if cases is None or at + table.count > cases.count:
                coverage.add(table.operands, *results, names=(Path(file).name,))
            else:
                classes = cases.class_names(at, at + table.count)
                coverage.add(table.operands, *results, classes, cases.names)
            at += table.count
    write_report(arguments.report, *found.values())
    return 0


def report_form(path: str) -> Callable[[dict[str, Any]], str]:
    """The form that a report's name asks for.

    Raises
    ------
    ValueError
        If it asks for none.
    """
    suffix = Path(path).suffix
    if suffix not in FORMS:
        raise ValueError(f"{path}: a coverage report is a file in {', '.join(FORMS)}")
    return FORMS[suffix]


def write_report(
    path: str | None, *coverages: vectors.Coverage, goal: vectors.Goal | None = None
) -> None:
    """Write the report of coverages; to standard output if no path is given."""
    reports = [
        vectors.report_of(coverage, goal or vectors.goal_of(coverage.unit))
        for coverage in coverages
    ]
    report = reports[0] if len(reports) == 1 else combined(reports)
    if path is None:
        sys.stdout.write(as_text(report))
        return
    Path(path).write_text(report_form(path)(report), encoding="utf-8")
    bins = report["bins"]
    met = bins["expected"] - bins["missed"]
    print(
        f"{path}: {met:,} of {bins['expected']:,} expected bins, {100 * report['share']:.2f} %",
        file=sys.stderr,
    )
