"""The operations on codes, as data: functions, operators and vectors are made from this table."""

from __future__ import annotations

from typing import NamedTuple


class Operation(NamedTuple):
    """One operation: its name everywhere, its arity, and what it computes."""

    name: str
    arity: int
    formula: str
    exceptions: str
    rule: str


OPERATIONS: dict[str, Operation] = {
    op.name: op
    for op in (
        Operation("add", 2, "x + y", "opposite infinities are invalid", "A-2"),
        Operation("subtract", 2, "x - y", "equal infinities are invalid", "A-3"),
        Operation("multiply", 2, "x * y", "zero times infinity is invalid", "A-4"),
        Operation(
            "fma",
            3,
            "x * y + z",
            "zero times infinity, and opposite infinities added, are invalid",
            "A-5",
        ),
    )
}
