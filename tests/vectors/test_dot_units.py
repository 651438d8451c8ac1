"""Dot-product units: whole accumulators as units under test."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import lowfloat as lf
from lowfloat import vectors
from lowfloat.cli.main import main
from lowfloat.vectors.explaining import operand_values

A = lf.accumulators
UNITS = [
    vectors.Unit.dot(4, "float8_e4m3fn", "float32",
                     accumulator=A.nvidia_hopper("float8_e4m3fn", out="float32")),
    vectors.Unit.dot(2, ("float8_e5m2", "float8_e4m3fn"), "float16",
                     accumulator=A.fpnew_sdotp("float16")),
    vectors.Unit.dot(2, "float8_e5m2", "float16"),
    vectors.Unit.dot(5, "float4_e2m1fn", "bfloat16",
                     accumulator=lf.Accumulator("e6m9", order="pairwise")),
    vectors.Unit.dot(3, "float8_e4m3fn", "float32", "bfloat16", accumulator=A.Exact()),
    vectors.Unit.dot(3, "float8_e4m3fn", "e6m9",
                     accumulator=lf.Accumulator("e6m9", rounding=lf.Stochastic(7, "B"))),
    vectors.Unit.dot(
        2, "float8_e5m2", "float16", "bfloat16",
        accumulator=lf.Accumulator("float16", rounding=lf.Stochastic(5), order="reversed",
                                   product=A.Product("e5m7", rounding=lf.Stochastic(3, "C"))),
        projection=lf.Projection(lf.Stochastic(9), "finite")),
    vectors.Unit.dot(4, "float8_e4m3fn", "bfloat16", accumulator=A.Grouped(
        A.Exact("e6m9", rounding=lf.Stochastic(12)), lf.Accumulator("bfloat16"), n=4)),
]  # fmt: skip


@pytest.mark.parametrize("unit", UNITS, ids=str)
def test_vectors_of_whole_accumulators(unit: vectors.Unit, tmp_path: Path) -> None:
    cases = vectors.Cases(unit, 1200, seed=2)
    path = tmp_path / "dot.tv"
    vectors.write(path, cases)
    manifest = vectors.read_manifest(f"{path}.json")
    assert vectors.cases_of(manifest, path) == cases
    report = vectors.check(path, unit, golden_sample=200)
    assert report.ok
    assert report.golden_count == 200
    assert main(["check", str(path), "--golden-sample", "4"]) == 0
    table = vectors.read(path, unit)
    table.results[7] ^= 1
    report = vectors.check([table], unit, golden_sample=0)
    assert [m.line for m in report.mismatches] == [8]


def test_units_of_a_hundred_terms() -> None:
    unit = vectors.Unit.dot(100, "float8_e4m3fn", "float32", accumulator=lf.Accumulator("e6m9"))
    assert vectors.Cases(unit, 3000, seed=1).inputs(0, 3000)[200].shape == (3000,)


@pytest.mark.parametrize("terms", [0, 1025, 10**6])
def test_impossible_numbers_of_terms(terms: int) -> None:
    with pytest.raises(ValueError, match="from 1 to 1024 terms"):
        vectors.Unit.dot(terms, "float8_e4m3fn", "float32")


def test_columns_are_named_by_lane() -> None:
    names = [column.name for column in UNITS[0].columns]
    assert names == [
        *(f"a{k}" for k in range(4)),
        *(f"b{k}" for k in range(4)),
        "c",
        "result",
        "flags",
    ]


def test_every_stochastic_rounding_has_a_column_of_bits() -> None:
    """Rule G-17: product and sum of each term, then the projection of the finished sum."""
    columns = {column.name: column.width for column in UNITS[6].inputs[5:]}
    assert columns == {"random0": 3, "random1": 5, "random2": 3, "random3": 5, "random4": 9}
    assert [column.name for column in UNITS[7].inputs[9:]] == ["random"]


def test_random_bits_go_to_their_roundings() -> None:
    """Each row of bits, given to the golden sum by hand."""
    unit = UNITS[6]
    inputs = vectors.Cases(unit, 300, 3).inputs(0, 300)
    result, flags = unit.compute(inputs)
    for i in range(300):
        row = [int(column[i]) for column in inputs]
        expected = lf.golden.dot(
            row[:2], row[2:4], formats=unit.operand_formats[1:3], format=lf.bfloat16,
            accumulator=unit.accumulator, projection=unit.projection,
            c=(row[4], lf.float16), random_bits=row[5:],
        )  # fmt: skip
        assert (int(result[i]), int(flags[i])) == expected
    columns = list(inputs)
    columns[6] = columns[6] ^ 31
    assert (unit.compute(columns)[0] != result).sum() > 0


@pytest.mark.parametrize("grammar", sorted(set(vectors.GRAMMARS) - {"flopoco", "ibm"}))
def test_random_columns_in_every_grammar(grammar: str, tmp_path: Path) -> None:
    path = tmp_path / "dot"
    vectors.write(path, vectors.Cases(UNITS[6], 200, 4), grammar=grammar)
    assert vectors.check(path, UNITS[6], grammar=grammar, golden_sample=20).ok


def test_exact_sums_are_rounded_once() -> None:
    unit = UNITS[2]
    inputs = vectors.Cases(unit, 400, 5, ("dot_cancellation", "dot_alignment")).inputs(0, 400)
    result, _ = unit.compute(inputs)
    for k in range(400):
        values = operand_values(unit, tuple(int(column[k]) for column in inputs))
        if values is None:
            continue
        exact = values[0] * values[2] + values[1] * values[3] + values[4]
        if exact:
            expected = lf.golden.encode(exact, format=lf.float16)[0]
            assert int(result[k]) == expected


def test_lanes_are_alone_and_cancellation_cancels() -> None:
    unit = UNITS[2]
    columns = vectors.Cases(unit, 300, 1, ("dot_lanes",)).inputs(0, 300)
    busy = np.stack([columns[i] != 0 for i in range(2)])
    assert set(busy.sum(axis=0).tolist()) == {0, 1}
    assert busy.any(axis=1).all()
    inputs = vectors.Cases(unit, 2000, 1, ("dot_cancellation",)).inputs(0, 2000)
    cancelled = 0
    for k in range(0, 2000, 5):
        values = operand_values(unit, tuple(int(column[k]) for column in inputs))
        assert values is not None
        terms = [values[0] * values[2], values[1] * values[3], values[4]]
        pairs = [(terms[0], terms[1]), (terms[0], terms[2]), (terms[1], terms[2])]
        cancelled += any(x and abs(x + y) <= abs(x) / 2 for x, y in pairs)
    assert cancelled > 180


def test_units_that_lose_low_bits_differ_from_exact_ones() -> None:
    inputs = vectors.Cases(UNITS[0], 3000, 1, ("dot_alignment", "dot_cancellation")).inputs(0, 3000)
    exact = vectors.Unit.dot(4, "float8_e4m3fn", "float32")
    device, whole = UNITS[0].compute(inputs)[0], exact.compute(inputs)[0]
    assert 0.2 < (device != whole).mean() < 0.99


@pytest.mark.parametrize("accumulator", [u.accumulator for u in UNITS], ids=repr)
def test_accumulators_come_back_from_their_text(accumulator: object) -> None:
    if accumulator is not None:
        assert lf.accumulators.parse(repr(accumulator)) == accumulator


@pytest.mark.parametrize(
    "text",
    ["__import__('os')", "Accumulator(open('x'))", "1 +", "lambda: 1", "Accumulator(form=2)"],
)
def test_other_texts_are_refused(text: str) -> None:
    with pytest.raises(
        ValueError, match=r"no name of lf|describes no|malformed|no format|no accumulator|no option"
    ):
        lf.accumulators.parse(text)


def test_the_command_writes_dots(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "dot.tv"
    command = ["vectors", "dot", "--terms", "2", "-f", "e5m2", "--result-format", "float16"]
    command += ["--accumulator", "fpnew_sdotp('float16')", "--count", "500", "--out", str(path)]
    assert main(command) == 0
    assert main(["check", str(path)]) == 0
    assert main(["check", str(path), "--terms", "2"]) == 2
    assert "give --operation and --format too" in capsys.readouterr().err
    assert main(["check", str(path)]) == 0
    assert "dot of 2 products, float8_e5m2 + float16" in capsys.readouterr().out
    for bad, message in (
        (["dot", "-f", "e5m2", "--result-format", "float16"], "--terms K"),
        (["add", "-f", "e5m2", "--terms", "2"], "--terms is of dot"),
        (["add", "-f", "e5m2", "--accumulator", "Exact()"], "--accumulator is of dot"),
        (["dot", "--terms", "2", "-f", "e5m2"], "what does a dot add to"),
        (["dot", "--terms", "2", "-f", "e5m2", "--result-format", "float16", "--accumulator", "x"],
         "no accumulator 'x'"),
    ):  # fmt: skip
        assert main(["vectors", *bad, "--count", "9", "--out", "-"]) == 2
        assert message in capsys.readouterr().err
