"""Ties to odd: golden = C = Numba on every code, ties by hand, and what sets it apart."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
from native_paths import assert_every_path, golden_results, keywords
from strategies import SATURATIONS

import lowfloat as lf
from lowfloat.jit import backend

SMALL = (
    "float4_e2m1fn", "float6_e2m3fn", "float6_e3m2fn", "float8_e4m3fn", "float8_e5m2",
    "float8_e4m3fnuz", "float8_e8m0fnu", "binary8p1se", "binary8p3uf", "binary5p2se",
)  # fmt: skip
HALF = lf.float16


@pytest.mark.parametrize("saturation", SATURATIONS)
@pytest.mark.parametrize("name", SMALL)
def test_every_half_into_small_formats(name: str, saturation: str) -> None:
    fmt = lf.format(name)
    codes = np.arange(1 << 16, dtype=np.uint16)
    # Subnormals and all bits at the top of each binade: what 8-bit formats can tell apart.
    codes = codes[(codes & 0x7C00 == 0) | (codes & 0x1F == 0) | (codes & 0x1F == 1)]
    for tininess in ("after", "before"):
        policy = lf.Policy(tininess=tininess)
        projection = lf.Projection("nearest_odd", saturation, policy)
        want = golden_results("convert", [codes], [HALF], fmt, projection)
        run = partial(lf.cast, lf.from_codes(codes, HALF), fmt, **keywords(projection))
        assert_every_path(run, *want)
        out, flags = np.zeros_like(want[0]), np.zeros_like(want[1])
        backend.apply("convert", [codes], [HALF], out, fmt, projection, None, flags)
        assert np.array_equal(out, want[0])
        assert np.array_equal(flags, want[1])


@pytest.mark.parametrize(
    ("x", "want"),
    [(1.125, 1.25), (1.375, 1.25), (-1.125, -1.25), (1.0, 1.0), (1.1, 1.0), (1.15, 1.25),
     (1.875, 1.75), (2.0**-17, 2.0**-16), (61440.0, 57344.0), (61441.0, np.inf)],
)  # fmt: skip
def test_ties_of_e5m2(x: float, want: float) -> None:
    assert lf.cast([x], "float8_e5m2", rounding="RNO").to_numpy()[0] == want


def test_it_is_nearest_even_but_for_ties_whose_codes_are_odd() -> None:
    x = np.arange(1 << 16, dtype=np.uint16).view(np.float16)
    x = x[np.isfinite(x)]
    even, odd, inner, outer = (
        lf.cast(x, "float8_e4m3", rounding=r, saturation="finite").codes
        for r in ("nearest_even", "nearest_odd", "nearest_zero", "nearest_away")
    )
    ties = inner != outer
    assert ties.sum() > 200
    assert np.array_equal(odd[~ties], even[~ties])
    assert (odd[ties] & 1).all()


def test_its_names() -> None:
    for name in ("nearest_odd", "RNO", "near_odd", "NearestTiesToOdd"):
        assert lf.Projection(name).rounding == "nearest_odd"
