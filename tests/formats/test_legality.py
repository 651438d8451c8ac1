"""Which combinations of fields are formats: rules D-1, D-2 and D-8."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import given
from strategies import formats

import lowfloat as lf

NANS = ("none", "ieee", "all_ones", "negative_zero", "top")


def is_format(*args: Any, **fields: Any) -> bool:
    try:
        lf.Format(*args, **fields)
    except ValueError:
        return False
    return True


def legal(e, m, signed, infinities, nan, negative_zero, zero, subnormals) -> bool:
    """Table D-2 and rule D-8, restated; fields are within D-1."""
    rows = [
        infinities != "ieee" or (e >= 1 and m >= 1 and nan == "ieee"),
        nan != "ieee" or (e >= 1 and m >= 1 and infinities == "ieee"),
        nan not in ("all_ones", "negative_zero") or signed,
        nan != "top" or not signed,
        not negative_zero or (signed and zero and nan != "negative_zero"),
        zero or (not signed and subnormals == "normal"),
        subnormals != "gradual" or zero,
        subnormals != "flush" or (e >= 1 and m >= 1),
        subnormals != "normal" or (e >= 1 and (m >= 1 or not zero)),
    ]
    if not all(rows):
        return False
    numbers = 2 ** (e + m) - (2**m if infinities == "ieee" else 0)
    numbers -= (infinities == "top") + (nan in ("all_ones", "top"))
    return numbers > (0 if not zero else 2**m if subnormals == "flush" else 1)


def test_small_formats_are_exactly_those_of_the_table():
    accepted = 0
    for e, m, signed, inf, nan, nz, zero, sub in itertools.product(
        range(5), range(5), (True, False), ("none", "ieee", "top"), NANS, (True, False),
        (True, False), ("gradual", "flush", "normal"),
    ):  # fmt: skip
        if e + m + signed < 1:
            continue
        fields = (e, m, signed, inf, nan, nz, zero, sub)
        made = is_format(e, m, None, signed, inf, nan, nz, zero, sub)
        assert made == legal(*fields), fields
        accepted += made
    assert accepted > 500


def test_the_table_catches_a_planted_error():
    fields = (4, 3, True, "none", "all_ones", True, True, "gradual")
    assert legal(*fields)
    assert not legal(*fields[:4], "top", *fields[5:])
    assert not is_format(4, 3, None, True, "none", "top")


# Every row of D-2: fields that satisfy it, the same with one thing changed that breaks it,
# and a word that the message has to contain.
ROWS = [
    ({"infinities": "ieee", "nan": "ieee"}, {"exponent_bits": 0}, "exponent"),
    ({"infinities": "ieee", "nan": "ieee"}, {"mantissa_bits": 0}, "mantissa"),
    ({"infinities": "ieee", "nan": "ieee"}, {"nan": "none"}, "ieee"),
    ({"infinities": "ieee", "nan": "ieee"}, {"nan": "all_ones"}, "ieee"),
    ({"infinities": "ieee", "nan": "ieee"}, {"infinities": "top"}, "ieee"),
    ({"infinities": "ieee", "nan": "ieee"}, {"infinities": "none"}, "ieee"),
    ({"nan": "all_ones"}, {"signed": False}, "unsigned"),
    ({"nan": "negative_zero"}, {"signed": False}, "unsigned"),
    ({"nan": "top", "signed": False}, {"signed": True}, "signed"),
    ({"negative_zero": True}, {"signed": False}, "negative_zero"),
    ({"negative_zero": True}, {"nan": "negative_zero"}, "negative_zero"),
    ({"zero": False, "signed": False, "subnormals": "normal"}, {"signed": True}, "zero"),
    ({"zero": False, "signed": False, "subnormals": "normal"}, {"subnormals": "gradual"}, "zero"),
    ({"zero": False, "signed": False, "subnormals": "normal"}, {"subnormals": "flush"}, "zero"),
    ({"subnormals": "flush"}, {"exponent_bits": 0}, "exponent"),
    ({"subnormals": "flush"}, {"mantissa_bits": 0}, "mantissa"),
    ({"subnormals": "normal"}, {"exponent_bits": 0}, "exponent"),
    ({"subnormals": "normal"}, {"mantissa_bits": 0}, "mantissa"),
]


@pytest.mark.parametrize(("good", "change", "word"), ROWS)
def test_each_row_holds_both_ways(good, change, word):
    base = {"exponent_bits": 4, "mantissa_bits": 3}
    lf.Format(**(base | good))
    with pytest.raises(ValueError, match=rf"(?i)({word}).*D-2"):
        lf.Format(**(base | good | change))


@pytest.mark.parametrize(
    ("good", "bad"),
    [
        ((11, 52), (11, 53)),
        ((16, 0, 0, False), (17, 0, 0, False)),
        ((11, 5, 0), (12, 4, 0)),
        ((12, 4, 0, False), (12, 5, 0, False)),
        ((11, 52, 0), (12, 51, 0)),
        ((4, 3, 1 << 20), (4, 3, (1 << 20) + 1)),
        ((4, 3, -(1 << 20)), (4, 3, -(1 << 20) - 1)),
        ((0, 1, 1, False), (0, 0, 1, False)),
        ((1, 0), (-1, 3)),
        ((3, 2), (3, 2.0)),
        ((3, 1), (3, True)),
        ((3, 2, 1), (3, 2, "1")),
    ],
)
def test_field_ranges_hold_both_ways(good, bad):
    lf.Format(*good)
    with pytest.raises(ValueError, match="D-1"):
        lf.Format(*bad)


@pytest.mark.parametrize("field", ["infinities", "nan", "subnormals"])
def test_unknown_choices_are_named(field):
    with pytest.raises(ValueError, match=f"{field} must be one of .*none|gradual"):
        lf.Format(4, 3, **{field: "sometimes"})


@pytest.mark.parametrize(
    "fields",
    [
        {"exponent_bits": 1, "mantissa_bits": 0, "nan": "all_ones"},
        {"exponent_bits": 0, "mantissa_bits": 1, "infinities": "top"},
        {
            "exponent_bits": 1,
            "mantissa_bits": 1,
            "infinities": "ieee",
            "nan": "ieee",
            "subnormals": "flush",
        },
        {"exponent_bits": 1, "mantissa_bits": 0, "infinities": "top", "nan": "all_ones"},
        {
            "exponent_bits": 0,
            "mantissa_bits": 1,
            "signed": False,
            "infinities": "top",
            "nan": "top",
        },
    ],
)
def test_a_format_has_a_positive_number(fields):
    with pytest.raises(ValueError, match="D-8"):
        lf.Format(**fields)


def test_defaults():
    for e, bias in ((0, 1), (1, 0), (2, 1), (5, 15), (11, 1023)):
        assert lf.Format(e, 3).bias == bias
    assert lf.Format(4, 3).negative_zero
    assert not lf.Format(4, 3, nan="negative_zero").negative_zero
    assert not lf.Format(4, 3, signed=False).negative_zero


@given(formats())
def test_layout_follows_from_the_fields(f):
    assert f.width == f.signed + f.exponent_bits + f.mantissa_bits
    assert f.storage_bits == next(s for s in (8, 16, 32, 64) if s >= f.width)
    assert f.precision == f.mantissa_bits + 1
    assert f.sign_mask + f.magnitude_mask == (1 << f.width) - 1
    fields = (f.exponent_bits, f.mantissa_bits, f.signed, f.infinities, f.nan, f.negative_zero)
    assert legal(*fields, f.zero, f.subnormals)
