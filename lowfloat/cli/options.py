"""Arguments that several subcommands share, and a parser whose errors are one sentence."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any, NoReturn, TypeVar

import lowfloat as lf
from lowfloat.projection import ROUNDINGS, SATURATIONS

T = TypeVar("T")
Subparsers = Any  # argparse's class is private


class Parser(argparse.ArgumentParser):
    """An ArgumentParser that says what is wrong and where help is, without the usage text."""

    def error(self, message: str) -> NoReturn:
        """Exit with code 2."""
        self.exit(2, f"{self.prog}: {message} (see {self.prog} --help)\n")


def new_parser(
    subparsers: Subparsers,
    name: str,
    summary: str,
    examples: str,
    run: Callable[[argparse.Namespace], int],
) -> Parser:
    """A subcommand's parser, with examples at the end of its help."""
    parser: Parser = subparsers.add_parser(
        name,
        help=summary,
        description=f"{summary[0].upper()}{summary[1:]}.",
        epilog=f"examples:\n{examples}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(run=run)
    return parser


def parsed(convert: Callable[[str], T]) -> Callable[[str], T]:
    """A converter whose ValueError reaches the user as the library worded it."""

    def converter(text: str) -> T:
        try:
            return convert(text)
        except (TypeError, ValueError) as error:
            raise argparse.ArgumentTypeError(str(error)) from None

    return converter


format_argument: Callable[[str], lf.Format] = parsed(lf.format)


def integer(text: str) -> int:
    """An integer in Python's notation: decimal, 0x..., 0b..., 0o..., with underscores.

    >>> integer("0b0_1111_110")
    126
    """
    try:
        return int(text, 0)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no integer: write 0x7E, 0b01111110 or 126"
        ) from None


def natural(text: str) -> int:
    """A non-negative integer."""
    value = integer(text)
    if value < 0:
        raise argparse.ArgumentTypeError(f"{text} is negative")
    return value


def policy_argument(text: str) -> lf.Policy:
    """A policy as PRESET or PRESET,KNOB=VALUE,...

    >>> policy_argument("riscv,tininess=before,ftz=yes").ftz
    True
    """
    preset, *settings = text.split(",")
    knobs: dict[str, Any] = {}
    for setting in settings:
        name, equals, value = setting.partition("=")
        if not equals:
            raise ValueError(f"{setting!r} turns no knob of a policy: write KNOB=VALUE")
        words: dict[str, Any] = {"yes": True, "no": False, "true": True, "false": False}
        knobs[name.strip()] = words.get(value.lower(), int(value) if value.isdigit() else value)
    return lf.Policy(preset, **knobs)


def add_projection(parser: argparse.ArgumentParser) -> None:
    """The options that make a projection, defaults left as None."""
    parser.add_argument(
        "--rounding", metavar="R", help=f"one of {', '.join(ROUNDINGS)} (RNE, RTZ, ... too)"
    )
    parser.add_argument("--saturation", metavar="S", help=f"one of {', '.join(SATURATIONS)}")
    parser.add_argument(
        "--policy",
        metavar="P",
        type=parsed(policy_argument),
        help="ieee, riscv, x86_sse, arm or arm_default_nan; also P,KNOB=VALUE,...",
    )


def projection_of(arguments: argparse.Namespace) -> lf.Projection:
    """The projection that the options of ``add_projection`` make."""
    return lf.Projection(
        arguments.rounding or "nearest_even",
        arguments.saturation or "none",
        arguments.policy or lf.Policy(),
    )
