"""How an exact result becomes a code: rounding, saturation and policy, as data.

The terms are those of IEEE P3109; the rules are P-1 to P-12 and Q-1 to Q-13 of
``spec/semantics.md``.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any, Literal, get_args

Saturation = Literal["none", "finite", "propagate"]
Variant = Literal["A", "B", "C"]

#: The deterministic roundings. The position is the number that native code uses.
ROUNDINGS: tuple[str, ...] = (
    "nearest_even",
    "nearest_away",
    "nearest_zero",
    "toward_zero",
    "toward_positive",
    "toward_negative",
    "away_from_zero",
    "to_odd",
    "nearest_odd",
)
SATURATIONS: tuple[str, ...] = get_args(Saturation)
VARIANTS: tuple[str, ...] = get_args(Variant)

#: Other spellings of a rounding: the usual letters, TestFloat's, RISC-V's and P3109's names.
ROUNDING_ALIASES: dict[str, str] = {
    "rne": "nearest_even",
    "near_even": "nearest_even",
    "nearesttiestoeven": "nearest_even",
    "rna": "nearest_away",
    "rmm": "nearest_away",
    "near_maxmag": "nearest_away",
    "nearesttiestoaway": "nearest_away",
    "rnz": "nearest_zero",
    "rtz": "toward_zero",
    "minmag": "toward_zero",
    "towardzero": "toward_zero",
    "rtp": "toward_positive",
    "rup": "toward_positive",
    "max": "toward_positive",
    "towardpositive": "toward_positive",
    "rtn": "toward_negative",
    "rdn": "toward_negative",
    "min": "toward_negative",
    "towardnegative": "toward_negative",
    "raz": "away_from_zero",
    "rod": "to_odd",
    "odd": "to_odd",
    "toodd": "to_odd",
    "rno": "nearest_odd",
    "near_odd": "nearest_odd",
    "nearesttiestoodd": "nearest_odd",
}
SATURATION_ALIASES: dict[str, str] = {
    "satnone": "none",
    "satfinite": "finite",
    "satpropagate": "propagate",
}


@dataclass(frozen=True)
class Stochastic:
    """Stochastic rounding with ``bits`` random bits R, 0 <= R < 2^bits, per result.

    With nu the exact discarded fraction and N = ``bits``, a magnitude is rounded away when
    (A) floor(nu 2^N) + R >= 2^N, (B) floor(nu 2^(N+1)) + 2R + 1 >= 2^(N+1), or
    (C) RNITE(nu 2^N) + R >= 2^N. ``bits=None`` uses every discarded bit: 64 bits are drawn,
    and a discarded tail that is longer than 64 bits is an error.

    Raises
    ------
    ValueError
        If ``bits`` is not in 1..64 or ``variant`` is not A, B or C.

    Examples
    --------
    >>> import lowfloat as lf
    >>> lf.Stochastic(16)
    Stochastic(bits=16, variant='A')

    Source: P3109 Interim Report v4.0, 4.7.4; semantics.md rule P-6.
    """

    bits: int | None
    variant: Variant = "A"

    def __post_init__(self) -> None:
        bits = self.bits
        if bits is not None and (isinstance(bits, bool) or not isinstance(bits, int)):
            raise ValueError(f"Stochastic bits must be an int from 1 to 64 or None, not {bits!r}")
        if bits is not None and not 1 <= bits <= 64:
            raise ValueError(f"Stochastic bits must be from 1 to 64, not {bits} (rule P-6)")
        if self.variant not in VARIANTS:
            raise ValueError(f"Stochastic variant must be A, B or C, not {self.variant!r}")

    @property
    def drawn_bits(self) -> int:
        """Random bits drawn for one result."""
        return 64 if self.bits is None else self.bits

    @classmethod
    def preset(cls, device: str, mantissa_bits: int = 0) -> Stochastic:
        """The rule of a named device that converts float32 to ``mantissa_bits`` of fraction.

        ``"amd_rdna4"`` adds the top 23 - M bits of its seed; ``"nvidia_blackwell"`` takes 16
        bits (13 for float16, 8 for float4_e2m1fn); ``"fpnew"`` takes 12 bits and rounds up
        when R' < D, which is variant A with R = 2^12 - 1 - R'.

        Raises
        ------
        ValueError
            If no such device is known.

        Examples
        --------
        >>> import lowfloat as lf
        >>> lf.Stochastic.preset("amd_rdna4", mantissa_bits=3)
        Stochastic(bits=20, variant='A')

        Source: semantics.md rule P-7.
        """
        if device == "amd_rdna4":
            return cls(23 - mantissa_bits)
        if device == "nvidia_blackwell":
            return cls({10: 13, 1: 8}.get(mantissa_bits, 16))
        if device == "fpnew":
            return cls(12)
        raise ValueError(
            f"no stochastic preset {device!r}: there are amd_rdna4, nvidia_blackwell, fpnew"
        )


Rounding = str | Stochastic

#: Every knob of a policy and what it can be; the default first.
POLICY_CHOICES: dict[str, tuple[Any, ...]] = {
    "tininess": ("after", "before", "zero"),
    "nan": ("canonical", "first", "signaling_first"),
    "default_nan_sign": (0, 1),
    "daz": (False, True),
    "ftz": (False, True),
    "saturation_raises_overflow": (True, False),
    "infinityless_overflow": ("nan", "max"),
    "fma_nan_invalid": (True, False),
    "float_to_int": ("limits", "indefinite", "nan_zero"),
    "default_nan_fraction": ("quiet", "ones"),
    "quiet_nan_invalid": (False, True),
    "integer_overflow": ("overflow", "invalid"),
    "ftz_raises_underflow": (True, False),
    "exact_zero": ("ieee", "positive"),
}
#: Knobs and choices that only the generic paths of C and the golden model have.
_QUIRKS: dict[str, Any] = {
    "tininess": "zero",
    "default_nan_fraction": "ones",
    "quiet_nan_invalid": True,
    "integer_overflow": "invalid",
    "ftz_raises_underflow": False,
    "exact_zero": "positive",
}


@dataclass(frozen=True, init=False)
class Policy:
    """What hardware disagrees on, bundled; a preset name and the knobs to turn.

    Presets: ``ieee``, ``riscv``, ``x86_sse``, ``arm``, ``arm_default_nan``.

    Raises
    ------
    ValueError
        If the preset or a knob's value is unknown.

    Examples
    --------
    >>> import lowfloat as lf
    >>> lf.Policy("riscv", tininess="before").tininess
    'before'
    >>> lf.Policy() == lf.Policy("ieee")
    True

    Source: semantics.md rules Q-1 to Q-13; SoftFloat 3e specialisations.
    """

    #: Tininess detected before or after rounding, or underflow at zeros alone (Q-1).
    tininess: Literal["after", "before", "zero"]
    #: A NaN result is canonical, the first NaN operand, or the first signaling one (Q-2).
    nan: Literal["canonical", "first", "signaling_first"]
    #: Sign of the NaN that an invalid operation makes (Q-2).
    default_nan_sign: Literal[0, 1]
    #: Subnormal operands are read as zeros (Q-3).
    daz: bool
    #: Tiny results become zeros (Q-4).
    ftz: bool
    #: Whether a clamped overflow raises overflow as well as inexact (Q-5).
    saturation_raises_overflow: bool
    #: Overflow where there is a NaN but no infinity, saturation "none" (Q-6).
    infinityless_overflow: Literal["nan", "max"]
    #: Whether fma(0, inf, quiet NaN) raises invalid (Q-7).
    fma_nan_invalid: bool
    #: What a NaN or a number out of range becomes as an integer (Q-8).
    float_to_int: Literal["limits", "indefinite", "nan_zero"]
    #: Fraction of the NaN that operations make: the quiet bit alone, or all bits (Q-9).
    default_nan_fraction: Literal["quiet", "ones"]
    #: Whether a quiet NaN operand raises invalid where the result is NaN (Q-10).
    quiet_nan_invalid: bool
    #: The flag of an integer that is too large for a format (Q-11).
    integer_overflow: Literal["overflow", "invalid"]
    #: Whether a flushed result raises inexact and underflow, or nothing (Q-12).
    ftz_raises_underflow: bool
    #: Sign of an exact zero sum: IEEE 754's, or always plus (Q-13).
    exact_zero: Literal["ieee", "positive"]

    def __init__(self, preset: str = "ieee", **knobs: Any) -> None:
        if preset not in POLICY_PRESETS:
            raise ValueError(f"no policy {preset!r}: there are {', '.join(POLICY_PRESETS)}")
        for name, value in knobs.items():
            if name not in POLICY_CHOICES:
                raise ValueError(f"no policy knob {name!r}: there are {', '.join(POLICY_CHOICES)}")
            if value not in POLICY_CHOICES[name]:
                allowed = ", ".join(map(repr, POLICY_CHOICES[name]))
                raise ValueError(f"policy knob {name} is one of {allowed}, not {value!r}")
        for name, choices in POLICY_CHOICES.items():
            value = {**POLICY_PRESETS[preset], **knobs}.get(name, choices[0])
            object.__setattr__(self, name, value)

    @cached_property
    def quirks(self) -> tuple[bool, ...]:
        """Which of the knobs Q-1 (zero) and Q-9 to Q-13 are turned, in the order of C's bits."""
        return tuple(getattr(self, knob) == value for knob, value in _QUIRKS.items())


#: The knobs that each preset turns away from the first choice of ``POLICY_CHOICES``.
POLICY_PRESETS: dict[str, dict[str, Any]] = {
    "ieee": {},
    "riscv": {},
    "x86_sse": {"nan": "first", "default_nan_sign": 1, "float_to_int": "indefinite"},
    "arm": {"nan": "signaling_first", "tininess": "before", "float_to_int": "nan_zero"},
    "arm_default_nan": {"tininess": "before", "float_to_int": "nan_zero"},
}


@dataclass(frozen=True)
class Projection:
    """Rounding, saturation and policy: everything that turns an exact result into a code.

    Raises
    ------
    ValueError
        If a name is unknown; the message lists the known ones.

    Examples
    --------
    >>> import lowfloat as lf
    >>> lf.Projection("RTZ", "finite").rounding
    'toward_zero'

    Source: P3109 Interim Report v4.0, 4.2; semantics.md section 2.
    """

    rounding: Rounding = "nearest_even"
    saturation: Saturation = "none"
    policy: Policy = dataclasses.field(default_factory=Policy)

    def __post_init__(self) -> None:
        object.__setattr__(self, "rounding", rounding(self.rounding))
        object.__setattr__(self, "saturation", _named(self.saturation, "saturation"))
        if isinstance(self.policy, str):
            object.__setattr__(self, "policy", Policy(self.policy))
        elif not isinstance(self.policy, Policy):
            raise ValueError(f"policy must be a Policy or a preset's name, not {self.policy!r}")

    @property
    def stochastic(self) -> Stochastic | None:
        """The stochastic rounding, or None for a deterministic one."""
        return self.rounding if isinstance(self.rounding, Stochastic) else None


_NAMES = {
    "rounding": (ROUNDINGS, ROUNDING_ALIASES),
    "saturation": (SATURATIONS, SATURATION_ALIASES),
}


def _named(value: Any, what: str) -> str:
    names, aliases = _NAMES[what]
    if isinstance(value, str):
        lower = value.lower()
        found = lower if lower in names else aliases.get(lower.replace(" ", ""))
        if found:
            return found
    also = " (or an lf.Stochastic)" if what == "rounding" else ""
    raise ValueError(f"no {what} {value!r}: there are {', '.join(names)}{also}")


def rounding(value: Any) -> Rounding:
    """The canonical rounding that a name or a Stochastic stands for."""
    return value if isinstance(value, Stochastic) else _named(value, "rounding")


@lru_cache(maxsize=1024)
def make_projection(rounding: Rounding, saturation: str, policy: Policy | str) -> Projection:
    """One Projection per combination of keywords."""
    return Projection(rounding, saturation, policy)  # type: ignore[arg-type]
