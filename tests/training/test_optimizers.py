"""Optimizers: torch's in float32, golden arithmetic in small formats, stochastic and Kahan updates."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import lowfloat as lf
from lowfloat.training import SGD, Adam, AdamW, Arithmetic, Optimizer, Roles, tensor_draw

RNG = np.random.default_rng(1)
W = RNG.standard_normal(17).astype(np.float32)
GRADIENTS = RNG.standard_normal((12, 17)).astype(np.float32)


def run(optimizer: Optimizer, gradients: Any = GRADIENTS) -> Any:
    for gradient in gradients:
        optimizer.gradients = {"w": gradient}
        optimizer.step()
    return optimizer.masters["w"]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("ours", "theirs", "settings"),
    [
        (SGD, "SGD", {"lr": 0.1}),
        (SGD, "SGD", {"lr": 0.1, "momentum": 0.9, "weight_decay": 5e-4}),
        (SGD, "SGD", {"lr": 0.1, "momentum": 0.9, "nesterov": True}),
        (Adam, "Adam", {"lr": 0.01, "weight_decay": 0.1}),
        (AdamW, "AdamW", {"lr": 0.01, "weight_decay": 0.1}),
    ],
    ids=["sgd", "momentum", "nesterov", "adam", "adamw"],
)
def test_in_float32_they_are_torchs_up_to_the_order_of_operations(
    ours: Any, theirs: str, settings: dict[str, Any]
) -> None:
    torch = pytest.importorskip("torch", reason="pip install torch==2.13.0 to compare with it")
    w = torch.tensor(W.copy(), requires_grad=True)
    optimizer = getattr(torch.optim, theirs)([w], foreach=False, **settings)
    for gradient in GRADIENTS:
        w.grad = torch.tensor(gradient)
        optimizer.step()
    mine = run(ours({"w": W.copy()}, **settings))
    np.testing.assert_allclose(mine, w.detach().numpy(), rtol=2e-6, atol=2e-7)


def golden(name: str, *values: float, format: str = "float16") -> float:
    """One operation of the golden model on numbers of a format."""
    fmt = lf.format(format)
    codes = [int(lf.cast(v, fmt).codes) for v in values]
    function = getattr(lf.golden, name)
    code, _ = function(*codes, formats=(fmt,) * len(codes), format=fmt, projection=lf.Projection())
    return float(lf.from_codes(np.uint16(code), fmt).to_numpy())


def test_a_pure_float16_sgd_is_the_golden_models() -> None:
    optimizer = SGD(
        {"w": W.copy()}, lr=0.1, momentum=0.9, weight_decay=0.01,
        master="float16", state="float16", arithmetic="float16",
    )  # fmt: skip
    gradients = GRADIENTS.astype(np.float16).astype(np.float32)
    mine = run(optimizer, gradients)
    for i in range(W.size):
        w, m = float(np.float16(W[i])), 0.0
        for step, row in enumerate(gradients):
            d = golden("add", row[i], golden("multiply", 0.01, w))
            m = d if step == 0 else golden("add", golden("multiply", 0.9, m), d)
            w = golden("add", w, golden("multiply", -0.1, m))
        assert mine[i] == w


def test_a_pure_float16_adam_is_the_golden_models() -> None:
    optimizer = Adam(
        {"w": W.copy()}, lr=0.01, eps=1e-4, master="float16", state="float16", arithmetic="float16"
    )
    gradients = GRADIENTS[:4].astype(np.float16).astype(np.float32)
    mine = run(optimizer, gradients)
    for i in range(0, W.size, 4):
        w, m, v = float(np.float16(W[i])), 0.0, 0.0
        for t, row in enumerate(gradients, 1):
            g = float(row[i])
            m = golden("add", golden("multiply", 0.9, m), golden("multiply", 1 - 0.9, g))
            squared = golden("multiply", g, g)
            v = golden("add", golden("multiply", 0.999, v), golden("multiply", 1 - 0.999, squared))
            root = golden("divide", golden("sqrt", v), float(np.sqrt(1 - 0.999**t)))
            ratio = golden("divide", m, golden("add", root, 1e-4))
            w = golden("add", w, golden("multiply", -0.01 / (1 - 0.9**t), ratio))
        assert mine[i] == w


def test_small_updates_swamp_and_stochastic_and_kahan_updates_do_not() -> None:
    small = np.full((1000, 4000), -(2.0**-12), np.float32)
    exact = 1 + 1000 * 2.0**-12

    def final(**settings: Any) -> float:
        optimizer = SGD({"w": np.ones(4000, np.float32)}, lr=1.0, **settings)
        return float(run(optimizer, small).mean())

    assert final(master="bfloat16") == 1.0
    assert abs(final(master="bfloat16:sr") - exact) < 0.002
    assert abs(final(master="bfloat16", state="bfloat16", kahan=True) - exact) < 0.005


@pytest.mark.parametrize(("update", "stays"), [(2.0**-11, True), (2.0**-10, False)])
def test_float16_loses_updates_of_half_a_step(update: float, stays: bool) -> None:
    gradients = np.full((1000, 1), -update, np.float32)
    w = run(SGD({"w": np.ones(1, np.float32)}, lr=1.0, master="float16"), gradients)
    assert w[0] == (1.0 if stays else 1.9765625)
    full = run(
        SGD({"w": np.ones(1, np.float32)}, lr=1.0), np.full((1000, 1), -(2.0**-12), np.float32)
    )
    assert full[0] == np.float32(1.244140625)


def test_the_stochastic_update_draws_by_seed_update_and_name() -> None:
    g = np.full((1, 300), 1e-3, np.float32)
    w = run(SGD({"w": np.ones(300, np.float32)}, lr=1.0, master="e5m2:sr", seed=4), g)
    expected = lf.quantize(
        np.ones(300, np.float32) + np.float32(-1) * g[0], "e5m2", rounding=lf.Stochastic(16),
        rng=tensor_draw(4, 1, "w.master"),
    )  # fmt: skip
    assert np.array_equal(w, expected)


SETTINGS = [
    {"master": "e5m10:sr", "state": "bfloat16:sr"},
    {"master": "bfloat16", "state": "bfloat16", "kahan": True},
    {"master": "float16", "arithmetic": "float16:sr"},
]


@pytest.mark.parametrize("settings", SETTINGS, ids=range(3))
@pytest.mark.parametrize(
    "kind", [lambda p, **s: SGD(p, momentum=0.9, **s), Adam], ids=["sgd", "adam"]
)
@pytest.mark.parametrize("cut", [0, 1, 7, 12])
def test_a_resumed_optimizer_ends_with_the_same_bits(
    kind: Any, settings: dict[str, Any], cut: int
) -> None:
    whole = run(kind({"w": W.copy()}, lr=0.01, seed=3, **settings))
    first = kind({"w": W.copy()}, lr=0.01, seed=3, **settings)
    run(first, GRADIENTS[:cut])
    second = kind({"w": np.zeros_like(W)}, lr=0.5, seed=0, **settings)
    second.load_state_dict(first.state_dict())
    assert np.array_equal(run(second, GRADIENTS[cut:]), whole)


def test_a_state_of_other_formats_names_or_shapes_changes_nothing() -> None:
    def make(**changes: Any) -> SGD:
        shape = changes.pop("shape", (3,))
        name = changes.pop("name", "w")
        settings = {"lr": 0.1, "momentum": 0.9, "master": "float16", **changes}
        return SGD({name: np.ones(shape, np.float32)}, **settings)

    state = make().state_dict()
    others = [
        (make(master="bfloat16"), "master"), (make(name="v"), "parameters"),
        (make(shape=(4,)), "parameters"), (make(kahan=True), "kahan"),
        (Adam({"w": np.ones(3, np.float32)}, master="float16"), "optimizer"),
    ]  # fmt: skip
    for other, says in others:
        before = other.state_dict()["arrays"]
        with pytest.raises(ValueError, match=says):
            other.load_state_dict(state)
        after = other.state_dict()["arrays"]
        assert all(np.array_equal(before[name], after[name]) for name in before)
    broken = make().state_dict()
    del broken["arrays"]["w.momentum"]
    with pytest.raises(ValueError, match=r"lacks 'w\.momentum'"):
        make().load_state_dict(broken)


def test_gradients_of_other_names_or_shapes_are_refused_before_anything_moves() -> None:
    optimizer = SGD({"a": np.ones(2, np.float32), "b": np.ones(2, np.float32)}, lr=1.0)
    good = np.ones(2, np.float32)
    for bad in ({"a": good, "c": good}, {"a": good, "b": np.ones(3, np.float32)}):
        optimizer.gradients = bad
        with pytest.raises(ValueError, match="gradient"):
            optimizer.step()
        assert optimizer.masters["a"].tolist() == [1, 1]
        assert optimizer.steps == 0


def test_parameters_that_cannot_be_masters_are_refused() -> None:
    with pytest.raises(TypeError, match="float32"):
        SGD({"w": np.ones(2)}, lr=1.0)  # type: ignore[dict-item]
    frozen = np.ones(2, np.float32)
    frozen.flags.writeable = False
    with pytest.raises(ValueError, match="read-only"):
        SGD({"w": frozen}, lr=1.0)
    with pytest.raises(ValueError, match="momentum"):
        SGD({"w": W.copy()}, lr=1.0, nesterov=True)


def test_weight_decay_spares_names() -> None:
    w = {"fc.weight": np.ones(1, np.float32), "fc.bias": np.ones(1, np.float32)}
    optimizer = SGD(w, lr=0.5, weight_decay=0.5, no_decay=["*.bias"])
    optimizer.gradients = {name: np.zeros(1, np.float32) for name in w}
    optimizer.step()
    assert (w["fc.weight"].tolist(), w["fc.bias"].tolist()) == ([0.75], [1.0])


def test_an_optimizer_from_roles() -> None:
    roles = Roles.parse("master=e5m10:sr,state=bfloat16")
    optimizer = SGD.from_roles({"w": W.copy()}, roles, lr=0.1, momentum=0.5)
    assert str(optimizer.master) == "float16:sr16"
    assert str(optimizer.state) == "bfloat16"
    assert np.array_equal(optimizer.masters["w"], W.astype(np.float16))


def test_arithmetic_rounds_each_operation_once() -> None:
    ops = Arithmetic("e4m3fn:toward_zero")
    x, y = np.float32([1.0, 448]), np.float32([0.124, 448])
    assert ops.add(x, y).tolist() == [
        1.0,
        448.0,
    ]  # 0.124 is no e4m3: it must not become 0.125 first
    with pytest.raises(ValueError, match="without a scale"):
        Arithmetic("e4m3fn:pow2")
    with pytest.raises(ValueError, match="hold"):
        Arithmetic("float64")
