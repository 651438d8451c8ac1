"""Hypothesis strategies shared by all tests: legal formats, codes, exact numbers, projections.

The choices follow the legality table D-2 of spec/semantics.md directly, so that every drawn
format is legal by construction and the library's own check is not consulted.
"""

from __future__ import annotations

from fractions import Fraction

from hypothesis import strategies as st

import lowfloat as lf

ROUNDINGS = (
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
SATURATIONS = ("none", "finite", "propagate")


@st.composite
def formats(
    draw: st.DrawFn,
    max_width: int = 64,
    max_exponent_bits: int = 16,
    signed: bool | None = None,
    extreme_bias: bool = True,
) -> lf.Format:
    """Any legal format of up to ``max_width`` bits.

    ``extreme_bias=False`` keeps the bias within 40 of the default one.
    """
    if signed is None:
        signed = draw(st.booleans())
    e, m = draw(_field_widths(max_width - signed, max_exponent_bits, signed))
    default = 1 if e == 0 else (1 << (e - 1)) - 1
    nearby = st.integers(default - 40, default + 40)
    bias = draw(st.just(default) | nearby)
    if extreme_bias and draw(st.integers(0, 15)) == 0:
        bias = draw(st.sampled_from([-(1 << 20), 1 << 20]) | st.integers(-(1 << 20), 1 << 20))
    infinities, nan = draw(st.sampled_from(_specials(e, m, signed)))
    zero = signed or e == 0 or draw(st.integers(0, 3)) > 0
    subnormals = draw(st.sampled_from(["gradual", *_flat(e, m)])) if zero else "normal"
    if not _has_a_number(e, m, infinities, nan, zero, subnormals):
        infinities = nan = "none"
        subnormals = "gradual" if zero else "normal"
    negative_zero = signed and nan != "negative_zero" and draw(st.integers(0, 3)) > 0
    return lf.Format(e, m, bias, signed, infinities, nan, negative_zero, zero, subnormals)


def _field_widths(room: int, max_exponent_bits: int, signed: bool) -> st.SearchStrategy:
    """Pairs (E, M) with 1 <= E + M <= room within rule D-1."""

    def mantissas(e: int) -> st.SearchStrategy:
        most = min(52, room - e)
        if e > 11:
            most = min(most, 16 - signed - e)
        least = 1 if e == 0 else 0
        small = st.integers(least, min(most, 7))
        return st.tuples(st.just(e), small | st.integers(least, most))

    widest = min(max_exponent_bits, room, 16 - signed)
    small = st.integers(0, min(widest, 6))
    return (small | st.integers(0, widest)).flatmap(mantissas)


def _specials(e: int, m: int, signed: bool) -> list[tuple[str, str]]:
    """The pairs (infinities, nan) that D-2 allows."""
    nans = ["none", "all_ones", "negative_zero"] if signed else ["none", "top"]
    pairs = [(infinities, nan) for infinities in ("none", "top") for nan in nans]
    return [*pairs, ("ieee", "ieee")] if e >= 1 and m >= 1 else pairs


def _flat(e: int, m: int) -> list[str]:
    """The other kinds of subnormals that D-2 allows where there is a zero."""
    return ["flush", "normal"] if e >= 1 and m >= 1 else []


def _has_a_number(e: int, m: int, infinities: str, nan: str, zero: bool, subnormals: str) -> bool:
    """Rule D-8: whether a positive finite code remains."""
    codes = 1 << (e + m)
    if infinities == "ieee":
        codes -= 1 << m
    else:
        codes -= (infinities == "top") + (nan in ("all_ones", "top"))
    first = 0 if not zero else 1 << m if subnormals == "flush" else 1
    return codes > first


def codes(fmt: lf.Format) -> st.SearchStrategy[int]:
    """Any code of a format, the remarkable ones often."""
    near = {0, 1, fmt.min_normal_code, fmt.max_finite_code, fmt.magnitude_mask}
    top = (1 << fmt.width) - 1
    remarkable = sorted(
        code
        for c in near
        for d in (-1, 0, 1)
        for code in (c + d, fmt.sign_mask + c + d)
        if 0 <= code <= top
    )
    return st.sampled_from(remarkable) | st.integers(0, top)


@st.composite
def numbers(draw: st.DrawFn, fmt: lf.Format) -> Fraction:
    """A nonzero rational near a finite number of the format, often half-way to the next."""
    code = draw(codes(fmt)) & fmt.magnitude_mask
    code = min(code, fmt.max_finite_code)
    m = fmt.mantissa_bits
    field, t = divmod(code, 1 << m)
    scale = Fraction(2) ** (max(field, 1) - fmt.bias - m)
    base = (t if field == 0 else (1 << m) + t) * scale
    nu = draw(
        st.sampled_from([Fraction(k, 8) for k in range(-8, 17)])
        | st.builds(Fraction, st.integers(0, 1 << 80), st.just(1 << 80))
        | st.builds(lambda s, k: Fraction(1, 2) + s * Fraction(1, 1 << k),
                    st.sampled_from([-1, 1]), st.integers(2, 90))
        | st.fractions(0, 1, max_denominator=1000)
    )  # fmt: skip
    value = base + nu * scale
    if value == 0:
        value = scale / draw(st.sampled_from([1, 2, 3, 4, 1024]))
    value *= Fraction(2) ** draw(st.sampled_from([0] * 12 + [-1, 1, -m - 2, 3]))
    return -value if draw(st.booleans()) else value


def policies() -> st.SearchStrategy[lf.Policy]:
    """Any policy."""
    return st.builds(
        lf.Policy,
        tininess=st.sampled_from(["after", "before"]),
        nan=st.sampled_from(["canonical", "first", "signaling_first"]),
        default_nan_sign=st.sampled_from([0, 1]),
        daz=st.booleans(),
        ftz=st.booleans(),
        saturation_raises_overflow=st.booleans(),
        infinityless_overflow=st.sampled_from(["nan", "max"]),
        fma_nan_invalid=st.booleans(),
    )


@st.composite
def quirky_policies(draw: st.DrawFn) -> lf.Policy:
    """Any policy, with the knobs that take the generic path (Q-1 zero, Q-9 to Q-13)."""
    usual = draw(policies())
    knobs = {name: getattr(usual, name) for name in usual.__dataclass_fields__}
    knobs |= {
        "tininess": draw(st.sampled_from(["after", "before", "zero"])),
        "default_nan_fraction": draw(st.sampled_from(["quiet", "ones"])),
        "quiet_nan_invalid": draw(st.booleans()),
        "integer_overflow": draw(st.sampled_from(["overflow", "invalid"])),
        "ftz_raises_underflow": draw(st.booleans()),
        "exact_zero": draw(st.sampled_from(["ieee", "positive"])),
    }
    return lf.Policy(**knobs)


def deterministic() -> st.SearchStrategy[str]:
    """Any rounding that needs no random bits."""
    return st.sampled_from(ROUNDINGS)


def stochastic(max_bits: int = 64) -> st.SearchStrategy[lf.Stochastic]:
    """Any stochastic rounding with a stated number of bits."""
    bits = st.integers(1, min(4, max_bits)) | st.integers(1, max_bits)
    return st.builds(lf.Stochastic, bits, st.sampled_from("ABC"))


@st.composite
def projections(draw: st.DrawFn) -> tuple[lf.Projection, int | None]:
    """Any projection, and random bits for it if it is stochastic."""
    rounding = draw(deterministic() | stochastic())
    made = lf.Projection(rounding, draw(st.sampled_from(SATURATIONS)), draw(policies()))
    if made.stochastic is None:
        return made, None
    return made, draw(st.integers(0, (1 << made.stochastic.drawn_bits) - 1))
