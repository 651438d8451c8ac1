"""Cases: pure functions of seed and number, and classes that hold what they say."""

from __future__ import annotations

import math
import pickle
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import lowfloat as lf
from lowfloat import vectors
from lowfloat.randomness import PhiloxDraw
from lowfloat.vectors import hard_classes, patterns
from lowfloat.vectors.classes import CLASSES
from lowfloat.vectors.explaining import exact_value
from lowfloat.vectors.operand_classes import parse_weights
from lowfloat.vectors.random_words import FOURTH, STREAM, THIRD, U64, spread, words

FORMATS = (
    "float16", "bfloat16", "float8_e4m3fn", "float8_e5m2", "float8_e5m2fnuz", "float8_e8m0fnu",
    "float4_e2m1fn", "float32", "float64", "tf32", "e0m3", "e0m3b0u", "e3m0", "e5m7fn", "binary8p3uf",
)  # fmt: skip
RESULTS = {"convert": "float8_e4m3fn", "to_integer": "int16"}


def unit_of(operation: str, fmt: str) -> vectors.Unit:
    if operation == "dot":
        return vectors.Unit.dot(3, fmt, "float32")
    if operation == "from_integer":
        return vectors.Unit.uniform(operation, "int32", fmt)
    return vectors.Unit.uniform(operation, fmt, RESULTS.get(operation))


# -- the generator ------------------------------------------------------------------------------


def test_words_are_the_numbers_of_rules_r2_and_r3() -> None:
    for seed in (0, 7, (1 << 64) - 1):
        for width in (2, 3, 5):
            drawn = words(seed, 3, 20, width)
            for i, w in np.ndindex(20, width):
                draw = PhiloxDraw(seed, STREAM, w // 4)
                low, high = (lf.golden.philox_bits(draw, 2 * (3 + i) + k, 64) for k in (0, 1))
                turned = low ^ (high << 32 | high >> 32) & (1 << 64) - 1
                made = [spread(np.array([turned], np.uint64), salt)[0] for salt in (THIRD, FOURTH)]
                assert drawn[w, i] == [low, high, *made][w % 4]


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_case_depends_on_seed_and_number_alone(data: st.DataObject) -> None:
    operation = data.draw(st.sampled_from(("add", "fma", "sqrt", "divide", "to_integer", "scaleb")))
    unit = unit_of(operation, data.draw(st.sampled_from(FORMATS)))
    seed = data.draw(st.integers(0, (1 << 64) - 1))
    count = data.draw(st.integers(1, 700))
    start = data.draw(st.integers(0, count))
    stop = data.draw(st.integers(start, count))
    whole = vectors.Cases(unit, count, seed).inputs(0, count)
    part = vectors.Cases(unit, count + 999, seed).inputs(start, stop)
    for column, some in zip(whole, part, strict=True):
        np.testing.assert_array_equal(column[start:stop], some)


@pytest.mark.parametrize("operation", vectors.VECTOR_OPERATIONS)
def test_every_operation_has_cases(operation: str) -> None:
    for fmt in ("float16", "float8_e4m3fn", "float64"):
        unit = unit_of(operation, fmt)
        cases = vectors.Cases(unit, 600, seed=1)
        inputs = cases.inputs(0, 600)
        for column, codes in zip(unit.inputs, inputs, strict=True):
            assert codes.dtype == column.dtype
            assert column.width == 64 or not (codes >> column.width).any()
        result, flags = unit.compute(inputs)
        assert len(result) == len(flags) == 600
        assert result.dtype == unit.columns[-2].dtype


@pytest.mark.parametrize("fmt", FORMATS)
def test_every_class_has_legal_codes_of_every_format(fmt: str) -> None:
    for operation in ("add", "fma", "divide", "sqrt", "to_integer", "from_integer", "scaleb"):
        unit = unit_of(operation, fmt)
        for entry in vectors.classes_for(unit):
            inputs = vectors.Cases(unit, 300, 2, (entry.name,)).inputs(0, 300)
            for column, codes in zip(unit.inputs, inputs, strict=True):
                assert column.width == 64 or not (codes >> column.width).any(), entry.name


def test_cases_can_be_pickled() -> None:
    cases = vectors.Cases(unit_of("add", "float16"), 10, 3, weights=(("zero", 5),))
    assert cases.turns
    again = pickle.loads(pickle.dumps(cases))
    assert again == cases
    np.testing.assert_array_equal(again.inputs(0, 10), cases.inputs(0, 10))


def test_seeds_differ() -> None:
    unit = unit_of("add", "float16")
    a, b = (vectors.Cases(unit, 500, seed, ("random",)).inputs(0, 500) for seed in (1, 2))
    assert (a[0] != b[0]).mean() > 0.99


def test_random_bits_are_a_column() -> None:
    projection = lf.Projection(lf.Stochastic(13, "B"))
    unit = vectors.Unit.uniform("convert", "float32", "float8_e4m3fn", projection)
    assert [c.name for c in unit.columns] == ["a", "random", "result", "flags"]
    inputs = vectors.Cases(unit, 4000, 5).inputs(0, 4000)
    assert int(inputs[1].max()) == (1 << 13) - 1
    assert (inputs[1] == 0).mean() > 0.02
    result, flags = unit.compute(inputs)
    for k in range(0, 4000, 37):
        expected = lf.golden.convert(
            int(inputs[0][k]), formats=(lf.float32,), format=lf.float8_e4m3fn,
            projection=projection, random_bits=int(inputs[1][k]),
        )  # fmt: skip
        assert (int(result[k]), int(flags[k])) == expected


def test_exhaustive_cases_of_32_bits_end_right() -> None:
    unit = vectors.Unit.uniform("multiply", "float16")
    cases = vectors.Cases.all_of(unit)
    a, b = cases.inputs(cases.count - 3, cases.count)
    assert a.tolist() == [0xFFFF] * 3
    assert b.tolist() == [0xFFFD, 0xFFFE, 0xFFFF]
    assert cases.inputs(cases.count, cases.count)[0].size == 0
    with pytest.raises(IndexError, match="not within"):
        cases.inputs(0, cases.count + 1)


# -- what is in the classes ----------------------------------------------------------------------


def drawn(operation: str, fmt: str, name: str, count: int | None = None) -> tuple[np.ndarray, ...]:
    unit = unit_of(operation, fmt)
    count = count or CLASSES[name].size(unit)
    return vectors.Cases(unit, count, 3, (name,)).inputs(0, count)


def test_testfloat_levels_have_testfloats_counts() -> None:
    sizes = {
        ("testfloat1", "add"): 46_464, ("testfloat2", "add"): 1_254_528,
        ("testfloat1", "fma"): 6_133_248, ("testfloat2", "fma"): 993_586_176,
    }  # fmt: skip
    for (name, operation), size in sizes.items():
        assert CLASSES[name].size(unit_of(operation, "float16")) == size


def test_b1_has_every_pair_of_specials() -> None:
    f = lf.float8_e5m2
    a, b = drawn("add", "float8_e5m2", "B1")
    specials = [0, 1, 3, 4, 0x3C, 0x7B, 0x7C, 0x7E]
    signed = [code | sign for code in specials for sign in (0, 0x80)]
    pairs = set(zip(a.tolist(), b.tolist(), strict=True))
    assert {(x, y) for x in signed for y in signed} <= pairs
    classes = set(lf.classify(lf.from_codes(a, f)).tolist())
    assert classes == set(range(10))


def test_b10_has_every_difference_of_exponents() -> None:
    f = lf.float16
    a, b = (column.astype(np.uint64) for column in drawn("add", "float16", "B10", 4000))
    difference = patterns.unpack(f, a)[1] - patterns.unpack(f, b)[1]
    assert set(range(-15, 16)) <= set(difference.tolist())


def test_b12_cancels_every_number_of_bits() -> None:
    unit = unit_of("subtract", "float16")
    lost = set()
    for a, b in zip(*drawn("subtract", "float16", "B12", 3000), strict=True):
        exact = exact_value(unit, (int(a), int(b)))
        if exact:
            high = max(abs(lf.golden.decode(int(c), lf.float16).signed) for c in (a, b))
            lost.add(exponent(high) - exponent(abs(exact)))
    assert set(range(-1, 11)) <= lost | {-1}
    assert set(range(11)) <= lost


def exponent(x: Fraction) -> int:
    """floor(log2 x)."""
    e = x.numerator.bit_length() - x.denominator.bit_length()
    return e if x >= Fraction(2) ** e else e - 1


def test_b16_cancels_the_product() -> None:
    unit = unit_of("fma", "float16")
    lost = set()
    for row in zip(*drawn("fma", "float16", "B16", 4000), strict=True):
        codes = [int(code) for code in row]
        exact = exact_value(unit, codes)
        if exact:
            c = abs(lf.golden.decode(codes[2], lf.float16).signed)
            lost.add(exponent(c) - exponent(abs(exact)) if c else 0)
    assert set(range(1, 11)) <= lost
    assert max(lost) >= 15  # into the low half of the product


@pytest.mark.parametrize("fmt", ["float16", "bfloat16", "float8_e4m3fn", "float32", "float64"])
@pytest.mark.parametrize("operation", ["add", "subtract", "multiply", "divide", "sqrt", "fma"])
def test_near_ties_are_near(operation: str, fmt: str) -> None:
    unit = unit_of(operation, fmt)
    f = lf.format(fmt)
    distances = []
    for row in zip(*drawn(operation, fmt, "near_tie", 240), strict=True):
        codes = [int(code) for code in row]
        exact = exact_value(unit, codes)
        if operation == "sqrt":
            x = lf.golden.decode(codes[0], f).signed
            # The square of the midpoint beside sqrt(x): |x - m^2| / (2 m) is the distance.
            root = lf.golden.sqrt(codes[0], formats=(f,), format=f, projection=lf.Projection("RTZ"))
            low = lf.golden.decode(root[0], f).signed
            middle = low + ulp(f, low) / 2
            distances.append(abs(x - middle**2) / (2 * middle) / ulp(f, low))
        elif exact:
            size = abs(exact)
            if exponent(size) < f.emin or exponent(size) > f.emax:
                continue
            place = size / ulp(f, size) % 1
            distances.append(abs(place - Fraction(1, 2)))
    assert len(distances) > 100
    distances.sort()
    limit = Fraction(8) / (1 << f.mantissa_bits)
    near = sum(d <= limit for d in distances)
    # Products of one bit more than the construction counts on miss the midpoint by a quarter.
    assert near >= len(distances) * 0.3, (near, len(distances))
    if operation in ("add", "subtract", "multiply", "fma"):
        assert distances[0] == 0  # exact ties


def ulp(f: lf.Format, x: Fraction) -> Fraction:
    return Fraction(2) ** (max(exponent(x), f.emin) - f.mantissa_bits)


def test_result_classes_reach_their_targets() -> None:
    unit = unit_of("multiply", "float16")
    result, flags = unit.compute(drawn("multiply", "float16", "B4", 3000))
    magnitude = result & 0x7FFF
    for code in range(0x7BFF - 3, 0x7BFF + 1):
        assert (magnitude == code).any()
    assert (flags & 4 != 0).any()
    result, flags = unit.compute(drawn("multiply", "float16", "B5", 3000))
    magnitude = result & 0x7FFF
    for code in (*range(1, 5), *range(0x400 - 3, 0x400 + 4)):
        assert (magnitude == code).any(), hex(code)
    result, flags = unit.compute(drawn("add", "float16", "carry_out", 3000))
    assert ((result & 0x3FF == 0) & (flags & 1 != 0)).mean() > 0.02


def test_conversions_meet_the_limits_of_integers() -> None:
    unit = vectors.Unit.uniform("to_integer", "float32", "int16")
    count = CLASSES["B23"].size(unit)
    (codes,) = vectors.Cases(unit, count, 0, ("B23",)).inputs(0, count)
    values = set(lf.from_codes(codes, "float32").to_numpy().tolist())
    assert {32767.0, 32767.25, 32767.5, 32768.0, -32768.0, -32768.5, -32769.0} <= values
    unit = vectors.Unit.uniform("from_integer", "int32", "float16")
    (codes,) = vectors.Cases(unit, 3000, 0, ("B26",)).inputs(0, 3000)
    assert {0, 1, 31} <= {int(code).bit_length() - 1 for code in codes if code}


def test_weights_are_kept() -> None:
    unit = unit_of("add", "float16")
    weights = parse_weights("normal=0,subnormal=90,zero=10,infinity=0,quiet_nan=0,signaling_nan=0")
    cases = vectors.Cases(unit, 4000, 1, ("weighted",), tuple(weights.items()))
    a, _ = cases.inputs(0, 4000)
    kinds = lf.classify(lf.from_codes(a, lf.float16))
    names = [lf.golden.CLASSES[k].split("_")[1] for k in kinds]
    assert set(names) == {"subnormal", "zero"}
    assert 0.05 < names.count("zero") / 4000 < 0.16


def test_booth_and_srt_patterns() -> None:
    f = lf.float16
    a, _ = drawn("multiply", "float16", "booth", 5776)
    fractions = {f"{code & 0x3FF:010b}" for code in a.tolist()}
    assert {"0101010101", "1010101010", "0110110110", "0011001100"} <= fractions
    a, b = drawn("divide", "float16", "srt")
    heads = {(x >> 5 & 31, y >> 5 & 31) for x, y in zip(a.tolist(), b.tolist(), strict=True)}
    assert len(heads) == 1024
    assert f.mantissa_bits == 10


def test_turns_are_fair() -> None:
    cases = vectors.Cases(unit_of("add", "float16"), 10_000, 0, ("B1", "B9", "random"))
    counts = np.bincount(cases.class_names(0, 10_000))
    assert cases.names == ("B1", "B9", "random")
    assert all(abs(int(x) - int(y)) <= 8 for x, y in pairwise(counts))


@pytest.mark.parametrize(
    ("fmt", "result"),
    [("float16", "float16"), ("float8_e4m3fn", "float8_e4m3fn"), ("float32", "float16")],
)
def test_roots_beside_a_midpoint_by_the_least_distance(fmt: str, result: str) -> None:
    unit = vectors.Unit.uniform("sqrt", fmt, result)
    port = lf.format(fmt)
    drawn = words(3, 0, 4096, 2)
    # The words that ask for the square of a midpoint less or more a unit of its last place.
    further = (spread(drawn[0], 2) >> U64(52)) >> (spread(drawn[0], 3) >> U64(52)) % U64(24)
    tail = np.zeros(4096, np.int64)
    (codes,) = hard_classes.near_tie(unit, [tail, tail, tail], list(drawn))
    p = lf.format(result).precision
    chosen = np.flatnonzero(further == 0)
    assert len(chosen) > 500
    for code in codes[chosen].tolist():
        x = lf.golden.decode(int(code), port).magnitude
        while x < 1 << 2 * p:
            x *= 4
        while x >= 1 << 2 * p + 2:
            x /= 4
        m = math.isqrt(round(x))
        assert min(abs(x - k * k) for k in (m, m + 1)) == 1, hex(code)


@pytest.mark.parametrize("fmt", ["float64", "float32", "float16", "float8_e5m2"])
def test_results_at_the_overflow_edge_are_large(fmt: str) -> None:
    port = lf.format(fmt)
    (codes,) = vectors.Cases(vectors.Unit.uniform("convert", fmt, fmt), 2000, 1, ("B4",)).inputs(
        0, 2000
    )
    magnitude = codes & codes.dtype.type(port.magnitude_mask)
    assert (magnitude >= port.max_finite_code - (4 << port.mantissa_bits)).all()
