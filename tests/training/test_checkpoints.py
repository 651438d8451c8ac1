"""Checkpoints: everything comes back, bit for bit, or nothing changes."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from lowfloat.training import SGD, Checkpoint, DynamicScaler, Emulator, StaticScaler

ROLES = "w=e5m2,a=e5m2:pow2:delayed4,e=e5m2:sr"


def parts(layers=("fc",), momentum: float = 0.9) -> dict:
    rng = np.random.default_rng(1)
    weights = {"fc.weight": rng.standard_normal((3, 4)).astype(np.float32)}
    return {
        "emulator": Emulator(ROLES, layers, seed=3),
        "optimizer": SGD(weights, lr=0.1, momentum=momentum, master="bfloat16:sr", seed=3),
        "scaler": DynamicScaler(2.0**6, growth_interval=2),
    }


def work(run: dict, steps: range) -> None:
    for step in steps:
        rng = np.random.default_rng(step)
        x = rng.standard_normal((5, 4)).astype(np.float32)
        run["emulator"].quantize(x, "activation", "fc")
        gradient = run["emulator"].quantize(x[:3], "error", "fc") * 64
        run["optimizer"].gradients = {"fc.weight": gradient}
        run["scaler"].step(run["optimizer"])
        run["scaler"].update()
        run["emulator"].advance()


def everything(run: dict) -> dict:
    return {name: part.state_dict() for name, part in run.items()}


def test_a_run_goes_on_as_if_it_had_not_stopped(tmp_path: Path) -> None:
    whole, first, second = parts(), parts(), parts()
    work(whole, range(7))
    work(first, range(4))
    Checkpoint(**first).save(tmp_path / "c", step=4, loss=[0.5, math.inf])
    assert Checkpoint(**second).load(tmp_path / "c") == {"step": 4, "loss": [0.5, math.inf]}
    work(second, range(4, 7))
    np.testing.assert_equal(everything(second), everything(whole))
    assert [p.name for p in tmp_path.iterdir()] == ["c"]


def test_what_does_not_fit_changes_nothing(tmp_path: Path) -> None:
    saved = parts()
    work(saved, range(2))
    Checkpoint(**saved).save(tmp_path / "c")
    for other, words in (
        (parts(layers=("fc", "out")), "emulator: the checkpoint is of other layers"),
        (parts(momentum=0.0), "optimizer"),
        ({**parts(), "scaler": StaticScaler()}, "scaler: no state of a StaticScaler"),
    ):
        before = everything(other)
        with pytest.raises(ValueError, match=words):
            Checkpoint(**other).load(tmp_path / "c")
        np.testing.assert_equal(everything(other), before)
    with pytest.raises(ValueError, match="holds emulator, optimizer, scaler, and this run has"):
        Checkpoint(scaler=DynamicScaler()).load(tmp_path / "c")


@pytest.mark.parametrize("cut", [0, 1, 100, -200, -1])
def test_a_damaged_file_is_named(tmp_path: Path, cut: int) -> None:
    Checkpoint(**parts()).save(tmp_path / "c")
    data = (tmp_path / "c").read_bytes()
    (tmp_path / "c").write_bytes(data[:cut])
    with pytest.raises(ValueError, match="no checkpoint, or is damaged"):
        Checkpoint(**parts()).load(tmp_path / "c")


def test_a_failed_write_leaves_the_old_file(tmp_path: Path, monkeypatch) -> None:
    checkpoint = Checkpoint(**parts())
    checkpoint.save(tmp_path / "c", step=1)

    def full(*_args, **_kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez", full)
    with pytest.raises(OSError, match="No space"):
        checkpoint.save(tmp_path / "c", step=2)
    assert checkpoint.load(tmp_path / "c") == {"step": 1}
    assert [p.name for p in tmp_path.iterdir()] == ["c"]
