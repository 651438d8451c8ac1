"""The entry point: subcommands, and errors as one sentence on stderr with exit code 2."""

from __future__ import annotations

import argparse
import errno
import os
import sys
from collections.abc import Sequence

import lowfloat
from lowfloat.cli import (
    cast_command,
    check_command,
    compare_command,
    coverage_command,
    demo_command,
    dpi_command,
    formats_command,
    show_command,
    testbench_command,
    train_command,
    vectors_command,
)
from lowfloat.cli.options import Parser

COMMANDS = (
    formats_command,
    show_command,
    cast_command,
    vectors_command,
    check_command,
    testbench_command,
    compare_command,
    dpi_command,
    train_command,
    coverage_command,
    demo_command,
)
USAGE_ERROR = 2
#: What a shell reports for a program that ended because nobody read its output.
PIPE_CLOSED = 128 + 13
INTERRUPTED = 128 + 2


def build_parser() -> Parser:
    """The parser of all subcommands."""
    parser = Parser(
        prog="lowfloat",
        description="Bit-exact floating point in any format: look at formats and codes, cast "
        "arrays, compare how systems cast, write and check test vectors.",
        epilog="example:\n  lowfloat show 0x7E --format float8_e4m3fn",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"lowfloat {lowfloat.__version__}")
    subparsers = parser.add_subparsers(title="commands", metavar="COMMAND")
    for command in COMMANDS:
        command.add_parser(subparsers)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command line; return the exit code.

    0 is success, 1 a check or comparison that found mismatches, 2 an error in what was given.

    Examples
    --------
    >>> main(["show", "0x38", "--format", "e9m99"])
    2
    """
    parser = build_parser()
    arguments = argparse.Namespace()
    try:
        arguments = parser.parse_args(argv)
        if not hasattr(arguments, "run"):
            parser.print_help()
            return 0
        status: int = arguments.run(arguments)
        sys.stdout.flush()
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else 0
    except BrokenPipeError:
        _discard_stdout()
        return PIPE_CLOSED
    except KeyboardInterrupt:
        return INTERRUPTED
    except (ArithmeticError, ImportError, OSError, RuntimeError, TypeError, ValueError) as error:
        print(f"lowfloat: {_sentence(error, arguments)}", file=sys.stderr)
        return USAGE_ERROR
    return status


#: What to do about an error of the system.
_ADVICE = {
    errno.ENOSPC: "make room there and give the command again",
    errno.EDQUOT: "make room there and give the command again",
    errno.EFBIG: "the file system or a limit (ulimit -f) forbids longer files",
    errno.EACCES: "choose another place, or ask for the right to write or read there",
    errno.EROFS: "choose another place",
}


def _sentence(error: Exception, arguments: argparse.Namespace) -> str:
    """An error as one line; one of writing names what was to be written."""
    if isinstance(error, OSError) and error.strerror:
        # A copy that fails for want of space names its source first.
        place = error.filename2 if error.filename2 is not None else error.filename
        if place is None:
            place = getattr(arguments, "out", None) or getattr(arguments, "report", None)
        text = "" if place is None else f"{'standard output' if place == '-' else place}: "
        if error.errno == errno.EEXIST:
            return f"{text}is a file already, not a folder"
        advice = _ADVICE.get(error.errno or 0)
        text += f"{error.strerror[0].lower()}{error.strerror[1:]}"
        return text if advice is None else f"{text}: {advice}"
    return " ".join(str(error).split()) or type(error).__name__


def _discard_stdout() -> None:
    """Let the interpreter's last flush go nowhere, so that it does not complain."""
    sink = os.open(os.devnull, os.O_WRONLY)
    os.dup2(sink, sys.stdout.fileno())
    os.close(sink)
