"""Elementary functions as users call them: functions, ufuncs, operators, backends, flags, errors."""

from __future__ import annotations

import ml_dtypes
import numpy as np
import pytest
from strategies import ROUNDINGS

import lowfloat as lf
from lowfloat.numpy_protocol import BINARY, UNARY
from lowfloat.optable import ELEMENTARY, OPERATIONS

X = lf.array([0.25, 0.5, 1.0, -2.0], "bfloat16")


@pytest.mark.parametrize("ufunc", [u for u, name in UNARY.items() if name in ELEMENTARY])
def test_ufuncs_are_functions(ufunc):
    lf.testing.assert_same_bits(getattr(np, ufunc)(X), getattr(lf, UNARY[ufunc])(X))


@pytest.mark.parametrize("ufunc", ["arctan2", "power"])
def test_binary_ufuncs_are_functions(ufunc):
    y = lf.array([2.0, -1.0, 0.5, 3.0], "bfloat16")
    expected = getattr(lf, BINARY[ufunc])(X, y)
    lf.testing.assert_same_bits(getattr(np, ufunc)(X, y), expected)
    np.testing.assert_allclose(
        expected.to_numpy(), getattr(np, ufunc)(X.to_numpy(), y.to_numpy()), rtol=1 / 128
    )


def test_powers_are_an_operator_with_weak_scalars():
    assert (X**2).to_numpy().tolist() == [0.0625, 0.25, 1.0, 4.0]
    assert (2**X).to_numpy()[2:].tolist() == [2.0, 0.25]
    with pytest.raises(lf.FormatMismatch):
        X ** lf.array([1.0] * 4, "float16")


@pytest.mark.parametrize("name", ["exp", "log", "sin", "tanh", "arctan", "cbrt", "expm1", "log2"])
@pytest.mark.parametrize("fmt", ["float8_e5m2", "float8_e4m3fn", "float8_e4m3b11fnuz"])
def test_ml_dtypes_is_right_but_where_it_rounds_twice(name, fmt):
    """It computes in float32 and rounds again: the two may differ by a neighbour, seldom."""
    codes = np.arange(256, dtype=np.uint8)
    ours = getattr(np, name)(lf.from_codes(codes, fmt)).to_numpy()
    with np.errstate(all="ignore"):
        theirs = getattr(np, name)(codes.view(getattr(ml_dtypes, fmt))).astype(np.float32)
    same = (ours == theirs) | (np.isnan(ours) & np.isnan(theirs))
    assert same.sum() >= 254


@pytest.mark.parametrize(
    ("fmt", "roundings"), [("float8_e4m3fn", ROUNDINGS[::2]), ("float8_e5m2", ROUNDINGS[1::2])]
)
@pytest.mark.parametrize("name", [n for n in ELEMENTARY if OPERATIONS[n].arity == 1])
def test_all_codes_of_eight_bits_are_golden(name, fmt, roundings):
    x = lf.from_codes(np.arange(256, dtype=np.uint8), fmt)
    for rounding in roundings:
        results = []
        for backend in ("native", "golden"):
            flags = np.zeros(256, np.uint8)
            with lf.backend(backend):
                codes = getattr(lf, name)(x, rounding=rounding, flags_out=flags).codes
            results.append((codes.tolist(), flags.tolist()))
        assert results[0] == results[1]


def test_the_table_lists_what_golden_has():
    assert set(ELEMENTARY) == set(lf.golden.elementary.ELEMENTARY)


@pytest.mark.parametrize("name", ["exp", "atan2pi", "softplus"])
def test_backends_agree(name):
    operands = [X] * (2 if name == "atan2pi" else 1)
    results = []
    for backend in ("native", "jit", "golden"):
        with lf.backend(backend), lf.flags() as raised:
            results.append((getattr(lf, name)(*operands).codes.tolist(), raised.raised))
    assert results[0] == results[1] == results[2]


def test_formats_are_independent_and_numbers_need_one():
    wide = lf.exp(lf.array([1.0], "float8_e4m3fn"), format="float64")
    assert wide.to_numpy()[0] == float(np.exp(1.0))
    assert lf.log([1.0, 0.0], format="e5m2").to_numpy().tolist() == [0.0, -np.inf]
    with pytest.raises(lf.FormatMismatch, match="give format"):
        lf.pow(X, lf.array([1.0] * 4, "float16"))
    mixed = lf.pow(X, lf.array([2.0] * 4, "float16"), format="float32")
    assert mixed.to_numpy().tolist() == [0.0625, 0.25, 1.0, 4.0]


def test_flags_of_the_standard():
    with lf.flags() as raised:
        lf.log(lf.array([0.0], "float16"))
    assert raised.raised == {"divide_by_zero"}
    with lf.flags() as raised:
        lf.acos(lf.array([2.0], "float16"))
    assert raised.raised == {"invalid"}
    with lf.flags() as raised:
        lf.exp(lf.array([-17.0], "float16"))
    assert raised.raised == {"inexact", "underflow"}
    with lf.flags() as raised:
        lf.exp2(lf.array([-3.0], "float16"))
    assert not raised.raised


def test_stochastic_rounding_takes_either_neighbour():
    x = lf.array([1.0] * 4096, "bfloat16")
    y = lf.exp(x, format="float8_e4m3fn", rounding=lf.Stochastic(16), rng=lf.Philox(3)).to_numpy()
    assert set(y.tolist()) == {2.5, 2.75}
    assert abs(y.mean() - np.e) < 0.01
    bits = np.arange(0, 65536, 16, dtype=np.uint64)
    y = lf.exp(x, format="float8_e4m3fn", rounding=lf.Stochastic(16), random_bits=bits).to_numpy()
    assert abs(y.mean() - np.e) < 1e-4


def test_every_discarded_bit_is_too_many():
    with pytest.raises(ValueError, match="P-6"):
        lf.exp(X, rounding=lf.Stochastic(None), random_bits=0)
    assert lf.exp2(lf.array([2.0], "e5m2"), rounding=lf.Stochastic(None), random_bits=0).codes[0]
