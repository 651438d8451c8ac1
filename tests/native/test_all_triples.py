"""fma over all triples of codes: of 6-bit formats against golden, of e5m2 against integers."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from native_calls import all_codes, assert_call, native_call
from native_paths import PATHS, assert_same
from strategies import ROUNDINGS, SATURATIONS

import lowfloat as lf
from lowfloat import _native

SIX_BITS = ("float6_e2m3fn", "float6_e3m2fn", "e3m2", "e2m3fnuz", "e4m1", "e3m3u")


class Triples:
    """The exact values of x y + z over all codes of a format, each rounded once by golden."""

    def __init__(self, fmt: lf.Format) -> None:
        self.format = fmt
        self.columns = all_codes(fmt, fmt, fmt)
        values = [lf.golden.decode(code, fmt) for code in range(1 << fmt.width)]
        finite = np.array([v.kind == "finite" for v in values])
        numbers = [v.signed if ok else Fraction(0) for v, ok in zip(values, finite, strict=True)]
        scale = max(x.denominator for x in numbers)
        integers = np.array([int(x * scale) for x in numbers], np.int64)
        x, y, z = (integers[c] for c in self.columns)
        exact = x * y + z * scale
        # An exact zero has the signs of its operands; other triples go to golden one by one.
        usable = finite[self.columns[0]] & finite[self.columns[1]] & finite[self.columns[2]]
        self.usable = usable & (exact != 0)
        sums, self.place = np.unique(exact[self.usable], return_inverse=True)
        self.sums = [
            lf.golden.Value("finite", int(s < 0), Fraction(abs(int(s)), scale * scale))
            for s in sums
        ]

    def results(self, projection: lf.Projection) -> tuple[np.ndarray, np.ndarray]:
        """Codes and flags of all triples."""
        fmt = self.format
        both = np.empty((self.columns[0].size, 2), np.uint8)
        rounded = [lf.golden.project(value, fmt, projection) for value in self.sums]
        both[self.usable] = np.array(rounded, np.uint8)[self.place.reshape(-1)]
        rest = np.flatnonzero(~self.usable)
        both[rest] = [
            lf.golden.fma(*triple, formats=(fmt,) * 3, format=fmt, projection=projection)
            for triple in zip(*(c[rest].tolist() for c in self.columns), strict=True)
        ]
        return both[:, 0].copy(), both[:, 1].copy()


def assert_all_triples(name: str, projections: list[lf.Projection]) -> None:
    triples = Triples(lf.format(name))
    fmt = triples.format
    for projection in projections:
        run = native_call("fma", triples.columns, [fmt] * 3, fmt, projection)
        assert_call(run, *triples.results(projection))


@pytest.mark.parametrize("name", SIX_BITS[:2])
def test_every_triple_of_six_bits(name: str) -> None:
    assert_all_triples(name, [lf.Projection(), lf.Projection("toward_negative", "finite")])


@pytest.mark.exhaustive
@pytest.mark.parametrize("name", SIX_BITS)
def test_every_triple_of_six_bits_in_every_projection(name: str) -> None:
    assert_all_triples(name, [lf.Projection(r, s) for r in ROUNDINGS for s in SATURATIONS])


#: e5m2 in integers: numbers as multiples of 2^-16, products and sums of 2^-32.
SIGNIFICANDS = np.array([(c & 3) | (4 if c >> 2 else 0) for c in range(0x7C)], np.uint64)
SHIFTS = np.array([max(c >> 2, 1) - 1 for c in range(0x7C)], np.uint64)
#: All numbers below 2^16 and the one that overflow begins at, in multiples of 2^-32.
GRID = np.append(SIGNIFICANDS << SHIFTS, np.uint64(1 << 32)) << np.uint64(16)


def e5m2_fma(x: int, y: int, z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Codes and flags of x y + z for all z, to nearest even; after IEEE 754, from integers alone."""
    nan_z, inf_z = (z & 0x7F) > 0x7C, (z & 0x7F) == 0x7C
    signaling = nan_z & ((z & 2) == 0)
    codes, flags = np.full(z.size, 0x7E, np.uint8), np.where(signaling, 16, 0).astype(np.uint8)
    a, b, negative = x & 0x7F, y & 0x7F, (x ^ y) >> 7
    if max(a, b) > 0x7C:
        loud = any(c > 0x7C and not c & 2 for c in (a, b))
        return codes, flags | np.uint8(16 if loud else 0)
    if max(a, b) == 0x7C:
        if min(a, b) == 0:  # zero times infinity
            return codes, np.full(z.size, 16, np.uint8)
        opposite = inf_z & ((z >> 7) != negative)
        flags[opposite] = 16
        codes[~nan_z & ~opposite] = 0x7C | negative << 7
        return codes, flags
    magnitude = np.minimum(z & 0x7F, 0x7B)
    product = (SIGNIFICANDS[a] * SIGNIFICANDS[b]) << (SHIFTS[a] + SHIFTS[b])
    addend = (SIGNIFICANDS[magnitude] << SHIFTS[magnitude]) << np.uint64(16)
    same = (z >> 7) == negative
    total = np.where(
        same, product + addend, np.maximum(product, addend) - np.minimum(product, addend)
    )
    sign = np.where(addend > product, z >> 7, negative)
    sign[(total == 0) & ~same] = 0
    lower = np.minimum(np.searchsorted(GRID, total, "right") - 1, 0x7C)
    step = GRID[np.minimum(lower + 1, 0x7C)] - GRID[np.minimum(lower, 0x7B)]
    rest = total - GRID[lower]
    up = (rest > step // 2) | ((rest == step // 2) & (lower % 2 == 1))
    code = np.where(lower >= 0x7C, 0x7C, np.minimum(lower + (up & (rest != 0)), 0x7C))
    finite = ~nan_z & ~inf_z
    over = finite & (code == 0x7C)
    inexact = finite & ((rest != 0) | over)
    # Tiny after rounding to 3 bits: below 2^-14 (1 - 2^-4), a tie that goes up to 2^-14.
    tiny = total < np.uint64((1 << 18) - (1 << 14))
    flags[inexact] |= 1
    flags[inexact & tiny] |= 2
    flags[over] |= 4
    codes[finite] = (code | sign << 7)[finite]
    codes[inf_z] = z[inf_z]
    return codes, flags


def e5m2_differences(every: int, paths: list) -> None:
    z = np.arange(256, dtype=np.uint8)
    y = np.repeat(z, 256)
    fmt = lf.float8_e5m2
    for x in range(0, 256, every):
        model = [e5m2_fma(x, b, z.astype(np.int64)) for b in range(256)]
        codes, flags = (np.concatenate(part) for part in zip(*model, strict=True))
        columns = np.full(65536, x, np.uint8), y, np.tile(z, 256)
        for name, isa, generic in paths:
            out, each = np.empty(65536, np.uint8), np.empty(65536, np.uint8)
            with _native.forced(isa, generic):
                call = native_call("fma", columns, [fmt] * 3, fmt)
                union = call(out, each, True)
                alone = np.empty(65536, np.uint8)
                collected = call(alone, None, True)
            assert_same(f"{name}, x = {x:#x}", out, codes)
            assert_same(f"{name}, x = {x:#x}, flags", each, flags)
            assert_same(f"{name}, x = {x:#x}, alone", alone, codes)
            assert union == collected == int(np.bitwise_or.reduce(flags))


def test_some_triples_of_e5m2_against_integers() -> None:
    e5m2_differences(37, list(PATHS))


@pytest.mark.exhaustive
def test_all_triples_of_e5m2_against_integers() -> None:
    e5m2_differences(1, list(PATHS))


def test_a_wrong_tie_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """The integer model with one number of its grid moved disagrees."""
    spoilt = GRID.copy()
    spoilt[0x40] += np.uint64(1)
    monkeypatch.setitem(globals(), "GRID", spoilt)
    with pytest.raises(AssertionError, match="differ"):
        e5m2_differences(61, list(PATHS[:1]))
