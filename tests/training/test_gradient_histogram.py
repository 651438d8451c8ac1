"""How small the gradients of a real network are: what binary16 and e5m2 flush at which loss scale."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import lowfloat as lf
from lowfloat.training import SGD, Meter, measure


@pytest.mark.training
@pytest.mark.filterwarnings("ignore")
def test_activation_gradients_flush_as_published() -> None:
    """Micikevicius et al. 2017, figure 3, and Mellempudi et al. 2019: thresholds with a factor to spare."""
    pytest.importorskip("torch", reason="pip install torch==2.13.0 to train the network")
    from lowfloat.training import workloads
    from lowfloat.training.torch import gradients, parameters, prepare

    workload = workloads.load("images")
    model, emulator = prepare(workload.model(0), "", unknown="leave")
    optimizer = SGD(parameters(model), lr=0.1, momentum=0.9, weight_decay=5e-4)
    seen: list[np.ndarray[Any, Any]] = []

    def keep(_layer: str, tensor: str, step: int, before: Any, _after: Any) -> None:
        if tensor == "error" and step % 20 == 0:
            seen.append(before[before != 0].copy())

    emulator.observers.append(keep)
    meter = Meter(emulator, every=20, tensors=["error"])
    for step in range(94):
        model.zero_grad()
        workload.loss(model, workload.batch(0, step)).backward()
        optimizer.gradients = gradients(model)
        optimizer.step()
        emulator.advance()
    errors = np.concatenate(seen)
    assert sum(sum(r["binades"].values()) for r in meter.records) == errors.size

    def flushed(format: str, scale: float) -> float:
        scaled = errors * np.float32(scale)
        m = measure(scaled, lf.quantize(scaled, format))
        threshold = 2.0**-25 if format == "float16" else 2.0**-17
        assert m["underflow"] == np.count_nonzero(np.abs(scaled) <= threshold)
        return 100 * m["underflow"] / m["count"]

    half, eight = (
        {s: flushed("float16", s) for s in (1, 8)},
        {s: flushed("e5m2", s) for s in (1, 1024)},
    )
    assert 0.5 <= half[1] <= 10
    assert half[8] <= half[1] / 4
    assert eight[1] >= 30
    assert eight[1024] <= 2
