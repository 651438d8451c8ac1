"""Operations that a format cannot express, and operands that do not fit: rules and errors.

The first have results that the rules state, never undefined ones; the others are errors.
"""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

import lowfloat as lf
from lowfloat.functions import FUNCTIONS
from lowfloat.optable import OPERATIONS

VALUES = [name for name, op in OPERATIONS.items() if op.kind == "value" and not op.own_format]
#: A signed format with everything, and the ways in which a result's format can lack something.
WHOLE = lf.format("float8_e5m2")
LACKING = {
    "no NaN, no infinity": lf.format("float6_e3m2fn"),
    "no sign": lf.format("e4m3u"),
    "no sign, no NaN": lf.format("e4m3fu"),
    "no zero": lf.format("float8_e8m0fnu"),
    "no infinity": lf.format("float8_e4m3fn"),
}


def arrays(count: int) -> list[lf.Array]:
    rng = np.random.default_rng(3)
    special = [0, 0x80, 0x7C, 0xFC, 0x7E, 0x7D, 0x3C, 0xBC, 1, 0x81, 0x7B]
    rows = list(itertools.product(special, repeat=count))[:: 1 if count < 3 else 7]
    drawn = rng.integers(0, 256, (len(rows) // 2, count))
    columns = np.concatenate([np.array(rows), drawn]).T
    return [lf.from_codes(np.ascontiguousarray(c), WHOLE) for c in columns]


@pytest.mark.parametrize("lack", LACKING)
@pytest.mark.parametrize("name", VALUES)
def test_what_a_format_cannot_express_follows_the_rules(name: str, lack: str) -> None:
    """Where the format has no NaN a NaN is its largest number, and invalid (N-4); else golden's."""
    fmt = LACKING[lack]
    operands = arrays(OPERATIONS[name].arity)
    whole = FUNCTIONS[name](*operands)
    for saturation in ("none", "finite"):
        flags = np.zeros(operands[0].shape, np.uint8)
        y = FUNCTIONS[name](*operands, format=fmt, saturation=saturation, flags_out=flags)
        assert (y.codes <= (1 << fmt.width) - 1).all()
        nan = lf.is_nan(whole)
        if fmt.nan_code is None:
            assert (y.codes[nan] == fmt.max_finite_code).all()
            assert (flags[nan] & 16).all()
            assert not lf.is_nan(y).any()
        else:
            assert lf.is_nan(y)[nan].all()
        if not fmt.signed:
            below = ~nan & (whole.to_numpy() < 0)
            assert ((flags[below] & 16) | (y.codes[below] == 0) * 16).all()
        if fmt.infinity_code is None:
            assert not lf.is_infinite(y).any()


def test_the_root_of_a_negative_number_in_every_kind_of_format() -> None:
    """Rules A-8, A-6 and N-4, spelled out."""
    x = lf.array([-4.0], WHOLE)
    for fmt, code in {
        "float8_e5m2": 0x7E, "float8_e4m3fn": 0x7F, "float8_e4m3fnuz": 0x80, "e4m3u": 0x7C,
        "float8_e8m0fnu": 0xFF, "float6_e3m2fn": 0x1F, "float4_e2m1fn": 0x07, "e4m3fu": 0x7F,
    }.items():  # fmt: skip
        with lf.flags() as raised:
            assert lf.sqrt(x, format=fmt).codes.tolist() == [code], fmt
        assert raised.raised == {"invalid"}


@pytest.mark.parametrize("name", [n for n in OPERATIONS if OPERATIONS[n].arity > 1])
def test_shapes_that_do_not_broadcast_are_named(name: str) -> None:
    arity = OPERATIONS[name].arity
    operands = [lf.array(np.zeros(3 if i == arity - 1 else 2), WHOLE) for i in range(arity)]
    with pytest.raises(ValueError, match=rf"{name}: operands of shapes .*\(3,\) do not broadcast"):
        FUNCTIONS[name](*operands)


@pytest.mark.parametrize("name", OPERATIONS)
def test_operands_are_counted(name: str) -> None:
    arity = OPERATIONS[name].arity
    x = lf.array([1.0], WHOLE)
    for count in {arity - 1, arity + 1} - {0}:
        with pytest.raises(TypeError, match=f"takes {arity} operands, not {count}"):
            FUNCTIONS[name](*[x] * count)


@pytest.mark.parametrize("name", VALUES)
@pytest.mark.parametrize(
    ("keyword", "value", "message"),
    [
        ("rounding", "nearest", "there are nearest_even"),
        ("rounding", 1, "there are nearest_even"),
        ("saturation", "clip", "there are none, finite, propagate"),
        ("policy", "mips", "there are ieee, riscv"),
        ("policy", 3, "a Policy or a preset's name"),
    ],
)
def test_unknown_modes_are_listed(name: str, keyword: str, value: Any, message: str) -> None:
    x = [lf.array([1.0], WHOLE)] * OPERATIONS[name].arity
    with pytest.raises(ValueError, match=message):
        FUNCTIONS[name](*x, **{keyword: value})


def test_powers_of_any_size_scale() -> None:
    x = lf.array([1.5, -0.25], WHOLE)
    for big in (10**30, 2**63, np.uint64(2**63), np.int64(2**62), [10**30, 2**63]):
        assert lf.scaleb(x, big).codes.tolist() == [0x7C, 0xFC]
    assert lf.scaleb(x, -(10**30)).codes.tolist() == [0, 0x80]
    assert lf.scaleb(x, [2**63, -1]).codes.tolist() == [0x7C, 0xB0]
    assert lf.scaleb(x, np.array([1, -1], np.int8)).tolist() == [3.0, -0.125]
    assert lf.scaleb(x, np.array([1, 3], np.uint8)).tolist() == [3.0, -2.0]
    for bad in (0.5, True, "1", [1, 2.0], None, np.array([1.0]), np.array([True, False])):
        with pytest.raises(TypeError, match="whole powers of two"):
            lf.scaleb(x, bad)


@pytest.mark.parametrize("dtype", ["int7", "float32", bool, "U3", object, "int128", 7])
def test_integers_of_other_kinds_are_refused(dtype: Any) -> None:
    with pytest.raises(TypeError, match="int8 to int64 or uint8 to uint64"):
        lf.to_integer(lf.array([1.0], WHOLE), dtype)


def test_integers_out_of_range_follow_the_policy_and_are_invalid() -> None:
    x = lf.array([1e4, -1.0], "float16")
    with lf.flags() as raised:
        assert lf.to_integer(x, "uint8").tolist() == [255, 0]
    assert raised.raised == {"invalid"}


def test_a_planted_undefined_result_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    honest = FUNCTIONS["sqrt"]

    def careless(*x: lf.Array, **keywords: Any) -> lf.Array:
        result = honest(*x, **keywords)
        if keywords.get("format") is LACKING["no NaN, no infinity"]:
            result.codes[result.codes == 0x1F] = 0
        return result

    monkeypatch.setitem(FUNCTIONS, "sqrt", careless)
    with pytest.raises(AssertionError):
        test_what_a_format_cannot_express_follows_the_rules("sqrt", "no NaN, no infinity")
