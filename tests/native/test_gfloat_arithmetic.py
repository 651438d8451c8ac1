"""Arithmetic of all 8-bit pairs against gfloat: exact in double, then gfloat's rounding.

Sums, products and fmas of 8-bit numbers are exact in double where exponents are close; pairs whose
exact result needs more than 53 bits are left out.
"""

from __future__ import annotations

from fractions import Fraction

import gfloat
import numpy as np
import pytest
from gfloat import RoundMode, formats

import lowfloat as lf

INFOS = {
    "float8_e4m3fn": formats.format_info_ocp_e4m3,
    "float8_e5m2": formats.format_info_ocp_e5m2,
    "float6_e2m3fn": formats.format_info_ocp_e2m3,
    "float6_e3m2fn": formats.format_info_ocp_e3m2,
    "binary8p4se": formats.format_info_p3109(
        8, 4, gfloat.Signedness.Signed, gfloat.Domain.Extended
    ),
    "binary8p3sf": formats.format_info_p3109(8, 3, gfloat.Signedness.Signed, gfloat.Domain.Finite),
}
ROUNDINGS = {
    "nearest_even": RoundMode.TiesToEven,
    "nearest_away": RoundMode.TiesToAway,
    "toward_zero": RoundMode.TowardZero,
    "toward_positive": RoundMode.TowardPositive,
    "toward_negative": RoundMode.TowardNegative,
}
OPERATIONS = {"add": np.add, "subtract": np.subtract, "multiply": np.multiply}


def pairs(name: str) -> tuple[lf.Array, lf.Array, np.ndarray, np.ndarray]:
    """All pairs of a format's finite numbers, as Arrays and as doubles."""
    fmt = lf.format(name)
    codes = lf.from_codes(np.arange(1 << fmt.width), fmt)
    codes = lf.from_codes(codes.codes[lf.is_finite(codes)], fmt)
    grid = np.meshgrid(codes.codes, codes.codes, indexing="ij")
    x, y = (lf.from_codes(g.ravel(), fmt) for g in grid)
    return x, y, x.to_numpy(np.float64), y.to_numpy(np.float64)


def rounded(name: str, exact: np.ndarray, rounding: str, saturate: bool) -> np.ndarray:
    """gfloat's result, as doubles; NaN where it has no value for an overflow."""
    info = INFOS[name]
    return gfloat.round_ndarray(info, exact, ROUNDINGS[rounding], saturate)


def compare(name: str, operation: str, rounding: str, saturate: bool) -> np.ndarray:
    """Where the results differ, as indices of the pairs."""
    x, y, a, b = pairs(name)
    exact = OPERATIONS[operation](a, b)
    ours = getattr(lf, operation)(
        x, y, rounding=rounding, saturation="finite" if saturate else "none"
    ).to_numpy(np.float64)
    theirs = rounded(name, exact, rounding, saturate)
    return np.flatnonzero((ours != theirs) & ~(np.isnan(ours) & np.isnan(theirs)))


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("name", INFOS)
def test_all_pairs(name: str, operation: str) -> None:
    fmt = lf.format(name)
    finite_only = fmt.infinity_code is None and fmt.nan_code is None
    for rounding in ROUNDINGS:
        for saturate in (True,) if finite_only else (False, True):
            assert compare(name, operation, rounding, saturate).size == 0, (rounding, saturate)


@pytest.mark.parametrize("name", INFOS)
def test_exact_results_are_exact_in_double(name: str) -> None:
    """What the comparison rests on: 8-bit sums and products fit in 53 bits."""
    fmt = lf.format(name)
    spread = fmt.emax - (fmt.emin - fmt.mantissa_bits) + 1
    assert spread + 1 <= 53
    rng = np.random.default_rng(0)
    _, _, a, b = pairs(name)
    for i in rng.integers(0, a.size, 200):
        for operation, fraction in (
            (np.add, Fraction.__add__), (np.subtract, Fraction.__sub__),
            (np.multiply, Fraction.__mul__),
        ):  # fmt: skip
            exact = fraction(Fraction(float(a[i])), Fraction(float(b[i])))
            assert Fraction(float(operation(a[i], b[i]))) == exact


def test_planted_wrong_roundings_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(ROUNDINGS, "nearest_even", RoundMode.TiesToAway)
    assert compare("float8_e4m3fn", "add", "nearest_even", False).size > 100
    monkeypatch.undo()
    monkeypatch.setitem(OPERATIONS, "add", np.subtract)
    assert compare("float8_e5m2", "add", "nearest_even", False).size > 100
