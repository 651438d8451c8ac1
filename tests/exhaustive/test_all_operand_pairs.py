"""Every sum, difference, product and quotient of all operand pairs, for formats beyond the twelve listed."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
from native_paths import assert_every_path, keywords
from pair_tables import PROJECTIONS, PairTable

import lowfloat as lf

P3109 = [
    f"binary{k}p{p}{s}{d}"
    for k in range(3, 9)
    for s in "su"
    for p in range(1, k + (s == "u"))
    for d in "ef"
]
OTHERS = [
    "cfloat8_1_5_2", "float6_e2m3fn", "float6_e3m2fn", "float4_e2m1fn", "e2m5", "e3m4fn", "e4m3b0",
    "e5m2fn", "e6m1", "e1m6f", "e0m7", "e7m0", "e2m5fnuz", "e3m5u", "e4m4fu", "e6m2fnu", "e5m2b30",
]  # fmt: skip


def legal(names: list[str]) -> list[str]:
    """The names that stand for a format: some corners of the P3109 family have no number."""
    found = []
    for name in names:
        try:
            lf.format(name)
        except ValueError:
            continue
        found.append(name)
    return found


@pytest.mark.exhaustive
@pytest.mark.parametrize("operation", ["add", "subtract", "multiply", "divide"])
@pytest.mark.parametrize("name", legal([*OTHERS, *P3109]))
def test_every_pair_of_every_other_format_equals_golden(name: str, operation: str) -> None:
    fmt = lf.format(name)
    table = PairTable(operation, fmt)
    codes = np.arange(1 << fmt.width, dtype=np.uint8)
    x, y = lf.from_codes(codes[:, None], fmt), lf.from_codes(codes[None, :], fmt)
    for projection in PROJECTIONS:
        run = partial(getattr(lf, operation), x, y, **keywords(projection))
        assert_every_path(run, *table.results(projection))
