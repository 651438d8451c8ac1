"""Meters: counters against analytic thresholds, records as JSON Lines, pictures that draw."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import lowfloat as lf
from lowfloat.training import Emulator, Meter, measure, plot_binades, plot_counts, read_records


@settings(max_examples=80)
@given(
    bits=st.lists(st.integers(0, 2**32 - 1), max_size=60),
    text=st.sampled_from(["float8_e5m2", "float8_e5m2:sat", "float16", "float8_e4m3fn"]),
)
def test_counters_are_those_of_the_flags(bits: list[int], text: str) -> None:
    x = np.array(bits, np.uint32).view(np.float32)
    q = lf.training.quantizer(text)
    assert q.format is not None
    top = float(lf.golden.decode(q.format.max_finite_code, q.format))
    m = measure(x, q(x), top)
    finite = np.isfinite(x)
    flags = np.zeros(x.shape, np.uint8)
    codes = lf.cast(x, q.format, saturation=q.saturation, flags_out=flags)
    zero = (codes.codes & (q.format.sign_mask - 1)) == 0
    assert m["underflow"] == np.count_nonzero(zero & (x != 0) & finite)
    over = np.count_nonzero((flags & 4 != 0) & finite)
    clamps = text.endswith("sat")
    assert m["overflow"] == (0 if clamps else over)
    if clamps:  # 57344 < x < 61440 comes down to the largest number without an overflow
        assert m["saturated"] == np.count_nonzero(finite & (np.abs(x) > top))
    assert m["nonfinite"] == np.count_nonzero(~finite)
    assert sum(m["binades"].values()) == np.count_nonzero(finite & (x != 0))
    assert m["count"] == x.size


def test_analytic_thresholds() -> None:
    tie16, tie8 = np.float32(2.0**-25), np.float32(2.0**-17)
    up = np.float32(np.inf)
    for text, tie in (("float16", tie16), ("float8_e5m2", tie8)):
        x = np.array([tie, np.nextafter(tie, up), -tie, 1], np.float32)
        assert measure(x, lf.training.quantizer(text)(x))["underflow"] == 2
    x = np.float32([61439, 61440])
    assert measure(x, lf.training.quantizer("e5m2")(x))["overflow"] == 1


def test_the_signal_to_noise_ratio_is_the_definition() -> None:
    x = np.random.default_rng(0).standard_normal(10_000).astype(np.float32)
    y = lf.training.quantizer("e4m3fn")(x)
    noise = np.sum((x.astype(np.float64) - y) ** 2)
    assert measure(x, y)["snr"] == pytest.approx(
        10 * np.log10(np.sum(x.astype(np.float64) ** 2) / noise)
    )
    assert measure(x, x)["snr"] is None


def run(meter_settings: dict) -> tuple[Emulator, Meter]:
    emulator = Emulator("a=e5m2,e=e5m2:sr,g=none,w=s2fp8", ["fc"], seed=1)
    meter = Meter(emulator, **meter_settings)
    rng = np.random.default_rng(0)
    for _ in range(4):
        for tensor in ("activation", "error", "weight_gradient", "weight"):
            x = np.ldexp(rng.standard_normal(500), rng.integers(-20, 3, 500)).astype(np.float32)
            emulator.quantize(x, tensor, "fc")
        meter.weights({"fc.weight": np.float32([3, 4])})
        emulator.advance()
    return emulator, meter


def test_a_meter_changes_no_bit_and_counts_every_tensor(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    _, meter = run({"path": path, "every": 2})
    assert [r["step"] for r in meter.records if r["tensor"] == "error"] == [0, 2]
    assert meter.totals()["fc", "activation"]["count"] == 1000
    assert meter.totals()["fc", "activation"]["underflow"] > 50
    assert meter.totals()["fc", "weight_gradient"]["underflow"] == 0
    assert [r["norm"] for r in meter.records if r["tensor"] == "parameter"] == [25.0] * 4
    assert read_records(path) == meter.records
    assert all(isinstance(json.loads(line), dict) for line in path.read_text().splitlines())
    emulator = Emulator("e=e5m2:sr", ["fc"], seed=1)
    x = np.full(200, 1.1, np.float32)
    plain = emulator.quantize(x, "error", "fc")
    observed = Emulator("e=e5m2:sr", ["fc"], seed=1)
    Meter(observed)
    inside = x.copy()
    observed.quantize(inside, "error", "fc", out=inside)
    assert np.array_equal(plain, inside)


def test_in_place_rounding_is_measured_against_what_came() -> None:
    emulator = Emulator("a=e5m2", ["fc"])
    meter = Meter(emulator, tensors=["activation"])
    x = np.float32([1e-9, 1])
    emulator.quantize(x, "activation", "fc", out=x)
    assert meter.records[0]["underflow"] == 1


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "bad.jsonl"
    path.write_text('{"step": 1}\n{"step":\n')
    with pytest.raises(ValueError, match="line 2"):
        read_records(path)
    with pytest.raises(ValueError, match="every"):
        Meter(Emulator(""), every=0)


def test_pictures_draw_what_was_measured() -> None:
    pyplot = pytest.importorskip("matplotlib.pyplot", reason="pip install lowfloat[plot]")
    _, meter = run({})
    figure = plot_binades(
        [r for r in meter.records if r["tensor"] == "error"], format="float8_e5m2"
    )
    (line,) = figure.axes[0].lines
    assert sum(line.get_ydata()) == pytest.approx(100)
    figure = plot_counts([r for r in meter.records if r["tensor"] == "activation"])
    (line,) = figure.axes[0].lines
    assert line.get_xdata().tolist() == [0, 1, 2, 3]
    plot_counts(meter.records, "norm")
    plot_counts(meter.records, "snr")
    pyplot.close("all")
