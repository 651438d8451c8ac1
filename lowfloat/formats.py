"""What a format is: one frozen record that decides how a code is decoded.

The record's fields and the legality of their combinations are rules D-1 to D-9 of
``spec/semantics.md``; the named formats are data in ``spec/formats.toml``.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, get_args

Infinities = Literal["none", "ieee", "top"]
NaNCodes = Literal["none", "ieee", "all_ones", "negative_zero", "top"]
Subnormals = Literal["gradual", "flush", "normal"]

INFINITIES: tuple[str, ...] = get_args(Infinities)
NAN_CODES: tuple[str, ...] = get_args(NaNCodes)
SUBNORMALS: tuple[str, ...] = get_args(Subnormals)

#: |bias| may not exceed this (rule D-1): exponents then stay far inside 32 bits.
MAX_BIAS = 1 << 20

_interned: dict[tuple[Any, ...], Format] = {}
_fits: dict[tuple[Format, Format], bool] = {}


def default_bias(exponent_bits: int) -> int:
    """The bias of an IEEE-style field, 2^(E-1) - 1; 1 where there is no exponent field.

    >>> [default_bias(e) for e in (0, 1, 4, 8)]
    [1, 0, 7, 127]
    """
    return 1 if exponent_bits == 0 else (1 << (exponent_bits - 1)) - 1


@dataclass(frozen=True, eq=False, repr=False)
class Format:
    """A floating-point format, as everything that decides the value of a code.

    A code has, from the top, a sign bit (if ``signed``), ``exponent_bits`` and
    ``mantissa_bits``. Equal fields give the same object, so formats compare with ``is``.

    Raises
    ------
    ValueError
        If the fields contradict each other or leave no nonzero number; the message names
        the rule of ``spec/semantics.md``.

    Examples
    --------
    >>> import lowfloat as lf
    >>> f = lf.Format(4, 3, 7, nan="all_ones")
    >>> f is lf.format("float8_e4m3fn")
    True
    >>> f.width, f.precision, f.max_finite_code
    (8, 4, 126)

    Source: semantics.md, section 1.
    """

    #: Width of the exponent field, 0..16.
    exponent_bits: int
    #: Width of the trailing significand field, 0..52.
    mantissa_bits: int
    #: Subtracted from the exponent field; default 2^(E-1) - 1.
    bias: int
    #: Whether the top bit of a code is a sign.
    signed: bool
    #: Which codes are infinite: none, IEEE 754's, or the topmost magnitude that is not NaN.
    infinities: Infinities
    #: Which codes are NaN: none, IEEE 754's, all-ones magnitude, the code of -0, the top code.
    nan: NaNCodes
    #: Whether the code of -0 is the number -0.
    negative_zero: bool
    #: Whether the format has a zero.
    zero: bool
    #: What exponent field 0 holds: subnormals, flushed codes, or one more normal binade.
    subnormals: Subnormals

    def __new__(  # noqa: PYI034 - formats are interned
        cls,
        exponent_bits: int,
        mantissa_bits: int,
        bias: int | None = None,
        signed: bool = True,
        infinities: Infinities = "none",
        nan: NaNCodes = "none",
        negative_zero: bool | None = None,
        zero: bool = True,
        subnormals: Subnormals = "gradual",
    ) -> Format:
        for name, number in (("exponent_bits", exponent_bits), ("mantissa_bits", mantissa_bits)):
            if isinstance(number, bool) or not isinstance(number, int) or number < 0:
                raise ValueError(f"{name} must be a non-negative int, not {number!r} (rule D-1)")
        if bias is None:
            bias = default_bias(exponent_bits)
        if isinstance(bias, bool) or not isinstance(bias, int):
            raise ValueError(f"bias must be an int, not {bias!r} (rule D-1)")
        if negative_zero is None:
            negative_zero = signed and zero and nan != "negative_zero"
        key = (
            exponent_bits, mantissa_bits, bias, bool(signed), infinities, nan,
            bool(negative_zero), bool(zero), subnormals,
        )  # fmt: skip
        found = _interned.get(key)
        if found is not None:
            return found
        self = object.__new__(cls)
        for field, value in zip(dataclasses.fields(cls), key, strict=True):
            object.__setattr__(self, field.name, value)
        _check_legal(self)
        return _interned.setdefault(key, self)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """All work is done in ``__new__``, so that interned formats are not built twice."""

    def __reduce__(self) -> tuple[Any, ...]:
        return Format, self.fields

    def __copy__(self) -> Format:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Format:
        return self

    @property
    def fields(self) -> tuple[Any, ...]:
        """The nine defining fields, in the order of the constructor."""
        return tuple(getattr(self, field.name) for field in dataclasses.fields(self))

    # -- layout -----------------------------------------------------------------------------

    @cached_property
    def width(self) -> int:
        """Bits of a code, 1..64."""
        return int(self.signed) + self.exponent_bits + self.mantissa_bits

    @cached_property
    def precision(self) -> int:
        """Significant bits of a normal number, the hidden one included: P = M + 1."""
        return self.mantissa_bits + 1

    @cached_property
    def storage_bits(self) -> int:
        """Bits of the unsigned integer that carries a code in an array: 8, 16, 32 or 64."""
        return max(8, 1 << (self.width - 1).bit_length())

    @cached_property
    def magnitude_mask(self) -> int:
        """Mask of the exponent and mantissa fields."""
        return (1 << (self.exponent_bits + self.mantissa_bits)) - 1

    @cached_property
    def sign_mask(self) -> int:
        """The sign bit of a code, 0 for an unsigned format."""
        return self.magnitude_mask + 1 if self.signed else 0

    # -- range ------------------------------------------------------------------------------

    @cached_property
    def emin(self) -> int:
        """Exponent of the lowest normal binade: 1 - bias, or -bias where field 0 is normal."""
        return -self.bias if self.subnormals == "normal" else 1 - self.bias

    @cached_property
    def emax(self) -> int:
        """Exponent of the largest finite number."""
        field, fraction = divmod(self.max_finite_code, 1 << self.mantissa_bits)
        if field == 0 and self.subnormals == "gradual":
            return fraction.bit_length() - self.mantissa_bits + self.emin - 1
        return field - self.bias

    @cached_property
    def infinity_code(self) -> int | None:
        """Code of +infinity, None where there is none (rule D-4)."""
        if self.infinities == "none":
            return None
        if self.infinities == "ieee":
            return ((1 << self.exponent_bits) - 1) << self.mantissa_bits
        return self.magnitude_mask - int(self.nan in ("all_ones", "top"))

    @cached_property
    def nan_code(self) -> int | None:
        """Code of the canonical NaN: positive and quiet (rule D-3); None where there is none."""
        if self.nan == "none":
            return None
        if self.nan == "ieee":
            return ((1 << (self.exponent_bits + 1)) - 1) << (self.mantissa_bits - 1)
        return self.sign_mask if self.nan == "negative_zero" else self.magnitude_mask

    @cached_property
    def max_finite_code(self) -> int:
        """Code of the largest finite number (rule D-7)."""
        if self.infinity_code is not None:
            return self.infinity_code - 1
        return self.magnitude_mask - int(self.nan in ("all_ones", "top"))

    @cached_property
    def min_positive_code(self) -> int:
        """Code of the smallest positive number the format produces (rule D-7)."""
        if not self.zero:
            return 0
        return 1 << self.mantissa_bits if self.subnormals == "flush" else 1

    @cached_property
    def min_normal_code(self) -> int:
        """Code of the smallest positive normal number (rule D-7)."""
        if self.subnormals == "normal":
            return self.min_positive_code
        return 1 << self.mantissa_bits

    @cached_property
    def has_subnormals(self) -> bool:
        """Whether the format produces subnormal numbers."""
        return self.subnormals == "gradual" and self.mantissa_bits > 0

    def fits_in(self, other: Format) -> bool:
        """Whether every number of this format, infinities too, is one of ``other``.

        >>> import lowfloat as lf
        >>> lf.float8_e5m2.fits_in(lf.float16), lf.bfloat16.fits_in(lf.float16)
        (True, False)
        """
        found = _fits.get((self, other))
        if found is None:
            found = _fits[self, other] = _check_fits(self, other)
        return found

    # -- names ------------------------------------------------------------------------------

    @cached_property
    def name(self) -> str:
        """The format's first name in formats.toml, else its name in the grammar or P3109.

        >>> import lowfloat as lf
        >>> lf.format("ocp_e4m3").name, lf.format("e4m3b9fnuz").name
        ('float8_e4m3fn', 'e4m3b9fnuz')
        """
        from lowfloat.format_names import name_of

        return name_of(self)

    def __str__(self) -> str:
        return self.name

    def __repr__(self) -> str:
        from lowfloat.format_text import repr_text

        return repr_text(self)

    def _repr_html_(self) -> str:
        from lowfloat.format_text import repr_html

        return repr_html(self)


def _check_fits(inner: Format, outer: Format) -> bool:
    """Compare precision, range, and the special values; NaN counts as a value."""
    if inner is outer:
        return True
    same_binade = inner.emax == outer.emax and outer.infinities == "ieee"
    return (
        outer.subnormals == "gradual"
        and inner.precision <= outer.precision
        and inner.emin - inner.mantissa_bits >= outer.emin - outer.mantissa_bits
        and (inner.emax < outer.emax or same_binade)
        and (outer.signed or not inner.signed)
        and (outer.infinity_code is not None or inner.infinity_code is None)
        and (outer.nan_code is not None or inner.nan_code is None)
        and (outer.negative_zero or not inner.negative_zero)
    )


def _check_legal(f: Format) -> None:
    """Raise ValueError naming the first rule of D-1, D-2 and D-8 that the fields break."""
    for name, value, allowed in (
        ("infinities", f.infinities, INFINITIES),
        ("nan", f.nan, NAN_CODES),
        ("subnormals", f.subnormals, SUBNORMALS),
    ):
        if value not in allowed:
            raise ValueError(f"{name} must be one of {', '.join(allowed)}, not {value!r}")
    e, m = f.exponent_bits, f.mantissa_bits
    widest = 16 if f.width <= 16 else 11
    for broken, rule, message in (
        (m > 52, "D-1", f"mantissa_bits is {m}, at most 52"),
        (not 1 <= f.width <= 64, "D-1", f"a code has 1 to 64 bits, not {f.width}"),
        (e > widest, "D-1", f"exponent_bits is {e}; codes of {f.width} bits have up to {widest}"),
        (abs(f.bias) > MAX_BIAS, "D-1", f"bias is {f.bias}; its magnitude is at most {MAX_BIAS}"),
        (
            (f.infinities == "ieee") != (f.nan == "ieee"),
            "D-2",
            "infinities='ieee' and nan='ieee' share the all-ones exponent: use both or neither",
        ),
        (
            f.nan == "ieee" and (m == 0 or e == 0),
            "D-2",
            "IEEE infinities and NaNs need an exponent and a mantissa field: use 'top'",
        ),
        (f.nan == "all_ones" and not f.signed, "D-2", "an unsigned format's top NaN is nan='top'"),
        (f.nan == "top" and f.signed, "D-2", "a signed format's top NaN is nan='all_ones'"),
        (
            f.nan == "negative_zero" and not f.signed,
            "D-2",
            "an unsigned format has no code of -0 for nan='negative_zero'",
        ),
        (
            f.negative_zero and (not f.signed or not f.zero or f.nan == "negative_zero"),
            "D-2",
            "negative_zero needs a sign, a zero, and a code that is not NaN",
        ),
        (
            not f.zero and (f.subnormals != "normal" or f.signed),
            "D-2",
            "a format without zero is unsigned and has subnormals='normal'",
        ),
        (
            f.subnormals == "normal" and e == 0,
            "D-2",
            "subnormals='normal' needs an exponent field",
        ),
        (
            f.subnormals != "gradual" and m == 0 and f.zero,
            "D-2",
            "without a mantissa field there are no subnormals: use subnormals='gradual'",
        ),
        (
            f.subnormals == "flush" and e == 0,
            "D-2",
            "subnormals='flush' needs an exponent field",
        ),
    ):
        if broken:
            raise ValueError(f"impossible format: {message} (rule {rule})")
    if f.max_finite_code < f.min_positive_code or f.max_finite_code < (0 if not f.zero else 1):
        raise ValueError("impossible format: it has no positive finite number (rule D-8)")
