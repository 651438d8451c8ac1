"""Arithmetic in one pass equals the generic path: numbers, pieces with NaNs, single inexact results."""

from __future__ import annotations

import numpy as np
import pytest
from native_paths import assert_same

import lowfloat as lf
from lowfloat import _native

ARITY = {"add": 2, "subtract": 2, "multiply": 2, "divide": 2, "sqrt": 1, "fma": 3}
FORMATS = (
    "float16", "bfloat16", "e5m9", "e5m4", "e6m7", "e7m3", "e8m5", "e6m9", "e4m10", "e3m8",
)  # fmt: skip
ISAS = [isa for isa in _native.usable_isas() if isa != "baseline"]
#: Pieces of 512, a shorter one, and a rest that fills no vector.
COUNT = 2 * 512 + 160 + 11


def apply(
    operation: str, columns: list[np.ndarray], fmt: lf.Format, collect: bool, out: np.ndarray
) -> int:
    """The union of flags, if asked; tables would take roots."""
    formats = [fmt] * len(columns)
    return _native.apply(
        operation, columns, formats, out, fmt, lf.Projection(), None, None, collect
    )


def assert_agree(operation: str, columns: list[np.ndarray], fmt: lf.Format, isa: str) -> None:
    """Codes and flags of the kernels are the generic path's, also in place of an operand."""
    want = np.empty_like(columns[0])
    with _native.forced("baseline", True):
        flags = apply(operation, columns, fmt, True, want)
    for collect in (False, True):
        out = np.full_like(want, 0x5555)
        with _native.forced(isa):
            raised = apply(operation, columns, fmt, collect, out)
        assert_same("codes", out, want)
        assert raised == (flags if collect else 0)
        inner = columns[-1].copy()
        with _native.forced(isa):
            apply(operation, [*columns[:-1], inner], fmt, collect, inner)
        assert_same("in place", inner, want)


def finite_codes(fmt: lf.Format, arity: int, seed: int = 3) -> list[np.ndarray]:
    """Finite numbers, of the whole range and of the half around 1."""
    rng = np.random.default_rng(seed)
    infinity = ((1 << fmt.exponent_bits) - 1) << fmt.mantissa_bits
    magnitudes = rng.integers(0, infinity, (arity, COUNT), np.uint16)
    middle = rng.integers(infinity // 4, 3 * (infinity // 4), (arity, COUNT), np.uint16)
    magnitudes = np.where(rng.random((arity, COUNT)) < 0.5, magnitudes, middle)
    signs = rng.integers(0, 2, (arity, COUNT), np.uint16) << np.uint16(fmt.width - 1)
    return list(magnitudes | signs.astype(np.uint16))


@pytest.mark.parametrize("isa", ISAS)
@pytest.mark.parametrize("operation", ARITY)
@pytest.mark.parametrize("name", FORMATS)
def test_numbers(name: str, operation: str, isa: str) -> None:
    fmt = lf.format(name)
    columns = finite_codes(fmt, ARITY[operation])
    if operation == "sqrt":
        columns[0] &= np.uint16((1 << (fmt.width - 1)) - 1)
    if operation == "divide":
        columns[1] |= np.uint16(1)
    assert_agree(operation, columns, fmt, isa)


@pytest.mark.parametrize("isa", ISAS)
@pytest.mark.parametrize("operation", ARITY)
@pytest.mark.parametrize("name", FORMATS)
def test_pieces_with_infinities_and_nans(name: str, operation: str, isa: str) -> None:
    fmt = lf.format(name)
    infinity = ((1 << fmt.exponent_bits) - 1) << fmt.mantissa_bits
    for special in (infinity, infinity + 1, infinity | 1 << (fmt.mantissa_bits - 1)):
        for k in range(ARITY[operation]):
            columns = finite_codes(fmt, ARITY[operation], seed=special)
            columns[k][700] = special
            assert_agree(operation, columns, fmt, isa)


@pytest.mark.parametrize("isa", ISAS)
@pytest.mark.parametrize("operation", ARITY)
@pytest.mark.parametrize("name", FORMATS)
def test_the_flags_of_one_element_among_exact_ones(name: str, operation: str, isa: str) -> None:
    fmt = lf.format(name)
    arity = ARITY[operation]
    one = np.uint16(fmt.bias << fmt.mantissa_bits)
    drawn = finite_codes(fmt, arity, seed=5)
    for at in range(0, COUNT, 37):
        columns = [np.full(COUNT, one) for _ in range(arity)]
        for k in range(arity):
            columns[k][at] = drawn[k][at]
        assert_agree(operation, columns, fmt, isa)
