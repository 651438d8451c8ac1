"""Rounding and arithmetic against MPFR: IEEE-like formats, subnormals included (C-1, A-2 to A-5)."""

from __future__ import annotations

from fractions import Fraction

import gmpy2
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from strategies import codes, numbers

import lowfloat as lf

ROUNDINGS = {
    "nearest_even": gmpy2.RoundToNearest,
    "toward_zero": gmpy2.RoundToZero,
    "toward_positive": gmpy2.RoundUp,
    "toward_negative": gmpy2.RoundDown,
    "away_from_zero": gmpy2.RoundAwayZero,
}
NAMES = ("float16", "bfloat16", "tf32", "float32", "float64", "e5m2", "e4m3", "e3m4", "e6m9",
         "e11m20", "e2m5", "e8m1")  # fmt: skip
DOUBLES = st.floats(allow_nan=False, allow_infinity=False)


def context(f: lf.Format, rounding: str) -> gmpy2.context:
    """MPFR's numbers are 0.1xx 2^e: its exponents are one more than IEEE 754's."""
    emax = f.emax + 1
    return gmpy2.context(
        precision=f.precision,
        emax=emax,
        emin=f.emin - f.mantissa_bits + 1,
        subnormalize=True,
        round=ROUNDINGS[rounding],
    )


def compare(got: tuple[int, int], there: gmpy2.mpfr, ctx: gmpy2.context, f: lf.Format) -> None:
    """The value, the sign of zeros, and the inexact, overflow and invalid flags."""
    code, flags = got
    value = lf.golden.decode(code, f)
    if gmpy2.is_nan(there):
        assert value.is_nan
    elif gmpy2.is_infinite(there):
        assert (value.kind, value.sign) == ("infinite", int(there < 0))
    else:
        assert value.kind == "finite"
        assert value.sign == int(gmpy2.is_signed(there))
        assert value.signed == Fraction(gmpy2.mpq(there))
        exact = code & f.magnitude_mask
        assert exact <= f.max_finite_code
    assert bool(flags & 1) == ctx.inexact, flags
    assert bool(flags & 4) == ctx.overflow, flags
    assert bool(flags & 16) == ctx.invalid, flags


def round_there(x: Fraction | float, ctx: gmpy2.context) -> gmpy2.mpfr:
    with ctx as inner:
        exact = gmpy2.mpq(x) if isinstance(x, Fraction) else x
        found = gmpy2.mpfr(exact)
        ctx.inexact, ctx.overflow, ctx.invalid = inner.inexact, inner.overflow, inner.invalid
        return found


@pytest.mark.parametrize("name", NAMES)
@given(data=st.data())
def test_rationals_round_as_in_mpfr(name, data):
    f = lf.format(name)
    x, rounding = data.draw(numbers(f)), data.draw(st.sampled_from(sorted(ROUNDINGS)))
    ctx = context(f, rounding)
    got = lf.golden.encode(x, format=f, projection=lf.Projection(rounding))
    compare(got, round_there(x, ctx), ctx, f)


@pytest.mark.parametrize("name", NAMES)
@given(x=DOUBLES, rounding=st.sampled_from(sorted(ROUNDINGS)))
@example(x=1 + 2.0**-8 + 2.0**-40, rounding="nearest_even")
@example(x=-431.99999999999994, rounding="nearest_even")
@example(x=5e-324, rounding="away_from_zero")
def test_doubles_round_once(name, x, rounding):
    f = lf.format(name)
    ctx = context(f, rounding)
    got = lf.golden.encode(x, format=f, projection=lf.Projection(rounding))
    compare(got, round_there(x, ctx), ctx, f)


@pytest.mark.parametrize("name", ["float16", "bfloat16", "float32", "float64", "e6m9"])
@given(x=st.integers(-(2**63), 2**64 - 1), rounding=st.sampled_from(sorted(ROUNDINGS)))
@example(x=16973823, rounding="nearest_even")
@example(x=2**63 - 1, rounding="toward_zero")
@example(x=2**53 + 1, rounding="nearest_even")
def test_integers_round_once(name, x, rounding):
    f = lf.format(name)
    ctx = context(f, rounding)
    got = lf.golden.encode(x, format=f, projection=lf.Projection(rounding))
    compare(got, round_there(Fraction(x), ctx), ctx, f)


def exactly(code: int, f: lf.Format) -> gmpy2.mpfr:
    """The operand in MPFR, unrounded, with the sign of zeros."""
    value = lf.golden.decode(code, f)
    with gmpy2.context(precision=200, emax=10**6, emin=-(10**6)):
        if value.is_nan:
            return gmpy2.nan()
        size = gmpy2.inf() if value.is_infinite else gmpy2.mpfr(gmpy2.mpq(value.magnitude))
        return -size if value.sign else size


@pytest.mark.parametrize("operation", ["add", "subtract", "multiply", "fma"])
@given(data=st.data())
def test_operations_round_as_in_mpfr(operation, data):
    names = st.sampled_from(NAMES)
    f = lf.format(data.draw(names))
    count = 3 if operation == "fma" else 2
    sources = tuple(lf.format(data.draw(st.just(f.name) | names)) for _ in range(count))
    operands = [data.draw(codes(source)) for source in sources]
    if any(lf.golden.decode(c, s).signaling for c, s in zip(operands, sources, strict=True)):
        return  # MPFR has quiet NaNs only
    rounding = data.draw(st.sampled_from(sorted(ROUNDINGS)))
    p = lf.Projection(rounding, policy=lf.Policy(fma_nan_invalid=False))
    got = getattr(lf.golden, operation)(*operands, formats=sources, format=f, projection=p)
    there = [exactly(c, s) for c, s in zip(operands, sources, strict=True)]
    quiet = any(gmpy2.is_nan(x) for x in there)
    ctx = context(f, rounding)
    with ctx as inner:
        function = {"add": gmpy2.add, "subtract": gmpy2.sub, "multiply": gmpy2.mul}
        found = gmpy2.fma(*there) if operation == "fma" else function[operation](*there)
        ctx.inexact, ctx.overflow, ctx.invalid = inner.inexact, inner.overflow, inner.invalid
    ctx.invalid = ctx.invalid and not quiet  # MPFR's flag is set by quiet NaN operands too
    compare(got, found, ctx, f)


def test_planted_errors_are_found():
    f, ctx = lf.format("float16"), context(lf.format("float16"), "nearest_even")
    there = round_there(Fraction(1, 3), ctx)
    code, flags = lf.golden.encode(Fraction(1, 3), format=f)
    compare((code, flags), there, ctx, f)
    for wrong in ((code + 1, flags), (code, flags ^ 1), (code, flags ^ 4), (code ^ 1 << 15, flags)):
        with pytest.raises(AssertionError):
            compare(wrong, there, ctx, f)
