"""Sums of products in any accumulator: rules G-1 to G-17 of spec/semantics.md."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import reduce as fold

from lowfloat.accumulators.fused import Fused
from lowfloat.accumulators.grouped import Grouped, Scaling
from lowfloat.accumulators.kinds import Accumulator, Exact, FixedPoint, Kind, unwrapped
from lowfloat.accumulators.orders import indices
from lowfloat.exception_flags import INEXACT, INVALID, OVERFLOW
from lowfloat.formats import Format
from lowfloat.golden.decoding import decode
from lowfloat.golden.fused_blocks import fused
from lowfloat.golden.on_codes import DEFAULT, Outcome, Result, exact_zero_sign
from lowfloat.golden.projecting import default_nan
from lowfloat.golden.terms import (
    ONE,
    Number,
    Start,
    Steps,
    Term,
    coded,
    read_number,
    special_sum,
    term,
)
from lowfloat.golden.values import Value
from lowfloat.projection import Policy, Projection, make_projection

NO_BITS: tuple[int, ...] = ()


def dot(
    a: Sequence[int],
    b: Sequence[int],
    *,
    formats: tuple[Format, Format],
    format: Format,
    accumulator: Kind,
    projection: Projection = DEFAULT,
    c: tuple[int, Format] | None = None,
    scales: Sequence[Sequence[tuple[int, Format]]] | None = None,
    random_bits: Sequence[int] = NO_BITS,
) -> Result:
    """The sum of products of two rows of codes, and its flags. Rules G-1 to G-17.

    ``c`` is a code and its format, ``scales`` has the scales of each term as such pairs, and
    ``random_bits`` has one entry for each of the S roundings of rule G-17.

    Raises
    ------
    ValueError
        If the number of random bits is not S, or the terms are not on a fixed-point grid.

    Examples
    --------
    >>> import lowfloat as lf
    >>> f = lf.float8_e4m3fn
    >>> lf.golden.dot([0x38, 0x40], [0x38, 0x7E], formats=(f, f), format=lf.bfloat16,
    ...               accumulator=lf.Accumulator("bfloat16"))
    (17504, 1)
    """
    factors = [
        [(x, formats[0]), (y, formats[1]), *(scales[k] if scales else ())]
        for k, (x, y) in enumerate(zip(a, b, strict=True))
    ]
    return reduction(factors, c, format, accumulator, projection, random_bits)


def sum(
    x: Sequence[int],
    *,
    formats: tuple[Format],
    format: Format,
    accumulator: Kind,
    projection: Projection = DEFAULT,
    c: tuple[int, Format] | None = None,
    random_bits: Sequence[int] = NO_BITS,
) -> Result:
    """The sum of a row of codes, and its flags. Rules G-1 to G-17.

    Examples
    --------
    >>> import lowfloat as lf
    >>> f = lf.float8_e5m2
    >>> lf.golden.sum([0x3C] * 9, formats=(f,), format=f, accumulator=lf.Accumulator(f))
    (72, 1)
    """
    factors = [[(code, formats[0]), ONE] for code in x]
    return reduction(factors, c, format, accumulator, projection, random_bits)


def reduction(
    factors: list[list[tuple[int, Format]]],
    c: tuple[int, Format] | None,
    format: Format,
    accumulator: Kind,
    projection: Projection,
    random_bits: Sequence[int],
) -> Result:
    """The projected sum of terms that are given by their factors. Rule G-15."""
    accumulator = unwrapped(accumulator)
    drawn = projection.stochastic is not None
    needed = accumulator.draws(len(factors)) + drawn
    if len(random_bits) != needed:
        raise ValueError(f"{needed} random bits are needed, not {len(random_bits)} (rule G-17)")
    steps = Steps(random_bits)
    terms = [Term([coded(*factor) for factor in term]) for term in factors]
    number = total(accumulator, terms, Start(c), steps, projection)
    code = steps.convert(number, format, projection)
    return code, steps.flags


def total(acc: Kind, terms: list[Term], start: Start, steps: Steps, final: Projection) -> Number:
    """The sum of terms in one accumulator; ``final`` projects an exact one."""
    match acc:
        case Accumulator(order="pairwise"):
            return pairwise(acc, terms, start, steps)
        case Accumulator(compensation="kahan"):
            return kahan(acc, terms, start, steps)
        case Accumulator(compensation="neumaier"):
            return neumaier(acc, terms, start, steps)
        case Accumulator():
            return rounded(acc, terms, start, steps)
        case Exact():
            return exact(acc, terms, start, steps, final)
        case FixedPoint():
            return fixed_point(acc, terms, start, steps)
        case Fused():
            return fused(acc, terms, start, steps)
        case Grouped():
            return grouped(acc, terms, start, steps, final)
        case _:
            raise TypeError(f"no accumulator: {acc!r}")


def converted_start(acc: Accumulator, start: Start, steps: Steps) -> Value:
    """c in the accumulator's format, to nearest even. Rule G-2."""
    if start.is_default:
        return Value("finite")
    nearest = make_projection("nearest_even", acc.saturation, acc.policy)
    code = steps.convert(start.number, acc.format, nearest)
    return decode(code, acc.format)


def added(acc: Accumulator, k: Term, steps: Steps) -> Outcome:
    """What is added for a term: its value, or the product rounded first. Rules G-1 and G-4."""
    product = acc.product
    policy = (product or acc).projection.policy
    method = product.method if product else "exact"
    outcome = term(k, policy, method, steps)
    if product is None or product.format is None:
        return outcome
    p = steps.project(outcome, product.format, product.projection)
    return read_number(Number(p, product.format), acc.projection.policy)


def rounded(acc: Accumulator, terms: list[Term], start: Start, steps: Steps) -> Number:
    """Every addition is projected. Rule G-3."""
    s = converted_start(acc, start, steps)
    for k in indices(acc.order, len(terms)):
        s = steps.add(added(acc, terms[k], steps), steps.again(s, acc), acc)
    return Number(s, acc.format)


def pairwise(acc: Accumulator, terms: list[Term], start: Start, steps: Steps) -> Number:
    """Neighbours are added until one number is left. Rule G-5."""
    s = converted_start(acc, start, steps)
    level: list[Outcome] = [added(acc, t, steps) for t in terms]
    while len(level) > 1:
        pairs = zip(level[0::2], level[1::2], strict=False)
        sums: list[Outcome] = [steps.again(steps.add(x, y, acc), acc) for x, y in pairs]
        level = sums + level[len(level) // 2 * 2 :]
    for root in level:
        s = steps.add(root, steps.again(s, acc), acc)
    return Number(s, acc.format)


def kahan(acc: Accumulator, terms: list[Term], start: Start, steps: Steps) -> Number:
    """Kahan's sum, every operation projected. Rule G-6."""
    s, e = converted_start(acc, start, steps), Value("finite")
    for k in indices(acc.order, len(terms)):
        t = added(acc, terms[k], steps)
        y = steps.subtract(t, steps.again(e, acc), acc)
        z = steps.add_numbers(s, y, acc)
        d = steps.subtract_numbers(z, s, acc)
        e = steps.subtract_numbers(d, y, acc)
        s = z
    return Number(s, acc.format)


def neumaier(acc: Accumulator, terms: list[Term], start: Start, steps: Steps) -> Number:
    """Neumaier's sum, every operation projected. Rule G-6."""
    s, e = converted_start(acc, start, steps), Value("finite")
    for k in indices(acc.order, len(terms)):
        y = steps.project(added(acc, terms[k], steps), acc.format, acc.projection)
        z = steps.add_numbers(s, y, acc)
        larger, smaller = (s, y) if not_smaller(s, y, acc, steps) else (y, s)
        d = steps.subtract_numbers(larger, z, acc)
        e = steps.add_numbers(e, steps.add_numbers(d, smaller, acc), acc)
        s = z
    if terms:
        s = steps.add_numbers(s, e, acc)
    return Number(s, acc.format)


def not_smaller(x: Value, y: Value, acc: Accumulator, steps: Steps) -> bool:
    """Whether \\|x\\| >= \\|y\\|, as rule K-1 reads and compares them."""
    if x.is_nan or y.is_nan:
        return False
    if x.is_infinite or y.is_infinite:
        return x.is_infinite
    return steps.again(x, acc).magnitude >= steps.again(y, acc).magnitude


def exact(acc: Exact, terms: list[Term], start: Start, steps: Steps, final: Projection) -> Number:
    """c and all terms, added as they are. Rule G-7."""
    projection = final if acc.format is None else acc.projection
    policy = acc.projection.policy
    values = [read_number(start.number, policy), *(term(t, policy, "exact", steps) for t in terms)]
    outcome = exact_total(values, projection, steps)
    if acc.format is None:
        return Number(outcome, None)
    return Number(steps.project(outcome, acc.format, projection), acc.format)


def exact_total(values: Sequence[Outcome], projection: Projection, steps: Steps) -> Value:
    """The exact sum of values that may be special. Rules G-7 and G-9."""
    special = special_sum(values, projection, steps)
    if special is not None:
        return special
    numbers = [v for v in values if isinstance(v, Value)]
    amount = fold(lambda x, v: x + v.signed, numbers, Fraction(0))
    if amount:
        return Value("finite", int(amount < 0), abs(amount))
    signs = {v.sign for v in numbers if v.is_zero}
    if len(signs) == 1 and all(v.is_zero for v in numbers):
        return Value("finite", signs.pop())
    return Value("finite", exact_zero_sign(projection))


def fixed_point(acc: FixedPoint, terms: list[Term], start: Start, steps: Steps) -> Number:
    """Two's complement. Rules G-8 and G-9."""
    policy = Policy()
    values: list[Outcome] = [read_number(start.number, policy)]
    values += [term(terms[k], policy, "exact", steps) for k in indices(acc.order, len(terms))]
    special = special_sum(values, DEFAULT, steps)
    if special is not None:
        steps.flags |= INVALID
        return Number(default_nan(DEFAULT), None)
    unit, half = Fraction(2) ** acc.lsb, 1 << (acc.bits - 1)
    count = 0
    for v in values:
        assert isinstance(v, Value)
        units = v.signed / unit
        if units.denominator != 1:
            raise ValueError(f"a term is no multiple of 2^{acc.lsb} (rule G-8)")
        count += units.numerator
        if not -half <= count < half:
            steps.flags |= OVERFLOW | INEXACT
            wrapped = (count + half) % (2 * half) - half
            clamped = min(max(count, -half), half - 1)
            count = wrapped if acc.overflow == "wrap" else clamped
    return Number(Value("finite", int(count < 0), abs(count * unit)), None)


def grouped(
    acc: Grouped, terms: list[Term], start: Start, steps: Steps, final: Projection
) -> Number:
    """Groups summed by the inner accumulator, their sums by the outer one. Rule G-14."""
    sums = []
    for group in acc.groups(len(terms)):
        members = [terms[k] for k in group]
        scales: list[Number] = []
        if acc.scaling is not None:
            scales = common_scales(members)
            members = [Term(k.numbers[:2]) for k in members]
        number = total(acc.inner, members, Start(None), steps, final)
        sums.append(scaled_sum(acc.scaling, number, scales, steps))
    return total(acc.outer, sums, start, steps, final)


def common_scales(members: list[Term]) -> list[Number]:
    """The scales of a group. Rule G-19.

    Raises
    ------
    ValueError
        If its terms have different ones.
    """
    scales = members[0].scales
    if any(k.scales != scales for k in members):
        raise ValueError("the terms of a group have different scales (rule G-19)")
    return scales


def scaled_sum(scaling: Scaling | None, s: Number, scales: list[Number], steps: Steps) -> Term:
    """A group's sum and its scales as a term of the outer accumulator. Rule G-19."""
    one = coded(*ONE)
    if scaling is None or scaling.format is None or not scales:
        return Term([s, one, *scales])
    if scaling.first == "scales":
        return Term([s, one, scaled_product(scaling, scales, steps)])
    return Term([scaled_product(scaling, [s, scales[0]], steps), one, *scales[1:]])


def scaled_product(scaling: Scaling, factors: list[Number], steps: Steps) -> Number:
    """P of rule G-19: the product of one or two numbers, projected into the scaling's format."""
    projection, fmt = scaling.projection, scaling.format
    outcome = term(Term([*factors, coded(*ONE)]), projection.policy, "exact", steps)
    return Number(steps.project(outcome, fmt, projection), fmt)
