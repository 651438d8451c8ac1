"""The way of a sum of products through its accumulator, step by step.

What an accumulator holds after some terms is what it makes of these terms alone, so each running
sum is a sum that the golden model computes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any, NamedTuple

import lowfloat as lf
from lowfloat.accumulators.kinds import ONE, unwrapped
from lowfloat.accumulators.orders import indices
from lowfloat.vectors.binary_text import aligned, binary, exponent_of
from lowfloat.vectors.units import Unit

Step = tuple[str, str]


class _Row(NamedTuple):
    """Terms, each two factors, and what they are called."""

    names: list[str]
    factors: list[tuple[int, int]]
    formats: tuple[lf.Format, lf.Format]


class _Number(NamedTuple):
    """A code and its format; None for the default start, +0."""

    code: int
    format: lf.Format


def sum_steps(unit: Unit, inputs: Sequence[int]) -> list[Step]:
    """What the accumulator of a dot does, in words, and then with the numbers of one case.

    Examples
    --------
    >>> unit = lf.vectors.Unit.dot(2, "float8_e4m3fn", "e5m3",
    ...                            accumulator=lf.Accumulator("e5m3"))
    >>> for name, text in sum_steps(unit, (0x38, 0x39, 0x38, 0x3A, 0x80))[-3:]:
    ...     print(f"{name}: {text}")
    start: 0x080 = +1.000 * 2^1
    a0 b0: +1 + +0.1 = +1.1 * 2^1 -> 0x084 = +1.100 * 2^1
    a1 b1: +1.1 + +0.101101 = +10.001101 * 2^1 -> 0x089 = +1.001 * 2^2, inexact
    """
    k = unit.terms
    formats = unit.operand_formats
    first, second, start = formats[0], formats[k], formats[-1]
    assert isinstance(first, lf.Format)
    assert isinstance(second, lf.Format)
    assert isinstance(start, lf.Format)
    accumulator = lf.accumulators.Exact() if unit.accumulator is None else unit.accumulator
    kind = unwrapped(accumulator)
    lines = kind.explain(k).splitlines()
    words = [("" if number else "accumulator", line) for number, line in enumerate(lines)]
    row = _Row(
        [f"a{i} b{i}" for i in range(k)],
        list(zip(inputs[:k], inputs[k : 2 * k], strict=True)),
        (first, second),
    )
    policy = unit.projection.policy
    bits = list(inputs[2 * k + 1 :])
    tracer = _Tracer(unit.result_format, policy)
    tracer.show("start", "", _Number(inputs[2 * k], start), None)
    tracer.sum(kind, row, _Number(inputs[2 * k], start), bits)
    return [*words, *tracer.steps]


class _Tracer:
    """Collects steps; every method that sums returns the sum."""

    def __init__(self, result_format: Any, policy: lf.Policy) -> None:
        self.steps: list[Step] = []
        self._result_format, self._policy = result_format, policy

    def show(self, name: str, text: str, sum: _Number, exact: Fraction | None) -> None:
        """A line: what is done, what comes of it, and whether that is inexact."""
        value = lf.golden.decode(sum.code, sum.format)
        inexact = exact is not None and value.kind == "finite" and value.signed != exact
        arrow = f"{text} -> " if text else ""
        digits = (sum.format.width + 3) // 4
        note = ", inexact" if inexact else ""
        self.steps.append((name, f"{arrow}0x{sum.code:0{digits}X} = {number_text(sum)}{note}"))

    def sum(self, kind: Any, row: _Row, start: _Number | None, bits: Sequence[int]) -> _Number:
        if isinstance(kind, lf.accumulators.Grouped):
            return self._grouped(kind, row, start, bits)
        fmt = kind.format or self._result_format
        count, done = len(row.factors), 0
        order: list[list[int]] = [list(range(count))]
        if isinstance(kind, lf.accumulators.Fused):
            order = kind.blocks(count)
        elif (
            isinstance(kind, lf.Accumulator | lf.accumulators.FixedPoint)
            and kind.order != "pairwise"
        ):
            order = [[i] for i in indices(kind.order, count)]
        elif isinstance(kind, lf.Accumulator) and not kind.draws(count):
            self._pairs(kind, row)
        plain = replace(kind, order="sequential") if len(order) > 1 else kind
        chosen = [i for group in order for i in group]
        sum, last = start, start
        for group in order:
            done += len(group)
            sum = self._run(plain, row, chosen[:done], start, fmt, bits)
            name, text, exact = self._addition(row, group, last)
            if isinstance(kind, lf.accumulators.Fused) and exact is not None:
                self._window(kind, row, group, last or _Number(0, fmt))
            compensated = getattr(kind, "compensation", None)
            self.show(name, text + (f", {compensated}" if compensated else ""), sum, exact)
            last = sum
        assert sum is not None
        return sum

    def _run(
        self, kind: Any, row: _Row, chosen: Sequence[int], start: _Number | None, fmt: lf.Format,
        bits: Sequence[int],
    ) -> _Number:  # fmt: skip
        """The sum of some of the terms, in this order."""
        factors = [row.factors[i] for i in chosen]
        code, _ = lf.golden.dot(
            [a for a, _ in factors],
            [b for _, b in factors],
            formats=row.formats,
            format=fmt,
            accumulator=kind,
            projection=lf.Projection(policy=self._policy),
            c=None if start is None else (start.code, start.format),
            random_bits=bits[: kind.draws(len(factors))],
        )
        return _Number(code, fmt)

    def _addition(
        self, row: _Row, group: Sequence[int], last: _Number | None
    ) -> tuple[str, str, Fraction | None]:
        """The name of a step, its addends as numbers, and their exact sum."""
        products = [_product(row, i) for i in group]
        before = Fraction(0) if last is None else _value(last)
        name = row.names[group[0]] if len(group) == 1 else f"{row.names[group[0]]} ..."
        if before is None or None in products:
            return name, "with an infinity or a NaN", None
        values = [x for x in products if x is not None]
        exact = sum(values, before)
        present = [x for x in (*values, before) if x]
        if not present:
            return name, "zeros", exact
        top = max(exponent_of(abs(x)) for x in present)
        scale = Fraction(2) ** top
        if len(group) > 1:
            names = [*(row.names[i] for i in group), "acc"]
            longest = max(len(binary(abs(x) / scale)) for x in (*values, before))
            for term, x in zip(names, (*values, before), strict=True):
                if x:
                    self.steps.append((f"  {term}", f"{aligned(x / scale, longest)} * 2^{top}"))
            return name, f"exactly {aligned(exact / scale, 0)} * 2^{top}", exact
        parts = " + ".join(aligned(x / scale, 0) for x in (before, *values))
        return name, f"{parts} = {aligned(exact / scale, 0)} * 2^{top}", exact

    def _window(self, kind: Any, row: _Row, group: Sequence[int], last: _Number) -> None:
        """E of rule G-10, where a block has no other: what its addends are cut below."""
        if kind.subsums is not None or kind.start != "early" or kind.addition == "sorted":
            return
        if kind.fraction_bits is None or kind.zeros == "aligned":
            return
        exponents = [
            sum(_exponent(_Number(*pair)) for pair in zip(row.factors[i], row.formats, strict=True))
            for i in group
            if _product(row, i)
        ]
        exponents += [_exponent(last)] if _value(last) else []
        if exponents:
            top = max(
                *exponents,
                *([] if kind.minimum_exponent is None else [kind.minimum_exponent]),
                -(1 << 30),
            )
            cut = f"each is cut to a multiple of 2^{top - kind.fraction_bits}, {kind.alignment}"
            self.steps.append(("  E", f"{top}: {cut}"))

    def _pairs(self, kind: Any, row: _Row) -> None:
        """The levels of a pairwise sum below its root; every node is a sum of its own terms."""
        count, size = len(row.factors), 2
        while size < count:
            for i in range(0, count, size):
                group = range(i, min(i + size, count))
                if len(group) > size // 2:
                    sum = self._run(kind, row, group, None, kind.format, ())
                    self.show(f"{row.names[i]} to {row.names[group[-1]]}", "", sum, None)
            size *= 2

    def _grouped(self, kind: Any, row: _Row, start: _Number | None, bits: Sequence[int]) -> _Number:
        sums: list[tuple[int, int]] = []
        fmt = kind.inner.format
        for number, group in enumerate(kind.groups(len(row.factors))):
            part = _Row([row.names[i] for i in group], [row.factors[i] for i in group], row.formats)
            self.steps.append((f"group {number}", f"{len(part.names)} terms"))
            draws = kind.inner.draws(len(part.factors))
            sum = self.sum(kind.inner, part, None, bits[:draws])
            bits, fmt = bits[draws:], sum.format
            sums.append((sum.code, 1))
        self.steps.append(("outer", f"{len(sums)} sums of groups"))
        outer = _Row([f"group {number}" for number in range(len(sums))], sums, (fmt, ONE))
        return self.sum(kind.outer, outer, start, bits)


def _value(number: _Number) -> Fraction | None:
    value = lf.golden.decode(number.code, number.format)
    return value.signed if value.kind == "finite" else None


def _exponent(number: _Number) -> int:
    """Of a number that is not zero, as rule G-10 has it: a subnormal one has the least."""
    value = lf.golden.decode(number.code, number.format)
    return max(exponent_of(value.magnitude), number.format.emin)


def _product(row: _Row, i: int) -> Fraction | None:
    a, b = (_value(_Number(*pair)) for pair in zip(row.factors[i], row.formats, strict=True))
    return None if a is None or b is None else a * b


def number_text(number: _Number) -> str:
    """The value of a code in binary."""
    value = lf.golden.decode(number.code, number.format)
    sign = "-" if value.sign else "+"
    if value.is_nan:
        return "NaN"
    if value.is_infinite:
        return f"{sign}infinity"
    if not value.magnitude:
        return f"{sign}0"
    exponent = max(exponent_of(value.magnitude), number.format.emin)
    digits = binary(value.magnitude / Fraction(2) ** exponent, number.format.mantissa_bits)
    return f"{sign}{digits} * 2^{exponent}"
