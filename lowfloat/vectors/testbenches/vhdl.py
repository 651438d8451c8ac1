"""The testbench in VHDL-2008: cases are read with textio."""

from __future__ import annotations

from typing import Any

from lowfloat.vectors.rendering import Template, indented, render
from lowfloat.vectors.testbenches.bench import SHOWN, Bench, joined

_SIGNALS = {
    "combinational": "",
    "pipeline": """\
    signal clk, reset : std_logic := '0';
    constant latency : natural := @{latency};  -- clock edges from operands to result""",
    "stream": """\
    signal clk, reset, in_valid, in_ready, out_valid, out_ready : std_logic := '0';
    constant stall : real := @{stall}.0 / 100.0;  -- of the cycles, in which either side waits
    constant patience : natural := 10000;  -- cycles without a result""",
}
_STREAM_VARIABLES = """\
        variable seed_1, seed_2 : positive := 1;
        variable chance : real;
        variable silent : natural := 0;
        variable taken : boolean;"""


def bench_text(bench: Bench, version: str) -> str:
    """The entity ``tb``."""
    timing = bench.interface.timing
    values = {**_values(bench), "version": version}
    clocked = timing != "combinational"
    procedures = render(__package__, "clock_procedures.vhd", values) if clocked else ""
    values |= {
        "timing_signals": Template(_SIGNALS[timing]).substitute(values),
        "timing_variables": _STREAM_VARIABLES if timing == "stream" else "",
        "timing_procedures": indented(procedures, 8),
        "drive": indented(render(__package__, f"drive_{timing}.vhd", values), 8),
    }
    return render(__package__, "bench.vhd", values)


def _values(bench: Bench) -> dict[str, Any]:
    interface, width = bench.interface, bench.result_width
    names = [f"operand_{n}" for n in range(1, len(bench.operands) + 1)]
    types = [_vector(field.width) for field in bench.operands]
    pairs = list(zip(names, types, strict=True))
    packed = {f"packed_{port}": names for port, names in bench.inputs.items() if len(names) > 1}
    for name, parts in packed.items():
        pairs.append(
            (name, _vector(sum(bench.operands[names.index(part)].width for part in parts)))
        )
    mask, low, high = (bits(width, number) for number in bench.nan_codes)
    return {
        "title": f"Drives {interface.module} and compares it with lowfloat: {bench.description}.",
        "description": bench.description,
        "count": bench.cases.count,
        "shown": SHOWN,
        "module": interface.module,
        "compare_flags": str(interface.flags is not None).lower(),
        "any_nan": str(bench.any_nan).lower(),
        "result_top": width - 1,
        "record": "\n".join(f"        {name} : {kind};" for name, kind in pairs[: len(names)]),
        "packing": "\n".join(f"    {name} <= {' & '.join(p[::-1])};" for name, p in packed.items()),
        "signals": "\n".join(f"    signal {name} : {kind};" for name, kind in pairs),
        "reads": "\n".join(f"            field(c.{name});" for name in names),
        "drives": "\n".join(f"            {name} <= c.{name};" for name in names),
        "operand_text": ' & " " & '.join(f"to_hstring(c.{name})" for name in names),
        "generics": _generics(bench),
        "connections": indented(",\n".join(_connections(bench)), 12),
        "nan_mask": mask,
        "nan_low": low,
        "nan_high": high,
        "latency": interface.latency,
        "stall": bench.stall,
        "reset_level": interface.reset_level,
    }


def _vector(width: int) -> str:
    """A type; its bound is a literal: GHDL 2 does not see that 8 - 1 is a port's 7."""
    return f"std_logic_vector({width - 1} downto 0)"


def bits(width: int, number: int) -> str:
    """A number as a bit string.

    >>> bits(3, 5)
    '"101"'
    """
    return f'"{number:0{width}b}"'


def _generics(bench: Bench) -> str:
    given = bench.interface.parameters
    if not given:
        return ""
    return f"        generic map ({joined([f'{n} => {v}' for n, v in given.items()])})"


def _connections(bench: Bench) -> list[str]:
    constants = {port: bits(c.width, c.value) for port, c in bench.interface.constants.items()}
    inputs = {
        port: names[0] if len(names) == 1 else f"packed_{port}"
        for port, names in bench.inputs.items()
    }
    return [f"{port} => {wire}" for port, wire in {**inputs, **bench.wires, **constants}.items()]
