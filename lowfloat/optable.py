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

    @property
    def domain(self) -> str:
        """The numbers and infinities for which it is not invalid, in x, y and z."""
        return _DOMAINS.get(self.name, "everything")


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


def _elementary() -> list[Operation]:
    """Section 7 of the rules: each result but those that are named here is irrational."""
    ends = "infinities are invalid"
    unit = "numbers above 1 and below -1 are invalid"
    rows = [
        ("exp", "e^x", "e^0 = 1 is exact", "E-2", "IUOV"),
        ("exp2", "2^x", "exact at integers", "E-2", "IUOV"),
        ("exp10", "10^x", "exact at integers, where the format has the number", "E-2", "IUOV"),
        ("expm1", "e^x - 1", "-1 at -infinity; a zero is kept", "E-2", "IUOV"),
        ("log", "ln x", "ln 0 divides by zero; x < 0 is invalid", "E-3", "IUODV"),
        ("log2", "log2 x", "exact at powers of 2; log2 0 divides by zero; x < 0 is invalid", "E-3", "IUODV"),
        ("log10", "log10 x", "exact at powers of 10; log10 0 divides by zero; x < 0 is invalid", "E-3", "IUODV"),
        ("log1p", "ln(1 + x)", "x = -1 divides by zero; x < -1 is invalid; a zero is kept", "E-3", "IUODV"),
        ("sin", "sin x", f"{ends}; a zero is kept", "E-4", "IUOV"),
        ("cos", "cos x", f"{ends}; cos 0 = 1 is exact", "E-4", "IUOV"),
        ("tan", "tan x", f"{ends}; a zero is kept", "E-4", "IUOV"),
        ("asin", "the angle in -pi/2..pi/2 whose sine is x", f"{unit}; a zero is kept", "E-6", "IUOV"),
        ("acos", "the angle in 0..pi whose cosine is x", f"{unit}; acos 1 = +0", "E-6", "IUOV"),
        ("atan", "the angle in -pi/2..pi/2 whose tangent is x", "a zero is kept", "E-6", "IUOV"),
        ("sinpi", "sin(pi x)", f"exact at multiples of 1/2; {ends}", "E-5", "IUOV"),
        ("cospi", "cos(pi x)", f"exact at multiples of 1/2; {ends}", "E-5", "IUOV"),
        ("tanpi", "tan(pi x)", f"exact at multiples of 1/4; n + 1/2 divides by zero; {ends}", "E-5", "IUODV"),
        ("asinpi", "asin(x) / pi", f"rational at 0, 1/2 and 1; {unit}", "E-6", "IUOV"),
        ("acospi", "acos(x) / pi", f"rational at 0, 1/2 and 1; {unit}", "E-6", "IUOV"),
        ("atanpi", "atan(x) / pi", "exact at 0, 1 and infinity", "E-6", "IUOV"),
        ("sinh", "(e^x - e^-x) / 2", "zeros and infinities are kept", "E-7", "IUOV"),
        ("cosh", "(e^x + e^-x) / 2", "cosh 0 = 1 is exact", "E-7", "IUOV"),
        ("tanh", "(e^x - e^-x) / (e^x + e^-x)", "a zero is kept; 1 at infinity", "E-7", "IUOV"),
        ("asinh", "ln(x + sqrt(x^2 + 1))", "zeros and infinities are kept", "E-7", "IUOV"),
        ("acosh", "ln(x + sqrt(x^2 - 1))", "x < 1 is invalid; acosh 1 = +0", "E-7", "IUOV"),
        ("atanh", "ln((1 + x) / (1 - x)) / 2", f"1 and -1 divide by zero; {unit}", "E-7", "IUODV"),
        ("cbrt", "the cube root of x", "exact at cubes of rational numbers", "E-8", "IUOV"),
        ("erf", "2/sqrt(pi) times the integral of e^(-t^2) from 0 to x", "a zero is kept; 1 at infinity", "E-10", "IUOV"),
        ("sigmoid", "1 / (1 + e^-x)", "1/2 at zero, 0 and 1 at the infinities", "E-10", "IUOV"),
        ("softplus", "ln(1 + e^x)", "+0 at -infinity", "E-10", "IUOV"),
        ("gelu", "x (1 + erf(x / sqrt 2)) / 2", "a zero is kept; -0 at -infinity", "E-10", "IUOV"),
        ("silu", "x / (1 + e^-x)", "a zero is kept; -0 at -infinity", "E-10", "IUOV"),
    ]  # fmt: skip
    angles = "x = y = 0 and two infinities give angles too; nothing is invalid"
    power = (
        "1 at y = 0 and at x = 1, even beside a NaN; 0^y with y < 0 divides by zero; x < 0 with "
        "y no integer is invalid"
    )
    binary = [
        ("atan2", "the angle of the point whose ordinate is x and whose abscissa is y", angles, "E-6", "IUOV"),
        ("atan2pi", "atan2(x, y) / pi", angles, "E-6", "IUOV"),
        ("pow", "x^y", power, "E-9", "IUODV"),
    ]  # fmt: skip
    sources = {
        "E-10": "the function of mathematics; IEEE 754 has none",
        "cbrt": "ISO C23 7.12.7.1",
    }
    return [
        Operation(*row[:1], arity, *row[1:4], flags=row[4],
                  source=sources.get(row[0]) or sources.get(row[3], "IEEE 754-2019, 9.2"))
        for arity, group in ((1, rows), (2, binary))
        for row in group
    ]  # fmt: skip


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
    *_elementary(),
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

#: The operations of section 7 of the rules, as lf.golden.elementary lists them.
ELEMENTARY = tuple(
    name for name, operation in OPERATIONS.items() if operation.rule.startswith("E-")
)

#: Where an operation is not invalid, if that is not everywhere; NaNs apart.
_DOMAINS: dict[str, str] = {
    "add": "all but opposite infinities",
    "subtract": "all but equal infinities",
    "multiply": "all but zero times infinity",
    "divide": "all but 0 / 0 and infinity / infinity",
    "fma": "x * y not zero times infinity; the sum not of opposite infinities",
    "faa": "all but opposite infinities",
    "clamp": "y <= z",
    "acosh": "x >= 1",
    "log1p": "x >= -1",
    "pow": "x >= 0 or infinite, or y an integer or infinite",
    **dict.fromkeys(("remainder", "fmod"), "x finite and y nonzero"),
    **dict.fromkeys(("sqrt", "rsqrt", "log", "log2", "log10"), "x >= 0"),
    **dict.fromkeys(("sin", "cos", "tan", "sinpi", "cospi", "tanpi"), "x finite"),
    **dict.fromkeys(("asin", "acos", "asinpi", "acospi", "atanh"), "-1 <= x <= 1"),
}
