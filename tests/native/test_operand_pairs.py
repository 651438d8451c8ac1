"""Every 8-bit sum, product and quotient: all operand pairs, roundings and saturations."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
from native_paths import assert_every_path, keywords
from pair_tables import PROJECTIONS, PairTable

import lowfloat as lf

LISTED = (
    "float8_e3m4", "float8_e4m3", "float8_e4m3fn", "float8_e4m3fnuz", "float8_e4m3b11fnuz",
    "float8_e5m2", "float8_e5m2fnuz", "float8_e8m0fnu", "fp8_143", "cfloat8_1_4_3",
    "binary8p4se", "binary8p3uf",
)  # fmt: skip


def assert_all_pairs(operation: str, fmt: lf.Format, every: int = 1) -> None:
    table = PairTable(operation, fmt)
    codes = np.arange(1 << fmt.width, dtype=np.uint8)
    x, y = lf.from_codes(codes[:, None], fmt), lf.from_codes(codes[None, :], fmt)
    for projection in PROJECTIONS[::every]:
        run = partial(getattr(lf, operation), x, y, **keywords(projection))
        assert_every_path(run, *table.results(projection))


@pytest.mark.parametrize("operation", ["add", "multiply"])
@pytest.mark.parametrize("name", LISTED)
def test_every_pair_equals_golden(name: str, operation: str) -> None:
    assert_all_pairs(operation, lf.format(name))


@pytest.mark.parametrize("operation", ["subtract", "divide"])
@pytest.mark.parametrize("name", ["float8_e4m3fn", "float8_e5m2", "float6_e3m2fn", "float4_e2m1fn"])
def test_differences_and_quotients_equal_golden(name: str, operation: str) -> None:
    assert_all_pairs(operation, lf.format(name), every=5)


@pytest.mark.exhaustive
@pytest.mark.parametrize("operation", ["subtract", "divide"])
@pytest.mark.parametrize("name", LISTED)
def test_every_difference_and_quotient_equals_golden(name: str, operation: str) -> None:
    assert_all_pairs(operation, lf.format(name))


@pytest.mark.parametrize("operation", ["add", "subtract", "multiply", "divide"])
def test_the_table_of_pairs_is_what_golden_says_pair_by_pair(operation: str) -> None:
    fmt = lf.format("float6_e3m2fn")
    table = PairTable(operation, fmt)
    for projection in PROJECTIONS[::5]:
        codes, flags = table.results(projection)
        for a in range(64):
            for b in range(64):
                direct = getattr(lf.golden, operation)(
                    a, b, formats=(fmt, fmt), format=fmt, projection=projection
                )
                assert direct == (codes[a, b], flags[a, b])
