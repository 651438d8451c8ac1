"""Grammars whose lines all have one shape: a template with a field of digits for each column.

Every vector of a unit has the same number of bytes, so that pages of vectors are written and read
column by column.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lowfloat import _native_vectors
from lowfloat.vectors.errors import VectorFileError
from lowfloat.vectors.grammars.digits import BITS, read_digits, write_digits
from lowfloat.vectors.grammars.payloads import Bytes, Payload, room
from lowfloat.vectors.grammars.streams import Stream
from lowfloat.vectors.table import Table
from lowfloat.vectors.units import Codes, Column, Unit

#: Vectors of a page: small enough for the cache.
PAGE = 1 << 14


class Field(NamedTuple):
    """The digits of one column."""

    column: Column
    base: str
    digits: int
    #: Index of its first character in the record.
    start: int


class Layout:
    """The record of a unit: its bytes, with the fields' places."""

    def __init__(self, unit: Unit, template: str) -> None:
        columns = {column.name: column for column in unit.columns}
        fields, record = [], b""
        for literal, name, base in re.findall(r"([^<]*)(?:<(\w+):(\w)>)?", template):
            record += literal.encode()
            if name:
                column = columns[name]
                digits = -(-column.width // BITS[base])
                fields.append(Field(column, base, digits, len(record)))
                record += b"0" * digits
        self.fields = tuple(fields)
        self.record = np.frombuffer(record, np.uint8)
        self.size = len(record)
        #: Bytes that are the same in every record.
        self.fixed = np.ones(self.size, bool)
        for field in fields:
            self.fixed[field.start : field.start + field.digits] = False
        self.lines = record.count(b"\n")


class TemplateGrammar:
    """A grammar given by the template of a unit's record and a header line."""

    def __init__(
        self,
        name: str,
        suffixes: tuple[str, ...],
        text: str,
        template: Callable[[Unit], str],
        header: Callable[[Unit], str] = lambda unit: "",
    ) -> None:
        self.name, self.suffixes, self.text = name, suffixes, text
        self._template, self._header = template, header
        self.layout = lru_cache(maxsize=64)(lambda unit: Layout(unit, self._template(unit)))

    def header(self, unit: Unit) -> bytes:
        """What stands before the first vector."""
        return self._header(unit).encode()

    def record_size(self, unit: Unit) -> int:
        """Bytes of one vector."""
        return self.layout(unit).size

    def line_of(self, unit: Unit, index: int) -> int:
        """The line, from 1, on which vector ``index`` begins."""
        return 1 + self.header(unit).count(b"\n") + index * self.layout(unit).lines

    def describe(self, unit: Unit) -> dict[str, str]:
        """The grammar as text for the manifest."""
        digits = {"x": "hexadecimal", "b": "binary"}
        fields = self.layout(unit).fields
        return {
            "record": self._template(unit),
            "digits": " ".join(f"{f.column.name}:{f.digits} {digits[f.base]}" for f in fields)
            + ", upper-case, zero-padded",
            "line_end": "LF",
        }

    def encode(self, unit: Unit, columns: Sequence[Codes], into: Bytes | None = None) -> Payload:
        """The records of columns of codes: inputs, results, flags."""
        layout = self.layout(unit)
        whole = room(into, len(columns[0]) * layout.size)
        by_name = dict(zip((c.name for c in unit.columns), columns, strict=True))
        if all(field.base == "x" for field in layout.fields):
            fields = [
                (np.ascontiguousarray(by_name[f.column.name]), f.column.width, f.start)
                for f in layout.fields
            ]
            _native_vectors.write_text(fields, layout.record, whole)
        else:
            self._encode_by_tables(layout, by_name, whole.reshape(-1, layout.size))
        return whole.data

    def _encode_by_tables(self, layout: Layout, by_name: dict[str, Codes], whole: Bytes) -> None:
        # One page serves them all: what stands between the fields is written once.
        template = np.tile(layout.record, (min(len(whole), PAGE), 1))
        for start in range(0, len(whole), PAGE):
            page = template[: len(whole) - start]
            for field in layout.fields:
                codes = by_name[field.column.name][start : start + PAGE]
                write_digits(page, field.start, field.base, field.digits, codes)
            whole[start : start + PAGE] = page

    def tables(self, unit: Unit, stream: Stream) -> Iterator[Table]:
        """The vectors of a stream, page by page.

        Raises
        ------
        VectorFileError
            Where the stream breaks the grammar.
        """
        layout, header = self.layout(unit), self.header(unit)
        found = stream.read(len(header))
        if found != header:
            raise VectorFileError(stream.name, 1, *_header_error(found, header))
        line = 1 + header.count(b"\n")
        while data := stream.read(PAGE * layout.size):
            count, rest = divmod(len(data), layout.size)
            page = np.frombuffer(data, np.uint8, count * layout.size).reshape(count, layout.size)
            columns = None if rest else _columns(page, layout)
            if columns is None:
                raise self._first_error(unit, stream, data, page, line)
            yield Table(tuple(columns[:-2]), columns[-2], columns[-1])
            line += count * layout.lines

    def _first_error(
        self, unit: Unit, stream: Stream, data: bytes, page: NDArray[np.uint8], line: int
    ) -> VectorFileError:
        layout = self.layout(unit)
        bad = next(
            (i for i in range(len(page)) if _columns(page[i : i + 1], layout) is None), len(page)
        )
        rest = data[bad * layout.size :] + stream.read(4 * layout.size + 400)
        at, message = _explain(rest, layout)
        first = rest.split(b"\n", 1)[0]
        other = looks_like(first)
        # Binary digits and spaces are as good as FloPoCo's.
        own = self.name == "flopoco" and not first.strip(b"01 ")
        if other is not None and other != self.name and not own:
            message += f" (this looks like a line of the grammar {other}, not {self.name})"
        before = rest[:at]
        column = at - (before.rfind(b"\n") + 1) + 1
        return VectorFileError(
            stream.name, line + bad * layout.lines + before.count(b"\n"), column, message
        )


def _columns(page: NDArray[np.uint8], layout: Layout) -> list[Codes] | None:
    """The columns of a page of records, or None if a byte is out of place."""
    if not _literals_hold(page, layout):
        return None
    columns = []
    for field in layout.fields:
        codes, legal = read_digits(page, field.start, field.base, field.digits, field.column.dtype)
        if not legal:
            return None
        spare = BITS[field.base] * field.digits - field.column.width
        if spare and bool((codes >> codes.dtype.type(field.column.width)).any()):
            return None
        columns.append(codes)
    return columns


def _literals_hold(page: NDArray[np.uint8], layout: Layout) -> bool:
    """Whether every byte between the fields is the template's."""
    group = 64
    whole = len(page) // group * group
    if whole:
        wide = page[:whole].reshape(-1, group * layout.size) ^ np.tile(layout.record, group)
        union = np.bitwise_or.reduce(wide, axis=0).reshape(group, layout.size)
        if np.bitwise_or.reduce(union, axis=0)[layout.fixed].any():
            return False
    return bool((page[whole:] == layout.record)[:, layout.fixed].all())


_LOOKS = {
    "jsonl": rb"\{.*",
    "fptest": rb".* -> .*",
    "readmemh": rb"[0-9A-Fa-f]+(_[0-9A-Fa-f]+)+",
    "csv": rb"\w+(,\w+)+",
    "testfloat": rb"[0-9A-Fa-f]+( [0-9A-Fa-f]+)+",
}


def looks_like(line: bytes) -> str | None:
    """The grammar that a line might be of.

    >>> looks_like(b"3C00_3C00_3C00_00")
    'readmemh'
    """
    return next((name for name, shape in _LOOKS.items() if re.fullmatch(shape, line)), None)


# -- saying where a file breaks the grammar -----------------------------------------------------------

_TITLES = {"result": "result", "flags": "flags"}


def title(column: Column) -> str:
    """A column's name in a sentence."""
    if column.name.startswith("random"):
        return f"{column.name} bits"
    return _TITLES.get(column.name, f"operand {column.name}")


_CR_LF = "the line ends with CR LF: vectors end lines with LF alone"
_COMMENT = "a comment: the grammar has none, descriptions are in the manifest"
_MARK = "the file begins with a byte order mark: vectors are plain ASCII, write them without it"


def _header_error(found: bytes, header: bytes) -> tuple[int, str]:
    """The column and the description of what is wrong with a first line."""
    pairs = zip(found, header, strict=False)
    at = next((i for i, (x, y) in enumerate(pairs) if x != y), len(found))
    if found.startswith(b"\xef\xbb\xbf"):
        return 1, _MARK
    if found[at : at + 1] == b"\r" and header[at : at + 1] == b"\n":
        return at + 1, _CR_LF
    return at + 1, f"the file should begin with the line {header.decode().rstrip()!r}"


def _explain(data: bytes, layout: Layout) -> tuple[int, str]:
    """The index and the description of the first error in bytes that should be a record."""
    line = data.split(b"\n", 1)[0]
    if line.startswith(b"\xef\xbb\xbf"):
        return 0, _MARK
    if line.endswith(b"\r"):
        return len(line) - 1, _CR_LF
    if not line.strip() and data:
        return 0, "the line is blank: every line is a vector"
    if line.lstrip().startswith((b"#", b"//", b";")):
        return 0, _COMMENT
    position = 0
    for field in layout.fields:
        found = _literal_error(data, position, field.start, layout, field)
        found = found or _field_error(data, field)
        if found is not None:
            return found
        position = field.start + field.digits
    return _literal_error(data, position, layout.size, layout, None) or (0, "malformed")


def _literal_error(
    data: bytes, start: int, stop: int, layout: Layout, before: Field | None
) -> tuple[int, str] | None:
    expected = layout.record[start:stop].tobytes()
    found = data[start:stop]
    if found == expected:
        return None
    at = next(
        (i for i, (x, y) in enumerate(zip(found, expected, strict=False)) if x != y), len(found)
    )
    if start + at >= len(data):
        return len(data), "the file ends inside this line: it is truncated, write it again"
    here, wanted = data[start + at : start + at + 1], expected[at : at + 1]
    if here in (b"#", b"/", b";") and data[start + at - 1 : start + at] == b"\n":
        return start + at, _COMMENT
    if here == b"\r" and wanted == b"\n":
        return start + at, _CR_LF
    last = next((f for f in layout.fields if f.start + f.digits == start), None)
    if last is not None and at == 0:
        if here.isalnum() and here not in b"xXzZ":
            digits = len(re.match(rb"[0-9A-Za-z]*", data[last.start :])[0])  # type: ignore[index]
            return last.start, _length_text(last, digits)
        if here == b"\n" and before is not None:
            return start, f"the line ends before the {title(before.column)}"
        if wanted == b"\n":
            return start, f"the line goes on after the {title(last.column)}"
        return (
            start,
            f"{_character(wanted)} should follow the {title(last.column)}, not {_character(here)}",
        )
    return start + at, f"{_character(wanted)} should stand here, not {_character(here)}"


def _character(one: bytes) -> str:
    names = {
        b" ": "one space",
        b"\n": "a line end",
        b"_": "an underscore",
        b",": "a comma",
        b"\t": "a tab",
    }
    return names.get(one, repr(one.decode("latin-1")))


def _length_text(field: Field, found: int) -> str:
    digits = f"{found} digit{'s' * (found != 1)}"
    return f"{title(field.column)} has {digits} instead of {field.digits}"


def _field_error(data: bytes, field: Field) -> tuple[int, str] | None:
    text = data[field.start : field.start + field.digits]
    digits = b"0123456789abcdefABCDEF" if field.base == "x" else b"01"
    for i, character in enumerate(text):
        if character in digits:
            continue
        one = bytes([character])
        if character in b"xXzZ":
            return field.start + i, (
                f"{one.decode()!r} in the {title(field.column)} is an unknown bit of the simulator: "
                "the signal was not driven, or not reset, when it was sampled"
            )
        if not one.isalnum() and i:
            return field.start, _length_text(field, i)
        if not one.isalnum():
            return (
                field.start,
                f"the {title(field.column)} should stand here, not {_character(one)}",
            )
        kind = "hexadecimal" if field.base == "x" else "binary"
        return field.start + i, f"{one.decode('latin-1')!r} is no {kind} digit"
    if len(text) < field.digits:
        return len(data), "the file ends inside this line: it is truncated, write it again"
    if int(text, 16 if field.base == "x" else 2) >> field.column.width:
        return field.start, (
            f"{title(field.column)} {text.decode()} does not fit in {field.column.width} bits"
        )
    return None


# -- the grammars -------------------------------------------------------------------------------------


def _joined(separator: str) -> Callable[[Unit], str]:
    return lambda unit: separator.join(f"<{c.name}:x>" for c in unit.columns) + "\n"


def _json_line(unit: Unit) -> str:
    return "{" + ",".join(f'"{c.name}":"<{c.name}:x>"' for c in unit.columns) + "}\n"


def _flopoco(unit: Unit) -> str:
    inputs = " ".join(f"<{c.name}:b>" for c in unit.inputs)
    return f"{inputs}\n1 <result:b> 1 <flags:b>\n"


TESTFLOAT = TemplateGrammar(
    "testfloat", (".tv", ".txt"), "Berkeley TestFloat: op1 [op2 [op3]] result flags", _joined(" ")
)
READMEMH = TemplateGrammar(
    "readmemh",
    (".hex", ".mem"),
    "Verilog $readmemh: one word a line, fields joined by _",
    _joined("_"),
)
CSV = TemplateGrammar(
    "csv", (".csv",), "comma-separated hexadecimal, one header line", _joined(","),
    lambda unit: ",".join(c.name for c in unit.columns) + "\n",
)  # fmt: skip
JSONL = TemplateGrammar(
    "jsonl", (".jsonl",), "JSON Lines: an object of hexadecimal strings a line", _json_line
)
FLOPOCO = TemplateGrammar(
    "flopoco",
    (".input",),
    "FloPoCo's test.input: a line of inputs, a line of counts and outputs",
    _flopoco,
)
