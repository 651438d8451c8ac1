"""Loss scalers: torch.amp.GradScaler bit for bit, and the floor that it lacks."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lowfloat.training import SGD, DynamicScaler, StaticScaler, ThresholdScaler, scaler_for

OVERFLOWS = st.lists(
    st.sampled_from([0.0, 1.5, float("inf"), float("nan")]), min_size=1, max_size=60
)


def sgd(value: float = 1.0) -> SGD:
    return SGD({"w": np.float32([value, -value])}, lr=0.5, momentum=0.5)


def one_step(scaler: StaticScaler, optimizer: SGD, gradient: float) -> None:
    optimizer.gradients = {"w": np.float32([gradient, 1.0]) * np.float32(scaler.get_scale())}
    scaler.step(optimizer)
    scaler.update()


@pytest.mark.filterwarnings("ignore")  # torch's own warnings about its CPU scaler
@settings(max_examples=60, deadline=None)
@given(
    pattern=OVERFLOWS,
    growth=st.sampled_from([2.0, 1.5, 1.1]),
    backoff=st.sampled_from([0.5, 0.3, 0.9]),
    interval=st.integers(1, 5),
    init=st.sampled_from([2.0**16, 3.0, 1e38]),
)
def test_dynamic_scaler_is_torchs(
    pattern: list[float], growth: float, backoff: float, interval: int, init: float
) -> None:
    torch = pytest.importorskip("torch", reason="pip install torch==2.13.0 to compare with it")
    theirs = torch.amp.GradScaler("cpu", init, growth, backoff, interval)
    ours = DynamicScaler(init, growth, backoff, interval)
    w = torch.ones(2, requires_grad=True)
    their_optimizer = torch.optim.SGD([w], lr=0.5, momentum=0.5)
    our_optimizer = sgd()
    our_optimizer.masters["w"][:] = 1
    for value in pattern:
        seed = torch.tensor([value, 1.0])
        scaled = theirs.scale(torch.tensor(1.0))
        w.grad = seed * scaled
        our_optimizer.gradients = {"w": (seed * ours.scale(1.0)).numpy().copy()}
        theirs.unscale_(their_optimizer)
        ours.unscale_(our_optimizer)
        assert np.array_equal(w.grad.numpy(), our_optimizer.gradients["w"], equal_nan=True)
        theirs.step(their_optimizer)
        ours.step(our_optimizer)
        theirs.update()
        ours.update()
        state = ours.state_dict()
        assert {k: state[k] for k in theirs.state_dict()} == theirs.state_dict()
        assert np.array_equal(w.detach().numpy(), our_optimizer.masters["w"], equal_nan=True)
    other = DynamicScaler()
    other.load_state_dict(theirs.state_dict())
    assert other.get_scale() == ours.get_scale()


@pytest.mark.filterwarnings("ignore")
def test_the_scaler_serves_torchs_optimizers() -> None:
    torch = pytest.importorskip("torch", reason="pip install torch==2.13.0 to compare with it")
    w = torch.ones(3, requires_grad=True)
    optimizer, scaler = torch.optim.SGD([w], lr=1.0), DynamicScaler(8.0)
    scaler.scale((w * 2).sum()).backward()
    scaler.unscale_(optimizer)
    assert w.grad.tolist() == [2, 2, 2]
    scaler.step(optimizer)
    scaler.update()
    assert w.tolist() == [-1, -1, -1]
    w.grad = torch.full((3,), float("inf"))
    scaler.step(optimizer)
    scaler.update()
    assert w.tolist() == [-1, -1, -1]
    assert scaler.get_scale() == 4.0


@given(pattern=OVERFLOWS)
def test_the_scale_never_drops_below_its_floor(pattern: list[float]) -> None:
    schedule = [(0, 4.0), (10, 64.0), (25, 1024.0)]
    scaler = ThresholdScaler(2.0**6, growth_interval=7, min_schedule=schedule, max_scale=2.0**12)
    optimizer = sgd()
    for step, value in enumerate(pattern):
        assert scaler.get_scale() >= max(least for first, least in schedule if first <= step)
        assert scaler.get_scale() <= 2.0**12
        one_step(scaler, optimizer, value)


def test_without_a_floor_overflows_sink_the_scale() -> None:
    dynamic, threshold = DynamicScaler(2.0**4), ThresholdScaler(2.0**4, min_schedule=[(0, 8.0)])
    for _ in range(8):
        one_step(dynamic, sgd(), float("inf"))
        one_step(threshold, sgd(), float("inf"))
    assert dynamic.get_scale() == 2.0**-4
    assert threshold.get_scale() == 8.0


def test_the_floor_rises_on_schedule() -> None:
    scaler = ThresholdScaler(2.0, min_schedule=[(0, 1.0), (3, 32.0)])
    seen = []
    for _ in range(5):
        seen.append(scaler.get_scale())
        one_step(scaler, sgd(), 1.0)
    assert seen == [2, 2, 2, 32, 32]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
@pytest.mark.parametrize("text", ["static:8", "dynamic:8", "threshold:8"])
def test_a_step_with_nan_gradients_changes_no_bit(text: str, value: float) -> None:
    scaler, optimizer = scaler_for(text), sgd(1.25)
    one_step(scaler, optimizer, 1.0)
    before = optimizer.state_dict()["arrays"]
    one_step(scaler, optimizer, value)
    after = optimizer.state_dict()["arrays"]
    assert all(before[name].tobytes() == after[name].tobytes() for name in before)
    assert (scaler.steps, scaler.skipped, optimizer.steps) == (2, 1, 1)


def test_a_disabled_scaler_steps_whatever_comes() -> None:
    scaler, optimizer = DynamicScaler(enabled=False), sgd()
    optimizer.gradients = {"w": np.float32([np.inf, 0])}
    scaler.unscale_(optimizer)
    scaler.step(optimizer)
    scaler.update()
    assert np.isinf(optimizer.masters["w"][0])
    assert scaler.get_scale() == 1.0
    assert scaler.scale(3.0) == 3.0


@pytest.mark.parametrize("text", ["static:8", "dynamic:8", "threshold:8"])
@given(pattern=OVERFLOWS, cut=st.integers(0, 60))
@settings(max_examples=25)
def test_a_resumed_scaler_goes_on_alike(text: str, pattern: list[float], cut: int) -> None:
    def run(resumes: bool) -> list[float]:
        scaler, seen = scaler_for(text), []
        for step, value in enumerate(pattern):
            if resumes and step == cut:
                state, scaler = scaler.state_dict(), scaler_for(text)
                scaler.load_state_dict(state)
            one_step(scaler, sgd(), value)
            seen.append(scaler.get_scale())
        return seen

    assert run(True) == run(False)


def test_the_floor_is_part_of_the_state() -> None:
    """jmp drops min_loss_scale on the way through a transformation; here it must survive."""
    state = ThresholdScaler(2.0**9, min_schedule=[(0, 256.0)]).state_dict()
    scaler = ThresholdScaler()
    scaler.load_state_dict(state)
    for _ in range(5):
        one_step(scaler, sgd(), float("nan"))
    assert scaler.get_scale() == 256.0


def test_a_state_of_another_kind_is_refused_and_changes_nothing() -> None:
    scaler = StaticScaler(8.0)
    with pytest.raises(ValueError, match="growth_factor"):
        scaler.load_state_dict(DynamicScaler().state_dict())
    with pytest.raises(ValueError, match="lacks"):
        DynamicScaler().load_state_dict({"scale": 2.0})
    assert scaler.get_scale() == 8.0


def test_calls_out_of_order_are_errors() -> None:
    scaler, optimizer = DynamicScaler(), sgd()
    with pytest.raises(RuntimeError, match="step"):
        scaler.update()
    optimizer.gradients = {"w": np.float32([1, 1])}
    scaler.unscale_(optimizer)
    with pytest.raises(RuntimeError, match="update"):
        scaler.unscale_(optimizer)
    scaler.step(optimizer)
    with pytest.raises(RuntimeError, match="update"):
        scaler.step(optimizer)


@pytest.mark.parametrize(
    "make",
    [
        lambda: StaticScaler(0.0),
        lambda: StaticScaler(float("nan")),
        lambda: DynamicScaler(growth_factor=1.0),
        lambda: DynamicScaler(backoff_factor=1.0),
        lambda: DynamicScaler(growth_interval=0),
        lambda: ThresholdScaler(min_schedule=[(5, 1.0)]),
        lambda: ThresholdScaler(min_schedule=[(0, 2.0**30)]),
        lambda: ThresholdScaler(min_schedule=[]),
        lambda: scaler_for("constant"),
        lambda: scaler_for("static:much"),
    ],
    ids=range(10),
)
def test_bad_settings_are_refused(make: object) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - each message is a sentence of its own
        make()  # type: ignore[operator]


def test_an_object_without_gradients_is_refused() -> None:
    with pytest.raises(TypeError, match="param_groups"):
        StaticScaler().unscale_(object())
