"""The runs of differences, against casting every value of the source."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import lowfloat as lf
from lowfloat import profile_differences
from lowfloat.profiles import registry


def pairs(source: str) -> list[tuple[str, str, str]]:
    """Two profiles and a format that both cast ``source`` to."""
    found = []
    for left, right in itertools.combinations(registry().values(), 2):
        for name in left.rules:
            both = name in right.rules and name != "p3109"
            if both and all(source in (p.sources or (source,)) for p in (left, right)):
                found.append((left.name, right.name, name))
    return found


def unstated(left: str, right: str, name: str, source: str) -> bool:
    return "any" in (lf.profile(p).rule(name, source).nan for p in (left, right))


def by_casting(
    left: str, right: str, name: str, codes: np.ndarray, source: lf.Format
) -> dict[int, tuple[int, int]]:
    """Codes of the source whose results differ, and both results."""
    x = lf.from_codes(codes, source)
    a, b = (lf.profile(p).cast(x, name) for p in (left, right))
    differ = a.codes != b.codes
    if unstated(left, right, name, source.name):
        differ &= ~(lf.is_nan(a) & lf.is_nan(b))
    where = np.flatnonzero(differ)
    return {int(codes[i]): (int(a.codes[i]), int(b.codes[i])) for i in where}


def spelled_out(rows: list[profile_differences.Difference]) -> dict[int, tuple[int, int]]:
    """Every operand of the rows, and both results."""
    found: dict[int, tuple[int, int]] = {}
    for row in rows:
        for sign in row.signs.replace("+-", "pn").replace("-", "n").replace("+", "p"):
            mask = row.source.sign_mask if sign == "n" else 0
            at = -1 if sign == "n" else 0
            results = row.results("left")[at], row.results("right")[at]
            for code in range(row.low, row.high + 1):
                assert (code | mask) not in found
                found[code | mask] = results
    return found


@pytest.mark.parametrize("source", ["float16", "bfloat16"])
def test_every_value_of_16_bits(source: str) -> None:
    codes = np.arange(1 << 16, dtype=np.uint16)
    for left, right, name in pairs(source):
        rows = lf.profile(left).differences(right, name, source)
        expected = by_casting(left, right, name, codes, lf.format(source))
        assert spelled_out(rows) == expected, (left, right, name)
        assert sum(row.size for row in rows) == len(expected)


def sampled(source: lf.Format, rows: list[profile_differences.Difference]) -> np.ndarray:
    """The ends of the runs with their neighbours, and random values."""
    rng = np.random.default_rng(5)
    ends = [code + d for row in rows[:100] for code in (row.low, row.high) for d in (-1, 0, 1)]
    ends = [code & source.magnitude_mask for code in ends]
    drawn = rng.integers(0, 1 << source.width, 1 << 11, np.uint64, endpoint=False)
    both = np.array(ends, np.uint64)
    signs = np.uint64(source.sign_mask)
    return np.concatenate([both, both | signs, drawn]).astype(f"u{source.storage_bits // 8}")


@pytest.mark.parametrize("source", ["float32", "float64"])
def test_wide_sources_at_the_ends_of_runs(source: str) -> None:
    fmt = lf.format(source)
    for left, right, name in pairs(source):
        if name in ("float16", "bfloat16", source) or lf.format(name).width > 16:
            continue
        rows = lf.profile(left).differences(right, name, source)
        codes = sampled(fmt, rows)
        expected = by_casting(left, right, name, codes, fmt)
        for code in codes.tolist():
            magnitude, sign = code & fmt.magnitude_mask, int(bool(code & fmt.sign_mask))
            hits = [r for r in rows if r.low <= magnitude <= r.high and "+-"[sign] in r.signs]
            assert len(hits) == (code in expected), (left, right, name, hex(code))
            if hits:
                at = -1 if sign and hits[0].signs == "+-" else 0
                both = tuple(hits[0].results(side)[at] for side in ("left", "right"))
                assert both == expected[code]


def test_double_rounding_of_float64_is_found() -> None:
    rows = lf.profile("torch").differences("onnx", "bfloat16", "float64")
    why = {row.why for row in rows}
    assert why == {("rounds to float32, then nearest even", "rounds nearest even")}
    x = 1 + 2.0**-8 + 2.0**-40
    assert any(row.low_value <= x <= row.high_value for row in rows)
    assert not any(row.low_value <= 1 + 2.0**-8 <= row.high_value for row in rows)


def test_a_profile_does_not_differ_from_itself() -> None:
    for entry in registry().values():
        for name in set(entry.rules) - {"p3109", "float32", "float64"}:
            assert (
                entry.differences(entry, name, "float32" if name != "float32" else "float16") == []
            )


def test_a_planted_difference_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """One wrong run boundary, or one wrong result, makes the comparison above fail."""
    rows = lf.profile("torch").differences("ml_dtypes", "float8_e4m3fn", "float16")
    codes = np.arange(1 << 16, dtype=np.uint16)
    expected = by_casting("torch", "ml_dtypes", "float8_e4m3fn", codes, lf.float16)
    assert spelled_out(rows) == expected
    assert spelled_out([rows[0]._replace(low=rows[0].low + 1), *rows[1:]]) != expected
    assert spelled_out([rows[0]._replace(left=0x7D), *rows[1:]]) != expected


@pytest.mark.exhaustive
@pytest.mark.parametrize("name", ["float8_e4m3fn", "float8_e8m0fnu", "float8_e5m2"])
def test_every_float32(name: str) -> None:
    """The number of differing patterns, counted one by one."""
    wanted = [(left, right) for left, right, target in pairs("float32") if target == name]
    counts = dict.fromkeys(wanted, 0)
    for start in range(0, 1 << 32, 1 << 22):
        codes = np.arange(start, start + (1 << 22), dtype=np.uint64).astype(np.uint32)
        x = lf.from_codes(codes, "float32")
        made = {p: lf.profile(p).cast(x, name) for p in {p for pair in wanted for p in pair}}
        nans = {p: lf.is_nan(y) for p, y in made.items()}
        for left, right in wanted:
            differ = made[left].codes != made[right].codes
            if unstated(left, right, name, "float32"):
                differ &= ~(nans[left] & nans[right])
            counts[left, right] += int(np.count_nonzero(differ))
    for (left, right), count in counts.items():
        rows = lf.profile(left).differences(right, name)
        assert sum(row.size for row in rows) == count, (left, right)
