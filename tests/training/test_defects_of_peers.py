"""Defects that were measured or read in other training emulators: each must be absent here.

========================= ===================================================== =======================================
whose                     what                                                  absent by
========================= ===================================================== =======================================
qtorch                    "nearest" is ties away                                test_quantizers: nearest_is_ties_to_even
qtorch                    NaN and infinities become numbers: overflow unseen    test_quantizers: e5m2_is_ieee_and_keeps_overflow_visible;
                                                                                test_torch: an_overflow_reaches_the_gradients
qtorch                    stochastic bits have no seed                          test_quantizers: random_bits_depend_on_seed_step_and_name_alone
qtorch                    float16 and float64 raise; 3 becomes -3 in float32    below
MPTorch                   bfloat16 wrong for subnormals; NaN, infinity -> max   below
MPTorch                   compensated sums worse; sums rounded twice            below
MPTorch                   two numbers of random bits raise                      below
MPTorch                   mask of random bits wrong by precedence               test_quantizers: k_bits_have_exactly_the_bias_that_the_rule_gives
MPTorch                   threads share one random state                        test_numpy_layers: threads_change_no_bit
MPTorch                   SGD without momentum fails; Adam forgets its step     below
MPTorch                   state lacks master weights                            below
Intel's toolkit           stochastic bits repeat, and are biased                below
Intel's toolkit           e4m3 clamps NaN and flushes a binade                  below
Intel's toolkit           float16 as a format dies; importing it seeds torch    below
jmp                       the least scale is lost when state is rebuilt         test_scalers: the_floor_is_part_of_the_state
unit-scaling              "nearest" is ties to zero; e5 is not IEEE's           test_quantizers: as for qtorch
unit-scaling              a format loses its rounding                           below
microxcaling              the default "nearest" is ties away                    test_quantizers: nearest_is_ties_to_even
smart-quantization        zeros enter the mean of logarithms; one magnitude     below; tests/systems: degenerate_tensors
                          divides by zero
MMA-Sim, MATLAB models    CDNA models fail an assertion or call what is gone    below
Hawkeye                   FP8 sums all of K in one group                        below
========================= ===================================================== =======================================
"""

from __future__ import annotations

import subprocess
import sys

import ml_dtypes
import numpy as np
import pytest

import lowfloat as lf
from lowfloat.training import SGD, AdamW, Emulator, Quantizer, gemm, quantizer, tensor_draw

HALVES = np.arange(1 << 16, dtype=np.uint16).view(np.float16)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_qtorch_takes_float32_only(dtype: type) -> None:
    x = np.array([1.1, -3.3, 1e-6], dtype)
    values = Quantizer.parse("e5m2")(x)
    assert values.dtype == dtype
    assert values.tolist() == [1.0, -3.5, 0.0]


def test_qtorch_has_three_become_minus_three_in_float32() -> None:
    """Tiiiger/QPyTorch 48: float_quantize(3.0, 8, 23, "nearest") is -3."""
    assert Quantizer.parse("e8m23")(np.float32([3.0])).tolist() == [3.0]


def test_mptorch_rounds_subnormal_numbers_to_bfloat16_wrongly() -> None:
    bits = np.random.default_rng(0).integers(0, 1 << 23, 100_000, dtype=np.uint32)
    x = (bits | np.random.default_rng(1).integers(0, 2, bits.size, dtype=np.uint32) << 31).view(
        np.float32
    )
    expected = x.astype(ml_dtypes.bfloat16).astype(np.float32)
    assert np.array_equal(Quantizer.parse("bfloat16")(x).view(np.uint32), expected.view(np.uint32))


def test_mptorch_has_nan_and_infinity_become_numbers_under_stochastic_rounding() -> None:
    x = np.float32([np.nan, np.inf, -np.inf])
    for text in ("e5m2:sr", "float16:sr8", "bfloat16:sr"):
        assert np.array_equal(Quantizer.parse(text)(x, tensor_draw(0, 0, "x")), x, equal_nan=True)


def test_mptorch_sums_worse_with_compensation() -> None:
    rng = np.random.default_rng(0)
    a, b = (lf.cast(rng.standard_normal((48, 48)), "float16").to_numpy() for _ in range(2))
    a, b = a.astype(np.float32), b.astype(np.float32)
    exact = a.astype(np.float64) @ b.astype(np.float64)

    def error(**settings: str) -> float:
        accumulator = lf.Accumulator("float16", **settings)  # type: ignore[arg-type]
        return float(np.linalg.norm(gemm(a, b, accumulator) - exact))

    assert error(compensation="kahan") < error() / 2


def test_mptorch_rounds_twice_in_wide_accumulators() -> None:
    """193 of 2000 chains of two terms in e8m20 were wrong: float32 inside, then 20 bits."""
    fmt, rng = lf.format("e8m20"), np.random.default_rng(2)
    a, b = (lf.cast(rng.standard_normal((300, 2)), fmt) for _ in range(2))
    found = lf.matmul(a[:, None, :], b[:, :, None], accumulator=lf.Accumulator(fmt)).codes.reshape(
        -1
    )
    for i in range(300):
        total = 0
        for k in range(2):
            codes = int(a.codes[i, k]), int(b.codes[i, k]), total
            total, _ = lf.golden.fma(
                *codes, formats=(fmt,) * 3, format=fmt, projection=lf.Projection()
            )
        assert found[i] == total


def test_mptorch_has_sgd_without_momentum_fail_and_adam_forget_its_step() -> None:
    w = {"w": np.ones(3, np.float32)}
    plain = SGD(w, lr=0.5, momentum=0, master="float16")
    plain.gradients = {"w": np.ones(3, np.float32)}
    plain.step()
    assert w["w"].tolist() == [0.5] * 3
    adam = AdamW(w, master="bfloat16", state="bfloat16", kahan=True)
    for _ in range(5):
        adam.gradients = {"w": np.ones(3, np.float32)}
        adam.step()
    assert adam.steps == 5
    assert adam.states["w"]["m"][0] == pytest.approx(1 - 0.9**5, rel=0.02)


def test_mptorchs_state_lacks_the_master_weights() -> None:
    w = {"w": np.float32([1.25])}
    state = SGD(w, lr=0.1, master="float16").state_dict()
    assert state["arrays"]["w.master"].tolist() == [1.25]


@pytest.mark.parametrize("m", [12, 14, 16])
def test_mptorch_rounds_twice_below_20_bits_too(m: int) -> None:
    """Two terms near a tie of the product's first rounding: a + b c, once rounded."""
    fmt, rng = lf.format(f"e8m{m}"), np.random.default_rng(m)
    a, b = (lf.cast(rng.standard_normal((400, 2)), fmt) for _ in range(2))
    found = lf.matmul(a[:, None, :], b[:, :, None], accumulator=lf.Accumulator(fmt))
    x, y = (t.to_fractions() for t in (a, b))
    for i in range(400):
        first = lf.cast(x[i][0] * y[i][0], fmt)
        once = lf.cast(first.to_fractions() + x[i][1] * y[i][1], fmt)
        assert found.codes.reshape(-1)[i] == once.codes


def test_mptorch_raises_for_two_numbers_of_random_bits() -> None:
    """Forward and backward sums with 4 and 12 bits; here each GEMM has its own."""
    emulator = Emulator("forward=e5m6:sr4,dgrad=e5m6:sr12,wgrad=e5m6:sr12", ["fc"], seed=1)
    a, b = np.full((64, 40), 1.1, np.float32), np.full((40, 64), 0.9, np.float32)
    found = {gemm: emulator.gemm(a, b, gemm, "fc") for gemm in ("forward", "dgrad")}
    assert not np.array_equal(*found.values())
    for result in found.values():
        assert abs(result.mean() / 39.6 - 1) < 0.05


def test_intels_float16_is_a_format() -> None:
    x = np.float32([1.0009765625 + 2**-12])
    emulator = Emulator("w=float16,a=float16", ["fc"])
    assert emulator.quantize(x, "activation", "fc").tolist() == [1.0009765625]


def test_intels_e4m3_clamps_nan_and_flushes_a_binade() -> None:
    with np.errstate(invalid="ignore"):
        expected = HALVES.astype(ml_dtypes.float8_e4m3fn).astype(np.float16)
    values = Quantizer.parse("e4m3fn")(HALVES)
    assert np.array_equal(values, expected, equal_nan=True)
    small = (np.abs(HALVES) > 2.0**-10) & (np.abs(HALVES) < 2.0**-9)
    assert np.all(values[small] != 0)


@pytest.mark.parametrize(
    ("text", "step"), [("bfloat16:sr", 2.0**-7), ("e5m2:sr", 0.25), ("float16:sr", 2.0**-10)]
)
def test_intels_stochastic_rounding_is_biased_and_repeats(text: str, step: float) -> None:
    emulator, n = Emulator(f"e={text}", ["fc"], seed=1), 100_000
    for fraction in (0.5, 0.25, 0.3):
        x = np.full(n, 1 + fraction * step, np.float32)
        ups = [emulator.quantize(x, "error", "fc") > x for _ in range(2)]
        assert abs(np.mean(ups) - fraction) < 0.005
        assert not np.array_equal(*ups)


def test_intels_import_seeds_torch() -> None:
    pytest.importorskip("torch", reason="pip install torch==2.13.0 to look at its generator")
    code = (
        "import torch; before = torch.get_rng_state(); import lowfloat.training.torch; "
        "assert torch.equal(before, torch.get_rng_state())"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


def test_unit_scalings_formats_lose_their_rounding() -> None:
    assert str(quantizer("e4m3fn:toward_zero")) == "float8_e4m3fn:toward_zero"
    assert Quantizer.parse("e4m3fn:rtz")(np.float32([1.99]))[0] == 1.875


def test_smart_quantizations_zeros_enter_the_mean() -> None:
    """There, log2(0) counts as 0: a zero among small numbers becomes the largest magnitude."""
    x = np.float32([1e-6, 2e-6, 4e-6, 8e-6])
    with_zeros = lf.systems.s2fp8.quantize(np.r_[x, np.zeros(100, np.float32)])
    assert with_zeros.alpha == lf.systems.s2fp8.quantize(x).alpha == 10.0
    assert np.array_equal(with_zeros.to_numpy()[:4], lf.systems.s2fp8.truncate(x))


def test_a_power_of_two_scale_below_float32s_range_is_no_nan() -> None:
    """A scale of 2^127 and more, times its reciprocal, loses the tensor: scales stay inside."""
    x = np.float32([1e-44, 3e-45])
    for text in ("e4m3fn:pow2", "e4m3fn:amax"):
        assert np.isfinite(Quantizer.parse(text)(x)).all()


@pytest.mark.parametrize("fmt", ["float16", "bfloat16"])
def test_models_of_cdna_run(fmt: str) -> None:
    """64 products of ones: every generation sums them exactly."""
    ones = lf.array(np.ones((1, 64), np.float32), fmt)
    for preset in ("amd_cdna1", "amd_cdna2", "amd_cdna3"):
        accumulator = getattr(lf.accumulators, preset)(fmt)
        assert lf.matmul(ones, ones.T, accumulator=accumulator, format="float32").item() == 64


def test_hawkeyes_fp8_has_one_group_for_all_of_k() -> None:
    """A wgmma sums 32 terms at a time: what is lost beside a large term is lost in its block only."""
    accumulator = lf.accumulators.nvidia_hopper("float8_e4m3fn")
    a, b = np.ones((1, 64), np.float32), np.ones((64, 1), np.float32)
    a[0, 0], b[0, 0] = 256, 128
    b[1:] = 2.0**-5

    def dot(k: slice) -> float:
        left, right = lf.array(a[:, k], "float8_e4m3fn"), lf.array(b[k], "float8_e4m3fn")
        return float(lf.matmul(left, right, accumulator=accumulator, format="float32").item())

    assert dot(slice(0, 32)) == 2.0**15  # 31 terms of 2^-5 are below 2^15 2^-13
    assert dot(slice(32, 64)) == 1.0
    a[0, 0], b[0, 0] = 1, 2.0**-5
    a[0, 32], b[32, 0] = 256, 128
    assert dot(slice(0, 64)) == 2.0**15  # the first block's 1 is lost when it meets the second
    a[0, 32], b[32, 0] = 64, 64
    b[1:32], b[0, 0] = 2.0**-5, 2.0**-5
    assert dot(slice(0, 64)) == 4097.0  # 1 made of 32 terms survives; one group would lose each
