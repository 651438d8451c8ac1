"""Shrinking a failing case to the simplest one, with the device in the loop."""

from __future__ import annotations

import io
import shlex
import subprocess
from collections.abc import Callable, Sequence

import numpy as np

import lowfloat as lf
from lowfloat.vectors.checking import Mismatch, check, complexity
from lowfloat.vectors.grammars import GRAMMARS
from lowfloat.vectors.grammars.streams import Stream
from lowfloat.vectors.table import Table
from lowfloat.vectors.units import Codes, Flags, Port, Unit

#: From input columns to results and flags.
Device = Callable[[Sequence[Codes]], tuple[Codes, Flags]]
#: Rounds of a search; each makes the case simpler, so there are few.
MAX_ROUNDS = 200


def device_of(command: str, unit: Unit) -> Device:
    """A program as a device.

    It reads lines of inputs in TestFloat's grammar, ``op1 [op2 [op3]]``, until its standard input
    ends, and writes each of them with its result and flags.

    Raises
    ------
    RuntimeError
        When it fails or answers another number of lines.
    """

    def run(inputs: Sequence[Codes]) -> tuple[Codes, Flags]:
        rows = zip(*(column.tolist() for column in inputs), strict=True)
        digits = [column.hex_digits for column in unit.inputs]
        lines = [
            " ".join(f"{code:0{d}X}" for code, d in zip(row, digits, strict=True)) for row in rows
        ]
        done = subprocess.run(
            shlex.split(command), input="".join(f"{line}\n" for line in lines).encode(),
            stdout=subprocess.PIPE, check=False,
        )  # fmt: skip
        if done.returncode:
            raise RuntimeError(f"{command} ended with exit code {done.returncode}")
        stream = Stream(f"<{command}>", io.BytesIO(done.stdout))
        tables = list(GRAMMARS["testfloat"].tables(unit, stream))
        found = sum(table.count for table in tables)
        if found != len(lines):
            raise RuntimeError(f"{command} answered {found} of {len(lines)} lines")
        table = Table.joined(tables)
        if any((a != b).any() for a, b in zip(table.operands, inputs, strict=True)):
            raise RuntimeError(f"{command} answered other inputs than those that it was given")
        return table.results, table.flags

    return run


def minimize(
    unit: Unit, device: Device, inputs: Sequence[int], compare: Sequence[str] = ()
) -> Mismatch:
    """The simplest failing case that small changes lead to.

    Parameters
    ----------
    unit : Unit
        What the device should compute.
    device : callable
        From columns of inputs to columns of results and flags.
    inputs : sequence of int
        A case in which it fails.
    compare : sequence of str
        As for ``check``.

    Raises
    ------
    ValueError
        If the device is right in this case.

    Examples
    --------
    >>> import lowfloat as lf
    >>> unit = lf.vectors.Unit.uniform("multiply", "float8_e4m3fn")
    >>> wrong = lf.vectors.Unit.uniform("multiply", "float8_e4m3fn", projection=lf.Projection("RNA"))
    >>> [hex(code) for code in minimize(unit, wrong.compute, (0x3A, 0x3A)).operands]
    ['0x2', '0x3a']

    Source: Zeller and Hildebrandt, Simplifying and isolating failure-inducing input, 2002.
    """
    best = _simplest(unit, device, [tuple(inputs)], compare)
    if best is None:
        raise ValueError("the device is right in this case: there is nothing to shrink")
    for _ in range(MAX_ROUNDS):
        weight = _weight(best.operands, unit)
        simpler = [c for c in candidates(unit, best.operands) if _weight(c, unit) < weight]
        found = _simplest(unit, device, simpler, compare) if simpler else None
        if found is None:
            break
        best = found
    return best


def _columns(unit: Unit, cases: Sequence[tuple[int, ...]]) -> list[Codes]:
    return [
        np.array([case[k] for case in cases], column.dtype) for k, column in enumerate(unit.inputs)
    ]


def _weight(case: Sequence[int], unit: Unit) -> int:
    return int(complexity(_columns(unit, [tuple(case)]))[0])


def _simplest(
    unit: Unit, device: Device, cases: Sequence[tuple[int, ...]], compare: Sequence[str]
) -> Mismatch | None:
    inputs = _columns(unit, cases)
    table = Table(tuple(inputs), *device(inputs))
    return check([table], unit, compare=compare, golden_sample=0, limit=0).simplest


def candidates(unit: Unit, case: Sequence[int]) -> list[tuple[int, ...]]:
    """Cases that differ from one in a single operand, which may be simpler."""
    ports: list[Port | None] = [*unit.operand_formats, None]
    found: dict[tuple[int, ...], None] = {}
    for k, code in enumerate(case):
        width = unit.inputs[k].width
        new = [code & ~(1 << bit) for bit in range(width)]
        new += [code ^ 1 << bit for bit in range(width)]
        at = ports[k] if k < len(unit.operand_formats) else None
        if isinstance(at, lf.Format):
            new += [at.min_normal_code, at.max_finite_code, at.min_positive_code, 0]
            m = at.mantissa_bits
            field = code & ~((1 << m) - 1)
            new += [field, field | 1 << max(m - 1, 0)]
        for other in new:
            if other != code:
                found[(*case[:k], other & (1 << width) - 1, *case[k + 1 :])] = None
    return list(found)
