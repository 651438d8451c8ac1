"""Projection against gfloat: all its roundings, saturation, and stochastic rounding by bits."""

from __future__ import annotations

import itertools
import math
import random

import gfloat
import pytest
from gfloat import RoundMode, formats
from gfloat.formats import format_info_p3109

import lowfloat as lf

ROUNDINGS = {
    RoundMode.TowardZero: "toward_zero",
    RoundMode.TowardPositive: "toward_positive",
    RoundMode.TowardNegative: "toward_negative",
    RoundMode.TiesToEven: "nearest_even",
    RoundMode.TiesToAway: "nearest_away",
}
# gfloat's names for P3109's StochasticA, B and C; its StochasticOdd is in neither.
STOCHASTIC = {
    RoundMode.StochasticFastest: "A",
    RoundMode.StochasticFast: "B",
    RoundMode.Stochastic: "C",
}
INFOS = {
    "float16": formats.format_info_binary16,
    "bfloat16": formats.format_info_bfloat16,
    "float8_e4m3fn": formats.format_info_ocp_e4m3,
    "float8_e5m2": formats.format_info_ocp_e5m2,
    "float6_e2m3fn": formats.format_info_ocp_e2m3,
    "float6_e3m2fn": formats.format_info_ocp_e3m2,
    "float4_e2m1fn": formats.format_info_ocp_e2m1,
}
for _k, _sign, _domain in itertools.product((4, 6, 8), "su", "ef"):
    for _p in range(1, _k + (_sign == "u")):
        INFOS[f"binary{_k}p{_p}{_sign}{_domain}"] = format_info_p3109(
            _k,
            _p,
            gfloat.Signedness.Signed if _sign == "s" else gfloat.Signedness.Unsigned,
            gfloat.Domain.Extended if _domain == "e" else gfloat.Domain.Finite,
        )


def sources(f: lf.Format, count: int) -> list[float]:
    """Doubles of at most 20 significant bits, so that gfloat's float arithmetic is exact."""
    rng = random.Random(f.name)
    found = [0.0, math.inf]
    for _ in range(count):
        exponent = rng.randint(f.emin - f.mantissa_bits - 2, f.emax + 2)
        bits = rng.choice([f.mantissa_bits + 1, f.mantissa_bits + 2, f.mantissa_bits + 5, 20])
        found.append(math.ldexp(1 + rng.getrandbits(bits) / 2**bits, exponent))
    # gfloat has no rule for negative numbers in unsigned formats.
    return [*found, *(-x for x in found)] if f.signed else found


def differences(name: str, x: float, mode: RoundMode, saturate: bool, n: int, r: int) -> list[str]:
    """The case as text where the two results differ."""
    f, info = lf.format(name), INFOS[name]
    rounding = ROUNDINGS.get(mode) or lf.Stochastic(n, STOCHASTIC[mode])
    p = lf.Projection(rounding, "finite" if saturate else "none")
    code, _ = lf.golden.encode(x, format=f, projection=p, random_bits=r)
    try:
        there = gfloat.round_float(info, x, mode, saturate, srbits=r, srnumbits=n)
    except ValueError:
        # Neither infinity nor NaN for an overflow: here the largest number (P-8).
        assert f.nan == f.infinities == "none"
        return [] if code & f.magnitude_mask == f.max_finite_code else [f"{name} {x!r} no clamp"]
    value = lf.golden.decode(code, f)
    if math.isnan(there):
        return [] if value.is_nan else [f"{name} {x!r} {mode}: {code:#x}, there NaN"]
    # Code 0x80 of an FNUZ-like format is NaN, so gfloat's zero there has no sign either.
    expected = gfloat.encode_float(info, there)
    return [] if code == expected else [f"{name} {x!r} {mode} {r}: {code:#x}, there {expected:#x}"]


@pytest.mark.parametrize("name", INFOS)
def test_deterministic_roundings_agree(name):
    found = []
    for x in sources(lf.format(name), 25):
        for mode, saturate in itertools.product(ROUNDINGS, (False, True)):
            found += differences(name, x, mode, saturate, 0, 0)
    assert found[:5] == []


@pytest.mark.parametrize("name", INFOS)
def test_stochastic_roundings_agree(name):
    rng, found = random.Random(name), []
    for x in sources(lf.format(name), 20):
        for mode, n in itertools.product(STOCHASTIC, (1, 3, 8)):
            for r in {0, (1 << n) - 1, rng.getrandbits(n)}:
                found += differences(name, x, mode, rng.random() < 0.5, n, r)
    assert found[:5] == []


def test_planted_wrong_roundings_are_found(monkeypatch):
    planted = dict(zip(STOCHASTIC, "BCA", strict=True))
    monkeypatch.setitem(ROUNDINGS, RoundMode.TiesToEven, "nearest_away")
    tie = 1 + 2.0**-4
    assert differences("float8_e4m3fn", tie, RoundMode.TiesToEven, False, 0, 0)
    assert not differences("float8_e4m3fn", tie, RoundMode.TiesToAway, False, 0, 0)
    monkeypatch.setattr("test_against_gfloat.STOCHASTIC", planted)
    wrong = [
        line
        for x in sources(lf.format("float8_e4m3fn"), 40)
        for mode, r in itertools.product(planted, range(4))
        for line in differences("float8_e4m3fn", x, mode, False, 2, r)
    ]
    assert wrong
