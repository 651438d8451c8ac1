"""The special values of every operation of P3109's Interim Report v4.0, sections 4.9 to 4.16.

The expected values are written from the report's rules on the grid {NaN, -inf, -2, ..., 2, +inf},
independently of the library. ``DEPARTURES`` lists where this library follows IEEE 754 instead,
and what it gives there; each departure is asserted, so that none goes unnoticed.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable

import numpy as np
import pytest

import lowfloat as lf

NAN, INF = math.nan, math.inf
GRID = (NAN, -INF, -2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 2.0, INF)
FORMAT = "binary8p4se"
PI = math.pi


def nans_first(rule: Callable[..., float]) -> Callable[..., float]:
    """The rule of an operation that makes NaN of any NaN."""
    return lambda *x: NAN if any(map(math.isnan, x)) else rule(*x)


def add(x: float, y: float) -> float:
    return NAN if math.isinf(x) and math.isinf(y) and x != y else x + y


def multiply(x: float, y: float) -> float:
    return NAN if (x == 0 and math.isinf(y)) or (y == 0 and math.isinf(x)) else x * y


def divide(x: float, y: float) -> float:
    """4.10.5: anything over zero is NaN."""
    return NAN if y == 0 or (math.isinf(x) and math.isinf(y)) else x / y


def sqrt(x: float) -> float:
    return NAN if x < 0 else math.sqrt(x)


def rsqrt(x: float) -> float:
    """4.10.8: zero is NaN."""
    return NAN if x <= 0 else 0.0 if x == INF else 1 / math.sqrt(x)


def smaller(x: float, y: float) -> float:
    """4.11: by magnitude; of equal magnitudes the lesser number."""
    return min(x, y) if abs(x) == abs(y) else min(x, y, key=abs)


def larger(x: float, y: float) -> float:
    return max(x, y) if abs(x) == abs(y) else max(x, y, key=abs)


def number(rule: Callable[[float, float], float]) -> Callable[[float, float], float]:
    """4.11: NaN only if both are."""
    return lambda x, y: y if math.isnan(x) else x if math.isnan(y) else rule(x, y)


def finite(rule: Callable[[float, float], float]) -> Callable[[float, float], float]:
    """4.11: of an infinite and a finite operand the finite one."""
    return number(
        lambda x, y: rule(x, y) if math.isinf(x) == math.isinf(y) else y if math.isinf(x) else x
    )


def clamp(x: float, low: float, high: float) -> float:
    return NAN if low > high else min(max(x, low), high)


def domain(rule: Callable[[float], float], inside: Callable[[float], bool]) -> Callable:
    return nans_first(lambda x: rule(x) if inside(x) else NAN)


def at_infinities(low: float, high: float, rule: Callable[[float], float]) -> Callable:
    return nans_first(lambda x: low if x == -INF else high if x == INF else rule(x))


def turn(x: float) -> float:
    """x modulo 2, in [0, 2)."""
    return x % 2


def unit(x: float) -> bool:
    return abs(x) <= 1


FINITE = math.isfinite
#: Operand grids of 4.10: the operation's name here, and the report's rule.
RULES: dict[str, tuple[int, Callable[..., float]]] = {
    "negate": (1, nans_first(lambda x: -x)),
    "abs": (1, nans_first(abs)),
    "copysign": (2, nans_first(lambda x, y: abs(x) if y >= 0 else -abs(x))),
    "add": (2, nans_first(add)),
    "subtract": (2, nans_first(lambda x, y: add(x, -y))),
    "multiply": (2, nans_first(multiply)),
    "divide": (2, nans_first(divide)),
    "reciprocal": (1, nans_first(lambda x: divide(1.0, x))),
    "sqrt": (1, nans_first(sqrt)),
    "rsqrt": (1, nans_first(rsqrt)),
    "fma": (3, nans_first(lambda x, y, z: nans_first(add)(multiply(x, y), z))),
    "faa": (3, nans_first(lambda x, y, z: nans_first(add)(nans_first(add)(x, y), z))),
    "hypot": (2, nans_first(math.hypot)),
    "minimum": (2, nans_first(min)),
    "maximum": (2, nans_first(max)),
    "minimum_number": (2, number(min)),
    "maximum_number": (2, number(max)),
    "minimum_magnitude": (2, nans_first(smaller)),
    "maximum_magnitude": (2, nans_first(larger)),
    "minimum_magnitude_number": (2, number(smaller)),
    "maximum_magnitude_number": (2, number(larger)),
    "minimum_finite": (2, finite(min)),
    "maximum_finite": (2, finite(max)),
    "clamp": (3, nans_first(clamp)),
    "exp": (1, at_infinities(0.0, INF, math.exp)),
    "exp2": (1, at_infinities(0.0, INF, lambda x: 2.0**x)),
    "expm1": (1, at_infinities(-1.0, INF, math.expm1)),
    "log": (1, domain(lambda x: -INF if x == 0 else math.log(x), lambda x: x >= 0)),
    "log2": (1, domain(lambda x: -INF if x == 0 else math.log2(x), lambda x: x >= 0)),
    "log1p": (1, domain(lambda x: -INF if x == -1 else math.log1p(x), lambda x: x >= -1)),
    "softplus": (1, at_infinities(0.0, INF, lambda x: math.log1p(math.exp(x)))),
    "sin": (1, domain(math.sin, FINITE)),
    "cos": (1, domain(math.cos, FINITE)),
    "tan": (1, domain(math.tan, FINITE)),
    "asin": (1, domain(math.asin, unit)),
    "acos": (1, domain(math.acos, unit)),
    "atan": (1, nans_first(math.atan)),
    "sinh": (1, nans_first(math.sinh)),
    "cosh": (1, nans_first(math.cosh)),
    "tanh": (1, nans_first(math.tanh)),
    "asinh": (1, nans_first(math.asinh)),
    "acosh": (1, domain(math.acosh, lambda x: x >= 1)),
    "atanh": (
        1,
        domain(lambda x: math.copysign(INF, x) if abs(x) == 1 else math.atanh(x), unit),
    ),
    "sinpi": (1, domain(lambda x: {0.5: 1.0, 1.5: -1.0}.get(turn(x), 0.0), FINITE)),
    "cospi": (1, domain(lambda x: {0.0: 1.0, 1.0: -1.0}.get(turn(x), 0.0), FINITE)),
    "tanpi": (1, domain(lambda x: NAN if x % 1 == 0.5 else 0.0, FINITE)),
    "asinpi": (1, domain(lambda x: math.asin(x) / PI, unit)),
    "acospi": (1, domain(lambda x: math.acos(x) / PI, unit)),
    "atanpi": (1, nans_first(lambda x: math.atan(x) / PI)),
}


def angle(y: float, x: float) -> float:
    """4.10.16, the first rule that matches."""
    if (y == 0 and x == 0) or (math.isinf(y) and math.isinf(x)):
        return NAN
    if x == INF or (y == 0 and x > 0):
        return 0.0
    if y == INF or (x == 0 and y > 0):
        return PI / 2
    if x == -INF or (y == 0 and x < 0):
        return PI
    if y == -INF or (x == 0 and y < 0):
        return -PI / 2
    return math.atan2(y, x)


RULES["atan2"] = (2, nans_first(angle))
RULES["atan2pi"] = (2, nans_first(lambda y, x: angle(y, x) / PI))

SIGNED_NONZERO = [x for x in GRID if x != 0 and not math.isnan(x)]
#: Where the library gives IEEE 754's result: operands to that result.
DEPARTURES: dict[str, dict[tuple[float, ...], float]] = {
    "divide": {(x, 0.0): math.copysign(INF, x) for x in SIGNED_NONZERO},
    "reciprocal": {(0.0,): INF},
    "rsqrt": {(0.0,): INF},
    "tanpi": {(0.5,): INF, (-0.5,): -INF},
    "hypot": {pair: INF for x in (INF, -INF) for pair in ((x, NAN), (NAN, x))},
    "atan2": {
        (0.0, 0.0): 0.0,
        **{(y, INF): math.copysign(PI / 4, y) for y in (INF, -INF)},
        **{(y, -INF): math.copysign(3 * PI / 4, y) for y in (INF, -INF)},
        **{(y, -INF): -PI for y in (-2.0, -1.0, -0.5)},
    },
}
DEPARTURES["atan2pi"] = {pair: x / PI for pair, x in DEPARTURES["atan2"].items()}
#: copysign looks at signs alone (rule S-1), and this NaN has none.
DEPARTURES["copysign"] = {(x, NAN): abs(x) for x in GRID if not math.isnan(x)}


def key(operands: tuple[float, ...]) -> tuple[str, ...]:
    """Operands as they can be looked up: NaN is unequal to itself."""
    return tuple(map(repr, operands))


def expected(name: str, operands: tuple[float, ...]) -> float:
    departures = {key(given): result for given, result in DEPARTURES.get(name, {}).items()}
    return departures.get(key(operands), RULES[name][1](*operands))


def results(name: str, backend: str) -> tuple[list[tuple[float, ...]], lf.Array, lf.Array]:
    """The grid, what the library gives on it, and what it should give."""
    arity = RULES[name][0]
    rows = list(itertools.product(GRID, repeat=arity))
    columns = [lf.array(list(column), FORMAT) for column in zip(*rows, strict=True)]
    with lf.backend(backend):  # type: ignore[arg-type]
        ours = getattr(lf, name)(*columns)
    return rows, ours, lf.array([expected(name, row) for row in rows], FORMAT)


@pytest.mark.parametrize("backend", ["golden", "native"])
@pytest.mark.parametrize("name", RULES)
def test_the_grid_of_special_values(name: str, backend: str) -> None:
    rows, ours, theirs = results(name, backend)
    wrong = np.flatnonzero(ours.codes != theirs.codes)
    assert [(rows[i], ours.item(i), theirs.item(i)) for i in wrong] == []


@pytest.mark.parametrize("name", DEPARTURES)
def test_every_departure_is_one(name: str) -> None:
    """The report's own rule gives something else there."""
    for operands, result in DEPARTURES[name].items():
        codes = lf.array([RULES[name][1](*operands), result], FORMAT).codes
        assert codes[0] != codes[1], operands


def test_every_operation_of_the_report_is_here() -> None:
    """Annex G's numeric operations; the rest of this file has comparisons and predicates."""
    from lowfloat.optable import OPERATIONS

    assert set(RULES) <= set(OPERATIONS)
    assert len(RULES) == 51


RELATIONS = {
    "less": lambda x, y: x < y,
    "less_equal": lambda x, y: x <= y,
    "equal": lambda x, y: x == y,
    "greater": lambda x, y: x > y,
    "greater_equal": lambda x, y: x >= y,
}


@pytest.mark.parametrize("name", RELATIONS)
def test_comparisons(name: str) -> None:
    """4.12: exact across formats, False with NaN."""
    for x, y in itertools.product(GRID, repeat=2):
        a, b = lf.array(x, FORMAT), lf.array(y, "binary8p3se")
        assert bool(getattr(lf, name)(a, b)) == RELATIONS[name](x, y)
        assert bool(lf.not_equal(a, b)) == (x != y)


def test_predicates() -> None:
    """4.13; the subnormals of Binary8p4se are codes 1 to 7."""
    x = lf.from_codes(np.arange(256), FORMAT)
    magnitude = x.codes & 0x7F
    nan, infinite = x.codes == 0x80, magnitude == 0x7F
    zero = x.codes == 0
    subnormal = (magnitude > 0) & (magnitude < 8)
    assert np.array_equal(lf.is_nan(x), nan)
    assert np.array_equal(lf.is_infinite(x), infinite)
    assert np.array_equal(lf.is_zero(x), zero)
    assert np.array_equal(lf.is_subnormal(x), subnormal)
    assert np.array_equal(lf.is_normal(x), ~(nan | infinite | zero | subnormal))
    assert np.array_equal(lf.is_finite(x), ~(nan | infinite))
    assert np.array_equal(lf.is_sign_minus(x), (x.codes > 0x80))


@pytest.mark.parametrize("name", ["binary8p4se", "binary8p4sf", "binary8p3ue", "binary8p1uf"])
def test_neighbours(name: str) -> None:
    """4.16, except that the outermost number stays (rule S-2), where the report has NaN."""
    fmt = lf.format(name)
    x = lf.from_codes(np.arange(1 << fmt.width), fmt)
    order = sorted(
        (float(lf.golden.decode(c, fmt)), c)
        for c in range(1 << fmt.width)
        if not lf.golden.decode(c, fmt).is_nan
    )
    codes = [code for _, code in order]
    up, down = lf.nextup(x).codes, lf.nextdown(x).codes
    for i, code in enumerate(codes):
        assert up[code] == codes[min(i + 1, len(codes) - 1)]
        assert down[code] == codes[max(i - 1, 0)]
    assert up[fmt.nan_code] == down[fmt.nan_code] == fmt.nan_code


def test_planted_errors_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(RULES, "divide", (2, nans_first(lambda x, y: divide(y, x))))
    _, ours, theirs = results("divide", "native")
    assert (ours.codes != theirs.codes).any()
    monkeypatch.setitem(DEPARTURES, "hypot", {})
    _, ours, theirs = results("hypot", "native")
    assert (ours.codes != theirs.codes).any()
