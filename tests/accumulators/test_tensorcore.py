"""Presets against the dot products recorded on real GPUs: every row, no difference."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from tensorcore import FOLDER, Recorded, all_recorded

import lowfloat as lf
from lowfloat.accumulators import Accumulator, Fused, Grouped

pytestmark = pytest.mark.skipif(
    not FOLDER.is_dir(), reason="the recorded dot products are not in ../shared/vectors/tensorcore"
)

RECORDED = all_recorded() if FOLDER.is_dir() else []


def results(r: Recorded, accumulator=None, rows: slice = slice(None)) -> np.ndarray:
    """Codes of the model's results."""
    c = None if r.c is None else lf.from_codes(r.c[rows], r.out)
    a, b = (lf.from_codes(x[rows], r.format) for x in (r.a, r.b))
    return lf.dot(a, b, c=c, accumulator=accumulator or r.preset, format=r.out).codes


@pytest.mark.parametrize("r", RECORDED, ids=lambda r: r.name)
def test_every_recorded_row(r: Recorded) -> None:
    assert r.preset.maturity == "recorded"
    np.testing.assert_array_equal(results(r), r.d)


@pytest.mark.parametrize("r", RECORDED, ids=lambda r: r.name)
def test_recorded_rows_in_the_golden_model(r: Recorded) -> None:
    rows = slice(None, None, 100)
    with lf.backend("golden"):
        np.testing.assert_array_equal(results(r, rows=rows), r.d[rows])


def test_there_are_48_sets_of_2000_rows() -> None:
    assert len(RECORDED) == 48
    assert all(len(r.d) == 2000 for r in RECORDED)


def blocks_changed(accumulator, **changes):
    """The accumulator with its fused block changed, inside of groups too."""
    if isinstance(accumulator, Grouped):
        return dataclasses.replace(accumulator, inner=blocks_changed(accumulator.inner, **changes))
    return dataclasses.replace(accumulator, **changes)


def block_of(accumulator) -> Fused:
    return block_of(accumulator.inner) if isinstance(accumulator, Grouped) else accumulator


def chosen(condition) -> pytest.MarkDecorator:
    """The sets that a control is sensitive to."""
    sets = [r for r in RECORDED if condition(r)]
    return pytest.mark.parametrize("r", sets, ids=lambda r: r.name)


# Operands are draws of N(0, 1). Sums in float16 show few of the bits below, and FP8 products have so
# few bits that none is lost with 25 fraction bits: these sets do not see such errors.


@chosen(lambda r: isinstance(r.preset.accumulator, Fused) and r.out is lf.float32)
@pytest.mark.parametrize("change", [-1, 1])
def test_one_alignment_bit_fewer_or_more_is_caught(r: Recorded, change: int) -> None:
    bits = block_of(r.preset.accumulator).fraction_bits
    other = blocks_changed(r.preset.accumulator, fraction_bits=bits + change)
    assert np.count_nonzero(results(r, other) != r.d) > 50


@chosen(lambda r: isinstance(r.preset.accumulator, Fused) and r.out is lf.float32)
def test_another_direction_of_alignment_is_caught(r: Recorded) -> None:
    for alignment in ("toward_negative", "to_odd", "nearest_even"):
        other = blocks_changed(r.preset.accumulator, alignment=alignment)
        assert (results(r, other) != r.d).any()


@chosen(lambda r: isinstance(r.preset.accumulator, Fused) and r.c is not None)
def test_c_late_instead_of_early_is_caught(r: Recorded) -> None:
    block = r.preset.accumulator
    late = Grouped(block, Accumulator(r.out), n=block.terms)
    assert np.count_nonzero(results(r, late) != r.d) > 400


@chosen(lambda r: isinstance(r.preset.accumulator, Grouped) and r.out is lf.float16)
def test_terms_of_the_two_halves_in_another_order_are_caught(r: Recorded) -> None:
    plain = blocks_changed(r.preset.accumulator, order="sequential")
    assert np.count_nonzero(results(r, plain) != r.d) > 400


@chosen(lambda r: r.name.startswith(("ada_e", "l40s_e")))
def test_one_pair_of_terms_exchanged_between_blocks_is_caught(r: Recorded) -> None:
    a, b = r.a.copy(), r.b.copy()
    for x in (a, b):
        x[:, [15, 16]] = x[:, [16, 15]]
    assert np.count_nonzero(results(r._replace(a=a, b=b)) != r.d) > 20
