"""jit equals native on all pairs of codes of every named format of up to 8 bits.

The kernel behind arrays and the functions behind ``@njit`` code are different code: both are asked.
"""

from __future__ import annotations

from functools import lru_cache

import numba
import numpy as np
import pytest
from native_calls import all_codes
from native_paths import assert_same, keywords
from pair_tables import PROJECTIONS

import lowfloat as lf
from lowfloat.engine.sources import code_dtype
from lowfloat.format_names import registry
from lowfloat.functions import FUNCTIONS
from lowfloat.jit import backend, records
from lowfloat.optable import OPERATIONS

P3109 = ("binary8p1uf", "binary8p3se", "binary8p5sf", "binary8p4ue", "binary6p3se", "binary3p1uf")
NAMED = sorted({e.format for e in registry().values() if e.format.width <= 8}, key=str)
FORMATS = [*NAMED, *map(lf.format, P3109)]
BINARY = [name for name, operation in OPERATIONS.items() if operation.arity == 2]
COMPILED = [name for name in BINARY if name in records.OPERATIONS]


@lru_cache(maxsize=1)
def by_native(
    name: str, fmt: lf.Format, projection: lf.Projection
) -> tuple[np.ndarray, np.ndarray]:
    """Results and flags of all pairs, by the public function."""
    x, y = (lf.from_codes(c, fmt) for c in all_codes(fmt, fmt))
    flags = np.zeros(x.shape, np.uint8)
    given = keywords(projection) if OPERATIONS[name].kind == "value" else {}
    if OPERATIONS[name].own_format:
        del given["rounding"], given["saturation"]
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
@pytest.mark.parametrize("name", [*COMPILED, "divide"])
@pytest.mark.parametrize("fmt", FORMATS, ids=str)
def test_compiled_arithmetic_of_all_pairs(fmt: lf.Format, name: str) -> None:
    """Every rounding and saturation."""
    for projection in PROJECTIONS:
        assert_alike(by_functions, name, fmt, projection)


@pytest.mark.exhaustive
@pytest.mark.parametrize("name", [n for n in BINARY if n not in (*COMPILED, "divide")])
@pytest.mark.parametrize("fmt", FORMATS, ids=str)
def test_other_compiled_functions_of_all_pairs(fmt: lf.Format, name: str) -> None:
    """Three projections each; over the formats, every one comes up."""
    first = FORMATS.index(fmt) + BINARY.index(name)
    chosen = PROJECTIONS[first % 9 :: 9] if OPERATIONS[name].kind == "value" else PROJECTIONS[:1]
    for projection in chosen:
        assert_alike(by_functions, name, fmt, projection)


@pytest.mark.parametrize("name", [*COMPILED, "divide", "maximum", "less"])
def test_all_pairs_of_a_small_format(name: str) -> None:
    fmt = lf.format("float4_e2m1fn")
    for projection in PROJECTIONS[::11]:
        assert_alike(by_functions, name, fmt, projection)
        if name in COMPILED:
            assert_alike(by_arrays, name, fmt, projection)


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
