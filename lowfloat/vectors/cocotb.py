"""For cocotb tests: a scoreboard of what a unit should answer, and a coroutine that drives it.

``Scoreboard`` needs no simulator; ``drive`` runs inside one, under cocotb 1.8 or 2.
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Iterator, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from lowfloat.vectors.cases import CHUNK, Cases
from lowfloat.vectors.manifest import cases_of, read_manifest
from lowfloat.vectors.testbenches.bench import SHOWN, input_ports, nan_codes
from lowfloat.vectors.testbenches.interface import Interface
from lowfloat.vectors.units import Column, Unit
from lowfloat.vectors.writing import as_cases

#: Cycles without a result after which a unit with a handshake is given up.
PATIENCE = 10_000
#: Cycles after the last answer, in which no other may come.
SILENCE = 64


class Expectation(NamedTuple):
    """A case in flight."""

    inputs: tuple[int, ...]
    result: int
    flags: int


class Scoreboard:
    """What a unit should answer, in order, beside what it does answer.

    Parameters
    ----------
    unit : Unit
        What the unit under test should compute.
    compare_flags : bool
        Whether the unit has flags.
    any_nan : bool
        Whether any NaN will do where one is expected.

    Examples
    --------
    >>> import lowfloat as lf
    >>> from lowfloat.vectors.cocotb import Scoreboard
    >>> board = Scoreboard(lf.vectors.Unit.uniform("multiply", "float8_e4m3fn"))
    >>> board.expect(0x2A, 0x2A)
    >>> board.observe(0x1D, 0x01)
    False
    >>> board.mismatches
    ['case 1: 2A 2A => 1D 01 expected: 1C 01']
    """

    def __init__(self, unit: Unit, *, compare_flags: bool = True, any_nan: bool = False) -> None:
        self.unit = unit
        self.compare_flags, self.any_nan = compare_flags, any_nan
        #: The first mismatches, in TestFloat's words.
        self.mismatches: list[str] = []
        self.mismatch_count = self.answered = 0
        #: A vector of each answer, in TestFloat's grammar, while it is a list.
        self.answers: list[str] | None = None
        self._flight: deque[Expectation] = deque()
        self._nan = nan_codes(unit.result_format)

    @property
    def outstanding(self) -> int:
        """Cases that were expected and not yet answered."""
        return len(self._flight)

    def expect(self, *inputs: int) -> None:
        """One case goes into the unit now."""
        columns = [
            np.array([value], column.dtype)
            for value, column in zip(inputs, self.unit.inputs, strict=True)
        ]
        result, flags = self.unit.compute(columns)
        self._flight.append(Expectation(inputs, int(result[0]), int(flags[0])))

    def stimuli(self, cases: Cases | Unit) -> Iterator[tuple[int, ...]]:
        """The inputs of each case, which is expected from then on."""
        chosen = as_cases(cases)
        for first, last in chosen.chunks(0, chosen.count, CHUNK):
            columns = chosen.inputs(first, last)
            expected = (column.tolist() for column in self.unit.compute(columns))
            inputs = zip(*(column.tolist() for column in columns), strict=True)
            for row in zip(inputs, *expected, strict=True):
                self._flight.append(Expectation(*row))
                yield row[0]

    def observe(self, result: Any, flags: Any = None) -> bool:
        """One answer of the unit: whether it is what the oldest case in flight expects.

        ``result`` and ``flags`` are codes, or values of cocotb's handles, which may be X or Z.

        Raises
        ------
        AssertionError
            If no case is in flight.
        """
        if not self._flight:
            raise AssertionError(f"answer {self.answered + 1} is one that no case asked for")
        case = self._flight.popleft()
        self.answered += 1
        *_, result_column, flags_column = self.unit.columns
        got, got_text = _code(result, result_column)
        got_flags, flags_text = case.flags, _hex(case.flags, flags_column)
        if self.compare_flags:
            if flags is None:
                raise TypeError("the scoreboard compares flags: give observe() the flags too")
            got_flags_found, flags_text = _code(flags, flags_column)
            got_flags = -1 if got_flags_found is None else got_flags_found
        inputs = " ".join(map(_hex, case.inputs, self.unit.inputs))
        if self.answers is not None:
            self.answers.append(f"{inputs} {got_text} {flags_text}\n")
        if self._agrees(got, case.result) and got_flags == case.flags:
            return True
        self.mismatch_count += 1
        if len(self.mismatches) < SHOWN:
            wanted = f"{_hex(case.result, result_column)} {_hex(case.flags, flags_column)}"
            unknown = " (X or Z in the outputs)" if got is None or got_flags < 0 else ""
            self.mismatches.append(
                f"case {self.answered}: {inputs} => {got_text} {flags_text} "
                f"expected: {wanted}{unknown}"
            )
        return False

    def _agrees(self, got: int | None, expected: int) -> bool:
        return got == expected or (
            self.any_nan and got is not None and self._is_nan(got) and self._is_nan(expected)
        )

    def _is_nan(self, code: int) -> bool:
        mask, low, high = self._nan
        return low <= code & mask <= high

    def finish(self) -> None:
        """End well, or tell everything that is wrong.

        Raises
        ------
        AssertionError
            If an answer was wrong or is missing, or there was none at all.
        """
        lines = list(self.mismatches)
        if self.mismatch_count > len(lines):
            lines.append(f"and {self.mismatch_count - len(lines)} more")
        if self.mismatch_count:
            lines.append(f"{self.mismatch_count} of {self.answered} cases of {self.unit} are wrong")
        if self.outstanding:
            lines.append(f"{self.outstanding} cases have no answer")
        if not self.answered:
            lines.append("the unit was given no case")
        if lines:
            raise AssertionError("\n".join(lines))


def _hex(code: int, column: Column) -> str:
    return f"{code:0{column.hex_digits}X}"


def _code(value: Any, column: Column) -> tuple[int | None, str]:
    """A code, None if any bit is neither 0 nor 1, and its digits, X for unknown ones."""
    if isinstance(value, int):
        return value, _hex(value, column)
    bits = str(value)
    if set(bits) <= {"0", "1"}:
        return int(bits, 2), _hex(int(bits, 2), column)
    padded = bits.rjust(4 * column.hex_digits, "0")
    nibbles = (padded[i : i + 4] for i in range(0, len(padded), 4))
    return None, "".join(f"{int(n, 2):X}" if set(n) <= {"0", "1"} else "X" for n in nibbles)


def cases_from(manifest: str) -> Cases:
    """The cases that a manifest describes."""
    return cases_of(read_manifest(manifest), manifest)


async def drive(
    dut: Any,
    cases: Cases | Unit,
    interface: Interface,
    *,
    any_nan: bool = False,
    stall: int = 25,
    results: str | None = None,
) -> Scoreboard:
    """Give a unit every case and compare every answer, as a cocotb coroutine.

    Parameters
    ----------
    dut : handle
        The unit under test.
    cases : Cases or Unit
        A unit alone stands for every combination of its inputs.
    interface : Interface
        Its ports and their timing. ``drive`` makes the clock itself: inputs change after the
        falling edge, and outputs are read before the rising edge.
    any_nan, stall
        As for ``lf.vectors.write_testbench``.
    results : path, optional
        A file for what the unit answered, in TestFloat's grammar.

    Raises
    ------
    AssertionError
        If an answer is wrong, missing, or one too many; all of them are told at the end.
    """
    chosen = as_cases(cases)
    board = Scoreboard(
        chosen.unit, compare_flags=interface.flags is not None, any_nan=any_nan
    )  # fmt: skip
    if results is not None:
        board.answers = []
    for port, constant in interface.constants.items():
        getattr(dut, port).value = constant.value
    bench = _Bench(dut, board, interface)
    try:
        if interface.timing == "combinational":
            await bench.combinational(chosen)
        elif interface.timing == "pipeline":
            await bench.pipeline(chosen)
        else:
            await bench.stream(chosen, stall / 100)
    finally:
        if results is not None and board.answers is not None:
            Path(results).write_text("".join(board.answers))
    board.finish()
    return board


class _Bench:
    """A unit, its scoreboard, and the wires between them."""

    def __init__(self, dut: Any, board: Scoreboard, interface: Interface) -> None:
        self.timer = import_module("cocotb.triggers").Timer
        self.board, self.interface = board, interface
        columns = board.unit.inputs
        #: Every input port, and the number and the place of each column at it.
        self.inputs: list[tuple[Any, list[tuple[int, int]]]] = []
        for port, numbers in input_ports(board.unit, interface).items():
            places = [sum(columns[n].width for n in numbers[:k]) for k in range(len(numbers))]
            self.inputs.append((getattr(dut, port), list(zip(numbers, places, strict=True))))
        self.result = getattr(dut, interface.result)
        self.flags = getattr(dut, interface.flags) if interface.flags else None
        self.clock = getattr(dut, interface.clock) if interface.clock else None
        self.reset = getattr(dut, interface.reset) if interface.reset else None
        shake = interface.handshake
        self.shake = None if shake is None else [getattr(dut, port) for port in _wires(interface)]

    def put(self, inputs: Sequence[int]) -> None:
        for handle, columns in self.inputs:
            handle.value = sum(inputs[k] << place for k, place in columns)

    def answer(self) -> None:
        flags = None if self.flags is None else self.flags.value
        self.board.observe(self.result.value, flags)

    async def wait(self, nanoseconds: int) -> None:
        await self.timer(nanoseconds, "ns")

    async def edges(self) -> None:
        assert self.clock is not None
        await self.wait(1)
        self.clock.value = 1
        await self.wait(5)
        self.clock.value = 0

    async def start(self) -> None:
        """A clock at rest, and four cycles of reset."""
        assert self.clock is not None
        self.clock.value = 0
        self.put([0] * len(self.board.unit.inputs))
        level = self.interface.reset_level
        if self.reset is not None:
            self.reset.value = level
        for _ in range(4):
            await self.wait(4)
            await self.edges()
        if self.reset is not None:
            self.reset.value = 1 - level

    async def combinational(self, cases: Cases) -> None:
        for inputs in self.board.stimuli(cases):
            self.put(inputs)
            await self.wait(1)
            self.answer()

    async def pipeline(self, cases: Cases) -> None:
        await self.start()
        stimuli = self.board.stimuli(cases)
        for cycle in range(cases.count + self.interface.latency):
            inputs = next(stimuli, None)
            if inputs is not None:
                self.put(inputs)
            await self.wait(4)
            if cycle >= self.interface.latency:
                self.answer()
            await self.edges()

    async def stream(self, cases: Cases, stall: float) -> None:
        assert self.shake is not None
        in_valid, in_ready, out_valid, out_ready = self.shake
        in_valid.value = out_ready.value = 0
        await self.start()
        stimuli, chance = self.board.stimuli(cases), random.Random(1)
        offered, silent = False, 0
        while self.board.answered < cases.count or silent < SILENCE:
            if not offered and chance.random() >= stall:
                inputs = next(stimuli, None)
                if inputs is not None:
                    self.put(inputs)
                    offered = True
            takes = chance.random() >= stall
            in_valid.value, out_ready.value = int(offered), int(takes)
            await self.wait(4)
            ready, valid = _level(in_ready), _level(out_valid)
            silent += 1
            if valid and takes:
                self.answer()
                silent = 0
            if silent == PATIENCE:
                raise AssertionError(
                    f"no answer in {PATIENCE} cycles after {self.board.answered} of "
                    f"{cases.count} cases"
                )
            offered = offered and not ready
            await self.edges()


def _wires(interface: Interface) -> tuple[str, ...]:
    shake = interface.handshake
    assert shake is not None
    return shake.in_valid, shake.in_ready, shake.out_valid, shake.out_ready


def _level(handle: Any) -> bool:
    """A handshake output.

    Raises
    ------
    AssertionError
        If it is neither 0 nor 1.
    """
    text = str(handle.value)
    if text not in ("0", "1"):
        raise AssertionError(f"X or Z on a handshake output: {handle._name} is {text}")
    return text == "1"
