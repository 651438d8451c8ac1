"""The vectorised casts equal the generic kernel wherever something changes, and golden."""

from __future__ import annotations

import numpy as np
import pytest

import lowfloat as lf
from lowfloat.jit import backend

#: Every exponent and every way that a fraction can lie to the halves of a narrow one.
_TOP = np.arange(0, 1 << 32, 1 << 14, dtype=np.uint64)
INPUTS = np.concatenate(
    [
        *((_TOP + offset).astype(np.uint32) for offset in (0, 1, 0xFFFFFFFF)),
        np.arange(300, dtype=np.uint32),
        np.random.default_rng(0).integers(0, 1 << 32, 1 << 16, dtype=np.uint32),
    ]
)

CASES = [
    ("float8_e4m3fn", "nearest_even", "finite", "ieee"),
    ("float8_e8m0fnu", "nearest_even", "none", "ieee"),
    ("bfloat16", "to_odd", "none", "ieee"),
    ("e8m4b200", "toward_positive", "none", "ieee"),
    ("e5m2", "nearest_away", "none", lf.Policy(ftz=True, daz=True, tininess="before")),
    (lf.Format(4, 3, nan="negative_zero", subnormals="normal"), "nearest_zero", "none", "ieee"),
    (lf.Format(5, 2, signed=False, nan="top"), "toward_negative", "none", "ieee"),
]


@pytest.mark.parametrize(("fmt", "rounding", "saturation", "policy"), CASES)
def test_equals_the_generic_kernel(
    fmt: str | lf.Format, rounding: str, saturation: str, policy: str | lf.Policy
) -> None:
    fmt = lf.format(fmt)
    cast = lf.jit.cast_kernel(fmt, rounding=rounding, saturation=saturation, policy=policy)
    out = np.empty(INPUTS.size, f"u{fmt.storage_bits // 8}")
    want = np.empty_like(out)
    cast(INPUTS, out)
    projection = lf.Projection(rounding, saturation, policy)
    float32 = (lf.float32,)
    backend.apply("convert", (INPUTS,), float32, want, fmt, projection, None, None)
    np.testing.assert_array_equal(out, want)
    for code, word in zip(out[::997].tolist(), INPUTS[::997].tolist(), strict=True):
        golden, _ = lf.golden.convert(word, formats=float32, format=fmt, projection=projection)
        assert code == golden


@pytest.mark.exhaustive
@pytest.mark.parametrize("name", ["float8_e4m3fn", "bfloat16"])
def test_every_float32(name: str) -> None:
    fmt, count = lf.format(name), 1 << 22
    cast = lf.jit.cast_kernel(fmt)
    out = np.empty(count, f"u{fmt.storage_bits // 8}")
    want = np.empty_like(out)
    for start in range(0, 1 << 32, count):
        words = np.arange(start, start + count, dtype=np.uint64).astype(np.uint32)
        cast(words, out)
        backend.apply("convert", (words,), (lf.float32,), want, fmt, lf.Projection(), None, None)
        np.testing.assert_array_equal(out, want)


@pytest.mark.parametrize(
    ("fmt", "options", "message"),
    [
        ("float32", {}, "up to 16 bits"),
        ("e5m2", {"rounding": lf.Stochastic(8)}, "deterministic"),
        ("e5m2", {"policy": "arm"}, "canonical"),
    ],
)
def test_refuses_what_it_cannot_do(fmt: str, options: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        lf.jit.cast_kernel(fmt, **options)
