"""Integers and exponents: the C library equals the golden model."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
import strategies
from hypothesis import given, settings
from hypothesis import strategies as st
from native_calls import (
    DEFAULT,
    all_codes,
    any_projection,
    assert_call,
    assert_native,
    code_columns,
    results_of,
    sampled_codes,
)
from native_paths import golden_results
from projection_mixes import mix, random_bits

import lowfloat as lf
from lowfloat import _native
from lowfloat.engine.sources import code_dtype

OPERATIONS = ("round_to_integral", "round_to_integral_exact", "logb")
DTYPES = ("int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64")
SIX_BITS = ("float6_e3m2fn", "e3m2", "e3m2fnuz", "e2m3fnu")


def assert_to_integers(
    codes: np.ndarray,
    fmt: lf.Format,
    dtype: str,
    exact: bool,
    projection: lf.Projection = DEFAULT,
    random: np.ndarray | None = None,
) -> None:
    kind = np.dtype(dtype)
    bits = np.zeros(codes.size, np.uint64) if random is None else random
    results, flags = results_of(
        lambda a, r: lf.golden.to_integer(
            a, formats=(fmt,), bits=8 * kind.itemsize, signed=kind.kind == "i",
            projection=projection, exact=exact, random_bits=None if random is None else r,
        ),
        [codes, bits],
        kind,
    )  # fmt: skip
    assert_call(
        lambda out, flags_out, collect: _native.to_integers(
            codes, fmt, out, exact, projection, random, flags_out, collect
        ),
        results,
        flags,
    )


def assert_scaleb(
    codes: np.ndarray,
    n: Sequence[int],
    fmt: lf.Format,
    target: lf.Format,
    projection: lf.Projection = DEFAULT,
    random: np.ndarray | None = None,
) -> None:
    bits = np.zeros(codes.size, np.uint64) if random is None else random
    results, flags = results_of(
        lambda a, k, r: lf.golden.scaleb(
            a, k, formats=(fmt,), format=target, projection=projection,
            random_bits=None if random is None else r,
        ),
        [codes, np.broadcast_to(np.array(n, np.int64), codes.shape), bits],
        code_dtype(target),
    )  # fmt: skip
    exponents = np.array(n, np.int64)
    assert_call(
        lambda out, flags_out, collect: _native.scaleb(
            codes, fmt, exponents, out, target, projection, random, flags_out, collect
        ),
        results,
        flags,
    )


@pytest.mark.parametrize("operation", OPERATIONS)
@settings(max_examples=60)
@given(data=st.data())
def test_any_formats_equal_golden(operation: str, data: st.DataObject) -> None:
    fmt = data.draw(strategies.formats(extreme_bias=False))
    target = data.draw(st.just(fmt) | strategies.formats())
    projection, bits = data.draw(any_projection(12))
    columns = data.draw(code_columns((fmt,), 12))
    assert_native(operation, columns, (fmt,), target, projection, bits)


@settings(max_examples=100)
@given(data=st.data())
def test_any_format_to_integers(data: st.DataObject) -> None:
    fmt = data.draw(strategies.formats(extreme_bias=False))
    (codes,) = data.draw(code_columns((fmt,), 12))
    projection, bits = data.draw(any_projection(12))
    dtype, exact = data.draw(st.sampled_from(DTYPES)), data.draw(st.booleans())
    assert_to_integers(codes, fmt, dtype, exact, projection, bits)


@settings(max_examples=60)
@given(data=st.data())
def test_any_format_scaled(data: st.DataObject) -> None:
    fmt = data.draw(strategies.formats(extreme_bias=False))
    target = data.draw(st.just(fmt) | strategies.formats(extreme_bias=False))
    (codes,) = data.draw(code_columns((fmt,), 8))
    projection, bits = data.draw(any_projection(8))
    exponents = st.integers(-300, 300) | st.sampled_from([-4000, 4000])
    n = data.draw(st.lists(exponents, min_size=8, max_size=8) | exponents.map(lambda k: [k]))
    assert_scaleb(codes, n, fmt, target, projection, bits)


@pytest.mark.parametrize("name", SIX_BITS)
def test_every_six_bit_code(name: str) -> None:
    fmt = lf.format(name)
    columns = all_codes(fmt)
    for seed in range(3):
        for projection in mix(seed, plain=False):
            bits = random_bits(projection, columns[0].size, seed)
            for operation in OPERATIONS:
                assert_native(operation, columns, (fmt,), fmt, projection, bits)
            dtype = DTYPES[(seed + len(name)) % len(DTYPES)]
            assert_to_integers(columns[0], fmt, dtype, seed == 1, projection, bits)
            assert_scaleb(columns[0], [seed - 4], fmt, fmt, projection, bits)


@pytest.mark.parametrize("name", ["float8_e4m3fn", "float8_e5m2", "bfloat16", "float64"])
@pytest.mark.parametrize("float_to_int", ["limits", "indefinite", "nan_zero"])
def test_samples_of_wider_formats(name: str, float_to_int: str) -> None:
    fmt = lf.format(name)
    columns = sampled_codes(1, 100, fmt)
    if fmt.width == 64:  # numbers around the limits of the integers
        columns[0][::2] = np.float64(1.0).view(np.uint64) + (columns[0][::2] >> np.uint64(5))
        columns[0][::2] &= np.uint64((1 << 58) - 1) | np.uint64(1 << 62)
    for index, rounding in enumerate((*strategies.ROUNDINGS, lf.Stochastic(53, "C"))):
        projection = lf.Projection(rounding, "none", lf.Policy(float_to_int=float_to_int))
        bits = random_bits(projection, 100)
        for dtype in DTYPES[index % 2 :: 2]:
            assert_to_integers(columns[0], fmt, dtype, index % 2 == 0, projection, bits)
        assert_native("round_to_integral_exact", columns, (fmt,), fmt, projection, bits)


def test_scales_without_end() -> None:
    x = np.full(4, 0x3C00, np.uint16)  # 1
    n = np.array([(1 << 63) - 1, -(1 << 63), 1 << 22, -(1 << 22)])
    assert_call(
        lambda out, flags_out, collect: _native.scaleb(
            x, lf.float16, n, out, lf.float16, DEFAULT, None, flags_out, collect
        ),
        np.array([0x7C00, 0, 0x7C00, 0], np.uint16),
        np.array([5, 3, 5, 3], np.uint8),
    )


def test_limits_of_the_integers() -> None:
    edges = [s * (2.0**k + d) for k in (7, 8, 15, 16, 31, 32, 52, 63, 64) for s in (1, -1)
             for d in (-1, -0.5, 0, 0.5, 1)]  # fmt: skip
    x = np.array([*edges, 0.0, -0.0, np.inf, -np.inf, np.nan, -0.5, 0.5, -1e-300]).view(np.uint64)
    for rounding in strategies.ROUNDINGS:
        for dtype in DTYPES:
            assert_to_integers(x, lf.float64, dtype, True, lf.Projection(rounding))


def test_tails_of_fractions_are_limited() -> None:
    exact = lf.Projection(lf.Stochastic(None))
    x = np.array([1 + 2.0**-52, 2.0**-64]).view(np.uint64)
    bits = np.array([7, (1 << 64) - 1], np.uint64)
    assert_to_integers(x, lf.float64, "int32", True, exact, bits)
    assert_native("round_to_integral", [x], (lf.float64,), lf.float64, exact, bits)
    too_long = np.array([2.0**-65, 1.0]).view(np.uint64)
    with pytest.raises(ValueError, match="P-6"):
        golden_results("round_to_integral", [too_long], (lf.float64,), lf.float64, exact, bits)
    with pytest.raises(ValueError, match="P-6"):
        _native.to_integers(
            too_long, lf.float64, np.empty(2, np.int32), True, exact, bits, None, True
        )


def test_the_comparison_finds_a_planted_error() -> None:
    fmt = lf.float16
    codes = np.array([0x3E00], np.uint16)  # 1.5
    for result, flag, passes in ((2, 1, True), (1, 1, False), (2, 0, False)):

        def run(out: np.ndarray, flags_out: np.ndarray | None, collect: bool) -> int:
            return _native.to_integers(codes, fmt, out, True, DEFAULT, None, flags_out, collect)

        expected = np.array([result], np.int8), np.array([flag], np.uint8)
        if passes:
            assert_call(run, *expected)
            continue
        with pytest.raises(AssertionError):
            assert_call(run, *expected)
