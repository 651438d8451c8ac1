"""Accumulators as records: identity, legality, orders, random bits and their words."""

from __future__ import annotations

import pickle
import re

import numpy as np
import pytest

import lowfloat as lf
from lowfloat.accumulators import (
    PRESETS,
    Exact,
    FixedPoint,
    Fused,
    Grouped,
    Interleaved,
    LateStart,
    Preset,
    Product,
    Subsums,
    every_preset,
    indices,
)

A = lf.Accumulator
SR8 = lf.Stochastic(8)

EXAMPLES = [
    A("e6m9"),
    A("e6m5", SR8, product=Product("e5m2"), policy=lf.Policy(ftz=True)),
    A("float16", compensation="kahan", order=Interleaved(4)),
    A("float16", compensation="neumaier", order="reversed"),
    A("bfloat16", order="pairwise", saturation="finite"),
    Exact(),
    Exact("float32", "toward_zero"),
    FixedPoint(32),
    FixedPoint(16, -18, "saturate"),
    Fused("e8m13", 32, 13),
    Fused("float32", 16, 24, "RNE", start=LateStart(31, 24), subsums=Subsums(2, "lanes", 24)),
    Grouped(A("e6m9"), A("e6m9"), n=64),
    Grouped(Grouped(A("e6m9"), A("e6m9"), n=4), A("float32"), "lanes", 2, width=2),
]


@pytest.mark.parametrize("acc", EXAMPLES, ids=repr)
def test_equal_records_are_one_key_and_survive_pickling(acc) -> None:
    again = pickle.loads(pickle.dumps(acc))
    assert again == acc
    assert {acc: 1}[again] == 1
    assert len(set(EXAMPLES)) == len(EXAMPLES)


def test_a_record_writes_what_one_would_type() -> None:
    names = {**vars(lf.accumulators), "Stochastic": lf.Stochastic, "Policy": lf.Policy}
    for acc in EXAMPLES:
        assert eval(repr(acc), names) == acc
    assert repr(A("fp16", "RTZ", order="reversed")) == (
        "Accumulator('float16', rounding='toward_zero', order='reversed')"
    )


def test_names_and_aliases_make_the_same_accumulator() -> None:
    assert A("fp16", "RTZ") == A(lf.float16, "toward_zero")
    assert A("bf16", policy="ieee") == A("bfloat16", policy=lf.Policy())


CONTRADICTIONS = [
    (lambda: A(None), "needs its format"),
    (lambda: A("e6m9", "up"), "no rounding"),
    (lambda: A("e6m9", order="random"), "no order 'random'"),
    (lambda: A("e6m9", order="pairwise", compensation="kahan"), "pairwise"),
    (lambda: A("e6m9", compensation="kulisch"), "no compensation"),
    (lambda: A("e5m10", product=Product("bfloat16")), "do not fit"),
    (lambda: A("e6m5", product=Product("e5m10")), "do not fit"),
    (lambda: A("e6m9", product="e5m2"), "must be an lf.accumulators.Product"),
    (lambda: Product(rounding="RTZ"), "needs its format"),
    (lambda: Product(method="log"), "no product 'log'"),
    (lambda: Exact(rounding="RTZ"), "format of its own"),
    (lambda: FixedPoint(1), "2 to 64 bits"),
    (lambda: FixedPoint(65), "2 to 64 bits"),
    (lambda: FixedPoint(32, overflow="trap"), "'wrap' or 'saturate'"),
    (lambda: FixedPoint(32, order="pairwise"), "no order 'pairwise' here"),
    (lambda: Fused("float32", 0, 24), "positive whole number"),
    (lambda: Fused("float32", 4, 97), "from 0 to 96"),
    (lambda: Fused("float32", 4, 24, alignment=lf.Stochastic(3)), "no random bits"),
    (lambda: Fused("float32", 4, None, minimum_exponent=-132), "no use for exponents"),
    (lambda: Fused("float32", 4, None, addition="sorted"), "without a window"),
    (lambda: Fused("float32", 4, 9, addition="sorted", start=LateStart(9, 9)), "one by one"),
    (lambda: Fused("float32", 4, 9, start="late"), "a LateStart"),
    (lambda: Subsums(4, fraction_bits=9, exponent="scales"), "are exact"),
    (lambda: Grouped(Exact(), A("e6m9")), "Exact(format)"),
    (lambda: Grouped(A("e6m9"), A("e6m9"), by="rows"), "no groups by 'rows'"),
    (lambda: Grouped(A("e6m9"), A("e6m9"), n=0), "positive whole number"),
    (lambda: Grouped(A("e6m9"), A("e6m9"), width=2), "width is for lanes"),
    (lambda: Interleaved(0), "positive whole number"),
]


@pytest.mark.parametrize(
    ("make", "message"), CONTRADICTIONS, ids=[str(i) for i in range(len(CONTRADICTIONS))]
)
def test_contradictions_are_refused(make, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        make()


def test_what_is_no_accumulator_is_refused() -> None:
    with pytest.raises(TypeError, match="an accumulator is"):
        Grouped("e6m9", A("e6m9"))


def test_orders() -> None:
    assert list(indices("sequential", 4)) == [0, 1, 2, 3]
    assert list(indices("reversed", 4)) == [3, 2, 1, 0]
    assert list(indices(Interleaved(3), 8)) == [0, 3, 6, 1, 4, 7, 2, 5]
    assert list(indices(Interleaved(2, 2), 7)) == [0, 1, 4, 5, 2, 3, 6]
    assert list(indices(Interleaved(5), 2)) == [0, 1]
    assert Fused("float32", 4, 24, order=Interleaved(2, 2)).blocks(6) == [[0, 1, 4, 5], [2, 3]]


def test_groups() -> None:
    def groups(by: str, n: int, terms: int, width: int = 1) -> list[list[int]]:
        made = Grouped(A("e6m9"), A("e6m9"), by, n, width).groups(terms)
        return [list(group) for group in made]

    assert groups("chunks", 3, 7) == [[0, 1, 2], [3, 4, 5], [6]]
    assert groups("split", 3, 7) == [[0, 1, 2], [3, 4, 5], [6]]
    assert groups("split", 4, 5) == [[0, 1], [2, 3], [4]]
    assert groups("lanes", 2, 7, 2) == [[0, 1, 4, 5], [2, 3, 6]]
    assert groups("lanes", 9, 2) == [[0], [1]]
    assert groups("split", 3, 0) == groups("chunks", 3, 0) == groups("lanes", 3, 0) == []


def test_numbers_of_stochastic_roundings() -> None:
    sr = A("e6m5", SR8)
    assert sr.draws(7) == 7
    assert A("e6m5", SR8, order="pairwise").draws(7) == 7
    assert A("e6m5", SR8, compensation="kahan").draws(7) == 28
    assert A("e6m5", SR8, compensation="neumaier").draws(7) == 36
    assert A("e6m5", product=Product("e5m2", lf.Stochastic(4))).draws(7) == 7
    mixed = A("e6m5", SR8, product=Product("e5m2", lf.Stochastic(4)))
    assert list(mixed.roundings(2)) == [4, 8, 4, 8]
    assert Grouped(sr, A("e6m5", lf.Stochastic(3)), n=3).draws(7) == 10
    assert list(Grouped(sr, A("e6m5", lf.Stochastic(3)), n=3).roundings(4)) == [8] * 4 + [3] * 2
    assert Fused("float32", 4, 24, lf.Stochastic(9)).draws(9) == 3
    assert Exact("float32", SR8).draws(9) == 1
    assert A("e6m5").draws(9) == FixedPoint(8).draws(9) == Exact().draws(9) == 0
    assert all(acc.draws(0) == 0 for acc in (sr, Grouped(sr, sr, n=2)))


@pytest.mark.parametrize("acc", EXAMPLES, ids=repr)
@pytest.mark.parametrize("terms", [0, 1, 3, 1000])
def test_explanations_are_short(acc, terms: int) -> None:
    text = acc.explain(terms)
    assert text.startswith(f"{terms} terms\n")
    assert len(text.splitlines()) < 40
    assert max(map(len, text.splitlines())) < 140


@pytest.mark.parametrize("preset", every_preset(), ids=repr)
def test_every_preset_says_how_it_is_known(preset: Preset) -> None:
    assert preset.maturity in ("recorded", "published", "unsettled")
    assert preset.evidence
    assert preset.unknown or preset.maturity == "published"
    assert f"({preset.maturity})" in preset.explain(70)
    assert pickle.loads(pickle.dumps(preset)) == preset
    x = np.float32([1.0, 2.0, 3.0])
    z = lf.dot(x, x, accumulator=preset, format="float32", rng=lf.Philox(0))
    assert 13.5 <= z.item() <= 14.5
    for name in preset.operands:
        assert lf.dot(x, lf.array(x, name), accumulator=preset, format="float32") == z


def test_a_preset_takes_the_operands_of_its_device() -> None:
    hopper = lf.accumulators.nvidia_hopper("float8_e4m3fn")
    x = lf.array([1.0, 2.0], "bfloat16")
    with pytest.raises(ValueError, match=r"is for operands of float8_e4m3fn or .*, not bfloat16"):
        lf.dot(x, x, accumulator=hopper)
    assert lf.dot(x, x, accumulator=hopper.accumulator).item() == 5
    with pytest.raises(ValueError, match="is no number of float8_e4m3fn"):
        lf.dot(np.float32([1.03]), np.float32([1]), accumulator=hopper)


def test_float_arrays_are_aligned_as_the_devices_numbers() -> None:
    """A subnormal operand counts with its format's lowest exponent, whatever carries it."""
    x, y = np.float32([2.0**-16, 2.0**-14]), np.float32([1, 2.0**-14])
    hopper = lf.accumulators.nvidia_hopper("float8_e5m2")
    assert lf.dot(x, y, accumulator=hopper).item() == 2.0**-16
    assert lf.dot(x, y, accumulator=hopper.accumulator).item() == 2.0**-16 + 2.0**-28


def test_every_function_is_among_them() -> None:
    assert {preset.name.split("(")[0] for preset in every_preset()} == PRESETS.keys()


def test_presets_refuse_what_the_device_has_not() -> None:
    presets = lf.accumulators
    for call in (
        lambda: presets.nvidia_volta("bfloat16"),
        lambda: presets.nvidia_ampere("float8_e4m3fn"),
        lambda: presets.nvidia_ampere("bfloat16", out="float16"),
        lambda: presets.nvidia_hopper("float16", out="float64"),
        lambda: presets.nvidia_hopper("float16", instruction="hmma"),
        lambda: presets.nvidia_blackwell("float16", instruction="nvfp4"),
        lambda: presets.arm_fdot("bfloat16"),
    ):
        with pytest.raises(ValueError, match="not "):
            call()
