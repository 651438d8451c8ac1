"""Every operation of the table as a compiled function: equal to golden, inside ``@njit`` code too."""

from __future__ import annotations

import numba
import numpy as np
import pytest
from native_calls import NEIGHBOURS
from projection_mixes import POLICIES

import lowfloat as lf
from lowfloat.jit import records
from lowfloat.optable import ELEMENTARY, OPERATIONS

TABLE = [name for name in OPERATIONS if name not in ELEMENTARY]


def golden(name, codes, formats, target, projection, bits=None):
    """What the golden model says, with flags."""
    function = getattr(lf.golden, name)
    if OPERATIONS[name].kind != "value":
        result = function(*codes, formats=formats, projection=projection)
        return (int(result[0]), result[1])
    return function(*codes, formats=formats, format=target, projection=projection, random_bits=bits)


def rows(name: str, fmt: lf.Format, count: int) -> list[tuple[int, ...]]:
    """Operand codes, the remarkable ones often."""
    rng = np.random.default_rng(len(name))
    top = (1 << fmt.width) - 1
    special = [0, 1, fmt.sign_mask, fmt.max_finite_code, fmt.magnitude_mask, top]
    drawn = rng.integers(0, top, (count, OPERATIONS[name].arity), np.uint64, endpoint=True)
    picks = rng.choice(np.array(special, np.uint64), drawn.shape)
    mixed = np.where(rng.random(drawn.shape) < 0.3, picks, drawn)
    return [tuple(row) for row in mixed.tolist()]


FORMATS = (lf.float8_e5m2, lf.format("binary8p3uf"), lf.float64)


def assert_equals_golden(name: str, index: int, count: int) -> None:
    """An operation within one of the formats, under a rounding and a policy of its own."""
    fmt, policy = FORMATS[index], POLICIES[(len(name) + index) % len(POLICIES)]
    projection = lf.Projection(("to_odd", "nearest_away", "nearest_even")[index], policy=policy)
    function = lf.jit.function(name, fmt, rounding=projection.rounding, policy=policy, flags=True)
    formats = (fmt,) * OPERATIONS[name].arity
    for codes in rows(name, fmt, count):
        want = golden(name, codes, formats, fmt, projection)
        assert function(*map(np.uint64, codes)) == want, codes


@pytest.mark.parametrize("name", TABLE)
def test_every_operation_equals_golden(name: str) -> None:
    assert_equals_golden(name, TABLE.index(name) % 3, 60)


@pytest.mark.exhaustive
@pytest.mark.parametrize("index", range(3))
@pytest.mark.parametrize("name", TABLE)
def test_every_operation_equals_golden_in_three_formats(name: str, index: int) -> None:
    assert_equals_golden(name, index, 400)


@pytest.mark.parametrize("name", ["divide", "sqrt", "faa", "minimum", "round_to_integral"])
def test_mixed_formats_and_random_bits(name: str) -> None:
    source, target = lf.float16, lf.float8_e4m3fn
    formats = (source,) * OPERATIONS[name].arity
    projection = lf.Projection(lf.Stochastic(5, "C"))
    function = lf.jit.function(
        name, target, formats=formats, rounding=lf.Stochastic(5, "C"), flags=True
    )
    for bits, codes in enumerate(rows(name, source, 32)):
        want = golden(name, codes, formats, target, projection, bits)
        assert function(*codes, bits) == want
    with pytest.raises(ValueError, match="R-1"):
        function(*codes, 32)


def test_long_tails_are_refused() -> None:
    function = lf.jit.function("divide", "float32", rounding=lf.Stochastic(None))
    one, two, three = 0x3F800000, 0x40000000, 0x40400000
    assert function(one, two, 7) == 0x3F000000
    with pytest.raises(ValueError, match="P-6"):
        function(one, three, 7)


def test_compiled_code_calls_them() -> None:
    fmt = lf.bfloat16
    divide, less, clamp = (lf.jit.function(name, fmt) for name in ("divide", "less", "clamp"))

    @numba.njit
    def ratios(x, y, low, high):  # type: ignore[no-untyped-def]
        out, below = np.empty(x.size, np.uint16), 0
        for i in range(x.size):
            out[i] = clamp(divide(x[i], y[i]), low, high)
            if less(x[i], y[i]):
                below += 1
        return out, below

    rng = np.random.default_rng(3)
    x, y = (lf.cast(rng.standard_normal(500, np.float32), fmt) for _ in range(2))
    low, high = lf.array([-1.0, 1.0], fmt).codes
    out, below = ratios(x.codes, y.codes, low, high)
    want = lf.clamp(lf.divide(x, y), lf.array(-1.0, fmt), lf.array(1.0, fmt))
    assert np.array_equal(out, want.codes)
    assert below == int(np.sum(lf.less(x, y)))


def test_results_are_of_the_documented_types() -> None:
    assert lf.jit.function("is_nan", "float16")(0x7E00) is True
    assert lf.jit.function("classify", "float16")(0x7E00) == lf.golden.CLASSES.index("quiet_nan")
    assert lf.jit.function("total_order", "float16", flags=True)(1, 2) == (True, 0)


def test_neighbours_stay_in_their_format() -> None:
    for name in NEIGHBOURS:
        formats = ("float16",) * OPERATIONS[name].arity
        with pytest.raises(ValueError, match="S-2"):
            lf.jit.function(name, "bfloat16", formats=formats)


def test_the_hot_operations_stay_compiled() -> None:
    assert set(records.OPERATIONS) == {"convert", "add", "subtract", "multiply", "fma"}


def test_an_unknown_name_lists_the_table() -> None:
    with pytest.raises(ValueError, match=r"there are convert, add, .*classify"):
        lf.jit.function("addd", "float16")


def test_a_planted_error_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """The golden model with one sign wrong disagrees with the compiled function."""
    spoilt = lf.golden.copysign
    monkeypatch.setattr(
        lf.golden,
        "copysign",
        lambda a, b, **more: spoilt(a, b ^ more["formats"][1].sign_mask, **more),
    )
    with pytest.raises(AssertionError):
        assert_equals_golden("copysign", 0, 60)
