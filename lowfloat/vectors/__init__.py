"""Test vectors for RTL units: inputs, the expected result and the expected flags.

A ``Unit`` says what the hardware computes, ``Cases`` which inputs it gets, and a grammar how they
stand in a file. A manifest beside the file says what the columns mean and which file it describes.
"""

from lowfloat.vectors.cases import Cases
from lowfloat.vectors.checking import Mismatch, Report, check
from lowfloat.vectors.classes import CLASSES, classes_for
from lowfloat.vectors.closing import Goal, Reached, goal_of, reach_coverage
from lowfloat.vectors.coverage import Coverage
from lowfloat.vectors.coverage_report import report_of
from lowfloat.vectors.dpi import write_dpi
from lowfloat.vectors.errors import VectorFileError
from lowfloat.vectors.explaining import Explanation, explain
from lowfloat.vectors.grammars import GRAMMARS, grammar_of
from lowfloat.vectors.manifest import cases_of, manifest_path, read_manifest, unit_of
from lowfloat.vectors.minimizing import minimize
from lowfloat.vectors.reading import read, tables
from lowfloat.vectors.table import Table
from lowfloat.vectors.testbenches import Constant, Handshake, Interface, write_testbench
from lowfloat.vectors.tracing import trace
from lowfloat.vectors.units import VECTOR_OPERATIONS, Column, Integer, Unit, port
from lowfloat.vectors.writing import Written, write, write_to

__all__ = [
    "CLASSES",
    "GRAMMARS",
    "VECTOR_OPERATIONS",
    "Cases",
    "Column",
    "Constant",
    "Coverage",
    "Explanation",
    "Goal",
    "Handshake",
    "Integer",
    "Interface",
    "Mismatch",
    "Reached",
    "Report",
    "Table",
    "Unit",
    "VectorFileError",
    "Written",
    "cases_of",
    "check",
    "classes_for",
    "explain",
    "goal_of",
    "grammar_of",
    "manifest_path",
    "minimize",
    "port",
    "reach_coverage",
    "read",
    "read_manifest",
    "report_of",
    "tables",
    "trace",
    "unit_of",
    "write",
    "write_dpi",
    "write_testbench",
    "write_to",
]
