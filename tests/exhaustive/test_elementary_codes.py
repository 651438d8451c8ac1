"""Elementary functions at all 65,536 codes of bfloat16 and float16: MPFR rounds alike.

MPFR itself rounds in five modes. For the others, and for saturation, tininess and random bits, it
gives the leading 50 bits of the result, toward zero, and says whether there are more: that decides
every rounding, which an integer model of the rules then makes.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import product

import gmpy2
import integer_numbers
import integer_projection
import mpfr_oracle
import numpy as np
import pytest
from gmpy2 import mpfr
from native_calls import all_codes, near_codes
from native_paths import keywords
from strategies import ROUNDINGS, SATURATIONS

import lowfloat as lf
from lowfloat import _native
from lowfloat.engine import elementary
from lowfloat.format_names import registry
from lowfloat.golden import decode
from lowfloat.optable import ELEMENTARY, OPERATIONS

pytestmark = pytest.mark.exhaustive

FORMATS = (lf.bfloat16, lf.float16)
EIGHT_BITS = sorted({e.format for e in registry().values() if e.format.width == 8}, key=str)
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


@lru_cache(maxsize=4)
def codes_of(fmt: lf.Format) -> np.ndarray:
    """Every code of 16 bits; of more, random ones, half of them of everyday numbers."""
    if fmt.width <= 16:
        return EVERY
    rng = np.random.default_rng(fmt.width)
    everyday = rng.choice([-1, 1], 20_000) * np.exp2(rng.uniform(-8, 8, 20_000))
    near = lf.cast(everyday, fmt).codes
    any_code = rng.integers(0, 1 << fmt.width, near.size).astype(near.dtype)
    return np.where(rng.random(near.size) < 0.5, near, any_code)


@lru_cache(maxsize=2)
def composed(name: str, fmt: lf.Format) -> list[mpfr | None]:
    """The function at every finite number but zero within its domain, to 2000 bits; to 400 at
    negative ones, where no result is as near to a number as e^-900."""
    found: list[mpfr | None] = []
    for code in codes_of(fmt).tolist():
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


LEADING = gmpy2.context(precision=50, emax=1 << 40, emin=-(1 << 40), round=gmpy2.RoundToZero)


def leading_bits(name: str, fmt: lf.Format) -> tuple[np.ndarray, integer_numbers.Numbers]:
    """The codes of numbers with a result that is a number but zero, and MPFR's bits of those."""
    if name in mpfr_oracle.CORRECT:
        function = getattr(LEADING, name)
        operands = [decode(code, fmt) for code in codes_of(fmt).tolist()]
        found = [
            None if x.kind != "finite" or x.is_zero else function(mpfr_oracle.exact(x))
            for x in operands
        ]
    else:
        found = [None if v is None else LEADING.plus(v) for v in composed(name, fmt)]
    places, numbers = gathered(found)
    return codes_of(fmt)[places], numbers


def gathered(found: list[mpfr | None]) -> tuple[np.ndarray, integer_numbers.Numbers]:
    """The places where MPFR's 50 bits are a number but zero, and these numbers."""
    places, rows = [], []
    for place, v in enumerate(found):
        if v is None or not gmpy2.is_finite(v) or (v == 0 and not v.rc):
            continue
        significand, exponent = v.as_mantissa_exp() if v else (1, -(1 << 40))
        places.append(place)
        rows.append((v.is_signed(), int(abs(significand)), int(exponent), v.rc != 0))
    signs, significands, exponents, rests = zip(*rows, strict=True)
    numbers = integer_numbers.exactly(
        np.array(signs), np.array(significands, np.uint64), np.array(exponents), np.array(rests)
    )
    return np.array(places), widened(numbers)


def widened(x: integer_numbers.Numbers) -> integer_numbers.Numbers:
    """The same with 50 bits: MPFR drops zeros at the end, and a rest lies below the last bit."""
    x.significand, x.exponent = integer_numbers.normalised(x, 50)
    return x


def assert_follows(name, operands, exact, fmt, every=1):
    """Every rounding, saturation and tininess, and random bits, of results known to 50 bits."""
    roundings = [*ROUNDINGS, *(lf.Stochastic(n, v) for n, v in ((1, "C"), (8, "A"), (20, "B")))]
    rng, size = np.random.default_rng(len(name)), operands[0].size
    modes = list(product(roundings, SATURATIONS, ("after", "before")))
    for rounding, saturation, tininess in modes[len(name) % every :: every]:
        projection = lf.Projection(rounding, saturation, lf.Policy(tininess=tininess))
        bits = None
        if projection.stochastic:
            if fmt.subnormals == "normal" and fmt.zero:
                continue
            bits = rng.integers(0, 1 << projection.stochastic.drawn_bits, size, np.uint64)
        flags = np.zeros(size, np.uint8)
        got = getattr(lf, name)(
            *operands, format=fmt, flags_out=flags, **keywords(projection, bits)
        ).codes
        expected, raised = integer_projection.project(exact, fmt, projection, bits)
        assert_same((got, flags), (expected.astype(got.dtype), raised))


@pytest.mark.parametrize("fmt", FORMATS, ids=str)
@pytest.mark.parametrize("name", UNARY)
def test_every_mode_follows_from_mpfr_s_leading_bits(name, fmt):
    codes, exact = leading_bits(name, fmt)
    assert codes.size > (4_000 if name in ("acospi", "asinpi") else 15_000)
    assert_follows(name, [lf.from_codes(codes, fmt)], exact, fmt)


@pytest.mark.parametrize("name", UNARY)
def test_random_float32_follows_too(name):
    codes, exact = leading_bits(name, lf.float32)
    assert codes.size > (1_000 if name in ("acospi", "asinpi") else 4_000)
    assert_follows(name, [lf.from_codes(codes, lf.float32)], exact, lf.float32)


#: Longer and shorter than the operands, without NaN, sign, zero or gradual underflow.
OTHERS = ("float32", "tf32", "e11m20", "float8_e5m2", "float8_e4m3fn", "e4m3u", "float8_e8m0fnu",
          "fp8_143", "float6_e3m2fn")  # fmt: skip


@pytest.mark.parametrize("name", UNARY)
def test_results_of_other_formats_follow_too(name):
    """The operand's format is one that changes with the name."""
    source = FORMATS[len(name) % 2]
    codes, exact = leading_bits(name, source)
    for fmt in OTHERS:
        assert_follows(name, [lf.from_codes(codes, source)], exact, lf.format(fmt), every=7)


def assert_pairs_follow(name, codes, fmt, every=1):
    """A function of two numbers but zero; of atan2pi all but the rational results."""
    numbers = {}
    for code in np.unique(np.concatenate(codes)).tolist():
        v = decode(code, fmt)
        usable = v.kind == "finite" and not v.is_zero
        numbers[code] = mpfr_oracle.exact(v) if usable else None
    found = []
    for a, b in zip(*(c.tolist() for c in codes), strict=True):
        x, y = numbers[a], numbers[b]
        if x is None or y is None or (name == "atan2pi" and abs(x) == abs(y)):
            found.append(None)
        elif name == "atan2pi":
            with gmpy2.context(mpfr_oracle.WIDE, precision=800):
                wide = mpfr_oracle.COMPOSED[name](x, y)
            found.append(LEADING.plus(wide))
        else:
            found.append(getattr(LEADING, name)(x, y))
    places, exact = gathered(found)
    assert places.size > codes[0].size // 6
    operands = [lf.from_codes(c[places], fmt) for c in codes]
    assert_follows(name, operands, exact, fmt, every)


@pytest.mark.parametrize("fmt", EIGHT_BITS, ids=str)
@pytest.mark.parametrize("name", ["pow", "atan2", "atan2pi"])
def test_every_pair_of_eight_bits_follows_too(name, fmt):
    assert_pairs_follow(name, all_codes(fmt, fmt), fmt)


@pytest.mark.parametrize("fmt", [*FORMATS, lf.float32], ids=str)
@pytest.mark.parametrize("name", ["pow", "atan2", "atan2pi"])
def test_random_pairs_follow_too(name, fmt):
    """A hundred thousand pairs; half of those of pow have a base near 1, where powers stay in range."""
    rng = np.random.default_rng(fmt.width)
    x, y = (near_codes(rng, fmt, 100_000) for _ in range(2))
    if name == "pow":
        one = lf.cast([1.0], fmt).codes[0]
        x[::2] = one + rng.integers(-(2 << fmt.mantissa_bits), 2 << fmt.mantissa_bits, x[::2].size)
    assert_pairs_follow(name, [x, y], fmt, every=5)


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
