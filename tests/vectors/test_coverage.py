"""Coverage: what can be reached is reached, and what cannot is proved."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest

import lowfloat as lf
from lowfloat import vectors
from lowfloat.cli.coverage_command import write_report
from lowfloat.cli.main import main
from lowfloat.vectors.coverage_report import as_text

CASES = [
    (operation, fmt)
    for fmt in ("float8_e4m3fn", "float8_e5m2")
    for operation in ("add", "multiply", "divide")
]
FMA = [
    pytest.param("fma", "float8_e4m3fn", marks=pytest.mark.exhaustive),
    pytest.param("fma", "float8_e5m2", marks=pytest.mark.exhaustive),
    ("fma", "float6_e3m2fn"),
]


@pytest.mark.parametrize(("operation", "fmt"), [*CASES, *FMA])
def test_every_reachable_bin_is_reached(operation: str, fmt: str) -> None:
    unit = vectors.Unit.uniform(operation, fmt)
    reached = vectors.reach_coverage(unit, seed=1)
    assert reached.goal.proved
    assert reached.missed == []
    assert reached.share == 1.0
    # The cases themselves, drawn again without looking at the search, meet the same bins.
    again = vectors.Coverage(unit).collect(reached.cases)
    assert again.hits == reached.coverage.hits
    assert again.hits.keys() == reached.goal.bins
    report = vectors.report_of(reached.coverage, reached.goal)
    assert report["bins"]["unreachable"] == again.bin_count - len(reached.goal.bins) > 0
    assert f"all {unit.exhaustive_count:,} combinations" in report["unreachable"]["proof"]


def test_most_bins_need_no_closing() -> None:
    for operation, fmt in CASES[:3]:
        reached = vectors.reach_coverage(vectors.Unit.uniform(operation, fmt), close=False)
        assert reached.share > 0.99


def test_a_bin_says_what_it_is() -> None:
    unit = vectors.Unit.uniform("multiply", "float8_e4m3fn")
    coverage = vectors.Coverage(unit)
    f = lf.float8_e4m3fn
    # 1.125 * 1.25 lies below the midpoint; the least normal number times 1/2 is exact.
    for codes, expected in (
        ((0x39, 0x3A), ("positive_normal", "positive_normal", "inexact", "none", "below_tie")),
        ((0x08, 0x30), ("positive_normal", "positive_normal", "none", "none", "exact")),
        ((0x88, 0x38), ("negative_normal", "positive_normal", "none", "least_normal", "exact")),
        ((0x7E, 0x7E), ("positive_normal", "positive_normal", "inexact+overflow", "none", None)),
    ):
        columns = [np.array([code], np.uint8) for code in codes]
        number = int(coverage.numbers(columns, *unit.compute(columns))[0])
        name = coverage.name(number)
        found = (name["a"], name["b"], name["flags"], name["boundary"], name["position"])
        assert found[:4] == expected[:4]
        assert expected[4] in (None, found[4])
        assert name["mode"] == "nearest_even"
        result = lf.golden.multiply(*codes, formats=(f, f), format=f)[0]
        assert name["result"] == lf.golden.CLASSES[lf.golden.classify(result, formats=(f,))[0]]


def test_counts_add_up() -> None:
    unit = vectors.Unit.uniform("add", "float8_e5m2")
    cases = vectors.Cases(unit, 5000, 3, ("B1", "random"))
    coverage = vectors.Coverage(unit).collect(cases)
    assert sum(coverage.hits.values()) == coverage.cases == 5000
    assert {name: bins.total() for name, bins in coverage.classes.items()} == {
        "B1": 2504,
        "random": 2496,
    }
    assert set().union(*coverage.classes.values()) == coverage.hits.keys()
    parts = vectors.Coverage(unit).collect(cases, 0, 1234).collect(cases, 1234)
    assert parts.hits == coverage.hits
    assert set(coverage.hits) <= set(coverage.all_bins())


def test_wide_units_are_held_against_a_little_sister() -> None:
    unit = vectors.Unit.uniform("add", "float16")
    goal = vectors.goal_of(unit)
    assert not goal.proved
    assert "e3m2" in goal.proof
    reached = vectors.reach_coverage(unit, 0.9, seed=1)
    assert reached.share >= 0.9
    assert len(reached.cases.closing) == 0


def test_closing_cases_are_cut_into_shards_too(tmp_path: Path) -> None:
    unit = vectors.Unit.uniform("multiply", "float8_e4m3fn")
    reached = vectors.reach_coverage(unit, seed=1, round_size=3000, patience=1)
    assert reached.cases.closing
    whole = vectors.write(tmp_path / "x.tv", reached.cases)
    parts = b""
    for index in (1, 2, 3):
        vectors.write(tmp_path / "part.tv", reached.cases, shard=(index, 3))
        parts += (tmp_path / "part.tv").read_bytes()
    assert parts == (tmp_path / "x.tv").read_bytes()
    manifest = vectors.read_manifest(tmp_path / "x.tv.json")
    assert vectors.cases_of(manifest, "x") == reached.cases
    assert whole.count == reached.cases.count


def test_the_command_covers_and_reports(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out, page = str(tmp_path / "div.tv"), tmp_path / "div.html"
    command = ["vectors", "divide", "-f", "e5m2", "--cover", "100", "--seed", "3"]
    assert main([*command, "--coverage", str(page), "--out", out]) == 0
    text = page.read_text()
    assert "100.00 %" in text
    assert not re.search(r"<script|https?:", text)
    for tag in ("table", "div", "details", "ol", "h2", "p"):
        assert text.count(f"<{tag}>") + text.count(f"<{tag} ") == text.count(f"</{tag}>"), tag
    assert main(["coverage", out, "--report", str(tmp_path / "div.json")]) == 0
    report = json.loads((tmp_path / "div.json").read_text())
    assert report["share"] == 1.0
    assert report["bins"]["missed"] == 0
    assert main(["check", out]) == 0
    assert main(["coverage", out]) == 0
    assert "268 of them, 100.00 %" in capsys.readouterr().out


def test_what_cannot_be_covered_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["vectors", "multiply", "-f", "float16", "--classes", "B1", "--cover", "100"]
    report = tmp_path / "x.json"
    assert main([*command, "--coverage", str(report), "--out", str(tmp_path / "x.tv")]) == 2
    error = capsys.readouterr().err
    assert "missed a " in error
    assert "more cases meet no more" in error
    assert not (tmp_path / "x.tv").exists()
    assert json.loads(report.read_text())["missed"]
    assert main([*command, "--count", "5", "--out", "-"]) == 2
    assert main(["vectors", "add", "-f", "e5m2", "--cover", "101", "--out", "-"]) == 2
    assert main(["vectors", "add", "-f", "e5m2", "-n", "9", "--coverage", "x.pdf"]) == 2


def test_bins_are_crossed_with_the_classes_of_cases() -> None:
    unit = vectors.Unit.uniform("add", "float8_e5m2")
    cases = vectors.Cases(unit, 6000, 3, ("B1", "near_tie", "random"))
    coverage = vectors.Coverage(unit).collect(cases)
    report = vectors.report_of(coverage, vectors.goal_of(unit))
    crossed = report["crossed"]["bins"]
    assert len(crossed) == report["crossed"]["met"] == sum(map(len, coverage.classes.values()))
    assert sum(row["cases"] for row in crossed) == 6000
    # One bin of one class, counted by hand.
    names = cases.class_names(0, 6000)
    numbers = coverage.numbers(cases.inputs(0, 6000), *unit.compute(cases.inputs(0, 6000)))
    row = max(crossed, key=lambda row: row["cases"] if row["class"] == "near_tie" else 0)
    number = next(n for n in coverage.hits if coverage.name(n).items() <= row.items())
    assert row["cases"] == ((numbers == number) & (names == cases.names.index("near_tie"))).sum()
    ties = report["crossed"]["cases"]["near_tie"]["position"]
    assert sum(ties.values()) == report["classes"]["near_tie"]["cases"]
    assert "observed" in report["crossed"]["known_by"]


def test_bins_of_a_small_dot_are_proved() -> None:
    """2^20 inputs: two products of 4-bit floats and a start of as many bits."""
    unit = vectors.Unit.dot(
        2, "float4_e2m1fn", "float4_e2m1fn", "float8_e4m3fn",
        accumulator=lf.Accumulator("float8_e4m3fn"),
    )  # fmt: skip
    reached = vectors.reach_coverage(unit, seed=1)
    assert reached.goal.proved
    assert reached.missed == []
    assert vectors.Coverage(unit).collect(reached.cases).hits.keys() == reached.goal.bins


def test_a_dots_bins_are_kinds_of_terms() -> None:
    """However many terms: their classes multiplied would not fit in a number."""
    unit = vectors.Unit.dot(40, "float8_e5m2", "float16", accumulator=lf.Accumulator("e6m9"))
    coverage = vectors.Coverage(unit)
    assert coverage.bin_count < 1 << 32
    one, zero, nan, least = 0x3C, 0x80, 0x7F, 0x01
    columns = [np.array([code], np.uint8) for code in [one] * 38 + [zero, nan] + [least] * 40]
    columns.append(np.array([0x8000], np.uint16))
    name = coverage.name(int(coverage.numbers(columns, *unit.compute(columns))[0]))
    assert (name["a"], name["b"], name["c"]) == ("zero+normal+nan", "subnormal", "negative_zero")
    assert (name["result"], name["boundary"], name["flags"]) == ("quiet_nan", "none", "none")
    cases = vectors.Cases(unit, 2000, 1)
    found = coverage.collect(cases)
    assert set(found.hits) <= set(coverage.all_bins())


def test_a_wide_unit_without_a_sister_has_no_proof(tmp_path: Path) -> None:
    unit = vectors.Unit.dot(4, "float8_e5m2", "float16")
    path = tmp_path / "x.html"
    coverage = vectors.Coverage(unit).collect(vectors.Cases(unit, 500))
    write_report(str(path), coverage)
    for text in (path.read_text(), as_text(vectors.report_of(coverage, vectors.goal_of(unit)))):
        assert "too wide to compute every case" in text
        assert "0.00 %" not in text
    write_report(str(path.with_suffix(".json")), coverage)
    report = json.loads(path.with_suffix(".json").read_text())
    assert (report["proved"], report["unreachable"]) == (False, {})


def test_several_units_make_one_report(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = []
    for operation in ("add", "multiply"):
        files.append(str(tmp_path / f"{operation}.tv"))
        command = ["vectors", operation, "-f", "e3m2", "--cover", "100", "--out", files[-1]]
        assert main(command) == 0
    assert main(["coverage", *files, "--report", str(tmp_path / "all.json")]) == 0
    report = json.loads((tmp_path / "all.json").read_text())
    assert report["share"] == 1.0
    assert [one["unit"].split(",")[0] for one in report["units"]] == ["add", "multiply"]
    assert report["bins"]["expected"] == sum(one["bins"]["expected"] for one in report["units"])
    # Vectors beside their manifest are counted by class.
    assert {"B1", "near_tie"} <= report["units"][0]["classes"].keys()
    capsys.readouterr()
    assert main(["coverage", *files]) == 0
    text = capsys.readouterr().out
    assert re.search(r"all units +[\d,]+ cases +\d+ of \d+ bins  100.00 %  proved", text)
    assert main(["coverage", *files, "--report", str(tmp_path / "all.html")]) == 0
    assert (tmp_path / "all.html").read_text().count("<h1>") == 3
