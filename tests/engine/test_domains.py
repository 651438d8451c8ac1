"""The domain that the table of operations states is where the operation is not invalid."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable

import numpy as np
import pytest

import lowfloat as lf
from lowfloat.functions import FUNCTIONS
from lowfloat.optable import OPERATIONS

INF = math.inf
GRID = (-INF, -3.0, -2.0, -1.5, -1.0, -0.5, -0.0, 0.0, 0.5, 1.0, 1.5, 2.0, 3.0, INF)


def sums(*terms: float) -> bool:
    return not {INF, -INF} <= set(terms)


def integral(y: float) -> bool:
    return math.isinf(y) or y == int(y)


#: The sentence of the table to a predicate of the operands.
DOMAINS: dict[str, Callable[..., bool]] = {
    "everything": lambda *x: True,
    "all but opposite infinities": sums,
    "all but equal infinities": lambda x, y: sums(x, -y),
    "all but zero times infinity": lambda x, y: not math.isnan(x * y),
    "all but 0 / 0 and infinity / infinity": lambda x, y: (
        not (x == y == 0) and not (math.isinf(x) and math.isinf(y))
    ),
    "x * y not zero times infinity; the sum not of opposite infinities": lambda x, y, z: (
        not math.isnan(x * y) and sums(x * y, z)
    ),
    "y <= z": lambda x, y, z: y <= z,
    "x >= 1": lambda x: x >= 1,
    "x >= -1": lambda x: x >= -1,
    "x >= 0": lambda x: x >= 0,
    "x finite": math.isfinite,
    "-1 <= x <= 1": lambda x: -1 <= x <= 1,
    "x finite and y nonzero": lambda x, y: math.isfinite(x) and y != 0,
    "x >= 0 or infinite, or y an integer or infinite": lambda x, y: (
        x >= 0 or math.isinf(x) or integral(y)
    ),
}


def invalid(name: str) -> tuple[list[tuple[float, ...]], np.ndarray]:
    """The grid of operands, and where an operation raises invalid on it."""
    rows = list(itertools.product(GRID, repeat=OPERATIONS[name].arity))
    columns = [lf.array(list(c), "float16") for c in zip(*rows, strict=True)]
    flags = np.zeros(len(rows), np.uint8)
    FUNCTIONS[name](*columns, flags_out=flags)
    return rows, (flags & 16) != 0


@pytest.mark.parametrize("name", OPERATIONS)
def test_the_domain_is_where_nothing_is_invalid(name: str) -> None:
    inside = DOMAINS[OPERATIONS[name].domain]
    rows, raised = invalid(name)
    wrong = [row for row, flag in zip(rows, raised, strict=True) if inside(*row) == flag]
    assert wrong == []


def test_a_planted_wrong_domain_is_found() -> None:
    rows, raised = invalid("log")
    inside = DOMAINS["x >= -1"]
    assert any(inside(*row) == flag for row, flag in zip(rows, raised, strict=True))
