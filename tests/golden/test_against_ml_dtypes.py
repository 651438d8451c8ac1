"""Round-to-nearest-even casts of float32 against every ml_dtypes type and NumPy's float16."""

from __future__ import annotations

import math
from fractions import Fraction

import ml_dtypes
import numpy as np
import pytest

import lowfloat as lf

TYPES = {
    name: getattr(ml_dtypes, name)
    for name in (
        "bfloat16", "float4_e2m1fn", "float6_e2m3fn", "float6_e3m2fn", "float8_e3m4",
        "float8_e4m3", "float8_e4m3b11fnuz", "float8_e4m3fn", "float8_e4m3fnuz", "float8_e5m2",
        "float8_e5m2fnuz", "float8_e8m0fnu",
    )
}  # fmt: skip
TYPES["float16"] = np.float16


def sources(f: lf.Format, count: int) -> np.ndarray:
    """float32 numbers: every number and midpoint of small formats, and random bit patterns."""
    rng = np.random.default_rng(20)
    patterns = rng.integers(0, 1 << 32, count, dtype=np.uint32).view(np.float32)
    low, high = max(f.emin - f.mantissa_bits - 3, -149), min(f.emax + 3, 127)
    exponents = rng.integers(low, high, count)
    near = np.ldexp(rng.integers(0, 1 << 11, count) / 1024.0, exponents).astype(np.float32)
    near *= rng.choice(np.float32([-1, 1]), count)
    found = [patterns[np.isfinite(patterns)], near, np.float32([0.0, -0.0, math.inf, -math.inf])]
    if f.width <= 8:
        numbers = np.arange(1 << f.width, dtype=np.uint8).view(TYPES[f.name]).astype(np.float32)
        numbers = numbers[np.isfinite(numbers)]
        with np.errstate(over="ignore"):
            between = numbers[:-1] / 2 + numbers[1:] / 2
        found += [numbers, between, np.nextafter(between, np.float32(0))]
        found += [np.nextafter(between, np.float32(math.inf)), numbers * np.float32(1.5)]
    return np.concatenate(found)


def cast_there(x: np.ndarray, name: str) -> np.ndarray:
    with np.errstate(all="ignore"):
        out = x.astype(TYPES[name])
    return out.view(np.uint8 if out.dtype.itemsize == 1 else np.uint16)


def differences(name: str, x: np.ndarray, there: np.ndarray) -> list[str]:
    """Where the golden code and the other differ; NaN codes count as equal to one another."""
    f = lf.format(name)
    found = []
    for number, code in zip(x.tolist(), there.tolist(), strict=True):
        got, _ = lf.golden.encode(number, format=f)
        if got != code and not all(lf.golden.decode(c, f).is_nan for c in (got, code)):
            found.append(f"{number!r} -> {got:#x}, there {code:#x}")
    return found


def lowest_scales(x: np.ndarray) -> np.ndarray:
    """Numbers whose nearest E8M0 number is 2^-127, but which go to 2^-126 there."""
    return (x > 2.0**-127) & (x < 1.5 * 2.0**-127)


def check(name: str, count: int) -> None:
    x = sources(lf.format(name), count)
    if name == "float8_e8m0fnu":
        x = x[~lowest_scales(x)]
    assert differences(name, x, cast_there(x, name))[:5] == []


@pytest.mark.parametrize("name", TYPES)
def test_casts_from_float32_are_the_same(name):
    check(name, 1500)


@pytest.mark.exhaustive
@pytest.mark.parametrize("name", TYPES)
def test_many_casts_from_float32_are_the_same(name):
    check(name, 200_000)


def test_planted_wrong_codes_are_found():
    x = np.float32([1.0, 1.0625, 464.0, -3.0])
    there = cast_there(x, "float8_e4m3fn")
    assert differences("float8_e4m3fn", x, there) == []
    for i in range(len(x)):
        planted = there.copy()
        planted[i] ^= 1
        assert len(differences("float8_e4m3fn", x, planted)) == 1


@pytest.mark.parametrize("name", ["float4_e2m1fn", "float6_e2m3fn", "float6_e3m2fn"])
def test_nan_into_formats_without_nan_is_the_documented_difference(name):
    """There a zero with the sign turned round; here N-4: the largest number, and invalid."""
    f = lf.format(name)
    there = cast_there(np.float32([math.nan]), name)[0]
    assert there & f.magnitude_mask == 0
    assert lf.golden.encode(math.nan, format=f) == (f.max_finite_code, 16)


def test_the_lowest_scales_are_the_documented_difference():
    """Above 2^-127 and nearer to it than to 2^-126: P-5 decides, there float32 is subnormal."""
    f, x = lf.format("float8_e8m0fnu"), np.float32(2.0**-127) * np.float32([1.0001, 1.25, 1.499])
    assert lowest_scales(x).all()
    assert cast_there(x, f.name).tolist() == [1, 1, 1]
    assert [lf.golden.encode(number, format=f)[0] for number in x.tolist()] == [0, 0, 0]
    assert lf.golden.encode(1.5 * 2.0**-127, format=f)[0] == 1


@pytest.mark.parametrize(
    ("name", "number", "here", "there"),
    [
        ("bfloat16", 1 + 2.0**-8 + 2.0**-40, 0x3F81, 0x3F80),
        ("bfloat16", 16973823, 0x4B81, 0x4B82),
    ],
)
def test_double_rounding_is_the_documented_difference(name, number, here, there):
    """float64 and int64 pass through float32 there; here every source is rounded once."""
    assert lf.golden.encode(number, format=lf.format(name))[0] == here
    kind = np.int64 if isinstance(number, int) else np.float64
    assert cast_there(np.array([number], kind), name)[0] == there


def test_the_double_rounding_case_is_decided_by_exact_distance():
    f, number = lf.format("bfloat16"), Fraction(16973823)
    codes = (0x4B81, 0x4B82)
    distances = [abs(lf.golden.decode(code, f).signed - number) for code in codes]
    assert distances[0] < distances[1]
