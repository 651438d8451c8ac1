"""The rest of the table over whole operand spaces: golden = native = jit.

Operations on one operand at all codes of every named format to 16 bits, operations on two at all pairs
of every named format to 8 bits. Sums, differences, products and quotients are in
test_all_operand_pairs.py, elementary functions of one operand in test_elementary_codes.py.
"""

from __future__ import annotations

from functools import partial
from itertools import product
from typing import Any

import numba
import numpy as np
import pytest
from native_calls import all_codes
from native_paths import assert_every_path, assert_same, keywords
from pair_tables import PROJECTIONS
from projection_mixes import POLICIES

import lowfloat as lf
from lowfloat.engine.sources import code_dtype
from lowfloat.format_names import registry
from lowfloat.functions import FUNCTIONS
from lowfloat.optable import ELEMENTARY, OPERATIONS

NAMED = sorted({e.format for e in registry().values() if e.format.width <= 16}, key=str)
SMALL = [fmt for fmt in NAMED if fmt.width <= 8]
UNARY = [n for n in OPERATIONS if OPERATIONS[n].arity == 1 and n not in ELEMENTARY]
HELD_ELSEWHERE = ("add", "subtract", "multiply", "divide", *ELEMENTARY)
BINARY = [n for n in OPERATIONS if OPERATIONS[n].arity == 2 and n not in HELD_ELSEWHERE]
#: Operations that no rounding or saturation touches within one format.
EXACT = ("negate", "abs", "copysign")
INTEGERS = [f"{sign}int{width}" for sign in ("", "u") for width in (8, 16, 32, 64)]


def given(name: str, projection: lf.Projection) -> dict[str, Any]:
    """The keywords of a projection that an operation takes."""
    return keywords(projection) if OPERATIONS[name].kind == "value" else {}


def projections(name: str, fmt: lf.Format) -> list[lf.Projection]:
    """All roundings and saturations at all codes of 8 bits, every rounding at those of 16.

    At pairs there are three, and what only hands on an operand has one with a policy, which differ from
    name to name and format to format; hypot has all in tests/native/test_integer_model.py.
    """
    operation = OPERATIONS[name]
    first = len(name) + NAMED.index(fmt)
    if operation.kind != "value":
        return PROJECTIONS[:1]
    if operation.own_format or name in EXACT or name.startswith(("minimum", "maximum")):
        p = PROJECTIONS[first * 5 % len(PROJECTIONS)]
        return [lf.Projection(p.rounding, p.saturation, POLICIES[first % len(POLICIES)])]
    if operation.arity == 2:
        return list(PROJECTIONS[first % 9 :: 9])
    if fmt.width <= 8:
        return list(PROJECTIONS)
    return [PROJECTIONS[3 * k + (first + k) % 3] for k in range(9)]


def by_golden(name: str, operands: list[lf.Array], **more: Any) -> tuple[np.ndarray, np.ndarray]:
    """Results and flags of the golden model."""
    flags = np.zeros(operands[0].shape, np.uint8)
    with lf.backend("golden"):
        result = FUNCTIONS[name](*operands, flags_out=flags, **more)
    codes = getattr(result, "codes", result)
    return codes if codes.dtype.kind == "u" else codes.view(f"u{codes.itemsize}"), flags


@numba.njit
def all_results(function, count, codes, flags):  # type: ignore[no-untyped-def]
    """Fill in what a compiled function returns for all codes."""
    for i in range(codes.size):
        codes[i], flags[i] = function(np.uint64(i))


@numba.njit
def all_pairs(function, count, codes, flags):  # type: ignore[no-untyped-def]
    """The same for all pairs."""
    for i in range(codes.size):
        codes[i], flags[i] = function(np.uint64(i // count), np.uint64(i % count))


def assert_all(name: str, fmt: lf.Format, projection: lf.Projection, compiled: bool) -> None:
    """One operation on all codes, or pairs of codes, of a format, on every path."""
    arity = OPERATIONS[name].arity
    operands = [lf.from_codes(c, fmt) for c in all_codes(*[fmt] * arity)]
    more = given(name, projection)
    codes, flags = by_golden(name, operands, **more)
    assert_every_path(
        lambda **flags_out: FUNCTIONS[name](*operands, **more, **flags_out), codes, flags
    )
    if compiled:
        got, raised = np.empty(codes.size, np.uint64), np.empty(codes.size, np.uint8)
        function = lf.jit.function(name, fmt, flags=True, **more)
        fill = all_results if arity == 1 else all_pairs
        fill(function, 1 << fmt.width, got, raised)
        assert_same(f"jit {name}", got.astype(code_dtype(fmt)), codes.astype(code_dtype(fmt)))
        assert_same(f"jit {name}, flags", raised, flags)


@pytest.mark.exhaustive
@pytest.mark.parametrize("name", UNARY)
@pytest.mark.parametrize("fmt", NAMED, ids=str)
def test_every_code(fmt: lf.Format, name: str) -> None:
    for index, projection in enumerate(projections(name, fmt)):
        assert_all(name, fmt, projection, compiled=index % 9 == 0)


@pytest.mark.exhaustive
@pytest.mark.parametrize("name", BINARY)
@pytest.mark.parametrize("fmt", SMALL, ids=str)
def test_every_pair(fmt: lf.Format, name: str) -> None:
    """jit against native over all pairs has a file of its own."""
    for projection in projections(name, fmt):
        assert_all(name, fmt, projection, compiled=False)


def integers_as_bits(x: lf.Array, dtype: str, **more: Any) -> np.ndarray:
    integers = lf.to_integer(x, dtype, **more)
    return integers.view(f"u{integers.itemsize}")


@pytest.mark.exhaustive
@pytest.mark.parametrize("dtype", INTEGERS)
@pytest.mark.parametrize("fmt", NAMED, ids=str)
def test_every_code_to_integers(fmt: lf.Format, dtype: str) -> None:
    """The choices for what is out of range, and both kinds of inexact, in turn.

    Three roundings at 16 bits, so that all come up among the types; all nine at 8.
    """
    x = lf.from_codes(all_codes(fmt)[0], fmt)
    turns = list(product(("limits", "indefinite", "nan_zero"), (True, False))) * 2
    roundings = PROJECTIONS[::3]
    if fmt.width > 8:
        first = INTEGERS.index(dtype)
        roundings, turns = roundings[first % 3 :: 3], turns[first % 6 :]
    for projection, (out_of_range, exact) in zip(roundings, turns, strict=False):
        policy = lf.Policy(float_to_int=out_of_range)
        more = {"rounding": projection.rounding, "policy": policy, "exact": exact}
        flags = np.zeros(x.shape, np.uint8)
        with lf.backend("golden"):
            integers = lf.to_integer(x, dtype, flags_out=flags, **more)
        run = partial(integers_as_bits, x, dtype, **more)
        assert_every_path(run, integers.view(f"u{integers.itemsize}"), flags)


@pytest.mark.parametrize("name", [*UNARY, *BINARY])
def test_all_of_a_small_format(name: str) -> None:
    fmt = lf.format("float4_e2m1fn")
    for projection in projections(name, fmt)[:2]:
        assert_all(name, fmt, projection, compiled=name in ("sqrt", "is_zero"))


@pytest.mark.parametrize("name", ["sqrt", "hypot", "less", "nextup"])
def test_a_planted_error_is_found(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Golden with one result changed differs, whatever the operation."""
    right = by_golden

    def spoilt(*arguments: Any, **more: Any) -> tuple[np.ndarray, np.ndarray]:
        codes, flags = right(*arguments, **more)
        codes = codes.copy()
        codes[-3] ^= 1
        return codes, flags

    monkeypatch.setitem(globals(), "by_golden", spoilt)
    with pytest.raises(AssertionError, match=r"1 of \d+ differ"):
        assert_all(name, lf.format("float4_e2m1fn"), PROJECTIONS[0], compiled=False)
