"""Names of formats: registry, grammar, P3109, dtypes, and what an unknown name says."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import formats

import lowfloat as lf

TABLE = tomllib.loads(
    (Path(__file__).parents[2] / "spec" / "formats.toml").read_text(encoding="utf-8")
)["format"]

ML_DTYPES = (
    "bfloat16", "float4_e2m1fn", "float6_e2m3fn", "float6_e3m2fn", "float8_e3m4", "float8_e4m3",
    "float8_e4m3b11fnuz", "float8_e4m3fn", "float8_e4m3fnuz", "float8_e5m2", "float8_e5m2fnuz",
    "float8_e8m0fnu",
)  # fmt: skip

# Names that must mean one format, by family: ml_dtypes and LLVM, OCP, P3109, IEEE, nicknames.
SYNONYMS = [
    ("float8_e4m3fn", "ocp_e4m3", "e4m3fn", "E4M3FN", " e4m3fn ", "mxfp8_e4m3"),
    ("float8_e5m2", "ocp_e5m2", "e5m2", "e5m2b15"),
    ("float8_e4m3", "e4m3", "e4m3b7", "float8_e4m3b7"),
    ("float8_e4m3fnuz", "e4m3fnuz", "binary8p4sf", "Binary8p4sf", "e4m3b8fnuz"),
    ("float8_e5m2fnuz", "e5m2fnuz", "binary8p3sf"),
    ("float8_e4m3b11fnuz", "e4m3b11fnuz"),
    ("float8_e8m0fnu", "e8m0fnu", "ocp_e8m0", "e8m0"),
    ("float6_e2m3fn", "e2m3fn", "e2m3", "ocp_e2m3", "e2m3f"),
    ("float6_e3m2fn", "e3m2fn", "e3m2", "ocp_e3m2", "e3m2f"),
    ("float4_e2m1fn", "e2m1fn", "e2m1", "ocp_e2m1", "fp4", "e2m1f"),
    ("float16", "binary16", "fp16", "half", "e5m10"),
    ("bfloat16", "bf16", "e8m7"),
    ("float32", "binary32", "fp32", "single", "e8m23"),
    ("float64", "binary64", "fp64", "double", "e11m52"),
    ("tf32", "tensorfloat32", "e8m10"),
    ("binary8p4se", "binary8p4"),
    ("dlfloat16", "dlfloat"),
]


@pytest.mark.parametrize("names", SYNONYMS, ids=lambda names: names[0])
def test_all_names_of_a_format_give_one_object(names):
    assert {id(lf.format(name)) for name in names} == {id(lf.format(names[0]))}


@pytest.mark.parametrize("name", TABLE)
def test_registered_formats_know_their_name_and_aliases(name):
    f = lf.format(name)
    assert f.name == name
    assert all(lf.format(alias) is f for alias in TABLE[name].get("aliases", ()))
    assert TABLE[name]["source"]


def test_registered_fields_are_those_of_the_table():
    for name, row in TABLE.items():
        f = lf.format(name)
        for field, value in row.items():
            if field not in ("aliases", "note", "source"):
                assert getattr(f, field) == value, (name, field)


def p3109_names(widths):
    for k in widths:
        for sign, most in (("s", k - 1), ("u", k)):
            for p in range(1, most + 1):
                for domain in "ef":
                    yield k, p, sign, domain, f"binary{k}p{p}{sign}{domain}"


def test_every_p3109_format_is_built_and_named():
    count = 0
    for k, p, sign, domain, name in p3109_names(range(3, 17)):
        f = lf.format(name)
        assert lf.format(f.name) is f, name
        assert (f.width, f.precision, f.signed) == (k, p, sign == "s"), name
        assert f.bias == 2 ** (k - p - (sign == "s")), name
        assert (f.infinities == "top") == (domain == "e"), name
        assert (f.zero, f.negative_zero, f.subnormals) == (True, False, "gradual"), name
        assert f.nan == ("negative_zero" if sign == "s" else "top"), name
        count += 1
    assert count == 504


@pytest.mark.parametrize("name", ["binary8p8se", "binary8p9uf", "binary2p1se", "binary8p0se"])
def test_p3109_limits_are_errors(name):
    with pytest.raises(ValueError, match="P3109"):
        lf.format(name)


@given(formats())
def test_a_name_means_its_format(f):
    if not f.name.startswith("custom_"):
        assert lf.format(f.name) is f
        return
    with pytest.raises(ValueError, match="no format is named"):
        lf.format(f.name)


SUFFIXES = ("", "fn", "fnuz", "fnu", "f", "u", "fu")


@given(st.integers(1, 8), st.integers(0, 10), st.none() | st.integers(-30, 60), st.data())
def test_the_grammar_means_what_it_says(e, m, bias, data):
    suffix = data.draw(st.sampled_from(SUFFIXES))
    if suffix in ("", "fn") and (e, m) in ((2, 1), (2, 3), (3, 2)) and bias is None:
        return  # OCP's names win over the grammar
    if suffix == "" and (e, m) == (8, 0) and bias is None:
        return  # e8m0 is OCP's scale
    name = f"e{e}m{m}{'' if bias is None else f'b{bias}'}{suffix}"
    if e == 1 and m == 0 and suffix in ("", "fn", "u"):
        with pytest.raises(ValueError, match="D-8"):
            lf.format(name)
        return
    f = lf.format(name)
    unsigned = suffix in ("fnu", "u", "fu")
    assert (f.exponent_bits, f.mantissa_bits, f.signed) == (e, m, not unsigned)
    assert f.bias == (2 ** (e - 1) - 1 + (suffix == "fnuz") if bias is None else bias)
    specials = {
        "": ("ieee", "ieee") if m else ("top", "none"),
        "u": ("ieee", "ieee") if m else ("top", "none"),
        "fn": ("none", "all_ones"),
        "fnuz": ("none", "negative_zero"),
        "fnu": ("none", "top"),
        "f": ("none", "none"),
        "fu": ("none", "none"),
    }
    assert (f.infinities, f.nan) == specials[suffix]
    assert f.zero == (suffix != "fnu" or m > 0)
    assert f.subnormals == ("gradual" if f.zero else "normal")


@pytest.mark.parametrize(
    ("wrong", "meant"),
    [
        ("float8_e4m3fnn", "float8_e4m3fn"),
        ("bfloat61", "bfloat16"),
        ("binary61", "binary16"),
        ("ocp_e4m33", "ocp_e4m3"),
        ("tensorfloat23", "tensorfloat32"),
        ("flaot32", "float32"),
    ],
)
def test_an_unknown_name_suggests_the_nearest(wrong, meant):
    with pytest.raises(ValueError, match=rf"did you mean .*\b{re.escape(meant)}\b"):
        lf.format(wrong)


@pytest.mark.parametrize("wrong", ["", "x", "e4", "m3", "e4m3fnx", "binary8p4sx", "float9_e4m3fn"])
def test_nonsense_is_an_error(wrong):
    with pytest.raises(ValueError, match=r"no format is named|says 9 bits"):
        lf.format(wrong)


@pytest.mark.parametrize("x", [3, None, object(), np.int8, np.dtype("int32"), 1.5, ["float16"]])
def test_other_things_name_no_format(x):
    with pytest.raises(TypeError):
        lf.format(x)


@pytest.mark.parametrize("name", ML_DTYPES)
def test_ml_dtypes_types_and_dtypes_are_names(name):
    scalar = getattr(ml_dtypes, name)
    assert lf.format(scalar) is lf.format(np.dtype(scalar)) is lf.format(name)


@pytest.mark.parametrize("name", ["float16", "float32", "float64"])
def test_numpy_types_and_dtypes_are_names(name):
    scalar = getattr(np, name)
    assert lf.format(scalar) is lf.format(np.dtype(scalar)) is lf.format(name)
    assert lf.format(np.dtype(scalar).newbyteorder(">")) is lf.format(name)


def test_bare_e4m3_warns_in_its_repr():
    assert "240" in repr(lf.format("e4m3"))
    assert "e4m3fn" in repr(lf.format("e4m3"))
