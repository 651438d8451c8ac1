"""Profiles: how other systems cast numbers into a format, as data in spec/profiles.toml.

A profile's cast has at most two steps, each one rounding: into the format that the system passes
on its way (``through``), and into the result's. What a system does with NaNs, infinities, zeros
and signs against the rules of a projection stands beside them as codes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lowfloat import engine, exception_flags
from lowfloat.arrays import Array, wrap
from lowfloat.casting import codes_of, deliver
from lowfloat.engine import outputs
from lowfloat.engine.sources import Coded, Integers, Source, code_dtype, source
from lowfloat.exception_flags import OVERFLOW
from lowfloat.format_names import format as find_format
from lowfloat.format_names import p3109_name
from lowfloat.formats import Format
from lowfloat.profile_rules import ANY_P3109, INTEGERS, NaNRule, Pair, Rule, read_profiles
from lowfloat.projection import Policy, Projection

Codes = NDArray[Any]
#: NaNs keep what they have on the way through a format: the last step decides.
_CARRYING = Projection(policy=Policy(nan="first"))


class Outcome(NamedTuple):
    """The codes of a cast, and what decided each: an index of ``CASES``."""

    codes: Codes
    cases: NDArray[np.uint8]


#: What can decide an element of a cast; a later one overrules an earlier one.
CASES = ("rounding", "twice", "overflow", "negative", "between", "zero", "infinity", "nan", "copy")


@dataclass(frozen=True, eq=False, repr=False)
class Profile:
    """How one other system casts; ``lf.profile(name)`` gives it.

    Attributes
    ----------
    name, title, note : str
    sources : tuple of str, or None
        The formats it describes casts from, ``"integers"`` among them; None is any.
    copies : bool
        Whether a cast to the operand's own format copies its codes.
    rules : mapping of str to Rule
        By the name of the result's format.

    Examples
    --------
    >>> import lowfloat as lf
    >>> x = [448.0, 464.0, 465.0, float("inf")]
    >>> lf.profile("torch").cast(x, "float8_e4m3fn").to_numpy().tolist()
    [448.0, 448.0, 448.0, 448.0]
    >>> lf.profile("ml_dtypes").cast(x, "float8_e4m3fn").to_numpy().tolist()
    [448.0, 448.0, nan, nan]
    """

    name: str
    title: str
    sources: tuple[str, ...] | None
    copies: bool
    note: str
    rules: Mapping[str, Rule]

    def __repr__(self) -> str:
        return f"lowfloat.profile({self.name!r})  # {self.title}"

    def rule(self, format: Any, source: Any = "float32") -> Rule:
        """The rule for casts into a format.

        Parameters
        ----------
        format : Format, name or dtype
            The result's.
        source : Format, name or dtype
            The operand's; "integers" for machine integers.

        Raises
        ------
        ValueError
            If the profile does not describe such casts.

        Examples
        --------
        >>> import lowfloat as lf
        >>> lf.profile("ml_dtypes").rule("float8_e5m2").nan
        'sign'
        """
        fmt = find_format(format)
        found = self.rules.get(fmt.name)
        if found is None and ANY_P3109 in self.rules and p3109_name(fmt):
            found = self.rules[ANY_P3109]
        if found is None:
            raise ValueError(f"{self.name} has no {fmt}: it casts to {', '.join(self.rules)}")
        given = (
            INTEGERS if isinstance(source, str) and source == INTEGERS else find_format(source).name
        )
        if self.sources is not None and given not in self.sources:
            raise ValueError(
                f"{self.name} describes casts from {', '.join(self.sources)}, not from {given}"
            )
        return found.coming_from(given)

    def cast(self, x: Any, format: Any, *, out: Any = None) -> Array:
        """The values of ``x`` in a format, as the system of this profile casts them.

        Flags are neither raised nor collected: the profiles do not describe them.

        Parameters
        ----------
        x : array_like or Array
            Floating arrays, ml_dtypes arrays, lf.Arrays and integers; Python floats count as
            float64.
        format : Format, name or dtype
            The result's format.
        out : Array or unsigned ndarray, optional
            Where the codes go; the result's shape.

        Raises
        ------
        ValueError
            If the profile does not describe casts from that format, or into this one.
        TypeError
            If ``x`` holds what no machine type holds, or no real numbers.

        Examples
        --------
        >>> import numpy as np, lowfloat as lf
        >>> x = np.float64([1 + 2**-8 + 2**-40])  # above the middle of 1 and 1 + 2^-7
        >>> lf.cast(x, "bfloat16").to_numpy(), lf.profile("torch").cast(x, "bfloat16").to_numpy()
        (array([1.0078125], dtype=float32), array([1.], dtype=float32))

        Source: spec/profiles.toml, and what it cites.
        """
        fmt = find_format(format)
        codes = self.outcome(source(x), fmt).codes
        if out is None:
            return wrap(codes, fmt)
        target = outputs.given(codes_of(out, fmt), codes.shape, codes.dtype, (), "out").final
        target[...] = codes
        return deliver(target, fmt, out)

    def outcome(self, given: Source, fmt: Format) -> Outcome:
        """The codes of a cast and what decided each."""
        if not isinstance(given, Coded | Integers):
            raise TypeError(
                f"{self.name} casts machine numbers: give an array of floats or integers, "
                "or lf.cast the exact numbers first"
            )
        with exception_flags.ignored():
            if isinstance(given, Integers):
                return _integers(given, self.rule(fmt, INTEGERS), fmt)
            rule = self.rule(fmt, given.format)
            if given.format is fmt and self.copies:
                return Outcome(given.codes.copy(), _cases(given.codes, "copy"))
            return _floats(given, rule, fmt)

    def differences(self, other: Any, format: Any, source: Any = "float32") -> list[Any]:
        """Where this profile and another give different results, over a whole source format.

        Parameters
        ----------
        other : Profile or name
        format, source : Format, name or dtype
            The result's and the operand's.

        Returns
        -------
        list of Difference
            In the order of magnitudes, adjacent operands with the same results as one.

        Examples
        --------
        >>> import lowfloat as lf
        >>> found = lf.profile("torch").differences("ml_dtypes", "float8_e4m3fn", "float16")
        >>> [(row.low_value, row.high_value, row.why) for row in found][0]
        (464.25, 65504.0, ('overflow saturates', 'overflow becomes NaN'))
        """
        from lowfloat.profile_differences import differences

        return differences(self, profile(other), find_format(format), find_format(source))


def _cases(codes: Codes, case: str) -> NDArray[np.uint8]:
    return np.full(codes.shape, CASES.index(case), np.uint8)


def _integers(given: Integers, rule: Rule, fmt: Format) -> Outcome:
    """Machine integers: by way of ``through``, or rounded once."""
    if rule.through is None:
        codes = engine.convert(given.values, fmt, rule.projection)
        return Outcome(codes, _cases(codes, "rounding"))
    middle = find_format(rule.through)
    return _last_step(Coded(engine.convert(given.values, middle, _CARRYING), middle), rule, fmt)


def _floats(given: Coded, rule: Rule, fmt: Format) -> Outcome:
    """Floating-point numbers: by way of ``through`` where it does not hold them."""
    middle = given.format if rule.through is None else find_format(rule.through)
    if given.format.fits_in(middle):
        return _last_step(given, rule, fmt)
    passed = engine.convert(wrap(*given), middle, _CARRYING)
    codes, cases = _last_step(Coded(passed, middle), rule, fmt)
    once = _last_step(given, rule, fmt)
    # An overflow on the way is one of the whole cast, and so is a zero.
    cases = np.where(once.cases != CASES.index("rounding"), once.cases, cases)
    return Outcome(codes, np.where(once.codes != codes, np.uint8(CASES.index("twice")), cases))


def _last_step(x: Coded, rule: Rule, fmt: Format) -> Outcome:
    """The projection into the result's format, and what overrules it."""
    given = x.codes
    negative = (given & given.dtype.type(x.format.sign_mask)) != 0
    if rule.negative == "magnitude":
        given = given & given.dtype.type(x.format.magnitude_mask)
    raised = np.zeros(given.shape, np.uint8)
    codes = engine.convert(wrap(given, x.format), fmt, rule.projection, flags_out=raised)
    cases = _cases(codes, "rounding")

    def decide(case: str, where: Any, pair: Pair | None = None) -> None:
        cases[where] = CASES.index(case)
        if pair is not None:
            codes[where] = np.where(negative, pair[1], pair[0]).astype(codes.dtype)[where]

    is_nan, is_infinite = (_ask(q, given, x.format) for q in ("is_nan", "is_infinite"))
    decide("overflow", (raised & OVERFLOW) != 0)
    if not fmt.signed:
        decide("negative", negative)
    for low, high, code in rule.between:
        values = wrap(given, x.format).to_numpy(np.float64)
        decide("between", (values > low) & (values < high), (code, code))
    decide("zero", _ask("is_zero", given, x.format), rule.zero)
    decide("infinity", is_infinite)
    if rule.made_nan is not None:
        made = _ask("is_nan", codes, fmt)
        codes[made] = np.where(negative, rule.made_nan[1], rule.made_nan[0])[made]
    decide("nan", is_nan, _nan_codes(rule.nan, fmt))
    if rule.nan == "bits":
        codes[is_nan] = _nan_bits(x, fmt)[is_nan]
    if not rule.negative_zero and fmt.negative_zero:
        decide("zero", codes == fmt.sign_mask, (0, 0))
    return Outcome(codes, cases)


def _ask(question: str, codes: Codes, fmt: Format) -> NDArray[np.bool_]:
    answer: NDArray[np.bool_] = engine.ask(question, (Coded(codes, fmt),), _CARRYING) != 0
    return answer


def _nan_codes(rule: NaNRule, fmt: Format) -> Pair | None:
    """The codes of NaNs, where they depend on the sign alone and the projection has others."""
    if not isinstance(rule, str):
        return rule
    if rule != "sign" or fmt.nan_code is None:
        return None
    return fmt.nan_code, fmt.nan_code | (fmt.sign_mask if fmt.nan in ("ieee", "all_ones") else 0)


def _nan_bits(x: Coded, fmt: Format) -> Codes:
    """NaN codes whose leading bits are moved as they are; one bit is set where none is left."""
    wide = x.codes.astype(np.uint64)
    fraction = wide & np.uint64((1 << x.format.mantissa_bits) - 1)
    shift = fmt.mantissa_bits - x.format.mantissa_bits
    moved = fraction << np.uint64(shift) if shift >= 0 else fraction >> np.uint64(-shift)
    sign = np.where(wide & np.uint64(x.format.sign_mask), np.uint64(fmt.sign_mask), np.uint64(0))
    assert fmt.infinity_code is not None
    codes: Codes = np.uint64(fmt.infinity_code) | np.maximum(moved, np.uint64(1)) | sign
    return codes.astype(code_dtype(fmt))


@cache
def registry() -> dict[str, Profile]:
    """Every profile of spec/profiles.toml, by name, in the file's order."""
    return {name: Profile(name, **fields) for name, fields in read_profiles().items()}


def profile(name: Any) -> Profile:
    """How another system casts: ``torch``, ``ml_dtypes``, ``numpy``, ``onnx``, ``p3109``, ...

    Raises
    ------
    ValueError
        If there is no such profile; the message lists them.

    Examples
    --------
    >>> import lowfloat as lf
    >>> lf.profile("ml_dtypes")
    lowfloat.profile('ml_dtypes')  # ml_dtypes 0.6
    >>> lf.profile("cuda_satfinite").cast([1e9, -0.3], "float4_e2m1fn").to_numpy().tolist()
    [6.0, -0.5]

    Source: spec/profiles.toml; each entry cites its own.
    """
    if isinstance(name, Profile):
        return name
    found = registry().get(name) if isinstance(name, str) else None
    if found is None:
        raise ValueError(f"no profile {name!r}: there are {', '.join(registry())}")
    return found
