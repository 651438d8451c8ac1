"""Operations on few bits by table: equal to the generic path, made when it pays, bounded."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from lowfloat._core import ffi
from native_calls import all_codes, assert_call, native_call, sampled_codes
from native_paths import DEFAULT, TABLES, assert_same
from projection_mixes import mix
from strategies import ROUNDINGS, SATURATIONS

import lowfloat as lf
from lowfloat import _native
from lowfloat.engine.sources import code_dtype
from lowfloat.optable import OPERATIONS

E4M3, E5M2, E2M1, HALF = (
    lf.format(name) for name in ("float8_e4m3fn", "float8_e5m2", "float4_e2m1fn", "float16")
)
#: Everything that lf_apply computes on one or two operands.
TABULATED = [name for name in _native.OPERATIONS if name == "convert" or OPERATIONS[name].arity < 3]


def generic_results(operation, columns, formats, fmt, projection=DEFAULT):
    """Codes and flags of the generic path."""
    out, flags = np.empty(columns[0].size, code_dtype(fmt)), np.empty(columns[0].size, np.uint8)
    with _native.forced(generic=True):
        _native.apply(operation, columns, formats, out, fmt, projection, None, flags, True)
    return out, flags


def assert_by_table(operation, columns, formats, fmt, projection=DEFAULT):
    """A table gives the generic path's codes and flags, in every mode, and there is a table."""
    expected = generic_results(operation, columns, formats, fmt, projection)
    with _native.forced(tables=True):
        assert _native._table(operation, tuple(formats), fmt, projection, 1) is not None
        run = native_call(operation, columns, formats, fmt, projection)
        assert_call(run, *expected, paths=[TABLES])


@pytest.fixture(autouse=True)
def no_tables_yet(monkeypatch):
    monkeypatch.setattr(_native, "_tables", {})


@pytest.mark.parametrize("operation", TABULATED)
def test_every_operation_has_tables(operation: str) -> None:
    arity = 1 if operation == "convert" else OPERATIONS[operation].arity
    for fmt in (E4M3, E2M1):
        formats = [fmt] * arity
        columns = all_codes(*formats)
        for projection in list(mix(len(operation), plain=False))[:8]:
            assert_by_table(operation, columns, formats, fmt, projection)


@pytest.mark.parametrize("operation", ["add", "divide"])
def test_mixed_formats(operation: str) -> None:
    for formats, fmt in product(((E4M3, E5M2), (E2M1, E5M2), (E5M2, E2M1)), (HALF, E4M3, E2M1)):
        for rounding, saturation in zip(ROUNDINGS, SATURATIONS * 3, strict=False):
            projection = lf.Projection(rounding, saturation)
            assert_by_table(operation, all_codes(*formats), formats, fmt, projection)


@pytest.mark.parametrize("operation", ["sqrt", "convert", "round_to_integral_exact"])
def test_sixteen_bits_of_one_operand(operation: str) -> None:
    for fmt in (HALF, E5M2):
        assert_by_table(operation, all_codes(HALF), (HALF,), fmt)


def test_one_operand_may_repeat_and_replace_the_other() -> None:
    a, b = sampled_codes(1, 1000, E4M3, E4M3)
    for columns in ((a, b[:1]), (a[:1], b)):
        assert_by_table("subtract", columns_of(columns), (E4M3, E4M3), E4M3)
        expected, _ = generic_results("subtract", columns_of(columns), (E4M3, E4M3), E4M3)
        out = np.empty(1000, np.uint8)
        with _native.forced(tables=True):
            call = native_call("subtract", columns, (E4M3, E4M3), E4M3)
            call(out, None, False)
            assert_same("repeated", out, expected)
            in_place = a.copy()
            native_call("subtract", (in_place, b), (E4M3, E4M3), E4M3)(in_place, None, False)
        assert_same("in place", in_place, generic_results("subtract", (a, b), (E4M3,) * 2, E4M3)[0])


def columns_of(columns):
    """Both columns as long as the longer."""
    return [np.ascontiguousarray(c) for c in np.broadcast_arrays(*columns)]


def test_three_threads_and_odd_places() -> None:
    a, b = sampled_codes(2, 300_001, E4M3, E4M3)
    expected, flags = generic_results("multiply", (a[1:], b[:-1]), (E4M3, E4M3), E4M3)
    before = lf.get_num_threads()
    lf.set_num_threads(3)
    try:
        with _native.forced(tables=True):
            call = native_call("multiply", (a[1:], b[:-1]), (E4M3, E4M3), E4M3)
            assert_call(call, expected, flags, paths=[TABLES])
    finally:
        lf.set_num_threads(before)


def test_a_table_is_made_when_it_pays_and_kept() -> None:
    x = lf.from_codes(np.arange(256, dtype=np.uint8), E4M3)
    lf.add(x, x)
    assert not _native._tables  # 256 elements are no reason for 65,536 entries
    many = lf.from_codes(np.zeros(1 << 14, np.uint8), E4M3)
    lf.add(many, many)
    (kept,) = _native._tables.values()
    lf.add(x, x)
    assert list(_native._tables.values()) == [kept]


def test_the_number_of_tables_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_native, "MOST_TABLES", 3)
    first, *others = (lf.format(f"e2m{m}") for m in range(1, 6))
    for fmt in (first, *others):
        x = lf.from_codes(np.zeros(1 << 14, np.uint8), fmt)
        lf.add(x, x)
        lf.add(lf.from_codes(np.zeros(1 << 14, np.uint8), first), first_array := x.astype(first))
        assert first_array.format is first
        assert len(_native._tables) <= 3
    assert any(key[2] is first for key in _native._tables)  # used all the time


def test_no_table_where_none_can_be() -> None:
    wide, byte = (HALF, HALF), (E4M3, E4M3)
    stochastic = lf.Projection(lf.Stochastic(4))
    with _native.forced(tables=True):
        assert _native._table("add", wide, HALF, DEFAULT, 1 << 20) is None
        assert _native._table("add", byte, lf.float32, DEFAULT, 1 << 20) is None
        assert _native._table("add", byte, E4M3, stochastic, 1 << 20) is None
        assert _native._table("fma", (E2M1,) * 3, E2M1, DEFAULT, 1 << 20) is None


@pytest.mark.parametrize("what", ["codes", "flags"])
def test_one_spoilt_entry_is_found(what: str) -> None:
    columns, formats = all_codes(E4M3, E4M3), (E4M3, E4M3)
    expected = generic_results("add", columns, formats, E4M3)
    with _native.forced(tables=True):
        table = _native._table("add", formats, E4M3, DEFAULT, 1)
        entries = ffi.buffer(ffi.cast("uint8_t *", getattr(table, what)), 1 << 16)
        entries[0x1234] = bytes([entries[0x1234][0] ^ 1])
        with pytest.raises(AssertionError, match="1 of 65536 differ"):
            assert_call(native_call("add", columns, formats, E4M3), *expected, paths=[TABLES])
