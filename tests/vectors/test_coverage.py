"""Coverage: what can be reached is reached, and what cannot is proved."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest

import lowfloat as lf
from lowfloat import vectors
from lowfloat.cli.main import main

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
    assert {name: count for name, (count, _) in coverage.classes.items()} == {
        "B1": 2504,
        "random": 2496,
    }
    assert set().union(*(bins for _, bins in coverage.classes.values())) == coverage.hits.keys()
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
