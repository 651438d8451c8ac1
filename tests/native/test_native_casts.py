"""Casts from floating arrays equal the golden model, on each format's own critical numbers."""

from __future__ import annotations

import pytest
from cast_sources import lattice_numbers
from native_paths import FLOAT_TYPES, assert_cast
from projection_mixes import mix, random_bits

import lowfloat as lf

NAMED = (
    "float16", "bfloat16", "dlfloat16", "tf32", "float8_e3m4", "float8_e4m3", "float8_e4m3fn",
    "float8_e4m3fnuz", "float8_e4m3b11fnuz", "float8_e5m2", "float8_e5m2fnuz", "float8_e8m0fnu",
    "float6_e2m3fn", "float6_e3m2fn", "float4_e2m1fn", "fp8_143", "cfloat8_1_5_2",
    "binary8p4se", "binary8p1se", "binary8p3ue", "binary8p1uf", "binary16p7se", "binary16p11uf",
    "binary3p2sf", "binary12p8se", "e5m7", "e4m3b11", "e0m7", "e6m0", "e8m23f", "e11m20",
)  # fmt: skip
ODD = (
    lf.Format(4, 3, subnormals="flush", nan="all_ones", infinities="top"),
    lf.Format(5, 6, 40, subnormals="flush", nan="ieee", infinities="ieee"),
    lf.Format(6, 9, 31, subnormals="normal", nan="negative_zero", infinities="top"),
    lf.Format(5, 2, signed=False, zero=False, subnormals="normal"),
    lf.Format(3, 4, 60, signed=False, nan="top", infinities="top"),
    lf.Format(4, 3, -9, negative_zero=False),
    lf.Format(8, 7, 150, nan="all_ones"),
    lf.Format(2, 13, 1 << 20),
    lf.Format(3, 12, 1074, subnormals="normal"),
    lf.Format(3, 3, -124, nan="ieee", infinities="ieee"),
)
FORMATS = (*map(lf.format, NAMED), *ODD)


@pytest.mark.parametrize("fmt", FORMATS, ids=str)
@pytest.mark.parametrize("plain", [True, False], ids=["ieee", "policies"])
def test_float32_casts_equal_golden(fmt: lf.Format, plain: bool) -> None:
    x = lattice_numbers(fmt, "float32")
    for projection in mix(FORMATS.index(fmt), plain):
        assert_cast(x, fmt, projection, random_bits(projection, x.size))


@pytest.mark.parametrize("dtype", ["float64", "float16"])
@pytest.mark.parametrize("fmt", FORMATS, ids=str)
def test_other_float_casts_equal_golden(fmt: lf.Format, dtype: str) -> None:
    x = lattice_numbers(fmt, dtype)
    seed = FORMATS.index(fmt)
    for index, projection in enumerate(mix(seed, plain=seed % 2 == 0)):
        if (index + seed) % 2 == 0:
            assert_cast(x, fmt, projection, random_bits(projection, x.size))


@pytest.mark.exhaustive
@pytest.mark.parametrize("dtype", FLOAT_TYPES)
@pytest.mark.parametrize("fmt", FORMATS, ids=str)
def test_casts_on_whole_lattices_equal_golden(fmt: lf.Format, dtype: str) -> None:
    x = lattice_numbers(fmt, dtype, limit=256)
    for seed in range(6):
        for projection in mix(seed, plain=False):
            assert_cast(x, fmt, projection, random_bits(projection, x.size, seed))
