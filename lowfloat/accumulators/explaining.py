"""An accumulator in words: what happens to K terms, step by step."""

from __future__ import annotations

from dataclasses import fields

from lowfloat.accumulators.fused import Fused, LateStart
from lowfloat.accumulators.grouped import Grouped, Scaling
from lowfloat.accumulators.kinds import Accumulator, Exact, FixedPoint, Kind, Product
from lowfloat.accumulators.orders import indices
from lowfloat.projection import Projection, make_projection

_DEFAULT = make_projection("nearest_even", "none", Projection().policy)
_TERM = "a[k] * b[k]"


def explain(accumulator: Kind, terms: int) -> str:
    """The text of ``Accumulator.explain``."""
    lines = [f"{terms} terms", *_steps(accumulator, terms, _TERM)]
    where = accumulator.format.name if accumulator.format is not None else "an exact number"
    lines.append(f"the sum is a {where}" if accumulator.format else f"the sum is {where}")
    draws = accumulator.draws(terms)
    if draws:
        lines.append(f"random bits: {draws} roundings draw some for each result")
    return "\n".join(lines)


def projection_text(projection: Projection) -> str:
    """A projection in words, what is default left out.

    >>> import lowfloat as lf
    >>> projection_text(lf.Projection("toward_zero", "finite", lf.Policy(ftz=True)))
    'toward_zero, saturation finite, ftz'
    """
    stochastic = projection.stochastic
    words = [
        f"stochastic {stochastic.variant} of {stochastic.drawn_bits} bits"
        if stochastic
        else str(projection.rounding)
    ]
    if projection.saturation != "none":
        words.append(f"saturation {projection.saturation}")
    for knob in (field.name for field in fields(projection.policy)):
        value = getattr(projection.policy, knob)
        if value != getattr(_DEFAULT.policy, knob):
            words.append(knob if value is True else f"{knob} {value}")
    return ", ".join(words)


def _listed(numbers: list[int]) -> str:
    """At most seven indices, the middle left out."""
    if len(numbers) > 7:
        return ", ".join(map(str, numbers[:5])) + f", ..., {numbers[-1]}"
    return ", ".join(map(str, numbers))


def _indent(lines: list[str]) -> list[str]:
    return [f"  {line}" for line in lines]


def _steps(accumulator: Kind, terms: int, term: str, start: bool = True) -> list[str]:
    if isinstance(accumulator, Accumulator):
        return _rounded(accumulator, terms, term, start)
    if isinstance(accumulator, Exact):
        return _exact(accumulator, term, start)
    if isinstance(accumulator, FixedPoint):
        return _fixed(accumulator, terms, term, start)
    if isinstance(accumulator, Fused):
        return _fused(accumulator, terms, term, start)
    assert isinstance(accumulator, Grouped)
    return _grouped(accumulator, terms, term, start)


def _start(start: bool, text: str) -> list[str]:
    return [f"start: {text}; +0 without c" if start else "start: +0"]


def _product(product: Product | None, term: str) -> tuple[list[str], str]:
    """The lines that make a product, and what is added."""
    if product is None:
        return [], term
    made = term if product.method == "exact" else f"{product.method}({term})"
    if product.format is None:
        return [], made
    return [f"p <- {product.format}({made}), {projection_text(product.projection)}"], "p"


def _rounded(acc: Accumulator, terms: int, term: str, start: bool) -> list[str]:
    conversion = f"c to {acc.format}, nearest_even"
    if acc.saturation != "none":
        conversion += f", saturation {acc.saturation}"
    lines = _start(start, conversion)
    makes, added = _product(acc.product, term)
    how = projection_text(acc.projection)
    name = acc.format.name
    if acc.order == "pairwise":
        lines += [f"for k = {_listed(list(range(terms)))}:", *_indent(makes or [f"p <- {added}"])]
        level = terms
        while level > 1:
            lines.append(f"{level} numbers, neighbours added to {-(-level // 2)}: {name}, {how}")
            level = -(-level // 2)
        return [*lines, f"acc <- {name}(the last + acc), {how}"]
    body = {
        None: [f"acc <- {name}(acc + {added}), {how}"],
        "kahan": [
            f"y <- {name}({added} - e)", f"z <- {name}(acc + y)", f"d <- {name}(z - acc)",
            f"e <- {name}(d - y)", "acc <- z",
        ],
        "neumaier": [
            f"y <- {name}({added})", f"z <- {name}(acc + y)",
            f"d <- {name}(acc - z) + y or {name}(y - z) + acc, the greater first, to {name}",
            f"e <- {name}(e + d)", "acc <- z",
        ],
    }[acc.compensation]  # fmt: skip
    if acc.compensation:
        lines.append(f"e <- +0; every rounding is {how}")
    lines += [f"for k = {_listed(list(indices(acc.order, terms)))}:", *_indent([*makes, *body])]
    if acc.compensation == "neumaier" and terms:
        lines.append(f"acc <- {name}(acc + e)")
    return lines


def _exact(acc: Exact, term: str, start: bool) -> list[str]:
    lines = [*_start(start, "c"), f"acc <- acc + all {term}, exactly"]
    if acc.format is not None:
        lines.append(f"acc <- {acc.format}(acc), {projection_text(acc.projection)}")
    return lines


def _fixed(acc: FixedPoint, terms: int, term: str, start: bool) -> list[str]:
    unit = "1" if acc.lsb == 0 else f"2^{acc.lsb}"
    return [
        *_start(start, "c"),
        f"for k = {_listed(list(indices(acc.order, terms)))}:",
        f"  acc <- acc + {term}, {acc.bits} bits of {unit}, {acc.overflow}",
    ]


def _fused(acc: Fused, terms: int, term: str, start: bool) -> list[str]:
    lines = [*_start(start, "c as it is"), f"{len(acc.blocks(terms))} blocks"]
    lines += _some("block", acc.blocks(terms))
    return [*lines, "each block:", *_indent(_block(acc, term))]


def _some(what: str, groups: list[list[int]]) -> list[str]:
    """The members of at most four groups, the middle ones left out."""
    listed = [f"  {what} {i}: k = {_listed(group)}" for i, group in enumerate(groups)]
    if len(listed) > 4:
        return [*listed[:3], f"  ... {len(listed) - 4} more ...", listed[-1]]
    return listed


def _cut(bits: int | None, alignment: str, exponent: str) -> str:
    return "exactly" if bits is None else f"multiples of 2^({exponent} - {bits}), {alignment}"


def _block(acc: Fused, term: str) -> list[str]:
    early = not isinstance(acc.start, LateStart)
    what = f"{term} and acc" if early else term
    if acc.addition == "sorted":
        kept = f"{acc.fraction_bits} bits below the leading one, {acc.alignment}"
        lines = [f"{what} in decreasing magnitude, added one by one", f"each sum keeps {kept}"]
    else:
        lines = []
        if acc.subsums is not None:
            sub = acc.subsums
            how = f"runs of {sub.n}" if sub.by == "runs" else f"{sub.n} lanes"
            cut = _cut(sub.fraction_bits, sub.alignment, "group's E")
            lines.append(f"{how} of {term} summed first: {cut}")
            what = "these sums and acc" if early else "these sums"
        low = acc.minimum_exponent
        least = "" if low is None else f", at least {low}"
        if acc.fraction_bits is not None:
            lines.append(f"E is the greatest exponent of {what}{least}")
        lines.append(f"{what} added: {_cut(acc.fraction_bits, acc.alignment, 'E')}")
    if isinstance(acc.start, LateStart):
        late = acc.start
        lines.append(
            f"joined with acc at the greater exponent: {late.sum_bits} bits of the sum and "
            f"{late.start_bits} of acc, {late.alignment}"
        )
    return [*lines, f"acc <- {acc.format}(sum), {projection_text(acc.projection)}"]


def _grouped(acc: Grouped, terms: int, term: str, start: bool) -> list[str]:
    groups = [list(group) for group in acc.groups(terms)]
    lines = [f"{len(groups)} groups by {acc.by}", *_some("group", groups)]
    if groups:
        lines += ["inner sum of each group (k counts within it):"]
        lines += _indent(_steps(acc.inner, len(groups[0]), term, start=False))
    made, term = _scaling(acc.scaling)
    lines += [*made, "outer sum of the groups' sums:"]
    return [*lines, *_indent(_steps(acc.outer, len(groups), term, start))]


def _scaling(scaling: Scaling | None) -> tuple[list[str], str]:
    """How a group's sum meets its scales u and v, and the outer sum's term."""
    if scaling is None:
        return [], "sum[k]"
    scales = "u[k], v[k]: the group's block scales, 1 without"
    if scaling.format is None:
        return [scales], "sum[k] * u[k] * v[k]"
    name, how = scaling.format.name, projection_text(scaling.projection)
    if scaling.first == "scales":
        return [scales, f"w[k] <- {name}(u[k] * v[k]), {how}"], "sum[k] * w[k]"
    return [scales, f"p[k] <- {name}(sum[k] * u[k]), {how}"], "p[k] * v[k]"
