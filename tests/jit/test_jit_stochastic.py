"""Stochastic rounding: every variant and number of bits, given and drawn; Philox."""

from __future__ import annotations

import numpy as np
import pytest
from against_golden import all_codes, code_array, differences

import lowfloat as lf
from lowfloat.golden.random_bits import philox_bits
from lowfloat.jit import backend, kernels
from lowfloat.randomness import PhiloxDraw


@pytest.mark.parametrize("variant", ["A", "B", "C"])
def test_every_code_and_every_random_number_of_few_bits(variant: str) -> None:
    source, fmt = lf.format("e5m2"), lf.format("e3m0")
    for bits in (1, 2, 3):
        projection = lf.Projection(lf.Stochastic(bits, variant))
        everything = np.tile(all_codes(source), 1 << bits)
        random = np.repeat(np.arange(1 << bits, dtype=np.uint64), 256)
        assert not differences("convert", [everything], [source], fmt, projection, random)


@pytest.mark.parametrize("variant", ["A", "B", "C"])
def test_every_number_of_bits(variant: str) -> None:
    rng = np.random.default_rng(3)
    source, narrow = lf.float64, lf.float8_e4m3fn
    numbers = rng.standard_normal(24).view(np.uint64)
    for bits in range(1, 65):
        random = rng.integers(0, (1 << bits) - 1, 24, dtype=np.uint64, endpoint=True)
        random[:2] = 0, (1 << bits) - 1
        projection = lf.Projection(lf.Stochastic(bits, variant))
        assert not differences("convert", [numbers], [source], narrow, projection, random)
        assert not differences("fma", [numbers] * 3, [source] * 3, narrow, projection, random)


@pytest.mark.parametrize("variant", ["A", "B", "C"])
def test_thirds_of_a_step_below_the_smallest_number(variant: str) -> None:
    """Where field 0 is normal, nu = |X|/s may have no end (P-3)."""
    fmt = lf.Format(4, 1, subnormals="normal")
    source = lf.format("e5m10")
    small = code_array(np.arange(0, 12 << 10, 37), source)
    rng = np.random.default_rng(5)
    for bits in (1, 8, 63, 64):
        random = rng.integers(0, (1 << bits) - 1, small.size, dtype=np.uint64, endpoint=True)
        projection = lf.Projection(lf.Stochastic(bits, variant))
        assert not differences("convert", [small], [source], fmt, projection, random)


def test_every_discarded_bit() -> None:
    f64, f8 = lf.float64, lf.float8_e5m2
    numbers = np.random.default_rng(1).standard_normal(50).view(np.uint64)
    random = np.random.default_rng(2).integers(0, 1 << 64, 50, dtype=np.uint64)
    projection = lf.Projection(lf.Stochastic(None))
    assert not differences("convert", [numbers], [f64], f8, projection, random)


def test_a_tail_of_more_than_64_bits_is_an_error() -> None:
    f64, f8 = lf.float64, lf.float8_e5m2
    x = np.array([1.0 + 2.0**-52]).view(np.uint64)
    out, projection = np.empty(1, np.uint8), lf.Projection(lf.Stochastic(None))
    bits = np.zeros(1, np.uint64)
    with pytest.raises(ValueError, match="at most 64 bits"):
        backend.apply("multiply", (x, x), (f64, f64), out, f8, projection, bits, None)


@pytest.mark.parametrize("bits", [1, 7, 8, 9, 16, 17, 32, 33, 64])
def test_philox_draws(bits: int) -> None:
    for draw in (PhiloxDraw(0, 0, 0), PhiloxDraw((1 << 64) - 3, (1 << 32) - 1, 12345)):
        out = np.empty(40, np.uint64)
        seed, stream, call = (np.uint64(word) for word in draw)
        for start in (0, 1 << 15, 1 << 40):
            kernels.philox_kernel(seed, call, stream, start, bits, out)
            assert out.tolist() == [philox_bits(draw, start + i, bits) for i in range(40)]


def test_drawn_bits_reach_their_elements() -> None:
    source, fmt, draw = lf.float16, lf.float8_e4m3fn, PhiloxDraw(99, 1, 2)
    codes = code_array(np.arange(0, 1 << 16, 41), source)
    for bits in (5, 12, 23, 64):
        projection = lf.Projection(lf.Stochastic(bits))
        assert not differences("convert", [codes], [source], fmt, projection, draw)


def test_drawn_bits_do_not_depend_on_chunks() -> None:
    source, fmt, draw = lf.float16, lf.float8_e4m3fn, PhiloxDraw(99, 1, 2)
    count = backend.CHUNK + 33
    projection = lf.Projection(lf.Stochastic(9))
    out, want = np.empty(count, np.uint8), np.empty(1, np.uint8)
    codes = code_array([0x3C51], source)
    backend.apply("convert", (codes,), (source,), out, fmt, projection, draw, None)
    for index in (0, backend.CHUNK - 1, backend.CHUNK, count - 1):
        bits = np.array([philox_bits(draw, index, 9)], np.uint64)
        backend.apply("convert", (codes,), (source,), want, fmt, projection, bits, None)
        assert out[index] == want[0]


@pytest.mark.parametrize(
    ("random", "message"),
    [
        (None, "needs random bits"),
        (np.array([256], np.uint64), "must be in 0..2\\^8 - 1"),
        (np.zeros(3, np.uint64), "3 random words for 2 results"),
    ],
)
def test_wrong_random_bits_are_an_error(random: np.ndarray | None, message: str) -> None:
    f, projection = lf.float8_e5m2, lf.Projection(lf.Stochastic(8))
    codes = np.zeros(2, np.uint8)
    with pytest.raises(ValueError, match=message):
        backend.apply("convert", (codes,), (f,), codes.copy(), f, projection, random, None)
