"""Laws that operations obey under every rounding, on all pairs of 6-bit codes and samples of others.

Nothing is compared with another implementation: a law relates results of the library to each other.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import strategies
from hypothesis import given, settings
from hypothesis import strategies as st

import lowfloat as lf
from lowfloat.engine.sources import code_dtype
from lowfloat.exception_flags import INVALID
from lowfloat.functions import FUNCTIONS
from lowfloat.optable import OPERATIONS

FORMATS = ("float6_e3m2fn", "float6_e2m3fn", "e4m1", "e3m2fnuz", "e2m3fnu", "binary6p3se", "e3m3fu")
ROUNDINGS = strategies.ROUNDINGS
MIRROR = {"toward_positive": "toward_negative", "toward_negative": "toward_positive"}
COMMUTATIVE = (
    "add", "multiply", "hypot", "equal", "not_equal", "unordered", "equal_signaling",
    *(name for name in OPERATIONS if name.startswith(("minimum", "maximum"))),
)  # fmt: skip
#: Functions with f(-x) = -f(x), and with f(-x) = f(x).
ODD = (
    "sin", "tan", "asin", "atan", "sinpi", "asinpi", "atanpi", "sinh", "tanh", "asinh", "atanh",
    "cbrt", "erf", "reciprocal", "round_to_integral", "round_to_integral_exact",
)  # fmt: skip
EVEN = ("cos", "cospi", "cosh", "logb")
#: Functions that do not decrease on their domain.
RISING = (
    "exp", "exp2", "exp10", "expm1", "log", "log2", "log10", "log1p", "asin", "atan", "asinpi",
    "atanpi", "sinh", "tanh", "asinh", "acosh", "atanh", "cbrt", "erf", "sigmoid", "softplus",
    "sqrt", "round_to_integral", "nextup", "nextdown",
)  # fmt: skip


def pairs(fmt: lf.Format) -> tuple[lf.Array, lf.Array]:
    codes = np.arange(1 << fmt.width, dtype=code_dtype(fmt))
    x, y = np.meshgrid(codes, codes, indexing="ij")
    return lf.from_codes(x.ravel(), fmt), lf.from_codes(y.ravel(), fmt)


def run(name: str, *operands: lf.Array, **keywords: Any) -> tuple[np.ndarray, np.ndarray]:
    """Codes or truths, and flags."""
    flags = np.zeros(operands[0].shape, np.uint8)
    result = FUNCTIONS[name](*operands, flags_out=flags, **keywords)
    return getattr(result, "codes", result), flags


def assert_alike(left: tuple[Any, ...], right: tuple[Any, ...], what: str) -> None:
    for a, b in zip(left, right, strict=True):
        wrong = np.flatnonzero(np.asarray(a) != np.asarray(b))
        assert wrong.size == 0, f"{what}: {wrong.size} differ, the first at {wrong[:1]}"


def rounded(name: str, rounding: str) -> dict[str, str]:
    return {"rounding": rounding} if OPERATIONS[name].kind == "value" else {}


@pytest.mark.parametrize("fmt", FORMATS)
@pytest.mark.parametrize("name", COMMUTATIVE)
def test_operands_may_change_places(name: str, fmt: str) -> None:
    x, y = pairs(lf.format(fmt))
    for rounding in ROUNDINGS if OPERATIONS[name].kind == "value" else ("nearest_even",):
        keywords = rounded(name, rounding)
        assert_alike(run(name, x, y, **keywords), run(name, y, x, **keywords), name)


@pytest.mark.parametrize("fmt", ["float6_e3m2fn", "e4m1", "e2m3fnu"])
def test_sums_of_three_are_in_any_order(fmt: str) -> None:
    rng = np.random.default_rng(1)
    f = lf.format(fmt)
    terms = [lf.from_codes(rng.integers(0, 1 << f.width, 4000), f) for _ in range(3)]
    for rounding in ROUNDINGS:
        first = run("faa", *terms, rounding=rounding)
        for order in itertools.permutations(terms):
            assert_alike(run("faa", *order, rounding=rounding), first, f"faa {rounding}")
        x, y, z = terms
        assert_alike(
            run("fma", x, y, z, rounding=rounding), run("fma", y, x, z, rounding=rounding), "fma"
        )


def negated(x: lf.Array) -> lf.Array:
    """-x for a signed format; the sign of NaN stays out of the laws."""
    return lf.from_codes(x.codes ^ x.codes.dtype.type(x.format.sign_mask), x.format)


def same_but_sign(left: np.ndarray, right: np.ndarray, fmt: lf.Format) -> np.ndarray:
    """Whether results are each other's negatives, or NaN, or zeros (whose signs have own rules)."""
    a, b = lf.from_codes(left, fmt), lf.from_codes(right, fmt)
    both_nan = lf.is_nan(a) & lf.is_nan(b)
    both_zero = lf.is_zero(a) & lf.is_zero(b)
    return both_nan | both_zero | (left == (right ^ right.dtype.type(fmt.sign_mask)))


def finite_pairs(fmt: lf.Format) -> tuple[lf.Array, lf.Array]:
    """Pairs of codes whose sign bit is only a sign: no zeros of formats without -0, no NaNs."""
    x, y = pairs(fmt)
    keep = ~(lf.is_nan(x) | lf.is_nan(y))
    if not fmt.negative_zero:
        keep &= ~(lf.is_zero(x) | lf.is_zero(y))
    return x[keep], y[keep]


@pytest.mark.parametrize(
    "fmt", ["float6_e3m2fn", "float6_e2m3fn", "e4m1", "e3m2fnuz", "binary6p3se"]
)
def test_signs_are_symmetric(fmt: str) -> None:
    f = lf.format(fmt)
    x, y = finite_pairs(f)
    for rounding in ROUNDINGS:
        other = MIRROR.get(rounding, rounding)
        for name in ("add", "subtract", "remainder", "fmod", "copysign"):
            codes, flags = run(name, x, y, rounding=rounding)
            mirrored, flags_too = run(name, negated(x), negated(y), rounding=other)
            assert np.array_equal(flags, flags_too)
            assert (same_but_sign(codes, mirrored, f) | (flags == INVALID)).all(), (name, rounding)
        for name in ("multiply", "divide"):
            codes, flags = run(name, x, y, rounding=rounding)
            mirrored, flags_too = run(name, negated(x), y, rounding=other)
            assert np.array_equal(flags, flags_too)
            assert (same_but_sign(codes, mirrored, f) | (flags == INVALID)).all(), (name, rounding)
            both, _ = run(name, negated(x), negated(y), rounding=rounding)
            assert_alike((both,), (codes,), name)


@pytest.mark.parametrize("fmt", ["float8_e4m3", "float8_e5m2", "float16"])
@pytest.mark.parametrize("name", [*ODD, *EVEN])
def test_odd_and_even_functions(name: str, fmt: str) -> None:
    f = lf.format(fmt)
    codes = np.arange(0, 1 << (f.width - 1), 1 if f.width == 8 else 61)
    x = lf.from_codes(codes, f)
    x = x[~lf.is_nan(x)]
    for rounding in ("nearest_even", "toward_positive", "to_odd"):
        other = MIRROR.get(rounding, rounding) if name in ODD else rounding
        plus, flags = run(name, x, rounding=rounding)
        minus, flags_too = run(name, negated(x), rounding=other)
        mirrored = minus if name in EVEN else minus ^ minus.dtype.type(f.sign_mask)
        nan = lf.is_nan(lf.from_codes(plus, f)) & lf.is_nan(lf.from_codes(minus, f))
        assert (nan | (plus == mirrored)).all(), (name, rounding)
        assert np.array_equal(flags, flags_too)


def shifted(fmt: lf.Format, by: int) -> lf.Format:
    """The format whose numbers are 2^-by times as large."""
    fields = list(fmt.fields)
    fields[2] += by
    return lf.Format(*fields)


#: What happens to the result's exponents when those of x, y and z change by a, b and c.
SCALES: dict[str, Callable[..., int]] = {
    "multiply": lambda a, b: a + b,
    "divide": lambda a, b: a - b,
    "reciprocal": lambda a: -a,
}
TOGETHER = ("add", "subtract", "hypot", "remainder", "fmod", "faa", "minimum", "maximum_finite")


@pytest.mark.parametrize("fmt", FORMATS)
@pytest.mark.parametrize("rounding", ROUNDINGS)
def test_powers_of_two_only_scale(fmt: str, rounding: str) -> None:
    """The same codes with other biases give the same codes and flags."""
    f = lf.format(fmt)
    x, y = pairs(f)
    for a, b in ((1, 0), (0, -1), (5, 3)):
        xs, ys = (lf.from_codes(v.codes, shifted(f, k)) for v, k in ((x, a), (y, b)))
        for name, scale in SCALES.items():
            arity = OPERATIONS[name].arity
            operands, moved, by = (x, y)[:arity], (xs, ys)[:arity], (a, b)[:arity]
            assert_alike(
                run(name, *moved, format=shifted(f, scale(*by)), rounding=rounding),
                run(name, *operands, format=f, rounding=rounding),
                name,
            )
        for name in TOGETHER:
            operands = (x, y, x)[: OPERATIONS[name].arity]
            moved = tuple(lf.from_codes(v.codes, shifted(f, a)) for v in operands)
            assert_alike(
                run(name, *moved, format=shifted(f, a), rounding=rounding),
                run(name, *operands, format=f, rounding=rounding),
                name,
            )
        even = lf.from_codes(x.codes, shifted(f, 2 * a))
        for name, by in (("sqrt", a), ("rsqrt", -a)):
            assert_alike(
                run(name, even, format=shifted(f, by), rounding=rounding),
                run(name, x, format=f, rounding=rounding),
                name,
            )
        product = shifted(f, a + b)
        z = lf.from_codes(y.codes[::-1].copy(), f)
        assert_alike(
            run("fma", xs, ys, lf.from_codes(z.codes, product), format=product, rounding=rounding),
            run("fma", x, y, z, format=f, rounding=rounding),
            "fma",
        )


def test_scaleb_is_the_same_scaling() -> None:
    x = lf.from_codes(np.arange(256), "float8_e5m2")
    for n, rounding in itertools.product((-7, -1, 0, 1, 5), ROUNDINGS):
        moved = lf.from_codes(x.codes, shifted(x.format, -n))
        expected = moved.astype(x.format, rounding=rounding)
        assert lf.scaleb(x, n, rounding=rounding).codes.tolist() == expected.codes.tolist()


def in_order(fmt: lf.Format, step: int = 1) -> lf.Array:
    """The numbers of a format from the least to the greatest, infinities too."""
    codes = lf.from_codes(np.arange(0, 1 << fmt.width, step), fmt)
    codes = codes[~lf.is_nan(codes)]
    return codes[np.argsort(codes.to_numpy(np.float64), kind="stable")]


def never_decreases(values: np.ndarray) -> bool:
    values = values[~np.isnan(values)]
    return bool((values[1:] >= values[:-1]).all())


@pytest.mark.parametrize("rounding", ROUNDINGS)
@pytest.mark.parametrize("fmt", ["float6_e3m2fn", "e4m1", "binary6p3se", "e2m3fnu"])
def test_sums_and_products_are_monotonic(fmt: str, rounding: str) -> None:
    f = lf.format(fmt)
    x = in_order(f)
    for code in range(1 << f.width):
        y = lf.from_codes([code], f)
        value = float(lf.golden.decode(code, f))
        if math.isnan(value):
            continue
        for name in ("add", "multiply", "maximum", "minimum", "divide"):
            falls = name in ("multiply", "divide") and (value < 0 or y.codes[0] & f.sign_mask)
            found = FUNCTIONS[name](x, y, rounding=rounding).to_numpy(np.float64)
            assert never_decreases(-found if falls else found), (name, value)


@pytest.mark.parametrize("rounding", ROUNDINGS)
@pytest.mark.parametrize("name", RISING)
def test_rising_functions_never_fall(name: str, rounding: str) -> None:
    for fmt, step in (("float8_e4m3", 1), ("float8_e5m2", 1), ("bfloat16", 53)):
        x = in_order(lf.format(fmt), step)
        assert never_decreases(FUNCTIONS[name](x, rounding=rounding).to_numpy(np.float64))


@settings(max_examples=60)
@given(data=st.data())
def test_casts_of_any_format_are_monotonic_under_every_rounding(data: st.DataObject) -> None:
    source = data.draw(strategies.formats(max_width=9, extreme_bias=False))
    target = data.draw(strategies.formats(max_width=12, extreme_bias=False))
    x = lf.from_codes(np.arange(1 << source.width), source)
    if source.nan_code is not None:
        x = x[~lf.is_nan(x)]
    values = [lf.golden.decode(int(c), source) for c in x.codes]
    order = sorted(range(len(values)), key=lambda i: rank(values[i]))
    for rounding in ROUNDINGS:
        y = x.astype(
            target, rounding=rounding, saturation=data.draw(st.sampled_from(["none", "finite"]))
        )
        got = [lf.golden.decode(int(c), target) for c in y.codes[order]]
        ranks = [rank(v) for v in got if not v.is_nan]
        assert ranks == sorted(ranks)


def rank(value: lf.golden.Value) -> tuple[int, Any]:
    """A key that sorts values, infinities at the ends."""
    if value.is_infinite:
        return (-1 if value.sign else 1), 0
    return 0, value.signed


def test_planted_errors_break_the_laws(monkeypatch: pytest.MonkeyPatch) -> None:
    """A sum that loses its second operand's last bit, and a root that is one step off."""
    honest = FUNCTIONS["add"]

    def lossy(x: lf.Array, y: lf.Array, **keywords: Any) -> lf.Array:
        return honest(x, lf.from_codes(y.codes & 0xFE, y.format), **keywords)

    monkeypatch.setitem(FUNCTIONS, "add", lossy)
    with pytest.raises(AssertionError, match=r"add: \d+ differ"):
        test_operands_may_change_places("add", "float6_e3m2fn")
    monkeypatch.undo()
    root = FUNCTIONS["sqrt"]

    def off(x: lf.Array, **keywords: Any) -> lf.Array:
        result = root(x, **keywords)
        result.codes[x.codes == 17] ^= result.codes.dtype.type(x.format.bias == 4)
        return result

    monkeypatch.setitem(FUNCTIONS, "sqrt", off)
    with pytest.raises(AssertionError, match=r"sqrt: \d+ differ"):
        test_powers_of_two_only_scale("e3m2fnuz", "nearest_even")
