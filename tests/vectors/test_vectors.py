"""Vectors: what is written, what a check finds, and what a reader refuses."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest

import lowfloat as lf
from lowfloat import vectors
from lowfloat.cli.main import main
from lowfloat.vectors.manifest import unit_of

LINE = 12  # bytes of "00 00 00 00\n"


@pytest.fixture(scope="session")
def multiplier(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Exhaustive vectors of an e4m3fn multiplier, written by the command."""
    path = tmp_path_factory.mktemp("vectors") / "mul.tv"
    command = ["vectors", "multiply", "-f", "float8_e4m3fn", "--exhaustive", "--out", str(path)]
    assert main(command) == 0
    return path


def unit(
    operation: str = "multiply", fmt: str = "float8_e4m3fn", **keywords: object
) -> vectors.Unit:
    return vectors.Unit.uniform(operation, fmt, **keywords)


def changed(source: Path, target: Path, line: int, start: int, text: bytes) -> Path:
    """A copy with some characters of one line (from 1) replaced."""
    data = bytearray(source.read_bytes())
    at = LINE * (line - 1) + start
    assert bytes(data[at : at + len(text)]) != text
    data[at : at + len(text)] = text
    target.write_bytes(data)
    return target


# -- writing ------------------------------------------------------------------------------------


def test_every_line_equals_the_golden_model(multiplier: Path) -> None:
    f = lf.float8_e4m3fn
    lines = multiplier.read_text().splitlines()
    assert len(lines) == 65536
    for index, line in enumerate(lines):
        a, b = divmod(index, 256)
        code, flags = lf.golden.multiply(a, b, formats=(f, f), format=f)
        assert line == f"{a:02X} {b:02X} {code:02X} {flags:02X}"


def test_manifest_describes_the_file(multiplier: Path) -> None:
    payload = multiplier.read_bytes()
    manifest = vectors.read_manifest(f"{multiplier}.json")
    assert manifest["sha256"] == hashlib.sha256(payload).hexdigest()
    assert manifest["count"] == payload.count(b"\n") == 65536
    assert manifest["file"] == multiplier.name
    assert manifest["lowfloat_version"] == lf.__version__
    assert manifest["operand_formats"][1]["nan"] == "all_ones"
    assert unit_of(manifest, "manifest") == unit()


@pytest.mark.parametrize(
    ("arguments", "projection"),
    [
        (["--rounding", "RTZ"], lf.Projection("toward_zero")),
        (["--saturation", "finite"], lf.Projection(saturation="finite")),
        (["--policy", "arm,ftz=yes"], lf.Projection(policy=lf.Policy("arm", ftz=True))),
    ],
)
def test_options_reach_the_manifest_and_the_results(
    arguments: list[str], projection: lf.Projection, tmp_path: Path
) -> None:
    path = tmp_path / "a.tv"
    command = ["vectors", "add", "-f", "e3m2", "--result-format", "e5m2", "--exhaustive"]
    assert main([*command, "--out", str(path), *arguments]) == 0
    expected = unit("add", "e3m2", result_format="e5m2", projection=projection)
    assert unit_of(vectors.read_manifest(f"{path}.json"), "manifest") == expected
    assert vectors.check(path, expected, golden_sample=None).ok


@pytest.mark.parametrize(
    ("operation", "fmt", "result", "first"),
    [
        ("fma", "float4_e2m1fn", None, "0 0 0 0 00"),
        ("add", "float4_e2m1fn", "tf32", "0 0 00000 00"),
        ("subtract", "e0m2", "float64", "0 0 0000000000000000 00"),
        ("multiply", "float6_e3m2fn", "float32", "00 00 00000000 00"),
    ],
)
def test_columns_have_the_width_of_their_formats(
    operation: str, fmt: str, result: str | None, first: str, tmp_path: Path
) -> None:
    some = unit(operation, fmt, result_format=result)
    written = vectors.write(tmp_path / "x.tv", some)
    lines = (tmp_path / "x.tv").read_text().splitlines()
    assert lines[0] == first
    assert {len(line) for line in lines} == {len(first)}
    assert len(lines) == written.count == 1 << lf.format(fmt).width * (first.count(" ") - 1)
    assert vectors.check(tmp_path / "x.tv", some, golden_sample=None).ok


def test_chunks_leave_no_trace() -> None:
    some = unit("add", "e2m3fn")
    cases = vectors.Cases.all_of(some)
    whole = cases.inputs(0, cases.count)
    parts = [cases.inputs(*chunk) for chunk in cases.chunks(size=1000)]
    assert len(parts) == 5
    for i, column in enumerate(whole):
        np.testing.assert_array_equal(column, np.concatenate([part[i] for part in parts]))


def test_stdout_has_the_same_bytes(
    multiplier: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert main(["vectors", "multiply", "-f", "e4m3fn", "--exhaustive", "--out", "-"]) == 0
    captured = capfdbinary.readouterr()
    assert captured.out == multiplier.read_bytes()
    assert b"65,536 vectors" in captured.err


def test_nothing_is_left_after_a_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old = tmp_path / "x.tv"
    old.write_text("the file of before\n")

    def fail(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(vectors.Unit, "compute", fail)
    with pytest.raises(KeyboardInterrupt):
        vectors.write(old, unit())
    assert [p.name for p in tmp_path.iterdir()] == ["x.tv"]
    assert old.read_text() == "the file of before\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["fma", "-f", "float16", "--exhaustive"], "up to 2^32"),
        (["add", "-f", "e4m3fn"], "--exhaustive"),
        (["add", "-f", "e4m3fn", "--count", "9", "--exhaustive"], "leave out --count"),
        (["add", "-f", "e4m3fn", "--count", "0"], "at least one"),
        (["add", "-f", "e4m3fn", "--count", "9", "--classes", "B99"], "no class 'B99'"),
        (["add", "-f", "e4m3fn", "--count", "9", "--classes", "B14"], "no cases for add"),
        (["add", "-f", "e4m3fn", "--count", "9", "--shard", "3/2"], "shard 3/2"),
        (["add", "-f", "e4m3fn", "--count", "1", "--shard", "1/2"], "is empty"),
        (["add", "-f", "e4m3fn", "--count", "9", "--weights", "big=1"], "no weight"),
        (
            ["add", "-f", "e4m3fn", "--count", "9", "--stochastic", "8", "--rounding", "RTZ"],
            "exclude",
        ),
        (["less", "-f", "e4m3fn", "--count", "9", "--stochastic", "8"], "rounds nothing"),
        (["convert", "-f", "e4m3fn", "--result-format", "int8", "--count", "9"], "is a format"),
        (["root", "-f", "e4m3fn", "--exhaustive"], "invalid choice"),
        (["add", "-f", "e4m3fn", "--exhaustive", "--rounding", "sideways"], "no rounding"),
        (["add", "--exhaustive"], "--format"),
    ],
)
def test_bad_requests(
    arguments: list[str], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["vectors", *arguments, "--out", str(tmp_path / "x.tv")]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


# -- checking -----------------------------------------------------------------------------------


def test_right_vectors_pass(multiplier: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(multiplier)]) == 0
    assert "65,536 vectors" in capsys.readouterr().out
    assert main(["check", str(multiplier), "--golden-sample", "0"]) == 0
    explicit = ["--operation", "multiply", "--format", "e4m3fn"]
    assert main(["check", str(multiplier), *explicit, "--golden-sample", "9"]) == 0
    assert "on the 9 both" in capsys.readouterr().out.splitlines()[-1]


@pytest.mark.parametrize(
    ("line", "start", "text", "what"),
    [(30001, 6, b"00", "0x00 (0), flags 00"), (78, 10, b"5", "flags 05 inexact, overflow")],
)
def test_a_planted_error_is_found(
    line: int,
    start: int,
    text: bytes,
    what: str,
    multiplier: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    bad = changed(multiplier, tmp_path / "bad.tv", line, start, text)
    assert main(["check", str(bad), "--like", f"{multiplier}.json"]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith(f"line {line}: multiply 0x")
    assert what in lines[1]
    assert lines[2].startswith("  expected  0x")
    assert lines[-1].count("1 WRONG") == 1


def test_a_mismatch_is_decoded(
    multiplier: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    line = 0x39 * 256 + 0x3A + 1
    bad = changed(multiplier, tmp_path / "bad.tv", line, 6, b"3C")
    assert main(["check", str(bad), "--like", f"{multiplier}.json"]) == 1
    assert capsys.readouterr().out.splitlines()[:10] == [
        f"line {line}: multiply 0x39 (1.125) 0x3A (1.25)",
        "  got       0x3C (1.5), flags 01 inexact",
        "  expected  0x3B (1.375), flags 01 inexact",
        "  exact     1.40625",
        "  between   0x3B (1.375) and 0x3C (1.5)",
        "  fields    a 0 0111 001, b 0 0111 010, got 0 0111 100, expected 0 0111 011",
        "  rule      P-5, nearest_even: the exact value is below the midpoint",
        "  cause     last_place: off by one last place",
        "by cause",
        "  1  last_place  off by one last place",
    ]


def test_another_projection_mismatches_often(
    multiplier: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--operation", "multiply", "-f", "e4m3fn", "--saturation", "finite"]
    assert main(["check", str(multiplier), *options]) == 2
    assert "the options say multiply" in capsys.readouterr().err
    alone = tmp_path / "alone.tv"
    alone.write_bytes(multiplier.read_bytes())
    assert main(["check", str(alone), *options]) == 1
    text = capsys.readouterr().out
    assert text.count("\n  exact ") == 10
    assert " more\n" in text


def test_a_changed_file_is_not_the_manifests(
    multiplier: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = changed(multiplier, tmp_path / "bad.tv", 30001, 6, b"00")
    (tmp_path / "bad.tv.json").write_text(Path(f"{multiplier}.json").read_text())
    assert main(["check", str(bad)]) == 2
    assert "sha256" in capsys.readouterr().err


def test_lower_case_digits_are_read(multiplier: Path, tmp_path: Path) -> None:
    lower = tmp_path / "lower.tv"
    lower.write_bytes(multiplier.read_bytes().lower())
    assert vectors.check(lower, unit(), golden_sample=0).ok


# -- files that break the grammar ---------------------------------------------------------------

GOOD = b"00 00 00 00\n"


@pytest.mark.parametrize(
    ("data", "line", "column", "message"),
    [
        (b"", 1, 1, "empty"),
        (GOOD + b"00 00 00 00", 2, 12, "truncated"),
        (GOOD + b"00 00", 2, 6, "truncated"),
        (b"00 00 00 00\r\n", 1, 12, "CR LF"),
        (GOOD + b"# made by hand\n", 2, 1, "comment"),
        (GOOD + b"// made by hand\n", 2, 1, "comment"),
        (GOOD + b"\n" + GOOD, 2, 1, "blank"),
        (GOOD + b"00 0G 00 00\n", 2, 5, "'G' is no hexadecimal digit"),
        (GOOD + b"00 000 0 00\n", 2, 4, "operand b has 3 digits"),
        (GOOD + b"00 00 000 00\n", 2, 7, "result has 3 digits"),
        (GOOD + b"00 00 00 0\n", 2, 10, "flags has 1 digit instead"),
        (GOOD + b"00  00 00 00\n", 2, 4, "one space"),
        (GOOD + b"00\t00 00 00\n", 2, 3, "one space"),
        (GOOD + b"00 00 00\n", 2, 9, "ends before the flags"),
        (GOOD + b"00 00 00 00 00\n", 2, 12, "goes on after the flags"),
        (GOOD + b"00 00 00 20\n", 2, 10, "does not fit in 5 bits"),
        (GOOD + b"0x00 00 00 00\n", 2, 2, "unknown bit of the simulator"),
        (GOOD + b"00 00 ZZ 00\n", 2, 7, "unknown bit of the simulator"),
        (b"00_00_00_00\n", 1, 3, "one space should follow the operand a, not an underscore"),
        (b"00 00 00\xff00\n", 1, 9, "one space"),
    ],
)
def test_malformed_files(data: bytes, line: int, column: int, message: str, tmp_path: Path) -> None:
    path = tmp_path / "x.tv"
    path.write_bytes(data)
    with pytest.raises(vectors.VectorFileError, match=message) as caught:
        vectors.read(path, unit())
    assert (caught.value.line, caught.value.column) == (line, column)
    assert f"x.tv, line {line}, column {column}: " in str(caught.value)


def test_codes_wider_than_the_format(tmp_path: Path) -> None:
    path = tmp_path / "x.tv"
    path.write_bytes(b"00 00 00 00\n00 40 00 00\n")
    with pytest.raises(vectors.VectorFileError, match="operand b 40 does not fit in 6 bits"):
        vectors.read(path, unit(fmt="float6_e3m2fn"))


@pytest.mark.parametrize(("lines", "message"), [(100, "ends after 100"), (65537, "goes on after")])
def test_wrong_counts(
    lines: int,
    message: str,
    multiplier: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = tmp_path / "x.tv"
    data = multiplier.read_bytes()
    path.write_bytes((data + data)[: lines * LINE])
    (tmp_path / "x.tv.json").write_text(Path(f"{multiplier}.json").read_text())
    assert main(["check", str(path)]) == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (None, "is no JSON"),
        ({"kind": "shopping list"}, "no manifest"),
        ({"manifest_version": 1}, "version 1"),
        ({"operation": "dance"}, "describes no unit"),
        ({"operand_formats": []}, "describes no unit"),
        ({"policy": {"tininess": "never"}}, "describes no unit"),
        ({"projection": {}}, "lacks the entry"),
    ],
)
def test_bad_manifests(
    change: dict[str, object] | None,
    message: str,
    multiplier: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    manifest = tmp_path / "m.json"
    text = Path(f"{multiplier}.json").read_text()
    manifest.write_text("{" if change is None else json.dumps(json.loads(text) | change))
    assert main(["check", str(multiplier), "--like", str(manifest)]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1


def test_missing_manifest_and_files(
    multiplier: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    alone = tmp_path / "alone.tv"
    alone.write_bytes(multiplier.read_bytes())
    for arguments, message in (
        ([str(alone)], "there is no manifest"),
        ([str(tmp_path / "none.tv")], "no such file"),
        ([str(alone), "--format", "e4m3fn"], "give both --operation and --format"),
        (["-"], "what is on standard input"),
        ([str(alone), "--like", f"{multiplier}.json", "--rounding", "RTZ"], "leave out"),
    ):
        assert main(["check", *arguments]) == 2
        assert message in capsys.readouterr().err


def test_a_units_text_has_the_knobs_of_its_policy() -> None:
    plain = vectors.Unit.uniform("multiply", "e4m3fn")
    assert str(plain).endswith("saturation none")
    rule = lf.Projection(policy=lf.Policy("arm", ftz=True, saturation_raises_overflow=False))
    text = str(vectors.Unit.uniform("multiply", "e4m3fn", projection=rule))
    assert "tininess before" in text
    assert ", ftz" in text
    assert ", no saturation_raises_overflow" in text
