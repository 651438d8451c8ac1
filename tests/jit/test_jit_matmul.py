"""A user's own accumulator step, compiled into matrix products: the bits of the same accumulator."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
import pytest

import lowfloat as lf

fma, LIFT, LESS = lf.jit.fma, np.float32(2**13), np.float32(2**13 - 1)


@numba.njit
def eleven_bits(s: Any, x: Any, y: Any) -> Any:
    """Rounds to 11 bits, ties to even: theorem 1 of native/kernels/gemm_steps.h."""
    s = fma(x, y, s)
    return fma(LIFT, s, -(LESS * s))


@numba.njit
def no_rounding(s: Any, x: Any, y: Any) -> Any:
    """A step in the host's own precision."""
    return fma(x, y, s)


def operands(m: int, k: int, n: int) -> tuple[lf.Array, lf.Array, lf.Array]:
    rng = np.random.default_rng(m + k + n)
    shapes = (m, k), (k, n), (m, n)
    x, y, c = (rng.standard_normal(s) for s in shapes)
    return lf.cast(x, "float8_e4m3fn"), lf.cast(y, "float8_e4m3fn"), lf.cast(c, "e5m10")


@pytest.mark.parametrize("shape", [(1, 1, 1), (3, 0, 2), (2, 8, 5), (7, 29, 33), (5, 100, 700)])
def test_a_step_is_the_accumulator(shape: tuple[int, int, int]) -> None:
    x, y, c = operands(*shape)
    a, b, start = (z.to_numpy().astype(np.float32) for z in (x, y, c))
    got = lf.jit.matmul(a, b, step=eleven_bits, c=start)
    expected = lf.matmul(x, y, c=c, accumulator=lf.Accumulator("e5m10"))
    np.testing.assert_array_equal(got, expected.to_numpy())
    if shape[1] > 20:  # negative control: without its rounding the step differs
        assert (lf.jit.matmul(a, b, step=no_rounding, c=start) != got).any()


def test_steps_in_float64() -> None:
    x, y, _ = operands(4, 50, 6)
    a, b = x.to_numpy().astype(np.float64), y.to_numpy().astype(np.float64)
    got = lf.jit.matmul(a, b, step=no_rounding)
    expected = lf.matmul(x, y, accumulator=lf.Accumulator("float64"))
    np.testing.assert_array_equal(got, expected.to_numpy())


def test_bad_operands() -> None:
    ones = np.ones((2, 2), np.float32)
    with pytest.raises(ValueError, match="decode an Array by to_numpy"):
        lf.jit.matmul(lf.cast(ones, "e4m3"), ones, step=no_rounding)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="one dtype"):
        lf.jit.matmul(ones, ones.astype(np.float64), step=no_rounding)
    with pytest.raises(ValueError, match=r"\(m, k\) by \(k, n\)"):
        lf.jit.matmul(ones, np.ones((3, 2), np.float32), step=no_rounding)
