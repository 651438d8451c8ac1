"""Numbers in and out of arrays: strings, Python floats and ints, Fractions, machine integers."""

from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import strategies
from hypothesis import given, settings
from hypothesis import strategies as st
from mpfr_oracle import MODES, agrees, rounded_text

import lowfloat as lf
from lowfloat.format_names import registry

NAMED = [e.name for e in registry().values() if e.format.width <= 16]


def all_codes(name: str) -> lf.Array:
    fmt = lf.format(name)
    return lf.from_codes(np.arange(1 << fmt.width), fmt)


def canonical(x: lf.Array) -> lf.Array:
    """The codes that are produced, NaNs all the same (rules C-2 and N-2)."""
    return x.astype(x.format)


# -- strings in -----------------------------------------------------------------------------------

TEXTS = [
    "0", "-0", "+1", "0.1", "-.5", "5.", "1e3", "1E-3", "1.25e+2", "0x1.8p3", "-0X.8P-1", "0x10",
    "0xfp0", "inf", "-Infinity", "NaN", "  2.5 ", "1e-400", "1e400", "0x1p-1074", "448", "464.0001",
]  # fmt: skip


def test_strings_are_what_python_reads() -> None:
    for text in TEXTS:
        blank = text.strip().lower()
        python = float.fromhex(blank) if "0x" in blank else float(blank)
        ours = lf.array(text, "float64")
        assert ours.codes == lf.cast(np.float64(python), "float64").codes, text


@pytest.mark.parametrize("backend", ["native", "jit", "golden"])
def test_strings_are_golden(backend: str) -> None:
    texts = [*TEXTS, "-nan", "snan", "-SNAN"]
    for name in ("float8_e4m3fn", "float8_e5m2", "float4_e2m1fn", "float16", "binary8p3ue"):
        fmt = lf.format(name)
        for policy in (lf.Policy(), lf.Policy("x86_sse"), lf.Policy("arm")):
            for saturation in ("none", "finite"):
                projection = lf.Projection("nearest_even", saturation, policy)
                expected = [
                    lf.golden.from_string(t, format=fmt, projection=projection) for t in texts
                ]
                raised = np.zeros(len(texts), np.uint8)
                with lf.backend(backend):  # type: ignore[arg-type]
                    ours = lf.array(
                        texts, fmt, saturation=saturation, policy=policy, flags_out=raised
                    )
                assert list(zip(ours.codes.tolist(), raised.tolist(), strict=True)) == expected


def test_strings_may_be_nested_mixed_and_numpys() -> None:
    for values in (
        [["0.1", "0x1.8p3"], ["-2", "1e2"]],
        [[0.1, 12], [Fraction(-2), Decimal(100)]],
        np.array([["0.1", "0x1.8p3"], ["-2", "1e2"]]),
        np.array([["0.1", 12], [-2, "1e2"]], object),
    ):
        assert lf.array(values, "float32").tolist() == [[float(np.float32(0.1)), 12], [-2, 100]]


def test_a_long_decimal_is_rounded_once() -> None:
    """Half-way in float16, and beyond it in the fortieth digit."""
    middle = "1.00048828125"
    assert lf.array(middle, "float16").item() == 1
    assert lf.array(middle + "0" * 40 + "1", "float16").item() == 1 + 2**-10
    assert lf.array("0x1.002" + "0" * 40 + "1p0", "float16").item() == 1 + 2**-10


@settings(max_examples=150)
@given(data=st.data())
def test_decimal_strings_are_rounded_as_mpfr_rounds_them(data: st.DataObject) -> None:
    digits = data.draw(st.integers(1, 10**40))
    exponent = data.draw(st.integers(-60, 20))
    text = f"{data.draw(st.sampled_from(['', '-']))}{digits}e{exponent}"
    for name in ("float16", "bfloat16", "float32"):
        for mode in MODES:
            fmt = lf.format(name)
            ours = lf.golden.decode(int(lf.array(text, name, rounding=mode).codes), fmt)
            assert agrees(ours, rounded_text(text, fmt, mode)), (text, name, mode)


@settings(max_examples=200)
@given(data=st.data())
def test_any_format_reads_its_own_strings(data: st.DataObject) -> None:
    fmt = data.draw(strategies.formats(extreme_bias=False, max_exponent_bits=11))
    codes = data.draw(st.lists(strategies.codes(fmt), min_size=1, max_size=6))
    x = canonical(lf.from_codes(codes, fmt))
    numbers = ~lf.is_nan(x)
    for notation in ("shortest", "exact", "hexadecimal"):
        back = lf.array(x.to_strings(notation), fmt)
        assert back.codes[numbers].tolist() == x.codes[numbers].tolist()


# -- strings out ----------------------------------------------------------------------------------


@pytest.mark.parametrize("notation", ["shortest", "exact", "hexadecimal"])
@pytest.mark.parametrize("name", NAMED)
def test_every_code_comes_back_from_its_string(name: str, notation: str) -> None:
    x = all_codes(name)
    if x.size > 4096:
        x = lf.from_codes(x.codes[::37], x.format)
    expected = canonical(x)
    back = lf.array(x.to_strings(notation), name)
    nans = lf.is_nan(expected) if x.format.nan_code is not None else np.zeros(x.shape, bool)
    assert back.codes[~nans].tolist() == expected.codes[~nans].tolist()
    assert lf.is_nan(back)[nans].all() if nans.any() else True


def test_nans_keep_what_hexadecimal_says() -> None:
    x = lf.from_codes([0x7E00, 0xFE00, 0x7D00, 0xFD00], "float16")
    assert x.to_strings("hexadecimal").tolist() == ["nan", "-nan", "snan", "-snan"]
    assert x.to_strings().tolist() == ["nan"] * 4
    with lf.flags() as raised:
        back = lf.array(x.to_strings("hexadecimal"), "float16", policy=lf.Policy(nan="first"))
    assert back.codes.tolist() == [0x7E00, 0xFE00, 0x7E00, 0xFE00]
    assert raised.raised == {"invalid"}


def test_exact_strings_are_pythons_decimals() -> None:
    x = np.float64([0.1, 1e22, -5e-324, 448.0, 2.0**70, -0.0])
    ours = lf.array(x, "float64").to_strings("exact")
    assert [Decimal(text) for text in ours] == [Decimal(float(v)) for v in x]
    assert len(lf.array(2.0**-1074, "float64").to_strings("exact").item()) == 1076
    wide = lf.from_codes([1, 0xFFFD], "binary16p1ue")
    assert len(wide.to_strings("exact")[0]) == 32769
    assert lf.array(wide.to_strings("exact"), wide.format).codes.tolist() == [1, 0xFFFD]


def test_hexadecimal_strings_are_pythons() -> None:
    x = np.float64([0.1, -1e300, 1.0, 448.0])
    ours = lf.array(x, "float64").to_strings("hexadecimal")
    assert [float.fromhex(text) for text in ours] == x.tolist()


def test_strings_keep_the_shape() -> None:
    x = lf.array([[1, 2], [3, 4]], "e3m4")
    assert x.T.to_strings().tolist() == [["1.0", "3.0"], ["2.0", "4.0"]]
    assert x[0, 0].to_strings().shape == ()
    assert lf.array(np.zeros((0, 2)), "e3m4").to_strings().shape == (0, 2)
    with pytest.raises(ValueError, match="there are shortest, exact, hexadecimal"):
        x.to_strings("octal")


def test_a_planted_wrong_digit_is_found() -> None:
    x = all_codes("float8_e4m3fn")[1:127]
    texts = x.to_strings("exact")
    texts[5] = texts[6]
    assert lf.array(texts, x.format).codes.tolist() != x.codes.tolist()


# -- Python numbers out ---------------------------------------------------------------------------


def test_lists_and_items_are_exact_floats() -> None:
    x = lf.array([[0.1, -0.0], [math.inf, 448]], "bfloat16")
    assert x.tolist() == [[0.10009765625, -0.0], [math.inf, 448.0]]
    assert math.copysign(1, x.tolist()[0][1]) == -1
    assert x[0, 0].tolist() == 0.10009765625
    assert (x.item(3), x.item(1, 1), x.item((0, 0))) == (448.0, 448.0, 0.10009765625)
    assert type(x.item(0)) is float
    with pytest.raises(ValueError, match=r"size 1|one element"):
        x.item()
    with pytest.raises(IndexError):
        x.item(9)


@pytest.mark.parametrize("name", NAMED)
def test_fractions_are_golden_values(name: str) -> None:
    x = all_codes(name)
    if x.size > 4096:
        x = lf.from_codes(x.codes[::37], x.format)
    finite = lf.is_finite(x)
    found = lf.from_codes(x.codes[finite], name).to_fractions()
    expected = [lf.golden.decode(int(c), x.format).signed for c in x.codes[finite]]
    assert found.tolist() == expected
    assert all(type(v) is Fraction for v in found)
    if not finite.all():
        with pytest.raises(ValueError, match=r"is no fraction: choose the finite"):
            x.to_fractions()


def test_what_binary64_does_not_hold_is_a_fraction() -> None:
    x = lf.from_codes([0, 1, 0xFFFD], "binary16p1ue")
    with pytest.raises(ValueError, match="to_fractions"):
        x.tolist()
    assert x.to_fractions().tolist() == [0, Fraction(1, 2**32767), Fraction(2) ** 32765]
    assert int(x[2]) == 2**32765
    assert int(x[0]) == 0


def test_int_of_an_element_truncates_as_python_does() -> None:
    for value in (2.75, -2.75, 0.0, 1e20, -448.0):
        x = lf.array(value, "float64")
        assert int(x) == int(value)
        assert type(int(x)) is int
    with pytest.raises(OverflowError):
        int(lf.array(math.inf, "float16"))
    with pytest.raises(ValueError, match="NaN"):
        int(lf.array(math.nan, "float16"))
    with pytest.raises(ValueError, match=r"size 1|one element"):
        int(lf.array([1.0, 2.0], "float16"))


# -- machine integers -----------------------------------------------------------------------------

INTEGERS = [np.dtype(f"{kind}int{bits}") for kind in ("", "u") for bits in (8, 16, 32, 64)]


def limits(dtype: np.dtype, float_to_int: str) -> tuple[int, int, int]:
    """What a NaN, a number above and a number below the range become (hardware's three rules)."""
    info = np.iinfo(dtype)
    if float_to_int == "indefinite":
        only = info.min if info.min < 0 else info.max
        return only, only, only
    return (0 if float_to_int == "nan_zero" else info.max), info.max, info.min


@pytest.mark.parametrize("float_to_int", ["limits", "indefinite", "nan_zero"])
@pytest.mark.parametrize("dtype", INTEGERS, ids=str)
def test_every_policy_of_every_integer(dtype: np.dtype, float_to_int: str) -> None:
    """All codes of the 16-bit formats, toward zero: against Python's own integers."""
    nan, above, below = limits(dtype, float_to_int)
    info = np.iinfo(dtype)
    for name in ("float16", "bfloat16", "float8_e5m2"):
        x = all_codes(name)
        raised = np.zeros(x.shape, np.uint8)
        policy = lf.Policy(float_to_int=float_to_int)
        ours = lf.to_integer(x, dtype, rounding="toward_zero", policy=policy, flags_out=raised)
        assert ours.dtype == dtype
        for value, got, flags in zip(x.tolist(), ours.tolist(), raised.tolist(), strict=True):
            if math.isnan(value):
                assert (got, flags) == (nan, 16)
            elif math.isinf(value) or not info.min <= int(value) <= info.max:
                assert (got, flags) == (above if value > 0 else below, 16)
            else:
                assert (got, flags) == (int(value), int(value != int(value)))


def test_rounding_decides_what_is_in_range() -> None:
    x = lf.array([127.5, -128.5, 255.75], "float16")
    assert lf.to_integer(x, "int8").tolist() == [127, -128, 127]  # 127.5 rounds to 128: too large
    with lf.flags() as raised:
        assert lf.to_integer(x[:1], "int8", rounding="toward_zero").item() == 127
    assert raised.raised == {"inexact"}
    with lf.flags() as raised:
        lf.to_integer(x[:1], "int8")
    assert raised.raised == {"invalid"}


@pytest.mark.parametrize("dtype", INTEGERS, ids=str)
def test_integers_go_in_and_come_out(dtype: np.dtype) -> None:
    info = np.iinfo(dtype)
    numbers = [info.min, info.max, 0, 1, info.max // 3]
    x = lf.array(np.array(numbers, dtype), "e11m52")
    exact = [abs(n) < 1 << 53 or n in (info.min,) for n in numbers]
    back = lf.to_integer(x, dtype).tolist()
    assert [b for b, e in zip(back, exact, strict=True) if e] == [
        n for n, e in zip(numbers, exact, strict=True) if e
    ]


@pytest.mark.parametrize("dtype", ["float32", "bool", "int4", "complex64", "U3"])
def test_other_dtypes_are_refused(dtype: Any) -> None:
    with pytest.raises(TypeError, match=r"int8 to int64|not understood"):
        lf.to_integer(lf.array([1.0], "float16"), dtype)
