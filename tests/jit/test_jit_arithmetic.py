"""Arithmetic: all pairs of 6-bit formats, samples of wider ones, and NaNs under every policy."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from against_golden import all_codes, all_pairs, code_array, differences
from strategies import ROUNDINGS

import lowfloat as lf


@pytest.mark.parametrize("operation", ["add", "subtract", "multiply"])
@pytest.mark.parametrize("name", ["float6_e2m3fn", "e3m2"])
def test_all_pairs(operation: str, name: str) -> None:
    fmt = lf.format(name)
    for rounding in ROUNDINGS:
        projection = lf.Projection(rounding)
        assert not differences(operation, all_pairs(fmt), [fmt, fmt], fmt, projection)


@pytest.mark.parametrize("operation", ["add", "subtract", "multiply", "fma"])
@pytest.mark.parametrize(
    "names",
    [
        ("float8_e4m3fn", "float8_e5m2", "float8_e4m3fnuz", "float16"),
        ("float32", "float8_e8m0fnu", "float64", "float32"),
        ("float64", "float64", "float64", "float64"),
        ("bfloat16", "bfloat16", "float32", "float8_e5m2"),
    ],
)
def test_samples_of_mixed_formats(operation: str, names: tuple[str, ...]) -> None:
    *operands, fmt = (lf.format(name) for name in names)
    operands = operands[: 3 if operation == "fma" else 2]
    rng = np.random.default_rng(7)
    columns = [
        code_array(rng.integers(0, 1 << f.width, 300, dtype=np.uint64, endpoint=False), f)
        if f.width < 64
        else rng.integers(0, 1 << 64, 300, dtype=np.uint64)
        for f in operands
    ]
    for rounding in ROUNDINGS:
        assert not differences(operation, columns, operands, fmt, lf.Projection(rounding))


@pytest.mark.parametrize("tail", [0, 1, 20, 21, 22, 51, 52, 53, 105, 106, 107, 108, 127, 128, 129])
def test_cancellation_keeps_what_was_far_below(tail: int) -> None:
    """x * y - (x * y rounded), and sums whose exponents differ by any distance."""
    f = lf.float64
    one, ulp = 1023 << 52, 1
    x = np.array([one + ulp, one + 3, one | (1 << 52) - 1], np.uint64)
    y = np.array([one + ulp, one + 5, one | (1 << 52) - 1], np.uint64)
    sign = np.uint64(1 << 63)
    for z in (x ^ sign, (x - np.uint64(tail << 52)) ^ sign, x - np.uint64(tail << 52)):
        for rounding in ROUNDINGS:
            projection = lf.Projection(rounding)
            assert not differences("fma", [x, y, z], [f] * 3, f, projection)
            assert not differences("add", [x, z], [f] * 2, f, projection)


def test_nans_under_every_policy() -> None:
    """Quiet and signaling NaNs of both signs, zeros, infinities and 1, in every order."""
    f = lf.format("e5m2")
    specials = code_array([0, 0x80, 0x3C, 0x7C, 0xFC, 0x7D, 0xFD, 0x7E, 0xFF], f)
    triples = np.array(list(itertools.product(specials, repeat=3)), f"u{f.storage_bits // 8}")
    columns = [np.ascontiguousarray(column) for column in triples.T]
    policies = itertools.product(("canonical", "first", "signaling_first"), (0, 1), (True, False))
    for nan, sign, raises in policies:
        policy = lf.Policy(nan=nan, default_nan_sign=sign, fma_nan_invalid=raises)
        projection = lf.Projection("toward_negative", policy=policy)
        for fmt in (f, lf.format("e3m4"), lf.format("float6_e3m2fn")):
            assert not differences("fma", columns, [f] * 3, fmt, projection)
        assert not differences("subtract", columns[:2], [f] * 2, f, projection)


def test_every_product_of_unsigned_scales() -> None:
    e8m0, f4 = lf.float8_e8m0fnu, lf.float4_e2m1fn
    scales = np.repeat(all_codes(e8m0), 16)
    elements = np.tile(all_codes(f4), 256)
    assert not differences("multiply", [scales, elements], [e8m0, f4], lf.bfloat16)
    assert not differences("multiply", [scales, elements], [e8m0, f4], e8m0)
