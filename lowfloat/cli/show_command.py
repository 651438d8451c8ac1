"""``lowfloat show``: what a code means, and what a number becomes."""

from __future__ import annotations

import argparse
import math
from collections.abc import Iterator
from fractions import Fraction

import lowfloat as lf
from lowfloat import vectors
from lowfloat.cli.neighbours import canonical, class_of, neighbours
from lowfloat.cli.options import (
    Subparsers,
    add_projection,
    integer,
    new_parser,
    parsed,
    projection_of,
)
from lowfloat.cli.text import (
    aligned,
    bit_fields,
    exact_text,
    far_from_one,
    flags_text,
    hex_float,
    hexadecimal,
    power_text,
    with_value,
)
from lowfloat.cli.unit_options import add_dot, ports, stochastic_argument, unit_of_options
from lowfloat.decimals import shortest
from lowfloat.format_text import decimal

EXAMPLES = """\
  lowfloat show 0x7E 0b0_0000_001 --format float8_e4m3fn
  lowfloat show --value 0.3 --format float8_e4m3fn
  lowfloat show --value=-1/3 --format bfloat16 --rounding toward_zero
  lowfloat show --trace multiply 0x39 0x3A --format float8_e4m3fn
  lowfloat show --trace exp 0x2A --format float8_e4m3fn
  lowfloat show --trace dot 0x38 0x39 0x38 0x3A 0x0000 --terms 2 -f e4m3fn --result-format float16 \\
      --accumulator "Accumulator('float16')"
  lowfloat show --trace fma 0x3C00 0x3C01 0x8001 -f float16 --result-format e5m2"""

#: Bounds the digits of a decimal with an exponent; every format ends long before.
LARGEST_EXPONENT = 400_000


def add_parser(subparsers: Subparsers) -> None:
    """Add ``show``."""
    parser = new_parser(
        subparsers, "show", "decode codes: bit fields, exact value, neighbours", EXAMPLES, run
    )
    parser.add_argument("codes", nargs="*", type=integer, metavar="CODE", help="0x7E, 0b... or 126")
    parser.add_argument("--format", "-f", type=parsed(vectors.port), metavar="F")
    parser.add_argument("--operand-formats", type=parsed(ports), metavar="F,F,...",
                        help="of --trace, where the operands differ")  # fmt: skip
    parser.add_argument(
        "--value",
        action="append",
        default=[],
        type=parsed(read_number),
        metavar="X",
        help="show what a number becomes: a decimal, a fraction a/b, a hex float, inf or nan",
    )
    parser.add_argument(
        "--trace", choices=vectors.VECTOR_OPERATIONS, metavar="OP",
        help="show the way of an operation on the CODEs: alignment, guard and sticky bit, decision",
    )  # fmt: skip
    parser.add_argument("--result-format", type=parsed(vectors.port), metavar="R",
                        help="of --trace; the operands' by default")  # fmt: skip
    parser.add_argument("--stochastic", type=parsed(stochastic_argument), metavar="N[A|B|C]",
                        help="of --trace: the last CODE is the random bits")  # fmt: skip
    add_dot(parser)
    add_projection(parser)


def run(arguments: argparse.Namespace) -> int:
    """Print a paragraph per code and per value."""
    fmt = arguments.format
    if arguments.trace is not None:
        return _trace(arguments)
    if fmt is None:
        raise ValueError("of which format? give --format F, such as float8_e4m3fn")
    if isinstance(fmt, vectors.Integer):
        raise ValueError(f"{fmt} is no format: integers are operands of --trace from_integer only")
    if not arguments.codes and not arguments.value:
        raise ValueError("nothing to show: give a CODE such as 0x38, or --value 0.3")
    for code in arguments.codes:
        if not 0 <= code < 1 << fmt.width:
            raise ValueError(
                f"code {code:#x} does not fit the {fmt.width} bits of {fmt}: "
                f"codes go from 0 to {hexadecimal(fmt, (1 << fmt.width) - 1)}"
            )
    projection = projection_of(arguments)
    paragraphs = [code_lines(fmt, code) for code in arguments.codes]
    paragraphs += [value_lines(fmt, value, projection) for value in arguments.value]
    print("\n\n".join("\n".join(lines) for lines in paragraphs))
    return 0


def _trace(arguments: argparse.Namespace) -> int:
    """Print the steps of one case."""
    arguments.operation, arguments.inexact_integers = arguments.trace, False
    unit = unit_of_options(arguments)
    steps = vectors.trace(unit, arguments.codes)
    print("\n".join([str(unit), *(f"  {line}" for line in aligned(steps))]))
    return 0


def read_number(text: str) -> Fraction | float:
    """An exact number; zeros, infinities and NaN as floats, which keep their sign.

    >>> read_number("1/3"), read_number("0x1.8p-1"), read_number("-0"), read_number("-inf")
    (Fraction(1, 3), Fraction(3, 4), -0.0, -inf)
    """
    try:
        if text.lower().lstrip("+-").startswith("0x"):
            value: Fraction | float = Fraction(float.fromhex(text))
        else:
            value = _fraction(text)
    except OverflowError:
        raise ValueError(f"{text!r} is beyond what is read exactly: write a fraction a/b") from None
    except (ValueError, ZeroDivisionError):
        try:
            value = float(text)
        except ValueError:
            raise ValueError(
                f"{text!r} is no number: write a decimal, a/b, a hex float, inf or nan"
            ) from None
    return value if value else math.copysign(0.0, -1.0 if text.startswith("-") else 1.0)


def _fraction(text: str) -> Fraction:
    """A decimal or a/b, with exponents bounded before they become digits."""
    _, e, exponent = text.lower().partition("e")
    if e and abs(int(exponent)) > LARGEST_EXPONENT:
        raise OverflowError
    return Fraction(text)


def code_lines(fmt: lf.Format, code: int) -> list[str]:
    """What a code means."""
    rows = [("bits", bit_fields(fmt, code)), ("class", _class_text(fmt, code))]
    value = lf.golden.decode(code, fmt)
    if value.kind == "finite":
        rows += [("value", _exact_line(value.signed, value.sign)), *_shortest_row(fmt, code)]
    rows += _neighbour_rows(fmt, code)
    return [f"{hexadecimal(fmt, code)} in {fmt}", *(f"  {line}" for line in aligned(rows))]


def _class_text(fmt: lf.Format, code: int) -> str:
    sign = "negative " if fmt.signed and code & fmt.sign_mask else ""
    if lf.golden.decode(code, fmt).is_nan and fmt.nan == "negative_zero":
        sign = ""
    note = "" if canonical(fmt, code) else "; no result has this code, it reads like 0"
    return sign + class_of(fmt, code) + note


def _exact_line(x: Fraction, sign: int) -> str:
    """The value in three notations, without repetitions."""
    if x == 0:
        return "-0" if sign else "0"
    forms = dict.fromkeys((exact_text(x), power_text(x), hex_float(x)))
    return " = ".join(forms)


def _shortest_row(fmt: lf.Format, code: int) -> Iterator[tuple[str, str]]:
    """The shortest decimal, where it is not the value itself."""
    value = lf.golden.decode(code, fmt).signed
    if far_from_one(value):
        return
    text = shortest(fmt, code)
    if Fraction(text) != value:
        yield "shortest", f"{text} (the shortest decimal that rounds to this code)"


def _neighbour_rows(fmt: lf.Format, code: int) -> Iterator[tuple[str, str]]:
    if lf.golden.decode(code, fmt).is_nan:
        return
    below, above = neighbours(fmt, code)
    yield "above", "none" if above is None else with_value(fmt, above)
    yield "below", "none" if below is None else with_value(fmt, below)


def value_lines(fmt: lf.Format, x: Fraction | float, projection: lf.Projection) -> list[str]:
    """What a number becomes, between which neighbours, and which flags it raises."""
    code, raised = lf.golden.encode(x, format=fmt, projection=projection)
    text = exact_text(x) if isinstance(x, Fraction) else str(x)
    rows = [
        ("becomes", f"{with_value(fmt, code)}, bits {bit_fields(fmt, code)}"),
        ("flags", flags_text(raised)),
    ]
    if isinstance(x, Fraction):
        rows += _bracket_rows(fmt, x)
        result = lf.golden.decode(code, fmt)
        if result.kind == "finite" and result.signed != x:
            error = result.signed - x
            sign = "-" if error < 0 else ""
            share = decimal(100 * abs(error / x), 4)
            rows.append(("error", f"{sign}{decimal(abs(error), 4)}, {share}% of the value"))
    rule = f"{projection.rounding}, saturation {projection.saturation}"
    return [f"{text} in {fmt} ({rule})", *(f"  {line}" for line in aligned(rows))]


def _bracket_rows(fmt: lf.Format, x: Fraction) -> Iterator[tuple[str, str]]:
    """The neighbours of an inexact number, and how far between them it lies."""
    code, raised = lf.golden.encode(x, format=fmt, projection=lf.Projection("toward_zero"))
    value = lf.golden.decode(code, fmt)
    if not raised or value.kind != "finite" or (x < 0 and not fmt.signed):
        return
    below, above = neighbours(fmt, code)
    outer = below if x < 0 else above
    if outer is None or lf.golden.decode(outer, fmt).kind != "finite":
        yield "between", f"{with_value(fmt, code)} and what lies beyond the format"
        return
    low, high = value.signed, lf.golden.decode(outer, fmt).signed
    nu = (x - low) / (high - low)
    yield "between", f"{with_value(fmt, code)} and {with_value(fmt, outer)}"
    yield "at", f"{float(nu):.6g} of the way to the second"
