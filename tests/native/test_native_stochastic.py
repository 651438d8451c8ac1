"""Stochastic rounding: every R of few bits on every code, every N by hypothesis, and its sources."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from cast_sources import lattice_numbers
from hypothesis import given, settings
from hypothesis import strategies as st
from native_paths import PATHS, assert_cast, assert_operation, assert_same, golden_results

import lowfloat as lf
from lowfloat import _native
from lowfloat.randomness import LFSRDraw, PhiloxDraw


@pytest.mark.parametrize("variant", "ABC")
@pytest.mark.parametrize("bits", [1, 2, 3, 4])
@pytest.mark.parametrize("target", ["float4_e2m1fn", "float6_e3m2fn", "binary5p2se", "e3m1fnu"])
def test_every_r_of_few_bits_equals_golden(target: str, bits: int, variant: str) -> None:
    fmt, source = lf.format(target), lf.format("float8_e4m3")
    codes = np.arange(256, dtype=np.uint8)[:, None]
    r = np.arange(1 << bits, dtype=np.uint64)[None, :]
    projection = lf.Projection(lf.Stochastic(bits, variant), "finite")
    columns = (np.broadcast_to(codes, (256, 1 << bits)),)
    assert_operation("convert", columns, (source,), fmt, projection, r)


@pytest.mark.parametrize("variant", "ABC")
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("target", ["float4_e2m1fn", "float6_e2m3fn", "e3m1fnu"])
def test_every_r_of_few_bits_equals_golden_in_float_casts(
    target: str, dtype: str, variant: str
) -> None:
    fmt = lf.format(target)
    x = lattice_numbers(fmt, dtype)
    for bits in (1, 2, 3, 4):
        r = np.arange(1 << bits, dtype=np.uint64)
        values, drawn = (a.reshape(-1) for a in np.broadcast_arrays(x[:, None], r))
        assert_cast(values.copy(), fmt, lf.Projection(lf.Stochastic(bits, variant)), drawn)


@pytest.mark.parametrize("variant", "ABC")
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("bits", range(1, 65))
def test_every_number_of_bits_rounds_at_its_threshold(bits: int, dtype: str, variant: str) -> None:
    fmt = lf.format("float8_e5m2")
    nu = np.array([1, 2, 3, 5, 9, 127, 128, 129], np.float64) / 256
    x = np.concatenate([1 + nu / 4, 2.0**-16 * (1 + nu), 2.0**-16 * nu]).astype(dtype)
    x = np.concatenate([x, -x, np.nextafter(x, np.inf, dtype=dtype)])
    top = 1 << bits
    # The least R that rounds nu away, and its neighbours, for each nu of the list.
    edges = [[min(max(top - int(v * 2**16) * top // 2**16 + d, 0), top - 1) for v in nu]
             for d in (-2, -1, 0, 1)]  # fmt: skip
    for row in edges:
        r = np.tile(np.array(row, np.uint64), x.size // nu.size)
        assert_cast(x, fmt, lf.Projection(lf.Stochastic(bits, variant)), r)


@settings(max_examples=120)
@given(data=st.data())
def test_philox_bits_equal_golden(data: st.DataObject) -> None:
    draw = PhiloxDraw(*(data.draw(st.integers(0, (1 << n) - 1)) for n in (64, 32, 32)))
    bits = data.draw(st.integers(1, 64))
    first = data.draw(st.sampled_from([0, 1, 7, 16, 255, (1 << 34) - 3, (1 << 36) - 5]))
    actual = _native.philox_bits(draw, bits, 37, first)
    expected = [lf.golden.philox_bits(draw, first + i, bits) for i in range(37)]
    assert actual.tolist() == expected


@settings(max_examples=120)
@given(data=st.data())
def test_lfsr_bits_equal_golden(data: st.DataObject) -> None:
    width = data.draw(st.integers(2, 64))
    number = st.integers(1, (1 << width) - 1)
    draw = LFSRDraw(
        width, data.draw(number), data.draw(st.sampled_from(["galois", "fibonacci"])),
        data.draw(st.integers(1, 9)), data.draw(st.sampled_from(["msb", "lsb", "reversed"])),
        data.draw(number),
    )  # fmt: skip
    bits = data.draw(st.integers(1, width))
    actual = _native.lfsr_bits(draw, bits, 23)
    assert actual.tolist() == [lf.golden.lfsr_bits(draw, i, bits) for i in range(23)]


@pytest.mark.parametrize(
    ("dtype", "target"),
    list(product(["float32", "float64", "float16"], ["float8_e4m3fn", "bfloat16", "e5m17"])),
)
@pytest.mark.parametrize("bits", [1, 7, 8, 9, 13, 16, 17, 24, 32, 33, 50, 64])
def test_philox_casts_equal_casts_with_those_bits(dtype: str, target: str, bits: int) -> None:
    fmt = lf.format(target)
    numbers = lattice_numbers(fmt, dtype)
    x = np.random.default_rng(bits).choice(numbers, 333)
    draw = lf.Philox(2**63 + 5, stream=9).at(2**31 + 1)
    drawn = np.array([lf.golden.philox_bits(draw, i, bits) for i in range(x.size)], np.uint64)
    rounding = lf.Stochastic(bits, "ABC"[bits % 3])
    columns, projection = (x.view(f"u{x.itemsize}"),), lf.Projection(rounding)
    codes, flags = golden_results("convert", columns, (lf.format(dtype),), fmt, projection, drawn)
    for name, isa, generic in PATHS:
        raised = np.empty(x.size, np.uint8)
        with _native.forced(isa, generic):
            y = lf.cast(x, fmt, rounding=rounding, rng=draw, flags_out=raised)
            z = lf.cast(x, fmt, rounding=rounding, rng=draw)
        assert_same(name, y.codes, codes)
        assert_same(name, z.codes, codes)
        assert_same(name, raised, flags)


@pytest.mark.parametrize("variant", "ABC")
def test_all_discarded_bits_round_like_64_bits_or_refuse(variant: str) -> None:
    x = np.array([1 + 2.0**-20, 1.75, -3.1, 2.0**-9], np.float32)
    r = np.array([2**63, 0, 2**64 - 1, 12345], np.uint64)
    exact = lf.Projection(lf.Stochastic(None, variant))
    assert_cast(x, lf.format("float8_e4m3fn"), exact, r)
    for _, isa, generic in PATHS:
        with _native.forced(isa, generic), pytest.raises(ValueError, match="P-6"):
            lf.cast(
                np.float32([1e-30, 1.0]), "float8_e4m3fn", rounding=exact.rounding, random_bits=1
            )
