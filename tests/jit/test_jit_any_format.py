"""Any operation on any legal formats, up to 64 bits, under any projection."""

from __future__ import annotations

import numpy as np
from against_golden import ARITY, code_array, differences
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import SATURATIONS, codes, deterministic, formats, policies, projections

import lowfloat as lf


@settings(max_examples=150)
@given(st.data())
def test_any_operation_equals_golden(data: st.DataObject) -> None:
    operation = data.draw(st.sampled_from(sorted(ARITY)))
    operands = [data.draw(formats()) for _ in range(ARITY[operation])]
    fmt = data.draw(st.sampled_from(operands) | formats())
    projection, bits = data.draw(projections())
    random = None if bits is None else np.array([bits], np.uint64)
    rows = data.draw(st.lists(st.tuples(*map(codes, operands)), min_size=1, max_size=12))
    columns = [
        code_array(column, f) for column, f in zip(zip(*rows, strict=True), operands, strict=True)
    ]
    assert not differences(operation, columns, operands, fmt, projection, random)


@settings(max_examples=40)
@given(
    formats(max_width=8),
    formats(max_width=16),
    deterministic(),
    st.sampled_from(SATURATIONS),
    policies(),
)
def test_every_code_of_any_narrow_format(
    source: lf.Format, fmt: lf.Format, rounding: str, saturation: str, policy: lf.Policy
) -> None:
    projection = lf.Projection(rounding, saturation, policy)
    everything = code_array(np.arange(1 << source.width), source)
    assert not differences("convert", [everything], [source], fmt, projection)
