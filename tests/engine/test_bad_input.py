"""Bad input: each a clear error that says what to do, or the documented rule; never garbage."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import numpy as np
import pytest

import lowfloat as lf

F = "float8_e4m3fn"
X = np.float32([1.0, 0.3, -500.0])
READ_ONLY = np.zeros(3, np.uint8)
READ_ONLY.flags.writeable = False
SR = lf.Stochastic(4)


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("float8_e4m3fnn", "float8_e4m3fn"),
        ("bfloat61", "bfloat16"),
        ("flaot32", "float32"),
        ("float4_e2m1fm", "float4_e2m1fn"),
        ("binary8p9se", "P"),
        ("", "no format is named"),
    ],
)
def test_an_unknown_format_suggests_the_nearest(name: str, hint: str) -> None:
    with pytest.raises(ValueError, match=hint):
        lf.cast(X, name)


@pytest.mark.parametrize(
    ("fields", "rule"),
    [
        ({"exponent_bits": 4, "mantissa_bits": 53}, "D-1"),
        ({"exponent_bits": 12, "mantissa_bits": 10}, "D-1"),
        ({"exponent_bits": -1, "mantissa_bits": 3}, "D-1"),
        ({"exponent_bits": 4.0, "mantissa_bits": 3}, "D-1"),
        ({"exponent_bits": 4, "mantissa_bits": 3, "bias": 1 << 21}, "D-1"),
        ({"exponent_bits": 4, "mantissa_bits": 3, "infinities": "ieee"}, "D-2"),
        ({"exponent_bits": 4, "mantissa_bits": 3, "nan": "top"}, "D-2"),
        ({"exponent_bits": 4, "mantissa_bits": 3, "zero": False}, "D-2"),
        ({"exponent_bits": 0, "mantissa_bits": 3, "subnormals": "flush"}, "D-2"),
        ({"exponent_bits": 4, "mantissa_bits": 3, "signed": False, "negative_zero": True}, "D-2"),
        ({"exponent_bits": 1, "mantissa_bits": 0, "nan": "all_ones"}, "D-8"),
    ],
)
def test_an_impossible_format_names_its_rule(fields: dict[str, Any], rule: str) -> None:
    with pytest.raises(ValueError, match=rf"\(rule {rule}\)"):
        lf.Format(**fields)


NO_NUMBERS: dict[str, tuple[Any, str]] = {
    "complex": (1 + 2j, "cast the real and imaginary parts"),
    "complex array": (np.array([1j]), "cast the real and imaginary parts"),
    "complex in a list": ([1.0, 2j], "cast the real and imaginary parts"),
    "date array": (np.array(["2020-01-01"], "M8[D]"), "holds no real numbers"),
    "duration array": (np.array([1], "m8[s]"), "holds no real numbers"),
    "datetime": (datetime(2020, 1, 1), "holds no numbers"),
    "datetime in a list": ([datetime(2020, 1, 1)], "is no real number"),
    "word": ("one", r"no decimal or hexadecimal number \(rule T-1\)"),
    "word in a list": (["1.5", "x"], "'x' is no decimal or hexadecimal number"),
    "array of strings": (np.array(["1.5", "x"]), "'x' is no decimal or hexadecimal number"),
    "bytes": (b"1.5", "holds no numbers"),
    "ragged list": ([[1, 2], [3]], "different lengths"),
    "array of objects": (np.array([1, object()], object), "is no real number"),
    "array of None": (np.array([None]), "is no real number"),
    "None": (None, "holds no numbers"),
    "object": (object(), "holds no numbers"),
    "dict": ({1: 2}, "holds no numbers"),
    "record array": (np.zeros(2, [("a", "f4")]), "holds no real numbers"),
    "set": ({1.0, 2.0}, "holds no numbers"),
    "masked array": (np.ma.array([1.0, 2.0], mask=[0, 1]), r"x\.filled"),
    "ragged tuples": (((1.0,), (1.0, 2.0)), "different lengths"),
    "ragged depths": ([1.0, [2.0]], "different lengths"),
}


@pytest.mark.parametrize("kind", NO_NUMBERS)
def test_what_is_no_real_number_is_a_type_error(kind: str) -> None:
    value, message = NO_NUMBERS[kind]
    with pytest.raises(TypeError, match=message):
        lf.cast(value, F)


@pytest.mark.parametrize(
    ("out", "error", "message"),
    [
        (np.zeros(3, np.uint16), TypeError, "this result needs uint8"),
        (np.zeros(3, np.float32), TypeError, "this result needs uint8"),
        (np.zeros(3, np.int8), TypeError, "this result needs uint8"),
        (np.zeros(4, np.uint8), ValueError, r"the result has shape \(3,\)"),
        (np.zeros((3, 1), np.uint8), ValueError, r"the result has shape \(3,\)"),
        (READ_ONLY, ValueError, "give a writable array"),
        ([0, 0, 0], TypeError, "must be a NumPy array of uint8"),
        (bytearray(3), TypeError, "must be a NumPy array of uint8"),
        (lf.array([0, 0, 0], "e5m2"), TypeError, "this result is float8_e4m3fn"),
    ],
)
def test_an_unusable_out_is_refused(out: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        lf.cast(X, F, out=out)
    with pytest.raises(error):
        lf.add(lf.cast(X, F), 1, out=out)


@pytest.mark.parametrize(
    ("flags_out", "error"),
    [
        (np.zeros(3, np.int8), TypeError),
        (np.zeros(3, bool), TypeError),
        (np.zeros(2, np.uint8), ValueError),
        (READ_ONLY, ValueError),
        (True, TypeError),
    ],
)
def test_an_unusable_flags_out_is_refused(flags_out: Any, error: type[Exception]) -> None:
    with pytest.raises(error, match="flags_out"):
        lf.cast(X, F, flags_out=flags_out)


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        ({"random_bits": 16}, ValueError, r"0\.\.2\^4 - 1 \(rule R-1\)"),
        ({"random_bits": -1}, ValueError, r"0\.\.2\^4 - 1 \(rule R-1\)"),
        ({"random_bits": [0, 1, 16]}, ValueError, r"0\.\.2\^4 - 1 \(rule R-1\)"),
        ({"random_bits": [0, -1, 3]}, ValueError, r"0\.\.2\^4 - 1 \(rule R-1\)"),
        ({"random_bits": [0, -1, 1 << 70]}, ValueError, r"0\.\.2\^4 - 1 \(rule R-1\)"),
        ({"random_bits": [0.0, 1.0, 2.0]}, TypeError, "unsigned integers, not float64"),
        ({"random_bits": 1.0}, TypeError, "unsigned integers, not float64"),
        ({"random_bits": "1"}, TypeError, "unsigned integers"),
        ({"random_bits": True}, TypeError, "unsigned integers, not bool"),
        ({"random_bits": [1, 2]}, ValueError, "do not broadcast"),
        ({"random_bits": [[1, 2, 3]] * 2}, ValueError, "do not broadcast"),
        ({"random_bits": []}, ValueError, "do not broadcast"),
        ({}, ValueError, r"rng=lf.Philox\(seed\) or random_bits="),
        ({"rng": lf.Philox(1), "random_bits": 1}, ValueError, "not both"),
        ({"rng": 7}, TypeError, "lf.Philox or an lf.LFSR"),
        ({"rng": "seed"}, TypeError, "lf.Philox or an lf.LFSR"),
        ({"rng": lf.LFSR(3, 5)}, ValueError, "cannot give 4 random bits"),
    ],
    ids=str,
)
def test_unusable_random_bits_are_refused(
    given: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        lf.cast(X, F, rounding=SR, **given)


def test_random_bits_for_a_deterministic_rounding_are_refused() -> None:
    with pytest.raises(ValueError, match=r"needs rounding=lf\.Stochastic"):
        lf.cast(X, F, random_bits=1)


@pytest.mark.parametrize("bits", [0, 65, -1, 1.5, True, "8"])
def test_stochastic_bits_are_from_1_to_64(bits: Any) -> None:
    with pytest.raises(ValueError, match="1 to 64"):
        lf.Stochastic(bits)


SETTINGS: list[tuple[Any, str]] = [
    (lambda: lf.Stochastic(8, "D"), "A, B or C"),  # type: ignore[arg-type]
    (lambda: lf.Philox(-1), "unsigned 64-bit"),
    (lambda: lf.Philox(1 << 64), "unsigned 64-bit"),
    (lambda: lf.Philox(1.5), "unsigned 64-bit"),  # type: ignore[arg-type]
    (lambda: lf.Philox(1, stream=1 << 32), "unsigned 32-bit"),
    (lambda: lf.Philox(1).at(-1), "unsigned 32-bit"),
    (lambda: lf.LFSR(1, 1), "2 to 64"),
    (lambda: lf.LFSR(8, 256), "8-bit"),
    (lambda: lf.LFSR(8, 3, state=0), "never leaves the state 0"),
    (lambda: lf.LFSR(8, 3, form="fib"), "galois or fibonacci"),
    (lambda: lf.LFSR(8, 3, shifts=0), "shifts"),
    (lambda: lf.LFSR(8, 3, bit_order="up"), "msb, lsb or reversed"),
    (lambda: lf.Policy("mips"), "riscv"),
    (lambda: lf.Policy(ftz=2), "one of False, True"),
    (lambda: lf.Policy(speed=1), "tininess"),
    (lambda: lf.Projection("nearest"), "nearest_even"),
]


def test_settings_out_of_range_are_refused() -> None:
    for make, message in SETTINGS:
        with pytest.raises(ValueError, match=message):
            make()


@pytest.mark.parametrize("name", ["float4_e2m1fn", "float6_e3m2fn", "float6_e2m3fn"])
@pytest.mark.parametrize("saturation", ["none", "finite", "propagate"])
def test_nan_into_a_format_without_nan_is_the_largest_number(name: str, saturation: str) -> None:
    fmt = lf.format(name)
    for sign in (0, 0x80000000):
        x = np.array([0x7FC00000 | sign], np.uint32).view(np.float32)
        with lf.flags() as raised:
            y = lf.cast(x, fmt, saturation=saturation)
        assert y.codes.tolist() == [fmt.max_finite_code]
        assert raised.raised == {"invalid"}


@pytest.mark.parametrize(
    ("x", "error", "message"),
    [
        ([1, 2], TypeError, "use lf.cast"),
        (np.arange(3), TypeError, "use lf.cast"),
        (np.zeros(2, np.longdouble), TypeError, "use lf.cast"),
        (np.float16([1]), ValueError, "use a wider container"),
    ],
)
def test_quantize_refuses_other_containers(x: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        lf.quantize(x, "bfloat16")


def test_operands_that_do_not_fit_are_refused() -> None:
    x, y = lf.array([1, 2], F), lf.array([1, 2, 3], F)
    with pytest.raises(ValueError, match=r"\(2,\), \(3,\) do not broadcast"):
        lf.add(x, y)
    with pytest.raises(lf.FormatMismatch, match=r"give format="):
        lf.add(x, x.astype("bfloat16"))
    with pytest.raises(TypeError, match="takes 2 operands"):
        lf.add(x)
    with pytest.raises(TypeError, match=r"give format="):
        lf.add([1.0], [2.0])
    with pytest.raises(TypeError, match=r"which format\?"):
        lf.array([1.0])


@pytest.mark.parametrize(
    ("codes", "error"),
    [([256], ValueError), ([-1], ValueError), ([1.0], TypeError), (["1"], TypeError),
     ([True], TypeError), ([None], TypeError), ([1 << 64], ValueError), ([-1, 1 << 63], ValueError)],
    ids=str,
)  # fmt: skip
def test_codes_that_do_not_fit_are_refused(codes: Any, error: type[Exception]) -> None:
    with pytest.raises(error, match="code"):
        lf.from_codes(codes, F)
    with pytest.raises(ValueError, match="6 bits"):
        lf.from_codes([64], "float6_e3m2fn")
    assert lf.from_codes([1 << 63, 1], "float64").codes.tolist() == [1 << 63, 1]
