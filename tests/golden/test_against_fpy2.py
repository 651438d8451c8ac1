"""The algebraic operations against fpy2: exact arithmetic of its own, rounded by its contexts."""

from __future__ import annotations

import random
import sys

import lowfloat as lf

# isort: split
# fpy2 puts a finder of modules first, which does not know editable installations.
import fpy2
import pytest
from fpy2 import EFloatContext, EFloatNanKind, ops

sys.meta_path[:] = [f for f in sys.meta_path if not type(f).__module__.startswith("fpy2")]

ROUNDINGS = {
    "nearest_even": fpy2.RM.RNE,
    "nearest_away": fpy2.RM.RNA,
    "toward_zero": fpy2.RM.RTZ,
    "toward_positive": fpy2.RM.RTP,
    "toward_negative": fpy2.RM.RTN,
    "away_from_zero": fpy2.RM.RAZ,
    "to_odd": fpy2.RM.RTO,
}
#: Exponent bits, width, infinity, NaNs, and what is added to the exponents of IEEE's bias.
CONTEXTS = {
    "float8_e4m3": (4, 8, True, EFloatNanKind.IEEE_754, 0),
    "float8_e5m2": (5, 8, True, EFloatNanKind.IEEE_754, 0),
    "float8_e4m3fn": (4, 8, False, EFloatNanKind.MAX_VAL, 0),
    "float8_e4m3fnuz": (4, 8, False, EFloatNanKind.NEG_ZERO, -1),
    "float8_e5m2fnuz": (5, 8, False, EFloatNanKind.NEG_ZERO, -1),
    "e4m3b11": (4, 8, True, EFloatNanKind.IEEE_754, -4),
    "float6_e3m2fn": (3, 6, False, EFloatNanKind.NONE, 0),
    "float4_e2m1fn": (2, 4, False, EFloatNanKind.NONE, 0),
    "float16": (5, 16, True, EFloatNanKind.IEEE_754, 0),
    "bfloat16": (8, 16, True, EFloatNanKind.IEEE_754, 0),
}
OPERATIONS = {
    "add": (ops.add, 2), "subtract": (ops.sub, 2), "multiply": (ops.mul, 2),
    "divide": (ops.div, 2), "sqrt": (ops.sqrt, 1), "fma": (ops.fma, 3), "hypot": (ops.hypot, 2),
    "remainder": (ops.remainder, 2), "fmod": (ops.fmod, 2),
}  # fmt: skip


def context(name: str, rounding: str = "nearest_even") -> EFloatContext:
    return EFloatContext(*CONTEXTS[name], rm=ROUNDINGS[rounding])


def differences(operation: str, name: str, rounding: str, codes: tuple[int, ...]) -> list[str]:
    """The case as text where the results or the inexact flags differ."""
    fmt, ctx = lf.format(name), context(name, rounding)
    theirs = OPERATIONS[operation][0](*(ctx.decode(c) for c in codes), ctx=ctx)
    got, _ = getattr(lf.golden, operation)(
        *codes, formats=(fmt,) * len(codes), format=fmt, projection=lf.Projection(rounding)
    )
    value = lf.golden.decode(got, fmt)
    if theirs.isnan:
        same = value.is_nan
    elif theirs.isinf:
        same = value.is_infinite and bool(value.sign) == theirs.s
    else:
        same = value.kind == "finite" and value.signed == theirs.as_rational()
        zero = value.is_zero and fmt.negative_zero
        same = same and (not zero or bool(value.sign) == theirs.s)
    return (
        []
        if same
        else [f"{operation}{codes} {name} {rounding}: {got:#x} {value}, there {theirs!r}"]
    )


def flags_there(result: fpy2.Float) -> int:
    """fpy2's flags as a byte (rule F-1), tininess after rounding."""
    named = (
        result.inexact, result.underflow_post, result.overflow, result.divzero, result.invalid,
    )  # fmt: skip
    return sum(1 << bit for bit, raised in enumerate(named) if raised)


def operands(name: str, operation: str, count: int) -> list[tuple[int, ...]]:
    """Random codes, special ones often."""
    fmt, rng = lf.format(name), random.Random(f"{name} {operation}")
    special = [0, 1, fmt.max_finite_code, fmt.min_normal_code, fmt.min_normal_code - 1]
    special += [code for code in (fmt.infinity_code, fmt.nan_code) if code is not None]
    special += [code | fmt.sign_mask for code in special]
    arity = OPERATIONS[operation][1]

    def draw() -> int:
        return rng.choice(special) if rng.random() < 0.3 else rng.randrange(1 << fmt.width)

    return [tuple(draw() for _ in range(arity)) for _ in range(count)]


@pytest.mark.parametrize("name", CONTEXTS)
def test_codes_decode_alike(name: str) -> None:
    fmt, ctx = lf.format(name), context(name)
    for code in range(0, 1 << fmt.width, 1 if fmt.width <= 8 else 97):
        value, theirs = lf.golden.decode(code, fmt), ctx.decode(code)
        assert (value.is_nan, value.is_infinite) == (theirs.isnan, theirs.isinf)
        assert value.kind != "finite" or value.signed == theirs.as_rational()


def documented(operation: str, rounding: str, name: str, codes: tuple[int, ...]) -> bool:
    """Where the two differ by choice: to-odd overflow (decision 0002), signaling NaNs."""
    fmt = lf.format(name)
    if any(lf.golden.decode(code, fmt).signaling for code in codes):
        return operation == "hypot"  # rule A-10: infinity beside a quiet NaN only
    _, flags = getattr(lf.golden, operation)(
        *codes, formats=(fmt,) * len(codes), format=fmt, projection=lf.Projection(rounding)
    )
    return rounding == "to_odd" and bool(flags & 4)


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("name", CONTEXTS)
def test_results_are_alike(name: str, operation: str) -> None:
    found = []
    for codes in operands(name, operation, 40):
        for rounding in ROUNDINGS:
            if not documented(operation, rounding, name, codes):
                found += differences(operation, name, rounding, codes)
    assert found[:3] == []


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("name", [n for n in CONTEXTS if CONTEXTS[n][3] == EFloatNanKind.IEEE_754])
def test_flags_are_alike(name: str, operation: str) -> None:
    """All five, in IEEE-style formats; elsewhere fpy2 calls an overflow to NaN invalid."""
    fmt = lf.format(name)
    for codes in operands(name, operation, 40):
        if any(lf.golden.decode(code, fmt).is_nan for code in codes):
            continue
        for rounding in ROUNDINGS:
            ctx = context(name, rounding)
            theirs = OPERATIONS[operation][0](*(ctx.decode(c) for c in codes), ctx=ctx)
            _, flags = getattr(lf.golden, operation)(
                *codes, formats=(fmt,) * len(codes), format=fmt, projection=lf.Projection(rounding)
            )
            assert flags == flags_there(theirs), (codes, rounding)


def test_planted_errors_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """A wrong rounding, a wrong operation and a wrong format each show."""
    tie = (0x38, 0x18)  # 1 + 2^-4 in E4M3FN: half-way
    assert not differences("add", "float8_e4m3fn", "nearest_even", tie)
    monkeypatch.setitem(ROUNDINGS, "nearest_even", fpy2.RM.RNA)
    assert differences("add", "float8_e4m3fn", "nearest_even", tie)
    monkeypatch.undo()
    monkeypatch.setitem(OPERATIONS, "add", (ops.sub, 2))
    assert differences("add", "float8_e4m3fn", "nearest_even", tie)
    monkeypatch.undo()
    monkeypatch.setitem(CONTEXTS, "float8_e4m3fn", (4, 8, False, EFloatNanKind.MAX_VAL, 1))
    assert differences("add", "float8_e4m3fn", "nearest_even", tie)
