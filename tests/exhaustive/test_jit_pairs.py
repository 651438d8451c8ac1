"""jit equals native on all pairs of codes of every named format of up to 8 bits.

The kernel behind arrays, the functions for ``@njit`` code and their calls of C are different code: all
are asked. A function is compiled in about 0.15 s for each format and projection, and stays in memory.
"""

from __future__ import annotations

from functools import lru_cache

import numba
import numpy as np
import pytest
from lowfloat._core import ffi
from native_calls import all_codes, native_call
from native_paths import assert_same, keywords
from pair_tables import PROJECTIONS

import lowfloat as lf
from lowfloat import _native
from lowfloat.engine.sources import code_dtype
from lowfloat.format_names import registry
from lowfloat.functions import FUNCTIONS
from lowfloat.jit import backend, records, through_native
from lowfloat.optable import OPERATIONS

P3109 = ("binary8p1uf", "binary8p3se", "binary8p5sf", "binary8p4ue", "binary6p3se", "binary3p1uf")
NAMED = sorted({e.format for e in registry().values() if e.format.width <= 8}, key=str)
FORMATS = [*NAMED, *map(lf.format, P3109)]
#: Those whose triples golden holds native code to (tests/native/test_all_triples.py).
SIX_BITS = ("float6_e2m3fn", "float6_e3m2fn", "e3m2", "e2m3fnuz", "e4m1", "e3m3u")
BINARY = [name for name, operation in OPERATIONS.items() if operation.arity == 2]
COMPILED = [name for name in BINARY if name in records.OPERATIONS]
PREPARED = [name for name in BINARY if name in _native.OPERATIONS and name not in COMPILED]


@lru_cache(maxsize=1)
def by_native(
    name: str, fmt: lf.Format, projection: lf.Projection
) -> tuple[np.ndarray, np.ndarray]:
    """Results and flags of all pairs, by the public function."""
    x, y = (lf.from_codes(c, fmt) for c in all_codes(fmt, fmt))
    flags = np.zeros(x.shape, np.uint8)
    given = keywords(projection) if OPERATIONS[name].kind == "value" else {}
    result = FUNCTIONS[name](x, y, flags_out=flags, **given)
    return getattr(result, "codes", result), flags


@numba.njit
def over_all_pairs(function, count, codes, flags):  # type: ignore[no-untyped-def]
    """Fill in what a compiled function returns for all pairs of codes."""
    for i in range(codes.size):
        codes[i], flags[i] = function(np.uint64(i // count), np.uint64(i % count))


def by_functions(
    name: str, fmt: lf.Format, projection: lf.Projection
) -> tuple[np.ndarray, np.ndarray]:
    """The same, by the compiled function of one pair."""
    count = 1 << fmt.width
    codes, flags = np.empty(count * count, np.uint64), np.empty(count * count, np.uint8)
    function = lf.jit.function(name, fmt, flags=True, **keywords(projection))
    over_all_pairs(function, count, codes, flags)
    return codes.astype(code_dtype(fmt)), flags


@numba.njit
def calls_of_all_pairs(prepared, count, codes, flags):  # type: ignore[no-untyped-def]
    """Fill in what compiled functions return that call C with a prepared projection."""
    nothing = np.uint64(0)
    for i in range(codes.size):
        x, y = np.uint64(i // count), np.uint64(i % count)
        codes[i], flags[i] = through_native.outcome(
            through_native._FUNCTION, prepared, nothing, False, x, y, nothing, nothing
        )


def by_calls(name: str, fmt: lf.Format, projection: lf.Projection) -> tuple[np.ndarray, np.ndarray]:
    """The same, by the call within compiled functions, which are not compiled anew for it."""
    count = 1 << fmt.width
    codes, flags = np.empty(count * count, np.uint64), np.empty(count * count, np.uint8)
    prepared = through_native._prepared(name, (fmt, fmt), fmt, projection)
    calls_of_all_pairs(np.uint64(int(ffi.cast("uintptr_t", prepared))), count, codes, flags)
    return codes.astype(code_dtype(fmt)), flags


def by_arrays(
    name: str, fmt: lf.Format, projection: lf.Projection
) -> tuple[np.ndarray, np.ndarray]:
    """The same, by the kernel of the jit backend."""
    columns = all_codes(fmt, fmt)
    codes, flags = np.empty(columns[0].size, code_dtype(fmt)), np.empty(columns[0].size, np.uint8)
    union = backend.apply(name, columns, [fmt, fmt], codes, fmt, projection, None, flags)
    assert union == np.bitwise_or.reduce(flags)
    return codes, flags


def assert_alike(results, name: str, fmt: lf.Format, projection: lf.Projection) -> None:  # type: ignore[no-untyped-def]
    what = f"{name} {fmt} {projection.rounding} {projection.saturation}"
    for got, want in zip(
        results(name, fmt, projection), by_native(name, fmt, projection), strict=True
    ):
        assert_same(what, got, want.astype(got.dtype))


@pytest.mark.exhaustive
@pytest.mark.parametrize("name", COMPILED)
@pytest.mark.parametrize("fmt", FORMATS, ids=str)
def test_arrays_of_all_pairs(fmt: lf.Format, name: str) -> None:
    for projection in PROJECTIONS:
        assert_alike(by_arrays, name, fmt, projection)


@pytest.mark.exhaustive
@pytest.mark.parametrize("name", PREPARED)
@pytest.mark.parametrize("fmt", FORMATS, ids=str)
def test_calls_of_c_for_all_pairs(fmt: lf.Format, name: str) -> None:
    for projection in PROJECTIONS:
        assert_alike(by_calls, name, fmt, projection)


@pytest.mark.exhaustive
@pytest.mark.parametrize("name", BINARY)
@pytest.mark.parametrize("fmt", NAMED, ids=str)
def test_compiled_functions_of_all_pairs(fmt: lf.Format, name: str) -> None:
    """One projection each, since each is compiled; over the formats, half of all come up."""
    first = NAMED.index(fmt) + BINARY.index(name)
    assert_alike(by_functions, name, fmt, PROJECTIONS[first * 5 % len(PROJECTIONS)])


@pytest.mark.parametrize("name", [*COMPILED, "divide", "maximum", "less"])
def test_all_pairs_of_a_small_format(name: str) -> None:
    fmt = lf.format("float4_e2m1fn")
    for projection in PROJECTIONS[::11]:
        assert_alike(by_functions, name, fmt, projection)
        if name in PREPARED:
            assert_alike(by_calls, name, fmt, projection)
        if name in COMPILED:
            assert_alike(by_arrays, name, fmt, projection)


@pytest.mark.exhaustive
@pytest.mark.parametrize("name", SIX_BITS)
def test_fma_of_all_triples_of_six_bits(name: str) -> None:
    fmt = lf.format(name)
    columns = all_codes(fmt, fmt, fmt)
    size = columns[0].size
    for projection in PROJECTIONS:
        codes, flags = np.empty(size, np.uint8), np.empty(size, np.uint8)
        backend.apply("fma", columns, [fmt] * 3, codes, fmt, projection, None, flags)
        expected, raised = np.empty(size, np.uint8), np.empty(size, np.uint8)
        native_call("fma", columns, [fmt] * 3, fmt, projection)(expected, raised, True)
        assert_same("codes", codes, expected)
        assert_same("flags", flags, raised)


def test_planted_errors_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """The next rounding, and a target whose smallest normal number is another's."""
    fmt = lf.format("float6_e3m2fn")
    away = lf.Projection("nearest_away")
    with pytest.raises(AssertionError, match="differ"):
        assert_alike(lambda name, fmt, _: by_arrays(name, fmt, away), "add", fmt, PROJECTIONS[0])
    right = records.target
    wrong = {"least_normal": np.uint64(5)}
    monkeypatch.setattr(records, "target", lambda *args: right(*args)._replace(**wrong))
    with pytest.raises(AssertionError, match="differ"):
        assert_alike(by_arrays, "multiply", fmt, PROJECTIONS[0])
