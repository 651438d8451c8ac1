"""The cube root and the power. Rules E-8 and E-9."""

from __future__ import annotations

from fractions import Fraction
from math import isqrt

from lowfloat.formats import Format
from lowfloat.golden.irrational import BITS, near
from lowfloat.golden.on_codes import (
    DEFAULT,
    INVALID_OPERATION,
    Outcome,
    Pole,
    Result,
    Settings,
    deliver,
    nan_operands,
    on_codes,
    operands,
)
from lowfloat.golden.unary import INFINITY, ONE, SMALL, ZERO
from lowfloat.golden.values import Value
from lowfloat.golden.ziv import approximation, beside, context, irrational, reach
from lowfloat.projection import Projection

#: Powers with odd parts of at most this many bits are computed exactly. Larger ones cannot end
#: within the bits that a rounding looks at, so that the Ziv loop settles them.
EXACT_BITS = 4096
#: |log x| loses up to 56 bits near 1; an exponent of up to FARTHEST multiplies its error.
POWER_LOST = 56 + 22


@on_codes
def cbrt(x: Value, settings: Settings) -> Outcome:
    """The cube root, rounded once. Rule E-8."""
    return x if x.is_infinite or x.is_zero else x._replace(magnitude=near_cbrt(x.magnitude))


def near_cbrt(x: Fraction) -> Fraction:
    """The cube root of a positive dyadic fraction, exactly if rational, else ``near`` it.

    >>> near_cbrt(Fraction(27, 8))
    Fraction(3, 2)
    """
    odd, exponent = _odd_part(x)
    root = floor_cbrt(odd)
    third, rest = divmod(exponent, 3)
    if rest == 0 and root**3 == odd:
        return Fraction(root) * Fraction(2) ** third
    return near(lambda scale: floor_cbrt(odd << (rest + 3 * BITS)), third)


def floor_cbrt(n: int) -> int:
    """The integer part of the cube root of an integer, by Newton's method from above."""
    if n < 1:
        return 0
    root = 1 << -(-n.bit_length() // 3)
    while True:
        following = (2 * root + n // (root * root)) // 3
        if following >= root:
            return root
        root = following


def pow(
    *codes: int,
    formats: tuple[Format, ...],
    format: Format,
    projection: Projection = DEFAULT,
    random_bits: int | None = None,
) -> Result:
    """x^y, rounded once; 1 for y = 0 or x = 1 even beside a quiet NaN. Rule E-9."""
    x, y = values = operands(codes, formats, projection)
    if not (x.signaling or y.signaling) and (y.is_zero or x == ONE):
        return deliver(ONE, format, projection, random_bits)
    if x.is_nan or y.is_nan:
        return nan_operands(values, format, projection)
    return deliver(exact_power(x, y, reach(format)), format, projection, random_bits)


def exact_power(x: Value, y: Value, limit: int) -> Outcome:
    """x^y, or what rounds alike, for values that are not NaN and nonzero y. Rule E-9.

    Powers beyond 2^(+-limit) stay there (``reach``).
    """
    integral = y.is_infinite or y.magnitude.denominator == 1
    sign = x.sign if integral and y.magnitude.numerator % 2 else 0
    if y.is_infinite or x.is_infinite or x.is_zero:
        return _limit(x, y, sign)
    if x.sign and not integral:
        return INVALID_OPERATION
    if x.magnitude == 1:
        return ONE._replace(sign=sign)
    return _power(x.magnitude, y.signed, limit)._replace(sign=sign)


def _limit(x: Value, y: Value, sign: int) -> Outcome:
    """Powers of zeros and infinities, and infinite powers. Rule E-9."""
    if y.is_infinite and x == ONE._replace(sign=x.sign):
        return ONE
    if x.is_zero and y.sign and not y.is_infinite:
        return Pole(sign)
    grows = (x.is_infinite or x.magnitude > 1) != bool(y.sign)
    return (INFINITY if grows else ZERO)._replace(sign=sign)


def _power(x: Fraction, y: Fraction, limit: int) -> Value:
    """x^y for positive x other than 1 and nonzero y."""
    mp = context()
    mp.prec = 128
    # Within 2^-40 of itself: enough to tell what lies far beyond both bounds.
    power_of_two = approximation(mp, y) * mp.ln(approximation(mp, x)) / mp.ln2
    if abs(power_of_two) < approximation(mp, SMALL):
        return Value("finite", 0, beside(1, 1 if power_of_two > 0 else -1))
    if abs(power_of_two) > limit:
        return Value("finite", 0, Fraction(2) ** (limit if power_of_two > 0 else -limit))
    known = _rational_power(x, y)
    if known is not None:
        return Value("finite", 0, known)
    return irrational(
        lambda mp: mp.exp(approximation(mp, y) * mp.ln(approximation(mp, x))), POWER_LOST, limit
    )


def _rational_power(x: Fraction, y: Fraction) -> Fraction | None:
    """x^y if it is rational and short. x is dyadic and |y log2 x| at most FARTHEST."""
    odd, exponent = _odd_part(x)
    while y.denominator > 1:
        root = isqrt(odd)
        if exponent % 2 or root * root != odd:
            return None
        odd, exponent, y = root, exponent // 2, 2 * y
    if odd > 1 and abs(y) * odd.bit_length() > EXACT_BITS:
        return None
    return Fraction(odd) ** int(y) * Fraction(2) ** (exponent * int(y))


def _odd_part(x: Fraction) -> tuple[int, int]:
    """The odd n and the k of x = n 2^k."""
    n = x.numerator
    twos = (n & -n).bit_length() - 1
    return n >> twos, twos + 1 - x.denominator.bit_length()
