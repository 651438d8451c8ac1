"""Records written by the C library, against Python's own formatting, on every instruction set."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lowfloat import _native, _native_vectors

GUARD = 0xEE
PATHS = [(isa, False) for isa in _native.usable_isas()] + [("baseline", True)]

columns = st.lists(st.tuples(st.integers(1, 64), st.integers(0, 5)), min_size=1, max_size=8)


def codes_of(width: int, count: int, seed: int) -> np.ndarray:
    size = max(8, 1 << (width - 1).bit_length())
    rng = np.random.default_rng(seed)
    full = rng.integers(0, 1 << 64, count, np.uint64, endpoint=False) >> np.uint64(64 - width)
    return full.astype(f"uint{size}")


def written(path: tuple[str, bool], size: int, count: int, write) -> bytes:
    out = np.full(size * count + 64, GUARD, np.uint8)
    with _native.forced(*path):
        write(out[: size * count])
    assert (out[size * count :] == GUARD).all()
    return out[: size * count].tobytes()


@pytest.mark.parametrize("path", PATHS, ids=str)
@given(
    shape=columns, count=st.sampled_from([1, 2, 3, 7, 255, 256, 257, 600]), seed=st.integers(0, 9)
)
@settings(max_examples=60, deadline=None)
def test_text(path: tuple[str, bool], shape: list[tuple[int, int]], count: int, seed: int) -> None:
    record, fields, template = b"", [], ""
    for k, (width, gap) in enumerate(shape):
        codes, digits = codes_of(width, count, seed + k), -(-width // 4)
        record += b"<,_:>"[:gap]
        fields.append((codes, width, len(record)))
        record += b"?" * digits
        template += "<,_:>"[:gap] + f"{{:0{digits}X}}"
    record += b"\n"
    rows = zip(*(codes.tolist() for codes, _, _ in fields), strict=True)
    wanted = "".join(template.format(*row) + "\n" for row in rows).encode()
    as_array = np.frombuffer(record, np.uint8)
    found = written(
        path, len(record), count, lambda out: _native_vectors.write_text(fields, as_array, out)
    )
    assert found == wanted


@pytest.mark.parametrize("path", PATHS, ids=str)
@given(
    shape=columns, count=st.sampled_from([1, 2, 3, 7, 255, 256, 257, 600]), seed=st.integers(0, 9)
)
@settings(max_examples=60, deadline=None)
def test_packed(
    path: tuple[str, bool], shape: list[tuple[int, int]], count: int, seed: int
) -> None:
    place, fields = 0, []
    for k, (width, gap) in enumerate(shape):
        place += gap
        fields.append((codes_of(width, count, seed + k), width, place))
        place += width
    size = -(-place // 8)
    wanted = b"".join(
        sum(int(codes[i]) << place for codes, _, place in fields).to_bytes(size, "big")
        for i in range(count)
    )
    found = written(path, size, count, lambda out: _native_vectors.write_packed(fields, size, out))
    assert found == wanted


def test_counted_codes() -> None:
    for start, shift, width, dtype in (
        (0, 0, 8, "u1"),
        ((1 << 32) - 300, 5, 16, "u2"),
        (7, 3, 29, "u4"),
    ):
        out = np.zeros(1000, dtype)
        _native_vectors.count_codes(start, shift, width, out)
        wanted = [(start + i) >> shift & ((1 << width) - 1) for i in range(1000)]
        assert out.tolist() == wanted


def test_columns_outside_a_record_are_refused() -> None:
    codes, record = np.zeros(3, np.uint16), np.zeros(5, np.uint8)
    with pytest.raises(RuntimeError, match="refused"):
        _native_vectors.write_text([(codes, 16, 2)], record, np.empty(15, np.uint8))
    with pytest.raises(RuntimeError, match="refused"):
        _native_vectors.write_packed([(codes, 16, 30)], 5, np.empty(15, np.uint8))
