"""``lowfloat cast``."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

import lowfloat as lf
from lowfloat.cli.cast_command import snr_db
from lowfloat.cli.main import main


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    path = tmp_path / "weights.npy"
    np.save(path, np.random.default_rng(7).normal(size=(50, 40)).astype(np.float32) * 0.05)
    return path


def test_writes_what_lf_cast_gives(weights: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = weights.with_suffix(".npz")
    assert main(["cast", str(weights), str(out), "-f", "float8_e4m3fn"]) == 0
    expected = lf.cast(np.load(weights), "float8_e4m3fn")
    lf.testing.assert_same_bits(lf.load(out), expected)
    text = capsys.readouterr().out
    raised = np.zeros((50, 40), np.uint8)
    lf.cast(np.load(weights), "float8_e4m3fn", flags_out=raised)
    underflows = int(np.count_nonzero(raised & 2))
    assert underflows > 0
    assert re.search(rf"underflow +{underflows} ", text)
    snr = 10 * np.log10(
        np.square(np.load(weights), dtype=float).sum()
        / np.square(np.load(weights) - expected.to_numpy(), dtype=float).sum()
    )
    assert f"{snr:.2f} dB" in text


def test_scaled(weights: Path) -> None:
    out = weights.with_suffix(".npz")
    assert main(["cast", str(weights), str(out), "-f", "float4_e2m1fn", "--scale", "amax"]) == 0
    stored = lf.load(out)
    assert isinstance(stored, dict)
    expected = lf.systems.scaling.quantize(np.load(weights), "float4_e2m1fn")
    lf.testing.assert_same_bits(stored["elements"], expected.elements)
    assert stored["scale"].item() == expected.scale.item()


def test_stochastic_is_reproducible(weights: Path) -> None:
    out = weights.with_suffix(".npz")
    command = ["cast", str(weights), str(out), "-f", "e5m2", "--stochastic", "16", "--seed", "7"]
    assert main(command) == 0
    expected = lf.cast(np.load(weights), "e5m2", rounding=lf.Stochastic(16), rng=lf.Philox(7))
    lf.testing.assert_same_bits(lf.load(out), expected)


@pytest.mark.parametrize(
    ("values", "extra", "message"),
    [
        (np.array([1j]), [], "complex"),
        (np.array(["a"]), [], "'a' is no decimal"),
        (np.ones(3), ["--seed", "3"], "--stochastic"),
        (np.ones(3), ["--stochastic", "16", "--rounding", "RTZ"], "exclude each other"),
        (np.ones(3), ["--stochastic", "65"], "from 1 to 64"),
        (np.ones(3), ["--stochastic", "-1"], "negative"),
        (np.ones(3), ["--policy", "riscv,tinyness=before"], "no policy knob"),
        (np.ones(3), ["--policy", "mips"], "no policy 'mips'"),
    ],
)
def test_bad_input(
    values: np.ndarray,
    extra: list[str],
    message: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    np.save(tmp_path / "x.npy", values)
    out = tmp_path / "x.npz"
    assert main(["cast", str(tmp_path / "x.npy"), str(out), "-f", "e4m3fn", *extra]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
    assert sorted(p.name for p in tmp_path.iterdir()) == ["x.npy"]


@pytest.mark.parametrize("content", [b"", b"hello", b"\x93NUMPY\x01\x00"])
def test_bad_files(content: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bad = tmp_path / "bad.npy"
    bad.write_bytes(content)
    assert main(["cast", str(bad), str(tmp_path / "x.npz"), "-f", "e4m3fn"]) == 2
    assert "is no .npy file" in capsys.readouterr().err


def test_bad_places(weights: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for output, message in (("nowhere/x.npz", "no such folder"), ("x.npy", "should end in .npz")):
        assert main(["cast", str(weights), str(weights.parent / output), "-f", "e5m2"]) == 2
        assert message in capsys.readouterr().err
    assert main(["cast", str(weights.parent / "no.npy"), "x.npz", "-f", "e5m2"]) == 2
    assert "no such file" in capsys.readouterr().err


def test_snr_ignores_what_is_not_finite() -> None:
    x = np.array([3.0, 4.0, np.inf, np.nan])
    assert snr_db(x, np.array([3.0, 4.5, 5.0, 1.0])) == pytest.approx(20)
    assert snr_db(x, x) == np.inf
