"""Exact results in 64 bits, which deterministic roundings take, equal those in 128.

Stochastic roundings take the longer ones. With 64 random bits of variant A, R = 0 never rounds away
and R = 2^63 does from a half on (P-6): toward zero, and to nearest with ties away. What overflows
(P-8) is clamped, where they would differ.
"""

from __future__ import annotations

import numpy as np
import pytest
from native_paths import assert_same

import lowfloat as lf
from lowfloat import _native
from lowfloat.engine.sources import code_dtype

ARITY = {
    "convert": 1, "reciprocal": 1, "sqrt": 1,
    "add": 2, "subtract": 2, "multiply": 2, "divide": 2, "fma": 3,
}  # fmt: skip
#: Formats of the operands in turn, and of the result.
FORMATS = {
    "float64": ("float64", "float64"),
    "long operands": ("float64", "e11m40"),
    "short operands": ("e11m20", "float64"),
    "few exponents": ("e5m40", "e4m45"),
}
COUNT = 20_000


def operands(name: str, arity: int) -> list[np.ndarray]:
    """Codes with exponents up to 120 apart, some significands of few bits, some codes of any kind."""
    fmt = lf.format(name)
    rng = np.random.default_rng(7)
    columns = []
    for k in range(arity):
        m = fmt.mantissa_bits
        reach = min(60, (1 << fmt.exponent_bits) // 4)
        middle = 1 << (fmt.exponent_bits - 1)
        fields = rng.integers(middle - reach, middle + reach, COUNT, np.uint64)
        fractions = rng.integers(0, 1 << m, COUNT, np.uint64)
        few = rng.integers(0, m, COUNT, np.uint64)
        fractions = np.where(rng.random(COUNT) < 0.4, fractions >> few << few, fractions)
        signs = rng.integers(0, 2, COUNT, np.uint64) << np.uint64(fmt.width - 1)
        codes = signs | fields << np.uint64(m) | fractions
        if k == 1:  # the first operand and its neighbours, for cancellation
            near = columns[0] ^ rng.integers(0, 4, COUNT, np.uint64)
            codes = np.where(rng.random(COUNT) < 0.2, near, codes)
        wild = rng.integers(0, (1 << fmt.width) - 1, COUNT, np.uint64, endpoint=True)
        codes = np.where(rng.random(COUNT) < 0.05, wild, codes)
        columns.append(codes.astype(code_dtype(fmt)))
    return columns


def generic(
    operation: str,
    columns: list[np.ndarray],
    names: tuple[str, str],
    projection: lf.Projection,
    random: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Codes and flags of the generic path."""
    formats = [lf.format(names[0])] * len(columns)
    fmt = lf.format(names[1])
    out = np.empty(COUNT, code_dtype(fmt))
    flags = np.empty(COUNT, np.uint8)
    with _native.forced("baseline", True, tables=False):
        _native.apply(operation, columns, formats, out, fmt, projection, random, flags, True)
    return out, flags


@pytest.mark.parametrize("names", FORMATS.values(), ids=FORMATS)
@pytest.mark.parametrize("operation", ARITY)
@pytest.mark.parametrize(("rounding", "bits"), [("toward_zero", 0), ("nearest_away", 1 << 63)])
def test_short_results_equal_long_ones(
    operation: str, names: tuple[str, str], rounding: str, bits: int
) -> None:
    columns = operands(names[0], ARITY[operation])
    short, flags = generic(operation, columns, names, lf.Projection(rounding, "finite"))
    drawn = np.full(COUNT, bits, np.uint64)
    projection = lf.Projection(lf.Stochastic(64), "finite")
    longer, longer_flags = generic(operation, columns, names, projection, drawn)
    assert_same("codes", short, longer)
    assert_same("flags", flags, longer_flags)
