"""``lowfloat compare``: where two systems cast differently, value by value."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import Any

import lowfloat as lf
from lowfloat.cli.options import Subparsers, format_argument, natural, new_parser, parsed
from lowfloat.cli.text import aligned, hexadecimal, power_text, value_text
from lowfloat.decimals import shortest
from lowfloat.profiles import registry

EXAMPLES = """\
  lowfloat compare torch ml_dtypes --format float8_e4m3fn
  lowfloat compare torch onnx --format bfloat16 --source float64 --limit 5
  lowfloat compare ocp_sat cuda_satfinite --format float8_e5m2 --source float16

Every value of the source format counts, float64's too. +- stands for both signs. The exit code is
0 if there is no difference, 1 if there is one."""

DIFFERENT = 1


def add_parser(subparsers: Subparsers) -> None:
    """Add ``compare``."""
    names = ", ".join(registry())
    parser = new_parser(
        subparsers, "compare", "show where two systems cast differently", EXAMPLES, run
    )
    for which in ("left", "right"):
        parser.add_argument(which, metavar="PROFILE", type=parsed(lf.profile),
                            help=names if which == "left" else "another of them")  # fmt: skip
    parser.add_argument("--format", "-f", required=True, type=format_argument, metavar="F",
                        help="of the results")  # fmt: skip
    parser.add_argument("--source", "-s", type=format_argument, default=lf.float32, metavar="S",
                        help="of the values that are cast; float32 by default")  # fmt: skip
    parser.add_argument("--limit", type=natural, default=20, metavar="N",
                        help="lines at most, 0 for all; 20 by default")  # fmt: skip


def run(arguments: argparse.Namespace) -> int:
    """Print the differences."""
    left, right = arguments.left, arguments.right
    fmt, source = arguments.format, arguments.source
    rows = left.differences(right, fmt, source)
    count = sum(row.size for row in rows)
    print(
        f"{source} to {fmt}: {count:,} of {1 << source.width:,} values differ"
        if rows
        else f"{source} to {fmt}: no value differs"
    )
    groups = list(_groups(rows))
    shown = groups[: arguments.limit] if arguments.limit else groups
    if shown:
        header = ("value", "count", left.name, right.name, "why")
        print("", *aligned([header, *map(_line, shown)], right=[1]), sep="\n")
    if len(shown) < len(groups):
        print(f"... and {len(groups) - len(shown):,} lines more: --limit 0 shows all")
    print()
    for line in aligned([_source(profile, fmt, source) for profile in (left, right)]):
        print(line)
    return DIFFERENT if rows else 0


def _groups(rows: list[Any]) -> Iterator[list[Any]]:
    """Rows with one reason that follow each other without a gap."""
    group: list[Any] = []
    for row in rows:
        follows = (
            group
            and group[-1].high + 1 == row.low
            and (group[-1].why, group[-1].signs) == (row.why, row.signs)
        )
        if group and not follows:
            yield group
            group = []
        group.append(row)
    if group:
        yield group


def _line(group: list[Any]) -> tuple[str, ...]:
    first, last = group[0], group[-1]
    ends = [_operand(first, first.low), _operand(last, last.high)]
    why = " | ".join(first.why) if first.why[0] != first.why[1] else first.why[0]
    return (
        " to ".join(dict.fromkeys(ends)),
        f"{sum(row.size for row in group):,}",
        *(" to ".join(_results(group, side)) for side in ("left", "right")),
        why,
    )


def _operand(row: Any, code: int) -> str:
    """A value that is cast, as the shortest decimal that stands for it."""
    sign = row.source.sign_mask if row.signs == "-" else 0
    text = shortest(row.source, code | sign).removesuffix(".0")
    if text == "nan":
        text = f"nan {hexadecimal(row.source, code | sign)}"
    return f"+-{text}" if row.signs == "+-" else text


def _results(group: list[Any], side: str) -> dict[str, None]:
    """The results at both ends of a group."""
    return dict.fromkeys(_result(row, row.results(side)) for row in (group[0], group[-1]))


def _result(row: Any, codes: tuple[int, ...]) -> str:
    """A result of a positive operand, and of the negative one where that is another."""
    texts = [_value(row.format, code) for code in codes]
    written = [hexadecimal(row.format, code) for code in codes]
    if len(set(codes)) == 1:
        return f"{texts[0]} ({written[0]})"
    if texts[1] in (f"-{texts[0]}", f"~-{texts[0][1:]}", "nan"):
        sign = "" if texts[1] == "nan" else "+-"
        return f"{sign}{texts[0]} ({', '.join(written)})"
    return ", ".join(f"{text} ({code})" for text, code in zip(texts, written, strict=True))


def _value(fmt: lf.Format, code: int) -> str:
    value = lf.golden.decode(code, fmt)
    if fmt.mantissa_bits == 0 and value.kind == "finite":
        return power_text(value.signed)
    return value_text(fmt, code)


def _source(profile: Any, fmt: lf.Format, source: lf.Format) -> tuple[str, str]:
    rule = profile.rule(fmt, source)
    differs = f" (Deviation: {rule.differs}.)" if rule.differs else ""
    return profile.name, f"{profile.title}. {rule.source}.{differs}"
