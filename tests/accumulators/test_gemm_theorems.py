"""The theorems of native/kernels/gemm_steps.h, by exhaustion; each with its condition broken."""

from __future__ import annotations

import numpy as np
import pytest


def nearest_even(x: np.ndarray, bits: int, lowest: int = -1000) -> np.ndarray:
    """Numbers of float64 rounded to so many bits, and to multiples of 2^lowest."""
    _, exponent = np.frexp(x)
    place = np.exp2(np.maximum(exponent - bits, lowest).astype(np.float64))
    return np.rint(x / place) * place


def two_operations(x: np.ndarray, p: int) -> np.ndarray:
    """Theorem 1 in binary32: y = RN((2^k - 1) x), 2^k x - y."""
    k = 24 - p
    y = x * np.float32(2.0**k - 1)
    return np.float64(x) * 2.0**k - np.float64(y)


@pytest.mark.parametrize("p", range(2, 12))
def test_two_operations_round_to_nearest_even(p: int) -> None:
    significands = np.arange(1 << 23, 1 << 25, 2 if p % 2 else 1, dtype=np.int64)
    if p % 2:  # every significand of one binade, and its successor's
        significands = np.arange(1 << 23, 1 << 24, dtype=np.int64)
    x = np.float32(significands)
    np.testing.assert_array_equal(two_operations(x, p), nearest_even(np.float64(x), p))


def three_operations(x: np.ndarray, p: int) -> np.ndarray:
    """The other form of theorem 1: y = RN((2^k + 1) x), y + RN(x - y)."""
    y = x * np.float32(2.0 ** (24 - p) + 1)
    return np.float64(y + (x - y))


@pytest.mark.parametrize("p", [2, 3, 7, 8, 11, 12, 22, 23])
def test_three_operations_round_to_nearest_even(p: int) -> None:
    x = np.float32(np.arange(1 << 23, 1 << 24, dtype=np.int64))
    np.testing.assert_array_equal(three_operations(x, p), nearest_even(np.float64(x), p))


def added(x: np.ndarray, factor: float, p: int) -> np.ndarray:
    """Theorem 5 to nearest even: a multiple of 2^k times x's power of two is added."""
    power = np.exp2(np.frexp(x)[1] - 1).astype(np.float32) * np.float32(factor * 2.0 ** (24 - p))
    return np.float64((x + power) - power)


@pytest.mark.parametrize("p", [2, 3, 11, 12, 21, 22])
@pytest.mark.parametrize("sign", [1, -1])
def test_one_constant_rounds_both_signs(p: int, sign: int) -> None:
    x = np.float32(sign * np.arange(1 << 23, 1 << 24, dtype=np.int64))
    np.testing.assert_array_equal(added(x, 1.5, p), nearest_even(np.float64(x), p))


@pytest.mark.parametrize(("p", "factor"), [(23, 1.5), (11, 1.0)])
def test_one_constant_needs_two_places_and_a_half(p: int, factor: float) -> None:
    x = np.float32(-np.arange(1 << 23, 1 << 24))
    assert (added(x, factor, p) != nearest_even(np.float64(x), p)).any()


def test_two_operations_need_twice_the_precision() -> None:
    x = np.float32(np.arange(1 << 23, 1 << 24))
    assert (two_operations(x, 12) != nearest_even(np.float64(x), 12)).any()


def innocuous(p: int, q: int, w: int, unit: int, top: int) -> bool:
    """Conditions (A) and (B) of theorem 2."""
    return p + q <= w - 1 and ((q <= p and 2 * p <= w - 1) or top + 1 - unit <= w - 1)


def two_roundings_differ(p: int, q: int, w: int, unit: int, top: int) -> bool:
    """Whether rounding a sum to w bits first ever changes its rounding to p bits and to 2^unit."""
    significands = np.arange(1, 1 << p)
    sums = np.unique(
        np.concatenate([np.ldexp(significands.astype(float), e) for e in range(unit, top - p + 2)])
    )
    sums = np.concatenate([-sums, [0.0], sums])
    for exponent in range(unit - q - 2 * w, top - q + 2):
        for significand in range(1 << (q - 1), 1 << q):
            exact = sums + np.ldexp(float(significand), exponent)
            exact = exact[np.abs(exact) < 2.0 ** (top + 1)]
            once = nearest_even(exact, p, unit)
            if (nearest_even(nearest_even(exact, w), p, unit) != once).any():
                return True
    return False


@pytest.mark.parametrize("w", [6, 7, 8])
def test_two_roundings_are_one_where_the_theorem_says_so(w: int) -> None:
    failures = 0
    for p in range(2, w - 2):
        for q in range(1, w - 1):
            for top in range(p, p + w, 3):
                differ = two_roundings_differ(p, q, w, 0, top)
                assert not (differ and innocuous(p, q, w, 0, top)), (p, q, w, top)
                failures += differ
    assert failures > 5, "the condition is never needed"
