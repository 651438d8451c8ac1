"""Arithmetic against the integer model: any formats to 24 bits of precision, any policy.

The formats, roundings and policies are drawn so that plans of every kind come up: host floats of
both sizes, tables, stochastic rounding, NaNs that are handed on, and the generic path.
"""

from __future__ import annotations

import integer_model
import integer_numbers
import integer_projection
import numpy as np
import pytest
import strategies
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from native_calls import all_codes, assert_call, native_call, near_codes
from native_paths import PATHS, TABLES, golden_results
from projection_mixes import POLICIES
from strategies import ROUNDINGS, SATURATIONS

import lowfloat as lf
from lowfloat.engine.sources import code_dtype
from lowfloat.format_names import registry

ARITY = {
    "add": 2, "subtract": 2, "multiply": 2, "divide": 2, "hypot": 2, "fma": 3, "sqrt": 1,
    "reciprocal": 1, "convert": 1,
}  # fmt: skip
NAMED = [
    lf.format(name)
    for name in ("float16", "bfloat16", "float32", "e5m9", "e6m7", "e4m11", "e8m10", "float8_e4m3fn",
                 "float8_e5m2", "float8_e8m0fnu", "float8_e4m3fnuz", "float6_e3m2fn")
]  # fmt: skip
EIGHT_BITS = sorted({e.format for e in registry().values() if e.format.width == 8}, key=str)


def expected(operation, columns, formats, fmt, projection, bits):
    """The model's codes and flags; an fma with NaN operands goes to golden (Q-7)."""
    codes, flags = integer_model.apply(operation, columns, formats, fmt, projection, bits)
    codes = codes.astype(code_dtype(fmt))
    if operation == "fma":
        kinds = [integer_numbers.decode(c, f).kind for c, f in zip(columns, formats, strict=True)]
        nan = np.any([kind == integer_numbers.NAN for kind in kinds], axis=0)
        if nan.any():
            rows = [c[nan] for c in columns]
            random = bits[nan] if bits is not None else None
            codes[nan], flags[nan] = golden_results(
                operation, rows, formats, fmt, projection, random
            )
    return codes, flags


def modelled(operation: str, fmt: lf.Format, projection: lf.Projection) -> bool:
    """Whether the model has bits enough, and a rule."""
    stochastic = projection.stochastic
    if stochastic and fmt.subnormals == "normal" and fmt.zero:
        return False
    room = integer_numbers.ROOT_BITS if operation in ("sqrt", "hypot") else integer_numbers.BITS - 2
    return fmt.precision + (stochastic.drawn_bits if stochastic else 0) + 3 <= room


# -- the model itself --------------------------------------------------------------------------


@pytest.mark.parametrize("operation", ARITY)
@settings(max_examples=60)
@given(data=st.data())
def test_the_model_is_golden(operation: str, data: st.DataObject) -> None:
    drawn = strategies.formats(max_width=24, extreme_bias=False)
    formats = [data.draw(drawn) for _ in range(ARITY[operation])]
    if data.draw(st.booleans()):
        formats = formats[:1] * len(formats)
    fmt = data.draw(st.sampled_from(formats) | drawn)
    policy = data.draw(strategies.quirky_policies() | strategies.policies())
    rounding = data.draw(strategies.deterministic() | strategies.stochastic(7))
    projection = lf.Projection(rounding, data.draw(st.sampled_from(SATURATIONS)), policy)
    assume(modelled(operation, fmt, projection))
    columns = [
        np.array(data.draw(st.lists(strategies.codes(f), min_size=8, max_size=8)), code_dtype(f))
        for f in formats
    ]
    bits = None
    if projection.stochastic:
        top = (1 << projection.stochastic.drawn_bits) - 1
        drawn_bits = data.draw(st.lists(st.integers(0, top), min_size=8, max_size=8))
        bits = np.array(drawn_bits, np.uint64)
    codes, flags = expected(operation, columns, formats, fmt, projection, bits)
    want, raised = golden_results(operation, columns, formats, fmt, projection, bits)
    assert codes.tolist() == want.tolist()
    assert flags.tolist() == raised.tolist()


# -- native ------------------------------------------------------------------------------------


def drawn_format(rng: np.random.Generator) -> lf.Format:
    """A legal format of up to 16 bits, or a named one."""
    if rng.random() < 0.4:
        return NAMED[rng.integers(len(NAMED))]
    while True:
        e, m, signed = int(rng.integers(0, 9)), int(rng.integers(0, 16)), bool(rng.random() < 0.8)
        default = (1 << (e - 1)) - 1 if e else 1
        bias = default + (int(rng.integers(-30, 31)) if rng.random() < 0.4 else 0)
        infinities = str(rng.choice(["none", "ieee", "top"]))
        nan = str(rng.choice(["none", "ieee", "all_ones", "negative_zero", "top"]))
        minus = None if rng.random() < 0.7 else bool(rng.random() < 0.5)
        zero = bool(rng.random() < 0.85)
        subnormals = str(rng.choice(["gradual"] * 4 + ["flush", "normal"]))
        if e + m + signed > 16:
            continue
        try:
            return lf.Format(e, m, bias, signed, infinities, nan, minus, zero, subnormals)
        except ValueError:
            continue


def drawn_policy(rng: np.random.Generator) -> lf.Policy:
    """The default a third of the time, else any with some knobs turned."""
    if rng.random() < 0.35:
        return lf.Policy()
    choices = {
        "tininess": ("before", "zero"), "nan": ("first", "signaling_first"),
        "default_nan_sign": (1,), "daz": (True,), "ftz": (True,),
        "saturation_raises_overflow": (False,), "infinityless_overflow": ("max",),
        "default_nan_fraction": ("ones",), "quiet_nan_invalid": (True,),
        "ftz_raises_underflow": (False,), "exact_zero": ("positive",),
    }  # fmt: skip
    turned = {k: v[rng.integers(len(v))] for k, v in choices.items() if rng.random() < 0.2}
    return lf.Policy(**turned)


def drawn_call(rng: np.random.Generator, count: int):
    """An operation, columns of codes, formats, projection and random bits."""
    while True:
        operation = str(rng.choice(list(ARITY)))
        formats = [drawn_format(rng) for _ in range(ARITY[operation])]
        if rng.random() < 0.5:
            formats = formats[:1] * len(formats)
        fmt = formats[0] if rng.random() < 0.5 else drawn_format(rng)
        rounding = str(rng.choice(ROUNDINGS))
        if rng.random() < 0.3:
            rounding = lf.Stochastic(int(rng.integers(1, 13)), str(rng.choice(list("ABC"))))
        projection = lf.Projection(rounding, str(rng.choice(SATURATIONS)), drawn_policy(rng))
        if modelled(operation, fmt, projection):
            break
    columns = [near_codes(rng, f, count) for f in formats]
    bits = None
    if projection.stochastic:
        bits = rng.integers(0, 1 << projection.stochastic.drawn_bits, count, np.uint64)
    return operation, columns, formats, fmt, projection, bits


def assert_calls_agree(seed: int, calls: int, count: int) -> None:
    rng = np.random.default_rng(seed)
    for _ in range(calls):
        call = drawn_call(rng, count)
        assert_call(native_call(*call), *expected(*call))


@pytest.mark.parametrize("seed", range(8))
def test_calls_of_any_kind(seed: int) -> None:
    assert_calls_agree(seed, 60, 256)


@pytest.mark.exhaustive
@pytest.mark.parametrize("seed", range(100, 120))
def test_many_calls_of_any_kind(seed: int) -> None:
    assert_calls_agree(seed, 3000, 600)


#: One of each kind of one_pass.h, and neighbours.
ONE_PASS = ("float16", "e5m9", "e5m4", "bfloat16", "e8m6", "e6m7", "e6m9", "e4m11", "e5m9b14")


@pytest.mark.parametrize("saturation", SATURATIONS)
@pytest.mark.parametrize("name", ONE_PASS)
def test_overflow_to_nearest_under_every_saturation(name: str, saturation: str) -> None:
    """Operands with and without specials: pieces with a NaN or an infinity go another way."""
    fmt, rng = lf.format(name), np.random.default_rng(len(name))
    specials = np.array([0, fmt.infinity_code, fmt.max_finite_code, 1], code_dtype(fmt))
    for operation in ("add", "subtract", "multiply", "divide", "sqrt", "fma"):
        for share in (0.0, 0.05):
            columns = [near_codes(rng, fmt, 2048) for _ in range(ARITY[operation])]
            columns = [
                np.where((c & fmt.magnitude_mask) > fmt.max_finite_code, 1, c) for c in columns
            ]
            if operation == "sqrt":
                columns = [c & fmt.magnitude_mask for c in columns]
            mixed = [
                np.where(rng.random(c.size) < share, rng.choice(specials, c.size), c)
                for c in columns
            ]
            operands = [c.astype(code_dtype(fmt)) for c in mixed]
            call = (
                operation,
                operands,
                [fmt] * len(operands),
                fmt,
                lf.Projection(saturation=saturation),
                None,
            )
            assert_call(native_call(*call), *expected(*call))


STOCHASTIC = [lf.Stochastic(n, v) for n, v in ((1, "A"), (3, "B"), (4, "C"), (11, "A"), (16, "C"))]


def assert_all_codes(operation: str, fmt: lf.Format, projections: list[lf.Projection]) -> None:
    """All codes, or pairs of codes, of one format; by tables too where there are some."""
    columns = all_codes(*[fmt] * ARITY[operation])
    formats = [fmt] * ARITY[operation]
    rng = np.random.default_rng(len(operation))
    for projection in projections:
        if not modelled(operation, fmt, projection):
            continue
        bits = None
        if projection.stochastic:
            top = 1 << projection.stochastic.drawn_bits
            bits = rng.integers(0, top, columns[0].size, np.uint64)
        call = operation, columns, formats, fmt, projection, bits
        paths = PATHS if projection.stochastic else (*PATHS, TABLES)
        assert_call(native_call(*call), *expected(*call), paths)


def generic_projections() -> list[lf.Projection]:
    """What takes the generic path: random bits, NaNs handed on, quirks; and other policies."""
    quirks = [
        lf.Policy(nan="first"), lf.Policy(nan="signaling_first", default_nan_sign=1),
        lf.Policy(tininess="zero"), lf.Policy(default_nan_fraction="ones"),
        lf.Policy(quiet_nan_invalid=True), lf.Policy(exact_zero="positive"),
        lf.Policy(ftz=True, ftz_raises_underflow=False), *POLICIES,
    ]  # fmt: skip
    roundings = (*ROUNDINGS, *STOCHASTIC)
    return [lf.Projection(r, s) for r in STOCHASTIC for s in SATURATIONS] + [
        lf.Projection(roundings[i % len(roundings)], SATURATIONS[i % 3], policy)
        for i, policy in enumerate(quirks)
    ]


@pytest.mark.parametrize("operation", ["divide", "sqrt", "add"])
def test_all_codes_of_e4m3fn_and_e5m2(operation: str) -> None:
    for fmt in (lf.float8_e4m3fn, lf.float8_e5m2):
        assert_all_codes(operation, fmt, generic_projections()[::4])


@pytest.mark.exhaustive
@pytest.mark.parametrize("operation", [name for name in ARITY if ARITY[name] < 3])
@pytest.mark.parametrize("fmt", EIGHT_BITS, ids=str)
def test_all_codes_of_eight_bits(fmt: lf.Format, operation: str) -> None:
    """Sums, products and quotients have golden for the plain projections."""
    held = operation in ("add", "subtract", "multiply", "divide")
    plain = [] if held else [lf.Projection(r, s) for r in ROUNDINGS for s in SATURATIONS]
    assert_all_codes(operation, fmt, [*plain, *generic_projections()])


@pytest.mark.exhaustive
@pytest.mark.parametrize("operation", ["sqrt", "reciprocal", "convert"])
@pytest.mark.parametrize("name", ["float16", "bfloat16", "dlfloat16", "binary16p8se", "e9m6u"])
def test_all_codes_of_sixteen_bits(name: str, operation: str) -> None:
    fmt = lf.format(name)
    plain = [lf.Projection(r, s) for r in ROUNDINGS for s in SATURATIONS]
    assert_all_codes(operation, fmt, [*plain, *generic_projections()])


# -- negative controls -------------------------------------------------------------------------


@pytest.mark.parametrize("what", ["ties", "rest", "tininess", "nan", "random"])
def test_planted_errors_are_found(what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The model with one rule spoilt disagrees with the library."""
    fmt = lf.float8_e5m2
    policy = lf.Policy(nan="signaling_first") if what == "nan" else lf.Policy()
    rounding = lf.Stochastic(4, "B") if what == "random" else "nearest_even"
    projection = lf.Projection(rounding, policy=policy)
    assert_all_codes("divide", fmt, [projection])
    if what == "ties":
        projection_there = lf.Projection("nearest_away")
    elif what == "tininess":
        projection_there = lf.Projection(policy=lf.Policy(tininess="before"))
    elif what == "nan":
        projection_there = lf.Projection(policy=lf.Policy(nan="first"))
    elif what == "random":
        projection_there = lf.Projection(lf.Stochastic(4, "A"))
    else:
        projection_there = projection
        whole = integer_projection.shift_right
        lossless = lambda x, by: (whole(x, by)[0], np.zeros(x.shape, bool))
        monkeypatch.setattr(integer_projection, "shift_right", lossless)
    operation = {"tininess": "multiply", "rest": "add"}.get(what, "divide")
    right = integer_model.apply
    monkeypatch.setattr(
        integer_model, "apply", lambda *call: right(*call[:4], projection_there, *call[5:])
    )
    with pytest.raises(AssertionError, match="differ"):
        assert_all_codes(operation, fmt, [projection])
