"""``lowfloat formats``: every named format in a table, or one format in detail."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

import lowfloat as lf
from lowfloat.cli.neighbours import class_of
from lowfloat.cli.options import Subparsers, format_argument, new_parser
from lowfloat.cli.text import aligned, exact_text, hexadecimal
from lowfloat.format_names import entry_of, registry
from lowfloat.format_text import constructor, decimal, extremes, layout, specials

EXAMPLES = """\
  lowfloat formats
  lowfloat formats float8_e4m3fn
  lowfloat formats e5m7b20            any e<E>m<M>[b<bias>][fn|fnuz|fnu|f|u|fu]
  lowfloat formats binary8p4se        IEEE P3109's names"""
#: Wider formats are drawn with the widths of their fields instead of every bit.
WIDEST_DRAWN = 20


def add_parser(subparsers: Subparsers) -> None:
    """Add ``formats``."""
    parser = new_parser(
        subparsers, "formats", "list the named formats, or describe one", EXAMPLES, run
    )
    parser.add_argument("name", nargs="?", type=format_argument, metavar="NAME")


def run(arguments: argparse.Namespace) -> int:
    """Print the table or the description."""
    if arguments.name is None:
        print("\n".join(table()))
    else:
        print("\n".join(description(arguments.name)))
    return 0


def table() -> Iterator[str]:
    """One line per named format, in the order of formats.toml."""
    rows = [("name", "s-e-m", "bits", "bias", "max", "min normal", "min", "special codes", "also")]
    for entry in registry().values():
        fmt, x = entry.format, extremes(entry.format)
        rows.append(
            (
                entry.name,
                layout(fmt),
                str(fmt.width),
                str(fmt.bias),
                decimal(x.max),
                decimal(x.min_normal, 4),
                decimal(x.min_positive, 4),
                specials(fmt),
                ", ".join(entry.aliases[:2]),
            )
        )
    lines = aligned(rows, right=(1, 2, 3, 4, 5, 6))
    yield lines[0]
    yield "-" * max(map(len, lines))
    yield from lines[1:]
    yield ""
    yield "s-e-m: bits of sign, exponent and mantissa; min: smallest positive number."
    yield "Names by rule: e<E>m<M>[b<bias>][fn|fnuz|fnu|f|u|fu], P3109's binary<K>p<P><s|u><e|f>."


def description(fmt: lf.Format) -> Iterator[str]:
    """Everything about one format."""
    entry = entry_of(fmt)
    yield fmt.name + (f" - {entry.note}" if entry and entry.note else "")
    yield ""
    yield from (f"  {line}" for line in picture(fmt))
    yield ""
    rows = [
        ("bits", f"{fmt.width}: sign, exponent, mantissa {layout(fmt)}"),
        ("bias", str(fmt.bias)),
        ("precision", f"{fmt.precision} bits, spacing above 1 is 2^{-fmt.mantissa_bits}"),
    ]
    yield from (f"  {line}" for line in aligned(rows))
    yield ""
    yield from (f"  {line}" for line in aligned(_extreme_rows(fmt)))
    yield ""
    yield from (f"  {line}" for line in aligned(_special_rows(fmt)))
    yield ""
    rows = [("constructor", constructor(fmt))]
    if entry:
        rows = [("aliases", ", ".join(entry.aliases) or "none"), ("source", entry.source), *rows]
    yield from (f"  {line}" for line in aligned(rows))


def picture(fmt: lf.Format) -> list[str]:
    """The bit fields in a row of boxes, with bit numbers.

    >>> print("\\n".join(picture(lf.float8_e4m3fn)))
     7   6     3   2   0
    +---+---------+-------+
    | s | e e e e | m m m |
    +---+---------+-------+
    """
    boxes, numbers, top = [], [], fmt.width - 1
    widths = int(fmt.signed), fmt.exponent_bits, fmt.mantissa_bits
    for letter, bits in zip("sem", widths, strict=True):
        if not bits:
            continue
        every = f" {' '.join(letter * bits)} "
        box = every if fmt.width <= WIDEST_DRAWN else f" {letter} x {bits} ".center(9)
        low = top - bits + 1
        ends = f"{top}" if bits == 1 else f"{top}{low:>{len(box) - 2 - len(str(top))}}"
        boxes.append(box)
        numbers.append(ends.center(len(box)) if bits == 1 else f" {ends} ")
        top = low - 1
    rule = "+" + "+".join("-" * len(box) for box in boxes) + "+"
    return [" ".join(numbers).rstrip(), rule, "|" + "|".join(boxes) + "|", rule]


def _extreme_rows(fmt: lf.Format) -> list[tuple[str, str, str]]:
    """The positive extremes with their codes."""
    x = extremes(fmt)
    rows = [
        ("largest", hexadecimal(fmt, fmt.max_finite_code), exact_text(x.max)),
        (
            "smallest normal",
            hexadecimal(fmt, min(fmt.min_normal_code, fmt.max_finite_code)),
            exact_text(x.min_normal),
        ),
        ("smallest positive", hexadecimal(fmt, fmt.min_positive_code), exact_text(x.min_positive)),
    ]
    one, raised = lf.golden.encode(1, format=fmt)
    if not raised:
        rows.insert(1, ("one", hexadecimal(fmt, one), "1"))
    return rows


def _special_rows(fmt: lf.Format) -> list[tuple[str, str]]:
    """Zeros, infinities and NaNs."""
    signs = (0, fmt.sign_mask) if fmt.signed else (0,)
    zeros = [hexadecimal(fmt, 0)] if fmt.zero else []
    if fmt.negative_zero:
        zeros.append(f"{hexadecimal(fmt, fmt.sign_mask)} is -0")
    infinities = (
        [] if fmt.infinity_code is None
        else [hexadecimal(fmt, fmt.infinity_code | sign) for sign in signs]
    )  # fmt: skip
    return [
        ("zero", ", ".join(zeros) or "none"),
        ("infinity", ", ".join(infinities) or "none"),
        ("NaN", _nan_codes(fmt)),
        ("subnormals", _subnormal_text(fmt)),
    ]


def _nan_codes(fmt: lf.Format) -> str:
    """The canonical NaN, and which other codes are NaN."""
    code = fmt.nan_code
    if code is None:
        return "none"
    text = hexadecimal(fmt, code)
    if fmt.nan == "all_ones":
        return f"{text}, {hexadecimal(fmt, code | fmt.sign_mask)}; canonical is {text}"
    if fmt.nan != "ieee":
        return text
    first = hexadecimal(fmt, (fmt.infinity_code or 0) + 1)
    last = hexadecimal(fmt, fmt.magnitude_mask)
    signs = "and the same with the sign bit; " if fmt.signed else ""
    kind = class_of(fmt, (fmt.infinity_code or 0) + 1)
    signaling = f", signaling below {text}" if kind == "signaling NaN" else ""
    span = first if first == last else f"{first}..{last}"
    return f"{span} {signs}canonical is {text}{signaling}"


def _subnormal_text(fmt: lf.Format) -> str:
    if fmt.has_subnormals:
        first = hexadecimal(fmt, 1)
        last = hexadecimal(fmt, min(fmt.min_normal_code - 1, fmt.max_finite_code))
        return first if first == last else f"{first}..{last}"
    return {
        "gradual": "none: there is no mantissa field",
        "flush": "none: exponent field 0 reads as zero",
        "normal": "none: exponent field 0 is one more normal binade",
    }[fmt.subnormals]
