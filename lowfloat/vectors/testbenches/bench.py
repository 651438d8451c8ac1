"""What a testbench is of: cases of a unit, and its interface; what all languages need of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import lowfloat as lf
from lowfloat.vectors.cases import Cases
from lowfloat.vectors.testbenches.interface import Handshake, Interface
from lowfloat.vectors.units import Column, Port, Unit

#: Mismatches that a testbench prints; it counts the rest.
SHOWN = 10


@dataclass(frozen=True)
class Bench:
    """Everything that a testbench is rendered from."""

    cases: Cases
    interface: Interface
    #: Files of the unit under test, as paths from the testbench's folder.
    sources: tuple[str, ...] = ()
    #: Whether any NaN will do where one is expected.
    any_nan: bool = False
    #: Percent of the cycles in which either side of a handshake waits.
    stall: int = 25

    def __post_init__(self) -> None:
        input_ports(self.unit, self.interface)
        if not 0 <= self.stall < 100:
            raise ValueError(f"a stall of {self.stall} percent is outside 0 to 99")

    @property
    def unit(self) -> Unit:
        """What the unit under test should compute."""
        return self.cases.unit

    @property
    def operands(self) -> tuple[Column, ...]:
        """The columns of a vector that go into the unit."""
        return self.unit.inputs

    @property
    def result_width(self) -> int:
        """Bits of the result."""
        return self.unit.result_format.width

    @property
    def inputs(self) -> dict[str, list[str]]:
        """The testbench's own names for what is at each input port, the lowest bits first."""
        return {
            port: [f"operand_{k + 1}" for k in columns]
            for port, columns in input_ports(self.unit, self.interface).items()
        }

    @property
    def wires(self) -> dict[str, str]:
        """The testbench's own name for the wire at each other port, constants left out."""
        interface, shake = self.interface, self.interface.handshake
        wires: dict[str, str] = {}
        if shake:
            wires |= {getattr(shake, wire): wire for wire in Handshake.__dataclass_fields__}
        single = {"result": interface.result, "flags": interface.flags, "clk": interface.clock}
        single["reset"] = interface.reset
        return wires | {port: wire for wire, port in single.items() if port}

    @property
    def description(self) -> str:
        """The unit in one line."""
        return str(self.unit)

    @property
    def nan_codes(self) -> tuple[int, int, int]:
        """A mask and two bounds: codes are NaN that lie between the bounds under the mask."""
        return nan_codes(self.unit.result_format)


def input_ports(unit: Unit, interface: Interface) -> dict[str, tuple[int, ...]]:
    """The columns at each input port: one at each, or those of the unit's groups side by side.

    Raises
    ------
    ValueError
        If there are as many ports as neither columns nor groups.

    Examples
    --------
    >>> import lowfloat as lf
    >>> unit = lf.vectors.Unit.dot(2, "float8_e5m2", "float16")
    >>> input_ports(unit, Interface("dot2", operands=("x", "y", "z")))
    {'x': (0, 1), 'y': (2, 3), 'z': (4,)}
    """
    ports, groups = interface.operands, unit.groups
    if len(ports) == len(unit.inputs):
        return {port: (k,) for k, port in enumerate(ports)}
    if len(ports) == len(groups):
        return dict(zip(ports, groups.values(), strict=True))
    packed = f", or {len(groups)} with terms side by side ({joined(list(groups))}),"
    raise ValueError(
        f"{unit.operation} has {len(unit.inputs)} inputs "
        f"({joined([column.name for column in unit.inputs])})"
        f"{packed if len(groups) < len(unit.inputs) else ''} and the interface names {len(ports)} "
        "ports for them"
    )


def nan_codes(fmt: Port) -> tuple[int, int, int]:
    """Mask, lowest and highest of the NaN codes of a format; lowest above highest if none.

    Examples
    --------
    >>> import lowfloat as lf
    >>> [hex(n) for n in nan_codes(lf.float16)]
    ['0x7fff', '0x7c01', '0x7fff']
    """
    if not isinstance(fmt, lf.Format):
        return (1 << fmt.width) - 1, 1, 0
    magnitude = (1 << (fmt.width - fmt.signed)) - 1
    sign = (1 << fmt.width) - 1 - magnitude
    infinity = magnitude - ((1 << fmt.mantissa_bits) - 1)
    return {
        "none": (magnitude, 1, 0),
        "ieee": (magnitude, infinity + 1, magnitude),
        "all_ones": (magnitude, magnitude, magnitude),
        "negative_zero": (magnitude | sign, sign, sign),
        "top": (magnitude, magnitude, magnitude),
    }[fmt.nan]


def joined(parts: Sequence[str]) -> str:
    """Names as a list of arguments."""
    return ", ".join(parts)
