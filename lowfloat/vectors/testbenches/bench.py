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
        arity = len(self.operands)
        if len(self.interface.operands) != arity:
            raise ValueError(
                f"{self.unit.operation} has {arity} inputs and the interface names "
                f"{len(self.interface.operands)} ports for them"
            )
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
    def wires(self) -> dict[str, str]:
        """The testbench's own name for the wire at each port, constants left out."""
        interface = self.interface
        wires = {port: f"operand_{n}" for n, port in enumerate(interface.operands, 1)}
        shake = interface.handshake
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
