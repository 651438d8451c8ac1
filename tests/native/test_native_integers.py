"""Integers of every width are rounded once, as golden rounds the exact number."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
from native_paths import assert_every_path, keywords
from projection_mixes import mix, random_bits

import lowfloat as lf
from lowfloat.engine.sources import code_dtype

TARGETS = (
    "float8_e4m3fn", "float8_e5m2", "float8_e8m0fnu", "float4_e2m1fn", "bfloat16", "float16",
    "float32", "float64", "binary8p3ue", "e11m30", "e5m7",
)  # fmt: skip


def assert_integers(x: np.ndarray, fmt: lf.Format, projection: lf.Projection) -> None:
    bits = random_bits(projection, x.size)
    drawn = [None] * x.size if bits is None else bits.tolist()
    results = [
        lf.golden.encode(value, format=fmt, projection=projection, random_bits=r)
        for value, r in zip(x.tolist(), drawn, strict=True)
    ]
    codes, flags = (np.array(column, np.uint64) for column in zip(*results, strict=True))
    run = partial(lf.cast, x, fmt, **keywords(projection, bits))
    assert_every_path(run, codes.astype(code_dtype(fmt)), flags.astype(np.uint8))


@pytest.mark.parametrize("dtype", [np.int8, np.uint8])
@pytest.mark.parametrize("target", TARGETS)
def test_all_8_bit_integers_equal_golden(target: str, dtype: type) -> None:
    x = np.arange(256, dtype=np.uint8).view(dtype)
    for projection in mix(len(target), plain=False):
        assert_integers(x, lf.format(target), projection)


@pytest.mark.parametrize("dtype", [np.int16, np.uint16])
@pytest.mark.parametrize("target", ["float8_e4m3fn", "float16"])
def test_all_16_bit_integers_equal_golden(target: str, dtype: type) -> None:
    x = np.arange(1 << 16, dtype=np.uint16).view(dtype)
    assert_integers(x, lf.format(target), lf.Projection())


def boundary_integers(dtype: type) -> np.ndarray:
    """Powers of two, halves between floats and the ends of the type, with their neighbours."""
    info = np.iinfo(dtype)
    places = {0, info.min, info.max, 448, 57344, 65520}
    for k in range(info.bits):
        places |= {1 << k, (1 << k) + (1 << k >> 9), (1 << k) + (1 << k >> 12), 3 << k >> 1}
        places |= {(1 << k) + (1 << k >> 4), (1 << k) + (1 << k >> 24), (1 << k) + (1 << k >> 53)}
    values = {s * (p + d) for p in places for d in (-1, 0, 1) for s in (-1, 1)}
    return np.array(sorted(v for v in values if info.min <= v <= info.max), dtype)


@pytest.mark.parametrize("dtype", [np.int32, np.uint32, np.int64, np.uint64])
@pytest.mark.parametrize("target", TARGETS)
def test_boundary_integers_equal_golden(target: str, dtype: type) -> None:
    x = boundary_integers(dtype)
    projections = list(mix(len(target), plain=np.dtype(dtype).kind == "u"))
    for projection in projections[:: 3 if np.dtype(dtype).itemsize == 8 else 5]:
        assert_integers(x, lf.format(target), projection)


def test_booleans_are_the_integers_they_count_as() -> None:
    assert lf.cast(np.array([True, False]), "float8_e4m3fn").codes.tolist() == [0x38, 0]


@pytest.mark.exhaustive
@pytest.mark.parametrize("dtype", [np.int16, np.uint16])
@pytest.mark.parametrize("target", TARGETS)
def test_all_16_bit_integers_under_every_rounding(target: str, dtype: type) -> None:
    x = np.arange(1 << 16, dtype=np.uint16).view(dtype)
    for projection in mix(1, plain=False):
        assert_integers(x, lf.format(target), projection)
