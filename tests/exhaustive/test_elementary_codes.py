"""Elementary functions at all 65,536 codes of bfloat16 and float16: MPFR and fpy2 round alike.

MPFR rounds in five modes. Of the others, to_odd is toward_zero with an odd last bit wherever the result
is inexact, and ties between numbers of two short formats are so few that golden settles them.
"""

from __future__ import annotations

import gmpy2
import mpfr_oracle
import numpy as np
import pytest
from gmpy2 import mpfr

import lowfloat as lf
from lowfloat import _native
from lowfloat.engine import elementary
from lowfloat.golden import decode
from lowfloat.optable import ELEMENTARY, OPERATIONS

# After lowfloat: an editable install finds no data files once fpy2 was imported.
fpy2 = pytest.importorskip("fpy2")
pytestmark = pytest.mark.exhaustive

FORMATS = (lf.bfloat16, lf.float16)
UNARY = tuple(name for name in ELEMENTARY if OPERATIONS[name].arity == 1)
EVERY = np.arange(1 << 16, dtype=np.uint16)
INEXACT, UNDERFLOW, OVERFLOW = 1, 2, 4
Results = tuple[np.ndarray, np.ndarray]


def ours(name: str, fmt: lf.Format, rounding: str) -> Results:
    """Codes, and flags but underflow."""
    flags = np.zeros(EVERY.size, np.uint8)
    result = getattr(lf, name)(lf.from_codes(EVERY, fmt), rounding=rounding, flags_out=flags)
    return result.codes, flags & ~np.uint8(UNDERFLOW)


def as_codes(values: list[float], fmt: lf.Format) -> np.ndarray:
    """Codes of numbers of the format, by NumPy's types; one NaN."""
    floats = np.array(values)
    if fmt == lf.float16:
        codes, nan = floats.astype(np.float16).view(np.uint16), 0x7E00
    else:
        codes, nan = (floats.astype(np.float32).view(np.uint32) >> 16).astype(np.uint16), 0x7FC0
    return np.where(np.isnan(floats), np.uint16(nan), codes)


def by_mpfr(name: str, fmt: lf.Format, rounding: str) -> Results:
    """What MPFR rounds into the format."""
    values, flags = [], []
    for code in EVERY.tolist():
        x = decode(code, fmt)
        result, raised = mpfr_oracle.rounded(name, (x,), fmt, rounding)
        values.append(float(result))
        flags.append(raised)
    return as_codes(values, fmt), np.array(flags, np.uint8)


@pytest.mark.parametrize("rounding", mpfr_oracle.MODES)
@pytest.mark.parametrize("fmt", FORMATS, ids=str)
@pytest.mark.parametrize("name", [n for n in UNARY if n in mpfr_oracle.CORRECT])
def test_mpfr_rounds_every_code_alike(name, fmt, rounding):
    assert_same(ours(name, fmt, rounding), by_mpfr(name, fmt, rounding))


def assert_same(got: Results, expected: Results) -> None:
    for a, b in zip(got, expected, strict=True):
        differ = np.flatnonzero(a != b)
        assert differ.size == 0, [(hex(i), hex(a[i]), hex(b[i])) for i in differ[:5]]


def test_a_wrong_code_and_a_wrong_flag_are_found():
    expected = by_mpfr("exp", lf.float16, "toward_zero")
    for k in (0, 1):
        got = [a.copy() for a in ours("exp", lf.float16, "toward_zero")]
        got[k][0x3C00] ^= 1
        with pytest.raises(AssertionError, match="0x3c00"):
            assert_same((got[0], got[1]), expected)


def composed(name: str, fmt: lf.Format) -> list[mpfr | None]:
    """The function at every finite number but zero within its domain, to 2000 bits; to 400 at
    negative ones, where no result is as near to a number as e^-900."""
    found: list[mpfr | None] = []
    for code in EVERY.tolist():
        x = decode(code, fmt)
        outside = name in ("asinpi", "acospi") and x.kind == "finite" and x.magnitude > 1
        if x.kind != "finite" or x.is_zero or outside:
            found.append(None)
            continue
        near = mpfr_oracle.beside_rational(name, x.signed)
        with gmpy2.context(mpfr_oracle.WIDE, precision=400 if x.sign else 2000):
            if near is None:
                found.append(mpfr_oracle.COMPOSED[name](mpfr_oracle.exact(x)))
            else:
                base, side = mpfr(near[0].numerator) / near[0].denominator, 1 if near[1] > 0 else -1
                found.append(base * (1 + side * gmpy2.sign(base) * mpfr(2) ** -390))
    return found


@pytest.mark.parametrize("fmt", FORMATS, ids=str)
@pytest.mark.parametrize("name", [n for n in UNARY if n not in mpfr_oracle.CORRECT])
def test_functions_that_mpfr_lacks(name, fmt):
    """The zeros of sinpi and poles of tanpi are among the special values of the golden tests."""
    values = composed(name, fmt)
    for rounding in mpfr_oracle.MODES:
        context = gmpy2.context(
            precision=fmt.precision, emax=fmt.emax + 1, emin=fmt.emin - fmt.precision + 2,
            subnormalize=True, round=mpfr_oracle.MODES[rounding],
        )  # fmt: skip
        rounded = [np.nan if v is None else context.plus(v) for v in values]
        inexact = np.array([v is not None and r != v for r, v in zip(rounded, values, strict=True)])
        codes, flags = ours(name, fmt, rounding)
        known = np.array([v is not None and bool(v) and not gmpy2.is_infinite(v) for v in values])
        expected = as_codes([float(r) for r in rounded], fmt)
        assert known.sum() > 20_000 or name == "acospi"
        # Numbers that are exact at 2000 bits: halves of sinpi, quarters of tanpi and so on.
        pole = (flags & 8) != 0
        compare = known & ~pole
        assert_same((codes[compare], flags[compare] & INEXACT),
                    (expected[compare], inexact[compare].astype(np.uint8)))  # fmt: skip


@pytest.mark.parametrize("fmt", FORMATS, ids=str)
@pytest.mark.parametrize("name", UNARY)
def test_the_other_modes(name, fmt):
    """to_odd from toward_zero; nearest modes differ at ties alone, where golden decides."""
    zero, flags = ours(name, fmt, "toward_zero")
    assert_same(ours(name, fmt, "to_odd"), (zero | (flags & INEXACT), flags))
    even, _ = ours(name, fmt, "nearest_even")
    for rounding in ("nearest_away", "nearest_zero", "nearest_odd"):
        codes, _ = ours(name, fmt, rounding)
        ties = np.flatnonzero(codes != even)
        assert ties.size < 100
        for code in ties.tolist():
            result = getattr(lf.golden, name)(
                code, formats=(fmt,), format=fmt, projection=lf.Projection(rounding)
            )
            assert result[0] == codes[code]


@pytest.mark.parametrize("tininess", ["after", "before"])
@pytest.mark.parametrize("fmt", FORMATS, ids=str)
@pytest.mark.parametrize("name", UNARY)
def test_underflow_is_golden(name, fmt, tininess):
    """At every result below twice the smallest normal number."""
    policy, flags = lf.Policy(tininess=tininess), np.zeros(EVERY.size, np.uint8)
    codes = getattr(lf, name)(lf.from_codes(EVERY, fmt), policy=policy, flags_out=flags).codes
    small = np.flatnonzero((codes & fmt.magnitude_mask) <= 2 * fmt.min_normal_code)
    chosen = small[:: max(1, small.size // 400)]
    for code in chosen.tolist():
        result = getattr(lf.golden, name)(
            code, formats=(fmt,), format=fmt, projection=lf.Projection(policy=policy)
        )
        assert result == (codes[code], flags[code])


#: fpy2's rounding modes; it has to_odd and nearest_away too.
FPY2_MODES = {
    "nearest_even": fpy2.RM.RNE, "nearest_away": fpy2.RM.RNA, "toward_zero": fpy2.RM.RTZ,
    "toward_positive": fpy2.RM.RTP, "toward_negative": fpy2.RM.RTN, "to_odd": fpy2.RM.RTO,
}  # fmt: skip
FPY2_FUNCTIONS = tuple(
    n for n in UNARY if hasattr(fpy2, n) and n in mpfr_oracle.CORRECT and n not in ("sqrt",)
)


def by_fpy2(name: str, fmt: lf.Format, rounding: str, codes: np.ndarray) -> np.ndarray:
    context = fpy2.IEEEContext(fmt.exponent_bits, fmt.width, FPY2_MODES[rounding])
    function = getattr(fpy2, name)
    operands = lf.from_codes(codes, fmt).to_numpy().astype(np.float64).tolist()
    return as_codes([float(function(fpy2.Float.from_float(x), context)) for x in operands], fmt)


@pytest.mark.parametrize("rounding", FPY2_MODES)
@pytest.mark.parametrize("fmt", FORMATS, ids=str)
@pytest.mark.parametrize("name", FPY2_FUNCTIONS)
def test_fpy2_rounds_alike(name, fmt, rounding):
    """Every seventh code, from another start for each mode; to odd, fpy2 overflows to infinity where
    we take the odd number below it (decision 0002)."""
    codes = EVERY[list(FPY2_MODES).index(rounding) :: 7]
    codes = codes[np.isfinite(lf.from_codes(codes, fmt).to_numpy())]
    flags = np.zeros(codes.size, np.uint8)
    got = getattr(lf, name)(lf.from_codes(codes, fmt), rounding=rounding, flags_out=flags).codes
    theirs = by_fpy2(name, fmt, rounding, codes)
    if rounding == "to_odd":
        overflowed = (flags & OVERFLOW) != 0
        assert np.isinf(lf.from_codes(theirs[overflowed], fmt).to_numpy()).all()
        got, theirs = got[~overflowed], theirs[~overflowed]
    assert_same((got, got), (theirs, theirs))


@pytest.mark.parametrize("rounding", mpfr_oracle.MODES)
@pytest.mark.parametrize("fmt", ["float8_e5m2", "e4m3"])
@pytest.mark.parametrize("name", ["pow", "atan2"])
def test_all_pairs_of_eight_bits(name, fmt, rounding):
    """But for signaling NaNs, which MPFR does not know: pow(1, sNaN) is NaN."""
    f = lf.format(fmt)
    x, y = (c.reshape(-1) for c in np.meshgrid(np.arange(256), np.arange(256), indexing="ij"))
    flags = np.zeros(x.size, np.uint8)
    operands = [lf.from_codes(c.astype(np.uint8), f) for c in (x, y)]
    got = getattr(lf, name)(*operands, rounding=rounding, flags_out=flags).codes
    for a, b, code, raised in zip(
        x.tolist(), y.tolist(), got.tolist(), flags.tolist(), strict=True
    ):
        if decode(a, f).signaling or decode(b, f).signaling:
            assert decode(code, f).is_nan
            continue
        expected, flags_of_mpfr = mpfr_oracle.rounded(
            name, (decode(a, f), decode(b, f)), f, rounding
        )
        assert mpfr_oracle.agrees(decode(code, f), expected), (hex(a), hex(b))
        assert raised & ~UNDERFLOW == flags_of_mpfr, (hex(a), hex(b))


@pytest.mark.parametrize("name", ELEMENTARY)
def test_random_float32(name):
    """A hundred thousand random codes, with MPFR where it rounds itself, else with golden."""
    rng = np.random.default_rng(list(name.encode()))
    f, k = lf.float32, OPERATIONS[name].arity
    correct = name in mpfr_oracle.CORRECT
    n = 100_000 if correct else 3_000
    everyday = rng.choice([-1, 1], (k, n)) * np.exp2(rng.uniform(-8, 8, (k, n)))
    codes = np.where(rng.random((k, n)) < 0.5, rng.integers(0, 1 << 32, (k, n)),
                     everyday.astype(np.float32).view(np.uint32)).astype(np.uint32)  # fmt: skip
    for rounding in ("nearest_even", "toward_positive"):
        flags = np.zeros(n, np.uint8)
        got = getattr(lf, name)(
            *(lf.from_codes(c, f) for c in codes), rounding=rounding, flags_out=flags
        ).codes
        for j in range(n):
            operands = [int(c) for c in codes[:, j]]
            if correct:
                values = tuple(decode(c, f) for c in operands)
                if any(v.signaling for v in values):
                    continue
                expected, raised = mpfr_oracle.rounded(name, values, f, rounding)
                assert mpfr_oracle.agrees(decode(int(got[j]), f), expected), (name, operands)
                assert int(flags[j]) & ~UNDERFLOW == raised
            else:
                result = getattr(lf.golden, name)(
                    *operands, formats=(f,) * k, format=f, projection=lf.Projection(rounding)
                )
                assert result == (got[j], flags[j]), (name, operands)


def test_nothing_is_taken_from_golden():
    """What the oracles above look at was decided by C alone."""
    out, undecided = np.zeros_like(EVERY), np.zeros(EVERY.size, np.uint8)
    for name in UNARY:
        arguments = ([EVERY], [lf.float16], out, lf.float16, lf.Projection(), None, None, True)
        _native.elementary(name, *arguments, undecided)
        assert not undecided.any()
    assert elementary.DECIDED_WIDTH == 32
