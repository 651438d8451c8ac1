"""Arithmetic by host floats against the generic path and the ufuncs of others, on every kernel set."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import ml_dtypes
import numpy as np
import pytest
from native_calls import all_codes, assert_call, native_call, near_codes
from native_paths import DEFAULT, PATHS, assert_same
from strategies import ROUNDINGS, SATURATIONS

import lowfloat as lf
from lowfloat import _native
from lowfloat.engine.sources import code_dtype

ARITY = {"add": 2, "subtract": 2, "multiply": 2, "divide": 2, "sqrt": 1, "fma": 3}
#: Formats that reach each bound of plan_arithmetic.c: the widest that fit, and the host's range.
FORMATS = (
    "float16", "bfloat16", "e5m9", "e6m7", "e4m11", "e7m8", "e8m5", "e3m12", "e2m13", "e9m6",
    "e8m3b126", "e5m9fnuz", "e6m7u", "e0m15", "binary16p8se", "float32", "e8m10", "e8m20", "e6m9",
)  # fmt: skip


def generic(operation, columns, formats, fmt, projection):
    """Codes and flags of the generic path."""
    out, flags = np.empty(columns[0].size, code_dtype(fmt)), np.empty(columns[0].size, np.uint8)
    with _native.forced(generic=True):
        _native.apply(operation, columns, formats, out, fmt, projection, None, flags, True)
    return out, flags


def assert_like_generic(operation, columns, formats, fmt, projection):
    """All kernel sets, in the three modes of flags, give what the generic path gives."""
    expected = generic(operation, columns, formats, fmt, projection)
    assert_call(native_call(operation, columns, formats, fmt, projection), *expected)


@pytest.mark.parametrize("operation", ARITY)
@pytest.mark.parametrize("name", FORMATS)
def test_samples_of_every_rounding(name: str, operation: str) -> None:
    fmt, rng = lf.format(name), np.random.default_rng(len(name))
    formats = [fmt] * ARITY[operation]
    for index, rounding in enumerate(ROUNDINGS):
        columns = [near_codes(rng, f, 3000) for f in formats]
        policy = lf.Policy(tininess=("after", "before")[index % 2], daz=index == 3, ftz=index == 6)
        projection = lf.Projection(rounding, SATURATIONS[(index + len(name)) % 3], policy)
        assert_like_generic(operation, columns, formats, fmt, projection)


@pytest.mark.exhaustive
@pytest.mark.parametrize("operation", ARITY)
@pytest.mark.parametrize("name", FORMATS)
def test_many_samples_of_every_projection(name: str, operation: str) -> None:
    fmt, rng = lf.format(name), np.random.default_rng(1 + len(name))
    formats = [fmt] * ARITY[operation]
    for rounding, saturation, tininess in product(ROUNDINGS, SATURATIONS, ("after", "before")):
        columns = [near_codes(rng, f, 60_000) for f in formats]
        projection = lf.Projection(rounding, saturation, lf.Policy(tininess=tininess))
        assert_like_generic(operation, columns, formats, fmt, projection)


@pytest.mark.parametrize("operation", ARITY)
@pytest.mark.parametrize("name", ["e8m1", "e8m4", "bfloat16", "e8m9", "e8m10", "e8m12", "e8m20"])
def test_results_at_the_end_of_the_host_range(name: str, operation: str) -> None:
    """Results about 2^128, above the largest number of the format and of binary32."""
    fmt, rng = lf.format(name), np.random.default_rng(len(name))
    formats = [fmt] * ARITY[operation]
    count, high = 4000, 255 << fmt.mantissa_bits
    columns = []
    for k in range(len(formats)):
        codes = high - 1 - rng.integers(0, 8, count) * rng.integers(0, 2, count)
        if k == 2 or operation in ("add", "subtract"):  # distant addends, which fill a gap
            fields = rng.integers(0, 26, count)
            fractions = rng.integers(0, 1 << fmt.mantissa_bits, count)
            near = rng.integers(0, 2, count) * rng.integers(0, fmt.mantissa_bits + 1, count)
            fractions |= (1 << fmt.mantissa_bits) - (1 << near)
            codes = high - (1 << fmt.mantissa_bits) * (1 + fields) + fractions
        elif operation in ("multiply", "fma"):  # products about 2^127 and 2^128
            codes -= (63 + rng.integers(0, 2, count)) << fmt.mantissa_bits
        elif k == 1:  # quotients by about 1
            codes -= (127 + rng.integers(0, 2, count)) << fmt.mantissa_bits
        signs = rng.integers(0, 2, count) << (fmt.width - 1)
        columns.append((codes | signs).astype(code_dtype(fmt)))
    for rounding, saturation in product(ROUNDINGS, SATURATIONS):
        assert_like_generic(operation, columns, formats, fmt, lf.Projection(rounding, saturation))


HIGH, MIDDLE = replace(lf.format("e3m12"), bias=-121), replace(lf.format("e4m11"), bias=-107)


@pytest.mark.parametrize(
    ("operation", "numbers", "formats"),
    [
        ("add", (2.0**128 - 2.0**115, 2.0**115 - 2.0**103), (HIGH, MIDDLE)),
        ("subtract", (2.0**115 - 2.0**103, 2.0**115 - 2.0**128), (MIDDLE, HIGH)),
        (
            "fma",
            (180 * 2.0**50, 182 * 2.0**50, 2.0**128 - 2.0**115),
            (lf.bfloat16, lf.bfloat16, HIGH),
        ),
    ],
)
def test_a_sum_below_the_power_that_binary32_makes_of_it(
    operation: str, numbers: tuple[float, ...], formats: tuple[lf.Format, ...]
) -> None:
    """2^128 - 2^103 is no overflow under toward_zero; as binary32 it is infinity."""
    columns = [np.full(200, lf.cast(x, f).codes) for x, f in zip(numbers, formats, strict=True)]
    for rounding, saturation in product(ROUNDINGS, SATURATIONS):
        projection = lf.Projection(rounding, saturation)
        assert_like_generic(operation, columns, formats, lf.bfloat16, projection)
    _, flags = generic(operation, columns, formats, lf.bfloat16, lf.Projection("toward_zero"))
    assert set(flags) == {1}


@pytest.mark.parametrize("operation", ARITY)
def test_mixed_formats(operation: str) -> None:
    rng = np.random.default_rng(5)
    names = [*FORMATS, "float8_e4m3fn", "float8_e5m2", "float6_e3m2fn", "float8_e8m0fnu"]
    for _ in range(60):
        *operands, fmt = (lf.format(str(rng.choice(names))) for _ in range(ARITY[operation] + 1))
        columns = [near_codes(rng, f, 600) for f in operands]
        projection = lf.Projection(str(rng.choice(ROUNDINGS)), str(rng.choice(SATURATIONS)))
        assert_like_generic(operation, columns, operands, fmt, projection)


@pytest.mark.parametrize("operation", ["add", "subtract", "multiply", "fma"])
@pytest.mark.parametrize("bits", [1, 4, 9, 16, 30])
def test_stochastic_roundings(operation: str, bits: int) -> None:
    rng = np.random.default_rng(bits)
    for variant, name in product("ABC", ("float16", "bfloat16", "e4m11", "float8_e4m3fn")):
        fmt = lf.format(name)
        formats, projection = [fmt] * ARITY[operation], lf.Projection(lf.Stochastic(bits, variant))
        columns = [near_codes(rng, fmt, 1500) for _ in formats]
        random = rng.integers(0, 1 << bits, 1500, np.uint64)
        out, flags = np.empty(1500, code_dtype(fmt)), np.empty(1500, np.uint8)
        arguments = operation, columns, formats
        with _native.forced(generic=True):
            _native.apply(*arguments, out, fmt, projection, random, flags, True)
        assert_call(native_call(*arguments, fmt, projection, random), out, flags)


@pytest.mark.parametrize("operation", ["add", "divide", "fma"])
def test_scalar_operands_places_and_threads(operation: str) -> None:
    """Repeated operands, results in place of an operand, odd addresses, three threads."""
    fmt, rng = lf.float16, np.random.default_rng(9)
    formats = [fmt] * ARITY[operation]
    count = 140_000
    spare = [np.empty(2 * count + 1, np.uint8)[1:].view(np.uint16) for _ in formats]
    for column in spare:
        column[:] = near_codes(rng, fmt, count)
    before = lf.get_num_threads()
    for lone in range(len(formats)):
        columns = [c[:1] if k == lone else c for k, c in enumerate(spare)]
        whole = [np.ascontiguousarray(np.broadcast_to(c, count)) for c in columns]
        expected = generic(operation, whole, formats, fmt, DEFAULT)
        for threads in (1, 3):
            lf.set_num_threads(threads)
            try:
                assert_call(native_call(operation, columns, formats, fmt), *expected)
            finally:
                lf.set_num_threads(before)
        place = whole[1 - min(lone, 1)]
        for _, isa, off in PATHS[1:]:
            operands = [place.copy() if c is place else c for c in whole]
            out = next(o for o, c in zip(operands, whole, strict=True) if c is place)
            with _native.forced(isa, off):
                native_call(operation, operands, formats, fmt)(out, None, True)
            assert_same(f"{isa} in place", out, expected[0])


UFUNCS = {
    "add": np.add, "subtract": np.subtract, "multiply": np.multiply, "divide": np.divide,
    "sqrt": np.sqrt,
}  # fmt: skip
THEIRS = (
    "bfloat16", "float8_e4m3fn", "float8_e5m2", "float8_e4m3", "float8_e3m4", "float8_e4m3fnuz",
    "float8_e5m2fnuz", "float8_e4m3b11fnuz", "float6_e2m3fn", "float6_e3m2fn", "float4_e2m1fn",
)  # fmt: skip


@pytest.mark.parametrize("operation", UFUNCS)
@pytest.mark.parametrize("name", ["float16", *THEIRS])
def test_the_ufuncs_of_numpy_and_ml_dtypes_agree(name: str, operation: str) -> None:
    """Every pair of 8 bits, samples of 16; NaNs as NaNs. Both round once, to nearest even."""
    fmt = lf.format(name)
    dtype = np.dtype(getattr(ml_dtypes, name, name))
    formats = [fmt] * ARITY[operation]
    rng = np.random.default_rng(13)
    columns = (
        all_codes(*formats) if fmt.width <= 8 else [near_codes(rng, fmt, 200_000) for _ in formats]
    )
    with np.errstate(all="ignore"):
        theirs = UFUNCS[operation](*(c.view(dtype) for c in columns))
    if fmt.nan == "none":  # ml_dtypes has no rule for 0/0 and sqrt(-1) there
        with np.errstate(all="ignore"):
            exact = UFUNCS[operation](*(c.view(dtype).astype(np.float64) for c in columns))
        keep = ~np.isnan(exact)
    else:
        keep = np.ones(columns[0].size, bool)
    expected = theirs.view(code_dtype(fmt)).copy()
    if fmt.nan_code is not None:
        expected[np.isnan(theirs.astype(np.float32))] = fmt.nan_code
    for path, isa, off in PATHS:
        out = np.empty_like(expected)
        with _native.forced(isa, off):
            saturated = lf.Projection(saturation="finite" if fmt.nan == "none" else "none")
            native_call(operation, columns, formats, fmt, saturated)(out, None, False)
        if fmt.nan in ("all_ones",):
            nan = (out & fmt.magnitude_mask) == fmt.magnitude_mask
            out[nan] = fmt.nan_code
        assert_same(f"{path}, {name} {operation}", out[keep], expected[keep])


def test_another_operation_of_ml_dtypes_disagrees(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(UFUNCS, "add", np.subtract)
    for name in ("float8_e4m3fn", "bfloat16"):
        with pytest.raises(AssertionError, match="differ"):
            test_the_ufuncs_of_numpy_and_ml_dtypes_agree(name, "add")


@pytest.mark.parametrize("operation", ARITY)
@pytest.mark.parametrize("place", [0, 127, 255, 256, 1500, -1])
def test_one_wrong_bit_or_flag_is_found(operation: str, place: int) -> None:
    """The comparison that these tests rest on sees one bit of one result."""
    fmt, rng = lf.bfloat16, np.random.default_rng(17)
    columns = [near_codes(rng, fmt, 2000) for _ in range(ARITY[operation])]
    formats = [fmt] * len(columns)
    codes, flags = generic(operation, columns, formats, fmt, DEFAULT)
    run = native_call(operation, columns, formats, fmt)
    assert_call(run, codes, flags)
    for array in (codes, flags):
        array[place] ^= 1
        with pytest.raises(AssertionError, match=r"1 of 2000 differ|^assert"):
            assert_call(run, codes, flags)
        array[place] ^= 1


def test_a_sum_that_is_rounded_twice_is_found() -> None:
    """1 + 2^-11 + 2^-24 in float16: to nearest, binary32 would give the tie."""
    x = np.full(200, 0x3C01, np.uint16)  # 1 + 2^-10
    y = np.full(200, 0x1000, np.uint16) | np.uint16(1)  # 2^-11 (1 + 2^-10)
    codes, _ = generic("add", [x, y], [lf.float16] * 2, lf.float16, DEFAULT)
    for rounding, wanted in (("toward_positive", 0x3C02), ("toward_zero", 0x3C01)):
        out, _ = generic("add", [x, y], [lf.float16] * 2, lf.float16, lf.Projection(rounding))
        assert np.all(out == wanted)
    narrow = (x.view(np.float16).astype(np.float32) + y.view(np.float16)).astype(np.float16)
    assert np.array_equal(narrow.view(np.uint16), codes)  # 24 bits are enough for nearest even
    with pytest.raises(AssertionError, match="differ"):
        assert_same("twice", narrow.view(np.uint16), np.full(200, 0x3C03, np.uint16))
