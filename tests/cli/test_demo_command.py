"""``lowfloat demo``, end to end."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest

import lowfloat as lf
from lowfloat.cli import demo_network
from lowfloat.cli.demo_casting import Setting, evaluate
from lowfloat.cli.demo_command import FORMATS, demonstrate, vector_part
from lowfloat.cli.main import main


def test_demo_prints_measures_and_writes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    demonstrate(tmp_path / "out", images=60)
    text = capsys.readouterr().out
    rows = re.findall(
        r"^   (\w+) +(nearest|stochastic) +(none|amax) +([\d.]+)% +(\S+) dB", text, re.MULTILINE
    )
    assert len(rows) == len(FORMATS) * 4
    written = (tmp_path / "out" / "e4m3fn_multiply.tv").read_bytes()
    assert written.count(b"\n") == 65536
    manifest = json.loads((tmp_path / "out" / "e4m3fn_multiply.tv.json").read_text())
    assert manifest["sha256"] in text
    assert "512 of them" in text
    assert text.splitlines()[-1].startswith("Done in ")


def test_float32_accuracy_is_the_documented_one() -> None:
    network = demo_network.load()
    assert len(network.images) == 1000
    assert demo_network.accuracy(network, lambda tensor, name: tensor) == pytest.approx(0.93)


def test_every_layer_is_cast_and_counted() -> None:
    network = demo_network.load(20)
    names: list[str] = []

    def record(tensor: demo_network.Tensor, name: str) -> demo_network.Tensor:
        names.append(name)
        return tensor

    demo_network.accuracy(network, record)
    layers = demo_network.LAYERS
    assert sorted(names) == sorted([f"{x}.{y}" for x in layers for y in ("weight", "input")])
    exact = evaluate(network, Setting(lf.format("float32"), "nearest_even", False))
    assert exact.accuracy == demo_network.accuracy(network, record)
    assert (exact.weight_snr, exact.overflows, exact.underflows) == (np.inf, 0, 0)


def test_scaling_ends_overflow() -> None:
    network = demo_network.load(20)
    narrow = lf.format("e2m3b12fn")
    plain = evaluate(network, Setting(narrow, "nearest_even", False))
    scaled = evaluate(network, Setting(narrow, "nearest_even", True))
    assert plain.overflows > 0
    assert scaled.overflows == 0
    assert scaled.weight_snr > plain.weight_snr


def test_vectors_of_the_demo_pass_the_check(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    vector_part(tmp_path)
    assert main(["check", str(tmp_path / "e4m3fn_multiply.tv")]) == 0
    assert "all right" in capsys.readouterr().out
