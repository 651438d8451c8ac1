"""Lengths and alignments that leave vectors half filled change nothing, nor touch other memory."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from cast_sources import lattice_numbers
from native_paths import FLOAT_TYPES, PATHS, assert_same, codes_of, golden_results, keywords

import lowfloat as lf
from lowfloat import _native
from lowfloat.engine.sources import code_dtype

SIZES = (*range(71), 127, 128, 129, 255, 256, 257, 1000)
TARGETS = ("float8_e4m3fn", "float8_e8m0fnu", "float4_e2m1fn", "bfloat16", "float16", "e5m17")
PROJECTIONS = (
    lf.Projection(),
    lf.Projection("to_odd", "finite", lf.Policy(ftz=True)),
    lf.Projection(lf.Stochastic(8), "finite"),
    lf.Projection(lf.Stochastic(20, "B")),
    lf.Projection(lf.Stochastic(48, "C")),
)
GUARD = 64


def shifted(x: np.ndarray, offset: int, fill: int = 0xA5) -> np.ndarray:
    """A copy that starts ``offset`` elements into fresh memory, with guards on both sides."""
    raw = np.full((x.size + 2 * GUARD) * x.itemsize, fill, np.uint8)
    view = raw.view(x.dtype)[GUARD + offset : GUARD + offset + x.size]
    view[:] = x
    return view


def assert_guards(view: np.ndarray, fill: int = 0xA5) -> None:
    """Nothing around a shifted view was written."""
    raw = view.base.view(np.uint8)
    start = view.ctypes.data - raw.ctypes.data
    rest = np.concatenate([raw[:start], raw[start + view.nbytes :]])
    assert (rest == fill).all(), "memory beside the result was written"


def draw(projection: lf.Projection, count: int) -> tuple[dict[str, Any], np.ndarray | None]:
    """A Philox draw as keywords, and the same bits by the golden model."""
    if projection.stochastic is None:
        return {}, None
    source, bits = lf.Philox(11, stream=3).at(5), projection.stochastic.drawn_bits
    values = [lf.golden.philox_bits(source, i, bits) for i in range(count)]
    return {"rng": source}, np.array(values, np.uint64)


@pytest.mark.parametrize("projection", PROJECTIONS, ids=str)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("target", TARGETS)
def test_any_length_and_alignment_gives_the_same_codes(
    target: str, dtype: str, projection: lf.Projection
) -> None:
    fmt = lf.format(target)
    numbers = lattice_numbers(fmt, dtype)
    x = np.random.default_rng(0).choice(numbers, max(SIZES))
    rng, bits = draw(projection, x.size)
    columns = (x.view(f"u{x.itemsize}"),)
    codes, flags = golden_results("convert", columns, (lf.format(dtype),), fmt, projection, bits)
    given = {**keywords(projection), **rng}
    for name, isa, generic in PATHS:
        with _native.forced(isa, generic):
            for n in SIZES:
                source = shifted(x[:n], n % 5)
                out = shifted(np.zeros(n, code_dtype(fmt)), n % 7)
                raised = shifted(np.zeros(n, np.uint8), n % 3)
                lf.cast(source, fmt, out=out, flags_out=raised, **given)
                assert_same(f"{name}, {n}", out, codes[:n])
                assert_same(f"{name}, {n}: flags", raised, flags[:n])
                assert_guards(out)
                assert_guards(raised)
                out[:] = 0
                lf.cast(source, fmt, out=out, **given)
                assert_same(f"{name}, {n}, without flags", out, codes[:n])
                assert_guards(out)


@pytest.mark.parametrize("dtype", FLOAT_TYPES)
@pytest.mark.parametrize("source", ["float8_e5m2", "float8_e4m3fn", "float4_e2m1fn", "bfloat16"])
def test_any_length_and_alignment_decodes_the_same(source: str, dtype: str) -> None:
    fmt, target = lf.format(source), lf.format(dtype)
    x = np.random.default_rng(1).integers(0, 1 << fmt.width, max(SIZES)).astype(code_dtype(fmt))
    codes, _ = golden_results("convert", (x,), (fmt,), target, lf.Projection())
    for name, isa, generic in PATHS:
        with _native.forced(isa, generic):
            for n in SIZES:
                given = lf.Array(shifted(x[:n], n % 5), fmt)
                out = shifted(np.zeros(n, code_dtype(target)), n % 3)
                lf.cast(given, target, out=out)
                assert_same(f"{name}, {n}", out, codes[:n])
                assert_guards(out)


@pytest.mark.parametrize("projection", PROJECTIONS, ids=str)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_quantizing_in_place_touches_only_its_array(dtype: str, projection: lf.Projection) -> None:
    fmt = lf.format("float8_e4m3fn")
    x = np.random.default_rng(2).choice(lattice_numbers(fmt, dtype), max(SIZES))
    rng, _ = draw(projection, x.size)
    given = {**keywords(projection), **rng}
    with _native.forced(generic=True):
        expected = codes_of(lf.quantize(x, fmt, **given))
    for name, isa, generic in PATHS:
        with _native.forced(isa, generic):
            for n in SIZES:
                values = shifted(x[:n], n % 5)
                assert lf.quantize(values, fmt, out=values, **given) is values
                assert_same(f"{name}, {n}", codes_of(values), expected[:n])
                assert_guards(values)
