"""Division, roots, remainders and sums of three: the C library equals the golden model."""

from __future__ import annotations

from fractions import Fraction

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
    native_call,
    sampled_codes,
)
from native_paths import golden_results
from projection_mixes import mix, random_bits

import lowfloat as lf
from lowfloat import _native
from lowfloat.engine.sources import code_dtype

ARITY = {
    "divide": 2, "reciprocal": 1, "sqrt": 1, "rsqrt": 1, "hypot": 2, "remainder": 2, "fmod": 2,
    "faa": 3,
}  # fmt: skip
SIX_BITS = ("float6_e3m2fn", "float6_e2m3fn", "e3m2fnuz")


@pytest.mark.parametrize("operation", ARITY)
@settings(max_examples=40)
@given(data=st.data())
def test_any_format_equals_golden(operation: str, data: st.DataObject) -> None:
    fmt = data.draw(strategies.formats(extreme_bias=False))
    formats = [fmt] * ARITY[operation]
    projection, bits = data.draw(any_projection(10))
    assert_native(operation, data.draw(code_columns(formats, 10)), formats, fmt, projection, bits)


@pytest.mark.parametrize("operation", ARITY)
@settings(max_examples=40)
@given(data=st.data())
def test_mixed_formats_equal_golden(operation: str, data: st.DataObject) -> None:
    drawn = strategies.formats(max_exponent_bits=11, extreme_bias=False)
    formats = [data.draw(drawn) for _ in range(ARITY[operation])]
    target = data.draw(strategies.formats(max_exponent_bits=11))
    projection, bits = data.draw(any_projection(6))
    columns = data.draw(code_columns(formats, 6))
    assert_native(operation, columns, formats, target, projection, bits)


@pytest.mark.parametrize("name", SIX_BITS)
@pytest.mark.parametrize("operation", [o for o in ARITY if ARITY[o] < 3])
def test_every_pair_of_six_bits(operation: str, name: str) -> None:
    fmt = lf.format(name)
    formats = [fmt] * ARITY[operation]
    columns = all_codes(*formats)
    for projection in list(mix(len(name) + len(operation), plain=False))[::3]:
        bits = random_bits(projection, columns[0].size)
        assert_native(operation, columns, formats, fmt, projection, bits)


@pytest.mark.parametrize("operation", ARITY)
def test_samples_of_eight_bits(operation: str) -> None:
    for seed, name in enumerate(("float8_e4m3fn", "float8_e5m2", "binary8p3uf", "float8_e8m0fnu")):
        fmt = lf.format(name)
        formats = [fmt] * ARITY[operation]
        columns = sampled_codes(seed, 100, *formats)
        for projection in list(mix(seed, plain=False))[seed % 4 :: 4]:
            bits = random_bits(projection, 100)
            assert_native(operation, columns, formats, fmt, projection, bits)


@pytest.mark.parametrize("operation", ARITY)
@pytest.mark.parametrize("name", ["float64", "float32", "bfloat16"])
def test_wide_formats_round_as_golden(operation: str, name: str) -> None:
    fmt = lf.format(name)
    formats = [fmt] * ARITY[operation]
    columns = sampled_codes(5, 40, *formats)
    if fmt.width > 32:  # exponents near each other, where sums cancel and quotients are near 1
        columns = [c & np.uint64((1 << 54) - 1) | np.uint64(0x3FE << 52) for c in columns]
    for projection in mix(7, plain=False):
        assert_native(operation, columns, formats, fmt, projection, random_bits(projection, 40))


def encoded(fmt: lf.Format, *numbers: Fraction | float) -> np.ndarray:
    pairs = [lf.golden.encode(x, format=fmt) for x in numbers]
    assert not any(flags for _, flags in pairs)
    return np.array([code for code, _ in pairs], code_dtype(fmt))


@pytest.mark.parametrize("rounding", [*strategies.ROUNDINGS, lf.Stochastic(64, "C")])
def test_sums_of_three_that_cancel(rounding: object) -> None:
    f = lf.float64
    terms = [0.0, 1.0, -1.0, -(2.0**61), 1 + 2**-52, -(2.0**-200), 2.0**128 + 2.0**76]
    grid = np.meshgrid([*terms, 2.0**62], [*terms, 2.0**60], [*terms, 3 * 2.0**-127])
    columns = [encoded(f, *g.ravel().tolist()) for g in grid]
    projection = lf.Projection(rounding)
    for target in (f, lf.format("e11m0"), lf.float32):
        bits = random_bits(projection, columns[0].size)
        assert_native("faa", columns, [f] * 3, target, projection, bits)


@pytest.mark.parametrize("operation", ["remainder", "fmod"])
def test_remainders_of_far_operands_are_exact(operation: str) -> None:
    """Powers of two up to 2^2000000 times apart, against modular powers of Python's integers."""
    above = lf.Format(15, 0, -(1 << 20), True, "none", "none", True, True, "gradual")
    below = lf.Format(11, 52, 1 << 20, True, "none", "none", True, True, "gradual")
    x, y = sampled_codes(3, 500, above, below)
    x = np.maximum(x, 1)  # 2^(x - 1 + 2^20), or its negative from code 2^15 on
    y |= np.uint64(1 << 52)
    out = np.empty(500, np.uint64)
    assert (
        _native.apply(operation, (x, y), (above, below), out, below, DEFAULT, None, None, True) == 0
    )
    for a, b, got in zip(x.tolist(), y.tolist(), out.tolist(), strict=True):
        significand = (1 << 52) + (b & ((1 << 52) - 1))
        field = b >> 52 & 2047
        last = field - (1 << 20) - 52  # exponent of y's last place
        distance = (a & 0x7FFF) + (1 << 20) - last
        rest = pow(2, distance, 2 * significand)
        odd, rest = divmod(rest, significand)
        if operation == "remainder" and (2 * rest, odd) > (significand, 0):
            rest -= significand
        sign = (a >> 15) ^ (rest < 0)
        assert got >> 63 == sign
        assert lf.golden.decode(got, below).magnitude * Fraction(2) ** -last == abs(rest)


@pytest.mark.parametrize("operation", ["remainder", "fmod"])
def test_remainders_of_sixteen_exponent_bits(operation: str) -> None:
    wide = lf.format("e8m52")
    columns = sampled_codes(6, 100, lf.format("e12m3"), wide)
    assert_native(operation, columns, (lf.format("e12m3"), wide), wide)


def test_exact_tails_of_roots_and_quotients() -> None:
    """Stochastic(bits=None) accepts exact results alone (P-6)."""
    f = lf.float64
    exact = lf.Projection(lf.Stochastic(None))
    two, four, three = (encoded(f, x) for x in (2.0, 4.0, 3.0))
    bits = np.array([5], np.uint64)
    for operation, columns, passes in (
        ("divide", (four, two), True),
        ("divide", (four, three), False),
        ("sqrt", (four,), True),
        ("sqrt", (two,), False),
        ("rsqrt", (four,), True),
        ("rsqrt", (two,), False),
        ("hypot", (four, three), True),
        ("hypot", (four, two), False),
    ):
        formats = (f,) * len(columns)
        if passes:
            assert_native(operation, columns, formats, f, exact, bits)
            continue
        with pytest.raises(ValueError, match="P-6"):
            golden_results(operation, columns, formats, f, exact, bits)
        with pytest.raises(ValueError, match="P-6"):
            native_call(operation, columns, formats, f, exact, bits)(two.copy(), None, True)


def test_hypot_finds_exact_roots_of_distant_operands() -> None:
    """y^2 = (z - x) (z + x) with z - x in y's last place: the longest exact roots there are."""
    f = lf.float64
    columns = [[], []]
    for k in (1, 10, 26, 40, 50):
        y = (1 << 53) - 1 if k == 50 else (1 << k) + 1
        z_less_x = y if k < 26 else 1
        z_plus_x = y * y // z_less_x
        x = Fraction(z_plus_x - z_less_x, 2)
        if x.numerator.bit_length() <= 53:
            columns[0].append(x)
            columns[1].append(Fraction(y))
    assert columns[0]
    codes = [encoded(f, *c) for c in columns]
    for projection in mix(2, plain=True):
        bits = random_bits(projection, codes[0].size)
        assert_native("hypot", codes, (f, f), f, projection, bits)


@pytest.mark.parametrize("control", [0x2000, 0x4000, 0x6000, 0x8040])
@pytest.mark.parametrize("operation", ["sqrt", "rsqrt", "hypot"])
def test_roots_do_not_hear_of_the_host_control_word(operation: str, control: int) -> None:
    f = lf.float64
    columns = sampled_codes(8, 2000, f, f)[: ARITY[operation]]
    out, again = np.empty(2000, np.uint64), np.empty(2000, np.uint64)
    call = native_call(operation, columns, [f] * len(columns), f)
    call(out, None, False)
    before = _native.lib.lf_test_set_mxcsr(control)
    try:
        call(again, None, False)
    finally:
        inside = _native.lib.lf_test_set_mxcsr(before)
    assert np.array_equal(out, again)
    assert before == 0 or inside & 0xE040 == control


def test_scalars_equal_arrays() -> None:
    f = lf.float16
    projection = lf.Projection(lf.Stochastic(16, "B"), "finite", "x86_sse")
    formats = [_native.format_struct(f)] * 3
    struct = _native.projection_struct(projection)
    code, flags = _native.ffi.new("uint64_t *"), _native.ffi.new("uint32_t *")
    rng = np.random.default_rng(0)
    for operation, number in _native.OPERATIONS.items():
        columns = [rng.integers(0, 1 << 16, 40).astype(np.uint16) for _ in range(3)]
        arity = 3 if operation in ("fma", "faa", "clamp") else 2
        bits = rng.integers(0, 1 << 16, 40).astype(np.uint64)
        out, each = np.empty(40, np.uint16), np.empty(40, np.uint8)
        _native.apply(operation, columns[:arity], [f] * arity, out, f, projection, bits, each, True)
        for i in range(40):
            row = [int(c[i]) for c in columns]
            status = _native.lib.lf_apply_scalar(
                number, formats, row, formats[0], struct, int(bits[i]), code, flags
            )
            assert (status, code[0], flags[0]) == (0, out[i], each[i]), (operation, row)


def test_the_comparison_finds_a_planted_error() -> None:
    f = lf.float16
    columns = sampled_codes(1, 50, f, f)
    results, flags = golden_results("divide", columns, (f, f), f, DEFAULT)
    assert_call(native_call("divide", columns, (f, f), f), results, flags)
    wrong, spoilt = results.copy(), flags.copy()
    wrong[7] ^= 1
    spoilt[np.argmax(flags == 1)] = 0
    with pytest.raises(AssertionError, match="1 of 50 differ"):
        assert_call(native_call("divide", columns, (f, f), f), wrong, flags)
    with pytest.raises(AssertionError):
        assert_call(native_call("remainder", columns, (f, f), f), results, flags)
    with pytest.raises(AssertionError):
        assert_call(native_call("divide", columns, (f, f), f), results, spoilt)
