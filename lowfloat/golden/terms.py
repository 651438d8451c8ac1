"""What all reductions share: terms, the start, and the roundings of one element in their order.

Rules G-1, G-2, G-4, G-9, G-16 and G-17 of spec/semantics.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import reduce
from typing import NamedTuple

from lowfloat.accumulators import kinds
from lowfloat.accumulators.kinds import Accumulator
from lowfloat.exception_flags import INVALID
from lowfloat.formats import Format
from lowfloat.golden.arithmetic import exact_product, exact_sum
from lowfloat.golden.decoding import _min_normal, decode
from lowfloat.golden.on_codes import (
    INVALID_OPERATION,
    Invalid,
    Outcome,
    _first_nan,
    deliver,
    nan_operands,
    settings_of,
)
from lowfloat.golden.projecting import default_nan, floor_log2
from lowfloat.golden.values import Value
from lowfloat.projection import Policy, Projection

#: The second factor of a summand: a code and its format (G-1).
ONE = (1, kinds.ONE)


class Number(NamedTuple):
    """A value and the format it is a number of; None for exact and fixed-point sums."""

    value: Value
    format: Format | None

    @property
    def exponent(self) -> int | None:
        """floor(log2 |x|), or the format's lowest exponent; None for zeros. Rule G-10."""
        if self.value.is_zero:
            return None
        exponent = floor_log2(self.value.magnitude)
        return exponent if self.format is None else max(exponent, self.format.emin)

    @property
    def lowest(self) -> int:
        """The exponent that a zero counts with where zeros are aligned. Rule G-10."""
        return 0 if self.format is None else self.format.emin


class Term(NamedTuple):
    """The factors of a term: two operands, or a group's sum and one, and then block scales."""

    numbers: list[Number]

    @property
    def scales(self) -> list[Number]:
        """The block scales among them."""
        return self.numbers[2:]

    def factors(self, policy: Policy) -> list[Number]:
        """The factors as the accumulator reads them. Rule G-1."""
        return [Number(read_number(n, policy), n.format) for n in self.numbers]


def coded(code: int, format: Format) -> Number:
    """The number that a code stands for."""
    return Number(decode(code, format), format)


class Start(NamedTuple):
    """c as a code and its format, or nothing. Rule G-2."""

    c: tuple[int, Format] | None

    @property
    def is_default(self) -> bool:
        """Whether there is no c."""
        return self.c is None

    @property
    def number(self) -> Number:
        """c, or +0."""
        if self.c is None:
            return Number(Value("finite"), None)
        return coded(*self.c)


def read_number(number: Number, policy: Policy) -> Value:
    """The value that an operation reads: subnormals are zeros under DAZ. Rule Q-3."""
    value, fmt = number
    if fmt is None or not policy.daz or value.kind != "finite":
        return value
    if value.magnitude >= _min_normal(fmt):
        return value
    return Value("finite", value.sign if fmt.negative_zero else 0)


class Steps:
    """The roundings of one element in the order of execution, and their flags. Rules G-16, G-17."""

    def __init__(self, random_bits: Sequence[int]) -> None:
        self.bits = iter(random_bits)
        self.flags = 0

    def _next(self, projection: Projection) -> int | None:
        return None if projection.stochastic is None else next(self.bits)

    def project(self, x: Outcome, format: Format, projection: Projection) -> Value:
        """An outcome rounded to a format."""
        bits = self._next(projection)
        if isinstance(x, Value) and x.is_nan:
            code, flags = nan_operands((x,), format, projection)
        else:
            code, flags = deliver(x, format, projection, bits)
        self.flags |= flags
        return decode(code, format)

    def convert(self, number: Number, format: Format, projection: Projection) -> int:
        """The code of a number in another format. Rule C-2."""
        bits = self._next(projection)
        value = read_number(number, projection.policy)
        if value.is_nan:
            code, flags = nan_operands((value,), format, projection)
        else:
            code, flags = deliver(value, format, projection, bits)
        self.flags |= flags
        return code

    def again(self, x: Value, acc: Accumulator) -> Value:
        """A number of the accumulator's format as its next operation reads it."""
        return read_number(Number(x, acc.format), acc.projection.policy)

    def add(self, x: Outcome, y: Outcome, acc: Accumulator) -> Value:
        """x + y, projected into the accumulator's format. Rules A-2, A-5 and Q-7."""
        projection = acc.projection
        bits = self._next(projection)
        code, flags = _sum(x, y, acc.format, projection, bits)
        self.flags |= flags
        return decode(code, acc.format)

    def subtract(self, x: Outcome, y: Value, acc: Accumulator) -> Value:
        """x - y, projected; a NaN keeps its sign. Rule A-3."""
        return self.add(x, y if y.is_nan else y._replace(sign=1 - y.sign), acc)

    def add_numbers(self, x: Value, y: Value, acc: Accumulator) -> Value:
        """x + y of two numbers of the accumulator's format."""
        return self.add(self.again(x, acc), self.again(y, acc), acc)

    def subtract_numbers(self, x: Value, y: Value, acc: Accumulator) -> Value:
        """x - y of two numbers of the accumulator's format."""
        return self.subtract(self.again(x, acc), self.again(y, acc), acc)


def _sum(
    x: Outcome, y: Outcome, format: Format, projection: Projection, bits: int | None
) -> tuple[int, int]:
    """The projected sum of two outcomes, NaNs chosen from the left. Rules N-2 and Q-7."""
    invalid = isinstance(x, Invalid) or isinstance(y, Invalid)
    nans = [v for v in (x, y) if isinstance(v, Value) and v.is_nan]
    if invalid and nans:
        made = tuple(default_nan(projection) if isinstance(v, Invalid) else v for v in (x, y))
        code, flags = nan_operands(made, format, projection)  # type: ignore[arg-type]
        return code, flags | (INVALID if projection.policy.fma_nan_invalid else 0)
    if invalid:
        return deliver(INVALID_OPERATION, format, projection, bits)
    assert isinstance(x, Value)
    assert isinstance(y, Value)
    if nans:
        return nan_operands((x, y), format, projection)
    outcome = exact_sum(x, y, settings_of(projection).zero_sign)
    return deliver(outcome, format, projection, bits)


def term(k: Term, policy: Policy, method: str, steps: Steps) -> Outcome:
    """The exact, or approximate, product of a term's factors. Rules G-1 and G-4."""
    values = [number.value for number in k.factors(policy)]
    if any(v.is_nan for v in values):
        if any(v.signaling for v in values):
            steps.flags |= INVALID
        return reduce(lambda x, y: _first_nan(x, y, policy), values)._replace(signaling=False)
    x, y, *rest = values
    outcome = product(x, y, method)
    for value in rest:
        if isinstance(outcome, Value):
            outcome = exact_product(outcome, value)
    return outcome


def product(x: Value, y: Value, method: str) -> Outcome:
    """The product of two operands that are not NaN. Rule G-4."""
    exact = exact_product(x, y)
    special = not isinstance(exact, Value) or exact.is_infinite or exact.is_zero
    if method == "exact" or special:
        return exact
    assert isinstance(exact, Value)
    e, f = _split(x.magnitude)
    g, h = _split(y.magnitude)
    if method == "power_of_two":
        return exact._replace(magnitude=x.magnitude * Fraction(2) ** (g + (h >= Fraction(1, 2))))
    if f + h < 1:
        return exact._replace(magnitude=Fraction(2) ** (e + g) * (1 + f + h))
    return exact._replace(magnitude=Fraction(2) ** (e + g + 1) * (f + h))


def _split(x: Fraction) -> tuple[int, Fraction]:
    """e and f with x = 2^e (1 + f), 0 <= f < 1."""
    e = floor_log2(x)
    return e, x / Fraction(2) ** e - 1


def special_sum(values: Sequence[Outcome], projection: Projection, steps: Steps) -> Value | None:
    """The NaN or infinity that a sum without roundings is, or None. Rule G-9."""
    nan = any(isinstance(v, Value) and v.is_nan for v in values)
    infinite = {v.sign for v in values if isinstance(v, Value) and v.is_infinite}
    if any(isinstance(v, Value) and v.signaling for v in values):
        steps.flags |= INVALID
    if any(isinstance(v, Invalid) for v in values) or len(infinite) == 2:
        steps.flags |= INVALID
        return default_nan(projection)
    if nan:
        return default_nan(projection)
    return Value("infinite", infinite.pop()) if infinite else None
