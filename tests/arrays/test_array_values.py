"""Arrays: exact decoding, conversion, indexing, weak scalars, storage."""

from __future__ import annotations

import copy
import io
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import lowfloat as lf

F = "float8_e4m3fn"
CUSTOM = lf.Format(4, 3, 5, nan="all_ones", infinities="top", subnormals="flush")
FORMATS = (F, "float8_e8m0fnu", "float4_e2m1fn", "binary8p1se", "bfloat16", "float64", CUSTOM)


def every(fmt: Any) -> lf.Array:
    """All codes of a small format, some of a large one."""
    fmt = lf.format(fmt)
    count = 1 << min(fmt.width, 12)
    codes = np.arange(count, dtype=np.uint64) * ((1 << fmt.width) // count)
    return lf.from_codes(codes, fmt)


def test_to_numpy_is_float32_where_that_is_exact_and_else_float64() -> None:
    assert lf.array([1], F).to_numpy().dtype == np.float32
    assert lf.array([1], "float8_e8m0fnu").to_numpy().dtype == np.float32
    assert lf.array([1], "e8m24").to_numpy().dtype == np.float64
    assert lf.array([1], F).to_numpy(np.float16).dtype == np.float16


def test_to_numpy_refuses_to_round() -> None:
    x = lf.array([1.0, 2.0**-130], "float64")
    assert x.to_numpy(np.float32).tolist() == [1.0, 2.0**-130]
    for value in (0.1, 1e300, 2.0**-150, 1 + 2.0**-40):
        with pytest.raises(ValueError, match="have no exact float32"):
            lf.array([1.0, value], "float64").to_numpy(np.float32)
    huge = lf.cast([1], lf.Format(16, 0, infinities="none", signed=False, zero=True))
    assert huge.to_numpy().tolist() == [1.0]
    with pytest.raises(ValueError, match=r"x\.to_fractions\(\)"):
        lf.from_codes([3], huge.format).to_numpy()


def test_decoding_raises_no_flags() -> None:
    signaling = lf.from_codes([0x7C01, 0x3C00], "float16")
    with lf.flags() as raised:
        signaling.to_numpy()
        repr(signaling)
        signaling[1].item()
        with pytest.raises(ValueError, match="no exact"):
            lf.array([1e300], "float64").to_numpy(np.float32)
    assert not raised


@pytest.mark.parametrize("fmt", FORMATS, ids=str)
def test_asarray_is_exact(fmt: Any) -> None:
    x = every(fmt)
    if not x.format.fits_in(lf.float64):
        x = x[(x >= 2.0**-1000) & (x <= 2.0**1000)]
    values = np.asarray(x)
    assert [lf.golden.decode(int(c), x.format).kind == "nan" for c in x.codes] == list(
        np.isnan(values)
    )
    back = lf.cast(values[~np.isnan(values)], x.format)
    same = lf.from_codes(x.codes[~np.isnan(values)], x.format)
    assert ((back == same) | (back.codes == same.codes)).all()
    assert np.asarray(x, np.float64).dtype == np.float64
    with pytest.raises(TypeError):
        np.asarray(x, np.int32)
    with pytest.raises(ValueError, match="copy"):
        np.asarray(x, copy=False)


def test_indexing_gives_views_and_assignment_writes_codes() -> None:
    x = lf.array([[1, 2, 3], [4, 5, 6]], F)
    view = x[0]
    view[1] = 7
    x[1, ::2] = lf.array([0.5, -0.0], F)
    x[x == 5] = 0.3
    assert x.to_numpy().tolist() == [[1, 7, 3], [0.5, 0.3125, -0.0]]
    assert np.signbit(x[1, 2].item())
    assert x[0, 0].shape == ()
    assert x[..., None].shape == (2, 3, 1)
    assert x[[1, 0], [0, 1]].to_numpy().tolist() == [0.5, 7]
    assert [row.shape for row in x] == [(3,), (3,)]
    assert x.T.reshape(-1)[1].item() == 0.5
    with pytest.raises(IndexError):
        x[5]
    with pytest.raises(TypeError):
        iter(x[0, 0])


def test_assignment_follows_the_rules_of_operators() -> None:
    x = lf.array([1, 2, 3], F)
    with pytest.raises(lf.FormatMismatch, match=r"\.astype"):
        x[0] = lf.array(1, "bfloat16")
    with pytest.raises(TypeError, match=r"lf\.array"):
        x[0] = np.float32([1.0])
    with pytest.raises(OverflowError):
        x[0] = 1e9
    assert x.to_numpy().tolist() == [1, 2, 3]


def test_python_numbers_are_weak_and_overflow_is_an_error() -> None:
    x = lf.array([1.0, 2.0], F)
    assert (x + 1).to_numpy().tolist() == [2, 3]
    assert (1 - x).to_numpy().tolist() == [0, -1]
    assert (x * 0.3).format is x.format
    for value in (449e9, 1e9, -(10**400), float("inf")):
        with pytest.raises(OverflowError, match="saturation you want"):
            x + value
    assert (lf.array([1.0], "float16") + float("inf")).item() == float("inf")
    for other in (np.float32(1), np.array([1.0]), "1", None, True, [1, 2], 1j):
        with pytest.raises(TypeError):
            x + other
        with pytest.raises(TypeError):
            other * x
    with pytest.raises(lf.FormatMismatch, match="format="):
        x + lf.array([1.0], "bfloat16")


def test_astype_rounds_once_and_keeps_shape() -> None:
    x = every("float16").reshape(64, 64)
    y = x.astype(F, rounding="toward_zero", saturation="finite")
    assert y.shape == (64, 64)
    lf.testing.assert_same_bits(y, lf.cast(x, F, rounding="toward_zero", saturation="finite"))


@pytest.mark.parametrize("fmt", FORMATS, ids=str)
def test_copies_and_pickles_keep_codes_and_format(fmt: Any) -> None:
    x = every(fmt)
    for again in (pickle.loads(pickle.dumps(x)), copy.copy(x), copy.deepcopy(x), x.copy()):
        lf.testing.assert_same_bits(again, x)
        assert again.format is x.format
    assert not np.shares_memory(x.copy().codes, x.codes)


@pytest.mark.parametrize("fmt", FORMATS, ids=str)
def test_saved_arrays_come_back(fmt: Any, tmp_path: Path) -> None:
    x = every(fmt)
    lf.save(tmp_path / "one.npz", x)
    lf.testing.assert_same_bits(lf.load(tmp_path / "one.npz"), x)
    both = {"x": x, "empty": lf.array([], F), "scalar": lf.array(2, "e3m4"), "array": x.T}
    file = io.BytesIO()
    lf.save(file, both)
    file.seek(0)
    loaded = lf.load(file)
    assert isinstance(loaded, dict)
    assert list(loaded) == list(both)
    for name, array in both.items():
        lf.testing.assert_same_bits(loaded[name], array)


def test_unreadable_files_are_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "other.npz", x=np.zeros(3))
    np.save(tmp_path / "plain.npy", np.zeros(3))
    for name in ("other.npz", "plain.npy"):
        with pytest.raises(ValueError, match=r"not written by lf\.save"):
            lf.load(tmp_path / name)
    with pytest.raises(TypeError, match=r"lf\.save writes lf\.Arrays"):
        lf.save(tmp_path / "x.npz", {"x": np.zeros(3)})  # type: ignore[dict-item]
    with pytest.raises(ValueError, match="choose another"):
        lf.save(tmp_path / "x.npz", {"__lowfloat__": lf.array(1, F)})


def test_an_array_is_made_from_codes_and_a_format_only() -> None:
    with pytest.raises(TypeError, match=r"lf\.from_codes"):
        lf.Array([1, 2], lf.format(F))  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="uint8"):
        lf.Array(np.zeros(2, np.uint16), lf.format(F))
    with pytest.raises(TypeError):
        hash(lf.array([1], F))
    with pytest.raises(ValueError, match="ambiguous"):
        bool(lf.array([1, 2], F))
    assert bool(lf.array(1, F))
    assert not bool(lf.array([-0.0], F))
    assert float(lf.array(0.3, F)) == 0.3125
    assert f"{lf.array(0.3, F):.2f}" == "0.31"
