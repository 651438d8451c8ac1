"""A second model of sums, in fractions: finite numbers only, written from the rules alone.

It shares no line with lowfloat.golden: numbers come from floats, and lists are sorted where golden
counts. Signs of zeros are left out; an overflow is an error.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any, NamedTuple

import lowfloat as lf
from lowfloat.accumulators import Accumulator, Exact, FixedPoint, Fused, Interleaved, LateStart


class Overflow(Exception):
    """A rounded number is beyond its format."""


class Factor(NamedTuple):
    """A number, and the lowest exponent of its format; None for integers without one."""

    x: Fraction
    lowest: int | None

    @property
    def exponent(self) -> int | None:
        """Of rule G-10."""
        if not self.x:
            return None
        e = exponent(self.x)
        return e if self.lowest is None else max(e, self.lowest)


def exponent(x: Fraction) -> int:
    """floor(log2 |x|)."""
    e = abs(x.numerator).bit_length() - x.denominator.bit_length()
    return e if abs(x) >= Fraction(2) ** e else e - 1


def to_integer(q: Fraction, mode: str) -> int:
    """q rounded to an integer."""
    down = math.floor(q)
    if q == down:
        return down
    return {
        "nearest_even": round(q),
        "nearest_away": math.floor(abs(q) + Fraction(1, 2)) * (1 if q > 0 else -1),
        "toward_zero": math.trunc(q),
        "toward_negative": down,
        "toward_positive": down + 1,
        "away_from_zero": down + (q > 0),
        "to_odd": down if down % 2 else down + 1,
    }[mode]


def rounded(x: Fraction, fmt: lf.Format, mode: str) -> Fraction:
    """x in a format with gradual underflow."""
    if not x:
        return x
    unit = Fraction(2) ** (max(exponent(x), 1 - fmt.bias) - fmt.mantissa_bits)
    made = to_integer(x / unit, mode) * unit
    if abs(made) > Fraction(lf.finfo(fmt).max):
        raise Overflow
    return made


def in_order(order: Any, count: int) -> list[int]:
    if isinstance(order, Interleaved):
        return sorted(range(count), key=lambda k: (k // order.width % order.n, k))
    return sorted(range(count), reverse=order == "reversed")


def parts(acc: lf.accumulators.Grouped, count: int) -> list[list[int]]:
    """The groups of rule G-14."""
    if acc.by == "lanes":
        keys = [k // acc.width % acc.n for k in range(count)]
    else:
        length = acc.n if acc.by == "chunks" else -(-count // acc.n)
        keys = [k // length for k in range(count)]
    return [[k for k in range(count) if keys[k] == key] for key in sorted(set(keys))]


Term = list[Factor]


def value(term: Term) -> Fraction:
    return math.prod((f.x for f in term), start=Fraction(1))


def total(acc: Any, terms: list[Term], start: Factor | None) -> Factor:
    """The sum of terms, each two factors and its scales."""
    c = start.x if start else Fraction(0)
    if isinstance(acc, Exact):
        s = c + sum(map(value, terms))
        if acc.format is None:
            return Factor(s, None)
        return Factor(rounded(s, acc.format, acc.rounding), 1 - acc.format.bias)
    if isinstance(acc, FixedPoint):
        return Factor(fixed(acc, terms, c), None)
    if isinstance(acc, Fused):
        return fused(acc, terms, start)
    if isinstance(acc, Accumulator):
        return Factor(stepwise(acc, terms, c), 1 - acc.format.bias)
    sums = []
    for group in parts(acc, len(terms)):
        members = [terms[k] for k in group]
        if acc.scaling is None:
            sums.append([total(acc.inner, members, None), Factor(Fraction(1), None)])
        else:
            s = total(acc.inner, [term[:2] for term in members], None)
            sums.append(scaled(acc.scaling, s, members[0][2:]))
    return total(acc.outer, sums, start)


def scaled(scaling: Any, s: Factor, scales: Term) -> Term:
    """Rule G-19."""
    one = Factor(Fraction(1), None)
    if not scales or scaling.format is None:
        return [s, one, *scales]
    lowest = 1 - scaling.format.bias

    def p(x: Fraction) -> Factor:
        return Factor(rounded(x, scaling.format, scaling.rounding), lowest)

    if scaling.first == "scales":
        return [s, one, p(value(scales))]
    return [p(s.x * scales[0].x), one, *scales[1:]]


def stepwise(acc: Accumulator, terms: list[Term], c: Fraction) -> Fraction:
    def r(x: Fraction) -> Fraction:
        return rounded(x, acc.format, acc.rounding)

    def product(term: Term) -> Fraction:
        if acc.product is None:
            return value(term)
        a, b = term[0].x, term[1].x
        x = a * b
        if x and acc.product.method == "power_of_two":
            near = Fraction(2) ** exponent(b)
            x = (2 if abs(b) * 2 >= 3 * near else 1) * near * abs(a) * (1 if x > 0 else -1)
        elif x and acc.product.method == "integer_add":
            e, f = split(a)
            g, h = split(b)
            size = (1 + f + h) if f + h < 1 else 2 * (f + h)
            x = size * Fraction(2) ** (e + g) * (1 if x > 0 else -1)
        x *= value(term[2:])
        return (
            x
            if acc.product.format is None
            else rounded(x, acc.product.format, acc.product.rounding)
        )

    s = rounded(c, acc.format, "nearest_even")
    products = [product(t) for t in terms]
    if acc.order == "pairwise":
        level = products
        while len(level) > 1:
            pairs = [level[i : i + 2] for i in range(0, len(level), 2)]
            level = [r(sum(p)) if len(p) == 2 else p[0] for p in pairs]
        return r(level[0] + s) if level else s
    e = Fraction(0)
    for k in in_order(acc.order, len(terms)):
        t = products[k]
        if acc.compensation == "kahan":
            y = r(t - e)
            z = r(s + y)
            e = r(r(z - s) - y)
            s = z
        elif acc.compensation == "neumaier":
            y = r(t)
            z = r(s + y)
            big, small = (s, y) if abs(s) >= abs(y) else (y, s)
            e = r(e + r(r(big - z) + small))
            s = z
        else:
            s = r(s + t)
    return r(s + e) if acc.compensation == "neumaier" and terms else s


def split(x: Fraction) -> tuple[int, Fraction]:
    e = exponent(x)
    return e, abs(x) / Fraction(2) ** e - 1


def fixed(acc: FixedPoint, terms: list[Term], c: Fraction) -> Fraction:
    unit, half = Fraction(2) ** acc.lsb, 1 << (acc.bits - 1)
    s = 0
    for x in [c, *(value(terms[k]) for k in in_order(acc.order, len(terms)))]:
        q = x / unit
        assert q.denominator == 1
        s += q.numerator
        if acc.overflow == "wrap":
            s = (s + half) % (2 * half) - half
        else:
            s = max(-half, min(half - 1, s))
    return s * unit


def cut(x: Fraction, e: int | None, bits: int | None, mode: str) -> Fraction:
    if bits is None or e is None:
        return x
    unit = Fraction(2) ** (e - bits)
    return to_integer(x / unit, mode) * unit


def top(exponents: list[int | None], least: int | None = None) -> int | None:
    known = [e for e in exponents if e is not None]
    return max([*known, *([] if least is None else [least])]) if known else None


def fused(acc: Fused, terms: list[Term], start: Factor | None) -> Factor:
    order = in_order(acc.order, len(terms))
    if isinstance(acc.order, Interleaved):
        lane = {k: k // acc.order.width % acc.order.n for k in order}
        lanes = [[k for k in order if lane[k] == n] for n in range(acc.order.n)]
    else:
        lanes = [order]
    blocks = [ks[i : i + acc.terms] for ks in lanes for i in range(0, len(ks), acc.terms)]
    lowest = 1 - acc.format.bias
    s = start or Factor(Fraction(0), lowest)
    for ks in blocks:
        block = [terms[k] for k in ks]
        s = Factor(rounded(block_sum(acc, block, s), acc.format, acc.rounding), lowest)
    return s


class Addend(NamedTuple):
    x: Fraction
    exponent: int | None
    scales: int


def addend(term: Term, aligned_zeros: bool) -> Addend:
    exponents = [f.exponent for f in term]
    if aligned_zeros:
        exponents = [
            (f.lowest or 0) if e is None else e for f, e in zip(term, exponents, strict=True)
        ]
    whole = None if None in exponents else sum(exponents)  # type: ignore[arg-type]
    return Addend(value(term), whole, sum(e for e in exponents[2:] if e is not None))


def block_sum(acc: Fused, block: list[Term], s: Factor) -> Fraction:
    addends = [addend(t, acc.zeros == "aligned") for t in block]
    if acc.addition == "sorted":
        return one_by_one(acc, [a.x for a in addends], s.x)
    if acc.subsums is not None:
        addends = subsums(acc.subsums, addends)
    e_s = s.exponent
    if acc.zeros == "aligned" and e_s is None:
        e_s = s.lowest or 0
    e_block = top([a.exponent for a in addends], acc.minimum_exponent)
    if not isinstance(acc.start, LateStart):
        e = top([e_s, *(a.exponent for a in addends)], acc.minimum_exponent)
        everything = [*(a.x for a in addends), s.x]
        return sum((cut(x, e, acc.fraction_bits, acc.alignment) for x in everything), Fraction(0))
    late = acc.start
    if e_block is None:
        return s.x
    inner = sum((cut(a.x, e_block, acc.fraction_bits, acc.alignment) for a in addends), Fraction(0))
    out = e_s is None or (late.cutoff is not None and e_s < e_block - late.cutoff)
    e = e_block if out else max(e_block, e_s)  # type: ignore[type-var]
    joined = cut(inner, e, late.sum_bits, late.alignment)
    return joined if out else joined + cut(s.x, e, late.start_bits, late.alignment)


def subsums(how: Any, addends: list[Addend]) -> list[Addend]:
    count = len(addends)
    keys = [k % how.n if how.by == "lanes" else k // how.n for k in range(count)]
    made = []
    for key in sorted(set(keys)):
        mine = [a for k, a in enumerate(addends) if keys[k] == key]
        e = top([a.exponent for a in mine])
        x = sum((cut(a.x, e, how.fraction_bits, how.alignment) for a in mine), Fraction(0))
        if how.exponent == "scales":
            e = top([None if a.exponent is None else a.scales for a in mine])
        made.append(Addend(x, e, 0))
    return made


def one_by_one(acc: Fused, xs: list[Fraction], s: Fraction) -> Fraction:
    made = Fraction(0)
    for x in sorted([*xs, s], key=abs, reverse=True):
        made += x
        if made:
            made = cut(made, exponent(made), acc.fraction_bits, acc.alignment)
    return made
