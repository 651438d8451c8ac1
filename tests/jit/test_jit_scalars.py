"""Scalar functions: inside and outside user code, against the golden model."""

from __future__ import annotations

import doctest
import importlib
import math

import numba
import numpy as np
import pytest
from against_golden import all_codes

import lowfloat as lf


@numba.njit
def _fill(function, inputs, out):  # type: ignore[no-untyped-def]
    for i in range(inputs.size):
        out[i] = function(inputs[i])


def test_a_user_loop_encodes_and_decodes() -> None:
    encode = lf.jit.encoder("float8_e4m3fn", saturation="finite")
    decode = lf.jit.decoder("float8_e4m3fn", "float32")

    @numba.njit
    def quantized(x):  # type: ignore[no-untyped-def]
        out = np.empty_like(x)
        for i in range(x.size):
            out[i] = decode(encode(x[i]))
        return out

    x = np.random.default_rng(0).standard_normal(1000).astype(np.float32) * np.float32(100)
    fmt, projection = lf.float8_e4m3fn, lf.Projection(saturation="finite")
    want = [
        float(lf.golden.decode(lf.golden.encode(v, format=fmt, projection=projection)[0], fmt))
        for v in x.tolist()
    ]
    assert quantized(x).tolist() == want


@pytest.mark.parametrize("name", ["float8_e4m3fn", "float8_e8m0fnu", "float4_e2m1fn", "e5m2"])
@pytest.mark.parametrize("target", ["float64", "float32"])
def test_decoders_give_every_value(name: str, target: str) -> None:
    fmt = lf.format(name)
    out = np.empty(1 << fmt.width)
    _fill(lf.jit.decoder(fmt, target), all_codes(fmt), out)
    want = np.array([float(lf.golden.decode(code, fmt)) for code in range(out.size)])
    np.testing.assert_array_equal(
        np.signbit(out)[~np.isnan(out)], np.signbit(want)[~np.isnan(want)]
    )
    np.testing.assert_array_equal(out, want)


@pytest.mark.parametrize(("name", "target"), [("float64", "float32"), ("e12m3b5000", "float64")])
def test_decoders_refuse_to_round(name: str, target: str) -> None:
    with pytest.raises(ValueError, match="does not hold every number"):
        lf.jit.decoder(name, target)


@pytest.mark.parametrize(
    ("source", "values"),
    [
        ("float64", [0.3, -0.0, 1e300, 5e-324, math.inf, -1.75]),
        ("int64", [0, -17, 1 << 62, -(1 << 63)]),
        ("uint64", [np.uint64(0), np.uint64(17), np.uint64((1 << 64) - 1)]),
    ],
)
def test_encoders_of_machine_numbers(source: str, values: list) -> None:
    fmt = lf.float8_e5m2
    encode = lf.jit.encoder(fmt, source=source)
    exact = [v if source == "float64" else int(v) for v in values]
    assert [encode(v) for v in values] == [lf.golden.encode(v, format=fmt)[0] for v in exact]


def test_encoders_of_another_format_see_signaling_nans() -> None:
    policy = lf.Policy("arm")
    convert = lf.jit.function("convert", "e3m4", formats=["e5m2"], policy=policy, flags=True)
    encode = lf.jit.encoder("e3m4", source="e5m2", policy=policy)
    projection = lf.Projection(policy=policy)
    for code in range(256):
        want = lf.golden.convert(
            code, formats=(lf.format("e5m2"),), format=lf.format("e3m4"), projection=projection
        )
        assert convert(code) == want
        assert encode(code) == want[0]


@pytest.mark.parametrize(
    ("name", "arity"), [("add", 2), ("subtract", 2), ("multiply", 2), ("fma", 3)]
)
def test_functions_equal_golden(name: str, arity: int) -> None:
    f8, f16 = lf.float8_e4m3fn, lf.float16
    formats = (f8, f16, f8)[:arity]
    function = lf.jit.function(name, f16, formats=formats, rounding="to_odd", flags=True)
    projection = lf.Projection("to_odd")
    rng = np.random.default_rng(4)
    for _ in range(500):
        codes = [int(rng.integers(0, 1 << f.width)) for f in formats]
        want = getattr(lf.golden, name)(*codes, formats=formats, format=f16, projection=projection)
        assert function(*codes) == want


def test_random_bits_are_the_last_argument() -> None:
    f8 = lf.float8_e5m2
    add = lf.jit.function("add", f8, rounding=lf.Stochastic(4))
    projection = lf.Projection(lf.Stochastic(4))
    for bits in range(16):
        want = lf.golden.add(
            0x3C, 0x2B, formats=(f8, f8), format=f8, projection=projection, random_bits=bits
        )
        assert add(0x3C, 0x2B, bits) == want[0]
    with pytest.raises(ValueError, match="R-1"):
        add(0x3C, 0x2B, 16)


def test_a_tail_of_more_than_64_bits_is_an_error() -> None:
    multiply = lf.jit.function(
        "multiply", "float8_e5m2", formats=["float64"] * 2, rounding=lf.Stochastic(None)
    )
    one = 1023 << 52
    assert multiply(one, one, 0) == 0x3C
    with pytest.raises(ValueError, match="P-6"):
        multiply(one + 1, one + 1, 0)


def test_arguments_that_would_round_twice_are_typing_errors() -> None:
    encode = lf.jit.encoder("float8_e4m3fn")
    with pytest.raises(numba.TypingError, match="takes float32, not float64"):
        encode(0.3)
    with pytest.raises(numba.TypingError, match="takes int64, not float64"):
        lf.jit.encoder("float8_e5m2", source="int64")(0.5)
    with pytest.raises(numba.TypingError, match="unsigned integers, not float64"):
        lf.jit.function("add", "float8_e5m2")(0.5, 1)


def test_unknown_names_are_errors() -> None:
    with pytest.raises(ValueError, match="no operation 'modulo': there are"):
        lf.jit.function("modulo", "e5m2")
    with pytest.raises(ValueError, match="takes 2 operands, formats= has 1"):
        lf.jit.function("add", "e5m2", formats=["e5m2"])
    with pytest.raises(ValueError, match="float32 or float64"):
        lf.jit.decoder("e5m2", "float16")


def test_equal_requests_give_one_function() -> None:
    by_name = lf.jit.encoder("e5m2", rounding="RTZ")
    assert by_name is lf.jit.encoder(lf.format("e5m2"), rounding="toward_zero")


@pytest.mark.parametrize("module", ["scalars", "casting", "backend"])
def test_examples_run(module: str) -> None:
    found = importlib.import_module(f"lowfloat.jit.{module}")
    results = doctest.testmod(found)
    assert results.attempted
    assert not results.failed
