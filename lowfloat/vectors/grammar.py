"""The line grammar of TestFloat: ``op1 [op2 [op3]] result flags`` in fixed-width hexadecimal.

Upper-case digits, zero-padded to the format's width, single spaces, one LF after every line and
nothing else: every line of a file has the same length.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lowfloat.vectors.cases import Unit

HEX = np.frombuffer(b"0123456789ABCDEF", np.uint8)
#: The value of a hexadecimal digit by its character code, 255 for other characters.
HEX_VALUE = np.full(256, 255, np.uint8)
HEX_VALUE[HEX] = np.arange(16)
HEX_VALUE[np.frombuffer(b"abcdef", np.uint8)] = np.arange(10, 16)

SPACE, LF = 0x20, 0x0A
FLAG_BITS = 5


class Field(NamedTuple):
    """One column of the file."""

    name: str
    #: Bits of its values.
    width: int
    #: Hexadecimal digits on every line.
    digits: int
    #: Index of its first character in the line.
    start: int


def fields(unit: Unit) -> tuple[Field, ...]:
    """The columns of a unit's vectors: operands, result, flags (two digits)."""
    widths = [(f"operand {i + 1}", fmt.width) for i, fmt in enumerate(unit.operand_formats)]
    widths += [("result", unit.result_format.width), ("flags", FLAG_BITS)]
    found, start = [], 0
    for name, width in widths:
        digits = (width + 3) // 4
        found.append(Field(name, width, digits, start))
        start += digits + 1
    return tuple(found)


def line_length(unit: Unit) -> int:
    """Bytes of a line, its LF included."""
    last = fields(unit)[-1]
    return last.start + last.digits + 1


def format_lines(unit: Unit, columns: Sequence[NDArray[Any]]) -> bytes:
    """The lines of columns of codes: operands, results, flags.

    Examples
    --------
    >>> import numpy as np, lowfloat as lf
    >>> unit = lf.vectors.Unit.uniform("multiply", "float8_e4m3fn")
    >>> format_lines(unit, [np.array([c], np.uint8) for c in (0x38, 0x7E, 0x7E, 0)])
    b'38 7E 7E 00\\n'
    """
    page = np.full((len(columns[0]), line_length(unit)), SPACE, np.uint8)
    for field, codes in zip(fields(unit), columns, strict=True):
        for position in range(field.digits):
            shift = codes.dtype.type(4 * (field.digits - 1 - position))
            page[:, field.start + position] = HEX[codes >> shift & codes.dtype.type(15)]
    page[:, -1] = LF
    return page.tobytes()
