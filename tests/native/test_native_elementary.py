"""Elementary functions in C: bounds that hold, and results that are golden's wherever decided."""

from __future__ import annotations

import math
import random
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import gmpy2
import mpfr_oracle
import numpy as np
import pytest
import strategies
from gmpy2 import mpfr
from hypothesis import given, settings
from hypothesis import strategies as st
from lowfloat._core import ffi, lib
from strategies import ROUNDINGS, SATURATIONS

import lowfloat as lf
from lowfloat import _native
from lowfloat.engine import golden_backend
from lowfloat.engine.sources import code_dtype
from lowfloat.optable import ELEMENTARY, OPERATIONS

WIDE = gmpy2.context(precision=200, emax=1 << 30, emin=-(1 << 30))
#: The width of an enclosure, relative to its ends: twice the bound of elementary.h.
WIDTH = 2.0**-43
BOUND = 2.0**-44
#: Domains that are not the whole line.
UNIT = {"asin", "acos", "asinpi", "acospi", "atanh"}


def binary(name: str) -> bool:
    return OPERATIONS[name].arity == 2


def arguments(name: str, rng: random.Random, count: int) -> Iterator[float]:
    """Doubles and float32 numbers of every size, near 1, and where functions run out of range."""
    for k in range(count):
        sign = rng.choice((-1, 1))
        x = (
            rng.uniform(-4, 4),
            sign * 2 ** rng.uniform(-60, 12),
            sign * 2 ** rng.uniform(-1000, 999),
            sign * (1 + rng.choice((-1, 1)) * 2 ** rng.uniform(-50, -1)),
            rng.uniform(-750, 750),
            rng.randrange(-40, 41) * math.pi / 4,
        )[k % 6]
        if name in UNIT and abs(x) > 1:
            x = 1 / x
        if name in ("log", "log2", "log10", "acosh", "pow"):
            x = abs(x)
        if name == "acosh" and x < 1:
            x = 1 / (x or 1)
        yield float(np.float32(x)) if k % 2 and 1e-30 < abs(x) < 1e30 else x


def exact(name: str, *operands: float) -> mpfr:
    """The function by MPFR, to 200 bits."""
    with gmpy2.context(WIDE):
        numbers = [mpfr(x) for x in operands]
        if name == "softplus" and operands[0] > 500:
            return numbers[0]
        if name == "pow":
            return numbers[0] ** numbers[1]
        return (mpfr_oracle.COMPOSED.get(name) or getattr(gmpy2, name))(*numbers)


def enclosure(name: str, *operands: float) -> tuple[int, float, float]:
    """What C knows: how much, and two ends."""
    low, high = ffi.new("double *"), ffi.new("double *")
    known = lib.lf_test_enclosure(_native.FUNCTIONS[name], list(operands), low, high)
    return known, low[0], high[0]


def bound_errors(
    name: str, count: int, function: Callable[..., mpfr] = exact
) -> tuple[list, float, int]:
    """Enclosures that MPFR's value is not in, the largest error in those that are, how many."""
    rng, outside, worst, seen = random.Random(name), [], 0.0, 0
    columns = [arguments(name, rng, count) for _ in range(OPERATIONS[name].arity)]
    for operands in zip(*columns, strict=True):
        if 0 in operands:
            continue
        known, low, high = enclosure(name, *operands)
        if known != 1:
            continue
        value = function(name, *operands)
        least, most = abs(low), math.nextafter(abs(high), math.inf)
        # The ends are cut to doubles; a value that MPFR calls 0 or infinite is far outside them.
        if not least <= abs(value) <= most or gmpy2.is_signed(value) != (math.copysign(1, low) < 0):
            outside.append((operands, low, high, value))
        elif least > 1e-290 and most < 1e290 and most / least - 1 > 0.95 * WIDTH:
            seen += 1
            middle = (mpfr(least) + mpfr(abs(high))) / 2
            worst = max(worst, abs(float(abs(value) / middle - 1)))
    return outside, worst, seen


@pytest.mark.parametrize("name", ELEMENTARY)
def test_the_bound_holds_with_a_margin(name):
    outside, worst, seen = bound_errors(name, 1500)
    assert outside == []
    assert seen > 100
    assert worst < BOUND / 8


@pytest.mark.exhaustive
@pytest.mark.parametrize("name", ELEMENTARY)
def test_the_bound_holds_at_a_hundred_thousand_points(name):
    outside, worst, _ = bound_errors(name, 100_000)
    assert outside == []
    assert worst < BOUND / 8


def test_an_error_as_large_as_the_bound_is_found():
    def off(name: str, *operands: float) -> mpfr:
        return exact(name, *operands) * (1 + 1.1 * BOUND)

    outside, _, _ = bound_errors("exp", 300, off)
    assert len(outside) > 100


FORMATS = tuple(
    lf.format(name)
    for name in (
        "bfloat16", "float16", "float32", "float8_e4m3fn", "float8_e5m2", "float8_e4m3fnuz", "e8m2",
        "e14m1", "e11m4", "e3m3u", "e1m30", "binary16p1ue", "binary8p3ue", "float8_e8m0fnu",
        "float64",
    )
)  # fmt: skip
RESULTS = tuple(f for f in FORMATS if f.width <= 32)


def projection(rng: np.random.Generator) -> lf.Projection:
    """Any rounding, saturation and policy."""
    rounding: str | lf.Stochastic = str(rng.choice(ROUNDINGS))
    if rng.random() < 0.3:
        rounding = lf.Stochastic(int(rng.choice([1, 8, 53, 64])), str(rng.choice(list("ABC"))))
    policy = lf.Policy(
        str(rng.choice(["ieee", "x86_sse", "arm"])),
        tininess=str(rng.choice(["before", "after"])),
        daz=bool(rng.integers(2)),
        ftz=bool(rng.integers(2)),
    )
    return lf.Projection(rounding, str(rng.choice(SATURATIONS)), policy)


def operand_codes(fmt: lf.Format, rng: np.random.Generator, n: int) -> np.ndarray:
    """Any codes, everyday numbers, and short fractions, at which results may be rational."""
    dtype = code_dtype(fmt)
    size = rng.choice([-1, 1], n) * np.exp2(rng.uniform(-6, 6, n))
    short = np.round(rng.uniform(-20, 20, n)) / rng.choice([1, 2, 4, 8], n)
    kinds = (
        rng.integers(0, 1 << fmt.width, n, dtype=np.uint64).astype(dtype),
        lf.cast(size, fmt, saturation="finite").codes,
        lf.cast(short, fmt, saturation="finite").codes,
    )
    return np.choose(rng.integers(0, 3, n), kinds).astype(dtype)


def native_and_golden(
    name: str, fmt: lf.Format, target: lf.Format, rng: np.random.Generator, n: int
) -> tuple[np.ndarray, np.ndarray]:
    """Where the two differ, and where C does not decide."""
    chosen = projection(rng)
    random_bits = None
    if chosen.stochastic:
        bits = chosen.stochastic.drawn_bits
        random_bits = rng.integers(0, 1 << bits, n, dtype=np.uint64) if bits < 64 else \
            rng.integers(0, 1 << 63, n, dtype=np.uint64) << np.uint64(1)  # fmt: skip
    columns = [operand_codes(fmt, rng, n) for _ in range(OPERATIONS[name].arity)]
    formats, undecided = [fmt] * len(columns), np.zeros(n, np.uint8)
    results = []
    for backend, more in ((_native.elementary, (undecided,)), (golden_backend.apply, ())):
        out, flags = np.zeros(n, code_dtype(target)), np.zeros(n, np.uint8)
        backend(name, columns, formats, out, target, chosen, random_bits, flags, True, *more)
        results.append((out, flags))
    (a, a_flags), (b, b_flags) = results
    return ((a != b) | (a_flags != b_flags)) & (undecided == 0), undecided != 0


@pytest.mark.parametrize("name", ELEMENTARY)
def test_what_c_decides_is_golden(name):
    rng = np.random.default_rng(list(name.encode()))
    open_ones = []
    for fmt in FORMATS:
        for target in {fmt if fmt in RESULTS else lf.float32, RESULTS[rng.integers(len(RESULTS))]}:
            wrong, undecided = native_and_golden(name, fmt, target, rng, 12)
            assert not wrong.any(), (name, fmt, target)
            open_ones.append(undecided.mean())
    assert np.mean(open_ones) < 0.1


@given(st.data())
@settings(max_examples=300, deadline=None)
def test_any_format_is_golden(data):
    """Unsigned, without zero, NaN or infinities, with flushed or normal subnormals, any bias."""
    name = data.draw(st.sampled_from(ELEMENTARY))
    arity = OPERATIONS[name].arity
    formats = tuple(
        data.draw(strategies.formats(32, 8, extreme_bias=name not in ("sin", "cos", "tan")))
        for _ in range(arity)
    )
    target = data.draw(strategies.formats(32))
    chosen, bits = data.draw(strategies.projections())
    codes = [data.draw(strategies.codes(f)) for f in formats]
    columns = [np.array([c], code_dtype(f)) for c, f in zip(codes, formats, strict=True)]
    out, flags = np.zeros(1, code_dtype(target)), np.zeros(1, np.uint8)
    random_bits = None if bits is None else np.array([bits], np.uint64)
    undecided = np.zeros(1, np.uint8)
    _native.elementary(
        name, columns, formats, out, target, chosen, random_bits, flags, True, undecided
    )
    if not undecided[0]:
        into = {"formats": formats, "format": target, "projection": chosen, "random_bits": bits}
        assert (out[0], flags[0]) == getattr(lf.golden, name)(*codes, **into)


@pytest.mark.exhaustive
@pytest.mark.parametrize("name", ELEMENTARY)
def test_what_c_decides_is_golden_at_many_points(name):
    rng = np.random.default_rng([1, *name.encode()])
    for fmt in FORMATS:
        for target in RESULTS:
            wrong, _ = native_and_golden(name, fmt, target, rng, 60)
            assert not wrong.any(), (name, fmt, target)


@pytest.mark.parametrize("fmt", ["bfloat16", "float16", "binary16p1ue", "binary16p4se", "e11m4"])
@pytest.mark.parametrize("name", [n for n in ELEMENTARY if not binary(n)])
def test_short_formats_leave_nothing_open(name, fmt):
    """So that a table costs milliseconds."""
    every, fmt = np.arange(1 << 16, dtype=np.uint16), lf.format(fmt)
    out, undecided = np.zeros_like(every), np.zeros(every.size, np.uint8)
    for rounding in ("nearest_even", "toward_positive"):
        chosen = lf.Projection(rounding)
        _native.elementary(name, [every], [fmt], out, fmt, chosen, None, None, True, undecided)
        assert undecided.sum() == 0


@pytest.mark.parametrize("name", ["sin", "cos", "tan"])
@pytest.mark.parametrize("bias", [-1200, -9000, -32000])
def test_angles_beyond_double(name, bias):
    """Numbers up to 2^32,900 with 24 bits, reduced in C."""
    f, n = lf.Format(8, 23, bias), 40
    codes = np.random.default_rng(-bias).integers(0, 1 << 32, n).astype(np.uint32)
    out, flags, undecided = np.zeros(n, np.uint32), np.zeros(n, np.uint8), np.zeros(n, np.uint8)
    up, result = lf.Projection("toward_positive"), lf.float32
    _native.elementary(name, [codes], [f], out, result, up, None, flags, True, undecided)
    assert not undecided.any()
    function = getattr(lf.golden, name)
    for code, got, raised in zip(codes.tolist(), out.tolist(), flags.tolist(), strict=True):
        assert function(code, formats=(f,), format=result, projection=up) == (got, raised)


def test_the_places_of_two_over_pi_are_mpfr_s():
    header = Path(__file__).parents[2] / "native/src/two_over_pi.h"
    words = re.findall(r"0x([0-9a-f]{16}),", header.read_text(encoding="utf-8"))
    with gmpy2.context(precision=64 * len(words) + 100):
        places = gmpy2.floor(mpfr(2) ** (64 * len(words)) * 2 / gmpy2.const_pi())
    assert int("".join(words), 16) == int(places)


def test_undecided_elements_keep_their_operands():
    """In place, golden still finds what it needs."""
    f = lf.float64
    x = np.array([1.0, 0.5, 0.25, 0.0]).view(np.uint64)
    before, undecided = x.copy(), np.zeros(4, np.uint8)
    raised = _native.elementary("exp", [x], [f], x, f, lf.Projection(), None, None, True, undecided)
    assert undecided.tolist() == [1, 1, 1, 0]
    assert (x[:3] == before[:3]).all()
    assert x[3:].view(np.float64) == 1.0
    assert raised == 0


def test_libm_meets_a_known_control_word():
    x = lf.array([0.3, -1.25, 7.0], "float32")
    before = lib.lf_test_set_mxcsr(0xE040)  # toward zero, FTZ, DAZ
    try:
        hostile = [getattr(lf, name)(x).codes.tolist() for name in ("exp", "sinh", "atan")]
    finally:
        lib.lf_test_set_mxcsr(before)
    assert hostile == [getattr(lf, n)(x).codes.tolist() for n in ("exp", "sinh", "atan")]


#: Binary32 arguments whose results lie within 2^-44 of a number or a tie; of 2^24 random ones.
HARD32 = [
    ("exp", 0x3D87B3BE), ("exp", 0x3CFB8BA1), ("exp2", 0x3E722366), ("exp2", 0xC24F44CF),
    ("log", 0x3E20098B), ("log", 0x402E5A8F), ("log2", 0x3FFF56F9), ("log10", 0x425DEFCF),
    ("sin", 0x3D676DD3), ("sin", 0xC00A6E0C), ("cos", 0xBCB22EE6), ("tan", 0x3D41E178),
    ("atan", 0x3CA5A3D9), ("asin", 0x3DF9FD76), ("tanh", 0xBFAC3C36), ("cbrt", 0x40C5B587),
    ("erf", 0xBC9D7E17), ("sigmoid", 0x414F257B), ("gelu", 0xBE60B687), ("expm1", 0xBDA493D1),
    ("sinh", 0x3F84C34B),
]  # fmt: skip


@pytest.mark.parametrize(("name", "code"), HARD32)
def test_hard_cases_are_left_open_and_come_out_right(name, code):
    f, x = lf.float32, np.array([code], np.uint32)
    out, undecided = np.zeros(1, np.uint32), np.zeros(1, np.uint8)
    _native.elementary(name, [x], [f], out, f, lf.Projection(), None, None, True, undecided)
    assert undecided[0]
    low, high = mpfr_oracle.enclosure(name, lf.golden.decode(code, f).signed)
    for rounding in ROUNDINGS:
        flags = np.zeros(1, np.uint8)
        got = getattr(lf, name)(lf.from_codes(x, f), rounding=rounding, flags_out=flags).codes[0]
        for end in (low, high):
            expected = lf.golden.encode(end, format=f, projection=lf.Projection(rounding))
            assert (got, flags[0]) == expected


def test_threads_agree():
    x = lf.array(np.linspace(-9, 9, 300_000), "float32")
    before = lf.get_num_threads()
    try:
        results = []
        for threads in (1, 2):
            lf.set_num_threads(threads)
            with lf.flags() as raised:
                results.append((lf.gelu(x).codes, raised.bits))
    finally:
        lf.set_num_threads(before)
    assert (results[0][0] == results[1][0]).all()
    assert results[0][1] == results[1][1]


def test_one_result_is_an_element():
    f, code, flags = lf.float16, ffi.new("uint64_t *"), ffi.new("uint32_t *")
    formats = [_native.format_struct(f)] * 2
    for name, operands in (("exp", (1.0,)), ("pow", (3.0, 2.0)), ("log", (0.0,)), ("asin", (2.0,))):
        given = [int(c) for c in lf.array(operands, f).codes]
        status = lib.lf_elementary_scalar(
            _native.FUNCTIONS[name], formats, given, _native.format_struct(f),
            _native.projection_struct(lf.Projection()), 0, code, flags,
        )  # fmt: skip
        assert status == lib.LF_OK
        golden = getattr(lf.golden, name)(*given, formats=(f,) * len(given), format=f)
        assert (code[0], flags[0]) == golden
    wide = _native.format_struct(lf.float64)
    status = lib.lf_elementary_scalar(
        _native.FUNCTIONS["exp"], formats, [0x3C00], wide,
        _native.projection_struct(lf.Projection()), 0, code, flags,
    )  # fmt: skip
    assert status == lib.LF_UNDECIDED
