"""What profiles are tested on: all of 16 bits, and of wider types what decides roundings."""

from __future__ import annotations

import ml_dtypes
import numpy as np

import lowfloat as lf


def all_of(name: str) -> np.ndarray:
    """Every value of float16 or bfloat16."""
    dtype = np.float16 if name == "float16" else ml_dtypes.bfloat16
    return np.arange(1 << 16, dtype=np.uint16).view(dtype)


def random_patterns(dtype: type, count: int, seed: int = 0) -> np.ndarray:
    """Random codes of a type: every exponent, NaNs among them."""
    bits = 8 * np.dtype(dtype).itemsize
    rng = np.random.default_rng(seed)
    return rng.integers(0, 1 << bits, count, f"u{bits // 8}", endpoint=False).view(dtype)


def decisive(fmt: lf.Format, dtype: type, most: int = 1 << 14) -> np.ndarray:
    """Numbers of a format and the middles between them, beside them, and with both signs."""
    top = min(fmt.max_finite_code + 2, fmt.magnitude_mask)
    step = max(1, top // most)
    codes = np.unique(np.concatenate([np.arange(0, top, step), np.arange(max(0, top - 4), top)]))
    # The same numbers in a format that continues beyond the largest one.
    fields = fmt.exponent_bits + 1, fmt.mantissa_bits, fmt.bias
    wider = lf.Format(*fields, signed=fmt.signed, zero=fmt.zero, subnormals=fmt.subnormals)
    numbers = lf.from_codes(np.append(codes, codes[-1] + 1), wider).to_numpy(np.float64)
    with np.errstate(all="ignore"):
        middles = (numbers[:-1] + numbers[1:]) / 2
        exact = np.concatenate([numbers, middles])
        tiny = np.finfo(np.float32).eps
        far = exact[:, None] * np.array([1, 1 + tiny, 1 - tiny, 1 + tiny / 4, 1 - tiny / 4])
        x = far.reshape(-1).astype(dtype)
        beside = np.concatenate([x, np.nextafter(x, dtype(0)), np.nextafter(x, dtype(np.inf))])
    return np.concatenate([beside, -beside, specials(dtype)])


def specials(dtype: type) -> np.ndarray:
    """Zeros, infinities, extremes and NaNs of every kind."""
    info = np.finfo(dtype)
    bits = info.bits
    infinity = (((1 << (bits - 1)) - 1) >> info.nmant) << info.nmant
    quiet = 1 << (info.nmant - 1)
    payloads = (quiet, 1, quiet | 1, quiet - 1, 2 * quiet - 1, quiet >> 1, quiet | quiet >> 2)
    positive = [infinity | payload for payload in payloads] + [infinity, 0, 1, infinity - 1]
    negative = [code | 1 << (bits - 1) for code in positive]
    return np.array(positive + negative, f"u{bits // 8}").view(dtype)


def integers(dtype: type, count: int) -> np.ndarray:
    """Integers of every size, many of them odd in the last place that float32 keeps."""
    info = np.iinfo(dtype)
    rng = np.random.default_rng(info.bits)
    drawn = rng.integers(info.min, info.max, count, dtype, endpoint=True)
    shifted = drawn >> rng.integers(0, info.bits, count).astype(dtype)
    high = np.array([1 << k for k in range(info.bits - 1)], dtype)
    near = np.concatenate([high, high - 1, high + 1, high + (high >> 9), high + (high >> 9) + 1])
    return np.concatenate([drawn, shifted, near, np.array([0, info.min, info.max], dtype)])
