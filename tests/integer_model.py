"""A third model of arithmetic: whole arrays in 64-bit integers, from the rules alone.

It shares nothing with the library but the record of a format's fields, and rounds formats of up to
24 bits of precision correctly, with as many random bits as integer_numbers.py leaves room for.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from integer_numbers import (
    BITS,
    DIVIDE_BY_ZERO,
    INFINITE,
    INVALID,
    NAN,
    NUMBER,
    ROOT_BITS,
    ZERO,
    Codes,
    Numbers,
    U,
    decode,
    exactly,
    normalised,
    of_kind,
    shift_right,
)  # fmt: skip
from integer_projection import project

import lowfloat as lf


def invalid(x: Numbers, where: np.ndarray, p: lf.Projection) -> Numbers:
    """The NaN of an invalid operation where the mask is set. Rules A-6, Q-9."""
    ones = p.policy.default_nan_fraction == "ones"
    made = of_kind(x, NAN, np.bool_(p.policy.default_nan_sign), INVALID)
    made.payload = np.full(x.kind.shape, U(0xFFFFFFFFFFFFFFFF) if ones else U(0))
    made.signaling = np.zeros(x.kind.shape, bool)
    return x.where(where, made)


def add(x: Numbers, y: Numbers, p: lf.Projection) -> Numbers:
    """Rule A-2."""
    a, ea = normalised(x)
    b, eb = normalised(y)
    far = 4 * (1 << 20)
    ea, eb = np.where(x.kind == ZERO, -far, ea), np.where(y.kind == ZERO, -far, eb)
    swap = (eb > ea) | ((eb == ea) & (b > a))
    large, small = np.where(swap, b, a), np.where(swap, a, b)
    exponent, distance = np.where(swap, eb, ea), np.abs(ea - eb)
    shifted, rest = shift_right(small, distance)
    unlike = x.sign != y.sign
    # large - (shifted + something below 1) is below large - shifted.
    total = np.where(unlike, large - shifted - rest.astype(U), large + shifted)
    sign = np.where(swap, y.sign, x.sign)
    found = exactly(sign, total, exponent, rest)
    minus = p.rounding == "toward_negative" and p.policy.exact_zero == "ieee"
    zeros = (x.kind == ZERO) & (y.kind == ZERO) & ~unlike
    found.sign = np.where(found.kind == ZERO, np.where(zeros, x.sign, minus), found.sign)
    infinite_x, infinite_y = x.kind == INFINITE, y.kind == INFINITE
    found = found.where(infinite_y, of_kind(found, INFINITE, y.sign))
    found = found.where(infinite_x, of_kind(found, INFINITE, x.sign))
    return invalid(found, infinite_x & infinite_y & unlike, p)


def subtract(x: Numbers, y: Numbers, p: lf.Projection) -> Numbers:
    """Rule A-3."""
    return add(x, replace(y, sign=~y.sign), p)


def multiply(x: Numbers, y: Numbers, p: lf.Projection) -> Numbers:
    """Rule A-4."""
    sign = x.sign != y.sign
    product = np.where((x.kind == NUMBER) & (y.kind == NUMBER), x.significand * y.significand, U(0))
    found = exactly(sign, product, x.exponent + y.exponent, np.zeros(product.shape, bool))
    infinite = (x.kind == INFINITE) | (y.kind == INFINITE)
    zero = (x.kind == ZERO) | (y.kind == ZERO)
    return invalid(found.where(infinite, of_kind(found, INFINITE, sign)), infinite & zero, p)


def divide(x: Numbers, y: Numbers, p: lf.Projection) -> Numbers:
    """Rule A-7: long division, one bit a step."""
    sign = x.sign != y.sign
    a, ea = normalised(x, BITS - 1)
    b, eb = normalised(
        replace(y, significand=np.where(y.kind == NUMBER, y.significand, U(1))), BITS - 1
    )
    quotient = (a >= b).astype(U)
    left = np.where(a >= b, a - b, a)
    for _ in range(BITS - 1):
        left = left << U(1)
        fits = left >= b
        quotient = quotient << U(1) | fits.astype(U)
        left = np.where(fits, left - b, left)
    found = exactly(sign, quotient, ea - eb - (BITS - 1), left != 0)
    small = (x.kind == ZERO) | (y.kind == INFINITE)
    large = (x.kind == INFINITE) | (y.kind == ZERO)
    pole = (x.kind == NUMBER) & (y.kind == ZERO)
    found = found.where(small, of_kind(found, ZERO, sign))
    found = found.where(large, of_kind(found, INFINITE, sign))
    found = found.where(pole, of_kind(found, INFINITE, sign, DIVIDE_BY_ZERO))
    return invalid(found, small & large, p)


def integer_root(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """floor(sqrt(x)) for x < 2^62, one bit a step, and whether it is less than that."""
    root = np.zeros_like(x)
    for bit in range(ROOT_BITS - 1, -1, -1):
        longer = root | U(1 << bit)
        root = np.where(longer * longer <= x, longer, root)
    return root, root * root != x


def rooted(x: Numbers) -> Numbers:
    """The square roots of positive numbers."""
    a, e = normalised(x, 2 * ROOT_BITS - 1)
    odd = e % 2 == 1
    root, rest = integer_root(np.where(odd, a << U(1), a))
    return exactly(np.zeros(root.shape, bool), root, np.where(odd, e - 1, e) // 2, rest | x.rest)


def sqrt(x: Numbers, p: lf.Projection) -> Numbers:
    """Rule A-8."""
    found = rooted(x)
    found = found.where(x.kind == ZERO, of_kind(found, ZERO, x.sign))
    found = found.where(x.kind == INFINITE, of_kind(found, INFINITE, np.bool_(False)))
    return invalid(found, x.sign & (x.kind != ZERO), p)


def hypot(x: Numbers, y: Numbers, p: lf.Projection) -> Numbers:
    """Rule A-10, but for NaNs."""
    squares = [
        multiply(replace(v, sign=v.sign & False), replace(v, sign=v.sign & False), p)
        for v in (x, y)
    ]
    total = add(*squares, lf.Projection())
    found = rooted(total)
    found = found.where(total.kind == ZERO, of_kind(found, ZERO, np.bool_(False)))
    return found.where(total.kind == INFINITE, of_kind(found, INFINITE, np.bool_(False)))


def fma(x: Numbers, y: Numbers, z: Numbers, p: lf.Projection) -> Numbers:
    """Rule A-5, but for Q-7: without NaNs among the operands."""
    product = multiply(x, y, p)
    return add(product, z, p).where(product.kind == NAN, product)


def reciprocal(x: Numbers, p: lf.Projection) -> Numbers:
    """Rule A-7."""
    one = exactly(
        x.sign & False, np.ones_like(x.significand), np.zeros_like(x.exponent), x.rest & False
    )
    return divide(one, x, p)


def convert(x: Numbers, p: lf.Projection) -> Numbers:
    """Rule C-2."""
    return x


OPERATIONS = {
    function.__name__: function
    for function in (add, subtract, multiply, divide, sqrt, hypot, fma, reciprocal, convert)
}


def propagated(operands: list[Numbers], p: lf.Projection) -> Numbers:
    """The NaN of operands some of which are NaN. Rules N-2 and Q-10."""
    found = operands[0]
    for y in operands[1:]:
        if p.policy.nan == "signaling_first":
            right = (y.kind == NAN) & ((found.kind != NAN) | (y.signaling & ~found.signaling))
        else:
            right = found.kind != NAN
        found = found.where(right, y)
        found.signaling = np.zeros(right.shape, bool)  # quieted before it meets the next
    loud = np.zeros(found.kind.shape, bool)
    for y in operands:
        loud |= y.signaling | ((y.kind == NAN) & p.policy.quiet_nan_invalid)
    found.raised = np.where(loud, INVALID, 0).astype(np.uint8)
    found.signaling = np.zeros(loud.shape, bool)
    return found


def apply(operation: str, columns: list[Codes], formats: list[lf.Format], fmt: lf.Format,
          projection: lf.Projection, bits: np.ndarray | None = None):  # type: ignore[no-untyped-def]  # fmt: skip
    """Codes and flags of an operation on columns of codes."""
    daz = projection.policy.daz
    operands = [
        decode(c, f, daz) for c, f in zip(np.broadcast_arrays(*columns), formats, strict=True)
    ]
    nan = np.any([x.kind == NAN for x in operands], axis=0)
    with np.errstate(over="ignore"):
        found = OPERATIONS[operation](*operands, projection)
        endless = np.zeros(nan.shape, bool)
        if operation == "hypot":
            signal = np.any([x.signaling for x in operands], axis=0)
            endless = np.any([x.kind == INFINITE for x in operands], axis=0) & ~signal
            found = found.where(endless, of_kind(found, INFINITE, np.bool_(False)))
        found = found.where(nan & ~endless, propagated(operands, projection))
        return project(found, fmt, projection, bits)
