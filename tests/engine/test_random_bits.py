"""Element i of call k has the same random bits whatever computes it and however it lies in memory."""

from __future__ import annotations

import pickle
from itertools import product
from typing import Any

import numpy as np
import pytest
from native_paths import PATHS, assert_same, codes_of

import lowfloat as lf
from lowfloat import _native

F = "float8_e4m3fn"
SR8 = lf.Stochastic(8)
BACKENDS = ("native", "jit", "golden")
SOURCES = {
    "philox": lambda: lf.Philox(2**40 + 3, stream=7, call=5),
    "galois": lambda: lf.LFSR(16, 0xB400, state=0xACE1, shifts=3),
    "fibonacci": lambda: lf.LFSR(31, 0x9, form="fibonacci", bit_order="reversed", state=77),
}


def numbers(*shape: int) -> np.ndarray:
    return np.random.default_rng(sum(shape)).standard_normal(shape).astype(np.float32)


def layouts(x: np.ndarray) -> dict[str, np.ndarray]:
    """The same values with other strides."""
    wide = np.zeros((2 * x.shape[0], 3 * x.shape[1]), x.dtype)
    wide[::2, 1::3] = x
    backwards = x[::-1, ::-1].copy()[::-1, ::-1]
    big_endian = x.astype(x.dtype.newbyteorder(">"))
    raw = np.empty(x.nbytes + 1, np.uint8)
    misaligned = raw[1:].view(x.dtype).reshape(x.shape)
    misaligned[...] = x
    return {
        "F order": np.asfortranarray(x),
        "strided": wide[::2, 1::3],
        "backwards": backwards,
        "big endian": big_endian,
        "misaligned": misaligned,
    }


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("bits", [1, 8, 11])
def test_layout_does_not_matter(source: str, bits: int) -> None:
    x = numbers(37, 23)
    rounding = lf.Stochastic(bits)
    expected = lf.cast(x, F, rounding=rounding, rng=SOURCES[source]()).codes
    for layout, view in layouts(x).items():
        actual = lf.cast(view, F, rounding=rounding, rng=SOURCES[source]()).codes
        assert_same(layout, actual, expected)
    for layout, out in layouts(np.zeros((37, 23), np.uint8)).items():
        lf.cast(x, F, rounding=rounding, rng=SOURCES[source](), out=out)
        assert_same(f"out: {layout}", np.asarray(out), expected)


@pytest.mark.parametrize("source", SOURCES)
def test_backends_paths_and_threads_draw_the_same(source: str) -> None:
    x = numbers(500)
    expected = lf.cast(x, F, rounding=SR8, rng=SOURCES[source]()).codes
    for backend in BACKENDS:
        with lf.backend(backend):  # type: ignore[arg-type]
            actual = lf.cast(x, F, rounding=SR8, rng=SOURCES[source]()).codes
        assert_same(backend, actual, expected)
    large = np.tile(x, 600)
    before = lf.get_num_threads()
    try:
        results = []
        for threads, (_, isa, generic) in product((1, 3), PATHS):
            lf.set_num_threads(threads)
            with _native.forced(isa, generic):
                results.append(lf.cast(large, F, rounding=SR8, rng=SOURCES[source]()).codes)
    finally:
        lf.set_num_threads(before)
    for result in results:
        assert_same(source, result, results[0])
    assert_same(source, results[0][:500], expected)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("operation", ["add", "subtract", "multiply", "fma"])
def test_operations_draw_by_the_index_of_the_broadcast_result(operation: str, backend: str) -> None:
    row, column = lf.cast(numbers(1, 9), F), lf.cast(numbers(7, 1), F)
    operands = [row, column, row][: 3 if operation == "fma" else 2]
    whole = [lf.from_codes(np.broadcast_to(x.codes, (7, 9)).copy(), F) for x in operands]
    function = getattr(lf, operation)
    with lf.backend(backend):  # type: ignore[arg-type]
        actual = function(*operands, format="e3m1", rounding=SR8, rng=lf.Philox(4).at(2))
    expected = function(*whole, format="e3m1", rounding=SR8, rng=lf.Philox(4).at(2))
    lf.testing.assert_same_bits(actual, expected)
    transposed = function(
        *[x.T for x in whole], format="e3m1", rounding=SR8,
        random_bits=_native.philox_bits(lf.Philox(4).at(2), 8, 63).reshape(7, 9).T,
    )  # fmt: skip
    lf.testing.assert_same_bits(transposed, lf.Array(expected.codes.T, expected.format))


def test_every_top_level_call_advances_the_call_by_one() -> None:
    rng = lf.Philox(9)
    x = lf.cast(numbers(5), F)
    calls = [
        lambda: lf.cast(numbers(5), F, rounding=SR8, rng=rng),
        lambda: lf.cast([], F, rounding=SR8, rng=rng),
        lambda: lf.quantize(numbers(3, 3), F, rounding=SR8, rng=rng),
        lambda: lf.multiply(x, x, rounding=SR8, rng=rng),
        lambda: lf.fma(x, x, x, rounding=SR8, rng=rng),
        lambda: x.astype("e3m2", rounding=SR8, rng=rng),
        lambda: lf.cast(range(4), F, rounding=SR8, rng=rng),
        lambda: lf.cast("0.1", F, rounding=SR8, rng=rng),
    ]
    for number, call in enumerate(calls):
        assert rng.state["call"] == number
        call()
    assert rng.state == {"seed": 9, "stream": 0, "call": len(calls)}


def test_a_rounding_without_random_bits_leaves_the_source_alone() -> None:
    rng = lf.Philox(9)
    lf.cast(numbers(5), F, rng=rng)
    assert rng.state["call"] == 0


@pytest.mark.parametrize("source", SOURCES)
def test_a_restored_state_repeats_the_draw(source: str) -> None:
    rng = SOURCES[source]()
    x = numbers(50)
    lf.cast(x, F, rounding=SR8, rng=rng)
    state = rng.state
    copied = pickle.loads(pickle.dumps(rng))
    first = lf.cast(x, F, rounding=SR8, rng=rng).codes
    second = lf.cast(x, F, rounding=SR8, rng=rng).codes
    rng.state = state
    for again in (rng, copied):
        assert_same("first", lf.cast(x, F, rounding=SR8, rng=again).codes, first)
        assert_same("second", lf.cast(x, F, rounding=SR8, rng=again).codes, second)
    assert not np.array_equal(first, second)


def test_at_is_the_pure_form_of_a_call() -> None:
    rng = lf.Philox(1, call=3)
    x = numbers(100)
    drawn = [lf.cast(x, F, rounding=SR8, rng=rng).codes for _ in range(3)]
    for number, expected in enumerate(drawn):
        for _ in range(2):
            again = lf.cast(x, F, rounding=SR8, rng=rng.at(3 + number)).codes
            assert_same(f"call {number}", again, expected)
    assert rng.state["call"] == 6


def test_lfsr_draws_follow_one_another_through_calls() -> None:
    x = numbers(60)
    rng = lf.LFSR(16, 0xB400, state=1)
    parts = [lf.cast(part, F, rounding=SR8, rng=rng).codes for part in (x[:7], x[7:7], x[7:])]
    whole = lf.cast(x, F, rounding=SR8, rng=lf.LFSR(16, 0xB400, state=1)).codes
    assert_same("parts", np.concatenate(parts), whole)
    start = lf.LFSR(16, 0xB400, state=1)
    later = lf.cast(x[7:], F, rounding=SR8, rng=start.at(7)).codes
    assert_same("at", later, whole[7:])


def test_streams_and_seeds_differ() -> None:
    x = np.full(64, 1.06, np.float32)
    sources = [lf.Philox(1), lf.Philox(2), lf.Philox(1).stream(1), lf.Philox(1, call=1)]
    drawn = {lf.cast(x, F, rounding=SR8, rng=rng).codes.tobytes() for rng in sources}
    assert len(drawn) == len(sources)


@pytest.mark.parametrize("backend", BACKENDS)
def test_given_bits_broadcast_to_the_result(backend: str) -> None:
    x = numbers(6, 5)
    row = np.arange(5, dtype=np.uint8) * 50
    forms: dict[str, Any] = {
        "row": row,
        "column": np.arange(6, dtype=np.uint64)[:, None] * 40,
        "one": 200,
        "zero-dimensional": np.uint8(200),
        "list": row.tolist(),
        "int64": row.astype(np.int64),
        "strided": np.repeat(row, 3)[::3],
        "big endian": row.astype(">u4"),
    }
    for form, bits in forms.items():
        whole = np.broadcast_to(np.asarray(bits), x.shape).astype(np.uint64)
        expected = lf.cast(x, F, rounding=SR8, random_bits=whole).codes
        with lf.backend(backend):  # type: ignore[arg-type]
            actual = lf.cast(x, F, rounding=SR8, random_bits=bits).codes
        assert_same(form, actual, expected)


def test_all_64_bits_can_be_given() -> None:
    given = [2**64 - 1, 2**63, 0]
    x = [1.01] * 3
    y = lf.cast(x, F, rounding=lf.Stochastic(64), random_bits=np.array(given, np.uint64))
    z = lf.cast(x, F, rounding=lf.Stochastic(64), random_bits=given)
    assert y.codes.tolist() == z.codes.tolist() == [0x39, 0x38, 0x38]


def test_python_numbers_and_integers_draw_like_arrays() -> None:
    values = [k * 37 for k in range(-20, 20)]
    expected = lf.cast(np.float64(values), "e4m1", rounding=SR8, rng=lf.Philox(1)).codes
    for x in (values, np.array(values), np.array(values, np.int16), [float(v) for v in values]):
        assert_same("x", lf.cast(x, "e4m1", rounding=SR8, rng=lf.Philox(1)).codes, expected)


def test_quantizing_draws_like_casting() -> None:
    x = numbers(99)
    expected = lf.cast(x, F, rounding=SR8, rng=lf.Philox(1)).to_numpy()
    for backend in BACKENDS:
        with lf.backend(backend):  # type: ignore[arg-type]
            actual = lf.quantize(x, F, rounding=SR8, rng=lf.Philox(1))
        assert_same(backend, codes_of(actual), codes_of(expected))
