"""Numbers on which casts go wrong: a format's own lattice, its midpoints and what lies beside them."""

from __future__ import annotations

from fractions import Fraction
from functools import cache

import numpy as np

import lowfloat as lf
from lowfloat.golden.decoding import _magnitude

SPECIALS = {
    "float16": [0x7C00, 0x7E00, 0x7C01, 0x7DFF, 0x7FFF, 0x7BFF, 0x0400, 0x03FF, 0x0001, 0x0000],
    "float32": [
        0x7F800000, 0x7FC00000, 0x7F800001, 0x7FBFFFFF, 0x7FFFFFFF, 0x7F7FFFFF, 0x00800000,
        0x007FFFFF, 0x00400000, 0x00000001, 0x00000000, 0x7FA00000, 0x7FD5A5A5,
    ],
    "float64": [
        0x7FF0 << 48, 0x7FF8 << 48, 0x7FF0 << 48 | 1, 0x7FF7 << 48 | 0xFFFF, (1 << 63) - 1,
        0x7FEF << 48 | (1 << 48) - 1, 1 << 52, (1 << 52) - 1, 1 << 51, 1, 0, 0x7FFA5A5A << 32,
    ],
}  # fmt: skip


def remarkable_codes(fmt: lf.Format, limit: int = 48) -> list[int]:
    """Magnitude codes: all of a small format, of a large one those around its special places."""
    top = fmt.max_finite_code
    if top < limit:
        return list(range(top + 1))
    rng = np.random.default_rng(fmt.width * 4096 + fmt.mantissa_bits)
    places = (0, fmt.min_normal_code, 1 << fmt.mantissa_bits, 2 << fmt.mantissa_bits, top)
    near = {place + step for place in places for step in range(-3, 4)}
    spread = rng.integers(0, top, 24).tolist()
    powers = [field << fmt.mantissa_bits for field in range(0, top >> fmt.mantissa_bits, 9)]
    return sorted(code for code in {*near, *spread, *powers[:24]} if 0 <= code <= top)


def _rounded(x: Fraction, dtype: type[np.floating]) -> np.floating:
    """A float near x; exactly which does not matter, its neighbours are taken too."""
    try:
        wide = float(x)
    except OverflowError:
        wide = np.inf
    with np.errstate(over="ignore", under="ignore"):
        return dtype(wide)


@cache
def lattice_numbers(fmt: lf.Format, dtype: str, limit: int = 48) -> np.ndarray:
    """Numbers of a floating dtype on, half-way and close to a format's numbers, of both signs."""
    kind = getattr(np, dtype)
    exact: list[Fraction] = []
    for code in remarkable_codes(fmt, limit):
        low, high = _magnitude(code, fmt), _magnitude(code + 1, fmt)
        exact += [low, (low + high) / 2]
    least, beyond = _magnitude(fmt.min_positive_code, fmt), _magnitude(fmt.max_finite_code + 1, fmt)
    exact += [least / n for n in (2, 4, 3, 1024)]
    exact += [beyond, beyond * 2, beyond * 1000, beyond * Fraction(99, 100)]
    places = np.array([_rounded(x, kind) for x in exact])
    with np.errstate(all="ignore"):
        beside = [np.nextafter(places, kind(end)) for end in (-np.inf, np.inf)]
    special = np.array(SPECIALS[dtype], f"u{places.itemsize}").view(kind)
    numbers = np.concatenate([places, *beside])
    bits = np.concatenate([numbers, special]).view(f"u{places.itemsize}")
    sign = bits.dtype.type(1 << (8 * bits.itemsize - 1))
    return np.unique(np.concatenate([bits & ~sign, bits | sign])).view(kind)
