"""Reading vectors: strict about the grammar, exact about where a file breaks it."""

from __future__ import annotations

import mmap
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lowfloat.vectors.cases import Unit
from lowfloat.vectors.grammar import HEX_VALUE, LF, SPACE, Field, fields, line_length

Codes = NDArray[Any]
DIGITS = frozenset(b"0123456789ABCDEFabcdef")


class VectorFileError(ValueError):
    """A vector file breaks the grammar; the message and the attributes say where, from 1 on."""

    def __init__(self, path: str | os.PathLike[str], line: int, column: int, message: str) -> None:
        super().__init__(f"{path}, line {line}, column {column}: {message}")
        self.path, self.line, self.column = path, line, column


@dataclass(frozen=True)
class Table:
    """The columns of a vector file."""

    operands: tuple[Codes, ...]
    results: Codes
    flags: NDArray[np.uint8]

    @property
    def count(self) -> int:
        """The number of vectors."""
        return len(self.flags)


def read(path: str | os.PathLike[str], unit: Unit) -> Table:
    """The vectors of a file, as columns of codes.

    Lower-case digits are read too; anything else that the grammar does not have is an error.

    Raises
    ------
    VectorFileError
        If the file is empty, truncated, or has a malformed line.
    """
    if os.path.getsize(path) == 0:
        raise VectorFileError(path, 1, 1, "the file is empty: write the vectors again")
    with (
        Path(path).open("rb") as stream,
        mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as data,
    ):
        columns = _columns(data, unit)
        if columns is None:
            raise _first_error(path, data, unit)
    return Table(columns[:-2], columns[-2], columns[-1])


def _columns(data: mmap.mmap, unit: Unit) -> tuple[Codes, ...] | None:
    """The columns, or None if any byte of the file is out of place."""
    length = line_length(unit)
    if len(data) % length:
        return None
    page = np.frombuffer(data, np.uint8).reshape(-1, length)
    try:
        columns = tuple(_column(page, field) for field in fields(unit))
        well_formed = all(column is not None for column in columns) and bool(
            (page[:, -1] == LF).all()
        )
    finally:
        # The map cannot be closed while an array still looks into it.
        del page
    return columns if well_formed else None  # type: ignore[return-value]


def _column(page: NDArray[np.uint8], field: Field) -> Codes | None:
    """The values of one field, or None if a character or a value is not the grammar's."""
    if field.start and not (page[:, field.start - 1] == SPACE).all():
        return None
    dtype = np.dtype(f"uint{max(8, 1 << (field.width - 1).bit_length())}")
    values = np.zeros(len(page), dtype)
    for position in range(field.start, field.start + field.digits):
        digit = HEX_VALUE[page[:, position]]
        if (digit > 15).any():
            return None
        values = values << dtype.type(4) | digit
    if field.width % 4 and (values >> dtype.type(field.width)).any():
        return None
    return values


def _first_error(path: str | os.PathLike[str], data: mmap.mmap, unit: Unit) -> VectorFileError:
    """The first place where a file breaks the grammar."""
    start, number = 0, 1
    expected = fields(unit)
    while start < len(data):
        end = data.find(b"\n", start)
        line = data[start : end if end >= 0 else len(data)]
        found = _line_error(line, expected)
        if end < 0 and (found is None or len(line) < line_length(unit) - 1):
            found = len(line), "the file ends inside this line: it is truncated, write it again"
        if found is not None:
            return VectorFileError(path, number, found[0] + 1, found[1])
        start, number = end + 1, number + 1
    raise AssertionError(f"{path}: no line is malformed")


def _line_error(line: bytes, expected: tuple[Field, ...]) -> tuple[int, str] | None:
    """The index and the description of the first error of a line, or None."""
    if line.endswith(b"\r"):
        return len(line) - 1, "the line ends with CR LF: vectors end lines with LF alone"
    if not line.strip():
        return 0, "the line is blank: every line is a vector"
    if line.lstrip().startswith((b"#", b"//", b";")):
        return 0, "a comment: the grammar has none, descriptions are in the manifest"
    start = 0
    for field in expected:
        end = line.find(b" ", start)
        text = line[start : end if end >= 0 else len(line)]
        if start > len(line):
            return len(line), f"the line ends before the {field.name}"
        for index, character in enumerate(text):
            if index == field.digits and character not in DIGITS:
                return start + index, f"one space should follow the {field.name}"
            if character not in DIGITS:
                return start + index, f"{chr(character)!r} is no hexadecimal digit"
        if len(text) != field.digits:
            return start, (
                f"{field.name} has {len(text)} digits instead of {field.digits}; fields are "
                "separated by one space"
            )
        if int(text, 16) >> field.width:
            return start, f"{field.name} {text.decode()} does not fit in {field.width} bits"
        start += len(text) + 1
    if start - 1 < len(line):
        return start - 1, f"the line goes on after the {expected[-1].name}"
    return None
