"""Hypothesis strategies for accumulators of every kind, and for the terms they sum."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from hypothesis import strategies as st
from strategies import SATURATIONS, codes, deterministic, formats, stochastic
from strategies import quirky_policies as policies

import lowfloat as lf
from lowfloat.accumulators import (
    Accumulator,
    Exact,
    FixedPoint,
    Fused,
    Grouped,
    Interleaved,
    LateStart,
    Product,
    Scaling,
    Subsums,
)
from lowfloat.accumulators.grouped import outermost
from lowfloat.accumulators.kinds import TERM_BITS
from lowfloat.engine.sources import code_dtype


def roundings() -> st.SearchStrategy:
    """Any rounding, to nearest even often."""
    return st.just("nearest_even") | deterministic() | stochastic(20)


def number_formats(max_width: int = 20) -> st.SearchStrategy[lf.Format]:
    """Formats that a sum can start in."""
    return formats(max_width=max_width, extreme_bias=False).filter(lambda f: f.zero)


def orders(pairwise: bool) -> st.SearchStrategy:
    """Any order."""
    named = ["sequential", "reversed", *(["pairwise"] if pairwise else [])]
    return st.sampled_from(named) | st.builds(Interleaved, st.integers(1, 4), st.integers(1, 3))


def products(fmt: lf.Format) -> st.SearchStrategy[Product | None]:
    """No product record, an approximate product, or one that is rounded."""
    narrower = number_formats(16).filter(
        lambda p: p.precision <= fmt.precision and p.emax <= fmt.emax
    )
    methods = st.sampled_from(["exact", "integer_add", "power_of_two"])
    rounded = st.builds(
        Product, narrower, roundings(), st.sampled_from(SATURATIONS), policies(), methods
    )
    return st.none() | st.builds(Product, method=methods) | rounded


@st.composite
def rounded(draw: st.DrawFn) -> Accumulator:
    """Any rounded accumulator."""
    fmt = draw(number_formats(draw(st.sampled_from([20, 20, 64]))))
    compensation = draw(st.sampled_from([None, None, "kahan", "neumaier"]))
    return Accumulator(
        fmt,
        draw(roundings()),
        draw(st.sampled_from(SATURATIONS)),
        draw(st.just(lf.Policy()) | policies()),
        draw(products(fmt)),
        draw(orders(compensation is None)),
        compensation,
    )


@st.composite
def exact(draw: st.DrawFn, with_format: bool = False) -> Exact:
    """Any exact accumulator."""
    if not with_format and draw(st.booleans()):
        return Exact(policy=lf.Policy(daz=draw(st.booleans())))
    return Exact(
        draw(number_formats()),
        draw(roundings()),
        draw(st.sampled_from(SATURATIONS)),
        draw(policies()),
    )


def _bits() -> st.SearchStrategy[int | None]:
    return st.none() | st.integers(0, 30) | st.integers(0, 96)


@st.composite
def fused(draw: st.DrawFn) -> Fused:
    """Any fused accumulator."""
    addition = draw(st.sampled_from(["aligned", "aligned", "aligned", "sorted"]))
    subsums, start, fraction = None, "early", draw(_bits())
    if addition == "sorted":
        fraction = draw(st.integers(0, 96))
    else:
        if draw(st.booleans()):
            bits = draw(_bits())
            exponent = draw(st.sampled_from(["terms", "scales"])) if bits is None else "terms"
            by = draw(st.sampled_from(["runs", "lanes"]))
            subsums = Subsums(draw(st.integers(1, 5)), by, bits, draw(deterministic()), exponent)
        if draw(st.booleans()):
            cutoff = draw(st.none() | st.integers(1, 30))
            late_bits = st.integers(0, 40)
            start = LateStart(draw(late_bits), draw(late_bits), draw(deterministic()), cutoff)
    cut = fraction is not None or start != "early"
    return Fused(
        draw(number_formats(24)),
        draw(st.integers(1, 9)),
        fraction,
        draw(roundings()),
        draw(st.sampled_from(SATURATIONS)),
        draw(st.just(lf.Policy()) | policies()),
        alignment=draw(deterministic()),
        minimum_exponent=draw(st.none() | st.integers(-40, 20)) if cut else None,
        zeros=draw(st.sampled_from(["excluded", "aligned"])) if cut else "excluded",
        addition=addition,
        subsums=subsums,
        start=start,
        order=draw(orders(False)),
    )


@st.composite
def fixed_point(draw: st.DrawFn, lowest: int) -> FixedPoint:
    """A fixed-point accumulator that holds multiples of 2^lowest."""
    return FixedPoint(
        draw(st.integers(2, 64)),
        lowest - draw(st.sampled_from([0, 0, 1, 17])),
        draw(st.sampled_from(["wrap", "saturate"])),
        draw(orders(False)),
    )


def _lowest(fmt: lf.Format) -> int:
    return fmt.emin - fmt.mantissa_bits


@st.composite
def accumulators(draw: st.DrawFn, lowest: int, start: int | None, depth: int = 2) -> Any:
    """Any accumulator for terms that are multiples of 2^lowest, and starts of 2^start."""
    kind = draw(st.sampled_from(["rounded", "rounded", "exact", "fixed", "fused", "grouped"]))
    if kind == "rounded":
        return draw(rounded())
    if kind == "fused":
        return draw(fused())
    if kind == "fixed":
        return draw(fixed_point(min(lowest, lowest if start is None else start)))
    if kind == "exact" or depth == 0:
        return draw(exact())
    inner = draw(accumulators(lowest, None, depth - 1))
    if inner.format is None and not isinstance(outermost(inner), FixedPoint):
        inner = draw(exact(with_format=True))
    last = outermost(inner)
    below = last.lsb if isinstance(last, FixedPoint) else _lowest(last.format)
    outer = draw(accumulators(below, start, depth - 1))
    by = draw(st.sampled_from(["chunks", "split", "lanes"]))
    width = draw(st.integers(1, 3)) if by == "lanes" else 1
    return Grouped(inner, outer, by, draw(st.integers(1, 5)), width)


def scalings() -> st.SearchStrategy[Scaling]:
    """Any scaling."""
    rounded = st.builds(
        Scaling, formats(max_width=20, extreme_bias=False), deterministic(),
        st.sampled_from(SATURATIONS), policies(), st.sampled_from(["scales", "sum"]),
    )  # fmt: skip
    return st.just(Scaling()) | st.just(Scaling("float32")) | rounded


@st.composite
def scaled(draw: st.DrawFn, block: int, lowest: int, scale: list[lf.Format]) -> Any:
    """Groups of products whose sums are scaled, perhaps within other groups.

    ``block`` is the number of terms that share their scales.
    """
    scaling = draw(scalings())
    kinds = [exact(with_format=True), rounded(), fused(), fixed_point(lowest)]
    inner = draw(st.one_of(kinds))
    below = inner.lsb if isinstance(inner, FixedPoint) else _lowest(inner.format)
    factors = list(scale)
    if scaling.format is not None:
        factors = [scaling.format] if scaling.first == "scales" else factors[1:]
        below = _lowest(scaling.format) if scaling.first == "sum" else below
    below += sum(map(_lowest, factors))
    outer = draw(st.one_of(exact(with_format=True), rounded(), fused(), fixed_point(below)))
    n = draw(st.sampled_from([d for d in range(1, block + 1) if block % d == 0]))
    acc = Grouped(inner, outer, "chunks", n, scaling=scaling)
    around = draw(st.sampled_from(["none", "none", "chunks", "pairwise"]))
    if around == "chunks" and outer.format is not None:
        return Grouped(acc, draw(rounded()), "chunks", block)
    if around == "pairwise":
        tree = Accumulator(draw(number_formats()), draw(roundings()), order="pairwise")
        return Grouped(inner, Grouped(tree, draw(rounded()), n=2), n=n, scaling=scaling)
    return acc


class Case(NamedTuple):
    """A whole call: operands, start, scales, accumulator, result."""

    x: lf.Array
    y: lf.Array
    c: lf.Array | None
    scales: tuple[lf.Array | None, lf.Array | None] | None
    accumulator: Any
    format: lf.Format
    projection: lf.Projection


#: A call that is not to be refused for what its exact products have too many bits for.
SHORT = 14


def arrays(draw: st.DrawFn, fmt: lf.Format, shape: tuple[int, ...]) -> lf.Array:
    """Codes of a format; numbers of the middle binades often, so that sums are not all special."""
    count = int(np.prod(shape))
    if draw(st.integers(0, 3)):
        seed = draw(st.integers(0, 1 << 20))
        rng = np.random.default_rng(seed)
        values = rng.standard_normal(count) * 2.0 ** rng.integers(-6, 6, count)
        with lf.context(saturation="finite"):
            middle = lf.cast(values * (rng.random(count) > 0.1), fmt)
        return middle.reshape(shape)
    drawn = [draw(codes(fmt)) for _ in range(count)]
    return lf.Array(np.array(drawn, code_dtype(fmt)).reshape(shape), fmt)


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Any call of lf.matmul with results of a few elements."""
    width = draw(st.sampled_from([16, 16, 16, 64]))
    a, b = (draw(formats(max_width=width, extreme_bias=False)) for _ in range(2))
    m, n, k = draw(st.integers(1, 2)), draw(st.integers(1, 2)), draw(st.integers(0, 12))
    x, y = arrays(draw, a, (m, k)), arrays(draw, b, (k, n))
    lowest, scales = _lowest(a) + _lowest(b), None
    room = a.precision + b.precision <= TERM_BITS - 2 * 9
    if k and room and draw(st.integers(0, 3)) == 0:
        s = draw(formats(max_width=9, extreme_bias=False))
        blocks = draw(st.sampled_from([d for d in range(1, k + 1) if k % d == 0]))
        first = arrays(draw, s, (m, blocks)) if draw(st.booleans()) else None
        scales = first, arrays(draw, s, (blocks, n))
        lowest += _lowest(s) * (1 + (first is not None))
    c, start = None, None
    if draw(st.booleans()):
        f = draw(number_formats(24))
        c, start = arrays(draw, f, (m, n)), _lowest(f)
    acc = draw(accumulators(lowest, start))
    projection = lf.Projection(
        draw(roundings()), draw(st.sampled_from(SATURATIONS)), draw(policies())
    )
    return Case(x, y, c, scales, acc, draw(formats(max_width=32)), projection)


@st.composite
def scaled_cases(draw: st.DrawFn) -> Case:
    """Any call whose block scales multiply the sums of groups."""
    a, b = (draw(formats(max_width=SHORT, extreme_bias=False)) for _ in range(2))
    s = [draw(formats(max_width=SHORT, extreme_bias=False)) for _ in range(2)]
    m, n, blocks = draw(st.integers(1, 2)), draw(st.integers(1, 4)), draw(st.integers(1, 3))
    block = draw(st.integers(1, 4))
    k = blocks * block
    which = draw(st.sampled_from([(True, True), (True, True), (True, False), (False, True)]))
    columns = draw(st.sampled_from([d for d in (1, 2, 4) if n % d == 0]))
    pair = (
        arrays(draw, s[0], (draw(st.sampled_from([1, m])), blocks)) if which[0] else None,
        arrays(draw, s[1], (blocks, columns)) if which[1] else None,
    )
    given = [fmt for fmt, one in zip(s, which, strict=True) if one]
    acc = draw(scaled(block, _lowest(a) + _lowest(b), given))
    c = None
    if not isinstance(acc.outer, FixedPoint) and draw(st.booleans()):
        c = arrays(draw, draw(number_formats(16)), (m, n))
    projection = lf.Projection(draw(roundings()), draw(st.sampled_from(SATURATIONS)))
    return Case(
        arrays(draw, a, (m, k)), arrays(draw, b, (k, n)), c, pair, acc,
        draw(formats(max_width=24)), projection,
    )  # fmt: skip


def run(case: Case, **keywords: Any) -> lf.Array:
    """The call."""
    p = case.projection
    return lf.matmul(
        case.x, case.y, c=case.c, scales=case.scales, accumulator=case.accumulator,
        format=case.format, rounding=p.rounding, saturation=p.saturation, policy=p.policy,
        **keywords,
    )  # fmt: skip
