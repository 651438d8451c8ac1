"""Quantizing is casting to the grid and back, flags of the first step included."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pytest
from cast_sources import lattice_numbers
from native_paths import (
    FLOAT_TYPES,
    PATHS,
    assert_every_path,
    assert_same,
    codes_of,
    golden_results,
    keywords,
)
from projection_mixes import mix, random_bits

import lowfloat as lf
from lowfloat import _native

GRIDS = (
    "float8_e4m3fn", "float8_e5m2", "float8_e4m3fnuz", "float8_e8m0fnu", "float4_e2m1fn",
    "float16", "bfloat16", "dlfloat16", "tf32", "binary8p3ue", "binary6p2sf", "e5m7", "e0m5",
)  # fmt: skip
CASES = [
    (grid, dtype)
    for grid in GRIDS
    for dtype in FLOAT_TYPES
    if lf.format(grid).fits_in(lf.format(dtype))
]


def expected(
    x: np.ndarray, grid: lf.Format, projection: lf.Projection, bits: Any
) -> tuple[np.ndarray, np.ndarray]:
    """Container codes and flags by the golden model."""
    container = lf.format(x.dtype)
    columns = (x.view(f"u{x.itemsize}"),)
    codes, flags = golden_results("convert", columns, (container,), grid, projection, bits)
    policy = projection.policy
    back = lf.Policy(nan=policy.nan, default_nan_sign=policy.default_nan_sign)
    way_back = lf.Projection(policy=back)
    return golden_results("convert", (codes,), (grid,), container, way_back)[0], flags


@pytest.mark.parametrize(("grid", "dtype"), CASES)
def test_quantizing_equals_golden(grid: str, dtype: str) -> None:
    fmt = lf.format(grid)
    x = lattice_numbers(fmt, dtype)
    for index, projection in enumerate(mix(len(grid), plain=dtype == "float32")):
        if index % 2 and dtype != "float32":
            continue
        bits = random_bits(projection, x.size)
        codes, flags = expected(x, fmt, projection, bits)
        run = partial(lf.quantize, x, fmt, **keywords(projection, bits))
        assert_every_path(run, codes, flags)


@pytest.mark.parametrize(("grid", "dtype"), CASES)
def test_quantizing_in_place_equals_quantizing(grid: str, dtype: str) -> None:
    fmt = lf.format(grid)
    x = lattice_numbers(fmt, dtype)
    for projection in (lf.Projection(), lf.Projection("to_odd", "propagate")):
        codes, _ = expected(x, fmt, projection, None)
        for name, isa, generic in PATHS:
            values = x.copy()
            with _native.forced(isa, generic):
                lf.quantize(values, fmt, **keywords(projection), out=values)
            assert_same(name, codes_of(values), codes)


@pytest.mark.parametrize(("grid", "dtype"), CASES)
def test_quantized_values_stay_where_they_are(grid: str, dtype: str) -> None:
    fmt = lf.format(grid)
    once = lf.quantize(lattice_numbers(fmt, dtype), fmt)
    with lf.flags() as raised:
        twice = lf.quantize(once, fmt)
    assert_same("twice", codes_of(twice), codes_of(once))
    assert not raised.bits & 0b00111


@pytest.mark.parametrize("backend", ["golden", "jit"])
@pytest.mark.parametrize("policy", ["ieee", "x86_sse", "arm", lf.Policy(default_nan_sign=1)])
def test_backends_quantize_nans_alike(backend: str, policy: lf.Policy | str) -> None:
    x = np.array([0x7FC00000, 0xFFC01234, 0x7F812345, 0xFF800001], np.uint32).view(np.float32)
    for grid in ("float8_e5m2", "float16", "float8_e4m3fn", "float8_e4m3fnuz", "float4_e2m1fn"):
        native = lf.quantize(x, grid, policy=policy)
        with lf.backend(backend):
            other = lf.quantize(x, grid, policy=policy)
        assert_same(grid, codes_of(other), codes_of(native))


def test_an_array_is_quantized_in_its_own_format() -> None:
    x = lf.cast(np.linspace(-9, 9, 101, dtype=np.float32), "bfloat16")
    y = lf.quantize(x, "float6_e2m3fn")
    assert y.format is lf.bfloat16
    lf.testing.assert_same_bits(y, x.astype("float6_e2m3fn").astype("bfloat16"))
