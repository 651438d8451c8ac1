"""Readers on damaged files: they read what was written, or say in one sentence what is wrong.

The long runs are slow tests (`-m exhaustive`).
"""

from __future__ import annotations

import gzip
import io
import json
import re
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import lowfloat as lf
from lowfloat import vectors
from lowfloat.cli.main import main
from lowfloat.vectors.grammars import GRAMMARS
from lowfloat.vectors.grammars.streams import Stream, decompressed

UNITS = {
    "fma": vectors.Unit("fma", (lf.float8_e5m2, lf.float8_e4m3fn, lf.float16), lf.bfloat16),
    "wide": vectors.Unit.uniform("add", "float64"),
    "narrow": vectors.Unit.uniform("multiply", "float4_e2m1fn"),
    "integer": vectors.Unit.uniform("to_integer", "tf32", "int64"),
    "truth": vectors.Unit.uniform("less", "e3m2"),
    "random": vectors.Unit.dot(
        2, "float8_e4m3fn", "e6m9", accumulator=lf.Accumulator("e6m9", rounding=lf.Stochastic(7))
    ),
}
ROWS = 9
#: What simulators, editors and people leave in files.
SCRAPS = [
    b"x", b"X", b"z", b"Z", b"?", b"-", b"\r", b"\r\n", b"\n", b"\n\n", b" ", b"\t", b"_", b",", b"#", b"// note\n",
    b"-- note\n", b"; note\n", b"\xef\xbb\xbf", b"\x00", b"\xff", b"\x1a", b'"', b"{", b"}", b"@0\n", b"0x", b"1'b0 ",
    b"nan", b"inf", b"-0", b"1e9", b"\xd9\xa3", b"\xc2\xa0", b"Q", b"S", b"P", b"->", b"R=",
]  # fmt: skip


def encoded(grammar: str, unit: vectors.Unit) -> bytes:
    inputs = vectors.Cases(unit, ROWS, seed=3).inputs(0, ROWS)
    rules = GRAMMARS[grammar]
    return rules.header(unit) + bytes(rules.encode(unit, (*inputs, *unit.compute(inputs))))


@st.composite
def damages(draw: st.DrawFn, good: bytes, others: list[bytes]) -> bytes:
    """The bytes with some places cut, doubled, swapped with another file's, or scribbled on."""
    data = good
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(data)))
        length = draw(st.integers(0, 24))
        kind = draw(st.sampled_from(["scrap", "bytes", "cut", "end", "double", "other", "case"]))
        piece = data[at : at + length]
        if kind == "scrap":
            data = data[:at] + draw(st.sampled_from(SCRAPS)) + data[at + draw(st.integers(0, 2)) :]
        elif kind == "bytes":
            data = data[:at] + draw(st.binary(max_size=8)) + data[at + length :]
        elif kind == "cut":
            data = data[:at] + data[at + length :]
        elif kind == "end":
            data = data[:at]
        elif kind == "double":
            data = data[:at] + piece + data[at:]
        elif kind == "other":
            source = draw(st.sampled_from(others))
            data = data[:at] + source[at : at + length * 8] + data[at + length :]
        else:
            data = data[:at] + piece.swapcase() + data[at + length :]
    return data


def survives(grammar: str, unit: vectors.Unit, data: bytes) -> None:
    """A reader raises its own error, or what it reads is written again as the same bytes."""
    rules = GRAMMARS[grammar]
    failure, tables = None, []
    try:
        tables = list(rules.tables(unit, Stream("x", io.BytesIO(data))))
    except vectors.VectorFileError as error:
        failure = error
    if failure is not None:
        assert failure.line >= 1
        assert failure.column >= 1
        assert "\n" not in str(failure)
    if not tables:
        return
    found = vectors.Table.joined(tables)
    for column, codes in zip(unit.columns, found.columns, strict=True):
        assert codes.dtype == column.dtype
        assert not (codes.astype(np.uint64) >> np.uint64(min(column.width, 63)) > 1).any()
        assert column.width == 64 or int(codes.max()) < 1 << column.width
    # NaN payloads and archives have other spellings; all else has one but for the digits' case.
    if grammar not in ("npz", "fptest"):
        again = rules.header(unit) + bytes(rules.encode(unit, found.columns))
        assert again.upper() == data.upper()


def fuzz(grammar: str, name: str, examples: int) -> None:
    unit = UNITS[name]
    good = encoded(grammar, unit)
    survives(grammar, unit, good)
    others = [encoded(other, unit) for other in GRAMMARS] + [
        encoded(grammar, u) for u in UNITS.values()
    ]

    @settings(max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck))
    @given(damages(good, others))
    def run(data: bytes) -> None:
        survives(grammar, unit, data)

    run()


@pytest.mark.parametrize("grammar", GRAMMARS)
def test_damaged_files(grammar: str) -> None:
    fuzz(grammar, "random", 40)


@pytest.mark.exhaustive
@pytest.mark.parametrize("name", UNITS)
@pytest.mark.parametrize("grammar", GRAMMARS)
def test_damaged_files_at_length(grammar: str, name: str) -> None:
    fuzz(grammar, name, 4_000)


# -- compressed files -----------------------------------------------------------------------------


def compressed(kind: str, data: bytes) -> bytes:
    if kind == "gzip":
        return gzip.compress(data, mtime=0)
    zstandard = pytest.importorskip(
        "zstandard", reason="zstandard is not installed: lowfloat[zstd]"
    )
    return bytes(zstandard.ZstdCompressor().compress(data))


@pytest.mark.exhaustive
@pytest.mark.parametrize("grammar", ["testfloat", "packed", "npz"])
@pytest.mark.parametrize("kind", ["gzip", "zstd"])
def test_damaged_compression(kind: str, grammar: str) -> None:
    """Whatever comes out of a damaged stream: an error, or vectors of the grammar."""
    unit = UNITS["fma"]
    plain = encoded(grammar, unit)
    good = compressed(kind, plain)

    @settings(max_examples=5_000, deadline=None, suppress_health_check=list(HealthCheck))
    @given(damages(good, [plain, good + good, compressed("gzip", b"")]))
    def run(data: bytes) -> None:
        try:
            stream = decompressed(Stream("x", io.BytesIO(data)))
            list(GRAMMARS[grammar].tables(unit, stream))
        except vectors.VectorFileError:
            pass

    run()


# -- manifests, through the command ---------------------------------------------------------------

JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-(1 << 70), 1 << 70) | st.floats() | st.text(max_size=8)
    | st.sampled_from(["float16", "dot", "int32", "csv", "npz", "1/0", "stochastic", "e9m99", "Accumulator(1)"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=5,
)  # fmt: skip


@st.composite
def changed(draw: st.DrawFn, manifest: dict[str, Any]) -> Any:
    """The manifest with an entry somewhere in it changed or left out."""
    copy = json.loads(json.dumps(manifest))
    for _ in range(draw(st.integers(1, 2))):
        at = copy
        while True:
            keys = list(at) if isinstance(at, dict) else list(range(len(at)))
            if not keys:
                break
            key = draw(st.sampled_from(keys))
            if isinstance(at[key], dict | list) and draw(st.integers(0, 3)):
                at = at[key]
                continue
            if draw(st.integers(0, 3)):
                at[key] = draw(JSON)
            else:
                del at[key]
            break
    return copy


def command(*arguments: str) -> tuple[int, str]:
    """The exit code and what is on stderr."""
    out, error = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(error):
        status = main(arguments)
    assert status in (0, 1, 2), arguments
    assert (status == 2) == bool(error.getvalue()), (status, error.getvalue())
    assert error.getvalue().count("\n") <= 1, error.getvalue()
    return status, error.getvalue()


def fuzz_manifests(folder: Path, name: str, examples: int) -> None:
    unit = UNITS[name]
    path = folder / "x.tv"
    vectors.write(path, vectors.Cases(unit, ROWS, seed=3))
    good = json.loads((folder / "x.tv.json").read_text())
    (folder / "dut").write_bytes(path.read_bytes())

    @settings(max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck))
    @given(changed(good))
    def run(manifest: Any) -> None:
        (folder / "x.tv.json").write_text(json.dumps(manifest))
        command("check", str(path), "--golden-sample", "1")
        command(
            "check",
            str(folder / "dut"),
            "--like",
            str(folder / "x.tv.json"),
            "--golden-sample",
            "1",
        )

    run()


def test_changed_manifests(tmp_path: Path) -> None:
    fuzz_manifests(tmp_path, "random", 60)


@pytest.mark.exhaustive
@pytest.mark.parametrize("name", UNITS)
def test_changed_manifests_at_length(name: str, tmp_path: Path) -> None:
    fuzz_manifests(tmp_path, name, 3_000)


@pytest.mark.parametrize("entry", ["count", "sha256", "grammar", "cases", "operation", "policy"])
def test_manifests_that_lack_an_entry(entry: str, tmp_path: Path) -> None:
    path = tmp_path / "x.tv"
    vectors.write(path, UNITS["narrow"])
    manifest = json.loads((tmp_path / "x.tv.json").read_text())
    for data, message in (
        ({k: v for k, v in manifest.items() if k != entry}, f"lacks the entry '{entry}'"),
        ({**manifest, entry: 1.5}, "should be of type|describes no unit|is not the file"),
    ):
        (tmp_path / "x.tv.json").write_text(json.dumps(data))
        status, error = command("check", str(path))
        assert status == 2
        assert re.search(message, error), error


@pytest.mark.exhaustive
def test_damaged_manifests(tmp_path: Path) -> None:
    """Bytes that are no JSON, or no manifest."""
    path = tmp_path / "x.tv"
    vectors.write(path, vectors.Cases(UNITS["narrow"], ROWS, seed=3))
    manifest = tmp_path / "x.tv.json"
    good = manifest.read_bytes()

    @settings(max_examples=2_000, deadline=None, suppress_health_check=list(HealthCheck))
    @given(damages(good, [path.read_bytes()]))
    def run(data: bytes) -> None:
        manifest.write_bytes(data)
        command("check", str(path), "--golden-sample", "1")

    run()
