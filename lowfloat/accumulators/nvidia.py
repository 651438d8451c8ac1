"""The tensor cores of NVIDIA's GPUs, by architecture, formats and instruction."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NamedTuple

from lowfloat.accumulators.fused import Fused, Subsums
from lowfloat.accumulators.grouped import Grouped
from lowfloat.accumulators.kinds import Accumulator
from lowfloat.accumulators.orders import Interleaved
from lowfloat.accumulators.preset import (
    EIGHTS,
    HALVES,
    MODELS,
    RECORDED,
    SIXES_AND_FOURS,
    Preset,
    operand_name,
)
from lowfloat.format_names import format as find_format


class Unit(NamedTuple):
    """A matrix unit's block: terms, fraction bits, least exponent with 32- and 16-bit sums."""

    terms: int
    fraction_bits: int
    minimum_exponent: int | None
    minimum_exponent16: int | None
    #: The format that 32-bit sums are rounded to.
    sum_format: str = "float32"


NVIDIA: dict[str, dict[str, Unit]] = {
    "volta": {"float16": Unit(4, 23, None, -19)},
    "turing": {"float16": Unit(8, 24, None, None)},
    "ampere": {
        **dict.fromkeys(HALVES, Unit(8, 24, -132, -20)),
        "tensorfloat32": Unit(4, 24, -132, None),
    },
    "ada": {
        **dict.fromkeys(HALVES, Unit(8, 24, -132, -20)),
        "tensorfloat32": Unit(4, 24, -132, None),
        **dict.fromkeys(EIGHTS, Unit(16, 13, -132, -20, "e8m13")),
    },
    "hopper": {
        **dict.fromkeys(HALVES, Unit(16, 25, -133, -21)),
        "tensorfloat32": Unit(8, 25, -133, None),
        **dict.fromkeys(EIGHTS, Unit(32, 13, -133, -21, "e8m13")),
    },
    "blackwell": {
        **dict.fromkeys(HALVES, Unit(16, 25, -133, -21)),
        "tensorfloat32": Unit(8, 25, -133, None),
        **dict.fromkeys((*EIGHTS, *SIXES_AND_FOURS), Unit(32, 25, -133, -21)),
    },
}

_NO_SPECIALS = "the recorded rows hold no zeros, specials or tiny exponents: minimum_exponent and "
_NO_SPECIALS += "the rule for zeros follow the models; NaN results are canonical here, and "
_NO_SPECIALS += "0x7fffffff on the device: policy=lf.Policy(default_nan_fraction='ones')"


def _mates(name: str) -> tuple[str, ...]:
    """An operand format, and those that NVIDIA's units take beside it."""
    short = (*EIGHTS, *SIXES_AND_FOURS)
    return (name, *(f for f in short if f != name)) if name in short else (name,)


def _block(unit: Unit, out: str, device: str) -> Fused:
    if out not in ("float32", "float16"):
        raise ValueError(f"{device} gives float32 or float16, not {out!r}")
    if out == "float16":
        return Fused(
            "float16", unit.terms, unit.fraction_bits, "nearest_even",
            minimum_exponent=unit.minimum_exponent16,
        )  # fmt: skip
    return Fused(
        unit.sum_format, unit.terms, unit.fraction_bits, minimum_exponent=unit.minimum_exponent
    )


def _nvidia(architecture: str, fmt: Any, out: str, recorded: tuple[str, ...]) -> Preset:
    device = f"nvidia_{architecture}"
    name = operand_name(fmt, NVIDIA[architecture], device)
    if out == "float16" and name in ("bfloat16", "tensorfloat32"):
        raise ValueError(f"{device} gives float32 for {name}, not float16")
    block = _block(NVIDIA[architecture][name], out, device)
    known = name in recorded
    return Preset(
        f"{device}({name!r}, out={out!r})",
        block,
        "recorded" if known else "published",
        RECORDED if known else MODELS,
        _NO_SPECIALS if known else "no recorded results; " + _NO_SPECIALS.split(": ")[1],
        _mates(name),
    )


def nvidia_volta(fmt: Any = "float16", out: str = "float32") -> Preset:
    """Tensor cores of the V100: float16 operands, sums in float32 or float16.

    Raises
    ------
    ValueError
        If the unit does not take the format.

    Examples
    --------
    >>> import lowfloat as lf
    >>> lf.accumulators.nvidia_volta().accumulator.terms
    4
    """
    return _nvidia("volta", fmt, out, ("float16",))


def nvidia_turing(fmt: Any = "float16", out: str = "float32") -> Preset:
    """Tensor cores of the Turing GPUs: float16 operands.

    Raises
    ------
    ValueError
        If the unit does not take the format.

    Examples
    --------
    >>> import lowfloat as lf
    >>> lf.accumulators.nvidia_turing().maturity
    'published'
    """
    return _nvidia("turing", fmt, out, ())


def nvidia_ampere(fmt: Any, out: str = "float32") -> Preset:
    """Tensor cores of A100 and A2: float16, bfloat16 and tensorfloat32 operands.

    Raises
    ------
    ValueError
        If the unit does not take the format.

    Examples
    --------
    >>> import lowfloat as lf
    >>> lf.accumulators.nvidia_ampere("bfloat16").accumulator.fraction_bits
    24
    """
    return _nvidia("ampere", fmt, out, (*HALVES, "tensorfloat32"))


def nvidia_ada(fmt: Any, out: str = "float32") -> Preset:
    """Tensor cores of the Ada GPUs and the L40S: as Ampere's, and FP8.

    Raises
    ------
    ValueError
        If the unit does not take the format.

    Examples
    --------
    >>> import lowfloat as lf
    >>> lf.accumulators.nvidia_ada("float8_e5m2").accumulator.terms
    16
    """
    return _nvidia("ada", fmt, out, (*HALVES, "tensorfloat32", *EIGHTS))


def nvidia_hopper(fmt: Any, out: str = "float32", instruction: str = "wgmma") -> Preset:
    """Tensor cores of H100 and H200.

    FP8 operands have two: ``wgmma``, and ``mma.sync``, which makes two 16-bit blocks of it.

    Raises
    ------
    ValueError
        If the unit does not take the format.

    Examples
    --------
    >>> import lowfloat as lf
    >>> lf.accumulators.nvidia_hopper("float8_e4m3fn", instruction="mma.sync").format.name
    'float32'
    """
    if instruction not in ("wgmma", "mma.sync"):
        raise ValueError(f"nvidia_hopper has wgmma and mma.sync, not {instruction!r}")
    preset = _nvidia("hopper", fmt, out, (*HALVES, "tensorfloat32", *EIGHTS))
    if instruction == "mma.sync" and find_format(fmt).width == 8:
        return _two_halves("hopper", operand_name(fmt, EIGHTS, "nvidia_hopper"), out)
    if out == "float16" and find_format(fmt).width == 8:
        return replace(preset, maturity="published", evidence=MODELS)
    return preset


def nvidia_blackwell(fmt: Any, out: str = "float32", instruction: str = "tcgen05") -> Preset:
    """Tensor cores of the B200.

    ``instruction`` is ``tcgen05``, with block scales too; ``mma.sync``; or ``nvfp4``, the
    instruction for float4_e2m1fn in blocks of 64 with scales.

    Raises
    ------
    ValueError
        If the unit does not take the format.

    Examples
    --------
    >>> import lowfloat as lf
    >>> lf.accumulators.nvidia_blackwell("float4_e2m1fn", instruction="nvfp4").accumulator.terms
    64
    """
    if instruction not in ("tcgen05", "mma.sync", "nvfp4"):
        raise ValueError(f"nvidia_blackwell has tcgen05, mma.sync and nvfp4, not {instruction!r}")
    if instruction == "nvfp4":
        name = operand_name(fmt, ("float4_e2m1fn",), "nvfp4")
        block = Fused("float32", 64, 35, subsums=Subsums(16, exponent="scales"))
        title = f"nvidia_blackwell({name!r}, instruction='nvfp4')"
        return Preset(title, block, "published", MODELS, "no recorded results", (name,))
    if instruction == "mma.sync" and find_format(fmt).width == 8:
        return _two_halves("blackwell", operand_name(fmt, EIGHTS, "nvidia_blackwell"), out)
    return _nvidia("blackwell", fmt, out, (*HALVES, "tensorfloat32"))


def _two_halves(architecture: str, name: str, out: str) -> Preset:
    """An FP8 ``mma.sync``: two interleaved 16-bit blocks from zero, and c added once."""
    half = _block(NVIDIA[architecture]["float16"], out, f"nvidia_{architecture}")
    inner = Fused(
        half.format, half.terms, half.fraction_bits, half.rounding,
        minimum_exponent=half.minimum_exponent, order=Interleaved(2, 2),
    )  # fmt: skip
    recorded = architecture == "blackwell" or out == "float16"
    return Preset(
        f"nvidia_{architecture}({name!r}, out={out!r}, instruction='mma.sync')",
        Grouped(inner, Accumulator(half.format), n=32),
        "recorded" if recorded else "published",
        RECORDED if recorded else MODELS,
        "the recorded rows show neither fraction bits nor, in float32, the halves: other models "
        "fit them too; " + _NO_SPECIALS,
        _mates(name),
    )
