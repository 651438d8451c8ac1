"""Comparisons, orders, classes, extrema and signs: the C library equals the golden model."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
import strategies
from hypothesis import given, settings
from hypothesis import strategies as st
from native_calls import (
    DEFAULT,
    NEIGHBOURS,
    all_codes,
    any_projection,
    assert_call,
    assert_native,
    code_columns,
    results_of,
    sampled_codes,
)
from projection_mixes import mix, random_bits

import lowfloat as lf
from lowfloat import _native

RELATIONS = tuple(_native.RELATIONS)
EXTREMA = tuple(name for name in _native.OPERATIONS if name.startswith(("minimum", "maximum")))
ARITY = {"negate": 1, "abs": 1, "copysign": 2, "nextup": 1, "nextdown": 1, "nextafter": 2}
ARITY |= dict.fromkeys(EXTREMA, 2) | {"clamp": 3}
SIX_BITS = ("float6_e3m2fn", "e3m2", "e3m2fnuz", "e2m3fnu")


def assert_relation(
    relation: str,
    signaling: bool,
    columns: Sequence[np.ndarray],
    formats: tuple[lf.Format, lf.Format],
    projection: lf.Projection = DEFAULT,
) -> None:
    function = getattr(lf.golden, relation + ("_signaling" if signaling else ""))
    results, flags = results_of(
        lambda *row: function(*row, formats=formats, projection=projection), columns, np.uint8
    )
    assert_call(
        lambda out, flags_out, collect: _native.compare(
            relation, signaling, columns, formats, out, projection, flags_out, collect
        ),
        results,
        flags,
    )


def assert_order_and_classes(
    columns: Sequence[np.ndarray], formats: tuple[lf.Format, lf.Format]
) -> None:
    out = np.full(columns[0].size, 9, np.uint8)
    _native.total_order(columns, formats, out)
    order, _ = results_of(
        lambda *row: lf.golden.total_order(*row, formats=formats), columns, np.uint8
    )
    assert np.array_equal(out, order)
    for column, fmt in zip(columns, formats, strict=True):
        _native.classify(column, fmt, out)
        one = (fmt,)
        classes, _ = results_of(
            lambda a, one=one: lf.golden.classify(a, formats=one), [column], np.uint8
        )
        assert np.array_equal(out, classes)


@settings(max_examples=60)
@given(data=st.data())
def test_comparisons_of_any_formats_equal_golden(data: st.DataObject) -> None:
    x = data.draw(strategies.formats())
    y = data.draw(st.just(x) | strategies.formats())
    columns = data.draw(code_columns((x, y), 12))
    projection, _ = data.draw(any_projection(1))
    for relation in RELATIONS:
        assert_relation(relation, data.draw(st.booleans()), columns, (x, y), projection)
    assert_order_and_classes(columns, (x, y))


@pytest.mark.parametrize("x", SIX_BITS)
@pytest.mark.parametrize("y", ["e3m2", "e2m2u"])
def test_comparisons_of_every_pair_of_six_bits(x: str, y: str) -> None:
    formats = (lf.format(x), lf.format(y))
    columns = all_codes(*formats)
    for relation in RELATIONS:
        for signaling in (False, True):
            assert_relation(relation, signaling, columns, formats)
    assert_order_and_classes(columns, formats)


@pytest.mark.parametrize("operation", ARITY)
@settings(max_examples=40)
@given(data=st.data())
def test_any_formats_equal_golden(operation: str, data: st.DataObject) -> None:
    formats = [data.draw(strategies.formats(extreme_bias=False)) for _ in range(ARITY[operation])]
    if data.draw(st.booleans()):
        formats = formats[:1] * ARITY[operation]
    target = formats[0]
    if operation not in NEIGHBOURS and data.draw(st.booleans()):
        target = data.draw(strategies.formats())
    projection, bits = data.draw(any_projection(10))
    columns = data.draw(code_columns(formats, 10))
    assert_native(operation, columns, formats, target, projection, bits)


@pytest.mark.parametrize("name", SIX_BITS)
@pytest.mark.parametrize("operation", ARITY)
def test_every_pair_of_six_bits(operation: str, name: str) -> None:
    fmt = lf.format(name)
    formats = [fmt] * ARITY[operation]
    columns = all_codes(*formats) if len(formats) < 3 else sampled_codes(1, 1000, *formats)
    for projection in list(mix(len(name), plain=False))[len(operation) % 8 :: 8]:
        bits = random_bits(projection, columns[0].size)
        assert_native(operation, columns, formats, fmt, projection, bits)


@pytest.mark.parametrize("operation", ARITY)
def test_samples_of_eight_bits(operation: str) -> None:
    for seed, name in enumerate(("float8_e4m3fn", "float8_e5m2", "binary8p3uf", "float8_e8m0fnu")):
        fmt = lf.format(name)
        formats = [fmt] * ARITY[operation]
        columns = sampled_codes(seed, 200, *formats)
        for projection in list(mix(seed, plain=False))[seed::5]:
            bits = random_bits(projection, 200)
            assert_native(operation, columns, formats, fmt, projection, bits)


def test_neighbours_stay_in_their_format() -> None:
    codes = np.zeros(1, np.uint16)
    with pytest.raises(RuntimeError):
        _native.apply(
            "nextup", [codes], [lf.float16], codes.copy(), lf.bfloat16, DEFAULT, None, None, True
        )


def test_the_comparison_finds_a_planted_error() -> None:
    formats = (lf.float16, lf.float16)
    columns = sampled_codes(2, 100, *formats)
    results, flags = results_of(
        lambda *row: lf.golden.less(*row, formats=formats), columns, np.uint8
    )

    def run(out: np.ndarray, flags_out: np.ndarray | None, collect: bool) -> int:
        return _native.compare("less", False, columns, formats, out, DEFAULT, flags_out, collect)

    assert_call(run, results, flags)
    results[3] ^= 1
    with pytest.raises(AssertionError, match="1 of 100 differ"):
        assert_call(run, results, flags)
