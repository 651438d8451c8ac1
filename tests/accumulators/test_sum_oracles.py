"""Sums against other people's arithmetic: NumPy's own formats, apytypes, mmaemu, MPFR, integers."""

from __future__ import annotations

import warnings
from fractions import Fraction

import gmpy2
import numpy as np
import pytest

import lowfloat as lf
from lowfloat.accumulators import FixedPoint, Fused, Grouped, Interleaved, Product

RNG = np.random.default_rng(17)


@pytest.fixture(autouse=True)
def reseed() -> None:
    """Every test draws the same, whatever ran before it."""
    RNG.bit_generator.state = np.random.default_rng(17).bit_generator.state


def spread(shape: tuple[int, ...], fmt: str, binades: int = 6) -> lf.Array:
    """Numbers of many magnitudes, with zeros."""
    values = RNG.standard_normal(shape) * 2.0 ** RNG.integers(-binades, binades, shape)
    return lf.cast(values * (RNG.random(shape) > 0.1), fmt, saturation="finite")


# -- loops in NumPy -------------------------------------------------------------------------


def float16_loop(x: np.ndarray, y: np.ndarray, order: range | list[int]) -> np.ndarray:
    """Multiply and add in float16, one step at a time; NumPy rounds every operation."""
    acc = np.zeros((x.shape[0], y.shape[1]), np.float16)
    with np.errstate(over="ignore", invalid="ignore"):
        for k in order:
            acc = acc + np.outer(x[:, k], y[k])
    return acc


@pytest.mark.parametrize(("order", "ks"), [
    ("sequential", range(300)), ("reversed", range(299, -1, -1)),
    (Interleaved(4, 2), [k for lane in range(4) for k in range(300) if k // 2 % 4 == lane]),
], ids=["sequential", "reversed", "interleaved"])  # fmt: skip
def test_multiply_and_add_in_float16(order, ks) -> None:
    x, y = spread((5, 300), "float16", 8), spread((300, 7), "float16", 8)
    step = lf.Accumulator("float16", product=Product("float16"), order=order)
    expected = float16_loop(x.codes.view(np.float16), y.codes.view(np.float16), ks)
    z = lf.matmul(x, y, accumulator=step)
    np.testing.assert_array_equal(z.codes, expected.view(np.uint16))


def test_kahan_in_float32() -> None:
    x = RNG.standard_normal((20, 500)).astype(np.float32)
    s, e = np.zeros(20, np.float32), np.zeros(20, np.float32)
    for k in range(500):
        y = x[:, k] - e
        z = s + y
        e = (z - s) - y
        s = z
    got = lf.sum(x, axis=1, accumulator=lf.Accumulator("float32", compensation="kahan"))
    np.testing.assert_array_equal(got.codes, s.view(np.uint32))


def test_neumaier_in_float64() -> None:
    x = RNG.standard_normal((20, 300)) * 10.0 ** RNG.integers(-8, 9, (20, 300))
    s, e = np.zeros(20), np.zeros(20)
    for k in range(300):
        z = s + x[:, k]
        e = e + np.where(np.abs(s) >= np.abs(x[:, k]), (s - z) + x[:, k], (x[:, k] - z) + s)
        s = z
    got = lf.sum(x, axis=1, accumulator=lf.Accumulator("float64", compensation="neumaier"))
    np.testing.assert_array_equal(got.codes, (s + e).view(np.uint64))


def test_pairwise_in_float32() -> None:
    x = RNG.standard_normal((20, 77)).astype(np.float32)
    level = x
    while level.shape[1] > 1:
        odd = level[:, level.shape[1] // 2 * 2 :]
        pairs = level[:, : level.shape[1] // 2 * 2]
        level = np.concatenate([pairs[:, 0::2] + pairs[:, 1::2], odd], axis=1)
    got = lf.sum(x, axis=1, accumulator=lf.Accumulator("float32", order="pairwise"))
    np.testing.assert_array_equal(got.codes, (np.float32(0) + level[:, 0]).view(np.uint32))


@pytest.mark.parametrize("by", ["chunks", "split", "lanes"])
def test_groups_in_float32(by: str) -> None:
    x = RNG.standard_normal((20, 103)).astype(np.float32)
    ks = np.arange(103)
    group = {"chunks": ks // 8, "split": ks // 13, "lanes": ks // 2 % 8}[by]
    total = np.zeros(20, np.float32)
    for g in range(group.max() + 1):
        part = np.zeros(20, np.float32)
        for k in ks[group == g]:
            part = part + x[:, k]
        total = total + part
    step = lf.Accumulator("float32")
    width = 2 if by == "lanes" else 1
    got = lf.sum(x, axis=1, accumulator=Grouped(step, step, by, 8, width))
    np.testing.assert_array_equal(got.codes, total.view(np.uint32))


def test_a_chain_of_fmas_is_mpfrs() -> None:
    """Float64 products are exact only inside of the fused step."""
    x, y = (RNG.standard_normal(400) * 2.0 ** RNG.integers(-40, 40, 400) for _ in range(2))
    context = gmpy2.context(precision=53, emax=1024, emin=-1073, subnormalize=True)
    acc = gmpy2.mpfr(0, 53)
    for a, b in zip(x.tolist(), y.tolist(), strict=True):
        acc = context.fma(gmpy2.mpfr(a, 53), gmpy2.mpfr(b, 53), acc)
    got = lf.dot(x, y, accumulator=lf.Accumulator("float64"))
    assert got.item() == float(acc)


# -- apytypes -------------------------------------------------------------------------------


@pytest.mark.parametrize(("operands", "acc"), [
    ("float8_e4m3fn", "float16"), ("float8_e5m2", "bfloat16"), ("float8_e4m3fn", "e6m9"),
    ("float8_e5m2", "e6m5"), ("float16", "e6m9"), ("bfloat16", "e8m13"), ("float16", "float32"),
], ids=str)  # fmt: skip
def test_apytypes_accumulators(operands: str, acc: str) -> None:
    """apytypes rounds products and sums to the accumulator's format."""
    apytypes = pytest.importorskip("apytypes")
    fmt, step = lf.format(operands), lf.format(acc)
    x, y = spread((6, 40), operands, 3), spread((40, 5), operands, 3)

    def theirs(z: lf.Array):
        return apytypes.APyFloatArray.from_float(
            z.to_numpy().astype(np.float64), fmt.exponent_bits, fmt.mantissa_bits, fmt.bias
        )

    with apytypes.APyFloatAccumulatorContext(step.exponent_bits, step.mantissa_bits):
        expected = (theirs(x) @ theirs(y)).to_numpy()
    ours = lf.Accumulator(acc, product=Product(acc))
    got = lf.matmul(x, y, accumulator=ours)
    np.testing.assert_array_equal(got.to_numpy(), expected)


# -- mmaemu ---------------------------------------------------------------------------------


@pytest.mark.parametrize("fmts", [("e4m3fn", "e4m3fn"), ("e5m2", "e5m2"), ("e4m3fn", "e5m2")])
@pytest.mark.parametrize("name", ["ada", "hopper", "b200_mma_sync"])
def test_mmaemu_instructions(name: str, fmts: tuple[str, str]) -> None:
    """Long chains with zeros, subnormals, infinities, NaNs and starts of every size."""
    torch = pytest.importorskip("torch")
    mmaemu = pytest.importorskip("mmaemu")
    presets = lf.accumulators
    ours = {
        "ada": presets.nvidia_ada(fmts[0]),
        "hopper": presets.nvidia_hopper(fmts[0]),
        # Its model of this instruction is one block of 32, and fits the recorded rows too.
        "b200_mma_sync": Grouped(
            Fused("float32", 32, 25, minimum_exponent=-133), lf.Accumulator("float32"), n=32
        ),
    }[name]
    a, b = (RNG.integers(0, 256, (400, 160), np.uint8) for _ in range(2))
    ordinary = np.arange(400) < 300
    for codes in (a, b):
        finite = codes & 0x7F
        codes[ordinary] &= np.where(finite >= 0x7C, 0xBB, 0xFF).astype(np.uint8)[ordinary]
        codes[RNG.random(codes.shape) < 0.2] &= 0x83  # zeros and subnormals
    c = (RNG.standard_normal(400) * 2.0 ** RNG.integers(-60, 40, 400)).astype(np.float32)
    x, y = lf.from_codes(a, fmts[0]), lf.from_codes(b, fmts[1])
    types = {"e4m3fn": torch.float8_e4m3fn, "e5m2": torch.float8_e5m2}
    tensors = [torch.from_numpy(z).view(types[f]) for z, f in zip((a, b), fmts, strict=True)]
    for start in (None, c):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            theirs = mmaemu.model.dot(
                *tensors, None if start is None else torch.from_numpy(start), preset=name
            ).numpy()
        got = lf.dot(x, y, c=start, accumulator=ours, format="float32").to_numpy()
        np.testing.assert_array_equal(got, theirs)  # NaN equals NaN; zeros are +0 in both
        assert np.isnan(got).any()
        assert np.isfinite(got).sum() > 250


def test_mmaemu_promotes_every_128_terms() -> None:
    """cuBLAS without fast accumulation: new chains, added in float32; and one chain with it."""
    torch = pytest.importorskip("torch")
    mmaemu = pytest.importorskip("mmaemu")
    x, y = spread((16, 1000), "float8_e4m3fn", 3), spread((1000, 32), "float8_e5m2", 3)
    tensors = [
        torch.from_numpy(np.ascontiguousarray(codes)).view(kind)
        for codes, kind in ((x.codes, torch.float8_e4m3fn), (y.codes.T, torch.float8_e5m2))
    ]
    chain = lf.accumulators.nvidia_hopper("float8_e4m3fn")
    for fast, ours in ((False, lf.accumulators.two_level_promotion(chain)), (True, chain)):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            theirs = mmaemu.accumulate(*tensors, use_fast_accum=fast, splitk=1).numpy()
        got = lf.matmul(x, y, accumulator=ours, format="float32").to_numpy()
        np.testing.assert_array_equal(got, theirs)
    assert (lf.matmul(x, y, accumulator=lf.accumulators.two_level_promotion(chain)) != got).any()


# -- integers and fractions -----------------------------------------------------------------


@pytest.mark.parametrize("bits", [2, 8, 17, 32, 52])
@pytest.mark.parametrize("overflow", ["wrap", "saturate"])
def test_fixed_point_is_integer_arithmetic(bits: int, overflow: str) -> None:
    x, y = spread((9, 60), "float8_e4m3fn", 8), spread((60, 3), "float8_e4m3fn", 8)
    unit = Fraction(1, 1 << 18)
    half = 1 << (bits - 1)
    got = lf.matmul(x, y, accumulator=FixedPoint(bits, -18, overflow))
    for i, j in np.ndindex(9, 3):
        acc = 0
        for a, b in zip(x.to_numpy()[i].tolist(), y.to_numpy()[:, j].tolist(), strict=True):
            acc += int(Fraction(a) * Fraction(b) / unit)
            if overflow == "saturate":
                acc = max(-half, min(half - 1, acc))
        wrapped = (acc + half) % (2 * half) - half
        assert Fraction(got[i, j].item()) == wrapped * unit


def test_int8_products_in_int32_are_numpys() -> None:
    x, y = RNG.integers(-128, 128, (8, 3000), np.int8), RNG.integers(-128, 128, (3000, 8), np.int8)
    got = lf.matmul(x, y, accumulator=FixedPoint(32)).to_numpy()
    np.testing.assert_array_equal(got, (x.astype(np.int32) @ y.astype(np.int32)).astype(float))
    with np.errstate(over="ignore"):
        short = x.astype(np.int16) @ y.astype(np.int16)
    got = lf.matmul(x, y, accumulator=FixedPoint(16)).to_numpy()
    np.testing.assert_array_equal(got, short.astype(float))


def test_an_exact_sum_is_math_fsum() -> None:
    import math

    x = RNG.standard_normal((30, 400)) * 10.0 ** RNG.integers(-200, 200, (30, 400))
    got = lf.sum(x, axis=1).to_numpy()
    np.testing.assert_array_equal(got, [math.fsum(row) for row in x.tolist()])


def test_integer_add_is_the_sum_of_codes() -> None:
    """Mogami's product, on normal operands and results: relative error from -1/9 to 0."""
    x, y = (RNG.standard_normal(5000).astype(np.float32) for _ in range(2))
    codes = x.view(np.uint32).astype(np.int64), y.view(np.uint32).astype(np.int64)
    magnitude = (codes[0] & 0x7FFFFFFF) + (codes[1] & 0x7FFFFFFF) - 0x3F800000
    expected = (magnitude | ((codes[0] ^ codes[1]) & 0x80000000)).astype(np.uint32)
    step = lf.Accumulator("float32", product=Product(method="integer_add"))
    got = lf.dot(x[:, None], y[:, None], accumulator=step)
    np.testing.assert_array_equal(got.codes, expected)
    error = got.to_numpy().astype(float) / (x.astype(float) * y.astype(float)) - 1
    assert -1 / 9 <= error.min() < -0.11
    assert -1e-5 < error.max() <= 0
    assert abs(error.mean() + 0.038) < 0.002


def test_power_of_two_products_replace_the_second_operand() -> None:
    y = np.float32([0.75, 1.0, 1.4999999, 1.5, 3.0, -5.9, 2.0**-149])
    powers = np.float32([1.0, 1.0, 1.0, 2.0, 4.0, -4.0, 2.0**-149])
    step = lf.Accumulator("float32", product=Product(method="power_of_two"))
    x = np.float32([1.25] * 7)
    got = lf.dot(x[:, None], y[:, None], accumulator=step).to_numpy()
    np.testing.assert_array_equal(got, x * powers)
