"""The operations on codes, as data: functions, operators, vectors and pages are made from this.

``kind`` says what an operation returns: a ``value`` of the result's format, a ``truth``, or a
``class`` (an index of IEEE 754's ten classes).
"""

from __future__ import annotations

from typing import NamedTuple


class Operation(NamedTuple):
    """One operation: its name everywhere, its operands, what it computes, and when it objects."""

    name: str
    arity: int
    #: What it computes, in x, y and z.
    formula: str
    #: Its exceptional cases, as a sentence.
    exceptions: str
    #: The rule of spec/semantics.md.
    rule: str
    kind: str = "value"
    #: The flags it can raise, from those of rule F-1.
    flags: str = "IUOV"
    #: Clause of the standard that defines it.
    source: str = "IEEE 754-2019, 5.4.1"
    #: Whether the result can only be of the first operand's format (rules S-2 and S-3).
    own_format: bool = False


_NO_FLAGS = "a signaling NaN is passed on untouched within one format"
_EITHER_NAN = "a NaN operand gives NaN"
_NUMBER = "a number beats a NaN"
_ORDERED = "zeros are equal; with a NaN it does not hold"


def _extrema() -> list[Operation]:
    words = {"minimum": "lesser", "maximum": "greater"}
    tails = {
        "": ("of x and y, -0 below +0", _EITHER_NAN, "IEEE 754-2019, 9.6"),
        "_number": ("of x and y, -0 below +0", _NUMBER, "IEEE 754-2019, 9.6"),
        "_magnitude": ("of |x| and |y|", _EITHER_NAN, "IEEE 754-2019, 9.6"),
        "_magnitude_number": ("of |x| and |y|", _NUMBER, "IEEE 754-2019, 9.6"),
        "_finite": (
            "of x and y",
            "a number beats a NaN, a finite number an infinity",
            "P3109 Interim Report v4.0, 4.11",
        ),
    }
    return [
        Operation(
            name + tail, 2, f"the {word} {what}", exceptions, "K-4", flags="IUOV", source=source
        )
        for tail, (what, exceptions, source) in tails.items()
        for name, word in words.items()
    ]


def _comparisons() -> list[Operation]:
    symbols = {
        "equal": ("x = y", _ORDERED),
        "not_equal": ("x != y", "zeros are equal; with a NaN it holds"),
        "less": ("x < y", _ORDERED),
        "less_equal": ("x <= y", _ORDERED),
        "greater": ("x > y", _ORDERED),
        "greater_equal": ("x >= y", _ORDERED),
        "unordered": ("x or y is NaN", "it holds for NaNs only"),
    }
    source = "IEEE 754-2019, 5.6.1 and 5.11"
    quiet = [
        Operation(name, 2, formula, text, "K-1", "truth", "V", source)
        for name, (formula, text) in symbols.items()
    ]
    loud = [
        op._replace(
            name=op.name + "_signaling", exceptions=op.exceptions + "; every NaN is invalid"
        )
        for op in quiet
    ]
    return quiet + loud


def _predicates() -> list[Operation]:
    texts = {
        "is_nan": "x is NaN",
        "is_signaling": "x is a signaling NaN",
        "is_infinite": "x is infinite",
        "is_finite": "x is zero, subnormal or normal",
        "is_zero": "x is zero",
        "is_subnormal": "x is nonzero and below the smallest normal number",
        "is_normal": "x is finite, nonzero and not subnormal",
        "is_sign_minus": "x has a minus sign",
    }
    return [
        Operation(name, 1, text, "it raises no flag", "K-3", "truth", "", "IEEE 754-2019, 5.7.2")
        for name, text in texts.items()
    ]


_ROWS = [
    Operation("add", 2, "x + y", "opposite infinities are invalid", "A-2"),
    Operation("subtract", 2, "x - y", "equal infinities are invalid", "A-3"),
    Operation("multiply", 2, "x * y", "zero times infinity is invalid", "A-4"),
    Operation(
        "divide",
        2,
        "x / y",
        "0/0 and infinity/infinity are invalid; a finite number over zero divides by zero",
        "A-7",
        flags="IUODV",
    ),
    Operation("sqrt", 1, "the square root of x", "negative numbers are invalid", "A-8"),
    Operation(
        "fma",
        3,
        "x * y + z",
        "zero times infinity, and opposite infinities added, are invalid",
        "A-5",
    ),
    Operation(
        "faa",
        3,
        "x + y + z",
        "opposite infinities are invalid",
        "A-12",
        source="P3109 Interim Report v4.0, 4.10.7",
    ),
    Operation(
        "remainder",
        2,
        "x - n * y, n the integer nearest to x / y",
        "an infinite x and a zero y are invalid",
        "A-11",
        source="IEEE 754-2019, 5.3.1",
    ),
    Operation(
        "fmod",
        2,
        "x - n * y, n the integer part of x / y",
        "an infinite x and a zero y are invalid",
        "A-11",
        source="ISO C 7.12.10.1",
    ),
    Operation(
        "reciprocal",
        1,
        "1 / x",
        "1/0 divides by zero",
        "A-7",
        flags="IUODV",
        source="P3109 Interim Report v4.0, 4.10.8, with IEEE 754's division by zero",
    ),
    Operation(
        "rsqrt",
        1,
        "1 / sqrt(x)",
        "1/sqrt(0) divides by zero; negative numbers are invalid",
        "A-9",
        flags="IUODV",
        source="IEEE 754-2019, 9.2.1",
    ),
    Operation(
        "hypot",
        2,
        "sqrt(x^2 + y^2)",
        "an infinity beside a quiet NaN gives infinity",
        "A-10",
        source="IEEE 754-2019, 9.2.1",
    ),
    Operation(
        "round_to_integral",
        1,
        "the integer that the rounding gives for x",
        "inexact is not raised for it",
        "I-1",
        flags="OV",
        source="IEEE 754-2019, 5.9",
    ),
    Operation(
        "round_to_integral_exact",
        1,
        "the integer that the rounding gives for x",
        "inexact is raised if it is not x",
        "I-1",
        source="IEEE 754-2019, 5.9",
    ),
    Operation(
        "logb",
        1,
        "the exponent of x as a number",
        "logb(0) is -infinity and divides by zero",
        "I-3",
        flags="IODV",
        source="IEEE 754-2019, 5.3.3",
    ),
    Operation("negate", 1, "-x", _NO_FLAGS, "S-1", source="IEEE 754-2019, 5.5.1"),
    Operation("abs", 1, "|x|", _NO_FLAGS, "S-1", source="IEEE 754-2019, 5.5.1"),
    Operation(
        "copysign", 2, "|x| with the sign of y", _NO_FLAGS, "S-1", source="IEEE 754-2019, 5.5.1"
    ),
    Operation(
        "nextup",
        1,
        "the least number above x",
        "the outermost number stays",
        "S-2",
        flags="V",
        source="IEEE 754-2019, 5.3.1",
        own_format=True,
    ),
    Operation(
        "nextdown",
        1,
        "the greatest number below x",
        "the outermost number stays",
        "S-2",
        flags="V",
        source="IEEE 754-2019, 5.3.1",
        own_format=True,
    ),
    Operation(
        "nextafter",
        2,
        "the neighbour of x toward y",
        "y if they are equal",
        "S-3",
        flags="IUOV",
        source="ISO C 7.12.11.3",
        own_format=True,
    ),
    *_extrema(),
    Operation(
        "clamp",
        3,
        "min(max(x, y), z)",
        "y above z is invalid",
        "K-5",
        source="P3109 Interim Report v4.0, 4.11",
    ),
    *_comparisons(),
    Operation(
        "total_order",
        2,
        "x is at or below y in the total order",
        "it raises no flag",
        "K-2",
        "truth",
        "",
        "IEEE 754-2019, 5.10",
    ),
    *_predicates(),
    Operation(
        "classify",
        1,
        "the class of x, as an index of lf.golden.CLASSES",
        "it raises no flag",
        "K-3",
        "class",
        "",
        "IEEE 754-2019, 5.7.2",
    ),
]

OPERATIONS: dict[str, Operation] = {operation.name: operation for operation in _ROWS}
