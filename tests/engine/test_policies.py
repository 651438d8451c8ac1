"""Every knob that hardware engineers set, each seen to change what it says and nothing else.

The list is that of designs that differ: tininess, NaNs, invalid for quiet NaNs, overflow and its
flags, integers in and out, flushing, exact zeros, fma of zero, infinity and NaN.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import strategies
from hypothesis import given, settings
from hypothesis import strategies as st

import lowfloat as lf
from lowfloat.engine.sources import code_dtype
from lowfloat.projection import POLICY_CHOICES

I, U, O, D, V = 1, 2, 4, 8, 16
BACKENDS = ("native", "jit", "golden")
F8, F16 = "float8_e5m2", "float16"


def result(call: Any, policy: lf.Policy) -> tuple[int, int]:
    """The code and flags of one element, the same on every backend."""
    found = set()
    for backend in BACKENDS:
        flags = np.zeros((), np.uint8)
        with lf.backend(backend):  # type: ignore[arg-type]
            codes = call(policy=policy, flags_out=flags)
        found.add((int(getattr(codes, "codes", codes)), int(flags)))
    assert len(found) == 1, found
    return found.pop()


def cast(x: Any, fmt: str, **more: Any) -> Any:
    return lambda **keywords: lf.cast(x, fmt, **more, **keywords)


def op(name: str, *codes: int, fmt: str = F16, **more: Any) -> Any:
    operands = [lf.from_codes(np.array(c), fmt) for c in codes]
    return lambda **keywords: getattr(lf, name)(*operands, **more, **keywords)


def to_int(code: int, dtype: str) -> Any:
    x = lf.from_codes(np.array(code), F16)
    return lambda **keywords: lf.to_integer(x, dtype, **keywords)


TINY = 2.0**-14 * (1 - 2.0**-12)  # rounds up to the smallest normal number of float16
LOST = 2.0**-27  # rounds to zero
SUBNORMAL = 2.0**-15 * (1 + 2.0**-10)  # inexact, stays subnormal
QNAN, SNAN, INF, ONE, MAX = 0x7E55, 0x7C11, 0x7C00, 0x3C00, 0x7BFF
RDN = {"rounding": "toward_negative"}

#: A knob, a value, a call, its result and flags; the first of a group is the default.
KNOBS: list[tuple[dict[str, Any], Any, tuple[int, int]]] = [
    # Tininess: before, after, or where the result collapses to zero.
    ({"tininess": "after"}, cast(TINY, F16), (0x0400, I)),
    ({"tininess": "before"}, cast(TINY, F16), (0x0400, I | U)),
    ({"tininess": "zero"}, cast(TINY, F16), (0x0400, I)),
    ({"tininess": "after"}, cast(SUBNORMAL, F16), (0x0200, I | U)),
    ({"tininess": "zero"}, cast(SUBNORMAL, F16), (0x0200, I)),
    ({"tininess": "zero"}, cast(LOST, F16), (0, I | U)),
    ({"tininess": "zero"}, cast(-(2.0**-60), "binary8p3ue"), (0, I | U)),
    # NaN: canonical with its sign and fraction, the first, the first signaling.
    ({}, op("add", QNAN, SNAN | 0x8000), (0x7E00, V)),
    ({"default_nan_sign": 1}, op("add", QNAN, ONE), (0xFE00, 0)),
    ({"default_nan_fraction": "ones"}, op("add", QNAN, ONE), (0x7FFF, 0)),
    ({"default_nan_fraction": "ones"}, op("sqrt", 0xBC00), (0x7FFF, V)),
    ({"default_nan_fraction": "ones", "nan": "first"}, op("sqrt", 0xBC00), (0x7FFF, V)),
    ({"default_nan_fraction": "ones", "nan": "first"}, op("add", QNAN, ONE), (QNAN, 0)),
    ({"default_nan_fraction": "ones"}, cast(math.nan, "float8_e5m2"), (0x7F, 0)),
    ({"default_nan_fraction": "ones"}, cast(math.nan, "float8_e4m3fnuz"), (0x80, 0)),
    ({"nan": "first"}, op("add", QNAN, SNAN | 0x8000), (QNAN, V)),
    ({"nan": "signaling_first"}, op("add", QNAN, SNAN | 0x8000), (0xFE11, V)),
    # E4M3's NaN: 7F or FF.
    ({}, cast(math.nan, "float8_e4m3fn"), (0x7F, 0)),
    ({"default_nan_sign": 1}, cast(math.nan, "float8_e4m3fn"), (0xFF, 0)),
    # Invalid for quiet NaNs.
    ({"quiet_nan_invalid": True}, op("multiply", QNAN, ONE), (0x7E00, V)),
    ({"quiet_nan_invalid": True}, op("fma", ONE, ONE, QNAN), (0x7E00, V)),
    ({"quiet_nan_invalid": True}, op("minimum_number", QNAN, ONE), (ONE, 0)),
    ({"quiet_nan_invalid": True}, op("negate", QNAN), (QNAN | 0x8000, 0)),
    ({"quiet_nan_invalid": True}, op("exp", QNAN), (0x7E00, V)),
    ({}, op("multiply", QNAN, ONE), (0x7E00, 0)),
    # Overflow: infinity, NaN, the largest by the rounding, always, or for finite numbers only.
    ({}, cast(1e9, F8), (0x7C, I | O)),
    ({}, cast(1e9, F8, rounding="toward_zero"), (0x7B, I | O)),
    ({}, cast(1e9, F8, saturation="finite"), (0x7B, I | O)),
    ({}, cast(math.inf, F8, saturation="finite"), (0x7B, I | O)),
    ({}, cast(math.inf, F8, saturation="propagate"), (0x7C, 0)),
    ({}, cast(1e9, "float8_e4m3fn"), (0x7F, I | O)),
    ({"infinityless_overflow": "max"}, cast(1e9, "float8_e4m3fn"), (0x7E, I | O)),
    # The overflow flag when saturating.
    ({"saturation_raises_overflow": False}, cast(1e9, F8, saturation="finite"), (0x7B, I)),
    ({"saturation_raises_overflow": False}, cast(1e9, F8), (0x7C, I | O)),
    # Integers that are too large for the format.
    ({}, cast(10**6, F16), (INF, I | O)),
    ({"integer_overflow": "invalid"}, cast(10**6, F16), (INF, I | V)),
    ({"integer_overflow": "invalid"}, cast(10**30, F16), (INF, I | V)),
    ({"integer_overflow": "invalid"}, cast(1e6, F16), (INF, I | O)),
    ({"integer_overflow": "invalid"}, cast(2049, F16), (0x6800, I)),
    # Subnormal operands and results.
    ({"daz": True}, op("add", 0x0001, 0x8000), (0, 0)),
    ({}, op("add", 0x0001, 0x8000), (1, 0)),
    ({"ftz": True}, cast(SUBNORMAL, F16), (0, I | U)),
    ({"ftz": True, "ftz_raises_underflow": False}, cast(SUBNORMAL, F16), (0, 0)),
    ({"ftz": True, "ftz_raises_underflow": False}, cast(-SUBNORMAL, F16), (0x8000, 0)),
    ({"ftz_raises_underflow": False}, cast(SUBNORMAL, F16), (0x0200, I | U)),
    # The sign of an exact zero.
    ({}, op("subtract", ONE, ONE, **RDN), (0x8000, 0)),
    ({"exact_zero": "positive"}, op("subtract", ONE, ONE, **RDN), (0, 0)),
    ({"exact_zero": "positive"}, op("fma", ONE, ONE, 0xBC00, **RDN), (0, 0)),
    ({"exact_zero": "positive"}, op("faa", ONE, 0xBC00, 0, **RDN), (0, 0)),
    ({"exact_zero": "positive"}, op("add", 0x8000, 0x8000, **RDN), (0x8000, 0)),
    ({"exact_zero": "positive"}, op("multiply", 0x8000, ONE, **RDN), (0x8000, 0)),
    # Floats to integers.
    ({}, to_int(INF, "int8"), (127, V)),
    ({"float_to_int": "indefinite"}, to_int(INF, "int8"), (-128, V)),
    ({"float_to_int": "nan_zero"}, to_int(QNAN, "int8"), (0, V)),
    ({"float_to_int": "nan_zero"}, to_int(INF | 0x8000, "uint16"), (0, V)),
    # fma of zero, infinity and a quiet NaN.
    ({}, op("fma", 0, INF, QNAN), (0x7E00, V)),
    ({"fma_nan_invalid": False}, op("fma", 0, INF, QNAN), (0x7E00, 0)),
]  # fmt: skip


@pytest.mark.parametrize("case", range(len(KNOBS)))
def test_a_knob_does_what_it_says(case: int) -> None:
    knobs, call, expected = KNOBS[case]
    assert result(call, lf.Policy(**knobs)) == expected, knobs


def test_every_choice_of_every_knob_is_in_the_list() -> None:
    turned = {(knob, value) for knobs, _, _ in KNOBS for knob, value in knobs.items()}
    choices = {(knob, value) for knob, values in POLICY_CHOICES.items() for value in values[1:]}
    assert choices <= turned, choices - turned


def test_minus_zero_is_a_matter_of_the_format() -> None:
    assert lf.cast(-0.0, F16).codes == 0x8000
    assert lf.cast(-0.0, "float8_e4m3fnuz").codes == 0
    assert lf.cast(-LOST, "float8_e5m2fnuz").codes == 0


def differing(one: str, other: str) -> set[str]:
    return {
        name for name in POLICY_CHOICES
        if getattr(lf.Policy(one), name) != getattr(lf.Policy(other), name)
    }  # fmt: skip


def test_presets_are_softfloats() -> None:
    assert lf.Policy("riscv") == lf.Policy("ieee")
    assert differing("ieee", "x86_sse") == {"nan", "default_nan_sign", "float_to_int"}
    assert differing("ieee", "arm") == {"nan", "tininess", "float_to_int"}
    assert differing("arm", "arm_default_nan") == {"nan"}


def test_quirks_are_off_by_default_and_turn_one_bit_each() -> None:
    for preset in ("ieee", "riscv", "x86_sse", "arm", "arm_default_nan"):
        assert not any(lf.Policy(preset).quirks)
    turned = [
        lf.Policy(tininess="zero"), lf.Policy(default_nan_fraction="ones"),
        lf.Policy(quiet_nan_invalid=True), lf.Policy(integer_overflow="invalid"),
        lf.Policy(ftz_raises_underflow=False), lf.Policy(exact_zero="positive"),
    ]  # fmt: skip
    for bit, policy in enumerate(turned):
        assert [i for i, on in enumerate(policy.quirks) if on] == [bit]


def test_numba_functions_say_that_they_have_no_quirks() -> None:
    with pytest.raises(ValueError, match=r"call the functions of lf"):
        lf.jit.function("add", F16, policy=lf.Policy(exact_zero="positive"))


@settings(max_examples=150)
@given(data=st.data())
def test_casts_of_any_format_under_any_policy(data: st.DataObject) -> None:
    """From float32, integers and other formats: native, also by way of jit, equals golden."""
    target = data.draw(strategies.formats(extreme_bias=False))
    policy = data.draw(strategies.quirky_policies())
    rounding = data.draw(st.sampled_from(strategies.ROUNDINGS))
    saturation = data.draw(st.sampled_from(strategies.SATURATIONS))
    source = data.draw(strategies.formats(max_width=32, extreme_bias=False))
    codes = data.draw(st.lists(strategies.codes(source), min_size=20, max_size=20))
    integers = data.draw(st.lists(st.integers(-(1 << 63), (1 << 63) - 1), min_size=4, max_size=8))
    near = [float(lf.golden.encode(data.draw(strategies.numbers(target)), format=lf.float32)[0])]
    for x in (
        lf.from_codes(np.array(codes, code_dtype(source)), source),
        np.array(integers),
        np.array([*near, math.nan, -math.inf, 1e30, 1e-30] * 4, np.float32),
    ):
        found = []
        for backend in BACKENDS:
            flags = np.zeros(np.shape(getattr(x, "codes", x)), np.uint8)
            with lf.backend(backend):  # type: ignore[arg-type]
                y = lf.cast(x, target, rounding=rounding, saturation=saturation, policy=policy,
                            flags_out=flags)  # fmt: skip
            found.append((y.codes.tolist(), flags.tolist()))
        assert found[0] == found[1] == found[2]


def test_a_knob_that_were_ignored_would_be_found() -> None:
    """For every choice some case of the list has another result without it."""
    found = set()
    for knobs, call, expected in KNOBS:
        for knob, value in knobs.items():
            others = {k: v for k, v in knobs.items() if k != knob}
            if result(call, lf.Policy(**others)) != expected:
                found.add((knob, value))
    every = {(knob, v) for knob, values in POLICY_CHOICES.items() for v in values[1:]}
    assert every <= found, every - found
