"""Lines like those of IBM's floating-point test suite: ``b16* =0 +1.100P3 -0.001P-14 -> -1.1P0 x``.

A significand is one leading digit and the fraction field as a hexadecimal integer, ``P`` the
exponent. Q and S are NaNs, whose payloads the grammar does not carry; x, u, o, z and i are inexact,
underflow, overflow, division by zero and invalid. Where IBM has no name, formats, roundings and
operations have this library's: ``float8_e4m3fn:maximum``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import cache, lru_cache

import numpy as np

import lowfloat as lf
from lowfloat.vectors.errors import VectorFileError
from lowfloat.vectors.grammars.payloads import Bytes, Payload
from lowfloat.vectors.grammars.streams import Stream
from lowfloat.vectors.patterns import kind_ranges
from lowfloat.vectors.table import Table
from lowfloat.vectors.units import Codes, Integer, Port, Unit

_OPERATIONS = {
    "add": "+", "subtract": "-", "multiply": "*", "divide": "/", "fma": "*+", "sqrt": "V",
    "remainder": "%", "round_to_integral_exact": "rfi", "convert": "cff", "from_integer": "cif",
    "to_integer": "cfi", "copysign": "@", "negate": "~", "abs": "A",
}  # fmt: skip
_ROUNDINGS = {
    "nearest_even": "=0", "nearest_away": "=^", "toward_zero": "0", "toward_positive": ">",
    "toward_negative": "<",
}  # fmt: skip
_FLAGS = {1: "x", 2: "u", 4: "o", 8: "z", 16: "i"}
LINES = 1 << 14


def _format_name(at: Port) -> str:
    names = {"float16": "b16", "float32": "b32", "float64": "b64"}
    return names.get(at.name, at.name)


@lru_cache(maxsize=64)
def _head(unit: Unit) -> str:
    """Formats, operation and rounding: what every line of a unit begins with."""
    sources = dict.fromkeys(_format_name(at) for at in unit.operand_formats)
    formats = ",".join(sources)
    if _format_name(unit.result_format) not in sources:
        formats += ">" + _format_name(unit.result_format)
    operation = _OPERATIONS.get(unit.operation, ":" + unit.operation)
    rule = unit.projection.stochastic
    rounding = f"stochastic{rule.variant}" if rule else _ROUNDINGS.get(
        str(unit.projection.rounding), str(unit.projection.rounding)
    )  # fmt: skip
    return f"{formats}{operation} {rounding} "


def _digits(fmt: lf.Format) -> int:
    return max(1, -(-fmt.mantissa_bits // 4))


def text_of(at: Port, code: int) -> str:
    """A code as the grammar writes it.

    >>> text_of(lf.float16, 0x3C01), text_of(lf.float16, 0x8001), text_of(lf.float16, 0x7E00)
    ('+1.001P0', '-0.001P-14', 'Q')
    """
    if isinstance(at, Integer):
        return str(code - (1 << at.width) if at.signed and code >> (at.width - 1) else code)
    value = lf.golden.decode(code, at)
    if value.is_nan:
        return "S" if value.signaling else "Q"
    sign = "-" if value.sign else "+"
    if value.is_infinite:
        return sign + "Inf"
    if value.is_zero:
        return sign + "Zero"
    magnitude = code & at.magnitude_mask
    field, fraction = divmod(magnitude, 1 << at.mantissa_bits)
    normal = field > 0 or at.subnormals == "normal"
    exponent = (field if normal else 1) - at.bias
    return f"{sign}{int(normal)}.{fraction:0{_digits(at)}X}P{exponent}"


_NUMBER = re.compile(r"([+-])([01])\.([0-9A-Fa-f]+)P(-?\d+)")


def code_of(at: Port, text: str) -> int:
    """The code that a text stands for.

    Raises
    ------
    ValueError
        If it stands for none.

    >>> hex(code_of(lf.float16, "-0.001P-14"))
    '0x8001'
    """
    if isinstance(at, Integer):
        number = int(text)
        lowest = -(1 << (at.width - 1)) if at.signed else 0
        if not lowest <= number < lowest + (1 << at.width):
            raise ValueError(f"{text} is no {at}")
        return number & ((1 << at.width) - 1)
    special = _special_code(at, text)
    if special is not None:
        return special
    found = _NUMBER.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is no number of this grammar")
    sign, lead, digits, exponent = found.groups()
    field = int(exponent) + at.bias if lead == "1" else 0
    fraction = int(digits, 16)
    magnitude = field << at.mantissa_bits | fraction
    if (
        fraction >> at.mantissa_bits
        or not field >= 0
        or magnitude > at.max_finite_code
        or (lead == "0" and int(exponent) != 1 - at.bias)
        or (sign == "-" and not at.signed)
    ):
        raise ValueError(f"{text} is no number of {at}")
    return magnitude | (at.sign_mask if sign == "-" else 0)


@cache
def _specials(fmt: lf.Format) -> dict[str, int]:
    """The one code that stands for each special text."""
    found: dict[str, int] = {}
    for kind in ("zero", "infinity", "quiet_nan", "signaling_nan"):
        for entry in kind_ranges(fmt).get(kind, ()):
            found.setdefault(text_of(fmt, entry.low), entry.low)
    return found


def _special_code(fmt: lf.Format, text: str) -> int | None:
    if text in ("Q", "S", "+Inf", "-Inf", "+Zero", "-Zero"):
        if text not in _specials(fmt):
            raise ValueError(f"{fmt} has no {text}")
        return _specials(fmt)[text]
    return None


class FptestGrammar:
    """One line of values a vector."""

    name, suffixes = "fptest", (".fptest",)
    text = "IBM fptest-like: formats, operation, rounding, values -> result flags"

    def header(self, unit: Unit) -> bytes:
        """Nothing: every line says what it is."""
        return b""

    def record_size(self, unit: Unit) -> None:
        """Lines have different lengths."""
        return

    def line_of(self, unit: Unit, index: int) -> int:
        """The line of a vector, from 1."""
        return index + 1

    def describe(self, unit: Unit) -> dict[str, str]:
        """The grammar as text for the manifest."""
        return {
            "record": _head(unit) + "operand ... [R=random bits] -> result [flags]",
            "flags": "x inexact, u underflow, o overflow, z divide by zero, i invalid",
            "nan": "Q or S; payloads are not carried",
            "line_end": "LF",
        }

    def canonical(self, unit: Unit, column: str, codes: Codes) -> Codes:
        """Codes as they come back from this grammar: every NaN of a kind is one code."""
        at = _port_of(unit, column)
        if not isinstance(at, lf.Format) or at.nan == "none":
            return codes
        codes = codes.copy()
        for kind in ("quiet_nan", "signaling_nan"):
            ranges = kind_ranges(at).get(kind, ())
            for entry in ranges:
                codes[(codes >= entry.low) & (codes <= entry.high)] = ranges[0].low
        return codes

    def encode(self, unit: Unit, columns: Sequence[Codes], into: Bytes | None = None) -> Payload:
        """The lines of columns of codes."""
        head = _head(unit)
        texts = [
            list(map(_writer(_port_of(unit, column.name)), codes.tolist()))
            for column, codes in zip(unit.columns, columns, strict=True)
        ]
        lines = [
            f"{head}{' '.join(inputs)} -> {result}{flags}\n"
            for *inputs, result, flags in zip(*texts, strict=True)
        ]
        return "".join(lines).encode()

    def tables(self, unit: Unit, stream: Stream) -> Iterator[Table]:
        """The vectors of a stream, some thousand lines at a time.

        Raises
        ------
        VectorFileError
            Where a line breaks the grammar or is another unit's.
        """
        number, rest = 1, b""
        while True:
            data = stream.read(1 << 20)
            lines = (rest + data).split(b"\n")
            rest = lines.pop()
            if lines:
                rows = [_parsed(unit, line, stream, number + i) for i, line in enumerate(lines)]
                columns = [
                    np.array([row[k] for row in rows], column.dtype)
                    for k, column in enumerate(unit.columns)
                ]
                yield Table(tuple(columns[:-2]), columns[-2], columns[-1])
                number += len(lines)
            if not data:
                break
        if rest:
            raise VectorFileError(
                stream.name, number, len(rest) + 1,
                "the file ends inside this line: it is truncated, write it again",
            )  # fmt: skip


def _port_of(unit: Unit, column: str) -> Port | str:
    """The port of a column; random bits and flags have none but their names."""
    if column == "result":
        return unit.result_format
    if column in unit.operand_names:
        return unit.operand_formats[unit.operand_names.index(column)]
    return column


def _writer(at: Port | str) -> Callable[[int], str]:
    if at == "flags":
        return _flags_text
    if isinstance(at, str):
        return "R={:X}".format
    return lru_cache(maxsize=1 << 17)(lambda code: text_of(at, code))


def _flags_text(bits: int) -> str:
    letters = "".join(letter for bit, letter in _FLAGS.items() if bits & bit)
    return " " + letters if letters else ""


@lru_cache(maxsize=1 << 16)
def _code(at: Port, text: str) -> int:
    return code_of(at, text)


def _parsed(unit: Unit, line: bytes, stream: Stream, number: int) -> list[int]:
    """The codes of one line."""

    def error(column: int, message: str) -> VectorFileError:
        return VectorFileError(stream.name, number, column + 1, message)

    if line.endswith(b"\r"):
        raise error(len(line) - 1, "the line ends with CR LF: vectors end lines with LF alone")
    text = line.decode("latin-1")
    head = _head(unit)
    if not text.startswith(head):
        at = next(
            (i for i, (x, y) in enumerate(zip(text, head, strict=False)) if x != y), len(text)
        )
        raise error(at, f"the lines of this unit begin with {head!r}")
    names, widths = [column.name for column in unit.columns], dict(unit.columns)
    words = [(found[0], found.start()) for found in re.finditer(r"[^ ]+", text)][2:]
    shape = [*unit.inputs, "->", "result"]
    if not len(shape) <= len(words) <= len(shape) + 1:
        raise error(
            len(line), f"{len(unit.inputs)} operands, ->, a result and perhaps flags belong here"
        )
    if words[len(unit.inputs)][0] != "->":
        raise error(words[len(unit.inputs)][1], "-> belongs between operands and result")
    codes, values = [], [*words[: len(unit.inputs)], words[len(unit.inputs) + 1]]
    for name, (word, place) in zip(names[:-1], values, strict=True):
        at_port = _port_of(unit, name)
        try:
            codes.append(
                _random(word, widths[name]) if isinstance(at_port, str) else _code(at_port, word)
            )
        except ValueError as wrong:
            raise error(place, str(wrong)) from None
    word, place = words[len(shape)] if len(words) > len(shape) else ("", len(line))
    bits = {letter: bit for bit, letter in _FLAGS.items()}
    if set(word) - bits.keys() or len(set(word)) != len(word):
        raise error(place, f"{word!r} are no flags: x, u, o, z and i, each once")
    return [*codes, sum(bits[letter] for letter in word)]


def _random(word: str, width: int) -> int:
    digits = word.removeprefix("R=")
    if not re.fullmatch(r"R=[0-9A-Fa-f]+", word) or int(digits, 16) >> width:
        raise ValueError(f"{word!r} should be R= and {width} random bits")
    return int(digits, 16)


FPTEST = FptestGrammar()
