"""Every kind of number is rounded once, from its exact value; the traps of other libraries."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from native_paths import PATHS

import lowfloat as lf
from lowfloat import _native

BACKENDS = ("native", "jit", "golden")


def codes(x: Any, fmt: Any, **given: Any) -> list[int]:
    """Codes of a cast, which must not depend on the path."""
    results = []
    for _, isa, generic in PATHS:
        with _native.forced(isa, generic):
            results.append(lf.cast(x, fmt, **given).codes.ravel().tolist())
    for backend in BACKENDS:
        with lf.backend(backend):  # type: ignore[arg-type]
            results.append(lf.cast(x, fmt, **given).codes.ravel().tolist())
    assert all(result == results[0] for result in results)
    return results[0]


def test_float64_is_not_rounded_through_float32() -> None:
    x = np.float64([-431.99999999999994, 1 + 2**-8 + 2**-40])
    assert codes(x[:1], "float8_e4m3fn") == [0xFD]  # -416
    assert codes(x[1:], "bfloat16") == [0x3F81]  # 1.0078125
    assert codes(float(x[1]), "bfloat16") == [0x3F81]


def test_int64_is_not_rounded_through_float32_or_float64() -> None:
    for x in (16973823, [16973823], np.array([16973823]), "16973823"):
        assert codes(x, "bfloat16") == [0x4B81]
    tie = 2**62 + 2**54 + 1  # binary64 drops the 1, and bfloat16 would then see a tie
    for x in (tie, np.array([tie]), np.array([tie], np.uint64), [tie], str(tie), Decimal(tie)):
        assert codes(x, "bfloat16") == [0x5E81]
    assert codes(-tie, "bfloat16") == [0xDE81]


@pytest.mark.parametrize("power", [10, 60, 63, 64, 100, 127])
def test_python_integers_of_any_size_are_rounded_once(power: int) -> None:
    x = 2**power + 2 ** (power - 8) + 1
    assert codes(x, "bfloat16") == codes([x], "bfloat16")
    assert lf.cast(x, "bfloat16").item() == 2.0**power * (1 + 2**-7)
    assert codes([x, Fraction(1, 3), 0.5], "bfloat16")[0] == codes(x, "bfloat16")[0]
    assert codes([1.5, x], "bfloat16")[1] == codes(x, "bfloat16")[0]


def test_integers_beyond_every_float_overflow() -> None:
    assert codes(2**200, "bfloat16") == [0x7F80]
    assert codes(-(10**5000), "float64") == [0xFFF << 52]
    assert codes(10**400, "float64", rounding="toward_zero") == [0x7FEF_FFFF_FFFF_FFFF]


def test_fractions_decimals_and_strings_are_exact() -> None:
    third = Fraction(1, 3)
    assert codes(third, "float64") == [int(np.float64(1 / 3).view(np.uint64))]
    above = "1.00390625000000000000000000000000000001"  # 1 + 2^-8 and a little more
    for x in (above, Decimal(above), Fraction(above), [above], [[Decimal(above)]]):
        assert codes(x, "bfloat16") == [0x3F81]
    assert codes("1.00390625", "bfloat16") == [0x3F80]
    assert codes(["-0", "-0.0", Decimal("-0")], "float16") == [0x8000] * 3
    assert codes(["inf", "-Infinity", "nan"], "float16") == [0x7C00, 0xFC00, 0x7E00]
    assert codes(["1e-99999", "-1e99999"], "float16") == [0, 0xFC00]
    assert codes("1e-99999", "float16", rounding="away_from_zero") == [1]


def test_exponents_beyond_every_format_overflow_and_underflow() -> None:
    with lf.flags() as raised:
        assert codes("1e1000000000", "float16") == [0x7C00]
        assert codes("-0x1p-99999999999", "float64") == [1 << 63]
    assert raised.raised == {"overflow", "underflow", "inexact"}


def test_mixed_sequences_keep_each_element_exact() -> None:
    big = 2**60 + 1
    mixed = [big, 0.5, Fraction(1, 3), "0.1", Decimal("2.5"), True, np.float32(0.1), np.int8(-3)]
    expected = [codes(x, "float64")[0] for x in mixed]
    assert codes(mixed, "float64", rounding="nearest_even") == expected
    assert codes([mixed, mixed], "float64") == expected * 2
    assert codes([2**63, -1], "float64") == codes(np.float64([2**63, -1]), "float64")
    assert codes([2**64 - 1, 0], "float32") == codes(np.float32([2**64, 0]), "float32")


def test_object_arrays_are_converted_element_by_element() -> None:
    x = np.array([2**62 + 2**54 + 1, Fraction(1, 3), 0.1], object)
    assert codes(x, "bfloat16") == [0x5E81, *codes(Fraction(1, 3), "bfloat16"), 0x3DCD]


def test_long_doubles_are_exact_or_refused() -> None:
    assert codes(np.longdouble([0.5, -3.25, np.inf, 0.1]), "float16") == codes(
        [0.5, -3.25, np.inf, 0.1], "float16"
    )
    assert codes(np.longdouble("nan"), "float16") == [0x7E00]
    if np.finfo(np.longdouble).nmant > 52:
        with pytest.raises(TypeError, match="give float64, or Fractions"):
            lf.cast(np.longdouble(1) + np.longdouble(2) ** -60, "float16")


# -- traps that other libraries fall into ----------------------------------------------------


@pytest.mark.parametrize("name", ["float8_e4m3fn", "float8_e5m2", "float16", "bfloat16", "e3m4"])
def test_trap_half_of_the_smallest_subnormal(name: str) -> None:
    fmt = lf.format(name)
    least = lf.from_codes([1], fmt).to_numpy(np.float64)[0]
    above = np.nextafter(least / 2, 1)
    x = np.float64([least / 2, above, least * 0.51, least * 0.75, least * 0.999, least * 1.5])
    assert codes(x, fmt) == [0, 1, 1, 1, 1, 2]
    assert codes(-x, fmt)[1:] == [fmt.sign_mask | code for code in (1, 1, 1, 1, 2)]
    assert codes(x, fmt, rounding="nearest_away") == [1, 1, 1, 1, 1, 2]


@pytest.mark.parametrize("name", ["float8_e4m3fnuz", "float8_e5m2fnuz", "float8_e4m3b11fnuz"])
def test_trap_fnuz_has_one_zero_and_one_nan(name: str) -> None:
    fmt = lf.format(name)
    assert codes([-0.0, -1e-30, 0.0], fmt) == [0, 0, 0]
    assert codes([np.nan, -np.nan, np.inf, -np.inf, 1e30, -1e30], fmt) == [0x80] * 6
    assert codes([np.inf, -1e30], fmt, saturation="finite") == [0x7F, 0xFF]
    zero = lf.multiply(lf.array([-1.0], fmt), lf.array([0.0], fmt))
    assert zero.codes.tolist() == [0]


def test_trap_e8m0_ties_go_up_and_zero_is_nan() -> None:
    assert codes([0.75, 3.0, 1.5, 6.0], "float8_e8m0fnu") == [127, 129, 128, 130]
    below = np.nextafter([0.75, 3.0, 1.5], 0)
    assert codes(below, "float8_e8m0fnu") == [126, 128, 127]
    assert codes([0.0, -0.0, -1.0, np.nan, np.inf], "float8_e8m0fnu") == [255] * 5
    assert codes(2.0**-140, "float8_e8m0fnu") == [0]
    assert codes([0.0, -1.0, np.inf], "float8_e8m0fnu", saturation="finite") == [0, 0, 254]


def test_trap_fp4_has_no_nan_and_clamps() -> None:
    assert codes([np.nan, -np.nan], "float4_e2m1fn") == [7, 7]
    assert codes([6.0, 7.0, np.inf, -np.inf, -100], "float4_e2m1fn") == [7, 7, 7, 15, 15]


def test_trap_ties_at_overflow() -> None:
    fn = "float8_e4m3fn"
    assert codes([448.0, 464.0, np.nextafter(464.0, 500), 480.0], fn) == [0x7E, 0x7E, 0x7F, 0x7F]
    assert codes([464.0], fn, rounding="nearest_away") == [0x7F]
    assert codes([464.0, 1e9, np.inf], fn, saturation="finite") == [0x7E] * 3
    assert codes([np.inf, -np.inf, 1000], fn) == [0x7F, 0xFF, 0x7F]
    e5m2 = "float8_e5m2"
    assert codes([61439.0, 61440.0, 65535.0, 74709.7, 107338.0], e5m2) == [0x7B] + [0x7C] * 4
    assert codes([np.inf], e5m2, saturation="finite") == [0x7B]
    assert codes([np.inf, 61440.0], e5m2, saturation="propagate") == [0x7C, 0x7B]
    assert codes([65519.99, 65520.0], "float16") == [0x7BFF, 0x7C00]


def test_trap_to_odd_leaves_exact_values_alone() -> None:
    every = lf.from_codes(np.arange(256, dtype=np.uint8), "float8_e4m3").to_numpy()
    finite = every[np.isfinite(every)]
    for rounding in ("to_odd", "nearest_zero", "nearest_away", "away_from_zero"):
        again = lf.cast(finite, "float8_e4m3", rounding=rounding).to_numpy()
        assert np.array_equal(again, finite)
    assert lf.cast(-1.125, "e3m2", rounding="nearest_zero").item() == -1.0
    assert lf.cast(-1.125, "e3m2", rounding="nearest_away").item() == -1.25


def test_trap_near_ties_are_no_ties() -> None:
    x = np.float64([1.125 - 1e-9, 1.125, 1.125 + 1e-9])
    assert lf.cast(x, "e3m2").to_numpy().tolist() == [1.0, 1.0, 1.25]


def test_trap_rounding_is_monotonic() -> None:
    x = np.sort(np.random.default_rng(0).standard_normal(3000) * 100)
    for rounding in ("nearest_even", "toward_zero", "toward_positive", "to_odd"):
        y = lf.cast(x, "float8_e4m3", rounding=rounding).to_numpy()
        assert all(a <= b for a, b in pairwise(y))


def test_trap_stochastic_calls_differ_from_one_another() -> None:
    x = np.full(1000, 0.3, np.float32)
    rng = lf.Philox(5)
    first, second = (lf.cast(x, "e4m3", rounding=lf.Stochastic(8), rng=rng) for _ in range(2))
    assert not np.array_equal(first.codes, second.codes)
    every = lf.cast(
        np.full(256, 0.3), "e4m3", rounding=lf.Stochastic(8), random_bits=np.arange(256)
    )
    nu = (0.3 - 0.28125) / 0.03125
    assert (every.to_numpy() == 0.3125).sum() == int(nu * 256)
