"""Casts from float32 against ml_dtypes, which shares no code with this library.

Documented differences: the sign of a NaN (canonical here), formats without NaN (NaN becomes the
largest number and raises invalid), and subnormal float32 into E8M0: ml_dtypes rounds numbers
between 2^-127 and 1.5 2^-127 up to 2^-126.
"""

from __future__ import annotations

import ml_dtypes
import numpy as np
import pytest
from cast_sources import lattice_numbers
from native_paths import PATHS, assert_same

import lowfloat as lf
from lowfloat import _native

TYPES = (
    "bfloat16", "float8_e3m4", "float8_e4m3", "float8_e4m3fn", "float8_e4m3fnuz",
    "float8_e4m3b11fnuz", "float8_e5m2", "float8_e5m2fnuz", "float8_e8m0fnu", "float6_e2m3fn",
    "float6_e3m2fn", "float4_e2m1fn",
)  # fmt: skip


def between(x: np.ndarray) -> np.ndarray:
    """The numbers that ml_dtypes does not round to the nearest power of two."""
    return (x > np.float32(2.0**-127)) & (x < np.float32(1.5 * 2.0**-127))


def theirs(x: np.ndarray, fmt: lf.Format) -> np.ndarray:
    """ml_dtypes' codes, with NaNs as this library's documentation has them."""
    with np.errstate(all="ignore"):
        codes = x.astype(getattr(ml_dtypes, fmt.name)).view(f"u{max(1, fmt.width // 8)}")
        nan = np.isnan(x)
    if fmt.name == "float8_e8m0fnu":
        codes = np.where(between(x), np.uint8(0), codes)
    if fmt.nan_code is None:
        return np.where(nan, codes.dtype.type(fmt.max_finite_code), codes)
    return np.where(nan, codes.dtype.type(fmt.nan_code), codes)


def assert_cast_like_ml_dtypes(x: np.ndarray, fmt: lf.Format) -> None:
    expected = theirs(x, fmt)
    for name, isa, generic in PATHS:
        with _native.forced(isa, generic):
            assert_same(name, lf.cast(x, fmt).codes, expected)


def random_numbers() -> np.ndarray:
    """Random bit patterns, and random numbers in the range of small formats."""
    rng = np.random.default_rng(4)
    patterns = rng.integers(0, 1 << 32, 1 << 18, np.uint32).view(np.float32)
    near = np.ldexp(rng.standard_normal(1 << 18), rng.integers(-20, 20, 1 << 18))
    return np.concatenate([patterns, near.astype(np.float32)])


@pytest.mark.parametrize("name", TYPES)
def test_float32_casts_equal_ml_dtypes(name: str) -> None:
    fmt = lf.format(name)
    assert_cast_like_ml_dtypes(lattice_numbers(fmt, "float32", limit=256), fmt)
    assert_cast_like_ml_dtypes(random_numbers(), fmt)


@pytest.mark.parametrize("name", TYPES)
def test_every_code_decodes_as_in_ml_dtypes(name: str) -> None:
    fmt = lf.format(name)
    codes = np.arange(1 << fmt.width, dtype=f"u{max(1, fmt.width // 8)}")
    expected = codes.view(getattr(ml_dtypes, name)).astype(np.float32)
    for _, isa, generic in PATHS:
        with _native.forced(isa, generic):
            actual = lf.from_codes(codes, fmt).to_numpy(np.float32)
        numbers = ~np.isnan(expected)
        assert np.array_equal(np.isnan(actual), ~numbers)
        assert_same(name, actual[numbers].view(np.uint32), expected[numbers].view(np.uint32))


@pytest.mark.parametrize("name", TYPES)
def test_ml_dtypes_arrays_are_read_as_codes(name: str) -> None:
    fmt = lf.format(name)
    values = np.arange(1 << fmt.width, dtype=f"u{max(1, fmt.width // 8)}")
    x = lf.cast(values.view(getattr(ml_dtypes, name)), "float64")
    lf.testing.assert_same_bits(x, lf.from_codes(values, fmt).astype("float64"))


def test_ml_dtypes_rounds_small_scales_up_and_this_library_does_not() -> None:
    x = np.arange(0x00400001, 0x00600000, 4099, dtype=np.uint32).view(np.float32)
    assert between(x).all()
    assert (x.astype(ml_dtypes.float8_e8m0fnu).view(np.uint8) == 1).all()
    assert (lf.cast(x, "float8_e8m0fnu").codes == 0).all()


@pytest.mark.exhaustive
@pytest.mark.parametrize("name", TYPES)
def test_all_float32_patterns_equal_ml_dtypes(name: str) -> None:
    fmt = lf.format(name)
    chunk = 1 << 24
    for start in range(0, 1 << 32, chunk):
        x = np.arange(start, start + chunk, dtype=np.uint64).astype(np.uint32).view(np.float32)
        expected = theirs(x, fmt)
        for path, isa, generic in PATHS[1:]:
            with _native.forced(isa, generic):
                assert_same(f"{path} from {start:#x}", lf.cast(x, fmt).codes, expected)


def test_another_type_of_ml_dtypes_disagrees(monkeypatch: pytest.MonkeyPatch) -> None:
    """E4M3FN under the name of its neighbour, and one wrong code."""
    x = random_numbers()[:2000]
    right = theirs

    def spoilt(x: np.ndarray, fmt: lf.Format) -> np.ndarray:
        codes = right(x, fmt).copy()
        codes[1234] ^= 1
        return codes

    monkeypatch.setitem(globals(), "theirs", spoilt)
    with pytest.raises(AssertionError, match="1 of 2000 differ"):
        assert_cast_like_ml_dtypes(x, lf.float8_e4m3fn)
    monkeypatch.setitem(globals(), "theirs", lambda x, fmt: right(x, lf.float8_e4m3))
    with pytest.raises(AssertionError, match="differ"):
        assert_cast_like_ml_dtypes(x, lf.float8_e4m3fn)
