"""Block scales that multiply the sums of groups (rule G-19), against loops in other arithmetic."""

from __future__ import annotations

import re
from typing import Any

import gmpy2
import numpy as np
import pytest

import lowfloat as lf
from lowfloat import _native, _native_reductions
from lowfloat.accumulators import Accumulator, Exact, Grouped, Product, Scaling

M, K, N, TILE = 3, 512, 256, 128
RNG = np.random.default_rng(33)
X = lf.cast(RNG.standard_normal((M, K)), "float8_e4m3fn")
Y = lf.cast(RNG.standard_normal((K, N)), "float8_e4m3fn")
#: 1 x 128 tiles of activations, 128 x 128 tiles of weights.
SX = RNG.uniform(0.01, 3, (M, K // TILE)).astype(np.float32)
SY = RNG.uniform(0.01, 3, (K // TILE, N // TILE)).astype(np.float32)
WIDE = np.repeat(SY, TILE, 1)
HOPPER = lf.accumulators.nvidia_hopper("float8_e4m3fn")
F32 = Accumulator("float32")


def block_sums() -> list[np.ndarray]:
    """Every tile's products, exact in binary64 (43 bits and carries), rounded to binary32."""
    x, y = X.to_numpy().astype(np.float64), Y.to_numpy().astype(np.float64)
    parts = range(0, K, TILE)
    return [(x[:, k : k + TILE] @ y[k : k + TILE]).astype(np.float32) for k in parts]


def scaled(scaling: Scaling | None, outer: Any = F32, inner: Any = None) -> lf.Array:
    acc = Grouped(inner or Exact("float32"), outer, n=TILE, scaling=scaling)
    return lf.matmul(X, Y, scales=(SX, SY), accumulator=acc)


def test_one_multiply_add_for_each_tile_is_mpfrs() -> None:
    """DeepGEMM: w = RN(u v), sum = fma(w, s, sum), in binary32."""
    z = scaled(Scaling("float32")).to_numpy()
    sums = block_sums()
    with gmpy2.context(precision=24):
        for i, j in np.ndindex(M, N):
            total = gmpy2.mpfr(0)
            for b, s in enumerate(sums):
                w = gmpy2.mpfr(float(SX[i, b])) * gmpy2.mpfr(float(WIDE[b, j]))
                total = gmpy2.fma(w, gmpy2.mpfr(float(s[i, j])), total)
            assert float(total) == z[i, j]


def test_one_scale_after_the_other_is_numpys_arithmetic() -> None:
    """``total += s * u * v`` with three float32 roundings, as written in many kernels."""
    z = scaled(Scaling("float32", first="sum"), Accumulator("float32", product=Product("float32")))
    total = np.zeros((M, N), np.float32)
    for b, s in enumerate(block_sums()):
        total = total + s * SX[:, b : b + 1] * WIDE[b]
    np.testing.assert_array_equal(z.to_numpy(), total)


def test_the_preset_promotes_hoppers_sums() -> None:
    promoted = lf.accumulators.two_level_promotion(HOPPER)
    z = lf.matmul(X, Y, scales=(SX, SY), accumulator=promoted)
    sums = [
        lf.matmul(X[:, k : k + TILE], Y[k : k + TILE], accumulator=HOPPER).astype("float32")
        for k in range(0, K, TILE)
    ]
    total = lf.array(np.zeros((M, N)), "float32")
    for b, s in enumerate(sums):
        w = SX[:, b : b + 1] * WIDE[b]
        total = lf.fma(s, lf.array(w, "float32"), total)
    np.testing.assert_array_equal(z.codes, total.codes)


def test_tiles_are_repeated_scales() -> None:
    acc = lf.accumulators.two_level_promotion(HOPPER)
    z = lf.matmul(X, Y, scales=(SX, SY), accumulator=acc)
    np.testing.assert_array_equal(
        z.codes, lf.matmul(X, Y, scales=(SX, WIDE), accumulator=acc).codes
    )
    x2 = X[:2]
    one = lf.matmul(x2, Y, scales=(SX[:1], None), accumulator=acc)
    both = lf.matmul(x2, Y, scales=(np.repeat(SX[:1], 2, 0), None), accumulator=acc)
    np.testing.assert_array_equal(one.codes, both.codes)


def test_powers_of_two_may_multiply_terms_or_sums() -> None:
    sx = lf.cast(2.0 ** RNG.integers(-3, 4, (M, K // TILE)), "float8_e8m0fnu")
    sy = lf.cast(2.0 ** RNG.integers(-3, 4, (K // TILE, N)), "float8_e8m0fnu")
    results = [
        lf.matmul(X, Y, scales=(sx, sy), accumulator=Grouped(F32, F32, n=TILE, scaling=scaling))
        for scaling in (None, Scaling(), Scaling("float32"), Scaling("float32", first="sum"))
    ]
    for z in results[1:]:
        np.testing.assert_array_equal(z.codes, results[0].codes)


def test_without_scales_a_scaling_does_nothing() -> None:
    for scaling in (Scaling(), Scaling("e3m2"), Scaling("e3m2", first="sum")):
        acc = Grouped(F32, F32, n=TILE, scaling=scaling)
        for generic in (False, True):
            with _native.forced(generic=generic):
                z = lf.matmul(X, Y, accumulator=acc)
                plain = lf.matmul(X, Y, accumulator=Grouped(F32, F32, n=TILE))
            np.testing.assert_array_equal(z.codes, plain.codes)


def test_the_last_group_may_be_shorter() -> None:
    """Blocks of scales are whole groups: 200 terms are 128 and 72."""
    acc = lf.accumulators.two_level_promotion(HOPPER)
    z = lf.matmul(X[:, :200], Y[:200], scales=(SX[:, :2], WIDE[:2]), accumulator=acc)
    zeros = lf.matmul(
        np.pad(X.to_numpy()[:, :200], ((0, 0), (0, 56))), np.pad(Y.to_numpy()[:200], ((0, 56), (0, 0))),
        formats=("e4m3fn", "e4m3fn"), scales=(SX[:, :2], WIDE[:2]), accumulator=acc,
    )  # fmt: skip
    np.testing.assert_array_equal(z.codes, zeros.codes)


@pytest.mark.parametrize(
    "plant", [lambda s: setattr(s, "scaling", 3), lambda s: setattr(s, "scaling", 1),
              lambda s: setattr(s, "scaling", 0), lambda s: setattr(s, "n", 64)],
    ids=["sum first", "not rounded", "in the terms", "smaller groups"],
)  # fmt: skip
def test_a_planted_error_is_seen(plant: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    acc = Grouped(Accumulator("e8m13"), F32, n=TILE, scaling=Scaling("float32"))
    x, y, scales = X[:2, :256], Y[:256, :6], (SX[:2, :2], WIDE[:2, :6])

    def differences() -> int:
        native = lf.matmul(x, y, scales=scales, accumulator=acc).codes
        with lf.backend("golden"):
            golden = lf.matmul(x, y, scales=scales, accumulator=acc).codes
        return int(np.count_nonzero(native != golden))

    assert differences() == 0
    structs: list[Any] = []
    _native_reductions._make(acc, structs)
    plant(structs[0])
    monkeypatch.setitem(_native_reductions._accumulators, acc, structs)
    assert differences() > 0


S32 = Scaling("float32")
REFUSED = [
    (lambda: Grouped(F32, Grouped(F32, F32, scaling=S32)), "an outer accumulator takes sums"),
    (lambda: Grouped(Grouped(F32, F32, scaling=S32), F32, scaling=S32), "block scales multiply once"),
    (lambda: Grouped(F32, F32, scaling="float32"), "lf.accumulators.Scaling(...) or None"),
    (lambda: Scaling("float32", lf.Stochastic(8)), "draws no random bits"),
    (lambda: Scaling(rounding="toward_zero"), "needs its format"),
    (lambda: Scaling("float32", first="last"), "'scales' or 'sum'"),
    (lambda: scale(Grouped(F32, F32, n=192, scaling=S32), SX, None),
     "4 scales do not divide 3 chunks of 192 terms"),
    (lambda: scale(Grouped(F32, F32, n=60, scaling=S32), SX, None),
     "4 scales do not divide 9 chunks of 60 terms"),
    (lambda: scale(Grouped(F32, F32, "lanes", 4, scaling=S32), SX, None),
     "terms 0 and 508 are in one group and have different scales, which are for blocks of 128"),
    (lambda: scale(Grouped(F32, F32, "split", 3, scaling=S32), SX, None), "in one group"),
    (lambda: scale(Grouped(Grouped(F32, F32, n=128, scaling=S32), F32, n=192), SX, None),
     "terms 192 and 319 are in one group"),
    (lambda: scale(None, SX[:, :3], None), "3 scales do not divide 512 terms into equal blocks"),
    (lambda: scale(None, None, np.ones((4, 3), np.float32)),
     "3 scales do not divide 256 columns into equal tiles: repeat them"),
    (lambda: scale(Grouped(Exact("float64"), Exact("float64"), n=128, scaling=Scaling()),
                   SX.astype(np.float64), SY), "130 significant bits; at most 106"),
]  # fmt: skip


def scale(acc: Any, sx: Any, sy: Any) -> lf.Array:
    return lf.matmul(X, Y, scales=(sx, sy), accumulator=acc, format="float32")


@pytest.mark.parametrize(("call", "words"), REFUSED, ids=[str(i) for i in range(len(REFUSED))])
def test_bad_scales_are_refused(call: Any, words: str) -> None:
    with pytest.raises(ValueError, match=re.escape(words)):
        call()


def test_an_explanation_says_where_scales_go() -> None:
    text = lf.accumulators.two_level_promotion(HOPPER).explain(256)
    assert "w[k] <- float32(u[k] * v[k]), nearest_even" in text
    assert "float32(acc + sum[k] * w[k])" in text
