"""float64 and int64 sources are rounded once, as MPFR rounds them."""

from __future__ import annotations

import gmpy2
import numpy as np
import pytest
from native_paths import PATHS, assert_same

import lowfloat as lf
from lowfloat import _native

ROUNDINGS = {
    "nearest_even": gmpy2.RoundToNearest,
    "toward_zero": gmpy2.RoundToZero,
    "toward_positive": gmpy2.RoundUp,
    "toward_negative": gmpy2.RoundDown,
    "away_from_zero": gmpy2.RoundAwayZero,
}
#: IEEE formats: MPFR's precision, and its exponents for a significand in [1/2, 1).
FORMATS = ("float8_e5m2", "float8_e3m4", "bfloat16", "float16", "float32", "e7m13", "e10m41")


def context(fmt: lf.Format, rounding: int) -> gmpy2.context:
    return gmpy2.context(
        precision=fmt.precision, emax=fmt.emax + 1, emin=fmt.emin - fmt.mantissa_bits + 1,
        subnormalize=True, round=rounding,
    )  # fmt: skip


def rounded(values: list[int] | list[float], fmt: lf.Format, rounding: int) -> np.ndarray:
    """The values in the format, as float64, rounded once by MPFR."""
    with context(fmt, rounding):
        return np.array([float(gmpy2.mpfr(v)) for v in values])


def assert_rounded_once(x: np.ndarray, fmt: lf.Format) -> None:
    for rounding, mode in ROUNDINGS.items():
        expected = rounded(x.tolist(), fmt, mode).view(np.uint64)
        for path, isa, generic in PATHS:
            with _native.forced(isa, generic):
                actual = lf.cast(x, fmt, rounding=rounding).to_numpy(np.float64)
            assert_same(f"{path}, {rounding}", actual.view(np.uint64), expected)


def double_rounding_traps(fmt: lf.Format, count: int) -> np.ndarray:
    """float64 numbers a hair beside the midpoints of a format, which float32 cannot tell apart."""
    rng = np.random.default_rng(fmt.width)
    exponents = rng.integers(max(fmt.emin, -1000), min(fmt.emax, 1000), count)
    odd = 2 * rng.integers(0, 1 << fmt.mantissa_bits, count) + 1
    midpoints = 1 + odd * 2.0 ** -(fmt.mantissa_bits + 1)
    hair = rng.choice([-(2.0**-51), 0.0, 2.0**-51, 2.0**-44, -(2.0**-44)], count)
    low = np.ldexp(rng.random(count), fmt.emin)
    return np.concatenate([np.ldexp(midpoints + hair, exponents), -low, low])


@pytest.mark.parametrize("name", FORMATS)
def test_float64_is_rounded_once(name: str) -> None:
    fmt = lf.format(name)
    assert_rounded_once(double_rounding_traps(fmt, 500), fmt)


@pytest.mark.parametrize("name", FORMATS)
def test_int64_is_rounded_once(name: str) -> None:
    fmt = lf.format(name)
    rng = np.random.default_rng(7)
    shifts = rng.integers(0, 62, 600)
    x = rng.integers(-(1 << 63), 1 << 63, 600) >> shifts
    top = 1 << np.minimum(61, fmt.mantissa_bits + 1 + (shifts >> 1))
    ties = top + (rng.integers(0, 2, 600) * 2 + 1) * (top >> (fmt.mantissa_bits + 1))
    x = np.concatenate([x, ties, ties + 1, 1 - ties])
    assert_rounded_once(x, fmt)


def test_a_wrong_mode_and_a_value_rounded_twice_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    fmt = lf.format("float16")
    traps = double_rounding_traps(fmt, 500)
    expected = rounded(traps.tolist(), fmt, gmpy2.RoundToNearest).view(np.uint64)
    with np.errstate(over="ignore"):
        twice = traps.astype(np.float32).astype(np.float16).astype(np.float64)
    with pytest.raises(AssertionError, match="differ"):
        assert_same("by float32", twice.view(np.uint64), expected)
    monkeypatch.setitem(ROUNDINGS, "toward_positive", gmpy2.RoundDown)
    with pytest.raises(AssertionError, match=r"toward_positive: .* differ"):
        assert_rounded_once(traps, fmt)
