"""All codes of every named format of up to 16 bits, decoded and converted on every path."""

from __future__ import annotations

from math import inf, nan

import numpy as np
import pytest
from native_paths import PATHS, assert_operation, assert_same
from projection_mixes import mix, random_bits

import lowfloat as lf
from lowfloat import _native
from lowfloat.engine.sources import code_dtype
from lowfloat.format_names import registry

NAMED = sorted({entry.format for entry in registry().values() if entry.format.width <= 16}, key=str)
SMALL = [fmt for fmt in NAMED if fmt.width <= 8]
TARGETS = ("float8_e4m3fn", "float8_e5m2fnuz", "float8_e8m0fnu", "float4_e2m1fn", "float16")


def all_codes(fmt: lf.Format) -> np.ndarray:
    return np.arange(1 << fmt.width, dtype=np.uint64).astype(code_dtype(fmt))


@pytest.mark.parametrize("fmt", NAMED, ids=str)
def test_every_code_decodes_to_its_exact_value(fmt: lf.Format) -> None:
    codes = all_codes(fmt)
    decoded = [lf.golden.decode(int(code), fmt) for code in codes]
    values = np.array([float(v) for v in decoded])
    assert all(v.kind != "finite" or v.signed == float(v) for v in decoded)
    for dtype in (np.float64, np.float32):
        expected = values.astype(dtype)
        for name, isa, generic in PATHS:
            with _native.forced(isa, generic), lf.flags() as raised:
                actual = lf.from_codes(codes, fmt).to_numpy(dtype)
            assert actual.dtype == dtype
            assert np.array_equal(np.isnan(actual), np.isnan(expected))
            numbers = ~np.isnan(expected)
            bits = f"u{expected.itemsize}"
            assert_same(name, actual[numbers].view(bits), expected[numbers].view(bits))
            assert raised.raised <= {"invalid"}


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("fmt", NAMED, ids=str)
def test_every_code_survives_the_way_to_a_float_and_back(fmt: lf.Format, dtype: type) -> None:
    if not fmt.fits_in(lf.format(dtype)):
        with pytest.raises(ValueError, match="no exact"):
            lf.from_codes(all_codes(fmt), fmt).to_numpy(dtype)
        return
    codes = all_codes(fmt)
    values = lf.from_codes(codes, fmt).to_numpy(dtype)
    keep = ~np.isnan(values)
    for name, isa, generic in PATHS:
        with _native.forced(isa, generic), lf.flags() as raised:
            again = lf.cast(values[keep], fmt).codes
        assert_same(name, again, codes[keep])
        assert not raised


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@pytest.mark.parametrize("fmt", NAMED, ids=str)
def test_every_code_widens_as_golden_says(fmt: lf.Format, dtype: str) -> None:
    codes = all_codes(fmt)
    step = 1 if codes.size <= 256 else 7
    for policy in ("ieee", "x86_sse", lf.Policy("arm", daz=True)):
        projection = lf.Projection(policy=policy)
        assert_operation("convert", (codes[::step],), (fmt,), lf.format(dtype), projection)


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("fmt", SMALL, ids=str)
def test_every_small_code_converts_as_golden_says(fmt: lf.Format, target: str) -> None:
    codes = all_codes(fmt)
    for projection in mix(NAMED.index(fmt), plain=False):
        bits = random_bits(projection, codes.size)
        assert_operation("convert", (codes,), (fmt,), lf.format(target), projection, bits)


@pytest.mark.parametrize(
    ("source", "target"),
    [("bfloat16", "float8_e4m3fn"), ("float16", "bfloat16"), ("dlfloat16", "float16")],
)
def test_every_16_bit_code_converts_as_golden_says(source: str, target: str) -> None:
    fmt = lf.format(source)
    assert_operation("convert", (all_codes(fmt),), (fmt,), lf.format(target))


@pytest.mark.exhaustive
@pytest.mark.parametrize("target", NAMED, ids=str)
@pytest.mark.parametrize("fmt", NAMED, ids=str)
def test_every_code_converts_everywhere(fmt: lf.Format, target: lf.Format) -> None:
    codes = all_codes(fmt)
    for plain in (True, False):
        for projection in mix(NAMED.index(target), plain):
            if fmt.width > 8 and projection.rounding not in ("nearest_even", "to_odd"):
                continue
            bits = random_bits(projection, codes.size)
            assert_operation("convert", (codes,), (fmt,), target, projection, bits)


def test_special_values_decode_to_themselves() -> None:
    e5m2 = lf.from_codes([0x7C, 0xFC, 0x00, 0x80, 0x7E], "float8_e5m2").to_numpy()
    assert np.array_equal(e5m2, [inf, -inf, 0.0, -0.0, nan], equal_nan=True)
    assert np.signbit(e5m2[[1, 3]]).all()
