"""golden and native sums have the same bits and flags, for every kind of accumulator."""

from __future__ import annotations

import numpy as np
from hypothesis import HealthCheck, given, settings
from reduction_strategies import Case, cases, run, scaled_cases

import lowfloat as lf
from lowfloat import _native

SLOW = settings(deadline=None, max_examples=300, suppress_health_check=list(HealthCheck))


def both(case: Case) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Codes and flags of the golden and of the generic native path."""
    results = []
    for backend in ("golden", "native"):
        raised = np.full((case.x.shape[0], case.y.shape[1]), 0xFF, np.uint8)
        with lf.backend(backend), _native.forced(generic=True), lf.flags() as f:
            z = run(case, rng=lf.Philox(11).at(5), flags_out=raised)
        assert f.bits == np.bitwise_or.reduce(raised, axis=None)
        results.append([z.codes, raised])
    return results[0], results[1]


@SLOW
@given(cases())
def test_golden_is_native(case: Case) -> None:
    golden, native = both(case)
    np.testing.assert_array_equal(native[0], golden[0])
    np.testing.assert_array_equal(native[1], golden[1])


@SLOW
@given(scaled_cases())
def test_golden_is_native_where_scales_multiply_sums(case: Case) -> None:
    golden, native = both(case)
    np.testing.assert_array_equal(native[0], golden[0])
    np.testing.assert_array_equal(native[1], golden[1])


@SLOW
@given(cases())
def test_shortcuts_change_nothing(case: Case) -> None:
    with _native.forced(generic=True):
        expected = run(case, rng=lf.Philox(11).at(5))
    got = run(case, rng=lf.Philox(11).at(5))
    np.testing.assert_array_equal(got.codes, expected.codes)
