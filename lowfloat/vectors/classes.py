"""What a class of cases is, and the list of all classes.

A class is a grid of directed choices, given by ``radices``, and a function that makes operand
codes from a place in the grid and the case's random words. Past the end of the grid it starts
again, with other random words.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

import lowfloat as lf
from lowfloat.vectors.random_words import Words
from lowfloat.vectors.units import Unit

Index = NDArray[np.int64]
#: From a unit, one digit of the grid for every radix, and the random words: operand codes.
Make = Callable[[Unit, list[Index], Words], list[Words]]

FPGEN = "IBM FPgen, Floating-Point Test-Suite for IEEE, model {}"
TESTFLOAT = "Berkeley TestFloat 3e, genCases"


class CaseClass(NamedTuple):
    """A class of cases: its name, what it exercises, where it comes from."""

    name: str
    text: str
    source: str
    #: Whether it has cases for a unit.
    applies: Callable[[Unit], bool]
    #: Sizes of the directed choices for a unit; the last one runs fastest.
    radices: Callable[[Unit], tuple[int, ...]]
    make: Make

    def size(self, unit: Unit) -> int:
        """Cases after which only the random parts are new."""
        return math.prod(self.radices(unit))

    def operands(self, unit: Unit, index: Index, words: Words) -> list[Words]:
        """Operand codes of the cases of these indices within the class."""
        digits, rest = [], index
        for radix in reversed(self.radices(unit)):
            # Division by a scalar is vectorised, divmod is not.
            quotient = rest // radix
            digits.append(rest - quotient * radix)
            rest = quotient
        return self.make(unit, digits[::-1], words)


CLASSES: dict[str, CaseClass] = {}


def case_class(
    name: str,
    text: str,
    source: str,
    applies: Callable[[Unit], bool],
    radices: Callable[[Unit], tuple[int, ...]],
) -> Callable[[Make], Make]:
    """Add the decorated function to the list of classes."""

    def add(make: Make) -> Make:
        CLASSES[name] = CaseClass(name, text, source, applies, radices, make)
        return make

    return add


def formats_of(unit: Unit) -> list[lf.Format]:
    """The formats among a unit's operands."""
    return [at for at in unit.operand_formats if isinstance(at, lf.Format)]


def has_numbers(unit: Unit) -> bool:
    """Whether every operand has a format."""
    return len(formats_of(unit)) == len(unit.operand_formats)


def on(*operations: str) -> Callable[[Unit], bool]:
    """A class for these operations."""
    return lambda unit: unit.operation in operations


def not_dot(unit: Unit) -> bool:
    """A class for operations on up to three operands."""
    return unit.operation != "dot"


def of_arity(*arities: int) -> Callable[[Unit], bool]:
    """A class for operations on that many numbers."""
    return lambda unit: has_numbers(unit) and len(unit.operand_formats) in arities


def classes_for(unit: Unit) -> tuple[CaseClass, ...]:
    """The classes that have cases for a unit: IBM's by number, then the others by name."""
    return tuple(entry for entry in in_order(CLASSES) if entry.applies(unit))


def in_order(classes: Mapping[str, CaseClass]) -> list[CaseClass]:
    """Classes in an order that does not depend on the order of imports."""
    return [classes[name] for name in sorted(classes, key=_order)]


def _order(name: str) -> tuple[int, str]:
    ibm = re.fullmatch(r"B(\d+)", name)
    return (int(ibm[1]), "") if ibm else (1000, name)
