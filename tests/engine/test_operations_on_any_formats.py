"""Every row of the table of operations, on any mixture of formats: native equals golden.

Unsigned formats, formats without zero, without NaN, with odd biases, each operand and the result
of its own format, under any projection: what ``strategies.formats`` draws.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import strategies
from hypothesis import given, settings
from hypothesis import strategies as st
from projection_mixes import random_bits

import lowfloat as lf
from lowfloat.engine.sources import code_dtype
from lowfloat.functions import FUNCTIONS
from lowfloat.optable import OPERATIONS
from lowfloat.settings import current_backend

COUNT = 5
ELEMENTARY = {name for name, operation in OPERATIONS.items() if operation.rule.startswith("E-")}


def drawn_array(data: st.DataObject, fmt: lf.Format) -> lf.Array:
    codes = data.draw(st.lists(strategies.codes(fmt), min_size=COUNT, max_size=COUNT))
    return lf.from_codes(np.array(codes, code_dtype(fmt)), fmt)


def formats_for(name: str) -> st.SearchStrategy[lf.Format]:
    """Any format; for elementary functions those that golden decides quickly."""
    if name in ELEMENTARY:
        return strategies.formats(max_width=16, max_exponent_bits=8, extreme_bias=False)
    return strategies.formats(extreme_bias=False)


def both(name: str, operands: list[lf.Array], **keywords: Any) -> list[tuple[Any, Any, int]]:
    """What native and golden make of a call: results, flags of each element, collected flags."""
    found = []
    for backend in ("native", "golden"):
        flags = np.zeros(COUNT, np.uint8)
        with lf.backend(backend), lf.flags() as raised:  # type: ignore[arg-type]
            result = FUNCTIONS[name](*operands, flags_out=flags, **keywords)
        found.append((getattr(result, "codes", result).tolist(), flags.tolist(), raised.bits))
    return found


@pytest.mark.parametrize("name", OPERATIONS)
@settings(max_examples=10)
@given(data=st.data())
def test_native_is_golden(name: str, data: st.DataObject) -> None:
    operation = OPERATIONS[name]
    formats = [data.draw(formats_for(name)) for _ in range(operation.arity)]
    if data.draw(st.booleans()):
        formats = formats[:1] * operation.arity
    operands = [drawn_array(data, fmt) for fmt in formats]
    keywords: dict[str, Any] = {"policy": data.draw(strategies.quirky_policies())}
    if operation.kind == "value":
        projection, _ = data.draw(strategies.projections())
        keywords |= {
            "rounding": projection.rounding,
            "saturation": projection.saturation,
        }
        if not operation.own_format:
            keywords["format"] = data.draw(formats_for(name))
        if projection.stochastic is not None:
            keywords["random_bits"] = random_bits(projection, COUNT, data.draw(st.integers(0, 99)))
    native, golden = both(name, operands, **keywords)
    assert native == golden, (name, formats, keywords)


def test_the_formats_drawn_are_of_every_kind() -> None:
    """The strategy reaches what this file promises."""
    seen: set[str] = set()

    @settings(max_examples=300, database=None)
    @given(strategies.formats(extreme_bias=False))
    def look(fmt: lf.Format) -> None:
        default = 1 if fmt.exponent_bits == 0 else (1 << (fmt.exponent_bits - 1)) - 1
        seen.update(
            word
            for word, holds in {
                "unsigned": not fmt.signed, "no zero": not fmt.zero, "no NaN": fmt.nan == "none",
                "odd bias": fmt.bias != default, "no infinity": fmt.infinities == "none",
                "flushed": fmt.subnormals == "flush", "normal": fmt.subnormals == "normal",
                "no -0": fmt.signed and not fmt.negative_zero, "wide": fmt.width > 32,
            }.items()
            if holds
        )  # fmt: skip

    look()
    assert len(seen) == 9


def test_a_planted_error_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    honest = FUNCTIONS["hypot"]

    def broken(*operands: lf.Array, **keywords: Any) -> lf.Array:
        result = honest(*operands, **keywords)
        if current_backend() == "native":
            result.codes[3] ^= 1
        return result

    x = lf.array([1, 2, 3, 4, 5], "float8_e4m3fn")
    native, golden = both("hypot", [x, x])
    assert native == golden
    monkeypatch.setitem(FUNCTIONS, "hypot", broken)
    native, golden = both("hypot", [x, x])
    assert native != golden
