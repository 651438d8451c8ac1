"""The C library called directly, without the public functions, and compared with the golden model.

Every call is made in three ways: codes alone, codes with the union of flags, and both with one
flag byte per element; on one instruction set, since these functions have one path.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from hypothesis import strategies as st
from native_paths import PATHS, assert_same, golden_results, long_enough
from projection_mixes import random_bits
from strategies import codes, policies, projections

import lowfloat as lf
from lowfloat import _native
from lowfloat.engine.sources import code_dtype

DEFAULT = lf.Projection()
NEIGHBOURS = ("nextup", "nextdown", "nextafter")

#: run(out, flags_out, collect) -> union of flags.
Call = Callable[[np.ndarray, np.ndarray | None, bool], int]


def assert_call(
    run: Call, results: np.ndarray, flags: np.ndarray, paths: Sequence[Any] = PATHS
) -> None:
    """A call of the native library delivers these results and flags in every way."""
    for name, isa, generic in paths:
        with _native.forced(isa, generic, tables=name == "tables"):
            _assert_modes(name, run, results, flags)


def _assert_modes(name: str, run: Call, results: np.ndarray, flags: np.ndarray) -> None:
    """The same, on one path."""
    out = np.full(results.shape, 0x55, results.dtype)
    assert run(out, None, False) == 0
    assert_same(f"{name}: results alone", out, results)
    out[:] = 0x55
    assert run(out, None, True) == int(np.bitwise_or.reduce(flags, axis=None))
    assert_same(f"{name}: results with collected flags", out, results)
    each = np.full(results.shape, 0xFF, np.uint8)
    out[:] = 0x55
    assert run(out, each, True) == int(np.bitwise_or.reduce(flags, axis=None))
    assert_same(f"{name}: results with flags_out", out, results)
    assert_same(f"{name}: flags_out", each, flags)


def native_call(
    operation: str,
    columns: Sequence[np.ndarray],
    formats: Sequence[lf.Format],
    fmt: lf.Format,
    projection: lf.Projection = DEFAULT,
    random: np.ndarray | None = None,
) -> Call:
    """An operation of ``_native.apply``, ready for ``assert_call``."""
    return lambda out, flags_out, collect: _native.apply(
        operation, columns, formats, out, fmt, projection, random, flags_out, collect
    )


def assert_native(
    operation: str,
    columns: Sequence[np.ndarray],
    formats: Sequence[lf.Format],
    fmt: lf.Format,
    projection: lf.Projection = DEFAULT,
    random: np.ndarray | None = None,
) -> None:
    """Native equals golden for an operation on one-dimensional columns."""
    columns, random = long_enough(columns, random)
    if operation in NEIGHBOURS:
        results, flags = neighbour_results(operation, columns, formats, projection)
    else:
        results, flags = golden_results(operation, columns, formats, fmt, projection, random)
    assert_call(native_call(operation, columns, formats, fmt, projection, random), results, flags)


def neighbour_results(
    operation: str,
    columns: Sequence[np.ndarray],
    formats: Sequence[lf.Format],
    projection: lf.Projection,
) -> tuple[np.ndarray, np.ndarray]:
    """Golden results of the neighbours, which take no random bits: they are exact."""
    exact = lf.Projection(
        projection.rounding if projection.stochastic is None else "nearest_even",
        projection.saturation,
        projection.policy,
    )
    function = getattr(lf.golden, operation)
    return results_of(
        lambda *row: function(*row, formats=tuple(formats), format=formats[0], projection=exact),
        columns,
        code_dtype(formats[0]),
    )


def results_of(
    function: Callable[..., tuple[Any, int]], columns: Sequence[Any], dtype: Any
) -> tuple[np.ndarray, np.ndarray]:
    """Results and flags of a golden function, row by row of the columns."""
    pairs = [function(*row) for row in zip(*(np.asarray(c).tolist() for c in columns), strict=True)]
    results, flags = zip(*pairs, strict=True)
    return np.array([int(r) for r in results], object).astype(dtype), np.array(flags, np.uint8)


def all_codes(*formats: lf.Format) -> list[np.ndarray]:
    """Every combination of the formats' codes, one column per format."""
    axes = [np.arange(1 << f.width, dtype=code_dtype(f)) for f in formats]
    return [np.ascontiguousarray(g.ravel()) for g in np.meshgrid(*axes, indexing="ij")]


def sampled_codes(seed: int, count: int, *formats: lf.Format) -> list[np.ndarray]:
    """Random codes, one column per format."""
    rng = np.random.default_rng(seed)
    return [
        rng.integers(0, (1 << f.width) - 1, count, np.uint64, endpoint=True).astype(code_dtype(f))
        for f in formats
    ]


def near_codes(rng: np.random.Generator, fmt: lf.Format, count: int) -> np.ndarray:
    """Random codes of all sorts: any, of close exponents, of short significands, near the bounds."""
    top = np.uint64((1 << fmt.width) - 1)
    codes = rng.integers(0, int(top), count, np.uint64, endpoint=True)
    m, sign = fmt.mantissa_bits, np.uint64(fmt.sign_mask)
    middle = np.uint64(fmt.magnitude_mask // 2)
    kind = rng.integers(0, 6, count)
    close = (codes & sign) | (middle + codes % np.uint64(min(8 << m, int(middle) or 1)))
    short = codes & ~np.uint64((1 << (m // 2)) - 1)
    low = (codes & sign) | (codes % np.uint64(3 << m) & np.uint64(fmt.magnitude_mask))
    high = np.uint64(fmt.max_finite_code) - np.minimum(
        codes % np.uint64(2 << m), np.uint64(fmt.max_finite_code)
    )
    high |= codes & sign
    picked = np.choose(kind, [codes, close, close, short, low, high])
    return (picked & top).astype(code_dtype(fmt))


@st.composite
def code_columns(draw: st.DrawFn, formats: Sequence[lf.Format], count: int) -> list[np.ndarray]:
    """``count`` codes of each format, remarkable ones often."""
    return [
        np.array(draw(st.lists(codes(f), min_size=count, max_size=count)), code_dtype(f))
        for f in formats
    ]


@st.composite
def any_projection(draw: st.DrawFn, count: int) -> tuple[lf.Projection, np.ndarray | None]:
    """A projection, with every choice of float_to_int, and random bits for ``count`` elements."""
    projection, _ = draw(projections())
    policy = draw(policies())
    knobs = {name: getattr(policy, name) for name in policy.__dataclass_fields__}
    knobs["float_to_int"] = draw(st.sampled_from(["limits", "indefinite", "nan_zero"]))
    projection = lf.Projection(projection.rounding, projection.saturation, lf.Policy(**knobs))
    return projection, random_bits(projection, count, draw(st.integers(0, 99)))
