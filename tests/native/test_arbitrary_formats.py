"""Any legal formats, codes, projections and policies: native equals golden, by hypothesis."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import strategies
from hypothesis import given, settings
from hypothesis import strategies as st
from native_paths import assert_cast, assert_operation
from projection_mixes import random_bits

import lowfloat as lf
from lowfloat.engine.sources import code_dtype

ARITY = {"convert": 1, "add": 2, "subtract": 2, "multiply": 2, "fma": 3}


@st.composite
def projected(draw: Any, count: int) -> tuple[lf.Projection, np.ndarray | None]:
    """A projection and its random bits for ``count`` elements."""
    projection, _ = draw(strategies.projections())
    return projection, random_bits(projection, count, draw(st.integers(0, 99)))


@st.composite
def columns(draw: Any, formats: list[lf.Format], count: int) -> list[np.ndarray]:
    """``count`` codes of each format."""
    return [
        np.array(draw(st.lists(strategies.codes(f), min_size=count, max_size=count)), code_dtype(f))
        for f in formats
    ]


@pytest.mark.parametrize("operation", ARITY)
@settings(max_examples=70)
@given(data=st.data())
def test_any_operation_on_one_format_equals_golden(operation: str, data: st.DataObject) -> None:
    fmt = data.draw(strategies.formats())
    formats = [fmt] * ARITY[operation]
    operands = data.draw(columns(formats, 12))
    projection, bits = data.draw(projected(12))
    assert_operation(operation, operands, formats, fmt, projection, bits)


@pytest.mark.parametrize("operation", ARITY)
@settings(max_examples=50)
@given(data=st.data())
def test_any_operation_on_mixed_formats_equals_golden(operation: str, data: st.DataObject) -> None:
    formats = [data.draw(strategies.formats()) for _ in range(ARITY[operation])]
    operands = data.draw(columns(formats, 8))
    projection, bits = data.draw(projected(8))
    target = data.draw(strategies.formats())
    assert_operation(operation, operands, formats, target, projection, bits)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@settings(max_examples=70)
@given(data=st.data())
def test_any_float_cast_equals_golden(dtype: type, data: st.DataObject) -> None:
    narrow = strategies.formats(max_width=16) | strategies.formats()
    fmt = data.draw(narrow)
    near = data.draw(st.lists(strategies.numbers(fmt), min_size=8, max_size=24))
    width = 8 * np.dtype(dtype).itemsize
    patterns = data.draw(st.lists(st.integers(0, (1 << width) - 1), min_size=4, max_size=8))
    source = lf.format(dtype)
    rounded = [lf.golden.encode(x, format=source)[0] for x in near]
    values = np.array(rounded + patterns, code_dtype(source)).view(dtype)
    projection, bits = data.draw(projected(values.size))
    assert_cast(values, fmt, projection, bits)


@settings(max_examples=40)
@given(data=st.data())
def test_close_cancellation_in_fma_equals_golden(data: st.DataObject) -> None:
    fmt = data.draw(strategies.formats(extreme_bias=False))
    x, y = data.draw(columns([fmt, fmt], 10))
    product, _ = zip(
        *(
            lf.golden.multiply(int(a), int(b), formats=(fmt, fmt), format=fmt)
            for a, b in zip(x, y, strict=True)
        ),
        strict=True,
    )
    steps = data.draw(st.lists(st.integers(-2, 2), min_size=10, max_size=10))
    mask = (1 << fmt.width) - 1
    z = [((c ^ fmt.sign_mask) + d) & mask for c, d in zip(product, steps, strict=True)]
    projection, bits = data.draw(projected(10))
    operands = [x, y, np.array(z, code_dtype(fmt))]
    assert_operation("fma", operands, [fmt] * 3, fmt, projection, bits)
