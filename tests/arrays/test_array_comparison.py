"""Comparisons are exact between any formats and Python numbers; NaN is unordered."""

from __future__ import annotations

import operator
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import strategies
from hypothesis import given, settings
from hypothesis import strategies as st

import lowfloat as lf
from lowfloat.engine.sources import code_dtype

OPERATORS = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def exact(code: int, fmt: lf.Format) -> Fraction | float:
    """The value as something that Python compares exactly."""
    value = lf.golden.decode(code, fmt)
    return value.signed if value.kind == "finite" else float(value)


@pytest.mark.parametrize("sign", OPERATORS)
@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("float8_e4m3fn", "float8_e4m3fn"),
        ("float8_e4m3fn", "float8_e5m2"),
        ("float8_e8m0fnu", "float4_e2m1fn"),
        ("float8_e4m3fnuz", "binary8p1ue"),
        ("e6m1b200000", "float8_e5m2"),
    ],
)
def test_every_pair_of_codes_compares_by_value(left: str, right: str, sign: str) -> None:
    compare = OPERATORS[sign]
    x, y = (lf.from_codes(np.arange(1 << lf.format(f).width), f) for f in (left, right))
    values = [[exact(int(c), a.format) for c in a.codes] for a in (x, y)]
    step = 1 if left == right else 3
    result = compare(x.reshape(-1, 1)[::step], y)
    expected = [[compare(a, b) for b in values[1]] for a in values[0][::step]]
    assert result.dtype == bool
    assert np.array_equal(result, expected)


@settings(max_examples=60)
@given(data=st.data())
def test_any_formats_compare_by_value(data: st.DataObject) -> None:
    formats = [data.draw(strategies.formats(extreme_bias=False)) for _ in range(2)]
    codes = [data.draw(st.lists(strategies.codes(f), min_size=6, max_size=6)) for f in formats]
    x, y = (
        lf.from_codes(np.array(c, code_dtype(f)), f) for c, f in zip(codes, formats, strict=True)
    )
    for compare in OPERATORS.values():
        expected = [
            compare(exact(a, x.format), exact(b, y.format)) for a, b in zip(*codes, strict=True)
        ]
        assert compare(x, y).tolist() == expected


def test_numbers_that_float64_cannot_hold_compare_exactly() -> None:
    x = lf.array([2.0**53, 2.0**60, 0.5], "float64")
    assert (x == [2**53 + 1, 2**60 + 1, Fraction(1, 2)]).tolist() == [False, False, True]
    assert (x < 2**60 + 1).tolist() == [True, True, True]
    assert (x == Fraction(1, 3)).tolist() == [False] * 3
    assert (x >= np.array([2**53 + 1, 2**60, 0])).tolist() == [False, True, True]
    assert (lf.array([2.0**63], "float32") == np.uint64(2**63)).tolist() == [True]
    assert (lf.array([2.0**63], "float32") > np.array([-(2**63)])).tolist() == [True]
    assert (lf.array([2.0**63], "float32") > np.uint64(2**63 - 1)).tolist() == [True]


def test_huge_formats_compare_without_rounding() -> None:
    huge = lf.Format(16, 0, signed=False)
    x = lf.from_codes([1, 40000, 65535], huge)
    y = lf.array([1.0, 1.0, float("inf")], "float64")
    assert (x < y).tolist() == [True, False, True]
    assert (x == x.copy()).all()
    assert (x[1:] > x[:-1]).all()


def test_zeros_are_equal_and_nan_is_unordered() -> None:
    x = lf.array([0.0, -0.0, float("nan"), float("inf")], "float16")
    y = lf.array([-0.0, 0.0, float("nan"), float("inf")], "bfloat16")
    assert (x == y).tolist() == [True, True, False, True]
    assert (x != y).tolist() == [False, False, True, False]
    assert (x <= y).tolist() == [True, True, False, True]
    assert (x > y).tolist() == [False] * 4
    assert (x == 0).tolist() == [True, True, False, False]
    assert (0.0 == x).tolist() == [True, True, False, False]  # noqa: SIM300
    assert (np.float32([0, 1, 2, np.inf]) == x).tolist() == [True, False, False, True]


@pytest.mark.parametrize(
    "other", [None, "text", object(), 1j, {"a": 1}], ids=lambda x: type(x).__name__
)
def test_what_is_no_number_is_never_equal_and_not_ordered(other: Any) -> None:
    x = lf.array([1.0, 2.0], "float16")
    assert not np.any(x == other)
    with pytest.raises(TypeError):
        x < other  # noqa: B015


def test_shapes_broadcast_or_are_refused() -> None:
    x = lf.array([[1.0], [2.0]], "float16")
    assert (x == lf.array([1.0, 2.0], "bfloat16")).tolist() == [[True, False], [False, True]]
    assert (x[0, 0] == 1) is True
    with pytest.raises(ValueError, match="broadcast"):
        x.reshape(2) == lf.array([1, 2, 3], "float16")  # noqa: B015


def test_same_bits_tells_zeros_nans_formats_and_shapes_apart() -> None:
    same = lf.testing.assert_same_bits
    x = lf.from_codes([0x7E00, 0, 0x3C00], "float16")
    same(x, x.copy())
    for other, message in (
        (lf.from_codes([0x7E01, 0, 0x3C00], "float16"), r"\[0\]: 0x7e00 \(nan\), expected 0x7e01"),
        (lf.from_codes([0x7E00, 0x8000, 0x3C00], "float16"), r"0x0000 \(0.0\), expected 0x8000"),
        (x.reshape(3, 1), "shape"),
        (lf.from_codes(x.codes, "bfloat16"), "format float16, expected bfloat16"),
        (x.codes, "desired is a ndarray"),
    ):
        with pytest.raises(AssertionError, match=message):
            same(x, other)
    with pytest.raises(AssertionError, match="and 5 more"):
        same(lf.from_codes([1] * 8, "e4m3"), lf.from_codes([2] * 8, "e4m3"), limit=3)
