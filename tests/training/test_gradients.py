"""Clipping, sums over small batches, and all-reduce over simulated workers."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

import lowfloat as lf
from lowfloat.training import SGD, DynamicScaler, GradientSum, all_reduce, clip_norm

RNG = np.random.default_rng(4)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("limit", [0.1, 3.0, 1e6])
def test_clipping_is_torchs(limit: float) -> None:
    torch = pytest.importorskip("torch", reason="pip install torch==2.13.0 to compare with it")
    mine = {
        k: RNG.standard_normal(s).astype(np.float32) for k, s in {"a": (5, 7), "b": (9,)}.items()
    }
    theirs = []
    for values in mine.values():
        theirs.append(torch.zeros(values.shape, requires_grad=True))
        theirs[-1].grad = torch.tensor(values)
    norm = torch.nn.utils.clip_grad_norm_(theirs, limit)
    assert clip_norm(mine, limit) == pytest.approx(float(norm), rel=1e-6)
    for values, other in zip(mine.values(), theirs, strict=True):
        np.testing.assert_allclose(values, other.grad.numpy(), rtol=1e-6)


def test_clipping_comes_after_unscaling_and_leaves_overflows_to_the_scaler() -> None:
    w = {"w": np.float32([1, 1])}
    optimizer, scaler = SGD(w, lr=1.0), DynamicScaler(1024.0)
    optimizer.gradients = {"w": np.float32([3, 4]) * 1024}
    scaler.unscale_(optimizer)
    assert clip_norm(optimizer.gradients, 1.0) == 5.0
    scaler.step(optimizer)
    scaler.update()
    np.testing.assert_allclose(w["w"], [0.4, 0.2], rtol=1e-6)
    before = w["w"].copy()
    for bad in (np.inf, np.nan):
        optimizer.gradients = {"w": np.float32([bad, 4])}
        scaler.unscale_(optimizer)
        assert not np.isfinite(clip_norm(optimizer.gradients, 1.0))
        scaler.step(optimizer)
        scaler.update()
    assert np.array_equal(w["w"], before)
    with pytest.raises(ValueError, match="positive"):
        clip_norm({}, 0.0)
    assert clip_norm({}, 1.0) == 0.0


def test_a_gradient_sum_rounds_each_addition() -> None:
    batches = [RNG.standard_normal(50).astype(np.float16).astype(np.float32) for _ in range(6)]
    total = GradientSum("float16")
    for batch in batches:
        total.add({"w": batch})
    expected = np.zeros(50, np.float16)
    for batch in batches:
        expected = expected + batch.astype(np.float16)
    assert np.array_equal(total.take(average=True)["w"], expected / np.float16(6))
    assert total.take() == {}
    total.add({"w": batches[0]})
    with pytest.raises(ValueError, match="other names"):
        total.add({"v": batches[0]})
    with pytest.raises(ValueError, match="other names"):
        total.add({"w": batches[0][:3]})


def test_a_stochastic_gradient_sum_is_unbiased_and_repeats() -> None:
    def run() -> np.ndarray:
        total = GradientSum("bfloat16:sr", seed=2)
        for _ in range(64):
            total.add({"w": np.full(3000, 1 / 64, np.float32) + (0 if total.batches else 8)})
        return total.take()["w"]

    assert abs(run().mean() - 9) < 0.02
    assert np.array_equal(run(), run())
    nearest = GradientSum("bfloat16")
    for _ in range(64):
        nearest.add({"w": np.float32([1 / 64 + (0 if nearest.batches else 8)])})
    assert nearest.take()["w"] == 8.0


@pytest.mark.parametrize("workers", [1, 2, 3, 5, 8])
@pytest.mark.parametrize("topology", ["ring", "tree"])
@pytest.mark.parametrize("format", ["float16", "e5m2:rtz", "float32"])
def test_every_addition_of_an_all_reduce_is_the_golden_models(
    workers: int, topology: str, format: str
) -> None:
    q = lf.training.quantizer(format)
    fmt, projection = q.format, lf.Projection(q.rounding)
    tensors = [RNG.standard_normal((2, 5)).astype(np.float32) for _ in range(workers)]
    order = RNG.permutation(workers).tolist()
    found = all_reduce(tensors, format, topology=topology, order=order)
    sent = [
        [lf.golden.encode(Fraction(float(v)), format=fmt, projection=projection)[0] for v in t.flat]
        for t in (tensors[place] for place in order)
    ]

    def add(a: int, b: int) -> int:
        return lf.golden.add(a, b, formats=(fmt, fmt), format=fmt, projection=projection)[0]

    length = -(-10 // workers)
    for i, value in enumerate(found.flat):
        codes = [codes[i] for codes in sent]
        if topology == "ring":
            start = i // length
            total = codes[start]
            for hop in range(1, workers):
                total = add(total, codes[(start + hop) % workers])
        else:
            while len(codes) > 1:
                pairs = [add(a, b) for a, b in zip(codes[::2], codes[1::2], strict=False)]
                codes = pairs + (codes[-1:] if len(codes) % 2 else [])
            total = codes[0]
        assert value == float(lf.golden.decode(total, fmt))


def test_order_and_format_decide_and_bad_arguments_are_refused() -> None:
    tensors = [np.float32([x]) for x in (2048, 1, 1)]
    assert all_reduce(tensors, "float16") == 2048
    assert all_reduce(tensors, "float16", order=[1, 2, 0]) == 2050
    assert all_reduce(tensors, average=True) == np.float32(2050 / 3)
    sr = [all_reduce([np.full(999, 0.1, np.float32)] * 2, "e5m2:sr", step=s) for s in (0, 0, 1)]
    assert np.array_equal(sr[0], sr[1])
    assert not np.array_equal(sr[0], sr[2])
    assert abs(sr[0].mean() - 0.2) < 0.005
    for arguments, says in (
        ({"topology": "star"}, "no topology"), ({"order": [0, 0, 1]}, "once each"),
    ):  # fmt: skip
        with pytest.raises(ValueError, match=says):
            all_reduce(tensors, **arguments)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="one shape"):
        all_reduce([*tensors, np.zeros(2, np.float32)])
