"""How a unit under test looks from outside: its ports, its timing, its parameters, as data."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

#: Identifiers that Verilog and VHDL both accept.
_IDENTIFIER = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_SIZED = re.compile(r"([0-9]+)'([bdh])([0-9a-fA-F_]+)")
_BASES = {"b": 2, "d": 10, "h": 16}


@dataclass(frozen=True)
class Handshake:
    """The four signals of a valid/ready interface.

    A case passes on a rising clock edge with valid and ready both high.
    """

    in_valid: str = "in_valid"
    in_ready: str = "in_ready"
    out_valid: str = "out_valid"
    out_ready: str = "out_ready"


@dataclass(frozen=True)
class Constant:
    """An input that keeps one value, such as a rounding mode: ``3'd1`` in Verilog's notation."""

    width: int
    value: int

    @classmethod
    def parse(cls, text: str) -> Constant:
        """The constant that a sized literal names.

        Raises
        ------
        ValueError
            If the text is no sized literal or its value does not fit.

        Examples
        --------
        >>> Constant.parse("3'd1")
        Constant(width=3, value=1)
        """
        match = _SIZED.fullmatch(text)
        if match is None:
            raise ValueError(f"{text!r} is no sized constant: write WIDTH'dVALUE, such as 3'd1")
        width, value = int(match[1]), int(match[3].replace("_", ""), _BASES[match[2]])
        if width == 0 or value >> width:
            raise ValueError(f"{text!r}: {value} does not fit in {width} bits")
        return cls(width, value)


@dataclass(frozen=True)
class Interface:
    """The ports of a unit: what a testbench connects to, and when it looks.

    Without a clock the unit is combinational. With a clock and a ``handshake`` results come
    whenever the unit is ready, in the order of their cases; with a clock alone each comes
    ``latency`` clock edges after its operands, and a new case starts on every edge.

    Raises
    ------
    ValueError
        If a name is no identifier or stands for two ports, or the timing contradicts itself.

    Examples
    --------
    >>> Interface("fp8_mul", operands=("x", "y"), result="z", clock="clk", latency=2).latency
    2
    """

    module: str
    #: One port per input column, in order; of a dot also a, b, c (and the random bits), the codes of
    #: a port side by side and term 0 in its lowest bits.
    operands: tuple[str, ...]
    result: str = "result"
    #: Five bits: invalid, divide by zero, overflow, underflow, inexact from the top; None: no port.
    flags: str | None = None
    clock: str | None = None
    reset: str | None = None
    #: The level that resets: 0 for ``rst_n``.
    reset_level: int = 1
    #: Rising clock edges from operands to result.
    latency: int = 0
    handshake: Handshake | None = None
    #: Inputs that keep one value.
    constants: Mapping[str, Constant] = field(default_factory=dict)
    #: Verilog parameters or VHDL generics, integers.
    parameters: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in (self.module, *self.parameters, *self.ports):
            if not _IDENTIFIER.fullmatch(name):
                raise ValueError(
                    f"{name!r} is no name of a port: use letters, digits and underscores"
                )
        twice = {name for name in self.ports if self.ports.count(name) > 1}
        if twice:
            raise ValueError(f"two ports are called {min(twice)}: give each its own name")
        if self.latency < 0 or self.latency > 1000:
            raise ValueError(f"a latency of {self.latency} edges is outside 0 to 1000")
        if self.reset_level not in (0, 1):
            raise ValueError(f"reset_level is 0 or 1, not {self.reset_level!r}")
        if self.clock is None and (self.latency or self.reset or self.handshake):
            raise ValueError("a latency, a reset or a handshake needs a clock: name its port")
        if self.handshake and self.latency:
            raise ValueError("a unit has a latency or a handshake: leave one of them out")

    @property
    def ports(self) -> tuple[str, ...]:
        """The names of all ports."""
        shake = self.handshake
        wires = (shake.in_valid, shake.in_ready, shake.out_valid, shake.out_ready) if shake else ()
        single = (self.result, self.flags, self.clock, self.reset, *wires)
        return (*self.operands, *(name for name in single if name), *self.constants)

    @property
    def timing(self) -> str:
        """``combinational``, ``pipeline`` or ``stream``."""
        if self.clock is None:
            return "combinational"
        return "stream" if self.handshake else "pipeline"
