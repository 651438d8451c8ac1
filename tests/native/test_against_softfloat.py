"""Berkeley SoftFloat, called live: random operands of binary16, binary32 and binary64, values and flags.

SoftFloat hands NaNs on, so of those only that they are NaNs is compared; TestFloat's files hold the
policies. It runs in both tininess settings.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
import softfloatpy as sf
from native_calls import near_codes
from native_paths import PATHS, assert_same, codes_of

import lowfloat as lf
from lowfloat import _native
from lowfloat.engine.sources import code_dtype

KINDS = {
    "float16": (sf.Float16, "f16"), "float32": (sf.Float32, "f32"), "float64": (sf.Float64, "f64"),
}  # fmt: skip
#: SoftFloat's name, and how many operands.
OPERATIONS = {
    "add": ("add", 2), "subtract": ("sub", 2), "multiply": ("mul", 2), "divide": ("div", 2),
    "sqrt": ("sqrt", 1), "fma": ("mul_add", 3), "remainder": ("rem", 2),
    "round_to_integral_exact": ("round_to_int", 1),
}  # fmt: skip
RELATIONS = {
    "equal": "eq", "less": "lt_quiet", "less_equal": "le_quiet", "equal_signaling": "eq_signaling",
    "less_signaling": "lt", "less_equal_signaling": "le",
}  # fmt: skip
ROUNDINGS = {
    "nearest_even": sf.RoundingMode.NEAR_EVEN, "nearest_away": sf.RoundingMode.NEAR_MAX_MAG,
    "toward_zero": sf.RoundingMode.MIN_MAG, "toward_negative": sf.RoundingMode.MIN,
    "toward_positive": sf.RoundingMode.MAX,
}  # fmt: skip
TININESS = {
    "after": sf.TininessMode.AFTER_ROUNDING, "before": sf.TininessMode.BEFORE_ROUNDING,
}  # fmt: skip
INTEGERS = {"int32": "i32", "uint32": "ui32", "int64": "i64", "uint64": "ui64"}


@pytest.fixture(autouse=True)
def usual_modes():
    yield
    sf.set_rounding_mode(sf.RoundingMode.NEAR_EVEN)
    sf.set_tininess_mode(sf.TininessMode.AFTER_ROUNDING)


def softfloat(function: str, names: Sequence[str], columns: Sequence[np.ndarray]) -> list[Any]:
    """SoftFloat's results and flags, row by row."""
    kinds = [KINDS[name][0] for name in names]
    sizes = [c.itemsize for c in columns]
    call, found = getattr(sf, function), []
    for row in zip(*(c.tolist() for c in columns), strict=True):
        sf.set_exception_flags(0)
        operands = [
            kind.from_bytes(x.to_bytes(size, "big"))
            for kind, x, size in zip(kinds, row, sizes, strict=True)
        ]
        result = call(*operands)
        found.append((result, int(sf.get_exception_flags())))
    return found


def codes_there(found: list[Any], fmt: lf.Format) -> tuple[np.ndarray, np.ndarray]:
    """Codes, with one NaN, and flags."""
    codes = np.array([int.from_bytes(r.to_bytes(), "big") for r, _ in found], code_dtype(fmt))
    nans = fmt.magnitude_mask - (1 << fmt.mantissa_bits) + 1
    codes[(codes & fmt.magnitude_mask) > nans] = fmt.nan_code
    return codes, np.array([flags for _, flags in found], np.uint8)


def set_modes(rounding: str, tininess: str) -> dict[str, Any]:
    """Puts SoftFloat into modes; the keywords that ask for the same here."""
    sf.set_rounding_mode(ROUNDINGS[rounding])
    sf.set_tininess_mode(TININESS[tininess])
    return {"rounding": rounding, "policy": lf.Policy(tininess=tininess)}


def assert_like(run, codes: np.ndarray, flags: np.ndarray) -> None:  # type: ignore[no-untyped-def]
    """Long arrays, so that kernels take them; alone, and with one flag byte per element."""
    for name, isa, generic in PATHS:
        with _native.forced(isa, generic):
            each = np.full(codes.shape, 0xFF, np.uint8)
            assert_same(name, codes_of(run(flags_out=each)), codes)
            assert_same(f"{name}: flags", each, flags)
            assert_same(f"{name}: alone", codes_of(run()), codes)


def assert_operation(name: str, operation: str, count: int, seed: int) -> None:
    fmt, rng = lf.format(name), np.random.default_rng(seed)
    function, arity = OPERATIONS[operation]
    for rounding in ROUNDINGS:
        for tininess in TININESS:
            columns = [near_codes(rng, fmt, count) for _ in range(arity)]
            modes = set_modes(rounding, tininess)
            found = softfloat(f"{KINDS[name][1]}_{function}", [name] * arity, columns)
            x = [lf.from_codes(c, fmt) for c in columns]
            assert_like(
                lambda x=x, modes=modes, **more: getattr(lf, operation)(*x, **modes, **more),
                *codes_there(found, fmt),
            )


def assert_conversion(source: str, target: str, count: int, seed: int) -> None:
    rng, fmt = np.random.default_rng(seed), lf.format(target)
    for rounding in ROUNDINGS:
        for tininess in TININESS:
            codes = near_codes(rng, lf.format(source), count)
            if source == "float64" and count > 1:  # within binary32's range, half of them
                codes[::2] = codes[::2] % np.uint64(1 << 60) + np.uint64(0x30 << 56)
            if (source, target) == ("float32", "float16"):
                codes[0] = 0x387FF800  # 2^-14 (1 - 2^-13): only before rounding it is tiny
            modes = set_modes(rounding, tininess)
            found = softfloat(f"{KINDS[source][1]}_to_{KINDS[target][1]}", [source], [codes])
            x = lf.from_codes(codes, source)
            assert_like(
                lambda x=x, modes=modes, **more: lf.cast(x, fmt, **modes, **more),
                *codes_there(found, fmt),
            )


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("name", KINDS)
def test_operations(name: str, operation: str) -> None:
    assert_operation(name, operation, 200, 11)


@pytest.mark.exhaustive
@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("name", KINDS)
def test_operations_on_many_operands(name: str, operation: str) -> None:
    assert_operation(name, operation, 20_000, 12)


CONVERSIONS = [(a, b) for a in KINDS for b in KINDS if a != b]


@pytest.mark.parametrize(("source", "target"), CONVERSIONS)
def test_conversions(source: str, target: str) -> None:
    assert_conversion(source, target, 200, 13)


@pytest.mark.exhaustive
@pytest.mark.parametrize(("source", "target"), CONVERSIONS)
def test_conversions_of_many_numbers(source: str, target: str) -> None:
    assert_conversion(source, target, 50_000, 14)


@pytest.mark.parametrize("relation", RELATIONS)
@pytest.mark.parametrize("name", KINDS)
def test_comparisons(name: str, relation: str) -> None:
    rng, fmt = np.random.default_rng(15), lf.format(name)
    x = near_codes(rng, fmt, 600)
    y = np.where(rng.random(600) < 0.5, x, near_codes(rng, fmt, 600)).astype(x.dtype)
    found = softfloat(f"{KINDS[name][1]}_{RELATIONS[relation]}", [name] * 2, [x, y])
    truths = np.array([bool(r) for r, _ in found]).view(np.uint8)
    assert 100 < truths.sum() < 500
    a, b = lf.from_codes(x, fmt), lf.from_codes(y, fmt)
    assert_like(
        lambda **more: getattr(lf, relation)(a, b, **more).view(np.uint8),
        truths,
        np.array([flags for _, flags in found], np.uint8),
    )


@pytest.mark.parametrize("dtype", INTEGERS)
@pytest.mark.parametrize("name", KINDS)
def test_integers_both_ways(name: str, dtype: str) -> None:
    """From integers to floats, and back from what they gave and its neighbours."""
    rng, fmt = np.random.default_rng(16), lf.format(name)
    kind, prefix = np.dtype(dtype), KINDS[name][1]
    integers = rng.integers(0, 1 << 64, 300, np.uint64, endpoint=False)
    integers = (integers >> rng.integers(0, 64, 300).astype(np.uint64)).astype(kind)
    integers = np.where(rng.random(300) < 0.5, integers, -integers).astype(kind)
    make = getattr(sf, {"i": "Int", "u": "UInt"}[kind.kind] + str(8 * kind.itemsize))
    for rounding in ROUNDINGS:
        modes = set_modes(rounding, "after")
        found = []
        for x in integers.tolist():
            sf.set_exception_flags(0)
            result = getattr(sf, f"{INTEGERS[dtype]}_to_{prefix}")(make.from_int(x))
            found.append((result, int(sf.get_exception_flags())))
        codes, flags = codes_there(found, fmt)
        assert_like(
            lambda modes=modes, **more: lf.cast(integers, fmt, **modes, **more), codes, flags
        )


def test_a_wrong_mode_operation_or_bit_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    conversion = assert_conversion, ("float32", "float16", 100, 17)
    product = assert_operation, ("float16", "multiply", 3000, 17)
    for table, key, wrong, (check, arguments) in (
        (ROUNDINGS, "nearest_even", sf.RoundingMode.NEAR_MAX_MAG, product),
        (ROUNDINGS, "toward_zero", sf.RoundingMode.MIN, product),
        (TININESS, "after", sf.TininessMode.BEFORE_ROUNDING, conversion),
        (OPERATIONS, "multiply", ("div", 2), product),
    ):
        with monkeypatch.context() as patched:
            patched.setitem(table, key, wrong)
            with pytest.raises(AssertionError, match="differ"):
                check(*arguments)
