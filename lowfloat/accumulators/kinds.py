"""The accumulators that take terms one by one: rounded, exact, fixed point.

Frozen records: everything that decides the bits of a reduction, and no arithmetic. Rules G-1 to
G-17 of ``spec/semantics.md``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import MISSING, dataclass, fields
from functools import cached_property
from typing import Any, Literal

from lowfloat.accumulators.orders import Interleaved, Order, checked_order, positive
from lowfloat.format_names import format as find_format
from lowfloat.formats import Format
from lowfloat.projection import Policy, Projection, Rounding, make_projection

METHODS: tuple[str, ...] = ("exact", "integer_add", "power_of_two")
COMPENSATIONS: tuple[str, ...] = ("kahan", "neumaier")

#: The format whose code 1 is the second factor of a summand: zero and one alone (rule G-1).
ONE = Format(1, 0, 1, signed=False)
#: Significant bits that one term may have (rule G-1).
TERM_BITS = 106


class Record:
    """A frozen record that writes only what is not its default."""

    def __repr__(self) -> str:
        words: list[str] = []
        for number, field in enumerate(fields(self)):  # type: ignore[arg-type]
            value = getattr(self, field.name)
            if field.default is not MISSING and value == _canonical(field.default):
                continue
            positional = number == len(words) and field.default is MISSING
            words.append(_word(value) if positional else f"{field.name}={_word(value)}")
        return f"{type(self).__name__}({', '.join(words)})"


def _canonical(default: Any) -> Any:
    return Policy() if default == "ieee" else default


def _word(value: Any) -> str:
    """A field's value as it would be typed."""
    if isinstance(value, Format):
        return _format_word(value)
    if isinstance(value, Policy):
        knobs = {f.name: getattr(value, f.name) for f in fields(value)}
        turned = (f"{k}={v!r}" for k, v in knobs.items() if v != getattr(Policy(), k))
        return f"Policy({', '.join(turned)})"
    return repr(value)


def _format_word(fmt: Format) -> str:
    """Its name, or its fields where no name says them all."""
    if not fmt.name.startswith("custom_"):
        return repr(fmt.name)
    words = (f"{f.name}={getattr(fmt, f.name)!r}" for f in fields(fmt))
    return f"Format({', '.join(words)})"


class Kind(Record):
    """What all accumulators share."""

    #: The format of the sum, None where it is decided by the call.
    format: Any

    def roundings(self, terms: int) -> Iterator[int]:
        """Random bits of each stochastic rounding of ``terms`` terms, in the order of execution.

        Source: semantics.md rule G-17.
        """
        raise NotImplementedError

    def draws(self, terms: int) -> int:
        """The number of stochastic roundings of ``terms`` terms: S of rule G-17."""
        return sum(1 for _ in self.roundings(terms))

    def explain(self, terms: int) -> str:
        """What happens to ``terms`` terms, step by step.

        Examples
        --------
        >>> import lowfloat as lf
        >>> print(lf.Accumulator("bfloat16").explain(3))
        3 terms
        start: c to bfloat16, nearest_even; +0 without c
        for k = 0, 1, 2:
          acc <- bfloat16(acc + a[k] * b[k]), nearest_even
        the sum is a bfloat16
        """
        from lowfloat.accumulators.explaining import explain

        return explain(self, terms)


def set_fields(record: Any, **values: Any) -> None:
    """Set fields of a frozen record, while it is made."""
    for name, value in values.items():
        object.__setattr__(record, name, value)


def set_projection(record: Any) -> None:
    """Replace a record's format and projection fields by their canonical forms."""
    made = Projection(record.rounding, record.saturation, record.policy)
    made = make_projection(made.rounding, made.saturation, made.policy)
    fmt = None if record.format is None else find_format(record.format)
    set_fields(
        record,
        format=fmt,
        rounding=made.rounding,
        saturation=made.saturation,
        policy=made.policy,
    )


def needs_zero(fmt: Format) -> None:
    """Refuse a format that no sum can start in.

    Raises
    ------
    ValueError
        If it has no zero.
    """
    if not fmt.zero:
        raise ValueError(f"a sum starts from zero, which {fmt} does not have")


class Projecting:
    """A record with the three fields of a projection."""

    rounding: Any
    saturation: Any
    policy: Any

    @cached_property
    def projection(self) -> Projection:
        """The projection of every step."""
        return make_projection(self.rounding, self.saturation, self.policy)

    @property
    def draws_one(self) -> int:
        """1 if its roundings are stochastic, else 0."""
        return int(self.projection.stochastic is not None)

    def drawn(self, times: int = 1) -> Iterator[int]:
        """Random bits of ``times`` roundings under this projection: none if not stochastic."""
        stochastic = self.projection.stochastic
        return iter(()) if stochastic is None else iter([stochastic.drawn_bits] * times)


@dataclass(frozen=True, repr=False)
class Product(Record, Projecting):
    """How the product of two operands is made before it is added.

    Parameters
    ----------
    format : Format or name, optional
        The format that products are rounded to first; without it they are added as they are.
    rounding, saturation, policy
        The projection into ``format``.
    method : {"exact", "integer_add", "power_of_two"}
        The exact product, or an approximation of it.

    Raises
    ------
    ValueError
        If a name is unknown, or a projection is given without a format.

    Examples
    --------
    >>> import lowfloat as lf
    >>> lf.accumulators.Product("float8_e5m2", rounding="toward_zero").format.name
    'float8_e5m2'

    Source: semantics.md rule G-4.
    """

    format: Any = None
    rounding: Rounding = "nearest_even"
    saturation: str = "none"
    policy: Policy | str = "ieee"
    method: str = "exact"

    def __post_init__(self) -> None:
        set_projection(self)
        if self.method not in METHODS:
            raise ValueError(f"no product {self.method!r}: there are {', '.join(METHODS)}")
        if self.format is None and self.projection != make_projection(
            "nearest_even", "none", Policy(daz=self.projection.policy.daz)
        ):
            raise ValueError("a product's rounding needs its format: Product(format, rounding=...)")


@dataclass(frozen=True, repr=False)
class Accumulator(Kind, Projecting):
    """A running sum that is rounded to a format at every step.

    Each step is ``acc <- project(acc + a * b)`` with the exact product, unless ``product`` says
    otherwise.

    Parameters
    ----------
    format : Format or name
        The format of the running sum.
    rounding, saturation, policy
        The projection of every step.
    product : Product, optional
        How products are made; exact and fused with the addition by default.
    order : {"sequential", "reversed", "pairwise"} or Interleaved
        In which order terms are added.
    compensation : {"kahan", "neumaier"}, optional
        Carry the rounding errors along, every intermediate result rounded to ``format``.

    Raises
    ------
    ValueError
        If the parameters contradict each other, or ``format`` cannot hold the products'.

    Examples
    --------
    >>> import lowfloat as lf
    >>> acc = lf.Accumulator("e6m9", order="reversed")
    >>> acc == lf.Accumulator("e6m9", order="reversed"), acc.format.precision
    (True, 10)

    Source: semantics.md rules G-2 to G-6.
    """

    format: Any
    rounding: Rounding = "nearest_even"
    saturation: str = "none"
    policy: Policy | str = "ieee"
    product: Product | None = None
    order: Order = "sequential"
    compensation: Literal["kahan", "neumaier"] | None = None

    def __post_init__(self) -> None:
        if self.format is None:
            raise ValueError("an Accumulator needs its format: lf.Accumulator('e6m9')")
        set_projection(self)
        needs_zero(self.format)
        checked_order(self.order)
        if self.product is not None and not isinstance(self.product, Product):
            raise ValueError(
                f"product must be an lf.accumulators.Product, not {self.product!r}: "
                "lf.accumulators.Product(format)"
            )
        self._check_product()
        if self.compensation is None:
            return
        if self.compensation not in COMPENSATIONS:
            raise ValueError(
                f"no compensation {self.compensation!r}: there are {', '.join(COMPENSATIONS)}"
            )
        if self.order == "pairwise":
            raise ValueError("a pairwise sum has no compensation: give one of the two")

    def _check_product(self) -> None:
        fmt = None if self.product is None else self.product.format
        if fmt is None:
            return
        if fmt.precision > self.format.precision or fmt.emax > self.format.emax:
            raise ValueError(
                f"products of {fmt} do not fit an accumulator of {self.format}: give a wider "
                "accumulator, or a narrower product"
            )

    def roundings(self, terms: int) -> Iterator[int]:
        """Random bits of each stochastic rounding, in the order of execution (rule G-17)."""
        product = self.product if self.product is not None and self.product.format else None
        if self.order == "pairwise":
            if product is not None:
                yield from product.drawn(terms)
            yield from self.drawn(terms)
            return
        for _ in range(terms):
            if product is not None:
                yield from product.drawn()
            yield from self.drawn(self._steps)
        if self.compensation == "neumaier" and terms:
            yield from self.drawn()

    @property
    def _steps(self) -> int:
        """Roundings of one term, its product's aside (rule G-6)."""
        return {"kahan": 4, "neumaier": 5}.get(self.compensation or "", 1)

    def draws(self, terms: int) -> int:
        """The number of stochastic roundings of ``terms`` terms: S of rule G-17."""
        product = self.product is not None and bool(self.product.format)
        products = terms * self.product.draws_one if product and self.product else 0
        last = self.compensation == "neumaier" and terms > 0
        return products + (terms * self._steps + last) * self.draws_one


@dataclass(frozen=True, repr=False)
class Exact(Kind, Projecting):
    """The exact sum of the exact products (Kulisch's accumulator, a quire).

    Parameters
    ----------
    format : Format or name, optional
        Round the sum to this format; without it only the call's projection rounds.
    rounding, saturation, policy
        The projection into ``format``; ``policy`` also says how operands are read.

    Raises
    ------
    ValueError
        If a name is unknown, or a rounding is given without a format.

    Examples
    --------
    >>> import lowfloat as lf
    >>> lf.accumulators.Exact().format is None
    True

    Source: Kulisch, Computer Arithmetic and Validity, 2013; semantics.md rule G-7.
    """

    format: Any = None
    rounding: Rounding = "nearest_even"
    saturation: str = "none"
    policy: Policy | str = "ieee"

    def __post_init__(self) -> None:
        set_projection(self)
        if self.format is None and self.projection != make_projection(
            "nearest_even", "none", Policy(daz=self.projection.policy.daz)
        ):
            raise ValueError(
                "an Exact accumulator rounds only to a format of its own: Exact(format, ...), or "
                "give the rounding to the call"
            )

    def roundings(self, terms: int) -> Iterator[int]:
        """Random bits of its one rounding, if there is one (rule G-17)."""
        return iter(()) if self.format is None else self.drawn()


@dataclass(frozen=True, repr=False)
class FixedPoint(Kind):
    """A two's complement integer of ``bits`` bits in units of ``2**lsb``.

    Raises
    ------
    ValueError
        If ``bits`` is not in 2..64 or ``overflow`` is neither "wrap" nor "saturate".

    Examples
    --------
    >>> import lowfloat as lf
    >>> lf.accumulators.FixedPoint(32).format.mantissa_bits
    32

    Source: semantics.md rule G-8.
    """

    bits: int
    lsb: int = 0
    overflow: Literal["wrap", "saturate"] = "wrap"
    order: Order = "sequential"

    def __post_init__(self) -> None:
        if not 2 <= positive(self.bits, "a fixed-point accumulator's bits") <= 64:
            raise ValueError(f"a fixed-point accumulator has 2 to 64 bits, not {self.bits}")
        if isinstance(self.lsb, bool) or not isinstance(self.lsb, int) or abs(self.lsb) > 1 << 16:
            raise ValueError(f"lsb is an exponent of two within 2^16, not {self.lsb!r}")
        if self.overflow not in ("wrap", "saturate"):
            raise ValueError(f"overflow is 'wrap' or 'saturate', not {self.overflow!r}")
        checked_order(self.order, ("sequential", "reversed"))

    @property
    def format(self) -> Format | None:
        """The sign-magnitude format on the grid, None beyond 52 bits (rule G-15)."""
        return None if self.bits > 52 else Format(0, self.bits, 1 - self.bits - self.lsb)

    def roundings(self, terms: int) -> Iterator[int]:
        """None: integers are exact."""
        return iter(())


def unwrapped(accumulator: Any) -> Any:
    """The accumulator itself, of a preset too.

    Raises
    ------
    TypeError
        If it is none.
    """
    inside = getattr(accumulator, "accumulator", accumulator)
    if not isinstance(inside, Kind):
        raise TypeError(
            f"an accumulator is lf.Accumulator(...) or one of lf.accumulators, not {accumulator!r}"
        )
    return inside


__all__ = ["Accumulator", "Exact", "FixedPoint", "Interleaved", "Kind", "Product"]
