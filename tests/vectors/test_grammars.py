"""Grammars: known lines, every unit there and back, and what readers refuse."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import lowfloat as lf
from lowfloat import vectors
from lowfloat.vectors.grammars import GRAMMARS
from lowfloat.vectors.grammars.fptest import FPTEST
from lowfloat.vectors.grammars.streams import Stream

STOCHASTIC = lf.Projection(lf.Stochastic(13))
UNITS = [
    vectors.Unit.uniform("multiply", "float16"),
    vectors.Unit.uniform("fma", "float8_e4m3fn", "float32"),
    vectors.Unit.uniform("add", "float64"),
    vectors.Unit.uniform("sqrt", "e3m3"),
    vectors.Unit.uniform("add", "float4_e2m1fn", "tf32"),
    vectors.Unit.uniform("convert", "float32", "float4_e2m1fn", STOCHASTIC),
    vectors.Unit.uniform("to_integer", "bfloat16", "int64"),
    vectors.Unit.uniform("from_integer", "uint8", "float8_e5m2fnuz"),
    vectors.Unit.uniform("scaleb", "tf32"),
    vectors.Unit.uniform("less", "float16"),
    vectors.Unit.uniform("classify", "float8_e5m2"),
    vectors.Unit("fma", (lf.float8_e5m2, lf.float8_e4m3fn, lf.float16), lf.bfloat16),
    vectors.Unit.uniform("multiply", "float8_e8m0fnu"),
]


def columns_of(unit: vectors.Unit, count: int = 700) -> tuple[np.ndarray, ...]:
    inputs = vectors.Cases(unit, count, seed=3).inputs(0, count)
    return (*inputs, *unit.compute(inputs))


def decoded(grammar: str, unit: vectors.Unit, data: bytes) -> vectors.Table:
    tables = list(GRAMMARS[grammar].tables(unit, Stream("x", io.BytesIO(data))))
    return vectors.Table.joined(tables)


@pytest.mark.parametrize("unit", UNITS, ids=str)
@pytest.mark.parametrize("grammar", GRAMMARS)
def test_there_and_back(grammar: str, unit: vectors.Unit) -> None:
    columns = columns_of(unit)
    rules = GRAMMARS[grammar]
    data = rules.header(unit) + bytes(rules.encode(unit, columns))
    size = rules.record_size(unit)
    if size is not None and grammar != "npz":
        assert len(data) == len(rules.header(unit)) + 700 * size
    found = decoded(grammar, unit, data)
    for column, codes, back in zip(unit.columns, columns, found.columns, strict=True):
        wanted = FPTEST.canonical(unit, column.name, codes) if grammar == "fptest" else codes
        np.testing.assert_array_equal(back, wanted)
        assert back.dtype == column.dtype


LINES = {
    "testfloat": b"3C00 C000 C000 00\n7C01 0001 7E00 10\n",
    "readmemh": b"3C00_C000_C000_00\n7C01_0001_7E00_10\n",
    "csv": b"a,b,result,flags\n3C00,C000,C000,00\n7C01,0001,7E00,10\n",
    "jsonl": b'{"a":"3C00","b":"C000","result":"C000","flags":"00"}\n'
    b'{"a":"7C01","b":"0001","result":"7E00","flags":"10"}\n',
    "fptest": b"b16* =0 +1.000P0 -1.000P1 -> -1.000P1\nb16* =0 S +0.001P-14 -> Q i\n",
    "flopoco": b"0011110000000000 1100000000000000\n1 1100000000000000 1 00000\n"
    b"0111110000000001 0000000000000001\n1 0111111000000000 1 10000\n",
    # 53 bits in 7 bytes: three zeros, then a, b, result, flags from the top.
    "packed": (0x3C00 << 37 | 0xC000 << 21 | 0xC000 << 5).to_bytes(7, "big")
    + (0x7C01 << 37 | 1 << 21 | 0x7E00 << 5 | 16).to_bytes(7, "big"),
}


@pytest.mark.parametrize("grammar", LINES)
def test_known_bytes(grammar: str) -> None:
    unit = UNITS[0]
    inputs = (np.array([0x3C00, 0x7C01], np.uint16), np.array([0xC000, 1], np.uint16))
    columns = (*inputs, *unit.compute(inputs))
    rules = GRAMMARS[grammar]
    assert rules.header(unit) + bytes(rules.encode(unit, columns)) == LINES[grammar]


def test_names_ask_for_grammars() -> None:
    names = [
        "x.tv",
        "x.txt",
        "x.hex.gz",
        "x.mem",
        "x.bin",
        "x.csv",
        "x.jsonl",
        "x.fptest",
        "test.input",
        "x.npz",
        "x",
    ]
    assert [vectors.grammar_of(name) for name in names] == [
        "testfloat", "testfloat", "readmemh", "readmemh", "packed", "csv", "jsonl", "fptest",
        "flopoco", "npz", "testfloat",
    ]  # fmt: skip


BAD = [
    ("readmemh", b"3C00_C000_C000 00\n", 1, 15, "an underscore should follow the result, not one space"),
    ("readmemh", b"3C00_C000_C000_00\n@10\n", 2, 1, "should stand here"),
    ("csv", b"a,b,result\n", 1, 11, "should begin with the line"),
    ("csv", b"a,b,result,flags\n3C00,C000,C000\n", 2, 15, "ends before the flags"),
    ("jsonl", b'{"a":"3C00","b":"C000","result":"C0", "flags":"00"}\n', 1, 34, "result has 2 digits"),
    ("jsonl", b"[1]\n", 1, 1, "should stand here"),
    ("flopoco", b"0011110000000000 1100000000000000\n2 1100000000000000 1 00000\n", 2, 1, "'1' should"),
    ("flopoco", b"0011110000000000 1100000000000002\n1 1100000000000000 1 00000\n", 1, 33, "no binary digit"),
    ("testfloat", b"3C00 C000 XXXX 00\n", 1, 11, "unknown bit of the simulator"),
    ("testfloat", b"3C00 C000 C00z 00\n", 1, 14, "unknown bit of the simulator"),
    ("testfloat", b"3C00 C000 C000 xx\n", 1, 16, "unknown bit of the simulator"),
    ("testfloat", b"3C 40 41 00\n", 1, 1, "operand a has 2 digits"),
    ("packed", LINES["packed"][:-2], 2, 6, "ends after 5 of the 7 bytes"),
    ("packed", b"\xff" * 7, 1, 1, "the top 3 bits of a record should be zero"),
    ("fptest", b"b16* =0 +1.000P0 -1.000P1 -> -1.000P1", 1, 38, "truncated"),
    ("fptest", b"b16* =0 +1.000P0 -1.000P1 -1.000P1\n", 1, 35, "operands"),
    ("fptest", b"b16* =0 +1.000P0 -1.000P99 -> -1.000P1\n", 1, 18, "is no number of float16"),
    ("fptest", b"b16* =0 +1.000P0 -1.0ZP9 -> -1.000P1\n", 1, 18, "is no number of this grammar"),
    ("fptest", b"b16* =0 +1.000P0 -1.000P1 -> -1.000P1 xx\n", 1, 39, "are no flags"),
    ("fptest", b"b32* =0 +1.000P0 -1.000P1 -> -1.000P1 xx\n", 1, 2, "begin with 'b16* =0 '"),
    ("fptest", b"b16* =0 +1.000P0 -1.000P1 -> -1.000P1\r\n", 1, 38, "CR LF"),
    ("fptest", b"// note\nb16* =0 +1.000P0 -1.000P1 -> -1.000P1\n", 1, 1, "begin with 'b16* =0 '"),
    ("csv", LINES["csv"].replace(b"\n", b"\r\n"), 1, 17, "CR LF"),
    ("csv", b"\xef\xbb\xbf" + LINES["csv"], 1, 1, "byte order mark"),
    ("testfloat", b"\xef\xbb\xbf" + LINES["testfloat"], 1, 1, "byte order mark"),
    ("flopoco", b"0011110000000000 1100000000000000\n# note\n", 2, 1, "a comment"),
    ("flopoco", b"0011110000000000 1100000000000000\n1 1100000000000000 1 00000\r\n", 2, 27, "CR LF"),
    ("npz", b"PK\x03\x04 nothing", 1, 1, "truncated, or something follows it"),
    ("npz", b"PX\x03\x04 nothing", 1, 1, "no .npz archive"),
    ("npz", b"", 1, 1, "the file is empty"),
]  # fmt: skip


def test_hints_are_not_wrong(tmp_path: Path) -> None:
    """Lines of binary digits are FloPoCo's own, though TestFloat has such lines too."""
    path = tmp_path / "x.input"
    path.write_bytes(LINES["flopoco"][:-7])
    with pytest.raises(vectors.VectorFileError, match=r"truncated, write it again$"):
        vectors.read(path, UNITS[0])
    path.write_bytes(LINES["testfloat"])
    with pytest.raises(vectors.VectorFileError, match="of the grammar testfloat, not flopoco"):
        vectors.read(path, UNITS[0])


@pytest.mark.parametrize("rest", [b"x", b"\n", LINES["testfloat"], b"PK\x05\x06"])
def test_nothing_follows_an_archive(rest: bytes, tmp_path: Path) -> None:
    path = tmp_path / "x.npz"
    vectors.write(path, vectors.Cases(UNITS[0], 20, seed=1))
    assert vectors.read(path, UNITS[0]).count == 20
    path.write_bytes(path.read_bytes() + rest)
    with pytest.raises(vectors.VectorFileError, match="something follows it"):
        vectors.read(path, UNITS[0])


@pytest.mark.parametrize(("grammar", "data", "line", "column", "message"), BAD)
def test_bad_files(
    grammar: str, data: bytes, line: int, column: int, message: str, tmp_path: Path
) -> None:
    path = tmp_path / "x"
    path.write_bytes(data)
    with pytest.raises(vectors.VectorFileError) as caught:
        vectors.read(path, UNITS[0], grammar)
    assert message in str(caught.value)
    assert (caught.value.line, caught.value.column) == (line, column)


@pytest.mark.parametrize("written", ["testfloat", "readmemh", "csv", "jsonl", "fptest"])
@pytest.mark.parametrize("read", ["testfloat", "readmemh", "csv", "jsonl", "flopoco"])
def test_files_of_another_grammar(written: str, read: str, tmp_path: Path) -> None:
    if written == read:
        return
    path = tmp_path / "x"
    path.write_bytes(LINES[written])
    with pytest.raises(vectors.VectorFileError) as caught:
        vectors.read(path, UNITS[0], read)
    assert read == "csv" or f"looks like a line of the grammar {written}" in str(caught.value)


def test_files_that_change_their_grammar(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(LINES["testfloat"] + LINES["csv"].split(b"\n", 1)[1])
    with pytest.raises(
        vectors.VectorFileError, match=r"line 3, column 5: one space .* grammar csv"
    ):
        vectors.read(path, UNITS[0], "testfloat")


def test_npz_with_wrong_columns(tmp_path: Path) -> None:
    path = tmp_path / "x.npz"
    good = dict(zip(("a", "b", "result", "flags"), columns_of(UNITS[0], 9), strict=True))
    for change, message in (
        ({"a": good["a"].astype(np.uint32)}, "should be one-dimensional uint16"),
        ({"b": good["b"][:3]}, "as long as the others"),
        ({"flags": good["flags"] | 64}, "does not fit in 5 bits"),
    ):
        np.savez(path, **{**good, **change})
        with pytest.raises(vectors.VectorFileError, match=message):
            vectors.read(path, UNITS[0])
    np.savez(path, a=good["a"])
    with pytest.raises(vectors.VectorFileError, match="lacks the array"):
        vectors.read(path, UNITS[0])


def test_npz_with_what_no_archive_should_have(tmp_path: Path) -> None:
    """Members that are encrypted, patched, damaged, or no arrays."""
    path = tmp_path / "x.npz"
    np.savez(path, **dict(zip(("a", "b", "result", "flags"), columns_of(UNITS[0], 9), strict=True)))
    good = path.read_bytes()
    for flag in (1, 32):
        data = bytearray(good)
        for mark, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
            data[data.index(mark) + place] |= flag
        path.write_bytes(data)
        with pytest.raises(vectors.VectorFileError, match=r"no .npz archive"):
            vectors.read(path, UNITS[0])
    with zipfile.ZipFile(path, "w") as archive:
        for name in ("a", "b", "result", "flags"):
            archive.writestr(f"{name}.npy", b"nothing")
    with pytest.raises(vectors.VectorFileError, match="should be one-dimensional uint16"):
        vectors.read(path, UNITS[0])


def test_the_line_of_an_error_far_into_a_file(tmp_path: Path) -> None:
    unit = UNITS[0]
    path = tmp_path / "x.tv"
    vectors.write(path, vectors.Cases(unit, 200_000))
    data = bytearray(path.read_bytes())
    data[18 * 150_000 + 7] = ord("q")
    path.write_bytes(data)
    with pytest.raises(vectors.VectorFileError, match="line 150001, column 8: 'q' is no hex"):
        vectors.read(path, unit)


# -- fuzzing: a reader reads or raises its own error, and what it reads is what was written ----------


def _survives(grammar: str, data: bytes) -> None:
    unit = UNITS[0]
    rules = GRAMMARS[grammar]
    try:
        tables = list(rules.tables(unit, Stream("x", io.BytesIO(data))))
    except vectors.VectorFileError:
        return
    if grammar == "npz" or not tables:
        return
    found = vectors.Table.joined(tables)
    again = rules.header(unit) + bytes(rules.encode(unit, found.columns))
    if grammar == "fptest":
        assert decoded(grammar, unit, again).count == found.count
    else:
        assert again.upper() == data.upper()


_EDITS = st.lists(
    st.tuples(st.integers(0, 400), st.integers(0, 6), st.binary(max_size=8)), min_size=1, max_size=4
)


def _edited(data: bytes, edits: list[tuple[int, int, bytes]]) -> bytes:
    for place, cut, new in edits:
        place %= len(data) + 1
        data = data[:place] + new + data[place + cut :]
    return data


@pytest.mark.parametrize("grammar", GRAMMARS)
def test_readers_survive_edited_files(grammar: str) -> None:
    unit, rules = UNITS[0], GRAMMARS[grammar]
    good = rules.header(unit) + bytes(rules.encode(unit, columns_of(unit, 12)))

    @settings(max_examples=60, deadline=None)
    @given(_EDITS)
    def run(edits: list[tuple[int, int, bytes]]) -> None:
        _survives(grammar, _edited(good, edits))

    run()


@pytest.mark.exhaustive
@pytest.mark.parametrize("grammar", GRAMMARS)
def test_fuzz(grammar: str) -> None:
    unit, rules = UNITS[0], GRAMMARS[grammar]
    good = rules.header(unit) + bytes(rules.encode(unit, columns_of(unit, 12)))

    @settings(max_examples=20_000, deadline=None)
    @given(st.one_of(st.binary(max_size=300), _EDITS.map(lambda e: _edited(good, e))))
    @example(good)
    def run(data: bytes) -> None:
        _survives(grammar, data)

    run()
