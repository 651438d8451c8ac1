"""P3109 formats of 3 to 16 bits: every code decoded, and casts on each format's own lattice."""

from __future__ import annotations

import numpy as np
import pytest
from cast_sources import lattice_numbers
from native_paths import PATHS, assert_cast, assert_operation, assert_same
from projection_mixes import mix, random_bits

import lowfloat as lf
from lowfloat import _native
from lowfloat.engine.sources import code_dtype

pytestmark = pytest.mark.exhaustive


def family() -> list[str]:
    """Every name of the family: 1 <= P <= K - 1 (signed) or K (unsigned), where a number is left."""
    names = []
    for k in range(3, 17):
        for sign in "su":
            for p in range(1, k + (sign == "u")):
                for domain in "ef":
                    name = f"binary{k}p{p}{sign}{domain}"
                    try:
                        lf.format(name)
                    except ValueError:
                        continue
                    names.append(name)
    return names


FAMILY = family()


def test_the_family_is_there() -> None:
    widths = {lf.format(name).width for name in FAMILY}
    assert widths == set(range(3, 17))
    assert len(FAMILY) > 450


@pytest.mark.parametrize("name", FAMILY)
def test_every_code_decodes_and_comes_back(name: str) -> None:
    fmt = lf.format(name)
    codes = np.arange(1 << fmt.width).astype(code_dtype(fmt))
    if not fmt.fits_in(lf.float64):
        projection = lf.Projection()
        assert_operation("convert", (codes[:: max(1, codes.size >> 12)],), (fmt,), fmt, projection)
        return
    expected = np.array([float(lf.golden.decode(int(code), fmt)) for code in codes])
    numbers = ~np.isnan(expected)
    for path, isa, generic in PATHS:
        with _native.forced(isa, generic):
            values = lf.from_codes(codes, fmt).to_numpy(np.float64)
            back = lf.cast(values[numbers], fmt).codes
        assert np.array_equal(np.isnan(values), ~numbers)
        assert_same(path, values[numbers].view(np.uint64), expected[numbers].view(np.uint64))
        assert_same(path, back, codes[numbers])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", FAMILY)
def test_casts_equal_golden(name: str, dtype: str) -> None:
    fmt = lf.format(name)
    x = lattice_numbers(fmt, dtype)
    for plain in (True, False):
        for projection in mix(FAMILY.index(name), plain):
            assert_cast(x, fmt, projection, random_bits(projection, x.size))
