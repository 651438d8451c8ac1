"""The worked examples and saturation table of IEEE P3109 Interim Report v4.0 (an unapproved
draft), as far as they convert, add, multiply or fuse.
"""

from __future__ import annotations

import itertools
from fractions import Fraction

import pytest
from strategies import ROUNDINGS

import lowfloat as lf

INF = Fraction(10) ** 9999  # stands for an infinity in the tables below
M = Fraction(1, 2**18)  # the smallest positive number of binary8p4ue

NTE, ODD, ZERO = "nearest_even", "to_odd", "toward_zero"


def projection(rounding="nearest_even", saturation="none") -> lf.Projection:
    """P3109's: SatNone on a finite format clamps."""
    return lf.Projection(rounding, saturation, lf.Policy(infinityless_overflow="max"))


def convert(x: Fraction, name: str, rounding=NTE, saturation="none", r=None) -> int:
    p, f = projection(rounding, saturation), lf.format(name)
    x = Fraction(x)
    if abs(x) == INF:
        return lf.golden.project(lf.golden.Value("infinite", int(x < 0)), f, p, r)[0]
    return lf.golden.encode(x, format=f, projection=p, random_bits=r)[0]


F = Fraction
CONVERSIONS = [
    (F(3, 10), "binary8p4se", NTE, "none", 0x32),
    (F(3, 10), "binary8p4se", ODD, "none", 0x31),
    (F(3, 2), "binary8p1uf", NTE, "none", 0x80),
    (3, "binary8p1uf", NTE, "none", 0x82),
    (6, "binary8p1uf", NTE, "none", 0x82),
    (12, "binary8p1uf", NTE, "none", 0x84),
    (F(3, 4), "binary8p1uf", NTE, "none", 0x80),
    (F(1, 2**128), "binary8p1uf", NTE, "none", 0x00),
    (F(1, 2**128) + F(1, 2**300), "binary8p1uf", NTE, "none", 0x01),
    (3, "binary8p1uf", ODD, "none", 0x81),
    (6, "binary8p1uf", ODD, "none", 0x83),
    (232, "binary8p4se", NTE, "none", 0x7E),
    (233, "binary8p4se", NTE, "none", 0x7F),
    (233, "binary8p4se", NTE, "finite", 0x7E),
    (233, "binary8p4se", NTE, "propagate", 0x7E),
    (1000, "binary8p4se", ZERO, "none", 0x7E),
    (INF, "binary8p4se", ZERO, "none", 0x7F),
    (INF, "binary8p4se", ZERO, "propagate", 0x7F),
    (INF, "binary8p4se", ZERO, "finite", 0x7E),
    (1000, "binary8p4sf", NTE, "none", 0x7F),
    (-INF, "binary8p4sf", NTE, "none", 0xFF),
    (55295, "binary8p4ue", NTE, "none", 0xFD),
    (55296, "binary8p4ue", NTE, "none", 0xFE),
    (60000, "binary8p4ue", ODD, "none", 0xFD),
    (225, "binary8p4se", ODD, "none", 0x7F),
    (-M / 2, "binary8p4ue", NTE, "none", 0x00),
    (-3 * M / 4, "binary8p4ue", NTE, "none", 0xFF),
    (-1, "binary8p4ue", ZERO, "none", 0x00),
    (-INF, "binary8p4ue", ZERO, "none", 0xFF),
    (F(17, 16) + F(1, 2**20), "binary8p4se", NTE, "none", 0x41),
    (F(17, 16), "binary8p4se", NTE, "none", 0x40),
]


@pytest.mark.parametrize(("x", "name", "rounding", "saturation", "code"), CONVERSIONS)
def test_worked_conversions(x, name, rounding, saturation, code):
    assert convert(x, name, rounding, saturation) == code


@pytest.mark.parametrize("saturation", ["finite", "propagate"])
@pytest.mark.parametrize("x", [-M / 2, -3 * M / 4, -1, -INF])
def test_negatives_saturate_to_zero_in_unsigned_formats(x, saturation):
    for rounding in ROUNDINGS:
        assert convert(x, "binary8p4ue", rounding, saturation) == 0


@pytest.mark.parametrize(("variant", "first"), [("A", 6), ("B", 5), ("C", 6)])
def test_worked_stochastic_roundings(variant, first):
    for r in range(8):
        code = convert(Fraction(69, 64), "binary8p3se", lf.Stochastic(3, variant), r=r)
        assert code == 0x40 + (r >= first)


@pytest.mark.parametrize(
    ("name", "rounding", "code"),
    [
        ("binary8p4se", NTE, 0xD9),
        ("binary8p4se", "toward_positive", 0xD8),
        ("binary32", NTE, 0xC10F6000),
    ],
)
def test_worked_fma(name, rounding, code):
    formats = tuple(map(lf.format, ("binary4p2sf", "binary4p2sf", "binary8p3se")))
    p = projection(rounding)
    got = lf.golden.fma(0x7, 0xF, 0x2D, formats=formats, format=lf.format(name), projection=p)
    assert got == (code, 0 if name == "binary32" else 1)


def test_conversion_rounds_once():
    start = Fraction(17, 16) + Fraction(1, 2**20)
    half = lf.golden.encode(start, format=lf.format("float16"))[0]
    f = lf.format("binary8p4se")
    assert lf.golden.convert(half, formats=(lf.format("float16"),), format=f)[0] == 0x40
    assert lf.golden.encode(start, format=f)[0] == 0x41


def saturate(x: Fraction, sign: str, domain: str, mode: str, rounding: str) -> str | None:
    """4.7.5, for a value that rounds outside the finite range: lo, hi, +inf, -inf, 0 or nan."""
    extended, unsigned = domain == "e", sign == "u"
    if x > 0:
        if mode == "finite" or not extended:
            return "hi"
        if x == INF:
            return "+inf"
        if mode == "propagate":
            return "hi"
        keeps = rounding in ("toward_zero", "toward_negative")
        return "hi" if keeps or (unsigned and rounding == ODD) else "+inf"
    if unsigned:
        if mode != "none":
            return "0"
        return "0" if x != -INF and rounding in (ZERO, "toward_positive") else "nan"
    if mode == "finite" or not extended:
        return "lo"
    if x == -INF:
        return "-inf"
    if mode == "propagate":
        return "lo"
    return "lo" if rounding in ("toward_zero", "toward_positive") else "-inf"


@pytest.mark.parametrize("k", [3, 4, 5, 6, 8])
def test_the_saturation_table(k):
    known = [r for r in ROUNDINGS if r not in ("nearest_zero", "away_from_zero")]
    for sign, domain, mode in itertools.product("su", "ef", ("none", "finite", "propagate")):
        for p in range(1, k + (sign == "u")):
            f = lf.format(f"binary{k}p{p}{sign}{domain}")
            outcomes = {
                "hi": f.max_finite_code,
                "lo": f.max_finite_code | f.sign_mask,
                "+inf": f.infinity_code,
                "-inf": None if f.infinity_code is None else f.infinity_code | f.sign_mask,
                "0": 0,
                "nan": f.nan_code,
            }
            beyond = lf.golden.decode(f.max_finite_code, f).magnitude * 16
            for x, rounding in itertools.product((beyond, -beyond, INF, -INF), known):
                expected = outcomes[saturate(x, sign, domain, mode, rounding)]
                assert convert(x, f.name, rounding, mode) == expected, (f, x > 0, rounding, mode)


def test_toward_negative_and_odd_make_nan_of_every_negative_in_unsigned_formats():
    for rounding, x in itertools.product(("toward_negative", ODD), (-M / 2**60, -M, -1)):
        assert convert(x, "binary8p4ue", rounding) == 0xFF
    assert convert(-M / 2, "binary8p4ue", "nearest_away") == 0xFF


def test_sat_none_on_a_finite_format_is_the_policy_not_the_default():
    f = lf.format("binary8p4sf")
    assert lf.golden.encode(1000, format=f)[0] == f.nan_code
    assert convert(1000, "binary8p4sf") == f.max_finite_code
