"""Cases drawn in C: the codes that the golden functions of the classes in Python give."""

from __future__ import annotations

import numpy as np
import pytest

import lowfloat as lf
from lowfloat import _native, vectors
from lowfloat.vectors.cases import RUN
from lowfloat.vectors.drawing import NATIVE

FORMATS = (
    "float16", "bfloat16", "float8_e4m3fn", "float8_e5m2", "float8_e5m2fnuz", "float8_e8m0fnu",
    "float4_e2m1fn", "float32", "float64", "tf32", "e0m3", "e3m0", "e5m7fn", "binary8p3uf",
)  # fmt: skip
#: Of the others, classes look at the number of operands and at the format alone.
OPERATIONS = ("add", "subtract", "multiply", "fma", "divide", "sqrt")
FEW_FORMATS = ("float16", "float8_e5m2fnuz", "e0m3", "float64")
OTHERS = (
    "reciprocal",
    "rsqrt",
    "faa",
    "less",
    "copysign",
    "classify",
    "exp",
    "remainder",
    "fmod",
    "round_to_integral",
)
MIXED = [
    vectors.Unit("fma", (lf.float8_e5m2, lf.float8_e4m3fn, lf.float16), lf.bfloat16),
    vectors.Unit("multiply", (lf.float8_e8m0fnu, lf.float16), lf.float32),
    vectors.Unit("add", (lf.float32, lf.float8_e4m3fn), lf.float16),
    vectors.Unit("divide", (lf.float16, lf.float8_e5m2), lf.bfloat16),
    vectors.Unit("divide", (lf.float8_e4m3fn, lf.float16), lf.float32),
    vectors.Unit.uniform("sqrt", "float32", "float16"),
    vectors.Unit.uniform("sqrt", "float16", "float32"),
    vectors.Unit.uniform("sqrt", "float8_e4m3fn", "float32"),
    vectors.Unit.uniform("convert", "float32", "float4_e2m1fn"),
    vectors.Unit.uniform("convert", "float8_e5m2", "float64"),
    vectors.Unit.uniform("to_integer", "bfloat16", "int64"),
    vectors.Unit.uniform("to_integer", "float64", "uint32"),
    vectors.Unit.uniform("to_integer", "float8_e5m2fnuz", "int8"),
    vectors.Unit.uniform("from_integer", "uint8", "float8_e5m2fnuz"),
    vectors.Unit.uniform("from_integer", "int64", "float16"),
    vectors.Unit.uniform("scaleb", "tf32"),
    vectors.Unit.uniform(
        "fma", "float8_e4m3fn", "float16", lf.Projection(lf.Stochastic(7), "finite")
    ),
    vectors.Unit.uniform("convert", "float32", "bfloat16", lf.Projection(lf.Stochastic(None))),
]
UNITS = [
    *(vectors.Unit.uniform(o, f) for o in OPERATIONS for f in FORMATS),
    *(vectors.Unit.uniform(o, f) for o in OTHERS for f in FEW_FORMATS),
]


def in_python(cases: vectors.Cases, first: int, last: int) -> list[np.ndarray]:
    """The cases of some runs, by the functions in Python."""
    columns = [np.empty((last - first) * RUN, c.dtype) for c in cases.unit.inputs]
    cases._draw_in_python(tuple(range(len(cases.turns))), first, last, columns)
    return columns


def assert_equal(cases: vectors.Cases, first: int, last: int) -> None:
    drawn = cases.inputs(first * RUN, last * RUN)
    turns = cases.class_names(first * RUN, last * RUN)
    for column, ours, golden in zip(
        cases.unit.inputs, drawn, in_python(cases, first, last), strict=True
    ):
        wrong = np.flatnonzero(ours != golden)
        names = {cases.names[turns[i]] for i in wrong}
        assert not len(wrong), f"{names}: {column.name}, {len(wrong)} cases, first {wrong[:3]}"


@pytest.mark.parametrize("unit", [*UNITS, *MIXED], ids=str)
def test_every_class_has_the_golden_codes(unit: vectors.Unit) -> None:
    runs = 160
    for entry in vectors.classes_for(unit):
        if entry.name in NATIVE and NATIVE[entry.name](unit):
            cases = vectors.Cases(unit, runs * RUN, 5, (entry.name,))
            assert cases._drawing is not None, entry.name
            assert cases._drawing[1] == (), entry.name
            assert_equal(cases, 0, runs)
    # The mix: several turns of a class, and ranges that begin anywhere.
    mix = vectors.Cases(unit, 1 << 40, 6)
    for first, last in ((0, 200), (71, 72), (12345, 12400), ((1 << 37) - 131, (1 << 37) - 1)):
        assert_equal(mix, first, last)


@pytest.mark.parametrize("isa", _native.usable_isas())
@pytest.mark.parametrize("operation", ["fma", "add", "multiply"])
def test_every_instruction_set_has_the_golden_codes(operation: str, isa: str) -> None:
    for fmt in ("float16", "float8_e4m3fn", "float64"):
        cases = vectors.Cases(vectors.Unit.uniform(operation, fmt), 1 << 20, 8)
        with _native.forced(isa):
            drawn = cases.inputs(8000, 16000)
        for ours, golden in zip(drawn, in_python(cases, 1000, 2000), strict=True):
            np.testing.assert_array_equal(ours, golden)


def test_the_classes_of_the_default_mix_are_drawn_in_c() -> None:
    for operation in (
        "add",
        "subtract",
        "multiply",
        "fma",
        "divide",
        "sqrt",
        "convert",
        "round_to_integral",
    ):
        cases = vectors.Cases(vectors.Unit.uniform(operation, "float16"), 1000)
        assert cases._drawing is not None
        assert cases._drawing[1] == ()


def test_weights_of_ones_own() -> None:
    unit = vectors.Unit.uniform("add", "float16")
    weights = (("normal", 0), ("subnormal", 90), ("infinity", 7), ("ones", 1), ("any", 0))
    cases = vectors.Cases(unit, 4000, 1, ("weighted", "random"), weights)
    assert_equal(cases, 3, 400)
