"""Formats to 64 bits: MPFR's leading 62 bits of a result decide every rounding, flag and policy.

MPFR computes toward zero with room for every exponent and says whether there is more; the integer
model's projection rounds that. Operands are numbers but zero: special values have tests of their own.
"""

from __future__ import annotations

from collections.abc import Sequence

import gmpy2
import integer_numbers
import integer_projection
import numpy as np
import pytest
from native_calls import assert_call, native_call, near_codes
from native_paths import PATHS
from strategies import ROUNDINGS, SATURATIONS

import lowfloat as lf
from lowfloat.engine.sources import code_dtype

#: gmpy2's names, or functions of its context, and how many operands.
OPERATIONS = {
    "add": ("add", 2), "subtract": ("sub", 2), "multiply": ("mul", 2), "divide": ("div", 2),
    "sqrt": ("sqrt", 1), "rsqrt": ("rec_sqrt", 1), "hypot": ("hypot", 2), "fma": ("fma", 3),
    "remainder": ("remainder", 2), "fmod": ("fmod", 2), "convert": ("plus", 1),
    "faa": ("faa", 3), "reciprocal": ("reciprocal", 1),
}  # fmt: skip
FORMATS = (
    "float64", "e10m41", "e11m30", "e8m40", "e5m50", "e2m52", "e9m33u", "e7m36fnuz", "float32",
    "e11m12", "e8m30b200",
)  # fmt: skip
LEADING = gmpy2.context(precision=62, emax=1 << 40, emin=-(1 << 40), round=gmpy2.RoundToZero)
#: Long enough for any sum of numbers of these formats.
SUMS = gmpy2.context(LEADING, precision=9000)
#: What gmpy2 does not have.
OWN = {
    "faa": lambda x, y, z: LEADING.plus(SUMS.add(SUMS.add(x, y), z)),
    "reciprocal": lambda x: LEADING.div(1, x),
}
WIDE = gmpy2.context(precision=64, emax=1 << 40, emin=-(1 << 40))


def numbers(codes: np.ndarray, fmt: lf.Format) -> list[gmpy2.mpfr]:
    """The exact values of codes that are numbers but zero; None for others."""
    x = integer_numbers.decode(codes, fmt)
    found = []
    with WIDE:
        for kind, sign, significand, exponent in zip(
            x.kind.tolist(), x.sign.tolist(), x.significand.tolist(), x.exponent.tolist(),
            strict=True,
        ):  # fmt: skip
            value = gmpy2.mul_2exp(gmpy2.mpfr(significand), exponent) if exponent > 0 else (
                gmpy2.div_2exp(gmpy2.mpfr(significand), -exponent)
            )  # fmt: skip
            found.append((-value if sign else value) if kind == integer_numbers.NUMBER else None)
    return found


def exact_results(
    operation: str, columns: Sequence[np.ndarray], formats: Sequence[lf.Format]
) -> tuple[np.ndarray, integer_numbers.Numbers]:
    """The rows with a result that is a number but zero, and these results to 62 bits."""
    function = OWN.get(operation) or getattr(LEADING, OPERATIONS[operation][0])
    places, rows = [], []
    operands = [numbers(c, f) for c, f in zip(columns, formats, strict=True)]
    for place, row in enumerate(zip(*operands, strict=True)):
        if None in row or (operation in ("sqrt", "rsqrt") and row[0] < 0):
            continue
        v = function(*row)
        if not v:
            continue
        significand, exponent = v.as_mantissa_exp()
        places.append(place)
        rows.append((v.is_signed(), int(abs(significand)), int(exponent), v.rc != 0))
    signs, significands, exponents, rests = zip(*rows, strict=True)
    x = integer_numbers.exactly(
        np.array(signs), np.array(significands, np.uint64), np.array(exponents), np.array(rests)
    )
    x.significand, x.exponent = integer_numbers.normalised(x, 62)
    return np.array(places), x


def drawn_projection(rng: np.random.Generator, fmt: lf.Format) -> lf.Projection:
    """Any rounding, with as many random bits as 62 leave; any saturation, tininess and flushing."""
    rounding = str(rng.choice(ROUNDINGS))
    room = 62 - fmt.precision - 3
    if rng.random() < 0.25:
        rounding = lf.Stochastic(int(rng.integers(1, room + 1)), str(rng.choice(list("ABC"))))
    policy = lf.Policy(
        tininess=str(rng.choice(["after", "before", "zero"])), ftz=bool(rng.random() < 0.15),
        nan=str(rng.choice(["canonical", "first"])),
    )  # fmt: skip
    return lf.Projection(rounding, str(rng.choice(SATURATIONS)), policy)


def assert_wide(operation: str, name: str, count: int, seed: int, projections: int) -> None:
    """One drawing of operands, of one format or of several, under many projections."""
    rng = np.random.default_rng([seed, len(operation), FORMATS.index(name)])
    formats = [lf.format(name)] * OPERATIONS[operation][1]
    if seed % 2:
        formats = [lf.format(str(rng.choice(FORMATS))) for _ in formats]
    fmt = lf.format(name)
    columns = [near_codes(rng, f, count) for f in formats]
    places, exact = exact_results(operation, columns, formats)
    kept = [c[places] for c in columns]
    assert places.size >= min(count // 8, 200)
    for _ in range(projections):
        projection = drawn_projection(rng, fmt)
        bits = None
        if projection.stochastic:
            top = (1 << projection.stochastic.drawn_bits) - 1
            bits = rng.integers(0, top, places.size, np.uint64, endpoint=True)
        codes, flags = integer_projection.project(exact, fmt, projection, bits)
        call = native_call(operation, kept, formats, fmt, projection, bits)
        assert_call(call, codes.astype(code_dtype(fmt)), flags, PATHS)


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("name", FORMATS)
def test_wide_formats(name: str, operation: str) -> None:
    assert_wide(operation, name, 400, 0, 6)
    assert_wide(operation, name, 400, 1, 6)


@pytest.mark.exhaustive
@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("name", FORMATS)
def test_wide_formats_at_length(name: str, operation: str) -> None:
    for seed in range(2, 6):
        assert_wide(operation, name, 20_000, seed, 20)


def test_planted_errors_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another operation, a result that MPFR rounded to nearest first, a rest that is forgotten."""
    with monkeypatch.context() as patched:
        patched.setitem(OPERATIONS, "add", ("sub", 2))
        with pytest.raises(AssertionError, match="differ"):
            assert_wide("add", "float64", 200, 0, 1)
    with monkeypatch.context() as patched:
        nearest = gmpy2.context(LEADING, round=gmpy2.RoundUp)
        patched.setitem(globals(), "LEADING", nearest)
        with pytest.raises(AssertionError, match="differ"):
            assert_wide("divide", "e5m50", 3000, 0, 12)
