"""S2FP8, the shifted and squeezed 8-bit format: rules X-1 to X-7 of spec/semantics.md."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from lowfloat.formats import Format
from lowfloat.golden.decoding import decode
from lowfloat.golden.projecting import project
from lowfloat.golden.values import Value
from lowfloat.golden.ziv import approximation, irrational, reach
from lowfloat.projection import Projection

#: Logarithms are integers of this unit: 2^-40.
UNIT = 1 << 40
_NEAREST = Projection()


@dataclass(frozen=True)
class Squeeze:
    """What the statistics of a tensor decide: N, S, L and the target t. Rules X-2 and X-3."""

    count: int
    total: int
    largest: int
    target: int

    @property
    def spread(self) -> int:
        """D = N L - S."""
        return self.count * self.largest - self.total

    @property
    def tau(self) -> int:
        """log2 of the largest |Y|."""
        return self.target if self.spread else 0

    @property
    def sigma(self) -> Fraction:
        """Units of 2^-40 of log2|X| that make one of log2|Y|."""
        return Fraction(self.spread, self.target * self.count) if self.spread else Fraction(UNIT)

    @property
    def alpha(self) -> float:
        """The squeeze factor, rounded once."""
        return float(UNIT / self.sigma)

    @property
    def beta(self) -> float:
        """The shift, rounded once."""
        return float(self.tau - self.largest / self.sigma)


def check_parameters(format: Format, target: int | None) -> int:
    """The target of a tensor. Rule X-1.

    Raises
    ------
    ValueError
        If the format or the target is none for S2FP8.

    Examples
    --------
    >>> from lowfloat import float8_e5m2
    >>> check_parameters(float8_e5m2, None)
    15
    """
    if not (format.signed and format.zero and format.width <= 8):
        raise ValueError(f"S2FP8 needs a signed element format of 8 bits with a zero, not {format}")
    if format.emax < 1:
        raise ValueError(f"S2FP8 needs an element format that reaches 2, which {format} does not")
    if target is None:
        return format.emax
    if isinstance(target, bool) or not isinstance(target, int) or not 1 <= target <= format.emax:
        raise ValueError(
            f"S2FP8's target on {format} is a whole number from 1 to {format.emax}, not {target!r}"
        )
    return target


def log2_fixed(x: Fraction) -> int:
    """2^40 log2(x), rounded to the nearest integer. Rule X-2.

    Examples
    --------
    >>> log2_fixed(Fraction(8)), log2_fixed(Fraction(3))
    (3298534883328, 1742684699132)
    """
    n, d = x.numerator, x.denominator
    if n & (n - 1) == 0 and d & (d - 1) == 0:
        return (n.bit_length() - d.bit_length()) * UNIT
    # |log2 x| >= 2^-53 and < 2^21 for numbers of at most 53 bits and any format here.
    value = irrational(lambda mp: mp.ln(approximation(mp, x)) / mp.ln2, lost=56).signed * UNIT
    return (2 * value.numerator + value.denominator) // (2 * value.denominator)


def statistics(values: Iterable[Value], target: int) -> Squeeze:
    """The statistics of a tensor. Rules X-2 and X-3."""
    logs = [log2_fixed(v.magnitude) for v in values if v.kind == "finite" and v.magnitude]
    return Squeeze(len(logs), sum(logs), max(logs, default=0), target)


def encode(value: Value, squeeze: Squeeze, format: Format) -> int:
    """The code of one element. Rules X-4 and X-6."""
    if value.kind != "finite" or value.is_zero:
        return project(value, format, _NEAREST)[0]
    exponent = squeeze.tau + (log2_fixed(value.magnitude) - squeeze.largest) / squeeze.sigma
    magnitude = power_of_two(exponent, format)
    return project(Value("finite", value.sign, magnitude), format, _NEAREST)[0]


def power_of_two(exponent: Fraction, format: Format) -> Fraction:
    """2^exponent, or what rounds like it in a format."""
    if exponent.denominator == 1:
        return Fraction(2) ** max(-reach(format), min(reach(format), int(exponent)))
    whole = exponent.numerator // exponent.denominator

    def evaluate(mp: Any) -> Any:
        part = exponent - whole
        return mp.ldexp(mp.exp(mp.mpf(part.numerator) / part.denominator * mp.ln2), whole)

    return irrational(evaluate, limit=reach(format)).magnitude


def value(code: int, squeeze: Squeeze, format: Format, container: Format) -> int:
    """The code in ``container`` (binary32) of what a code stands for. Rule X-5."""
    y = decode(code, format)
    if y.kind != "finite" or y.is_zero:
        return project(y, container, _NEAREST)[0]
    magnitude = _unsqueezed(y.magnitude, squeeze, container)
    return project(Value("finite", y.sign, magnitude), container, _NEAREST)[0]


def _unsqueezed(y: Fraction, squeeze: Squeeze, container: Format) -> Fraction:
    """2^(a + b log2 y), or what rounds like it in the container.

    With y = o 2^j, o odd, and b = p/q in lowest terms, it is rational iff o is a q-th power and
    a + b j is an integer: primes factor uniquely.
    """
    b = squeeze.sigma / UNIT
    j = _twos(y)
    odd = int(y / Fraction(2) ** j)
    rest = Fraction(squeeze.largest, UNIT) + b * (j - squeeze.tau)
    root = round(odd ** (1 / b.denominator)) if b.denominator < 64 else 1
    is_power = root**b.denominator == odd if b.denominator < 64 else odd == 1
    if odd == 1:
        return power_of_two(rest, container)
    if is_power and rest.denominator == 1:
        return Fraction(2) ** int(rest) * Fraction(root) ** b.numerator
    whole = rest.numerator // rest.denominator

    def evaluate(mp: Any) -> Any:
        part = rest - whole
        log = mp.mpf(part.numerator) / part.denominator * mp.ln2
        log += mp.mpf(b.numerator) / b.denominator * mp.ln(mp.mpf(odd))
        shift = int(mp.nint(log / mp.ln2))
        return mp.ldexp(mp.exp(log - shift * mp.ln2), whole + shift)

    # |log| < 2^12 (b < 2^9, ln 255 < 2^3): its error counts absolutely.
    return irrational(evaluate, lost=16, limit=reach(container)).magnitude


def _twos(y: Fraction) -> int:
    """The j of y = o 2^j, o odd."""
    n = y.numerator
    return (n & -n).bit_length() - 1 - (y.denominator.bit_length() - 1)


def quantize(
    values: Iterable[Value], format: Format, target: int | None = None
) -> tuple[Squeeze, list[int]]:
    """The statistics and the codes of a tensor. Rules X-1 to X-6.

    Examples
    --------
    >>> from lowfloat import float8_e5m2, golden
    >>> numbers = [golden.Value("finite", 0, Fraction(x)) for x in (1, 2, 4, 8)]
    >>> squeeze, codes = quantize(numbers, float8_e5m2)
    >>> squeeze.alpha, squeeze.beta, [hex(code) for code in codes]
    (10.0, -15.0, ['0x2', '0x28', '0x50', '0x78'])

    Source: Cambier et al. 2020, equations 1 to 5.
    """
    elements = list(values)
    squeeze = statistics(elements, check_parameters(format, target))
    return squeeze, [encode(x, squeeze, format) for x in elements]
