"""Conversions: exhaustive between small formats, under every rounding, saturation and policy."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from against_golden import all_codes, code_array, differences
from strategies import ROUNDINGS, SATURATIONS

import lowfloat as lf
from lowfloat.jit import backend

#: One of every kind of special code, sign, zero and subnormal.
TARGETS = {
    "ieee": lf.Format(3, 2, infinities="ieee", nan="ieee"),
    "no infinity": lf.format("e4m2fn"),
    "NaN at -0": lf.format("e4m1fnuz"),
    "no NaN": lf.format("float6_e2m3fn"),
    "infinity on top": lf.Format(3, 2, infinities="top", nan="all_ones"),
    "unsigned": lf.Format(4, 2, signed=False, infinities="top", nan="top"),
    "unsigned without NaN": lf.format("e3m3fu"),
    "no zero": lf.format("float8_e8m0fnu"),
    "no zero, no NaN": lf.Format(3, 1, 2, signed=False, zero=False, subnormals="normal"),
    "flush": lf.Format(3, 2, nan="negative_zero", subnormals="flush"),
    "normal": lf.Format(3, 2, subnormals="normal", negative_zero=False),
    "no fraction": lf.format("e3m0"),
    "no exponent": lf.Format(0, 4, nan="all_ones"),
}


@pytest.mark.parametrize("name", TARGETS)
def test_every_code_converts_under_every_rounding_and_saturation(name: str) -> None:
    fmt, source = TARGETS[name], lf.format("float8_e5m2")
    for rounding, saturation, tininess in itertools.product(
        ROUNDINGS, SATURATIONS, ("after", "before")
    ):
        policy = lf.Policy(tininess=tininess)
        projection = lf.Projection(rounding, saturation, policy)
        assert not differences("convert", [all_codes(source)], [source], fmt, projection)


@pytest.mark.parametrize("name", TARGETS)
def test_every_code_reads_as_golden_reads_it(name: str) -> None:
    source = TARGETS[name]
    for daz in (False, True):
        projection = lf.Projection(policy=lf.Policy(daz=daz))
        for fmt in (lf.format("float32"), lf.format("e3m1")):
            assert not differences("convert", [all_codes(source)], [source], fmt, projection)


@pytest.mark.parametrize(
    ("source", "fmt"),
    [
        ("e5m2", "e3m3"),
        ("e5m2", "e2m4"),
        ("e4m3fn", "e3m3fn"),
        ("e3m4", "e3m2fnu"),
        ("e5m2", "e2m1f"),
    ],
)
def test_every_policy(source: str, fmt: str) -> None:
    knobs = {
        "nan": ("canonical", "first", "signaling_first"),
        "default_nan_sign": (0, 1),
        "daz": (False, True),
        "ftz": (False, True),
        "saturation_raises_overflow": (True, False),
        "infinityless_overflow": ("nan", "max"),
    }
    a, b = lf.format(source), lf.format(fmt)
    for values in itertools.product(*knobs.values()):
        policy = lf.Policy(**dict(zip(knobs, values, strict=True)))
        projection = lf.Projection("nearest_even", "none", policy)
        assert not differences("convert", [all_codes(a)], [a], b, projection)


@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.int32, np.int64, np.uint64])
def test_machine_integers_convert_exactly(dtype: type) -> None:
    info = np.iinfo(dtype)
    near = [1 << k for k in range(64)]
    ints = {s * v + d for v in [0, *near] for s in (-1, 1) for d in (-1, 0, 1)}
    values = sorted(v for v in ints if info.min <= v <= info.max)
    for name in ("float8_e5m2", "float32", "e3m2fnu", "float8_e8m0fnu", "float64"):
        fmt = lf.format(name)
        for rounding in ("nearest_even", "to_odd", "toward_negative"):
            projection = lf.Projection(rounding)
            out, flags = code_array(np.zeros(len(values)), fmt), np.zeros(len(values), np.uint8)
            union = backend.from_integers(
                np.array(values, dtype), out, fmt, projection, None, flags
            )
            want = [lf.golden.encode(v, format=fmt, projection=projection) for v in values]
            assert list(zip(out.tolist(), flags.tolist(), strict=True)) == want
            assert union == np.bitwise_or.reduce(flags)


def test_one_element_repeats_and_empty_arrays_pass() -> None:
    f = lf.float8_e4m3fn
    assert not differences("add", [all_codes(f), code_array([0x38], f)], [f, f], f)
    empty = code_array([], f)
    assert backend.apply("convert", [empty], [f], empty.copy(), f, lf.Projection(), None, None) == 0


def test_read_only_arrays_are_read() -> None:
    f = lf.float8_e4m3fn
    codes, bits = all_codes(f), np.arange(256, dtype=np.uint64)
    codes.flags.writeable = bits.flags.writeable = False
    projection = lf.Projection(lf.Stochastic(8))
    assert not differences("convert", [codes], [f], lf.format("e3m1"), projection, bits)


def test_chunks_do_not_show() -> None:
    f, count = lf.float8_e5m2, 2 * backend.CHUNK + 77
    codes = code_array(np.arange(count) % 256, f)
    out = code_array(np.zeros(count), f)
    backend.apply("multiply", (codes, codes), (f, f), out, f, lf.Projection(), None, None)
    assert (out == out[codes]).all()


def test_an_unknown_operation_is_an_error() -> None:
    f = lf.float8_e5m2
    with pytest.raises(ValueError, match="no operation 'modulo': there are convert"):
        backend.apply("modulo", [], [], all_codes(f), f, lf.Projection(), None, None)
