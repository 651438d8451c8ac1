"""S2FP8 in Numba: sums of logarithms and the search in a codebook (rules X-2 and X-4).

One file, because Numba's disk cache notices edits of the file of a cached function only.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numpy as np
from numba import njit
from numpy.typing import NDArray

F = TypeVar("F", bound=Callable[..., Any])

U = np.uint64
MASK32, THIRTY_TWO, ONE, ZERO = U(0xFFFFFFFF), U(32), U(1), U(0)
INFINITE, SIGN = np.uint32(0x7F800000), np.uint32(1 << 31)
#: log2(1 + r) = r / ln 2 (1 - r/2 + r^2/3 - ...): the factors, in units of 2^-60.
POLYNOMIAL = np.array([2.0**60 * (-1) ** (k + 1) / k / np.log(2.0) for k in range(1, 13)])
#: |r| <= 1/32 leaves less than 2^-68; Horner's rule, with factors off by 2^-53, less than 2^-55.
DOUBT = 1 << 5


def compiled(function: F) -> F:
    """Compile lazily and cache on disk; typed as the function itself."""
    return cast(F, njit(cache=True, nogil=True, error_model="numpy")(function))


@compiled
def multiply(a: U, b: U) -> tuple[U, U]:
    """The high and the low half of a 64 by 64 bit product."""
    ah, al, bh, bl = a >> THIRTY_TWO, a & MASK32, b >> THIRTY_TWO, b & MASK32
    low, middle, other = al * bl, ah * bl, al * bh
    carry = (low >> THIRTY_TWO) + (middle & MASK32) + (other & MASK32)
    high = ah * bh + (middle >> THIRTY_TWO) + (other >> THIRTY_TWO) + (carry >> THIRTY_TWO)
    return high, (carry << THIRTY_TWO) | (low & MASK32)


@compiled
def exact_log(significand: int) -> int:
    """2^40 log2(1 + significand 2^-23), rounded: bit by bit, by squaring 127 bits of fraction."""
    if significand == 0:
        return 0
    high, low, log = (ONE << U(63)) | (U(significand) << U(40)), ZERO, 0
    for _ in range(41):
        top, bottom = multiply(high, high)
        cross_top, cross_bottom = multiply(high, low)
        addend = (cross_top << ONE) | (cross_bottom >> U(63))  # twice the cross product
        over = cross_top >> U(63)
        total = bottom + addend
        top += over + (ONE if total < bottom else ZERO)
        carry = top >> U(63)
        if carry == ZERO:
            top, total = (top << ONE) | (total >> U(63)), total << ONE
        high, low = top, total
        log = 2 * log + int(carry)
    return (log + 1) >> 1


@compiled
def rounded_log(
    significand: int, reciprocals: NDArray[np.float64], logs: NDArray[np.int64],
    polynomial: NDArray[np.float64],
) -> int:  # fmt: skip
    """2^40 log2(1 + significand 2^-23), rounded: by a table, and exactly where that leaves doubt."""
    part = significand >> 18
    r = (1.0 + significand * 2.0**-23) * reciprocals[part] - 1.0
    p = 0.0
    for k in range(polynomial.size - 1, -1, -1):
        p = (p + polynomial[k]) * r
    log = logs[part] + int(p) + (1 << 19) + DOUBT
    if log & ((1 << 20) - 1) <= 2 * DOUBT:
        return int(exact_log(significand))
    return int(log >> 20)


@compiled
def sums(
    bits: NDArray[np.uint32], reciprocals: NDArray[np.float64], logs: NDArray[np.int64],
    polynomial: NDArray[np.float64],
) -> tuple[int, int, int, int, np.uint32]:  # fmt: skip
    """Number, sums of exponents and of fractions (high and low), and the largest magnitude."""
    count, exponents, high, low, largest = 0, 0, 0, 0, np.uint32(0)
    for i in range(bits.size):
        magnitude = bits[i] & ~SIGN
        if magnitude == 0 or magnitude >= INFINITE:
            continue
        largest = max(largest, magnitude)
        exponent, significand = int(magnitude >> np.uint32(23)) - 127, int(magnitude) & 0x7FFFFF
        if exponent == -127:
            exponent = -126
            while significand < 1 << 23:
                significand *= 2
                exponent -= 1
            significand -= 1 << 23
        log = rounded_log(significand, reciprocals, logs, polynomial)
        count += 1
        exponents += exponent
        high += log >> 32
        low += log & 0xFFFFFFFF
    return count, exponents, high, low, largest


@compiled
def search(
    bits: NDArray[np.uint32], thresholds: NDArray[np.uint32], results: NDArray[Any],
    special: NDArray[Any], out: NDArray[Any],
) -> None:  # fmt: skip
    """Results by the number of thresholds reached; ``special``: signs, then infinities and NaN."""
    for i in range(bits.size):
        magnitude, negative = bits[i] & ~SIGN, int(bits[i] >> np.uint32(31))
        if magnitude >= INFINITE:
            out[i] = special[4 if magnitude > INFINITE else 2 + negative]
            continue
        low, high = 0, thresholds.size
        while low < high:
            middle = (low + high) >> 1
            if magnitude >= thresholds[middle]:
                low = middle + 1
            else:
                high = middle
        out[i] = results[low] | (special[1 if low else 0] if negative else special[5])


def log2_statistics(x: NDArray[np.float32]) -> tuple[int, int, int]:
    """N, S and the bits of the largest magnitude of a binary32 array (rule X-2)."""
    count, exponents, high, low, largest = sums(x.view(np.uint32), *_TABLES, POLYNOMIAL)
    return int(count), (int(exponents) << 40) + (int(high) << 32) + int(low), int(largest)


def codebook_search(x: NDArray[np.float32], book: Any, out: NDArray[Any]) -> None:
    """Fill ``out``, of one or four bytes, with places or results of a codebook (rule X-4)."""
    wide = out.itemsize == 4
    results = book.results if wide else np.arange(128, dtype=np.uint8)
    sign = 1 << 31 if wide else book.sign
    infinity = book.infinity[wide]
    minus_infinity = infinity | book.infinity_sign[wide]
    zero_sign = sign if book.signed_zero else 0
    special = np.array(
        [zero_sign, sign, infinity, minus_infinity, book.nan[wide], 0], results.dtype
    )
    search(x.view(np.uint32), book.thresholds, results, special, out.view(results.dtype))


def _table_of_logs() -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """1/c of 28 bits for the middle c of each 32nd of [1, 2), and -2^60 log2 of it."""
    reciprocals, logs = np.empty(32), np.empty(32, np.int64)
    for i in range(32):
        q = round(2**28 / (1 + (i + 0.5) / 32))
        reciprocals[i] = q * 2.0**-28
        logs[i] = -_log2_of_integer(q, 60) + (28 << 60)
    return reciprocals, logs


def _log2_of_integer(n: int, bits: int) -> int:
    """floor(2^bits log2 n), bit by bit, in Python integers of 256 bits of fraction."""
    whole = n.bit_length() - 1
    y, log = n << (256 - whole), whole
    for _ in range(bits):
        y = y * y >> 256
        log *= 2
        if y >> 257:
            y >>= 1
            log += 1
    return log


_TABLES = _table_of_logs()
