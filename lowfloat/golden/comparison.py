"""Comparisons, orders, extrema, classes. Rules K-1 to K-6 of spec/semantics.md."""

from __future__ import annotations

from collections.abc import Callable

from lowfloat.exception_flags import INVALID
from lowfloat.formats import Format
from lowfloat.golden.decoding import _min_normal, decode
from lowfloat.golden.on_codes import (
    DEFAULT,
    INVALID_OPERATION,
    Result,
    deliver,
    nan_operands,
    operands,
)
from lowfloat.golden.signs import compare_values
from lowfloat.golden.values import Value
from lowfloat.projection import Projection

Truth = tuple[bool, int]
Formats = tuple[Format, ...]

#: The order of two numbers (-1, 0, 1) that each relation accepts; and its truth for NaN.
RELATIONS: dict[str, tuple[frozenset[int], bool]] = {
    "equal": (frozenset({0}), False),
    "not_equal": (frozenset({-1, 1}), True),
    "less": (frozenset({-1}), False),
    "less_equal": (frozenset({-1, 0}), False),
    "greater": (frozenset({1}), False),
    "greater_equal": (frozenset({0, 1}), False),
    "unordered": (frozenset(), True),
}


def _relation(name: str, signaling: bool) -> Callable[..., Truth]:
    """A comparison; a quiet one raises invalid for signaling NaNs, a signaling one for every NaN."""
    accepted, for_nan = RELATIONS[name]

    def compare(a: int, b: int, *, formats: Formats, projection: Projection = DEFAULT) -> Truth:
        x, y = operands((a, b), formats, projection)
        if x.is_nan or y.is_nan:
            return for_nan, INVALID if signaling or x.signaling or y.signaling else 0
        return compare_values(x, y) in accepted, 0

    kind = "signaling" if signaling else "quiet"
    compare.__name__ = compare.__qualname__ = name + ("_signaling" if signaling else "")
    compare.__doc__ = f"Whether x is {name.replace('_', ' or ')} y, {kind}, exactly. Rule K-1."
    return compare


#: Every comparison by name: the seven relations, quiet, and signaling with a suffix.
COMPARISONS: dict[str, Callable[..., Truth]] = {
    f.__name__: f for signals in (False, True) for f in (_relation(n, signals) for n in RELATIONS)
}


def total_order(a: int, b: int, *, formats: Formats, projection: Projection = DEFAULT) -> Truth:
    """IEEE 754's totalOrder, exactly across formats. Rule K-2."""
    return _total_key(decode(a, formats[0])) <= _total_key(decode(b, formats[1])), 0


def _total_key(v: Value) -> tuple[object, ...]:
    """-qNaN < -sNaN < -inf < numbers, -0 < +0 < +inf < sNaN < qNaN; payloads within a NaN."""
    side = -1 if v.sign else 1
    if v.is_nan:
        return 2 * side, side * (not v.signaling), side * v.payload
    if v.is_infinite:
        return side, 0, 0
    return 0, v.signed, side if v.is_zero else 0


CLASSES = (
    "signaling_nan",
    "quiet_nan",
    "negative_infinity",
    "negative_normal",
    "negative_subnormal",
    "negative_zero",
    "positive_zero",
    "positive_subnormal",
    "positive_normal",
    "positive_infinity",
)


def classify(a: int, *, formats: Formats, projection: Projection = DEFAULT) -> tuple[int, int]:
    """IEEE 754's class of a code, as an index of ``CLASSES``. Rule K-3."""
    v = decode(a, formats[0])
    if v.is_nan:
        return int(not v.signaling), 0
    subnormal = v.magnitude < _min_normal(formats[0])
    distance = 3 if v.is_infinite else 0 if v.is_zero else 1 if subnormal else 2
    return (5 - distance if v.sign else 6 + distance), 0


#: What each predicate asks of a class, and of the sign where the class does not tell.
PREDICATE_CLASSES: dict[str, frozenset[str]] = {
    "is_nan": frozenset(CLASSES[:2]),
    "is_signaling": frozenset(CLASSES[:1]),
    "is_infinite": frozenset({"negative_infinity", "positive_infinity"}),
    "is_finite": frozenset(CLASSES[3:9]),
    "is_zero": frozenset({"negative_zero", "positive_zero"}),
    "is_subnormal": frozenset({"negative_subnormal", "positive_subnormal"}),
    "is_normal": frozenset({"negative_normal", "positive_normal"}),
}


def _predicate(name: str) -> Callable[..., Truth]:
    classes = {CLASSES.index(c) for c in PREDICATE_CLASSES[name]}

    def holds(a: int, *, formats: Formats, projection: Projection = DEFAULT) -> Truth:
        return classify(a, formats=formats)[0] in classes, 0

    holds.__name__ = holds.__qualname__ = name
    holds.__doc__ = f"Whether a code is {name[3:]}. Rule K-3."
    return holds


def is_sign_minus(a: int, *, formats: Formats, projection: Projection = DEFAULT) -> Truth:
    """Whether a value has a minus sign, a NaN's included where it has one. Rule K-3."""
    return decode(a, formats[0]).sign == 1, 0


#: Which of two numbers, x and y with the order (-1, 0, 1) of what is compared, an extremum takes.
_Choice = Callable[[Value, Value], Value]


def _lesser(x: Value, y: Value) -> Value:
    order = compare_values(x, y)
    return x if order < 0 or (order == 0 and x.sign >= y.sign) else y


def _greater(x: Value, y: Value) -> Value:
    return y if _lesser(x, y) is x else x


def _by_magnitude(choose: _Choice, less: bool) -> _Choice:
    def pick(x: Value, y: Value) -> Value:
        order = compare_values(x._replace(sign=0), y._replace(sign=0))
        if order == 0:
            return choose(x, y)
        return x if (order < 0) == less else y

    return pick


def _finite_first(choose: _Choice) -> _Choice:
    def pick(x: Value, y: Value) -> Value:
        if x.is_infinite != y.is_infinite:
            return y if x.is_infinite else x
        return choose(x, y)

    return pick


#: Name -> (choice among numbers, whether a number beats a NaN). Rule K-4.
_CHOICES: dict[str, tuple[_Choice, bool]] = {
    "minimum": (_lesser, False),
    "maximum": (_greater, False),
    "minimum_number": (_lesser, True),
    "maximum_number": (_greater, True),
    "minimum_magnitude": (_by_magnitude(_lesser, True), False),
    "maximum_magnitude": (_by_magnitude(_greater, False), False),
    "minimum_magnitude_number": (_by_magnitude(_lesser, True), True),
    "maximum_magnitude_number": (_by_magnitude(_greater, False), True),
    "minimum_finite": (_finite_first(_lesser), True),
    "maximum_finite": (_finite_first(_greater), True),
}


def _extremum(name: str) -> Callable[..., Result]:
    choose, numbers_win = _CHOICES[name]

    def pick(
        a: int,
        b: int,
        *,
        formats: Formats,
        format: Format,
        projection: Projection = DEFAULT,
        random_bits: int | None = None,
    ) -> Result:
        x, y = values = operands((a, b), formats, projection)
        if (x.is_nan and y.is_nan) or (not numbers_win and (x.is_nan or y.is_nan)):
            return nan_operands(values, format, projection)
        raised = INVALID if x.signaling or y.signaling else 0
        chosen = y if x.is_nan else x if y.is_nan else choose(x, y)
        code, flags = deliver(chosen, format, projection, random_bits)
        return code, flags | raised

    pick.__name__ = pick.__qualname__ = name
    pick.__doc__ = f"The {name.replace('_', ' ')} of two values, projected. Rule K-4."
    return pick


def clamp(
    a: int,
    b: int,
    c: int,
    *,
    formats: Formats,
    format: Format,
    projection: Projection = DEFAULT,
    random_bits: int | None = None,
) -> Result:
    """min(max(x, low), high); NaN if low > high. Rule K-5."""
    x, low, high = values = operands((a, b, c), formats, projection)
    if any(v.is_nan for v in values):
        return nan_operands(values, format, projection)
    if compare_values(low, high) > 0:
        return deliver(INVALID_OPERATION, format, projection, random_bits)
    return deliver(_lesser(_greater(x, low), high), format, projection, random_bits)


#: The ten extrema and the predicates of a class, by name.
EXTREMA: dict[str, Callable[..., Result]] = {name: _extremum(name) for name in _CHOICES}
PREDICATES: dict[str, Callable[..., Truth]] = {n: _predicate(n) for n in PREDICATE_CLASSES}
