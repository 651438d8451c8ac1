"""Tables of elementary functions: they hold the function, cost little, and are bounded."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

import lowfloat as lf
from lowfloat import _native
from lowfloat.engine import elementary, function_tables
from lowfloat.optable import ELEMENTARY, OPERATIONS


@pytest.fixture(autouse=True)
def _no_tables() -> Iterator[None]:
    function_tables.clear()
    yield
    function_tables.clear()


def every_code(fmt: lf.Format, arity: int) -> list[lf.Array]:
    codes = np.arange(1 << fmt.width, dtype=lf.from_codes([0], fmt).codes.dtype)
    if arity == 1:
        return [lf.from_codes(codes, fmt)]
    return [lf.from_codes(c.reshape(-1), fmt) for c in np.meshgrid(codes, codes, indexing="ij")]


@pytest.mark.parametrize("fmt", ["float8_e4m3fn", "e3m3u", "float6_e3m2fn"])
@pytest.mark.parametrize("name", ELEMENTARY)
def test_tables_hold_the_function(name, fmt):
    operands = every_code(lf.format(fmt), OPERATIONS[name].arity)
    for target, rounding in (
        (fmt, "nearest_even"),
        ("bfloat16", "to_odd"),
        ("float32", "nearest_away"),
    ):
        results = []
        for tables in (True, False):
            flags = np.full(operands[0].shape, 0xFF, np.uint8)
            with _native.forced(tables=tables), lf.flags() as raised:
                result = getattr(lf, name)(
                    *operands, format=target, rounding=rounding, flags_out=flags
                )
            results.append((result.codes, flags, raised.bits))
        assert (results[0][0] == results[1][0]).all()
        assert (results[0][1] == results[1][1]).all()
        assert results[0][2] == results[1][2] == np.bitwise_or.reduce(flags)
    assert len(function_tables.kept()) == 3


def test_a_table_is_made_when_it_pays():
    x = lf.array(np.linspace(-4, 4, 1000), "bfloat16")
    for _ in range(16):
        lf.exp(x)
    assert function_tables.kept() == []
    expected = lf.exp(x)
    assert len(function_tables.kept()) == 1  # 17,000 elements are more than 65,536 / 4
    lf.testing.assert_same_bits(lf.exp(x), expected)


def test_tables_are_bounded_and_the_latest_stay(monkeypatch):
    monkeypatch.setattr(function_tables, "MAX_TABLES", 3)
    x = lf.array(np.linspace(0.1, 4, 500), "float8_e5m2")
    for name in ("exp", "log", "sin", "exp", "cos"):
        getattr(lf, name)(x)
    assert [key[0] for key in function_tables.kept()] == ["sin", "exp", "cos"]


def test_what_has_no_table():
    x = lf.array(np.linspace(0.1, 4, 70_000), "float32")
    lf.exp(x)
    short = lf.cast(x, "float8_e5m2")
    lf.exp(short, rounding=lf.Stochastic(8), rng=lf.Philox(1))
    wide = lf.exp(short, format="float64")
    assert (wide.to_numpy()[::1000] == lf.exp(short[::1000], format="float64").to_numpy()).all()
    lf.pow(lf.cast(x, "bfloat16"), lf.cast(x, "bfloat16"))
    assert function_tables.kept() == []


def test_results_may_replace_operands():
    x = lf.array(np.linspace(-4, 4, 70_000), "float16")
    expected = lf.exp(x)
    assert lf.exp(x, out=x) is x
    lf.testing.assert_same_bits(x, expected)


def test_a_spoilt_table_is_found():
    fmt = lf.format("float8_e4m3fn")
    (x,) = every_code(fmt, 1)
    expected = lf.exp(x).codes

    def planted(*arguments):
        raised = elementary.compute(*arguments)
        arguments[3][77] ^= 1
        return raised

    function_tables.clear()
    table = function_tables.find("exp", (fmt,), fmt, lf.Projection(), 256, planted)
    out = np.zeros(256, np.uint8)
    _native.look_up(table, [x.codes], [fmt], out, fmt, None, False)
    assert np.flatnonzero(out != expected).tolist() == [77]
