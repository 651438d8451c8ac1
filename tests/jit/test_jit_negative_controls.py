"""The comparison catches planted errors: each one a record with a single wrong entry."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from against_golden import all_codes, all_pairs, differences

import lowfloat as lf
from lowfloat.jit import records

E4M3, E5M2 = lf.format("e4m3"), lf.format("e5m2")
E3M2 = lf.Format(3, 2, infinities="ieee", nan="ieee")
EARLY_TIES = ((np.int64(2), np.int64(2)), (np.int64(3), np.int64(2)))


@pytest.mark.parametrize(
    ("record", "change"),
    [
        ("target", {"away": EARLY_TIES}),
        ("target", {"least_normal": np.uint64(5)}),
        ("target", {"max_finite": np.uint64(0x1A)}),
        ("target", {"minus_zero": np.uint64(0)}),
        ("target", {"tiny_before": True}),
        ("source", {"scale": np.int64(-9)}),
        ("source", {"quiet_bit": np.uint64(1)}),
    ],
)
def test_a_planted_error_in_a_conversion_is_caught(
    monkeypatch: pytest.MonkeyPatch, record: str, change: dict[str, Any]
) -> None:
    assert not differences("convert", [all_codes(E4M3)], [E4M3], E3M2)
    right = getattr(records, record)
    monkeypatch.setattr(records, record, lambda *args: right(*args)._replace(**change))
    assert differences("convert", [all_codes(E4M3)], [E4M3], E3M2)


def test_a_planted_error_in_a_sum_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    right = records.target
    wrong = {"zero_sum_sign": np.int64(1)}
    monkeypatch.setattr(records, "target", lambda *args: right(*args)._replace(**wrong))
    assert differences("add", all_pairs(E3M2), [E3M2, E3M2], E3M2)


def test_wrong_random_bits_are_caught() -> None:
    """Golden given one number, jit another."""
    projection = lf.Projection(lf.Stochastic(8))
    wrong = np.arange(256, dtype=np.uint64)

    class Shifted(np.ndarray):
        """Shows golden, which asks for single elements, the neighbour's bits."""

        def __getitem__(self, index: Any) -> Any:
            if isinstance(index, int):
                index = (index + 1) % self.size
            return super().__getitem__(index)

    source = lf.float16
    codes = np.full(256, 0x3C80, np.uint16)
    assert not differences("convert", [codes], [source], E5M2, projection, wrong)
    assert differences("convert", [codes], [source], E5M2, projection, wrong.view(Shifted))
