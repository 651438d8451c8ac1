"""S2FP8: worked examples, laws, and golden = native = jit for any element format."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import gmpy2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lowfloat._core import ffi, lib

import lowfloat as lf
from lowfloat import _native
from lowfloat.golden import s2fp8 as golden
from lowfloat.systems import codebook, s2fp8

FLUSHING = lf.Format(4, 3, 7, True, "ieee", "ieee", True, True, "flush")
FORMATS: dict[str, Any] = {
    name: lf.format(name)
    for name in (
        "float8_e5m2", "float8_e4m3fn", "float8_e4m3fnuz", "float8_e5m2fnuz", "float8_e3m4", "e4m3",
        "float6_e3m2fn", "float6_e2m3fn", "float4_e2m1fn", "e6m1", "e7m0", "e2m5", "e1m4b-3",
        "e0m7b-6", "binary8p3se",
    )
} | {"flushing": FLUSHING}  # fmt: skip


def same(a: Any, b: Any) -> bool:
    """Whether two float arrays have the same bits."""
    return np.array_equal(np.asarray(a).view(np.uint32), np.asarray(b).view(np.uint32))


@pytest.mark.parametrize(
    ("x", "alpha", "beta", "codes", "values"),
    [
        ([1, 2, 4, 8], "10", "-15", "02 28 50 78", [1, 2, 4, 8]),
        ([1e-6, 2e-6, 4e-6, -8e-6, 0], "10", "184.315686", "02 28 50 F8 00", [1e-6, 2e-6, 4e-6, -8e-6, 0]),
        ([0.1, -0.2, 0.3, 1e-4], "4.372964", "22.595687", "5C ED 78 00", [0.098912, -0.19623, 0.3, 0]),
    ],
    ids=["powers", "small", "mixed"],
)  # fmt: skip
def test_worked_examples(x: Any, alpha: str, beta: str, codes: str, values: Any) -> None:
    s = s2fp8.quantize(np.float32(x))
    assert s.codes.tolist() == list(bytes.fromhex(codes))
    assert f"{s.alpha:.6f}".rstrip("0").rstrip(".") == alpha
    assert f"{s.beta:.6f}".rstrip("0").rstrip(".") == beta
    digits = [float(f"{v:.5g}") for v in s.to_numpy().tolist()]
    assert digits == [float(f"{v:.5g}") for v in np.float32(values).tolist()]


def test_mean_and_maximum_are_the_papers() -> None:
    s = s2fp8.quantize(np.float32([0.1, -0.2, 0.3, 1e-4]))
    mu, m = s.squeeze.total / s.squeeze.count / 2**40, s.squeeze.largest / 2**40
    assert (round(mu, 6), round(m, 6)) == (-5.167134, -1.736966)
    assert s.alpha == pytest.approx(15 / (m - mu))
    assert s.beta == pytest.approx(-s.alpha * mu)


def tensors() -> st.SearchStrategy[np.ndarray]:
    """Float32 tensors of all shapes of distribution, with zeros and specials among them."""
    bits = st.one_of(
        st.integers(0, 2**32 - 1),
        st.sampled_from(
            [0, 1 << 31, 1, 0x7F7FFFFF, 0x7F800000, 0xFF800000, 0x7FC00000, 0xFFC00001]
        ),
        st.integers(0x3F800000, 0x3F800010),
        st.integers(0x3DCCCCCD, 0x41200000),
        st.integers(100, 150).map(lambda e: e << 23),
    )
    return st.lists(bits, max_size=40).map(lambda b: np.array(b, np.uint32).view(np.float32))


@settings(max_examples=120, deadline=None)
@given(x=tensors(), name=st.sampled_from(sorted(FORMATS)), data=st.data())
def test_golden_native_and_jit_agree(x: np.ndarray, name: str, data: Any) -> None:
    fmt = FORMATS[name]
    target = data.draw(st.one_of(st.none(), st.integers(1, fmt.emax)))
    with lf.backend("golden"):
        expected = s2fp8.quantize(x, fmt, target=target)
        values = expected.to_numpy()
    calls = [_native.forced(isa) for isa in _native.usable_isas()] + [lf.backend("jit")]
    for how in calls:
        with how:
            s = s2fp8.quantize(x, fmt, target=target)
            assert s.squeeze == expected.squeeze
            assert np.array_equal(s.codes, expected.codes)
            assert same(s.to_numpy(), values)
            assert same(s2fp8.truncate(x, fmt, target=target), values)


@pytest.mark.parametrize("isa", _native.usable_isas())
@pytest.mark.parametrize("name", ["float8_e5m2", "e2m5", "float8_e4m3fnuz", "flushing"])
def test_large_tensors_agree_with_a_search_by_numpy(isa: str, name: str) -> None:
    """Vectors, their remainders, threads and unaligned starts, against plain NumPy."""
    fmt, rng = FORMATS[name], np.random.default_rng(0)
    x = (rng.standard_normal(200_003) * np.exp2(rng.standard_normal(200_003) * 3)).astype(
        np.float32
    )
    x[::997], x[5::10007], x[6::10007] = 0, np.inf, -np.nan
    x[7::5003] = np.float32(1e-42)
    x[8::4099] = -0.0
    with _native.forced(isa):
        s, t = s2fp8.quantize(x[1:], fmt), s2fp8.truncate(x[1:], fmt)
    book = codebook.codebook(s.squeeze, fmt)
    bits = x[1:].view(np.uint32)
    places = np.searchsorted(book.thresholds, bits & 0x7FFFFFFF, side="right")
    finite = np.isfinite(x[1:])
    assert np.array_equal(s.codes[finite] & (fmt.sign_mask - 1), places[finite])
    assert same(t, s.to_numpy())
    inside = x[1:].copy()
    with _native.forced(isa):
        assert s2fp8.truncate(inside, fmt, out=inside) is inside
    assert same(inside, t)
    signs = s.codes[finite] & fmt.sign_mask != 0
    expected = (x[1:][finite].view(np.uint32) >> 31 != 0) & (
        (places[finite] > 0) | fmt.negative_zero
    )
    assert np.array_equal(signs, expected)


@settings(max_examples=60, deadline=None)
@given(x=tensors(), k=st.integers(-60, 60), name=st.sampled_from(sorted(FORMATS)))
def test_scaling_by_powers_of_two_is_exact(x: np.ndarray, k: int, name: str) -> None:
    fmt = FORMATS[name]
    x = np.where(np.isfinite(x) & (np.abs(x) > 1e-10) & (np.abs(x) < 1e10), x, np.float32(0))
    scaled = np.ldexp(x, k)
    a, b = s2fp8.quantize(x, fmt), s2fp8.quantize(scaled, fmt)
    assert np.array_equal(a.codes, b.codes)
    assert a.alpha == b.alpha
    values = a.to_numpy().astype(np.float64)
    expected = np.ldexp(values, k)
    normal = (np.abs(expected) >= 2.0**-126) | (values == 0)
    normal &= (np.abs(values) >= 2.0**-126) | (values == 0)
    assert np.array_equal(b.to_numpy()[normal], expected[normal])


@settings(max_examples=60, deadline=None)
@given(x=tensors(), name=st.sampled_from(sorted(FORMATS)))
def test_it_is_monotone_and_keeps_signs_zeros_and_the_maximum(x: np.ndarray, name: str) -> None:
    fmt = FORMATS[name]
    x = x[np.isfinite(x)]
    t = s2fp8.truncate(x, fmt)
    order = np.argsort(np.abs(x), kind="stable")
    assert np.all(np.diff(np.abs(t[order])) >= 0)
    assert np.all((t == 0) | (np.signbit(t) == np.signbit(x)))
    assert np.all(t[x == 0] == 0)
    if fmt.negative_zero:
        assert np.array_equal(np.signbit(t), np.signbit(x))
    one_fits = golden.encode(
        lf.golden.Value("finite", 0, Fraction(1)), golden.Squeeze(0, 0, 0, 1), fmt
    )
    if x.size and np.abs(x).max() > 0 and lf.golden.decode(one_fits, fmt).magnitude == 1:
        assert np.abs(t).max() == np.abs(x).max()


def test_the_order_of_elements_and_threads_do_not_matter() -> None:
    rng = np.random.default_rng(3)
    x = rng.standard_normal(400_000).astype(np.float32)
    threads = lf.get_num_threads()
    try:
        results = []
        for count in (1, 2, 5):
            lf.set_num_threads(count)
            results.append(s2fp8.quantize(x))
        other = s2fp8.quantize(rng.permutation(x))
    finally:
        lf.set_num_threads(threads)
    assert len({r.squeeze for r in results} | {other.squeeze}) == 1
    assert all(np.array_equal(r.codes, results[0].codes) for r in results)


@pytest.mark.parametrize(
    ("x", "alpha", "beta", "codes"),
    [
        ([], 1, 0, []),
        ([0, -0.0], 1, 0, [0x00, 0x80]),
        ([3], 1, -float(np.log2(3)), [0x3C]),
        ([4, -4, 0], 1, -2, [0x3C, 0xBC, 0]),
        ([np.nan, np.inf, -np.inf], 1, 0, [0x7E, 0x7C, 0xFC]),
        ([np.inf, 1, 2], 30, -15, [0x7C, 0x02, 0x78]),
    ],
    ids=["empty", "zeros", "one", "one magnitude", "nothing finite", "with infinity"],
)
def test_degenerate_tensors(x: Any, alpha: float, beta: float, codes: list[int]) -> None:
    s = s2fp8.quantize(np.float32(x))
    assert (s.alpha, s.beta) == (alpha, pytest.approx(beta, abs=1e-12))
    assert s.codes.tolist() == codes
    assert np.array_equal(s.to_numpy(), np.float32(x), equal_nan=True)


def test_a_degenerate_tensor_keeps_its_magnitude_exactly() -> None:
    rng = np.random.default_rng(5)
    for bits in rng.integers(1, 0x7F800000, 300, dtype=np.uint32):
        x = np.array([bits, bits | 1 << 31], np.uint32).view(np.float32)
        assert same(s2fp8.truncate(x), x)


def test_any_shape_and_container_that_float32_holds() -> None:
    x = np.arange(24, dtype=np.float32).reshape(2, 3, 4)
    s = s2fp8.quantize(x)
    assert s.codes.shape == x.shape
    for other in (x.astype(np.float16), x.astype(np.float64), lf.array(x, "bfloat16"), x.tolist()):
        assert np.array_equal(s2fp8.quantize(other).codes, s.codes)
    assert np.array_equal(s2fp8.quantize(np.asfortranarray(x)).codes, s.codes)


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: s2fp8.quantize([0.1]), "cast first"),
        (lambda: s2fp8.quantize(np.ones(2), "float16"), "8 bits"),
        (lambda: s2fp8.quantize(np.ones(2), "float8_e8m0fnu"), "signed"),
        (lambda: s2fp8.quantize(np.ones(2), "e0m7"), "reaches 2"),
        (lambda: s2fp8.quantize(np.ones(2), target=16), "from 1 to 15"),
        (lambda: s2fp8.quantize(np.ones(2), target=0), "from 1 to 15"),
    ],
    ids=["double", "wide", "unsigned", "small", "high", "zero"],
)
def test_bad_input(call: Any, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        call()


def test_a_bad_out_is_refused() -> None:
    x = np.ones((2, 2), np.float32)
    for out in (np.ones(4, np.float32), np.ones((2, 2)), x.T[::-1], [1]):
        with pytest.raises(TypeError, match="out must be"):
            s2fp8.truncate(x, out=out)


@pytest.mark.parametrize("control", [0x8040, 0x2000, 0x4000, 0x6000, 0xE040])
def test_the_processors_control_word_changes_nothing(control: int) -> None:
    rng = np.random.default_rng(7)
    x = np.ldexp(rng.standard_normal(5000), rng.integers(-60, 40, 5000)).astype(np.float32)
    x[::9] = np.ldexp(x[::9], -100)
    right, values = s2fp8.quantize(x), s2fp8.truncate(x)
    before = lib.lf_test_set_mxcsr(control)
    try:
        s, t = s2fp8.quantize(x), s2fp8.truncate(x)
    finally:
        lib.lf_test_set_mxcsr(before)
    assert s.squeeze == right.squeeze
    assert np.array_equal(s.codes, right.codes)
    assert same(t, values)


def mpfr_log(significand: int) -> int:
    """round(2^40 log2) of 1 + significand 2^-23, by MPFR."""
    with gmpy2.context(precision=120):
        log = gmpy2.log2(gmpy2.mpfr((1 << 23) + significand)) - 23
        return int(gmpy2.rint(log * (1 << 40)))


def sums_of(x: np.ndarray, isa: str) -> tuple[int, int, int]:
    with _native.forced(isa):
        return _native.log2_statistics(x)


@pytest.mark.parametrize("isa", _native.usable_isas())
def test_logarithms_are_rounded_right(isa: str) -> None:
    rng = np.random.default_rng(0)
    some = np.unique(np.r_[rng.integers(0, 1 << 23, 3000), :64, (1 << 23) - 64 : 1 << 23])
    expected = [mpfr_log(int(s)) for s in some]
    for significand, log in zip(some[::10], expected[::10], strict=True):
        assert golden.log2_fixed(Fraction(int(significand) + (1 << 23), 1 << 23)) == log
        assert _native.log2_fixed(0x3F800000 | int(significand)) == log
    for start in range(0, some.size, 97):  # vectors of 16, and 17 alike: each log shows
        part = some[start : start + 1]
        x = np.repeat((part | 0x3F800000).astype(np.uint32), 17).view(np.float32)
        assert sums_of(x, isa) == (17, 17 * expected[start], int(x.view(np.uint32)[0]))
    x = (some | 0x3F800000).astype(np.uint32).view(np.float32)
    assert sums_of(x, isa)[:2] == (some.size, sum(expected))


@pytest.mark.parametrize("isa", _native.usable_isas())
def test_logarithms_of_all_exponents(isa: str) -> None:
    exponents = np.arange(1, 255, dtype=np.uint32)
    x = (exponents << 23 | 0x400000).view(np.float32)
    log = mpfr_log(0x400000)
    expected = sum(((int(e) - 127) << 40) + log for e in exponents)
    assert sums_of(x, isa)[:2] == (254, expected)
    subnormal = (np.uint32(1) << np.arange(23, dtype=np.uint32)).view(np.float32)
    assert sums_of(subnormal, isa)[:2] == (23, sum((k - 149) << 40 for k in range(23)))
    assert all(_native.log2_fixed(1 << k) == (k - 149) << 40 for k in range(23))


@pytest.mark.parametrize("isa", _native.usable_isas())
@pytest.mark.parametrize(
    "step", [16, pytest.param(1, marks=pytest.mark.exhaustive)], ids=["sixteenth", "all"]
)
def test_vectors_give_the_exact_logarithms(isa: str, step: int) -> None:
    """Runs of 64 significands against lf_log2_exact, which takes their bits one by one."""
    for first in range(0, 1 << 23, 64 * step):
        bits = np.arange(first, first + 64, dtype=np.uint32) | 0x3F800000
        expected = sum(lib.lf_log2_fixed(b) for b in bits.tolist())
        assert sums_of(bits.view(np.float32), isa)[1] == expected


@pytest.mark.exhaustive
def test_every_significands_logarithm() -> None:
    bits = np.arange(1 << 23, dtype=np.uint32)
    expected = 0
    for significand in range(1 << 23):
        log = mpfr_log(significand)
        expected += log
        assert lib.lf_log2_fixed(0x3F800000 | significand) == log
    for isa in _native.usable_isas():
        assert sums_of((bits | 0x3F800000).view(np.float32), isa)[1] == expected
    from lowfloat.jit import logarithms

    assert logarithms.log2_statistics((bits | 0x3F800000).view(np.float32))[1] == expected


def test_a_wrong_logarithm_is_caught() -> None:
    """The negative control of the sums: one log that is off by one unit shows."""
    x = np.repeat(np.float32(1.5), 100_000)
    count, total, _ = _native.log2_statistics(x)
    assert total == count * mpfr_log(0x400000)
    assert total != count * mpfr_log(0x400000) + 1


def test_a_wrong_threshold_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """The negative control of the codes: a threshold one number too high gives another code."""
    whole = codebook.codebook

    def moved(squeeze: Any, fmt: Any) -> Any:
        book = whole(squeeze, fmt)
        thresholds = book.thresholds.copy()
        thresholds[thresholds < codebook.NEVER] += 1
        return book._replace(thresholds=thresholds)

    x = np.random.default_rng(0).uniform(1, 2, 3000).astype(np.float32)
    begins = whole(s2fp8.quantize(x).squeeze, lf.float8_e5m2).thresholds
    x[0] = begins[(begins > 0x3F800000) & (begins < 0x40000000)][0].view(np.float32)
    for _ in range(9):  # the first number now decides a threshold: bring it onto one
        begins = whole(s2fp8.quantize(x).squeeze, lf.float8_e5m2).thresholds
        x[0] = begins[np.searchsorted(begins, x[:1].view(np.uint32))[0]].view(np.float32)
    right = s2fp8.quantize(x).codes
    monkeypatch.setattr(codebook, "codebook", moved)
    assert np.count_nonzero(s2fp8.quantize(x).codes != right) >= 1


def test_thresholds_that_the_first_precision_leaves_open(monkeypatch: pytest.MonkeyPatch) -> None:
    """With too little precision at first every threshold is settled again, to the same bits."""
    s = s2fp8.quantize(np.random.default_rng(1).standard_normal(50).astype(np.float32))
    fmt = lf.float8_e5m2
    expected = codebook.codebook(s.squeeze, fmt)
    codebook._begin_logs.cache_clear()
    monkeypatch.setattr(codebook, "PRECISION", 54)
    try:
        assert codebook._first_logs(s.squeeze, fmt)
        assert np.array_equal(codebook.codebook(s.squeeze, fmt).thresholds, expected.thresholds)
    finally:
        codebook._begin_logs.cache_clear()
        codebook._value_logs.cache_clear()


def test_arguments_of_the_c_functions_are_checked() -> None:
    stats = ffi.new("lf_log_statistics *")
    x = ffi.from_buffer(np.ones(4, np.float32))
    assert lib.lf_log2_statistics(x, 4, stats, ffi.NULL) == lib.LF_ERROR_ARGUMENT  # no size
    book = ffi.new("lf_codebook *")
    book.size = ffi.sizeof("lf_codebook")
    assert lib.lf_codebook_search(x, 4, book, 4, x, ffi.NULL) == lib.LF_ERROR_ARGUMENT  # no sign
    assert lib.lf_log2_fixed(0) == -(2**63)
    assert lib.lf_log2_fixed(0x7F800000) == -(2**63)
