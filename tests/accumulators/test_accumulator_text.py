"""Accumulators and the roles of tensors come back from what they write."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reduction_strategies import accumulators, scaled

import lowfloat as lf
from lowfloat.accumulators import Exact, every_preset, parse
from lowfloat.training import Roles

PRESETS = [
    *every_preset(),
    lf.accumulators.fpnew_sdotp("bfloat16", 9),
    lf.accumulators.two_level_promotion(lf.accumulators.Fused("float32", 8, 24), 64),
    lf.accumulators.two_level_promotion(lf.accumulators.mxdotp(), scaling=None),
    lf.accumulators.two_level_promotion(
        lf.accumulators.amd_cdna3("float16"), 32, lf.accumulators.Scaling("bfloat16", first="sum")
    ),
]
ANY = st.one_of(
    accumulators(-9, None), scaled(2, -9, [lf.float32, lf.bfloat16]), st.sampled_from(PRESETS)
)
GEMM = st.one_of(st.none(), st.just(Exact()), ANY)


@settings(deadline=None, max_examples=400)
@given(ANY)
def test_an_accumulator_is_what_its_repr_describes(accumulator) -> None:
    assert parse(repr(accumulator)) == accumulator


@pytest.mark.parametrize("preset", PRESETS, ids=repr)
def test_a_preset_is_what_its_repr_describes(preset) -> None:
    assert parse(repr(preset)) == preset


@settings(deadline=None, max_examples=200)
@given(GEMM, GEMM, GEMM, ANY, st.booleans())
def test_roles_are_what_their_text_describes(forward, dgrad, wgrad, other, exempt) -> None:
    roles = Roles.parse("w=e4m3fn:pow2,a=e5m2,e=e5m2:sr8,i=none,exempt_as=bfloat16").but(
        forward=forward, dgrad=dgrad, wgrad=wgrad, exempt=("first", "bn*") if exempt else (),
        layers=(("attn*", Roles(forward=other)), ("[ab]?", Roles(layers=(("x", Roles()),)))),
    )  # fmt: skip
    assert Roles.parse(str(roles)) == roles


SHORT = [
    ("exact", Exact()),
    ("e6m9", lf.Accumulator("e6m9")),
    ("bf16:rtz:reversed", lf.Accumulator("bfloat16", "toward_zero", order="reversed")),
    ("e6m5:sr13b", lf.Accumulator("e6m5", lf.Stochastic(13, "B"))),
    ("float16:neumaier", lf.Accumulator("float16", compensation="neumaier")),
    ("e6m9:chunk64", lf.accumulators.ibm_chunk64().accumulator),
]


@pytest.mark.parametrize(("text", "accumulator"), SHORT)
def test_the_short_form(text: str, accumulator) -> None:
    assert parse(text) == accumulator


@pytest.mark.parametrize(("text", "words"), [
    ("e6m9:fast", "'fast' in 'e6m9:fast' is no option of an accumulator"),
    ("exact:rtz", "no accumulator 'exact:rtz'"),
    ("__import__('os').system('true')", "is no name of lf.accumulators"),
    ("Accumulator(open('x'))", "open is no name of lf.accumulators"),
    ("Product('float32')", "describes no accumulator, but a Product"),
    ("Accumulator('e6m9'", "describes no accumulator"),
    ("Accumulator('e6m9', order='random')", "no order 'random'"),
    ("(" * 5000, "describes no accumulator"),
])  # fmt: skip
def test_other_texts_are_refused(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=re.escape(words)):
        parse(text)


def test_other_roles_are_refused() -> None:
    with pytest.raises(ValueError, match=re.escape("'[attn]' is not of the form [pattern: roles]")):
        Roles.parse("w=e5m2,[attn]")
