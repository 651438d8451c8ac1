"""What a unit under test computes, as data: its operation, its ports and its projection."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

import lowfloat as lf
from lowfloat.optable import OPERATIONS

Codes = NDArray[Any]
Flags = NDArray[np.uint8]

FLAG_BITS = 5
#: Operations on codes that are no row of the table, and how many operands they take.
CONVERSIONS = {"convert": 1, "to_integer": 1, "from_integer": 1, "scaleb": 2}
#: Operations that vectors are written for.
VECTOR_OPERATIONS = (*OPERATIONS, *CONVERSIONS, "dot")
#: Products of a dot: each of their factors is a column.
MAX_TERMS = 1024
#: The names of the operands' columns.
OPERAND_NAMES = "abc"


@dataclass(frozen=True)
class Integer:
    """Machine integers at a port, in two's complement if signed.

    Examples
    --------
    >>> import lowfloat as lf
    >>> lf.vectors.port("int32")
    Integer(width=32, signed=True)
    """

    width: int
    signed: bool = True

    @property
    def name(self) -> str:
        """As NumPy calls it."""
        return f"{'int' if self.signed else 'uint'}{self.width}"

    def __str__(self) -> str:
        return self.name


Port = lf.Format | Integer
TRUTH, CLASS = Integer(1, signed=False), Integer(4, signed=False)


def port(given: Any) -> Port:
    """The format or the integer that a name stands for.

    Raises
    ------
    ValueError
        If the name is neither a format's nor one of int8 to int64 and uint8 to uint64.
    """
    if isinstance(given, Integer):
        return given
    found = re.fullmatch(r"(u?)int(8|16|32|64)", given) if isinstance(given, str) else None
    return Integer(int(found[2]), not found[1]) if found else lf.format(given)


class Column(NamedTuple):
    """One column of the vectors: an operand, the random bits, the result or the flags."""

    name: str
    #: Bits of its values.
    width: int

    @property
    def dtype(self) -> np.dtype[Any]:
        """The smallest unsigned dtype that holds the values."""
        return np.dtype(f"uint{max(8, 1 << (self.width - 1).bit_length())}")

    @property
    def hex_digits(self) -> int:
        """Hexadecimal digits of a value."""
        return (self.width + 3) // 4


@dataclass(frozen=True)
class Unit:
    """A hardware unit as data: its operation, the formats at its ports, and its projection.

    Parameters
    ----------
    operation : str
        A row of the table of operations, or convert, to_integer, from_integer, scaleb.
    operand_formats : tuple of Format or Integer
        One per operand.
    result_format : Format or Integer
        Truths are ``Integer(1, False)``, classes ``Integer(4, False)``.
    projection : Projection
        Every stochastic rounding has its random bits in an input column of its own.
    exact : bool
        For to_integer: whether a number that is no integer raises inexact.
    accumulator : accumulator or preset, optional
        For dot: what decides the bits of the sum; exact by default.

    Raises
    ------
    ValueError
        If the operation is unknown or does not fit the ports.

    Examples
    --------
    >>> import lowfloat as lf
    >>> unit = lf.vectors.Unit.uniform("multiply", "float8_e4m3fn")
    >>> unit.exhaustive_count, [column.name for column in unit.columns]
    (65536, ['a', 'b', 'result', 'flags'])
    """

    operation: str
    operand_formats: tuple[Port, ...]
    result_format: Port
    projection: lf.Projection = field(default_factory=lf.Projection)
    exact: bool = True
    accumulator: Any = None

    def __post_init__(self) -> None:
        if self.operation not in VECTOR_OPERATIONS:
            raise ValueError(
                f"no vectors are written for {self.operation!r}: there are "
                f"{', '.join(VECTOR_OPERATIONS)}"
            )
        count = len(self.operand_formats)
        arity = (count | 1) if self.operation == "dot" else arity_of(self.operation)
        if self.operation == "dot" and not 3 <= count <= 2 * MAX_TERMS + 1:
            raise ValueError(f"a dot has from 1 to {MAX_TERMS} terms, not {count // 2}")
        if count != arity:
            raise ValueError(
                f"{self.operation} has {arity} operands, not {count}: give one format for each"
            )
        for what, at, integral in self._ports():
            if isinstance(at, Integer) != integral:
                wanted = "an integer such as int32" if integral else "a format"
                raise ValueError(f"the {what} of {self.operation} is {wanted}, not {at}")
        if self._stays_in_its_format and self.result_format is not self.operand_formats[0]:
            raise ValueError(
                f"the result of {self.operation} is of its first operand's format, "
                f"{self.operand_formats[0]}, not {self.result_format}"
            )
        if self.accumulator is not None and self.operation != "dot":
            raise ValueError(f"{self.operation} has no accumulator: dot has")
        if self.projection.stochastic is not None and not self._rounds:
            raise ValueError(f"{self.operation} rounds nothing: choose a deterministic rounding")

    @property
    def terms(self) -> int:
        """Products of a dot; 0 for other operations."""
        return len(self.operand_formats) // 2 if self.operation == "dot" else 0

    def _ports(self) -> list[tuple[str, Port, bool]]:
        """Every port, and whether it must be an integer."""
        integers = {"from_integer": 0, "scaleb": 1}.get(self.operation)
        operands = [
            (f"operand {name}", at, i == integers)
            for i, (name, at) in enumerate(
                zip(self.operand_names, self.operand_formats, strict=True)
            )
        ]
        return [
            *operands,
            ("result", self.result_format, self.operation == "to_integer" or self._asks),
        ]

    @property
    def _asks(self) -> bool:
        return self.operation in OPERATIONS and OPERATIONS[self.operation].kind != "value"

    @property
    def _stays_in_its_format(self) -> bool:
        return self.operation in OPERATIONS and OPERATIONS[self.operation].own_format

    @property
    def _rounds(self) -> bool:
        return not self._asks and not self._stays_in_its_format

    @classmethod
    def uniform(
        cls,
        operation: str,
        format: Any,
        result_format: Any = None,
        projection: lf.Projection | None = None,
        exact: bool = True,
    ) -> Unit:
        """A unit whose operands share one format, which the result has too if none is given.

        ``format`` is that of the operand of ``from_integer`` (``"int32"``), and of the first
        operand of ``scaleb``, whose second is an int16.
        """
        if operation == "dot":
            raise ValueError(
                "a dot has terms and a start: lf.vectors.Unit.dot(4, 'e4m3fn', 'float32')"
            )
        shared = port(format)
        operands = (shared,) * (arity_of(operation) if operation in VECTOR_OPERATIONS else 0)
        if operation == "scaleb":
            operands = (shared, Integer(16))
        result = shared if result_format is None else port(result_format)
        if operation in OPERATIONS and result_format is None:
            result = {"truth": TRUTH, "class": CLASS}.get(OPERATIONS[operation].kind, shared)
        return cls(operation, operands, result, projection or lf.Projection(), exact)

    @classmethod
    def dot(
        cls,
        terms: int,
        formats: Any,
        start_format: Any,
        result_format: Any = None,
        *,
        accumulator: Any = None,
        projection: lf.Projection | None = None,
    ) -> Unit:
        """A unit that adds ``terms`` products of its operands to a number c.

        ``formats`` is the factors' common format or a pair of formats; the result has the format of
        c if none is given. Columns are a0, a1, ..., b0, b1, ..., c.

        Examples
        --------
        >>> import lowfloat as lf
        >>> unit = lf.vectors.Unit.dot(
        ...     2, "float8_e5m2", "float16", accumulator=lf.accumulators.fpnew_sdotp("float16"))
        >>> [column.name for column in unit.inputs]
        ['a0', 'a1', 'b0', 'b1', 'c']
        """
        pair = formats if isinstance(formats, tuple) else (formats, formats)
        start = port(start_format)
        operands = (*(port(pair[0]),) * terms, *(port(pair[1]),) * terms, start)
        result = start if result_format is None else port(result_format)
        return cls("dot", operands, result, projection or lf.Projection(), True, accumulator)

    @property
    def operand_names(self) -> tuple[str, ...]:
        """The names of the operands' columns."""
        if self.operation != "dot":
            return tuple(OPERAND_NAMES[: len(self.operand_formats)])
        return (*(f"{letter}{k}" for letter in "ab" for k in range(self.terms)), "c")

    @cached_property
    def random_widths(self) -> tuple[int, ...]:
        """Random bits of every stochastic rounding of a case, in order (rules P-6 and G-17)."""
        found: list[int] = []
        if self.accumulator is not None:
            inside = getattr(self.accumulator, "accumulator", self.accumulator)
            found += inside.roundings(self.terms)
        rule = self.projection.stochastic
        return (*found, rule.drawn_bits) if rule else tuple(found)

    @property
    def random_names(self) -> tuple[str, ...]:
        """The names of the columns of random bits: ``random``, or ``random0`` and so on."""
        count = len(self.random_widths)
        return ("random",) if count == 1 else tuple(f"random{s}" for s in range(count))

    @cached_property
    def inputs(self) -> tuple[Column, ...]:
        """The columns that go into the unit: its operands, and the random bits if it uses any."""
        pairs = zip(self.operand_names, self.operand_formats, strict=True)
        bits = zip(self.random_names, self.random_widths, strict=True)
        return (*(Column(name, at.width) for name, at in pairs), *(Column(*pair) for pair in bits))

    @cached_property
    def groups(self) -> dict[str, tuple[int, ...]]:
        """Inputs that lie side by side at a port, by name: numbers of columns, the lowest bits first.

        Examples
        --------
        >>> import lowfloat as lf
        >>> lf.vectors.Unit.dot(2, "float8_e5m2", "float16").groups
        {'a': (0, 1), 'b': (2, 3), 'c': (4,)}
        """
        names, count = [column.name for column in self.inputs], len(self.operand_formats)
        found: dict[str, tuple[int, ...]] = {name: (k,) for k, name in enumerate(names[:count])}
        if k := self.terms:
            found = {"a": tuple(range(k)), "b": tuple(range(k, 2 * k)), "c": (2 * k,)}
        bits = tuple(range(count, len(names)))
        return {**found, "random": bits} if bits else found

    @cached_property
    def columns(self) -> tuple[Column, ...]:
        """All columns of a vector: inputs, result, flags."""
        return (
            *self.inputs,
            Column("result", self.result_format.width),
            Column("flags", FLAG_BITS),
        )

    @property
    def exhaustive_count(self) -> int:
        """How many combinations of input codes there are."""
        return 1 << sum(column.width for column in self.inputs)

    def compute(self, inputs: Sequence[Codes]) -> tuple[Codes, Flags]:
        """The expected result codes and flags of columns of input codes.

        Raises
        ------
        ValueError
            If the number of columns is not that of ``inputs``.
        """
        if len(inputs) != len(self.inputs):
            raise ValueError(f"{self.operation} has {len(self.inputs)} inputs, not {len(inputs)}")
        raised = np.zeros(inputs[0].shape, np.uint8)
        operands = [
            _signed(codes, at) if isinstance(at, Integer) else lf.from_codes(codes, at)
            for codes, at in zip(inputs, self.operand_formats, strict=False)
        ]
        keywords: dict[str, Any] = {"policy": self.projection.policy, "flags_out": raised}
        if self._asks:
            answer = getattr(lf, self.operation)(*operands, **keywords)
            return answer.view(np.uint8), raised
        keywords["rounding"] = self.projection.rounding
        if self.random_widths:
            bits = inputs[len(self.operand_formats) :]
            wide = [column.astype(np.uint64) for column in bits]
            keywords["random_bits"] = np.stack(wide, axis=-1) if len(bits) > 1 else bits[0]
        if self.operation == "to_integer":
            kind = self.result_format.name
            numbers = lf.to_integer(operands[0], kind, exact=self.exact, **keywords)
            return numbers.view(self.columns[-2].dtype), raised
        keywords["saturation"] = self.projection.saturation
        if self.operation == "dot":
            result = self._sum(operands, keywords)
            return result.codes, raised
        name = "cast" if self.operation in ("convert", "from_integer") else self.operation
        result = getattr(lf, name)(*operands, format=self.result_format, **keywords)
        return result.codes, raised

    def _sum(self, operands: list[Any], keywords: dict[str, Any]) -> Any:
        """a . b + c, row by row."""
        k = self.terms
        rows = [
            lf.from_codes(np.stack([x.codes for x in group], axis=-1), group[0].format)
            for group in (operands[:k], operands[k : 2 * k])
        ]
        return lf.dot(
            *rows,
            c=operands[-1],
            accumulator=self.accumulator,
            format=self.result_format,
            **keywords,
        )

    def __str__(self) -> str:
        rule = self.projection
        if self.operation == "dot":
            formats = dict.fromkeys(
                (self.operand_formats[0].name, self.operand_formats[self.terms].name)
            )
            exact = "exact" if self.accumulator is None else repr(self.accumulator)
            return (
                f"dot of {self.terms} products, {' x '.join(formats)} + {self.operand_formats[-1]} -> "
                f"{self.result_format}, {exact}, {rule.rounding}, saturation {rule.saturation}{knobs_of(rule.policy)}"
            )
        operands = " x ".join(at.name for at in self.operand_formats)
        return (
            f"{self.operation}, {operands} -> {self.result_format}, "
            f"{rule.rounding}, saturation {rule.saturation}{knobs_of(rule.policy)}"
        )


def knobs_of(policy: lf.Policy) -> str:
    """What a policy has otherwise than ``ieee``, as the end of a sentence.

    >>> knobs_of(lf.Policy("ieee", tininess="before", daz=True))
    ', tininess before, daz'
    """
    knobs, usual = [], lf.Policy()
    for knob in fields(policy):
        value = getattr(policy, knob.name)
        if value != getattr(usual, knob.name):
            name = knob.name if value is not False else f"no {knob.name}"
            knobs.append(name if isinstance(value, bool) else f"{name} {value}")
    return "".join(f", {knob}" for knob in knobs)


def arity_of(operation: str) -> int:
    """How many operands an operation has; a dot has as many as its unit says."""
    return CONVERSIONS[operation] if operation in CONVERSIONS else OPERATIONS[operation].arity


def _signed(codes: Codes, kind: Integer) -> NDArray[Any]:
    return codes.view(np.dtype(f"int{kind.width}")) if kind.signed else codes
