"""The options that describe a unit under test and its cases."""

from __future__ import annotations

import argparse

import lowfloat as lf
from lowfloat import vectors
from lowfloat.cli.options import add_projection, natural, parsed, projection_of
from lowfloat.vectors.operand_classes import parse_weights

_port = parsed(vectors.port)
#: Most operations are named in the reference; here are those that hardware has.
_OPERATIONS = "add, multiply, fma, divide, sqrt, convert, to_integer, from_integer, less, ..."


def add_unit(parser: argparse.ArgumentParser, operation: str = "operation") -> None:
    """The arguments that describe a unit under test; ``--operation`` is an option of its own."""
    keywords = {"choices": vectors.VECTOR_OPERATIONS, "metavar": "OP", "help": _OPERATIONS}
    parser.add_argument(operation, **keywords)  # type: ignore[arg-type]
    parser.add_argument("--format", "-f", type=_port, metavar="F",
                        help="of the operands; int32 and the like for from_integer")  # fmt: skip
    parser.add_argument("--operand-formats", type=parsed(ports), metavar="F,F,...",
                        help="where the operands differ: one for each, instead of --format")  # fmt: skip
    parser.add_argument("--result-format", type=_port, metavar="R",
                        help="of the result; the operands' by default")  # fmt: skip
    parser.add_argument("--inexact-integers", action="store_true",
                        help="to_integer: raise no inexact (TestFloat's -notexact)")  # fmt: skip
    add_dot(parser)
    add_projection(parser)
    parser.add_argument("--stochastic", type=parsed(stochastic_argument), metavar="N[A|B|C]",
                        help="round stochastically with N random bits, which become a column")  # fmt: skip


def add_dot(parser: argparse.ArgumentParser) -> None:
    """The arguments that only a dot has."""
    parser.add_argument("--terms", type=natural, metavar="K",
                        help="of dot: products that are added to a start c")  # fmt: skip
    parser.add_argument("--start-format", type=_port, metavar="C",
                        help="of dot: the format of c; the result's by default")  # fmt: skip
    parser.add_argument("--accumulator", type=parsed(lf.accumulators.parse), metavar="A",
                        help="of dot: as in Python, Accumulator('e6m9') or fpnew_sdotp('float16'), or "
                        "in short, e6m9:chunk64")  # fmt: skip


def ports(text: str) -> tuple[vectors.units.Port, ...]:
    """Formats or integers, separated by commas."""
    return tuple(map(vectors.port, text.split(",")))


def stochastic_argument(text: str) -> lf.Stochastic:
    """A stochastic rounding as 16 or 16B.

    >>> stochastic_argument("13B")
    Stochastic(bits=13, variant='B')
    """
    variant = text[-1].upper() if text[-1:].isalpha() else "A"
    number = text.rstrip("ABCabc")
    if not number.isdigit():
        raise ValueError(f"{text!r} is no stochastic rounding: write bits and variant, as in 16B")
    return lf.Stochastic(int(number), variant)  # type: ignore[arg-type]


def unit_of_options(arguments: argparse.Namespace) -> vectors.Unit:
    """The unit that the options of ``add_unit`` describe."""
    projection = projection_of(arguments)
    if arguments.stochastic is not None:
        if arguments.rounding is not None:
            raise ValueError("--rounding and --stochastic exclude each other: give one")
        projection = lf.Projection(arguments.stochastic, projection.saturation, projection.policy)
    if arguments.operation == "dot":
        return _dot(arguments, projection)
    for name in ("terms", "start_format", "accumulator"):
        if getattr(arguments, name) is not None:
            option = f"--{name.replace('_', '-')}"
            raise ValueError(f"{option} is of dot: leave it out for {arguments.operation}")
    exact = not arguments.inexact_integers
    if (arguments.format is None) == (arguments.operand_formats is None):
        raise ValueError("of which formats? give --format F, or --operand-formats for mixed ones")
    if arguments.operand_formats is None:
        return vectors.Unit.uniform(
            arguments.operation, arguments.format, arguments.result_format, projection, exact
        )
    result = arguments.result_format or arguments.operand_formats[0]
    return vectors.Unit(arguments.operation, arguments.operand_formats, result, projection, exact)


def _dot(arguments: argparse.Namespace, projection: lf.Projection) -> vectors.Unit:
    """A dot-product unit; factors of two formats are given as ``--operand-formats``."""
    if arguments.terms is None or not (arguments.format or arguments.operand_formats):
        raise ValueError("a dot needs --terms K and --format F, or --operand-formats F,F")
    formats = arguments.operand_formats or arguments.format
    result = arguments.result_format or arguments.start_format
    if result is None:
        raise ValueError(
            "what does a dot add to? give --result-format R, and --start-format C if it differs"
        )
    return vectors.Unit.dot(
        arguments.terms, formats, arguments.start_format or result, result,
        accumulator=arguments.accumulator, projection=projection,
    )  # fmt: skip


def add_cases(parser: argparse.ArgumentParser) -> None:
    """The arguments that choose cases."""
    cases = parser.add_argument_group("cases")
    cases.add_argument("--exhaustive", action="store_true",
                       help="every combination of inputs, up to 2^32")  # fmt: skip
    cases.add_argument(
        "--count", "-n", type=natural, metavar="N", help="N cases, drawn from classes"
    )
    cases.add_argument("--cover", type=parsed(_percent), metavar="PERCENT",
                       help="as many as meet this share of the reachable coverage bins")  # fmt: skip
    cases.add_argument("--seed", type=natural, default=0, metavar="S", help="64 bits; default 0")
    cases.add_argument("--classes", type=_names, default=(), metavar="C,C,...",
                       help="by default all that fit the operation; --list prints them")  # fmt: skip
    cases.add_argument("--weights", type=parsed(parse_weights), metavar="NAME=N,...",
                       help="of the class weighted: normal, subnormal, zero, ..., ones, any")  # fmt: skip


def _percent(text: str) -> float:
    """A share from a percentage.

    >>> _percent("99.5")
    0.995
    """
    share = float(text.rstrip("%")) / 100
    if not 0 <= share <= 1:
        raise ValueError(f"{text} percent is not within 0 to 100")
    return share


def _names(text: str) -> tuple[str, ...]:
    return tuple(filter(None, text.split(",")))


def reached_of_options(arguments: argparse.Namespace, unit: vectors.Unit) -> vectors.Reached:
    """Cases drawn until they meet ``--cover``.

    Raises
    ------
    ValueError
        If no bins are known.
    """
    weights = tuple(arguments.weights.items()) if arguments.weights else ()
    reached = vectors.reach_coverage(
        unit, arguments.cover, seed=arguments.seed, classes=arguments.classes, weights=weights
    )
    if not reached.goal.bins:
        raise ValueError(f"no coverage bins are known for {unit}: {reached.goal.proof}")
    return reached


def cases_of_options(arguments: argparse.Namespace, unit: vectors.Unit) -> vectors.Cases:
    """The cases that the options of ``add_cases`` describe."""
    if arguments.exhaustive:
        if arguments.count is not None or arguments.classes or arguments.cover is not None:
            raise ValueError("--exhaustive is every case: leave out --count, --cover and --classes")
        return vectors.Cases.all_of(unit)
    if arguments.count is None:
        raise ValueError(
            "which cases? give --count N, --cover PERCENT, or --exhaustive for every combination"
        )
    weights = tuple(arguments.weights.items()) if arguments.weights else ()
    return vectors.Cases(unit, arguments.count, arguments.seed, arguments.classes, weights)
