"""Dumped products: what is in the files, and that a replay gives the same bits or says why not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import lowfloat as lf
from lowfloat.training import Dump, Emulator, StaticScaler, read_dump, replay, trace
from lowfloat.training.numpy import CrossEntropy, Dense, Network, ReLU


def trained(folder: Path, accumulator: str, **chosen: Any) -> tuple[Network, Dump]:
    roles = f"w=e4m3fn,a=e4m3fn,e=e5m2:sr,g=e5m2,acc={accumulator}"
    network = Network([Dense("fc1", 6, 5), ReLU(), Dense("fc2", 5, 3)], roles, seed=2)
    dump = Dump(network.emulator, folder, **chosen)
    x, labels = (
        np.random.default_rng(0).standard_normal((4, 6)).astype(np.float32),
        np.arange(4) % 3,
    )
    loss, scaler = CrossEntropy(), StaticScaler(1024.0)
    for _ in range(2):
        loss.forward(network.forward(x), labels)
        network.backward(loss.backward(scaler.get_scale()))
        network.emulator.advance()
    return network, dump


@pytest.mark.parametrize("accumulator", ["e6m9", "e6m9:sr8", "exact", "bfloat16:chunk4:rtz"])
def test_every_product_is_written_and_replayed(tmp_path: Path, accumulator: str) -> None:
    network, dump = trained(tmp_path, accumulator)
    # Two steps of two layers with forward, dgrad, wgrad, and the bias's sum, a second wgrad.
    assert len(dump.written) == 2 * 2 * 4
    names = {place.name for place in dump.written}
    assert {"step000000.fc1.forward", "step000001.fc2.wgrad", "step000001.fc2.wgrad.1"} <= names
    for place in dump.written:
        manifest, arrays = read_dump(place)
        chosen = network.emulator.accumulator(manifest["gemm"], manifest["layer"])
        assert replay(place, chosen) == 0
        assert arrays["a"].shape[-1] == arrays["b"].shape[-2]
    manifest, arrays = read_dump(tmp_path / "step000000.fc1.forward")
    assert (arrays["a"].format.name, arrays["b"].format.name) == ("float8_e4m3fn",) * 2
    _, arrays = read_dump(tmp_path / "step000000.fc1.wgrad")
    assert (arrays["a"].format.name, arrays["b"].format.name) == ("float8_e5m2", "float8_e4m3fn")


def test_the_golden_model_gives_the_dumped_sums(tmp_path: Path) -> None:
    trained(tmp_path, "e6m9", steps=[1], layers=["fc2"], gemms=["forward"])
    (place,) = tmp_path.iterdir()
    _, arrays = read_dump(place)
    with lf.backend("golden"):
        again = lf.matmul(arrays["a"], arrays["b"], accumulator=lf.Accumulator("e6m9"))
    assert np.array_equal(again.codes, arrays["sum"].codes)
    steps = trace(place, lf.Accumulator("e6m9"), 1, 2)
    assert len(steps) == arrays["a"].shape[1]
    assert steps[-1] == float(arrays["sum"][1, 2].to_numpy())


def test_a_planted_error_is_caught(tmp_path: Path) -> None:
    network, dump = trained(tmp_path, "e6m9", steps=[0], layers=["fc1"], gemms=["forward"])
    (place,), accumulator = dump.written, network.emulator.accumulator("forward", "fc1")
    lines = (place / "sum.hex").read_text().split()
    lines[3] = f"{int(lines[3], 16) ^ 1:04x}"
    (place / "sum.hex").write_text("\n".join(lines) + "\n")
    with pytest.raises(ValueError, match="checksum"):
        replay(place, accumulator)
    manifest = json.loads((place / "manifest.json").read_text())
    import hashlib

    text = (place / "sum.hex").read_bytes()
    manifest["tensors"]["sum"]["sha256"] = hashlib.sha256(text).hexdigest()
    (place / "manifest.json").write_text(json.dumps(manifest))
    assert replay(place, accumulator) == 1


def test_what_cannot_be_replayed_says_why(tmp_path: Path) -> None:
    _, dump = trained(tmp_path / "host", "f32", steps=[0], layers=["fc1"], gemms=["forward"])
    with pytest.raises(ValueError, match="no stated order"):
        replay(dump.written[0], None)
    _, dump = trained(tmp_path / "acc", "e6m9", steps=[0], layers=["fc1"], gemms=["forward"])
    with pytest.raises(ValueError, match="was made by"):
        replay(dump.written[0], lf.Accumulator("bfloat16"))
    (dump.written[0] / "b.hex").unlink()
    with pytest.raises(ValueError, match="no whole dump"):
        read_dump(dump.written[0])
    _, dump = trained(tmp_path / "exact", "exact", steps=[0], layers=["fc1"], gemms=["forward"])
    (exact,) = dump.written
    with pytest.raises(ValueError, match="sequential"):
        trace(exact, lf.accumulators.Exact(), 0, 0)


def test_a_failed_write_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any, **__: Any) -> str:
        raise OSError("disk full")

    monkeypatch.setattr(json, "dumps", broken)
    emulator = Emulator("acc=e6m9", ["fc"])
    Dump(emulator, tmp_path)
    with pytest.raises(OSError, match="disk full"):
        emulator.gemm(np.ones((1, 2), np.float32), np.ones((2, 1), np.float32), "forward", "fc")
    assert list(tmp_path.iterdir()) == []
