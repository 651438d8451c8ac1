"""The NumPy and the PyTorch plug give the same bits wherever every GEMM has an accumulator.

Outputs, gradients and updates, over three steps of stochastic rounding. The CNN's comparison is in
test_numpy_layers.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from lowfloat.training import SGD, Adam, Roles, StaticScaler, ordered
from lowfloat.training import numpy as layers
from lowfloat.training.numpy import Attention, CrossEntropy, Dense, LayerNorm, Network, Residual

torch = pytest.importorskip("torch", reason="pip install torch==2.13.0 to compare with it")
from torch import nn

from lowfloat.training import torch as plug

ROLES = "w=e4m3fn,a=e4m3fn,e=e5m2:sr,g=e5m2:sr,p=bfloat16,master=e5m10:sr,state=bfloat16"
RNG = np.random.default_rng(0)
WORDS, LENGTH, WIDTH = 7, 5, 8


class SelfAttention(nn.Module):
    """x + attention(x), the module's own way to say what ``Residual([Attention(...)])`` says."""

    def __init__(self, heads: int, causal: bool) -> None:
        super().__init__()
        self.inner = nn.MultiheadAttention(WIDTH, heads, batch_first=True)
        nn.init.normal_(self.inner.in_proj_bias)
        self.causal = causal

    def forward(self, x: Any) -> Any:
        return x + self.inner(x, x, x, need_weights=False, is_causal=self.causal)[0]


def block() -> tuple[list[layers.Layer], nn.Module, Any]:
    """Numbers of words, twice the same one among them, to logits."""
    mine = [
        layers.Embedding("table", WORDS, WIDTH),
        LayerNorm("norm", WIDTH), Residual([Attention("attn", WIDTH, 2)]),
        Residual([Attention("causal", WIDTH, 4, causal=True)]),
        layers.Flatten(), Dense("fc", LENGTH * WIDTH, 3),
    ]  # fmt: skip
    theirs = nn.Sequential()
    theirs.add_module("table", nn.Embedding(WORDS, WIDTH))
    theirs.add_module("norm", plug.Ordered(LayerNorm("", WIDTH)))
    theirs.add_module("attn", SelfAttention(2, causal=False))
    theirs.add_module("causal", SelfAttention(4, causal=True))
    theirs.add_module("flat", nn.Flatten())
    theirs.add_module("fc", nn.Linear(LENGTH * WIDTH, 3))
    return mine, theirs, RNG.integers(0, WORDS, (6, LENGTH))


def convolutions(axes: int) -> tuple[list[layers.Layer], nn.Module, Any]:
    """Two convolutions over one to three axes, the second with a stride."""
    kinds = [nn.Conv1d, nn.Conv2d, nn.Conv3d]
    sizes = (6, 5, 4)[:axes]
    mine = [
        layers.Convolution("first", 2, 3, (2, 3, 2)[:axes], padding=1), layers.ReLU(),
        layers.Convolution("second", 3, 4, (3,) * axes, stride=2, padding=1, bias=False),
        layers.GlobalAverage(), Dense("fc", 4, 3),
    ]  # fmt: skip
    theirs = nn.Sequential()
    theirs.add_module("first", kinds[axes - 1](2, 3, (2, 3, 2)[:axes], padding=1))
    theirs.add_module("relu", plug.Ordered(layers.ReLU()))
    theirs.add_module("second", kinds[axes - 1](3, 4, 3, stride=2, padding=1, bias=False))
    theirs.add_module("pool", plug.Ordered(layers.GlobalAverage()))
    theirs.add_module("fc", nn.Linear(4, 3))
    return mine, theirs, RNG.standard_normal((6, 2, *sizes)).astype(np.float32)


NETWORKS: dict[str, Any] = {
    "attention": block,
    **{f"conv{n}d": lambda n=n: convolutions(n) for n in (1, 3)},
}


def twins(name: str, roles: Roles) -> tuple[Network, nn.Module, Any, Any]:
    """Two networks with the same names and parameters, the plug's emulator, and operands."""
    mine, theirs, x = NETWORKS[name]()
    network = Network(mine, roles, seed=5)
    model, emulator = plug.prepare(theirs, roles, seed=5)
    for module in model.modules():
        if isinstance(module, plug.Ordered):
            module.layer.name = module.layer.name.removesuffix(".inner")
        elif hasattr(module, "emulator"):
            module.layer = module.layer.removesuffix(".inner")
    for key, values in parameters(model).items():
        network.parameters()[key][...] = values
    return network, model, emulator, x


def parameters(model: nn.Module) -> dict[str, Any]:
    return {key.replace(".inner", ""): v for key, v in plug.parameters(model).items()}


def gradients(model: nn.Module) -> dict[str, Any]:
    return {key.replace(".inner", ""): v for key, v in plug.gradients(model).items()}


def bits(x: Any) -> Any:
    return np.ascontiguousarray(x, np.float32).view(np.uint32)


@pytest.mark.parametrize("accumulator", ["e6m9:chunk4", "bfloat16:sr8", "exact", "e8m13:rtz"])
@pytest.mark.parametrize("name", NETWORKS)
def test_every_step_has_the_same_bits(name: str, accumulator: str) -> None:
    roles = Roles.parse(f"{ROLES},acc={accumulator}")
    network, model, emulator, x = twins(name, roles)
    settings = {"lr": 0.01, "seed": 5}
    ours = Adam.from_roles(network.parameters(), roles, **settings)
    other = Adam.from_roles(parameters(model), roles, **settings)
    scalers = StaticScaler(256.0), StaticScaler(256.0)
    labels, loss = np.arange(len(x)) % 3, CrossEntropy()
    for step in range(3):
        logits = network.forward(x)
        value = loss.forward(logits, labels)
        network.backward(loss.backward(scalers[0].get_scale()))
        output = model(torch.from_numpy(x))
        assert np.array_equal(bits(output.detach()), bits(logits)), step
        model.zero_grad()
        lost = plug.cross_entropy(output, torch.from_numpy(labels))
        assert bits(lost.detach()) == bits(value)
        scalers[1].scale(lost).backward()
        ours.gradients, other.gradients = network.gradients(), gradients(model)
        assert ours.gradients.keys() == other.gradients.keys()
        for key, values in ours.gradients.items():
            assert np.array_equal(bits(values), bits(other.gradients[key])), (step, key)
        for scaler, optimizer in zip(scalers, (ours, other), strict=True):
            scaler.step(optimizer)
            scaler.update()
        assert ours.steps == step + 1
        for key, values in network.parameters().items():
            assert np.array_equal(bits(values), bits(parameters(model)[key])), (step, key)
        network.emulator.advance()
        emulator.advance()


def test_torchs_own_softmax_would_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """The comparison above can fail: a softmax with another order of sums, and torch's exponential."""
    from lowfloat.training.torch import attention

    roles = Roles.parse("acc=e8m23")
    network, model, _, x = twins("attention", roles)
    want = network.forward(x)
    assert np.array_equal(bits(model(torch.from_numpy(x)).detach()), bits(want))
    monkeypatch.setattr(attention, "softmax", lambda scores: torch.softmax(scores, -1))
    assert not np.array_equal(bits(model(torch.from_numpy(x)).detach()), bits(want))


def test_an_operand_of_three_uses_has_its_gradients_added_in_order() -> None:
    """q, then k, then v: 1 + 2^-24 + 2^-24 stays at 1, and any other order does not."""
    from lowfloat.training.torch.functions import shared

    x = torch.ones(1, requires_grad=True)
    q, k, v = shared(x, x, x)
    (v * 2.0**-24 + k * 2.0**-24 + q).backward()
    assert x.grad.item() == 1.0
    q, k, v = shared(x, x, x)
    x.grad = None
    (v + k * 2.0**-24 + q * 2.0**-24).backward()  # the control: the small ones first
    assert x.grad.item() == 1 + 2.0**-23
    a, b = torch.ones(2, requires_grad=True), torch.ones(2, requires_grad=True)
    first, second, third = shared(a, b, b)
    assert first is a
    (second + 2 * third).sum().backward()
    assert (a.grad, b.grad.tolist()) == (None, [3.0, 3.0])


def test_many_uses_of_one_row_are_added_in_order() -> None:
    """An embedding's gradient: rows of it are used hundreds of times."""
    numbers = RNG.integers(0, 5, (40, 60))
    upper = RNG.standard_normal((40, 60, 33)).astype(np.float32)
    network = Network([layers.Embedding("table", 5, 33)], "g=e8m23")
    model, _ = plug.prepare(nn.Embedding(5, 33), "g=e8m23")
    for threads in (1, 2):
        torch.set_num_threads(threads)
        network.forward(numbers)
        network.backward(upper)
        model.zero_grad()
        model(torch.from_numpy(numbers)).backward(torch.from_numpy(upper))
        assert np.array_equal(bits(network.gradients()["table.weight"]), bits(model.weight.grad))


def test_batched_products_are_the_numpy_plugs() -> None:
    """torch.bmm's shapes: (n, i, k) times (n, k, j), forward and both gradients."""
    roles = "a=e4m3fn,e=e5m2:sr,acc=e6m9:sr8"
    a, b, g = (RNG.standard_normal(s).astype(np.float32) for s in ((3, 4, 6), (3, 6, 5), (3, 4, 5)))
    _, emulator = plug.prepare(nn.Identity(), roles, seed=2)
    x, y = (torch.from_numpy(t).requires_grad_() for t in (a, b))
    out = plug.matmul(x, y, emulator, "attn.scores")
    out.backward(torch.from_numpy(g))
    attention = Network([Attention("attn", 8, 2)], roles, seed=2).layers[0]
    attention.kept = {}
    assert np.array_equal(bits(attention._product("scores", a, b)), bits(out.detach()))
    da, db = attention._dproduct("scores", g)
    assert np.array_equal(bits(da), bits(x.grad))
    assert np.array_equal(bits(db), bits(y.grad))


def test_softmax_is_the_ordered_one() -> None:
    x = RNG.standard_normal((4, 3, 13)).astype(np.float32) * 5
    g = RNG.standard_normal(x.shape).astype(np.float32)
    given = torch.from_numpy(x).requires_grad_()
    y = plug.softmax(given)
    y.backward(torch.from_numpy(g))
    assert np.array_equal(bits(y.detach()), bits(ordered.softmax(x)))
    assert np.array_equal(bits(given.grad), bits(ordered.dsoftmax(g, ordered.softmax(x))))
    torch.testing.assert_close(y.detach(), torch.softmax(torch.from_numpy(x), -1))


def test_sgd_of_a_two_layer_network_has_the_same_bits() -> None:
    roles = Roles.parse(f"{ROLES},acc=e5m10")
    network = Network([Dense("0", 6, 4), layers.ReLU(), Dense("2", 4, 3)], roles, seed=1)
    model = nn.Sequential(nn.Linear(6, 4), plug.Ordered(layers.ReLU()), nn.Linear(4, 3))
    model, emulator = plug.prepare(model, roles, seed=1)
    for key, values in plug.parameters(model).items():
        network.parameters()[key][...] = values
    settings = {"lr": 0.1, "momentum": 0.9, "seed": 1}
    ours = SGD.from_roles(network.parameters(), roles, **settings)
    other = SGD.from_roles(plug.parameters(model), roles, **settings)
    x, labels, loss = (
        RNG.standard_normal((5, 6)).astype(np.float32),
        np.arange(5) % 3,
        CrossEntropy(),
    )
    for _ in range(3):
        loss.forward(network.forward(x), labels)
        network.backward(loss.backward())
        model.zero_grad()
        plug.cross_entropy(model(torch.from_numpy(x)), torch.from_numpy(labels)).backward()
        ours.gradients, other.gradients = network.gradients(), plug.gradients(model)
        ours.step()
        other.step()
        network.emulator.advance()
        emulator.advance()
        for key, values in network.parameters().items():
            assert np.array_equal(bits(values), bits(plug.parameters(model)[key])), key
