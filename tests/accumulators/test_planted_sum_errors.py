"""Negative controls: an error planted in what the C library is told is seen by the comparison."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import lowfloat as lf
from lowfloat import _native, _native_reductions
from lowfloat.accumulators import Fused, Grouped, LateStart, Product, Subsums

RNG = np.random.default_rng(21)
X = lf.cast(RNG.standard_normal((7, 40)) * 2.0 ** RNG.integers(-6, 6, (7, 40)), "float16")
Y = lf.cast(RNG.standard_normal((40, 5)) * 2.0 ** RNG.integers(-6, 6, (40, 5)), "float16")

STEP = lf.Accumulator("e6m9")
FUSED = Fused("float32", 8, 24)
LATE = Fused("float32", 8, 20, "RNE", subsums=Subsums(2, "lanes", 18), start=LateStart(22, 20))
PLANTED: list[tuple[Any, Callable[[Any], None]]] = [
    (STEP, lambda a: setattr(a, "order", 1)),
    (lf.Accumulator("e6m9", order="pairwise"), lambda a: setattr(a, "order", 0)),
    (lf.Accumulator("e6m9", compensation="kahan"), lambda a: setattr(a, "compensation", 2)),
    (lf.Accumulator("e6m9", product=Product(method="integer_add")),
     lambda a: setattr(a, "product", 0)),
    (FUSED, lambda a: setattr(a, "fraction_bits", 23)),
    (FUSED, lambda a: setattr(a, "terms", 7)),
    (FUSED, lambda a: setattr(a, "alignment", 5)),
    (FUSED, lambda a: setattr(a, "minimum_exponent", 12)),
    (LATE, lambda a: setattr(a, "subsum_bits", 17)),
    (LATE, lambda a: setattr(a, "late_sum_bits", 21)),
    (LATE, lambda a: setattr(a, "late_start_bits", 19)),
    (LATE, lambda a: setattr(a, "late_alignment", 3)),
    (LATE, lambda a: setattr(a, "subsums", 1)),
    (Grouped(STEP, STEP, n=8), lambda a: setattr(a, "n", 9)),
    (Grouped(STEP, STEP, "lanes", 4), lambda a: setattr(a, "grouping", 1)),
]  # fmt: skip


def differences(accumulator: Any) -> int:
    """Results in which the generic native path and the golden model differ."""
    with _native.forced(generic=True):
        native = lf.matmul(X, Y, accumulator=accumulator, format="float32").codes
    with lf.backend("golden"):
        golden = lf.matmul(X, Y, accumulator=accumulator, format="float32").codes
    return int(np.count_nonzero(native != golden))


@pytest.mark.parametrize(
    ("accumulator", "plant"), PLANTED, ids=[str(i) for i in range(len(PLANTED))]
)
def test_a_planted_error_is_seen(accumulator, plant, monkeypatch) -> None:
    assert differences(accumulator) == 0
    structs: list[Any] = []
    _native_reductions._make(accumulator, structs)
    plant(structs[0])
    monkeypatch.setitem(_native_reductions._accumulators, accumulator, structs)
    assert differences(accumulator) > 0


def test_one_random_bit_is_seen() -> None:
    step = lf.Accumulator("e6m9", lf.Stochastic(8))
    bits = RNG.integers(0, 256, (7, 5, 40), np.uint8)
    before = lf.matmul(X, Y, accumulator=step, random_bits=bits).codes
    bits[:, :, 17] ^= 0x80
    assert (lf.matmul(X, Y, accumulator=step, random_bits=bits).codes != before).any()
