"""The matrix cores of AMD's accelerators."""

from __future__ import annotations

from typing import Any

from lowfloat.accumulators.fused import Fused, LateStart, Subsums
from lowfloat.accumulators.grouped import Grouped
from lowfloat.accumulators.kinds import Accumulator, Product
from lowfloat.accumulators.preset import HALVES, MODELS, Preset, operand_name
from lowfloat.projection import Policy


def amd_cdna1(fmt: Any = "float16") -> Preset:
    """Matrix cores of the MI100: exact blocks rounded to float32.

    Raises
    ------
    ValueError
        If the unit does not take the format.

    Examples
    --------
    >>> import lowfloat as lf
    >>> lf.accumulators.amd_cdna1("bfloat16").accumulator.terms
    2
    """
    name = operand_name(fmt, HALVES, "amd_cdna1")
    block = Fused("float32", 4 if name == "float16" else 2, None, "nearest_even")
    unknown = "MMA-Sim's code adds the products pairwise, its paper says exactly"
    return Preset(f"amd_cdna1({name!r})", block, "unsettled", MODELS, unknown, (name,))


def amd_cdna2(fmt: Any = "float16") -> Preset:
    """Matrix cores of the MI210: products and pairwise sums in float32 without subnormals.

    Raises
    ------
    ValueError
        If the unit does not take the format.

    Examples
    --------
    >>> import lowfloat as lf
    >>> lf.accumulators.amd_cdna2().accumulator.n
    4
    """
    name = operand_name(fmt, HALVES, "amd_cdna2")
    flushing = Policy(daz=True, ftz=True)
    tree = Accumulator(
        "float32", policy=flushing, product=Product("float32", policy=flushing), order="pairwise"
    )
    chain = Grouped(tree, Accumulator("float32", policy=flushing), n=4)
    unknown = "signs of zeros; bfloat16 without _1k has blocks of 2: Grouped(..., n=2)"
    return Preset(f"amd_cdna2({name!r})", chain, "published", MODELS, unknown, (name,))


def amd_cdna3(fmt: Any) -> Preset:
    """Matrix cores of the MI300: products cut to 24 bits, the running sum joined late.

    Raises
    ------
    ValueError
        If the unit does not take the format.

    Examples
    --------
    >>> import lowfloat as lf
    >>> lf.accumulators.amd_cdna3("float16").accumulator.start.sum_bits
    31
    """
    eights = ("float8_e4m3fnuz", "float8_e5m2fnuz")
    name = operand_name(fmt, (*HALVES, "tensorfloat32", *eights), "amd_cdna3")
    if name in eights:
        block = Fused(
            "float32", 16, 24, "nearest_even", alignment="toward_negative",
            subsums=Subsums(2, "lanes", 24), start=LateStart(31, 24, cutoff=25),
        )  # fmt: skip
    else:
        terms = 4 if name == "tensorfloat32" else 8
        block = Fused("float32", terms, 24, "nearest_even", start=LateStart(31, 24))
    unknown = "no recorded results; how exponents near the least one are handled"
    operands = (name, *(f for f in eights if f != name)) if name in eights else (name,)
    return Preset(f"amd_cdna3({name!r})", block, "unsettled", MODELS, unknown, operands)
