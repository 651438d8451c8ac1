"""The PyTorch plug: torch's own results without roles, lowfloat's roundings with them."""

from __future__ import annotations

import copy
import math

import numpy as np
import pytest

import lowfloat as lf
from lowfloat.training import SGD, Roles

torch = pytest.importorskip("torch", reason="PyTorch is not installed")
from torch import nn

from lowfloat.training.torch import (
    UnknownModule,
    gradients,
    matmul,
    parameters,
    prepare,
)

LAYERS = {
    "linear": (lambda: nn.Linear(5, 3), (2, 4, 5)),
    "no bias": (lambda: nn.Linear(5, 3, bias=False), (4, 5)),
    "conv1d": (lambda: nn.Conv1d(4, 6, 3, 2, 1, 2, groups=2), (2, 4, 11)),
    "conv2d": (lambda: nn.Conv2d(3, 4, 3, 2, 1), (2, 3, 7, 8)),
    "unbatched": (lambda: nn.Conv2d(3, 4, (2, 3), 1, (0, 2), bias=False), (3, 7, 8)),
    "same": (lambda: nn.Conv2d(2, 4, 3, padding="same", dilation=2), (2, 2, 5, 6)),
    "circular": (lambda: nn.Conv2d(2, 2, 3, padding=1, padding_mode="circular"), (1, 2, 5, 5)),
    "wide padding": (lambda: nn.Conv2d(2, 2, 1, stride=3, padding=2), (1, 2, 5, 5)),
    "depthwise": (lambda: nn.Conv2d(4, 4, 3, groups=4), (1, 4, 5, 4)),
    "conv3d": (lambda: nn.Conv3d(2, 2, 2, 1, 1), (1, 2, 3, 4, 3)),
}


def results(module, x, g):
    """Output and all gradients for an upper gradient ``g``."""
    module.zero_grad()
    x = x.clone().requires_grad_()
    y = module(x)
    y.backward(g)
    return [y.detach(), x.grad, *(p.grad for p in module.parameters())]


@pytest.mark.parametrize("name", LAYERS)
def test_without_roles_a_layer_is_torchs(name: str) -> None:
    """Also by way of matrix products, which a recorder asks for."""
    make, shape = LAYERS[name]
    torch.manual_seed(0)
    module, x = make().double(), torch.randn(*shape, dtype=torch.double)
    g = torch.randn_like(module(x))
    want = results(module, x, g)
    module, emulator = prepare(module, "")
    for recorder in (None, lambda *_: None):
        emulator.recorders = [recorder] if recorder else []
        got = results(module, x, g)
        for a, b in zip(got, want, strict=True):
            torch.testing.assert_close(a, b)
    assert torch.autograd.gradcheck(module, x.requires_grad_())


def test_a_wrong_gradient_is_seen() -> None:
    """The comparison above can fail: a flipped kernel in dgrad."""
    torch.manual_seed(0)
    module, x = nn.Conv2d(2, 2, 3).double(), torch.randn(1, 2, 5, 5, dtype=torch.double)
    g = torch.randn_like(module(x))
    want = results(module, x, g)
    with torch.no_grad():
        module.weight.copy_(module.weight.flip(-1))
    got = results(prepare(module, "")[0], x, g)
    with pytest.raises(AssertionError):
        torch.testing.assert_close(got[1], want[1])


ATTENTION = [
    {},
    {"batch_first": True},
    {"batch_first": True, "bias": False},
    {"batch_first": True, "kdim": 6, "vdim": 10},
]


@pytest.mark.parametrize("settings", ATTENTION, ids=str)
@pytest.mark.parametrize("masks", ["none", "padding", "causal", "heads", "unbatched"])
def test_without_roles_attention_is_torchs(settings: dict, masks: str) -> None:
    torch.manual_seed(1)
    module = nn.MultiheadAttention(8, 2, **settings).double()
    q, k, v = (
        torch.randn(3, length, settings.get(key, 8), dtype=torch.double)
        for length, key in ((5, "qdim"), (7, "kdim"), (7, "vdim"))
    )
    padding = torch.zeros(3, 7, dtype=torch.bool)
    padding[1, 5:] = True
    arguments = {
        "padding": {"key_padding_mask": padding},
        "causal": {"attn_mask": torch.ones(5, 7, dtype=torch.bool).triu(1), "need_weights": False},
        "heads": {"attn_mask": torch.randn(6, 5, 7).double(), "average_attn_weights": False},
    }.get(masks, {})
    if masks == "unbatched":
        q, k, v = q[0], k[0], v[0]
    elif not settings.get("batch_first"):
        q, k, v = (x.transpose(0, 1) for x in (q, k, v))
    theirs, ours = module, prepare(copy.deepcopy(module), "")[0]
    found = []
    for attention in (theirs, ours):
        x = q.clone().requires_grad_()
        y, weights = attention(x, k, v, **arguments)
        y.square().sum().backward()
        found.append([y, weights, x.grad, *(p.grad for p in attention.parameters())])
    for a, b in zip(*found, strict=True):
        assert (a is None) == (b is None)
        if a is not None:
            torch.testing.assert_close(a, b)


def test_an_embeddings_gradient_adds_up_and_skips_padding() -> None:
    module = nn.Embedding(6, 3, padding_idx=2)
    numbers = torch.tensor([[1, 2, 5], [5, 5, 0]])
    g = torch.randn(2, 3, 3)
    module(numbers).backward(g)
    want = module.weight.grad.clone()
    module.zero_grad()
    module, _ = prepare(module, "")
    module(numbers).backward(g)
    torch.testing.assert_close(module.weight.grad, want)


def test_every_tensor_of_a_layer_has_its_role() -> None:
    """Forward, dgrad and wgrad of a linear layer, spelt out."""
    roles = "w=e4m3fn,a=e5m2,o=e3m4,e=e5m2:rtz,i=bfloat16,g=float16"
    torch.manual_seed(0)
    module, x, g = nn.Linear(7, 5), torch.randn(4, 7), torch.randn(4, 5)
    w, b = module.weight.detach().numpy(), module.bias.detach().numpy()
    y, dx, dw, db = (t.numpy() for t in results(prepare(module, roles)[0], x, g))
    a, w = lf.quantize(x.numpy(), "e5m2"), lf.quantize(w, "e4m3fn")
    e = lf.quantize(g.numpy(), "e5m2", rounding="toward_zero")
    host = [torch.from_numpy(t) for t in (a, w, e)]
    np.testing.assert_array_equal(y, lf.quantize((host[0] @ host[1].T).numpy() + b, "e3m4"))
    np.testing.assert_array_equal(dx, lf.quantize((host[2] @ host[1]).numpy(), "bfloat16"))
    np.testing.assert_array_equal(dw, lf.quantize((host[2].T @ host[0]).numpy(), "float16"))
    np.testing.assert_array_equal(db, (torch.ones(1, 4) @ host[2])[0].numpy())


def test_normalisations_and_softmax_are_pointwise_tensors() -> None:
    model = nn.Sequential(nn.LayerNorm(6), nn.Softmax(-1))
    x = torch.randn(3, 6)
    want = model[0](x)
    model, emulator = prepare(model, "p=e4m3fn")
    got = model[0](x)
    assert emulator.layers == ()
    np.testing.assert_array_equal(
        got.detach().numpy(), lf.quantize(want.detach().numpy(), "e4m3fn")
    )


def test_an_encoder_evaluates_as_it_trains() -> None:
    """Torch's fused kernels for inference, and its nested tensors for padding, pass by the layers."""
    torch.manual_seed(2)
    layer = nn.TransformerEncoderLayer(8, 2, 16, dropout=0.0, batch_first=True)
    roles = "w=e4m3fn,a=e4m3fn,p=bfloat16,acc=e6m9"
    model, emulator = prepare(nn.TransformerEncoder(layer, 2), roles)
    assert len(emulator.layers) == 16
    x, padding = torch.randn(3, 5, 8), torch.zeros(3, 5, dtype=torch.bool)
    padding[0, 3:] = True
    for mask in (None, padding):
        trained = model.train()(x, src_key_padding_mask=mask).detach()
        with torch.no_grad():
            evaluated = model.eval()(x, src_key_padding_mask=mask)
        assert torch.equal(evaluated[~padding], trained[~padding])


def network() -> nn.Module:
    torch.manual_seed(3)
    return nn.Sequential(
        nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(), nn.Linear(4 * 36, 10)
    )


SR = "w=e5m2,a=e5m2,e=e5m2:sr,g=e5m2:sr,master=e5m10:sr"


def train(model: nn.Module, steps: range, state: dict | None = None) -> dict[str, np.ndarray]:
    """A few steps of stochastic rounding; all weights at the end."""
    model, emulator = prepare(model, SR, seed=11)
    optimizer = SGD.from_roles(parameters(model), Roles.parse(SR), lr=0.1, momentum=0.9, seed=11)
    if state is not None:
        emulator.load_state_dict(state["emulator"])
        optimizer.load_state_dict(state["optimizer"])
    for step in steps:
        rng = torch.Generator().manual_seed(step)
        x = torch.randn(8, 1, 8, 8, generator=rng)
        labels = torch.randint(10, (8,), generator=rng)
        model.zero_grad()
        nn.functional.cross_entropy(model(x), labels).backward()
        optimizer.gradients = gradients(model)
        optimizer.step()
        emulator.advance()
    if state is None:
        states = {"emulator": emulator.state_dict(), "optimizer": optimizer.state_dict()}
        return {**states, "model": copy.deepcopy(model.state_dict())}
    return {name: p.copy() for name, p in parameters(model).items()}


def test_a_resumed_run_ends_with_the_same_weights() -> None:
    whole = train(network(), range(6))
    half = train(network(), range(3))
    again = network()
    again.load_state_dict(half["model"])
    weights = train(again, range(3, 6), half)
    for name, values in weights.items():
        np.testing.assert_array_equal(values, whole["model"][name].numpy(), err_msg=name)


def test_the_number_of_threads_changes_no_bit() -> None:
    """Of roundings and random bits; the host's GEMM may have its own order of sums."""
    x = torch.randn(256, 600)
    before, found = lf.get_num_threads(), []
    try:
        for threads in (1, 2):
            lf.set_num_threads(threads)
            torch.manual_seed(0)
            model, _ = prepare(nn.Linear(600, 8), "a=e5m2:sr", seed=5)
            found.append(model(x))
    finally:
        lf.set_num_threads(before)
    assert torch.equal(*found)


def test_weights_and_state_dicts_stay_torchs() -> None:
    model = network()
    keys = list(model.state_dict())
    weight = model[0].weight
    model, emulator = prepare(model, SR)
    assert list(model.state_dict()) == keys
    assert model[0].weight is weight
    assert emulator.layers == ("0", "4")
    assert isinstance(model[0], nn.Conv2d)


def test_matmul_of_activations_broadcasts() -> None:
    _, emulator = prepare(nn.Identity(), "a=e5m2")
    a, b = torch.randn(3, 1, 2, 4), torch.randn(5, 4, 6)
    quantized = [torch.from_numpy(lf.quantize(t.numpy(), "e5m2")) for t in (a, b)]
    want = lf.quantize((quantized[0] @ quantized[1]).numpy(), "e5m2")
    np.testing.assert_array_equal(matmul(a, b, emulator).numpy(), want)


class Scale(nn.Module):
    """A module of a user's own, with a parameter."""

    def __init__(self) -> None:
        super().__init__()
        self.factor = nn.Parameter(torch.ones(1))

    def forward(self, x):
        return self.factor * x


def test_unknown_modules_are_named() -> None:
    model = nn.Sequential(nn.Linear(2, 2), Scale())
    with pytest.warns(UnknownModule, match=r"keep float32 arithmetic: 1 \(Scale\)"):
        prepare(copy.deepcopy(model), "w=e5m2")
    with pytest.raises(ValueError, match=r"1 \(Scale\)"):
        prepare(copy.deepcopy(model), "w=e5m2", unknown="error")
    sparse = nn.Embedding(3, 2, sparse=True)
    with pytest.raises(ValueError, match="sparse and scale_grad_by_freq are not supported"):
        prepare(sparse, "w=e5m2", unknown="error")


def test_what_cannot_be_emulated_is_refused() -> None:
    with pytest.raises(TypeError, match=r'on meta, and lowfloat computes on the CPU.*to\("cpu"\)'):
        prepare(nn.Linear(2, 2, device="meta"), "")
    with pytest.raises(TypeError, match=r"torch\.float16.*call model\.float\(\) first"):
        prepare(nn.Linear(2, 2).half(), "")
    model, _ = prepare(nn.Linear(2, 2), "w=e5m2")
    with pytest.raises(ValueError, match="prepared before"):
        prepare(model, "w=e5m2")
    with pytest.raises(TypeError, match=r"float32 tensors.*use \.float\(\)"):
        model(torch.ones(1, 2, dtype=torch.float16))


def test_an_overflow_reaches_the_gradients() -> None:
    """Loss scaling depends on it: 70000 has no e5m2 number."""
    model, _ = prepare(nn.Linear(1, 1, bias=False), "e=e5m2,g=e5m2")
    (model(torch.ones(1, 1)) * 70000.0).sum().backward()
    assert math.isinf(model.weight.grad.item())
