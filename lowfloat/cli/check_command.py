"""``lowfloat check``: are these vectors right?"""

from __future__ import annotations

import argparse
import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import lowfloat as lf
from lowfloat import vectors
from lowfloat.cli.options import Subparsers, natural, new_parser
from lowfloat.cli.text import aligned, bit_fields, exact_text, flags_text, with_value
from lowfloat.cli.unit_options import add_unit, unit_of_options
from lowfloat.vectors.causes import CAUSES, flags_difference
from lowfloat.vectors.checking import PARTS
from lowfloat.vectors.explaining import explain
from lowfloat.vectors.grammars.streams import SUFFIXES, opened
from lowfloat.vectors.manifest import manifest_path, unit_of
from lowfloat.vectors.minimizing import device_of

EXAMPLES = """\
  lowfloat check mul.tv                          with its manifest mul.tv.json
  lowfloat check dut.tv --like mul.tv.json       results of a device, for the same unit
  lowfloat check dut.tv --operation add --format e5m2 --rounding RTZ
  simulate | lowfloat check - --like mul.tv.json --compare result --minimize
  lowfloat check dut.tv --like mul.tv.json --minimize --device ./simulate
  lowfloat check div.tv --like div.tv.json --accept faithful

Every line is recomputed by the native code, a sample by the golden model (--golden: all). The
exit code is 0 if all are right, 1 if not, and 2 if the file is malformed, not the one that its
manifest describes, or not as long as --like counts."""
MISMATCH = 1
#: Options that describe a unit.
_DESCRIBING = (
    "operation", "format", "operand_formats", "result_format", "rounding", "saturation", "policy",
    "stochastic", "terms", "start_format", "accumulator",
)  # fmt: skip


def add_parser(subparsers: Subparsers) -> None:
    """Add ``check``."""
    parser = new_parser(subparsers, "check", "check test vectors", EXAMPLES, run)
    parser.add_argument("file", metavar="FILE", help="- is standard input")
    meaning = parser.add_argument_group("what the columns mean, where FILE.json does not say it")
    meaning.add_argument("--like", metavar="MANIFEST", help="of other vectors of the same unit")
    meaning.add_argument("--partial", action="store_true",
                         help="with --like: FILE may have fewer or more vectors than that counts")  # fmt: skip
    add_unit(meaning, "--operation")  # type: ignore[arg-type]
    parser.add_argument("--grammar", choices=vectors.GRAMMARS, metavar="G",
                        help=f"by default what the manifest or the name says: {', '.join(vectors.GRAMMARS)}")  # fmt: skip
    parser.add_argument("--compare", type=_names, default=(), metavar="PART,...",
                        help=f"only these: {', '.join(PARTS)}")  # fmt: skip
    parser.add_argument("--accept", metavar="RULE",
                        help="faithful, or ulp=N: for units that are not correctly rounded")  # fmt: skip
    parser.add_argument(
        "--any-nan", action="store_true", help="let any NaN do where one is expected"
    )
    parser.add_argument("--limit", type=natural, default=10, metavar="N",
                        help="mismatches to print (default 10)")  # fmt: skip
    parser.add_argument("--minimize", action="store_true",
                        help="print the wrong vector with the simplest operands first")  # fmt: skip
    parser.add_argument("--device", metavar="COMMAND",
                        help="with --minimize: shrink it further; COMMAND reads lines of operands and "
                        "prints them with result and flags")  # fmt: skip
    parser.add_argument("--golden-sample", type=natural, default=256, metavar="N",
                        help="lines that the golden model recomputes too (default 256)")  # fmt: skip
    parser.add_argument("--golden", action="store_true", help="let it recompute all lines")


def _names(text: str) -> tuple[str, ...]:
    return tuple(filter(None, text.split(",")))


def run(arguments: argparse.Namespace) -> int:
    """Print mismatches and a summary."""
    unit, grammar, expected = _described(arguments)
    if arguments.device is not None and not arguments.minimize:
        raise ValueError("--device is for shrinking: add --minimize")
    report = vectors.check(
        arguments.file, unit, grammar=grammar, compare=arguments.compare, accept=arguments.accept,
        any_nan=arguments.any_nan, limit=arguments.limit,
        golden_sample=None if arguments.golden else arguments.golden_sample,
    )  # fmt: skip
    if arguments.minimize and report.simplest is not None:
        simplest = report.simplest
        if arguments.device is not None:
            device = device_of(arguments.device, unit)
            simplest = vectors.minimize(unit, device, simplest.operands, arguments.compare)
            print("shrunk with the device")
        else:
            print("the simplest of them")
        print("\n".join(mismatch_lines(unit, simplest)))
        print()
    for mismatch in report.mismatches:
        print("\n".join(mismatch_lines(unit, mismatch)))
    if report.mismatch_count > len(report.mismatches):
        print(f"and {report.mismatch_count - len(report.mismatches):,} more")
    if not report.ok:
        print("\n".join(["by cause", *cause_lines(report)]))
    outcome = "all right" if report.ok else f"{report.mismatch_count:,} WRONG"
    print(
        f"{arguments.file}: {report.count:,} vectors of {unit}: {outcome} "
        f"(golden model and native code agree on the {report.golden_count:,} both computed)"
    )
    if expected is not None and report.count != expected and not arguments.partial:
        name = grammar or vectors.grammar_of(arguments.file)
        raise _of_another_length(arguments, unit, name, report.count, expected)
    return 0 if report.ok else MISMATCH


def _of_another_length(
    arguments: argparse.Namespace, unit: vectors.Unit, grammar: str, count: int, expected: int
) -> vectors.VectorFileError:
    """A device that stopped early, say, must not pass."""
    ends = "ends" if count < expected else "goes on"
    return vectors.VectorFileError(
        "<stdin>" if arguments.file == "-" else arguments.file,
        vectors.GRAMMARS[grammar].line_of(unit, min(count, expected)), 1,
        f"the file {ends} after {min(count, expected):,} vectors, and {arguments.like} counts "
        f"{expected:,}: did the simulation stop early? --partial accepts it",
    )  # fmt: skip


def cause_lines(report: vectors.Report) -> list[str]:
    """How many vectors are wrong for which cause, the commonest first."""
    rows = [(f"{count:,}", cause, CAUSES[cause]) for cause, count in report.causes.most_common()]
    return [f"  {line}" for line in aligned(rows, right=[0])]


def _described(
    arguments: argparse.Namespace,
) -> tuple[vectors.Unit, str | None, int | None]:
    """The unit, the grammar and the number of vectors, from the options or a manifest."""
    given = [name for name in _DESCRIBING if getattr(arguments, name) is not None]
    given += ["inexact_integers"] if arguments.inexact_integers else []
    path = manifest_path(arguments.file)
    if arguments.like:
        if given:
            raise ValueError("--like says what the columns mean: leave out the other options")
        manifest = vectors.read_manifest(arguments.like)
        unit = unit_of(manifest, arguments.like)
        if path.exists() and not path.samefile(arguments.like):
            _agree(unit, unit_of(vectors.read_manifest(path), path), path, arguments.like)
        grammar = arguments.grammar or _grammar(manifest, arguments.file)
        return unit, grammar, int(manifest["count"])
    if arguments.partial:
        raise ValueError("--partial is for results of a device: add --like MANIFEST")
    if given:
        formats = (arguments.format, arguments.operand_formats)
        if arguments.operation is None or formats == (None, None):
            raise ValueError(
                f"{path} says what {arguments.file} is: leave out the options that describe it, or "
                "give --operation and --format too, to compare them with it"
                if path.exists()
                else "without a manifest, give both --operation and --format"
            )
        unit = unit_of_options(arguments)
        if path.exists():
            _agree(unit, unit_of(vectors.read_manifest(path), path), path, None)
        return unit, arguments.grammar, None
    if arguments.file == "-":
        raise ValueError(
            "what is on standard input? give --like MANIFEST, or --operation and --format"
        )
    return (*_of_its_manifest(arguments.file, path, arguments.grammar), None)


def _grammar(manifest: dict[str, object], file: str) -> str | None:
    """The manifest's grammar, unless the file's own name asks for another."""
    named = vectors.grammar_of(file)
    if set(vectors.GRAMMARS[named].suffixes) & set(Path(file).suffixes):
        return named
    entry = manifest["grammar"]
    assert isinstance(entry, dict)
    return str(entry["name"])


def _agree(asked: vectors.Unit, described: vectors.Unit, path: Path, other: str | None) -> None:
    """Refuse options, or another manifest, that contradict the manifest beside the file."""
    if asked != described:
        options = "the options" if other is None else "--like"
        said = "the options say" if other is None else f"{other} says"
        raise ValueError(
            f"{path} says that the file is of {described}, and {said} {asked}: leave out {options}, "
            f"or move {path} away if it is wrong"
            + ("" if str(asked) != str(described) else "; the fields of their formats differ")
        )


def _of_its_manifest(file: str, path: Path, grammar: str | None) -> tuple[vectors.Unit, str]:
    """The unit of a file with a manifest, which must describe these very bytes."""
    digest = _payload_digest(file)
    if not path.exists():
        raise ValueError(
            f"there is no manifest {path}: give --operation and --format, or --like MANIFEST"
        )
    manifest = vectors.read_manifest(path)
    unit = unit_of(manifest, path)
    grammar = grammar or str(manifest["grammar"]["name"])
    if digest != manifest.get("sha256"):
        # A file that breaks the grammar, or has lines missing, says so more precisely.
        count = sum(table.count for table in vectors.tables(file, unit, grammar))
        expected = manifest.get("count", 0)
        if count != expected:
            raise vectors.VectorFileError(
                file, vectors.GRAMMARS[grammar].line_of(unit, count), 1,
                f"the file ends after {count:,} of the {expected:,} vectors that {path} counts"
                if count < expected else
                f"the file goes on after the {expected:,} vectors that {path} counts",
            )  # fmt: skip
        raise ValueError(
            f"{file} is not the file that {path} describes, its sha256 is {digest}; for other "
            f"results of the same unit: lowfloat check {file} --like {path}"
        )
    return unit, grammar


def _payload_digest(file: str) -> str:
    digest = hashlib.sha256()
    if not file.endswith(tuple(SUFFIXES)):
        with Path(file).open("rb") as raw:
            return hashlib.file_digest(raw, "sha256").hexdigest()
    with opened(file) as stream:
        while data := stream.read(1 << 20):
            digest.update(data)
    return digest.hexdigest()


# -- one mismatch -------------------------------------------------------------------------------


def port_text(at: vectors.units.Port, code: int) -> str:
    """A code and its value, or an integer."""
    if isinstance(at, lf.Format):
        return with_value(at, code)
    negative = at.signed and code >> (at.width - 1)
    return f"0x{code:0{(at.width + 3) // 4}X} ({code - (1 << at.width) if negative else code})"


def mismatch_lines(unit: vectors.Unit, wrong: vectors.Mismatch) -> list[str]:
    """A wrong vector, decoded field by field, with what decides it."""
    ports, result = unit.operand_formats, unit.result_format
    operands = " ".join(port_text(at, c) for at, c in zip(ports, wrong.operands, strict=False))
    for name, bits in zip(unit.random_names, wrong.operands[len(ports) :], strict=True):
        operands += f" {name} 0x{bits:X}"
    why = explain(unit, wrong.operands)
    rows = [
        ("got", f"{port_text(result, wrong.got)}, flags {flags_text(wrong.got_flags)}"),
        (
            "expected",
            f"{port_text(result, wrong.expected)}, flags {flags_text(wrong.expected_flags)}",
        ),
        ("exact", "not a finite number" if why.exact is None else exact_text(why.exact)),
    ]
    if why.between is not None:
        rows.append(("between", " and ".join(port_text(result, code) for code in why.between)))
    rows += _field_rows(unit, wrong)
    if wrong.got_flags != wrong.expected_flags:
        rows.append(("flags", flags_difference(wrong.got_flags, wrong.expected_flags)))
    rows += [("rule", why.rule), ("cause", f"{wrong.cause}: {CAUSES[wrong.cause]}")]
    lines = [f"  {name:<8}  {text}" for name, text in rows]
    return [f"line {wrong.line}: {unit.operation} {operands}", *lines]


def _field_rows(unit: vectors.Unit, wrong: vectors.Mismatch) -> Iterator[tuple[str, str]]:
    """Sign, exponent and fraction of every operand and of both results."""
    codes: Sequence[tuple[str, vectors.units.Port, int]] = [
        (column.name, at, code)
        for column, at, code in zip(unit.inputs, unit.operand_formats, wrong.operands, strict=False)
    ]
    results = [
        ("got", unit.result_format, wrong.got),
        ("expected", unit.result_format, wrong.expected),
    ]
    parts = [
        f"{name} {bit_fields(at, code)}"
        for name, at, code in (*codes, *results)
        if isinstance(at, lf.Format)
    ]
    if parts:
        yield "fields", ", ".join(parts)
