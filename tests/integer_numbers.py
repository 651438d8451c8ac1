"""Exact results as arrays of 64-bit integers: what the integer model decodes, computes and rounds.

A number is a sign and an interval of integers: ``significand`` 2^``exponent`` itself, or, where
``rest`` is set, something between that and (significand + 1) 2^exponent. Significands have at most 62
bits, and at least 30 where there is a rest (58 for sums and quotients).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

import lowfloat as lf

ZERO, NUMBER, INFINITE, NAN = range(4)
INEXACT, UNDERFLOW, OVERFLOW, DIVIDE_BY_ZERO, INVALID = 1, 2, 4, 8, 16
#: Leading bits that sums, quotients and roots are worked out to.
BITS, ROOT_BITS = 60, 31
#: The longest significand: a sum's, and a number's that is compared.
MOST_BITS = 62
TOO_FEW = "the model has too few bits for this"
U = np.uint64
Codes = np.ndarray


@dataclass
class Numbers:
    """Decoded operands, or exact results before rounding."""

    kind: np.ndarray
    sign: np.ndarray
    significand: np.ndarray
    exponent: np.ndarray
    rest: np.ndarray
    #: Of NaNs: whether they signal, and the payload at the top of 64 bits.
    signaling: np.ndarray
    payload: np.ndarray
    #: Flags that the operation itself raises.
    raised: np.ndarray

    def where(self, mask: np.ndarray, other: Numbers) -> Numbers:
        """These, and the others where the mask is set."""
        mine, theirs = vars(self), vars(other)
        return Numbers(**{name: np.where(mask, theirs[name], mine[name]) for name in mine})


def bit_length(x: np.ndarray) -> np.ndarray:
    """The bits of each integer below 2^63."""
    length = np.zeros(x.shape, np.int64)
    for step in (32, 16, 8, 4, 2, 1):
        large = x >= U(1) << U(step)
        length += np.where(large, step, 0)
        x = np.where(large, x >> U(step), x)
    return length + (x > 0)


def shift_right(x: np.ndarray, by: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """floor(x / 2^by) for by >= 0, and whether it is less than that."""
    by = np.minimum(by, 63).astype(U)
    kept = x >> by
    return kept, kept << by != x


def decode(codes: Codes, f: lf.Format, daz: bool = False) -> Numbers:
    """Rules D-3 to D-6 and Q-3."""
    codes = np.asarray(codes, U)
    m, magnitudes = f.mantissa_bits, U((1 << (f.exponent_bits + f.mantissa_bits)) - 1)
    magnitude = codes & magnitudes
    sign = (codes > magnitudes) if f.signed else np.zeros(codes.shape, bool)
    field, fraction = (magnitude >> U(m)).astype(np.int64), magnitude & U((1 << m) - 1)
    kind = np.full(codes.shape, NUMBER)
    top = int(magnitudes)
    if f.nan in ("all_ones", "top"):
        kind[magnitude == U(top)] = NAN
        top -= 1
    if f.infinities == "top":
        kind[magnitude == U(top)] = INFINITE
    if f.nan == "ieee":
        last = field == (1 << f.exponent_bits) - 1
        kind[last] = np.where(fraction[last] != 0, NAN, INFINITE)
    lowest = field == 0
    significand = fraction + np.where(lowest & (f.subnormals != "normal"), U(0), U(1) << U(m))
    exponent = field - f.bias - m + (lowest & (f.subnormals != "normal"))
    flushed = lowest if f.subnormals == "flush" else np.zeros_like(lowest)
    if f.subnormals == "normal":
        flushed = (magnitude == 0) & f.zero
    elif daz:
        flushed = lowest
    significand = np.where(flushed, U(0), significand)
    kind[(kind == NUMBER) & (significand == 0)] = ZERO
    if f.nan == "negative_zero":
        kind[sign & (magnitude == 0)] = NAN
        sign = sign & (kind != NAN)
    if not f.negative_zero:
        sign = sign & (kind != ZERO)
    quiet = U(1 << max(m - 1, 0))
    ieee = (kind == NAN) & (f.nan == "ieee")
    payload = (fraction & (quiet - U(1))) << U(65 - m) if m > 1 else np.zeros_like(fraction)
    nothing = np.zeros(codes.shape, np.uint8)
    return Numbers(
        kind, sign, significand, exponent, np.zeros(codes.shape, bool),
        ieee & (fraction & quiet == 0), np.where(ieee, payload, U(0)), nothing,
    )  # fmt: skip


def exactly(sign: np.ndarray, significand: np.ndarray, exponent: np.ndarray,
            rest: np.ndarray) -> Numbers:  # fmt: skip
    """Numbers, zeros where nothing is left."""
    kind = np.where((significand == 0) & ~rest, ZERO, NUMBER)
    zero = np.zeros(kind.shape, U)
    flags = np.zeros(kind.shape, np.uint8)
    return Numbers(kind, sign, significand, exponent, rest, zero != 0, zero, flags)


def normalised(x: Numbers, bits: int = BITS) -> tuple[np.ndarray, np.ndarray]:
    """Significands with ``bits`` bits, and their exponents."""
    up = np.where(x.significand > 0, bits - bit_length(x.significand), 0)
    return x.significand << up.astype(U), x.exponent - up


def of_kind(x: Numbers, kind: int, sign: np.ndarray, raised: int = 0) -> Numbers:
    """Zeros or infinities with signs."""
    return replace(
        x, kind=np.full(x.kind.shape, kind), sign=np.broadcast_to(sign, x.kind.shape),
        raised=np.full(x.kind.shape, raised, np.uint8),
    )  # fmt: skip
