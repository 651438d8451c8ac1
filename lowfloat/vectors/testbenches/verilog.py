"""Testbenches in Verilog: one frame, three ways to drive a unit, three ways to get the cases."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lowfloat.vectors.rendering import indented, render
from lowfloat.vectors.testbenches.bench import SHOWN, Bench, joined
from lowfloat.vectors.testbenches.interface import Constant


def bench_text(bench: Bench, fetch: str, values: dict[str, Any]) -> str:
    """The module ``tb`` with a way to get cases: ``fetch_fscanf.v`` or another template."""
    filled = {**frame_values(bench), **values}
    filled["fetch"] = render(__package__, fetch, filled).rstrip("\n")
    filled["drive"] = render(__package__, f"drive_{bench.interface.timing}.v", filled).rstrip("\n")
    return render(__package__, "bench.v", filled)


def frame_values(bench: Bench) -> dict[str, Any]:
    """What the frame and the pieces of it ask for."""
    width, numbers = bench.result_width, range(1, len(bench.operands) + 1)
    operands = [f"operand_{n}" for n in numbers]
    mask, low, high = (literal(width, number) for number in bench.nan_codes)
    widths = [field.width for field in bench.operands]
    interface = bench.interface
    return {
        "title": f"Drives {interface.module} and compares it with lowfloat: {bench.description}.",
        "description": bench.description,
        "count": bench.cases.count,
        "shown": SHOWN,
        "module": interface.module,
        "parameters": _parameters(bench),
        "declarations": _registers("operand", widths),
        "flight_declarations": _registers("flown", widths),
        "read_declarations": _registers("read", widths),
        "connections": indented(",\n".join(_connections(bench)), 8),
        "result_width": width,
        "case_width": sum(widths) + width + 5,
        "case_format": " ".join(["%h"] * len(operands)),
        "operands": joined(operands),
        "flown": joined([f"flown_{n}" for n in numbers]),
        "read": joined([f"read_{n}" for n in numbers]),
        "fields": len(operands) + 2,
        "compare_flags": int(interface.flags is not None),
        "any_nan": int(bench.any_nan),
        "nan_mask": mask,
        "nan_low": low,
        "nan_high": high,
        "latency": interface.latency,
        "stall": bench.stall,
        "reset_active": f"1'b{interface.reset_level}",
    }


def _registers(name: str, widths: Sequence[int]) -> str:
    return "\n".join(f"    reg [{w}-1:0] {name}_{n};" for n, w in enumerate(widths, 1))


def literal(width: int, number: int) -> str:
    """A sized number.

    >>> literal(8, 127)
    "8'h7F"
    """
    return f"{width}'h{number:0{(width + 3) // 4}X}"


def constant_text(constant: Constant) -> str:
    """A constant input as a sized number."""
    return literal(constant.width, constant.value)


def word_values(bench: Bench) -> dict[str, Any]:
    """How a word of ``$readmemh`` falls apart: fields of whole digits, the first on top."""
    names = [f"operand_{n}" for n in range(1, len(bench.operands) + 1)]
    names += ["expected", "expected_flags"]
    columns = bench.unit.columns
    position = total = 4 * sum(field.hex_digits for field in columns)
    lines = []
    for name, field in zip(names, columns, strict=True):
        position -= 4 * field.hex_digits
        lines.append(f"            {name} = word[{position}+:{field.width}];")
    return {"word_width": total, "unpack": "\n".join(lines)}


def _parameters(bench: Bench) -> str:
    given = bench.interface.parameters
    if not given:
        return ""
    return " #(" + joined([f".{name}({value})" for name, value in given.items()]) + ")"


def _connections(bench: Bench) -> list[str]:
    inputs = {
        port: names[0] if len(names) == 1 else f"{{{joined(names[::-1])}}}"
        for port, names in bench.inputs.items()
    }
    constants = {port: constant_text(c) for port, c in bench.interface.constants.items()}
    return [f".{port}({wire})" for port, wire in {**inputs, **bench.wires, **constants}.items()]
