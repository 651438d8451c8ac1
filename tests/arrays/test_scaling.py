"""Power-of-two scales: least, overflow-free, exact."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import lowfloat as lf
from lowfloat.systems import scaling

FORMATS = ("float8_e4m3fn", "float8_e5m2", "float4_e2m1fn", "float6_e2m3fn", "float16", "e3m0")


def largest(name: str) -> Fraction:
    fmt = lf.format(name)
    return lf.golden.decode(fmt.max_finite_code, fmt).magnitude


@pytest.mark.parametrize("name", FORMATS)
@given(amax=st.floats(min_value=1e-290, max_value=1e290))
def test_the_scale_is_the_least_power_of_two_that_fits(name: str, amax: float) -> None:
    scale = scaling.amax_scale([amax, -amax / 3, 0.0], name)
    assert scale.shape == ()
    s = Fraction(float(scale))
    assert math.frexp(float(scale))[0] == 0.5
    assert amax / s <= largest(name) < 2 * amax / s


@pytest.mark.parametrize("name", FORMATS)
def test_a_maximum_that_fits_exactly_is_used_whole(name: str) -> None:
    top = float(largest(name))
    for factor in (1.0, 2.0**-40, 2.0**31):
        assert scaling.amax_scale([top * factor], name) == factor
        above = np.nextafter(top * factor, np.inf)
        assert scaling.amax_scale([above], name) == 2 * factor


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("rounding", ["nearest_even", "away_from_zero", "toward_positive"])
def test_scaled_numbers_never_overflow(name: str, rounding: str) -> None:
    rng = np.random.default_rng(0)
    x = rng.standard_normal((20, 30)) * np.exp2(rng.integers(-40, 40, (20, 1)))
    for axis in (None, 0, 1, (0, 1)):
        raised = np.empty(x.shape, np.uint8)
        t = scaling.quantize(x, name, axis=axis, rounding=rounding, flags_out=raised)
        assert not (raised & 4).any()
        assert np.array_equal(t.to_numpy(), t.elements.to_numpy().astype(np.float64) * t.scale)
        expected = lf.cast(x / t.scale, name, rounding=rounding)
        lf.testing.assert_same_bits(t.elements, expected)


def test_axes_that_share_a_scale_keep_length_one() -> None:
    x = np.ones((2, 3, 4)) * np.array([1.0, 2.0, 4.0])[:, None]
    assert scaling.amax_scale(x, "float4_e2m1fn", axis=(0, 2)).shape == (1, 3, 1)
    assert scaling.amax_scale(x, "float4_e2m1fn", axis=-1).shape == (2, 3, 1)
    assert scaling.amax_scale(x, "float4_e2m1fn").shape == ()
    assert scaling.amax_scale(x, "float4_e2m1fn", axis=(0, 2)).ravel().tolist() == [0.25, 0.5, 1]


def test_zeros_infinities_and_nans_do_not_decide_the_scale() -> None:
    assert scaling.amax_scale([0.0, -0.0], "float8_e4m3fn").tolist() == 1
    assert scaling.amax_scale([np.inf, np.nan, -np.inf], "float8_e4m3fn").tolist() == 1
    assert scaling.amax_scale([], "float8_e4m3fn").tolist() == 1
    with_specials = [np.nan, 3.0, -np.inf, 0.0]
    assert scaling.amax_scale(with_specials, "float4_e2m1fn") == scaling.amax_scale(
        [3.0], "float4_e2m1fn"
    )
    t = scaling.quantize(with_specials, "float8_e5m2")
    assert np.array_equal(t.to_numpy(), with_specials, equal_nan=True)


def test_given_scales_are_powers_of_two() -> None:
    t = scaling.quantize([1.0, 2.0], "float4_e2m1fn", scale=0.5)
    assert t.elements.to_numpy().tolist() == [2, 4]
    for scale in (3.0, 0.0, -2.0, np.inf, np.nan):
        with pytest.raises(ValueError, match="positive power of two"):
            scaling.quantize([1.0], "float4_e2m1fn", scale=scale)


def test_extreme_numbers_have_scales_too() -> None:
    for x in (5e-324, 2.0**-1022, 1.7976931348623157e308):
        t = scaling.quantize([x], "float8_e4m3fn", rounding="toward_zero")
        assert np.isfinite(t.elements.to_numpy()).all()
        assert (t.scale > 0).all()
