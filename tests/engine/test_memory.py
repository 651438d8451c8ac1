"""Strides, byte order, alignment, size and overlap of inputs and outputs change no bit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from native_paths import PATHS, assert_same, codes_of

import lowfloat as lf
from lowfloat import _native

F = "float8_e4m3fn"
DTYPES = ["f2", "f4", "f8", "i1", "i2", "i4", "i8", "u2", "u8"]


def numbers(shape: Any, dtype: str = "f4") -> np.ndarray:
    return (np.random.default_rng(1).standard_normal(shape) * 40).astype(dtype)


def views(x: np.ndarray) -> dict[str, np.ndarray]:
    """The same values of a two-dimensional array, laid out otherwise."""
    wide = np.zeros((3 * x.shape[0], 2 * x.shape[1] + 1), x.dtype)
    wide[1::3, 1::2] = x
    raw = np.empty(x.nbytes + 3, np.uint8)
    odd = raw[3:].view(x.dtype).reshape(x.shape)
    odd[...] = x
    field = np.zeros(x.shape, [("a", "u1"), ("x", x.dtype)])
    field["x"] = x
    return {
        "strided": wide[1::3, 1::2],
        "negative strides": x[::-1, ::-1].copy()[::-1, ::-1],
        "F order": np.asfortranarray(x),
        "big endian": x.astype(x.dtype.newbyteorder(">")),
        "strided big endian": wide.astype(x.dtype.newbyteorder(">"))[1::3, 1::2],
        "misaligned": odd,
        "field of records": field["x"],
    }


@pytest.mark.parametrize("dtype", DTYPES)
def test_inputs_of_any_layout_give_the_same_codes(dtype: str) -> None:
    x = numbers((9, 14), dtype)
    expected = lf.cast(x, F).codes
    for name, view in views(x).items():
        before = view.copy()
        for path, isa, generic in PATHS:
            with _native.forced(isa, generic):
                assert_same(f"{name}, {path}", lf.cast(view, F).codes, expected)
        assert np.array_equal(view, before), "the input was changed"
        assert view.dtype == before.dtype


@pytest.mark.parametrize("dtype", ["f2", "f4", "f8"])
def test_quantize_of_any_layout_gives_the_same_values(dtype: str) -> None:
    x = numbers((9, 14), dtype)
    expected = codes_of(lf.quantize(x, F))
    for name, view in views(x).items():
        result = lf.quantize(view, F)
        assert result.dtype == x.dtype
        assert_same(name, codes_of(np.ascontiguousarray(result)), expected)
        if view.dtype.isnative:
            assert lf.quantize(view, F, out=view) is view
            assert_same(f"{name} in place", codes_of(view.copy()), expected)


@pytest.mark.parametrize("target", [F, "bfloat16", "float32", "float64"])
def test_outputs_of_any_layout_receive_the_same_codes(target: str) -> None:
    x = numbers((9, 14))
    expected = lf.cast(x, target).codes
    for name, out in views(np.zeros_like(expected)).items():
        raised = views(np.zeros(x.shape, np.uint8))[name]
        result = lf.cast(x, target, out=out, flags_out=raised)
        assert_same(name, np.asarray(out).astype(expected.dtype), expected)
        assert raised.any() or target in ("float32", "float64")
        assert result.shape == x.shape
        lf.testing.assert_same_bits(lf.from_codes(result.codes, target), lf.cast(x, target))


def test_broadcast_inputs_are_read_with_stride_zero() -> None:
    x = np.broadcast_to(np.float32([0.3]), (5, 7))
    assert (lf.cast(x, F).codes == 42).all()
    row = np.broadcast_to(numbers((1, 7)), (5, 7))
    assert_same("row", lf.cast(row, F).codes, lf.cast(row.copy(), F).codes)


@pytest.mark.parametrize("shape", [(0,), (3, 0), (0, 4, 2), ()])
def test_any_number_of_elements_works(shape: tuple[int, ...]) -> None:
    x = np.full(shape, 0.3, np.float32)
    out, raised = np.empty(shape, np.uint8), np.empty(shape, np.uint8)
    with lf.flags() as union:
        y = lf.cast(x, F, out=out, flags_out=raised)
        z = lf.add(y, y, rounding=lf.Stochastic(4), rng=lf.Philox(1))
    assert y.shape == z.shape == lf.quantize(x, F).shape == shape
    assert bool(union) == (x.size > 0)
    assert (out == 42).all()
    assert lf.cast(np.zeros(shape, np.int32), F).shape == shape
    assert y.to_numpy().shape == shape
    same = y == y.copy()
    assert same.shape == shape if shape else same is True


@pytest.mark.parametrize("shift", range(-9, 10))
def test_shifted_overlap_gives_what_separate_memory_gives(shift: int) -> None:
    n, start = 300, 16
    base = np.random.default_rng(3).integers(0, 128, n + 64).astype(np.uint8)
    x = lf.from_codes(base, F)
    expected = lf.multiply(x[start : start + n].copy(), 3).codes
    for path, isa, generic in PATHS:
        memory = base.copy()
        source = lf.from_codes(memory[start : start + n], F)
        out = memory[start + shift : start + shift + n]
        with _native.forced(isa, generic):
            lf.multiply(source, 3, out=out)
        assert_same(path, out, expected)
        rest = np.ones(memory.size, bool)
        rest[start + shift : start + shift + n] = False
        assert np.array_equal(memory[rest], base[rest])


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("offset", range(0, 40, 3))
def test_codes_written_over_their_own_source_are_right(dtype: type, offset: int) -> None:
    x = numbers(257).astype(dtype)
    expected = lf.cast(x, F).codes
    memory = np.zeros(x.nbytes + 64, np.uint8)
    for path, isa, generic in PATHS:
        source = memory[: x.nbytes].view(dtype)
        source[:] = x
        out = memory[offset : offset + x.size]
        with _native.forced(isa, generic):
            lf.cast(source, F, out=out)
        assert_same(path, out, expected)


@pytest.mark.parametrize("target", ["float32", "float64"])
def test_values_written_over_their_own_codes_are_right(target: str) -> None:
    codes = np.random.default_rng(5).integers(0, 256, 301).astype(np.uint8)
    expected = lf.from_codes(codes, F).astype(target).codes
    memory = np.zeros(301 * 8 + 16, np.uint8)
    for path, isa, generic in PATHS:
        for start in (0, 7, 301 * 3):
            source = memory[start : start + 301]
            source[:] = codes
            out = memory[: expected.nbytes].view(expected.dtype)
            with _native.forced(isa, generic):
                lf.cast(lf.from_codes(source, F), target, out=out)
            assert_same(f"{path}, {start}", out, expected)


def test_an_overlapping_quantize_gives_what_separate_memory_gives() -> None:
    memory = numbers(400)
    for shift in (-8, -1, 0, 1, 8):
        work = memory.copy()
        expected = lf.quantize(memory[20:320].copy(), F)
        out = work[20 + shift : 320 + shift]
        lf.quantize(work[20:320], F, out=out)
        assert_same(f"shift {shift}", codes_of(out.copy()), codes_of(expected))
        reverse = memory.copy()
        lf.quantize(reverse[20:320], F, out=reverse[20:320][::-1])
        assert_same("reversed", codes_of(reverse[20:320][::-1].copy()), codes_of(expected))


def test_flags_out_may_lie_over_an_operand() -> None:
    x = lf.from_codes(np.arange(256, dtype=np.uint8), F)
    codes, raised = np.empty(256, np.uint8), np.empty(256, np.uint8)
    lf.multiply(x, x, out=codes, flags_out=raised)
    over = x.copy()
    result = lf.multiply(over, over, flags_out=over.codes)
    assert_same("codes", result.codes, codes)
    assert_same("flags", over.codes, raised)


def test_operands_and_out_may_be_one_array() -> None:
    x = lf.from_codes(np.arange(256, dtype=np.uint8), F)
    expected = lf.fma(x, x, x).codes
    same = x.copy()
    assert lf.fma(same, same, same, out=same) is same
    assert_same("in place", same.codes, expected)
    row = lf.from_codes(np.arange(16, dtype=np.uint8), F)
    grid = lf.from_codes(np.arange(256, dtype=np.uint8).reshape(16, 16), F)
    expected = lf.add(grid, row).codes
    lf.add(grid, grid[0], out=grid)
    assert_same("one row of out is an operand", grid.codes, expected)
