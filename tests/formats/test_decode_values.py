"""The value of every code: against ml_dtypes, gfloat, P3109's closed forms and a bit-string
decoder (rules D-3 to D-7).
"""

from __future__ import annotations

import itertools
import math
from fractions import Fraction

import gfloat
import lattice_oracle
import ml_dtypes
import numpy as np
import pytest
from gfloat.formats import format_info_p3109
from hypothesis import given
from hypothesis import strategies as st
from strategies import codes, formats

import lowfloat as lf

ML_DTYPES = (
    "bfloat16", "float4_e2m1fn", "float6_e2m3fn", "float6_e3m2fn", "float8_e3m4", "float8_e4m3",
    "float8_e4m3b11fnuz", "float8_e4m3fn", "float8_e4m3fnuz", "float8_e5m2", "float8_e5m2fnuz",
    "float8_e8m0fnu",
)  # fmt: skip

P3109 = [
    (k, p, sign, domain)
    for k in range(3, 10)
    for sign in "su"
    for p in range(1, k + (sign == "u"))
    for domain in "ef"
]


def same(value, expected: float) -> bool:
    """Whether a decoded value is a float, NaN as NaN and zeros with their signs."""
    if math.isnan(expected):
        return value.is_nan
    if value.is_nan or value.is_infinite != math.isinf(expected):
        return False
    if value.sign != (math.copysign(1, expected) < 0):
        return False
    return value.is_infinite or value.signed == Fraction(expected)


def mismatches(f: lf.Format, expected: list[float]) -> list[int]:
    """The codes whose values differ from the expected ones."""
    assert len(expected) == 1 << f.width
    return [c for c, x in enumerate(expected) if not same(lf.golden.decode(c, f), x)]


def ml_dtypes_values(name: str) -> list[float]:
    f = lf.format(name)
    raw = np.arange(1 << f.width, dtype=f"u{f.storage_bits // 8}")
    with np.errstate(invalid="ignore"):
        return raw.view(getattr(ml_dtypes, name)).astype(np.float64).tolist()


@pytest.mark.parametrize("name", ML_DTYPES)
def test_every_ml_dtypes_code_decodes_as_there(name):
    assert mismatches(lf.format(name), ml_dtypes_values(name)) == []


def test_float16_decodes_as_in_numpy():
    with np.errstate(invalid="ignore"):
        values = np.arange(1 << 16, dtype=np.uint16).view(np.float16).astype(np.float64)
    assert mismatches(lf.format("float16"), values.tolist()) == []


@given(st.integers(0, 2**32 - 1) | codes(lf.format("float32")))
def test_float32_decodes_as_in_numpy(code):
    with np.errstate(invalid="ignore"):
        expected = float(np.array([code], np.uint32).view(np.float32).astype(np.float64)[0])
    assert same(lf.golden.decode(code, lf.format("float32")), expected)


@given(st.integers(0, 2**64 - 1) | codes(lf.format("float64")))
def test_float64_decodes_as_in_numpy(code):
    expected = float(np.array([code], np.uint64).view(np.float64)[0])
    assert same(lf.golden.decode(code, lf.format("float64")), expected)


def test_a_planted_wrong_value_is_found():
    values = ml_dtypes_values("float8_e4m3fn")
    assert values[0x80] == 0
    assert values[0x7F] != values[0x7F]
    for code, wrong in ((0x38, 1.0625), (0x80, 0.0), (0x7F, 480.0), (0x01, -(2.0**-9))):
        planted = values.copy()
        planted[code] = wrong
        assert mismatches(lf.format("float8_e4m3fn"), planted) == [code]


@pytest.mark.parametrize("k", range(3, 10))
def test_p3109_decodes_as_in_gfloat(k):
    for _, p, sign, domain in (row for row in P3109 if row[0] == k):
        info = format_info_p3109(
            k,
            p,
            gfloat.Signedness.Signed if sign == "s" else gfloat.Signedness.Unsigned,
            gfloat.Domain.Extended if domain == "e" else gfloat.Domain.Finite,
        )
        f = lf.format(f"binary{k}p{p}{sign}{domain}")
        expected = [gfloat.decode_float(info, c).fval for c in range(1 << k)]
        assert mismatches(f, expected) == [], f


def closed_form(k: int, p: int, sign: str, domain: str, code: int) -> Fraction | str:
    """Interim Report v4.0, 4.7.2: the value of a code point."""
    signed = sign == "s"
    if code == (2 ** (k - 1) if signed else 2**k - 1):
        return "nan"
    if signed and code > 2 ** (k - 1):
        value = closed_form(k, p, sign, domain, code - 2 ** (k - 1))
        return "-inf" if value == "inf" else -value
    if domain == "e" and code == (2 ** (k - 1) - 1 if signed else 2**k - 2):
        return "inf"
    bias = 2 ** (k - p - 1) if signed else 2 ** (k - p)
    exponent, t = divmod(code, 2 ** (p - 1))
    tail = Fraction(t, 2 ** (p - 1))
    if exponent == 0:
        return tail * Fraction(2) ** (1 - bias)
    return (1 + tail) * Fraction(2) ** (exponent - bias)


def plain(code: int, f: lf.Format) -> Fraction | str:
    value = lf.golden.decode(code, f)
    if value.is_nan:
        return "nan"
    if value.is_infinite:
        return "-inf" if value.sign else "inf"
    return value.signed


def assert_closed_form(k: int, p: int, sign: str, domain: str) -> None:
    f = lf.format(f"binary{k}p{p}{sign}{domain}")
    for code in range(1 << k):
        assert plain(code, f) == closed_form(k, p, sign, domain, code), (f.name, hex(code))


def test_p3109_decodes_as_the_report_says():
    for row in P3109:
        assert_closed_form(*row)


@pytest.mark.exhaustive
@pytest.mark.parametrize("k", range(10, 17))
def test_wide_p3109_formats_decode_as_the_report_says(k):
    for sign, domain in itertools.product("su", "ef"):
        for p in range(1, k + (sign == "u")):
            assert_closed_form(k, p, sign, domain)


def test_p3109_landmarks():
    """Interim Report v4.0, table in 4.14 and A.5: codes of zero, one and the extremes."""
    for k, p, sign, domain in ((k, *row) for k, *row in P3109):
        f = lf.format(f"binary{k}p{p}{sign}{domain}")
        signed, extended = sign == "s", domain == "e"
        top = 2 ** (k - 1) - 1 if signed else 2**k - 2
        bias = 2 ** (k - p - signed)
        assert f.nan_code == (2 ** (k - 1) if signed else 2**k - 1)
        assert f.infinity_code == (top if extended else None)
        assert f.max_finite_code == top - extended
        assert f.min_positive_code == 1
        assert plain(0, f) == 0
        assert plain(1, f) == Fraction(2) ** (2 - p - bias)
        assert plain(2 ** (k - 2) if signed else 2 ** (k - 1), f) == 1
        if p > 1 and f.min_normal_code <= f.max_finite_code:
            assert plain(f.min_normal_code, f) == Fraction(2) ** (1 - bias)
        largest = plain(f.max_finite_code, f)
        assert Fraction(2) ** f.emax <= largest < Fraction(2) ** (f.emax + 1)


@pytest.mark.parametrize(
    ("name", "bias", "smallest", "smallest_normal", "largest", "code"),
    [
        ("binary4p2sf", 2, "1/4", "1/2", "3", 0x7),
        ("binary6p3sf", 4, "1/32", "1/8", "14", 0x1F),
        ("binary6p4sf", 2, "1/16", "1/2", "15/4", 0x1F),
        ("binary8p1uf", 128, Fraction(2) ** -127, Fraction(2) ** -127, 2**126, 0xFE),
        ("binary8p3se", 16, Fraction(2) ** -17, Fraction(2) ** -15, "49152", 0x7E),
        ("binary8p3sf", 16, Fraction(2) ** -17, Fraction(2) ** -15, "57344", 0x7F),
        ("binary8p4se", 8, Fraction(2) ** -10, Fraction(2) ** -7, "224", 0x7E),
        ("binary8p4sf", 8, Fraction(2) ** -10, Fraction(2) ** -7, "240", 0x7F),
        ("binary8p5se", 4, Fraction(2) ** -7, Fraction(2) ** -3, "15", 0x7E),
        ("binary8p4ue", 16, Fraction(2) ** -18, Fraction(2) ** -15, "53248", 0xFD),
        ("binary16p11se", 16, Fraction(2) ** -25, Fraction(2) ** -15, "65472", 0x7FFE),
        ("float8_e4m3fn", 7, Fraction(2) ** -9, Fraction(2) ** -6, "448", 0x7E),
        ("float8_e5m2", 15, Fraction(2) ** -16, Fraction(2) ** -14, "57344", 0x7B),
        ("float4_e2m1fn", 1, "1/2", "1", "6", 0x7),
        ("float6_e2m3fn", 1, "1/8", "1", "15/2", 0x1F),
        ("float6_e3m2fn", 3, "1/16", "1/4", "28", 0x1F),
        ("float8_e8m0fnu", 127, Fraction(2) ** -127, Fraction(2) ** -127, 2**127, 0xFE),
        ("dlfloat16", 31, Fraction(513, 512) / 2**31, Fraction(513, 512) / 2**31,
         Fraction(2**32) * Fraction(1022, 512), 0x7FFE),
        ("tf32", 127, Fraction(2) ** -136, Fraction(2) ** -126,
         (2 - Fraction(1, 1024)) * 2**127, 0x3FBFF),
    ],
)  # fmt: skip
def test_published_extremes(name, bias, smallest, smallest_normal, largest, code):
    f = lf.format(name)
    assert f.bias == bias
    assert f.max_finite_code == code
    assert plain(f.max_finite_code, f) == Fraction(largest)
    assert plain(f.min_positive_code, f) == Fraction(smallest)
    assert plain(f.min_normal_code, f) == Fraction(smallest_normal)


@pytest.mark.parametrize(
    ("name", "code", "value"),
    [("binary8p4se", 0xC5, Fraction(-13, 8)), ("binary8p4se", 0x05, Fraction(5, 1024))],
)
def test_p3109_worked_decodes(name, code, value):
    assert plain(code, lf.format(name)) == value


@pytest.mark.parametrize(
    ("double", "base", "differ"),
    [
        ("float4_e2m1fn", "binary4p2sf", {0x8}),
        ("float6_e3m2fn", "binary6p3sf", {0x20}),
        ("float6_e2m3fn", "binary6p4sf", {0x20}),
        ("float8_e8m0fnu", "binary8p1uf", {0x00}),
        ("float8_e4m3fn", "binary8p4sf", {0x7F, 0xFF, 0x80}),
        ("float8_e5m2", "binary8p3se", {0x80, *range(0x7C, 0x80), *range(0xFC, 0x100)}),
    ],
)  # fmt: skip
def test_p3109_formats_are_half_of_the_usual_ones(double, base, differ):
    f, g = lf.format(double), lf.format(base)

    def doubled(code: int) -> Fraction | str:
        value = plain(code, g)
        return value if isinstance(value, str) else 2 * value

    unequal = {c for c in range(1 << f.width) if plain(c, f) != doubled(c)}
    assert unequal == differ


def decoded_as_bits_say(code: int, f: lf.Format) -> None:
    value, expected = lf.golden.decode(code, f), lattice_oracle.decode(code, f)
    kind = {"nan": "nan", "inf": "infinite", "number": "finite"}[expected.kind]
    assert (value.kind, value.sign, value.magnitude) == (kind, *expected[1:]), (f, hex(code))


@given(formats(extreme_bias=False), st.data())
def test_every_format_decodes_as_its_bits_say(f, data):
    decoded_as_bits_say(data.draw(codes(f)), f)


def test_small_formats_decode_as_their_bits_say():
    for f in lattice_oracle.small_formats(5):
        for code in range(1 << f.width):
            decoded_as_bits_say(code, f)


def test_a_flushed_code_is_negative_zero_only_where_there_is_one():
    for has_negative_zero in (True, False):
        f = lf.Format(3, 2, negative_zero=has_negative_zero, subnormals="flush")
        for code in range(f.sign_mask, f.sign_mask + 4):
            assert lf.golden.decode(code, f) == ("finite", has_negative_zero, 0, False, 0)


def test_codes_out_of_range_are_errors():
    f = lf.format("float6_e3m2fn")
    for code in (-1, 64, 255):
        with pytest.raises(ValueError, match="6 bits"):
            lf.golden.decode(code, f)


@given(formats(extreme_bias=False))
def test_extremes_are_the_extremes(f):
    assert lf.golden.decode(f.max_finite_code, f).kind == "finite"
    if f.max_finite_code < f.magnitude_mask:
        assert lf.golden.decode(f.max_finite_code + 1, f).kind != "finite"
    smallest = lf.golden.decode(f.min_positive_code, f).magnitude
    assert smallest > 0
    if f.min_positive_code:
        assert lf.golden.decode(f.min_positive_code - 1, f).magnitude == 0
    if f.nan_code is not None:
        nan = lf.golden.decode(f.nan_code, f)
        assert (nan.kind, nan.sign, nan.signaling, nan.payload) == ("nan", 0, False, 0)
    if f.infinity_code is not None:
        assert lf.golden.decode(f.infinity_code, f).kind == "infinite"
