"""The repr evaluates to the same codes, in the shortest decimals that do."""

from __future__ import annotations

import itertools
from fractions import Fraction

import numpy as np
import pytest

import lowfloat
import lowfloat as lf
from lowfloat.decimals import shortest

SMALL = (
    "float8_e4m3fn", "float8_e5m2", "float8_e4m3fnuz", "float8_e8m0fnu", "float4_e2m1fn",
    "float6_e3m2fn", "binary8p4se", "binary8p1uf", "e0m5", "e3m0", "e5m2b400",
)  # fmt: skip
CUSTOM = lf.Format(4, 3, 5, nan="all_ones", infinities="top", subnormals="normal")


def evaluated(text: str) -> lf.Array:
    names = {"lowfloat": lowfloat, "nan": float("nan"), "inf": float("inf")}
    return eval(text, {"__builtins__": {}}, names)


def numbers(fmt: lf.Format) -> np.ndarray:
    """The codes that a repr can tell apart: one NaN, and no codes that are never produced."""
    nan, seen, kept = fmt.nan_code, set(), []
    for code in range(1 << fmt.width):
        value = lf.golden.decode(code, fmt)
        if value.is_nan and code != nan:
            continue
        key = (value.kind, value.sign, value.magnitude)
        if key not in seen:
            seen.add(key)
            kept.append(code)
    return np.array(kept, np.uint64)


@pytest.mark.parametrize("fmt", [*map(lf.format, SMALL), CUSTOM], ids=str)
def test_the_repr_of_every_code_evaluates_to_it(fmt: lf.Format) -> None:
    x = lf.from_codes(numbers(fmt), fmt)
    with np.printoptions(threshold=10**6):
        text = repr(x)
    lf.testing.assert_same_bits(evaluated(text), x)


@pytest.mark.parametrize("name", ["bfloat16", "float16", "float32", "float64", "dlfloat16"])
def test_the_repr_of_wide_formats_evaluates_to_the_same_codes(name: str) -> None:
    fmt = lf.format(name)
    rng = np.random.default_rng(1)
    codes = rng.integers(0, (1 << fmt.width) - 1, 400, np.uint64, endpoint=True)
    x = lf.from_codes(codes, fmt)
    x = x[x == x.copy()]
    with np.printoptions(threshold=10**6):
        lf.testing.assert_same_bits(evaluated(repr(x)), x)


@pytest.mark.parametrize("shape", [(2, 3), (1, 1, 4), (0,), (3, 0), (), (2, 0, 2)])
def test_the_repr_of_any_shape_evaluates_to_it(shape: tuple[int, ...]) -> None:
    x = lf.from_codes(np.arange(np.prod(shape, dtype=int)).reshape(shape), "float8_e4m3fn")
    lf.testing.assert_same_bits(evaluated(repr(x)), x)


def decimals(digits: int, exponent: int) -> list[Fraction]:
    """All decimals of so many digits and this exponent of the first digit."""
    unit = Fraction(10) ** (exponent - digits + 1)
    return [n * unit for n in range(10 ** (digits - 1), 10**digits)]


@pytest.mark.parametrize("name", ["float8_e4m3fn", "float8_e5m2", "float8_e8m0fnu", "e3m4"])
def test_no_shorter_decimal_rounds_to_the_same_code(name: str) -> None:
    fmt = lf.format(name)
    for code in range(fmt.min_positive_code, fmt.max_finite_code + 1):
        text = shortest(fmt, code)
        assert lf.golden.encode(Fraction(text), format=fmt)[0] == code
        mantissa = text.split("e")[0].replace(".", "").strip("0")
        value = lf.golden.decode(code, fmt).magnitude
        exponent = len(str(value.numerator)) - len(str(value.denominator))
        for digits in range(1, len(mantissa)):
            exponents = range(exponent - 2, exponent + 2)
            shorter = itertools.chain(*(decimals(digits, e) for e in exponents))
            if digits > 2:
                continue
            assert all(lf.golden.encode(d, format=fmt)[0] != code for d in shorter if
                       value / 2 < d < value * 2)  # fmt: skip


def test_float64_prints_like_python() -> None:
    values = [0.1, 1e22, 1e16, 123456.789, 5e-324, 1e-5, 0.0001, 1.7976931348623157e308, 2.0**60]
    for value in values:
        assert float(shortest(lf.float64, int(np.float64(value).view(np.uint64)))) == value
        assert shortest(lf.float64, int(np.float64(value).view(np.uint64))) == repr(value)


def test_long_arrays_are_summarised() -> None:
    x = lf.from_codes(np.zeros(10**6, np.uint8), "float8_e4m3fn")
    assert "..." in repr(x)
    assert len(str(x)) < 200
    assert "1000000" in x._repr_html_()
