"""The NumPy layers: gradients against differences, torch's bits, resumes, and the three defects to see."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import lowfloat as lf
from lowfloat.training import (
    SGD,
    Adam,
    Checkpoint,
    DynamicScaler,
    Roles,
    StaticScaler,
    ordered,
)
from lowfloat.training.numpy import (
    Attention,
    BatchNorm,
    Convolution,
    CrossEntropy,
    Dense,
    Embedding,
    Flatten,
    GlobalAverage,
    LayerNorm,
    Network,
    ReLU,
    Residual,
)

RNG = np.random.default_rng(0)


def data(n: int = 12, shape: tuple[int, ...] = (2, 6, 6), classes: int = 3) -> Any:
    rng = np.random.default_rng(1)
    return rng.standard_normal((n, *shape)).astype(np.float32), rng.integers(0, classes, n)


def small_cnn(roles: Roles | str = "", seed: int = 0) -> Network:
    return Network(
        [
            Convolution("conv1", 2, 4, padding=1, bias=False), BatchNorm("bn1", 4), ReLU(),
            Residual(
                [Convolution("conv2", 4, 6, stride=2, padding=1), BatchNorm("bn2", 6)],
                [Convolution("short", 4, 6, (1, 1), stride=2, bias=False)],
            ),
            ReLU(), GlobalAverage(), Dense("fc", 6, 3),
        ],
        roles,
        seed,
    )  # fmt: skip


NETWORKS: dict[str, Any] = {
    "dense": lambda: (Network([Flatten(), Dense("a", 72, 5), ReLU(), Dense("b", 5, 3)]), data()),
    "cnn": lambda: (small_cnn(), data()),
    "attention": lambda: (
        Network([
            LayerNorm("norm", 8), Residual([Attention("attn", 8, 2)]), Attention("causal", 8, 4, causal=True),
            Flatten(), Dense("fc", 40, 3),
        ]),
        data(4, (5, 8)),
    ),
    "embedding": lambda: (
        Network([Embedding("table", 9, 4), Flatten(), Dense("fc", 12, 3)]),
        (np.random.default_rng(2).integers(0, 9, (6, 3)), np.array([0, 1, 2, 0, 1, 2])),
    ),
}  # fmt: skip


def widened(network: Network) -> None:
    """Parameters in float64, so that differences show gradients: no rounding is emulated."""
    from lowfloat.training.numpy.network import _every

    for layer in _every(network.layers):
        layer.parameters = {k: v.astype(np.float64) for k, v in layer.parameters.items()}


@pytest.mark.parametrize("name", NETWORKS)
def test_gradients_are_those_of_the_loss(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    network, (x, labels) = NETWORKS[name]()
    widened(network)
    monkeypatch.setattr(ordered, "exp", np.exp)  # in float64 like all the rest
    monkeypatch.setattr(ordered, "log", np.log)
    loss = CrossEntropy()
    x = x.astype(np.float64) if x.dtype.kind == "f" else x

    def value() -> float:
        logits = network.forward(x)
        shares = np.exp(logits - logits.max(-1, keepdims=True))
        return float(
            -np.log((shares / shares.sum(-1, keepdims=True))[range(len(x)), labels]).mean()
        )

    loss.forward(network.forward(x), labels)
    dx = network.backward(loss.backward())
    found = network.gradients()
    assert found.keys() == network.parameters().keys()
    places = {key: (values, found[key]) for key, values in network.parameters().items()}
    if x.dtype.kind == "f":
        places["x"] = x, dx
    for key, (values, gradient) in places.items():
        for place in RNG.integers(0, values.size, 6):
            index = np.unravel_index(place, values.shape)
            before = values[index]
            values[index] = before + 1e-6
            above = value()
            values[index] = before - 1e-6
            below = value()
            values[index] = before
            assert gradient[index] == pytest.approx((above - below) / 2e-6, abs=2e-5), key


ROLES = "w=e4m3fn,a=e4m3fn,e=e5m2:sr,g=e5m2:sr,p=bfloat16,master=e5m10:sr,state=bfloat16"


def steps(network: Network, optimizer: Any, scaler: Any, count: int) -> list[float]:
    x, labels = data()
    loss, seen = CrossEntropy(), []
    for _ in range(count):
        seen.append(float(loss.forward(network.forward(x), labels)))
        network.backward(loss.backward(scaler.get_scale()))
        optimizer.gradients = network.gradients()
        scaler.step(optimizer)
        scaler.update()
        network.emulator.advance()
    return seen


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    "accumulator", ["e6m9:chunk4", "e8m23", "bfloat16:sr8", "exact", "e8m13:rtz"]
)
def test_a_cnn_has_the_same_bits_in_torch(accumulator: str) -> None:
    torch = pytest.importorskip("torch", reason="pip install torch==2.13.0 to compare with it")
    from torch import nn

    from lowfloat.training import torch as plug

    roles = Roles.parse(f"{ROLES},acc={accumulator}")
    mine = small_cnn(roles, seed=5)

    class Block(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv2 = nn.Conv2d(4, 6, 3, stride=2, padding=1)
            self.bn2 = plug.Ordered(BatchNorm("", 6))
            self.short = nn.Conv2d(4, 6, 1, stride=2, bias=False)

        def forward(self, x: Any) -> Any:
            return self.bn2(self.conv2(x)) + self.short(x)

    class Twin(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv1 = nn.Conv2d(2, 4, 3, padding=1, bias=False)
            self.bn1 = plug.Ordered(BatchNorm("", 4))
            self.relu1 = plug.Ordered(ReLU())
            self.block = Block()
            self.relu2 = plug.Ordered(ReLU())
            self.pool = plug.Ordered(GlobalAverage())
            self.fc = nn.Linear(6, 3)

        def forward(self, x: Any) -> Any:
            x = self.block(self.relu1(self.bn1(self.conv1(x))))
            return self.fc(self.pool(self.relu2(x)))

    twin, emulator = plug.prepare(Twin(), roles, seed=5)
    # The NumPy network's names, so that both draw the same random bits.
    names = {f"block.{part}": part for part in ("conv2", "bn2", "short")}
    for module in twin.modules():
        if isinstance(module, plug.Ordered):
            module.layer.name = names.get(module.layer.name, module.layer.name)
        elif hasattr(module, "emulator"):
            module.layer = names.get(module.layer, module.layer)
    theirs = plug.parameters(twin)
    for name, values in mine.parameters().items():
        theirs[name if name in theirs else f"block.{name}"][...] = values
    settings = {"lr": 0.05, "momentum": 0.9, "seed": 5}
    ours = SGD.from_roles(mine.parameters(), roles, **settings)
    other = SGD.from_roles(
        {name.removeprefix("block."): v for name, v in theirs.items()}, roles, **settings
    )
    scalers = StaticScaler(256.0), StaticScaler(256.0)
    x, labels = data()
    loss = CrossEntropy()
    for step in range(3):
        logits = mine.forward(x)
        value = loss.forward(logits, labels)
        mine.backward(loss.backward(scalers[0].get_scale()))
        output = twin(torch.from_numpy(x))
        assert np.array_equal(output.detach().numpy(), logits)
        twin.zero_grad()
        lost = plug.cross_entropy(output, torch.from_numpy(labels))
        assert float(lost.detach()) == float(value)
        scalers[1].scale(lost).backward()
        ours.gradients = mine.gradients()
        other.gradients = {
            name.removeprefix("block."): g for name, g in plug.gradients(twin).items()
        }
        for name, gradient in ours.gradients.items():
            assert np.array_equal(gradient, other.gradients[name]), (step, name)
        for scaler, optimizer in zip(scalers, (ours, other), strict=True):
            scaler.step(optimizer)
            scaler.update()
        for name in ours.masters:
            assert np.array_equal(ours.masters[name], other.masters[name]), (step, name)
        mine.emulator.advance()
        emulator.advance()


@pytest.mark.parametrize("kind", ["sgd", "adam"])
@pytest.mark.parametrize("cut", [1, 4])
def test_a_killed_run_ends_with_the_same_weights(kind: str, cut: int, tmp_path: Any) -> None:
    """The gradients overflow at first, so that the scaler's state counts too."""

    def parts(seed: int) -> Any:
        network = small_cnn(f"{ROLES},acc=e6m9:sr8", seed)
        make = SGD if kind == "sgd" else Adam
        settings = {"momentum": 0.9} if kind == "sgd" else {}
        optimizer = make.from_roles(
            network.parameters(), network.emulator.roles, lr=0.05, seed=3, **settings
        )
        return network, optimizer, DynamicScaler(2.0**20, growth_interval=2)

    whole = parts(1)
    steps(*whole, 6)
    first = parts(1)
    steps(*first, cut)
    names = ("emulator", "optimizer", "scaler")
    saved = dict(zip(names, (first[0].emulator, *first[1:]), strict=True))
    Checkpoint(**saved).save(tmp_path / "run")
    second = parts(2)  # other weights, another seed: all of it comes from the file
    restored = dict(zip(names, (second[0].emulator, *second[1:]), strict=True))
    Checkpoint(**restored).load(tmp_path / "run")
    steps(*second, 6 - cut)
    for name, values in whole[0].parameters().items():
        assert np.array_equal(values, second[0].parameters()[name]), name
    assert whole[2].state_dict() == second[2].state_dict()
    assert whole[2].skipped > 0


def test_a_loss_scale_of_2_to_the_20_skips_every_step_and_changes_no_bit() -> None:
    network = small_cnn("w=e5m2,a=e5m2,e=e5m2,g=e5m2", 1)
    before = {name: values.copy() for name, values in network.parameters().items()}
    optimizer, scaler = SGD(network.parameters(), lr=0.1, momentum=0.9), StaticScaler(2.0**20)
    steps(network, optimizer, scaler, 5)
    assert (scaler.skipped, scaler.steps, optimizer.steps) == (5, 5, 0)
    for name, values in network.parameters().items():
        assert np.array_equal(values, before[name])


@pytest.mark.parametrize(
    "roles", ["", "w=e5m2,a=e5m2,e=e5m2:sr,g=e5m2:sr", "w=s2fp8,a=s2fp8,e=s2fp8,g=s2fp8"]
)
def test_training_learns(roles: str) -> None:
    network = small_cnn(roles, 1)
    optimizer = SGD(network.parameters(), lr=0.1, momentum=0.9)
    losses = steps(network, optimizer, StaticScaler(128.0), 30)
    assert losses[-1] < losses[0] / 3


def test_threads_change_no_bit() -> None:
    threads, results = lf.get_num_threads(), []
    try:
        for count in (1, 3):
            lf.set_num_threads(count)
            network = small_cnn(f"{ROLES},acc=e6m9", 1)
            steps(network, SGD(network.parameters(), lr=0.1), StaticScaler(8.0), 2)
            results.append(network.parameters()["conv2.weight"].copy())
    finally:
        lf.set_num_threads(threads)
    assert np.array_equal(*results)


def test_totals_are_made_by_halves() -> None:
    x = RNG.standard_normal((3, 13)).astype(np.float32)
    for row, found in zip(x, ordered.total(x), strict=True):
        terms = list(row)
        while len(terms) > 1:
            h = 1
            while 2 * h < len(terms):
                h *= 2
            terms = [
                a + b
                for a, b in zip(terms[:h], [*terms[h:], *[None] * h], strict=False)
                if b is not None
            ] + terms[len(terms) - h : h]
        assert found == terms[0]
    assert np.array_equal(ordered.total(x.T, 0), ordered.total(x))
    assert ordered.total(np.zeros((2, 0), np.float32)).tolist() == [0, 0]


def test_names_must_differ_and_heads_divide() -> None:
    with pytest.raises(ValueError, match="two layers are called a"):
        Network([Dense("a", 1, 1), Dense("a", 1, 1)])
    with pytest.raises(ValueError, match="heads"):
        Attention("attn", 8, 3)


def test_running_statistics_serve_without_training() -> None:
    network, (x, _) = small_cnn("acc=e8m23"), data(50)
    for _ in range(60):
        network.forward(x)
    trained = network.forward(x)
    network.train(False)
    assert np.abs(network.forward(x) - trained).max() < 0.05
    assert np.array_equal(network.forward(x[:3]), network.forward(x)[:3])
