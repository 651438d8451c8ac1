"""NaN: which codes, which operand's, which sign, and what signals (N-1 to N-4, Q-2, Q-7, A-6)."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import codes, formats, projections

import lowfloat as lf

F16, F32 = lf.format("float16"), lf.format("float32")
POLICIES = {
    "ieee": lf.Policy(),
    "x86": lf.Policy("x86_sse"),
    "arm": lf.Policy("arm"),
    "minus": lf.Policy(default_nan_sign=1),
}


def run(operation: str, operands, policy: lf.Policy, f=F16, to=F16) -> tuple[int, int]:
    p = lf.Projection(policy=policy)
    formats = (f,) * len(operands)
    return getattr(lf.golden, operation)(*operands, formats=formats, format=to, projection=p)


# Two float16 NaN operands (or one and 1.0): quiet 7E01 and FE02, signaling 7C03 and FC04.
ONE, QA, QB, SA, SB = 0x3C00, 0x7E01, 0xFE02, 0x7C03, 0xFC04
CHOICES = [
    # operands, canonical, x86 (first), arm (first signaling one), flags
    ((ONE, QA), 0x7E00, 0x7E01, 0x7E01, 0),
    ((QB, ONE), 0x7E00, 0xFE02, 0xFE02, 0),
    ((QA, QB), 0x7E00, 0x7E01, 0x7E01, 0),
    ((QB, QA), 0x7E00, 0xFE02, 0xFE02, 0),
    ((QA, SB), 0x7E00, 0x7E01, 0xFE04, 16),
    ((SB, QA), 0x7E00, 0xFE04, 0xFE04, 16),
    ((SA, SB), 0x7E00, 0x7E03, 0x7E03, 16),
    ((ONE, SB), 0x7E00, 0xFE04, 0xFE04, 16),
]


@pytest.mark.parametrize(("operands", "canonical", "first", "signaling", "flags"), CHOICES)
def test_the_choice_between_two(operands, canonical, first, signaling, flags):
    for operation in ("add", "subtract", "multiply"):
        assert run(operation, operands, POLICIES["ieee"]) == (canonical, flags)
        assert run(operation, operands, POLICIES["x86"]) == (first, flags)
        assert run(operation, operands, POLICIES["arm"]) == (signaling, flags)
        assert run(operation, operands, POLICIES["minus"]) == (canonical | 0x8000, flags)


INF, ZERO = 0x7C00, 0x0000


@pytest.mark.parametrize(
    ("operation", "operands"),
    [
        ("add", (INF, INF | 0x8000)),
        ("subtract", (INF, INF)),
        ("multiply", (ZERO, INF)),
        ("multiply", (INF | 0x8000, ZERO)),
        ("fma", (ZERO, INF, ONE)),
        ("fma", (INF, ONE, INF | 0x8000)),
    ],
)
def test_invalid_operations_make_the_default_nan(operation, operands):
    assert run(operation, operands, POLICIES["ieee"]) == (0x7E00, 16)
    assert run(operation, operands, POLICIES["x86"]) == (0xFE00, 16)
    assert run(operation, operands, POLICIES["arm"]) == (0x7E00, 16)


def test_fma_of_zero_infinity_and_nan():
    assert run("fma", (ZERO, INF, QA), lf.Policy()) == (0x7E00, 16)
    assert run("fma", (ZERO, INF, QA), lf.Policy(fma_nan_invalid=False)) == (0x7E00, 0)
    assert run("fma", (ZERO, INF, SA), lf.Policy(fma_nan_invalid=False)) == (0x7E00, 16)
    # The NaN of the product stands to the left of the third operand.
    assert run("fma", (ZERO, INF, QA), POLICIES["x86"]) == (0xFE00, 16)
    assert run("fma", (ZERO, INF, QB), POLICIES["arm"]) == (0x7E00, 16)
    assert run("fma", (ZERO, INF, SB), POLICIES["arm"]) == (0xFE04, 16)


def test_a_quieted_choice_no_longer_signals():
    assert run("fma", (SA, QA, SB), POLICIES["arm"]) == (0xFE04, 16)
    assert run("fma", (SA, QA, SB), POLICIES["x86"]) == (0x7E03, 16)


@pytest.mark.parametrize(
    ("source", "code", "target", "result"),
    [
        ("float16", 0x7E01, "float32", 0x7FC02000),
        ("float16", 0xFC01, "float32", 0xFFC02000),
        ("float32", 0x7FC02000, "float16", 0x7E01),
        ("float32", 0x7FC01FFF, "float16", 0x7E00),
        ("float32", 0xFFBFFFFF, "bfloat16", 0xFFFF),
        ("bfloat16", 0xFFB7, "float32", 0xFFF70000),
        ("float8_e5m2", 0x7D, "float16", 0x7F00),
        ("float8_e5m2", 0x7D, "float8_e4m3", 0x7E),
        ("float16", 0xFE01, "float8_e4m3fn", 0xFF),
        ("float16", 0x7E01, "float8_e4m3fn", 0x7F),
        ("float16", 0xFE01, "float8_e4m3fnuz", 0x80),
        ("float16", 0xFE01, "float8_e8m0fnu", 0xFF),
        ("float8_e4m3fn", 0xFF, "float16", 0xFE00),
        ("float8_e4m3fnuz", 0x80, "float16", 0x7E00),
    ],
)
def test_payload_and_sign_travel_left_aligned(source, code, target, result):
    a, b = lf.format(source), lf.format(target)
    got, _ = run("convert", (code,), POLICIES["x86"], a, b)
    assert got == result
    assert run("convert", (code,), lf.Policy(), a, b)[0] == b.nan_code


@given(st.data())
def test_nan_into_a_format_without_nan(data):
    to = data.draw(formats(extreme_bias=False).filter(lambda f: f.nan == "none"))
    p, r = data.draw(projections())
    for code in (0x7E00, 0xFE00, 0x7C01):
        got = lf.golden.convert(code, formats=(F16,), format=to, projection=p, random_bits=r)
        assert got == (to.max_finite_code, 16)
    assert lf.golden.multiply(
        ZERO, INF, formats=(F16, F16), format=to, projection=p, random_bits=r
    ) == (to.max_finite_code, 16)  # fmt: skip


@given(st.data())
def test_nan_in_nan_out(data):
    """Any NaN operand gives a NaN where there is one; only IEEE's signaling ones raise."""
    sources = [data.draw(formats(max_width=12, extreme_bias=False)) for _ in range(3)]
    to = data.draw(formats(extreme_bias=False).filter(lambda f: f.nan != "none"))
    operands = [data.draw(codes(f)) for f in sources]
    values = [lf.golden.decode(c, f) for c, f in zip(operands, sources, strict=True)]
    p, r = data.draw(projections())
    for operation, count in (("add", 2), ("subtract", 2), ("multiply", 2), ("fma", 3)):
        chosen = values[:count]
        if not any(v.is_nan for v in chosen):
            continue
        code, flags = getattr(lf.golden, operation)(
            *operands[:count], formats=tuple(sources[:count]), format=to, projection=p,
            random_bits=r,
        )  # fmt: skip
        assert lf.golden.decode(code, to).is_nan
        assert not lf.golden.decode(code, to).signaling
        signaling = any(v.signaling for v in chosen)
        if operation == "fma" and not (values[0].is_nan or values[1].is_nan):
            continue  # zero times infinity: Q-7
        assert flags == (16 if signaling else 0)


def test_only_ieee_nans_signal():
    for f in (lf.Format(3, 1, infinities="ieee", nan="ieee"), lf.format("float8_e4m3fn")):
        nans = [lf.golden.decode(c, f) for c in range(1 << f.width)]
        assert not any(v.signaling for v in nans)
    f = lf.format("float8_e5m2")
    signaling = [c for c in range(256) if lf.golden.decode(c, f).signaling]
    assert signaling == [0x7D, 0xFD]


def test_a_planted_wrong_choice_is_found():
    wrong = {name: POLICIES[other] for name, other in (("x86", "arm"), ("arm", "x86"))}
    assert any(run("add", row[0], wrong["x86"])[0] != row[2] for row in CHOICES)
    assert any(run("add", row[0], wrong["arm"])[0] != row[3] for row in CHOICES)


def test_zero_operands_never_choose_a_nan():
    for a, b in itertools.product((ZERO, ZERO | 0x8000, ONE), repeat=2):
        assert not lf.golden.decode(run("add", (a, b), POLICIES["x86"])[0], F16).is_nan
