"""What theory says of sums in low precision: where they stall, and what helps."""

from __future__ import annotations

import numpy as np
import pytest

import lowfloat as lf
from lowfloat.accumulators import Grouped

FORMATS = {"float16": 10, "e6m9": 9, "bfloat16": 7, "e6m5": 5}
TRIALS = 64


def operands(n: int, positive: bool, seed: int = 0) -> lf.Array:
    """Rows of e5m2 numbers, uniform on [0, 1) or normal."""
    rng = np.random.default_rng(seed)
    values = rng.random((TRIALS, n)) if positive else rng.standard_normal((TRIALS, n))
    return lf.cast(values, "float8_e5m2")


def errors(x: lf.Array, accumulator, **keywords) -> np.ndarray:
    """Relative errors of the rows' sums; of zero-mean rows relative to the sum's spread."""
    got = lf.sum(x, axis=1, accumulator=accumulator, format="float64", **keywords).to_numpy()
    exact = lf.sum(x, axis=1, format="float64").to_numpy()
    positive = (exact > 0).all()
    scale = exact if positive else np.sqrt((x.to_numpy().astype(float) ** 2).sum(1))
    return (got - exact) / scale


def rms(e: np.ndarray) -> float:
    return float(np.sqrt(np.mean(e**2)))


@pytest.mark.parametrize("name", FORMATS)
def test_sums_of_ones_stall_at_the_first_number_without_odd_neighbours(name: str) -> None:
    """x + 1 is a tie for x = 2^(m+1), and goes to the even neighbour, which is x."""
    stall = 2 ** (FORMATS[name] + 1)
    ones = lf.array(np.ones(2 * stall), "float8_e5m2")
    running = lf.cumsum(ones, accumulator=lf.Accumulator(name), format="float64").to_numpy()
    expected = np.minimum(np.arange(1, 2 * stall + 1), stall)
    np.testing.assert_array_equal(running, expected)


@pytest.mark.parametrize("name", FORMATS)
def test_no_sum_of_numbers_below_one_passes_the_stall(name: str) -> None:
    """Addends in [0, 1) are less than half a step at 2^(m+1): the sum never leaves it."""
    stall = 2 ** (FORMATS[name] + 1)
    x = operands(4 * stall if stall < 2048 else 6000, True)
    x = lf.cast(np.minimum(x.to_numpy(), 0.875), "float8_e5m2")
    got = lf.sum(x, axis=1, accumulator=lf.Accumulator(name)).to_numpy()
    assert (got <= stall).all()
    long_enough = x.to_numpy().astype(float).sum(1) > 1.5 * stall
    if stall <= 256:
        assert long_enough.any()
        np.testing.assert_array_equal(got[long_enough], stall)


def test_chunks_of_64_help_by_more_than_eight_times() -> None:
    x = operands(4096, True)
    for name, limit in (("float16", 0.002), ("e6m9", 0.004), ("e6m5", 0.03)):
        step = lf.Accumulator(name)
        naive, chunked = rms(errors(x, step)), rms(errors(x, Grouped(step, step, n=64)))
        assert chunked <= naive / 8
        assert chunked < limit


def test_chunks_stall_in_the_outer_sum() -> None:
    """Chunk sums of 64 ones stall at 64 2^(m+1): 4096 for five mantissa bits."""
    step = lf.Accumulator("e6m5")
    ones = lf.array(np.ones(16384), "float8_e5m2")
    assert lf.sum(ones, accumulator=Grouped(step, step, n=64)).item() == 4096
    halves = operands(16384, True)
    e = errors(halves, Grouped(step, step, n=64))
    assert -0.6 < e.mean() < -0.35


def test_kahan_keeps_what_bfloat16_loses() -> None:
    x = operands(4096, True)
    assert rms(errors(x, lf.Accumulator("bfloat16"))) > 0.5
    assert rms(errors(x, lf.Accumulator("bfloat16", compensation="kahan"))) <= 0.003


def test_neumaiers_sum_of_errors_stalls_as_the_sum_does() -> None:
    """s stays at 2^(m+1) and so does e: their sum is twice the stall, however many terms there are."""
    step = lf.Accumulator("bfloat16", compensation="neumaier")
    assert lf.sum(lf.array(np.ones(500), "float8_e5m2"), accumulator=step).item() == 500
    assert lf.sum(lf.array(np.ones(4096), "float8_e5m2"), accumulator=step).item() == 512


def test_stochastic_sums_do_not_stall() -> None:
    x = operands(4096, True)
    step = lf.Accumulator("e6m5", lf.Stochastic(13))
    e = errors(x, step, rng=lf.Philox(1))
    assert abs(e.mean()) <= 0.05
    assert rms(e) < 0.2
    assert rms(errors(x, lf.Accumulator("e6m5"))) > 0.9


def test_stochastic_is_worse_than_nearest_on_zero_mean_data() -> None:
    x = operands(1024, False)
    nearest = rms(errors(x, lf.Accumulator("e6m5")))
    stochastic = rms(errors(x, lf.Accumulator("e6m5", lf.Stochastic(13)), rng=lf.Philox(1)))
    assert 1.1 * nearest < stochastic < 2.5 * nearest


def test_few_random_bits_are_biased_by_their_floor() -> None:
    """One step of 1 + x rounds up with probability floor(nu 2^N) / 2^N (P-6, variant A)."""
    one, small = lf.array(np.ones(40_000), "float16"), lf.array(np.full(40_000, 0.0125), "float16")
    x = lf.Array(np.stack([one.codes, small.codes], 1), one.format)
    for bits in (2, 8):
        step = lf.Accumulator("e6m5", lf.Stochastic(bits))
        got = lf.sum(x, axis=1, accumulator=step, rng=lf.Philox(5)).to_numpy()
        nu = float(small[0].item()) * 32
        expected = np.floor(nu * 2**bits) / 2**bits
        assert abs((got > 1).mean() - expected) < 0.01


def test_a_tensor_core_cuts_what_is_small_beside_the_greatest() -> None:
    """2^13 + 31 terms just below the last bit: thirteen fraction bits lose all, in one block."""
    hopper = lf.accumulators.nvidia_hopper("float8_e4m3fn")
    x = lf.array([256.0] + [0.9375] * 31, "float8_e4m3fn")
    y = lf.array([32.0] + [1.0] * 31, "float8_e4m3fn")
    assert lf.dot(x, y, accumulator=hopper, format="float32").item() == 8192
    assert lf.dot(x, y, format="float32").item() == 8192 + 31 * 0.9375
    promoted = lf.accumulators.two_level_promotion(hopper, 32)
    assert lf.dot(x, y, accumulator=promoted, format="float32").item() == 8192
