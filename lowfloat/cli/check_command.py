"""``lowfloat check``: are these vectors right?"""

from __future__ import annotations

import argparse
import hashlib
import operator
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import lowfloat as lf
from lowfloat import vectors
from lowfloat.cli.options import (
    Subparsers,
    add_projection,
    format_argument,
    natural,
    new_parser,
    projection_of,
)
from lowfloat.cli.text import exact_text, flags_text, with_value
from lowfloat.cli.vectors_command import describe
from lowfloat.vectors.manifest import manifest_path, unit_of

EXAMPLES = """\
  lowfloat check mul.tv                          with its manifest mul.tv.json
  lowfloat check dut.tv --like mul.tv.json       results of a device, for the same unit
  lowfloat check dut.tv --operation add --format e5m2 --rounding RTZ

Every line is recomputed by the native code, a sample by the golden model (--golden: all). The
exit code is 0 if all are right, 1 if not, and 2 if the file is malformed or not the one that its
manifest describes."""
MISMATCH = 1
_EXACT: dict[str, Callable[..., Fraction]] = {
    "add": operator.add,
    "subtract": operator.sub,
    "multiply": operator.mul,
    "fma": lambda x, y, z: x * y + z,
}


def add_parser(subparsers: Subparsers) -> None:
    """Add ``check``."""
    parser = new_parser(subparsers, "check", "check test vectors", EXAMPLES, run)
    parser.add_argument("file", metavar="FILE")
    meaning = parser.add_argument_group("what the columns mean, where FILE.json does not say it")
    meaning.add_argument("--like", metavar="MANIFEST", help="of other vectors of the same unit")
    meaning.add_argument("--operation", choices=vectors.VECTOR_OPERATIONS, metavar="OP",
                         help=", ".join(vectors.VECTOR_OPERATIONS))  # fmt: skip
    meaning.add_argument("--format", "-f", type=format_argument, metavar="F",
                         help="of the operands")  # fmt: skip
    meaning.add_argument("--result-format", type=format_argument, metavar="R",
                         help="of the result; the operands' by default")  # fmt: skip
    add_projection(parser)
    parser.add_argument("--golden-sample", type=natural, default=256, metavar="N",
                        help="lines that the golden model recomputes too (default 256)")  # fmt: skip
    parser.add_argument("--golden", action="store_true", help="let it recompute all lines")


def run(arguments: argparse.Namespace) -> int:
    """Print mismatches and a summary."""
    unit = _unit(arguments)
    sample = None if arguments.golden else arguments.golden_sample
    report = vectors.check(arguments.file, unit, golden_sample=sample)
    for mismatch in report.mismatches:
        print("\n".join(mismatch_lines(unit, mismatch)))
    if report.mismatch_count > len(report.mismatches):
        print(f"and {report.mismatch_count - len(report.mismatches):,} more")
    outcome = "all right" if report.ok else f"{report.mismatch_count:,} WRONG"
    print(
        f"{arguments.file}: {report.count:,} vectors of {describe(unit)}: {outcome} "
        f"(golden model and native code agree on the {report.golden_count:,} both computed)"
    )
    return 0 if report.ok else MISMATCH


def _unit(arguments: argparse.Namespace) -> vectors.Unit:
    """The unit, from the options or a manifest."""
    described = [
        name
        for name in ("operation", "format", "result_format", "rounding", "saturation", "policy")
        if getattr(arguments, name) is not None
    ]
    if described and arguments.like:
        raise ValueError("--like says what the columns mean: leave out the other options")
    if described:
        if arguments.operation is None or arguments.format is None:
            raise ValueError("without a manifest, give both --operation and --format")
        return vectors.Unit.uniform(
            arguments.operation, arguments.format, arguments.result_format,
            projection_of(arguments),
        )  # fmt: skip
    if arguments.like:
        return unit_of(vectors.read_manifest(arguments.like), arguments.like)
    return _described_unit(arguments.file)


def _described_unit(file: str) -> vectors.Unit:
    """The unit of a file with a manifest, which must describe these very bytes."""
    path = manifest_path(file)
    with Path(file).open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    if not path.exists():
        raise ValueError(
            f"there is no manifest {path}: give --operation and --format, or --like MANIFEST"
        )
    manifest = vectors.read_manifest(path)
    unit = unit_of(manifest, path)
    if digest != manifest.get("sha256"):
        # A file that breaks the grammar, or has lines missing, says so more precisely.
        count = vectors.read(file, unit).count
        if count != manifest.get("count"):
            raise vectors.VectorFileError(
                file, count + 1, 1,
                f"the file ends after {count:,} of the {manifest.get('count'):,} vectors that "
                f"{path} counts" if count < manifest.get("count", 0) else
                f"the file goes on after the {manifest.get('count'):,} vectors that {path} counts",
            )  # fmt: skip
        raise ValueError(
            f"{file} is not the file that {path} describes, its sha256 is {digest}; for other "
            f"results of the same unit: lowfloat check {file} --like {path}"
        )
    return unit


def mismatch_lines(unit: vectors.Unit, wrong: vectors.Mismatch) -> list[str]:
    """A wrong vector, decoded."""
    operands = " ".join(
        with_value(fmt, code)
        for fmt, code in zip(unit.operand_formats, wrong.operands, strict=True)
    )
    fmt = unit.result_format
    exact = exact_result(unit, wrong.operands)
    return [
        f"line {wrong.line}: {unit.operation} {operands}",
        f"  got       {with_value(fmt, wrong.got)}, flags {flags_text(wrong.got_flags)}",
        f"  expected  {with_value(fmt, wrong.expected)}, flags {flags_text(wrong.expected_flags)}",
        f"  exact     {'not a finite number' if exact is None else exact_text(exact)}",
    ]


def exact_result(unit: vectors.Unit, codes: tuple[int, ...]) -> Fraction | None:
    """What the operation yields before projection; None if an operand is not finite.

    >>> unit = lf.vectors.Unit.uniform("multiply", "e4m3fn")
    >>> exact_result(unit, (0x3A, 0x3A))
    Fraction(25, 16)
    """
    values = [
        lf.golden.decode(code, fmt) for code, fmt in zip(codes, unit.operand_formats, strict=True)
    ]
    if any(value.kind != "finite" for value in values):
        return None
    return _EXACT[unit.operation](*(value.signed for value in values))
