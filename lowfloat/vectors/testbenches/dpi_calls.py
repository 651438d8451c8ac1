"""How a testbench asks ``lowfloat_pkg`` for what it expects: one call for each kind of operation."""

from __future__ import annotations

from typing import Any

import lowfloat as lf
from lowfloat.optable import OPERATIONS
from lowfloat.vectors.dpi.package import (
    accumulator_literal,
    enumerators,
    format_literal,
    projection_literal,
)
from lowfloat.vectors.rendering import render
from lowfloat.vectors.testbenches.bench import Bench, joined
from lowfloat.vectors.units import Integer, Unit


def values(bench: Bench) -> dict[str, Any]:
    """What ``fetch_dpi.sv`` asks for."""
    unit, cases = bench.unit, bench.cases
    named = [(f"FORMAT_{n}", at) for n, at in enumerate(unit.operand_formats, 1)]
    named.append(("RESULT_FORMAT", unit.result_format))
    formats = [
        f"    localparam format_t {name} = {format_literal(at)};"
        for name, at in named
        if isinstance(at, lf.Format)
    ]
    kinds = _accumulator(unit)
    numbers = range(1, len(unit.inputs) + 1)
    if cases.exhaustive:
        width = sum(column.width for column in unit.inputs)
        drawing = ""
        draws = f"{{{joined([f'operand_{n}' for n in numbers])}}} = {width}'(issued);  // all"
    else:
        drawing = render(__package__, "draw_dpi.sv", {"seed": f"64'd{cases.seed}"}).rstrip("\n")
        draws = "\n            ".join(f"operand_{n} = {_drawn(unit, n)};" for n in numbers)
    return {
        "formats": "\n".join([*formats, *kinds]),
        "projection": projection_literal(unit.projection),
        "draw": drawing,
        "draws": draws,
        "call": f"lowfloat_pkg::{call(unit)}",
    }


def _drawn(unit: Unit, number: int) -> str:
    """An operand at random: a code of a format, or uniform bits."""
    formats = unit.operand_formats
    if number <= len(formats) and isinstance(formats[number - 1], lf.Format):
        return f"draw(FORMAT_{number}, {number})"
    width = unit.inputs[number - 1].width
    return f"{width}'(philox_bits(SEED, 64, 64'(issued), 0, {number}))"


def call(unit: Unit) -> str:
    """The expression whose outcome is expected.

    Examples
    --------
    >>> import lowfloat as lf
    >>> call(lf.vectors.Unit.uniform("sqrt", "float16"))
    'sqrt(operand_1, FORMAT_1, RULE, .result_format(RESULT_FORMAT))'
    """
    name, first = unit.operation, unit.operand_formats[0]
    random = [f".random_bits(operand_{len(unit.inputs)})"] if unit.random_widths else []
    if name == "dot":
        return _dot_call(unit)
    if name == "from_integer":
        assert isinstance(first, Integer)
        arguments = [_extended(first, 1), str(int(first.signed)), "RESULT_FORMAT", "RULE"]
        return f"from_integer({joined(arguments + random)})"
    if name == "to_integer":
        kind = unit.result_format
        assert isinstance(kind, Integer)
        how = [str(kind.width), str(int(kind.signed)), str(int(unit.exact)), "RULE"]
        return f"to_integer({joined(['operand_1', 'FORMAT_1', *how, *random])})"
    if name == "convert":
        return f"cast({joined(['operand_1', 'FORMAT_1', 'RESULT_FORMAT', 'RULE', *random])})"
    if name == "scaleb":
        second = unit.operand_formats[1]
        assert isinstance(second, Integer)
        arguments = ["operand_1", _extended(second, 2), "FORMAT_1", "RULE"]
        return f"scaleb({joined([*arguments, '.result_format(RESULT_FORMAT)', *random])})"
    return _table_call(unit, random)


def _accumulator(unit: Unit) -> list[str]:
    """The constant of a unit that has an accumulator of its own."""
    if unit.accumulator is None:
        return []
    return [accumulator_literal("ACCUMULATOR", unit.accumulator).rstrip("\n")]


def _dot_call(unit: Unit) -> str:
    """A sum of products: terms side by side, and random bits in fields of one width."""
    k = unit.terms
    groups = {
        port: joined([f"operand_{n + 1}" for n in numbers[::-1]])
        for port, numbers in unit.groups.items()
    }
    arguments = [
        f"{{{groups['a']}}}", f"{{{groups['b']}}}", groups["c"], str(k), "FORMAT_1", "RESULT_FORMAT",
        "exact" if unit.accumulator is None else "ACCUMULATOR", "RULE", f"FORMAT_{k + 1}",
        f"FORMAT_{2 * k + 1}",
    ]  # fmt: skip
    if widths := unit.random_widths:
        widest = max(widths)
        fields = [f"{widest}'(operand_{n + 1})" for n in unit.groups["random"][::-1]]
        arguments += [f"{{{joined(fields)}}}", str(widest)]
    return f"dot({joined(arguments)})"


def _extended(kind: Integer, number: int) -> str:
    """An integer operand in 64 bits."""
    return f"64'($signed(operand_{number}))" if kind.signed else f"64'(operand_{number})"


def _table_call(unit: Unit, random: list[str]) -> str:
    """A call of a row of the table of operations."""
    operation = OPERATIONS[unit.operation]
    arguments = [*(f"operand_{n}" for n in range(1, operation.arity + 1)), "FORMAT_1"]
    relation = f"LF_{operation.name.removesuffix('_signaling').upper()}"
    if operation.kind == "value" or relation in enumerators("lf_relation"):
        arguments.append("RULE")
    if operation.kind == "value" and not operation.own_format:
        arguments.append(".result_format(RESULT_FORMAT)")
    arguments += [f".{'xyz'[n - 1]}_format(FORMAT_{n})" for n in range(2, operation.arity + 1)]
    return f"{operation.name}({joined(arguments + random)})"
