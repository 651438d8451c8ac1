"""Units and methods of papers, open designs and instruction sets."""

from __future__ import annotations

from typing import Any

from lowfloat.accumulators.fused import Fused
from lowfloat.accumulators.grouped import Grouped, Scaling
from lowfloat.accumulators.kinds import Accumulator, unwrapped
from lowfloat.accumulators.preset import EIGHTS, Maturity, Preset
from lowfloat.format_names import format as find_format
from lowfloat.projection import Policy, Stochastic


def arm_fdot(out: str = "float32") -> Preset:
    """Arm's FEAT_FP8DOT4 (``out="float32"``) and FEAT_FP8DOT2 (``"float16"``).

    The instruction's scale 2^-LSCALE is a block scale of the call.

    Raises
    ------
    ValueError
        If ``out`` is neither.

    Examples
    --------
    >>> import lowfloat as lf
    >>> lf.accumulators.arm_fdot("float16").accumulator.terms
    2
    """
    if out not in ("float32", "float16"):
        raise ValueError(f"arm_fdot gives float32 or float16, not {out!r}")
    block = Fused(out, 4 if out == "float32" else 2, None, "nearest_even")
    evidence = "Arm A-profile ISA, FDOT (FP8): fused, without intermediate rounding"
    unknown = "the body of FP8DotAddFP: whether the sum keeps every bit, and FPCR.FZ"
    return Preset(f"arm_fdot({out!r})", block, "unsettled", evidence, unknown, EIGHTS)


def mxdotp() -> Preset:
    """MXDOTP: eight MXFP8 products and a float32 accumulator in one 95-bit fixed-point sum.

    Examples
    --------
    >>> import lowfloat as lf
    >>> lf.accumulators.mxdotp().accumulator.terms
    8
    """
    block = Fused("float32", 8, None, "nearest_even")
    unknown = "what becomes of accumulator bits below the 95-bit window; here they are kept"
    return Preset("mxdotp()", block, "unsettled", "arXiv 2505.13159, abstract", unknown, EIGHTS)


def fpnew_sdotp(out: str = "float16", window: int | None = None) -> Preset:
    """FPnew's SDOTP: a b + c d + e, the three sorted by magnitude, with one rounding.

    ``window`` is the number of bits below the leading one that partial sums keep; 3 P + 4 for
    results of P bits if it is not given.

    Raises
    ------
    ValueError
        If the window is out of range.

    Examples
    --------
    >>> import lowfloat as lf
    >>> lf.accumulators.fpnew_sdotp().accumulator.addition
    'sorted'
    """
    fmt = find_format(out)
    bits = 3 * fmt.precision + 4 if window is None else window
    block = Fused(fmt, 2, bits, "nearest_even", alignment="to_odd", addition="sorted")
    evidence = "Bertaccini et al., MiniFloat-NN and ExSdotp, ARITH 2022"
    unknown = "the width of the alignment window: give window="
    title = f"fpnew_sdotp({fmt.name!r}{'' if window is None else f', {window}'})"
    return Preset(title, block, "unsettled", evidence, unknown)


def ben_ali_fp12(bits: int = 13) -> Preset:
    """The stochastic MAC of Ben Ali et al.: FP12 (e6m5) sums without subnormals.

    Raises
    ------
    ValueError
        If ``bits`` is not in 1..64.

    Examples
    --------
    >>> import lowfloat as lf
    >>> lf.accumulators.ben_ali_fp12().accumulator.draws(10)
    10
    """
    flushing = Policy(daz=True, ftz=True)
    step = Accumulator("e6m5", Stochastic(bits), policy=flushing)
    unknown = "which bits the eager unit adds its random bits to; here the rule of P-6, variant A"
    evidence = "arXiv 2404.14010: FP8 products, FP12 sums, 9 to 13 random bits"
    return Preset(f"ben_ali_fp12({bits})", step, "unsettled", evidence, unknown)


def ibm_chunk64() -> Preset:
    """Chunk-based accumulation of Wang et al. 2018: 1-6-9 sums of chunks of 64 products.

    Examples
    --------
    >>> import lowfloat as lf
    >>> lf.accumulators.ibm_chunk64().accumulator.n
    64
    """
    step = Accumulator("e6m9")
    evidence = "Wang et al., Training DNNs with 8-bit floating point numbers, NeurIPS 2018"
    unknown = "subnormals and overflow, which are IEEE's here"
    return Preset("ibm_chunk64()", Grouped(step, step, n=64), "published", evidence, unknown)


_FLOAT32_SCALES = Scaling("float32")


def two_level_promotion(
    inner: Any, interval: int = 128, scaling: Scaling | None = _FLOAT32_SCALES
) -> Preset:
    """An inner accumulator restarted every ``interval`` terms, its sums added in float32.

    What DeepGEMM and CUTLASS do with Hopper's FP8 unit. Block scales multiply the promoted sums:
    one float32 product of both scales, and a fused multiply-add. ``Scaling("float32", first="sum")``
    multiplies the sum by one after the other, and None scales the terms, as units for MX do.

    Raises
    ------
    ValueError
        If ``interval`` is not positive.

    Examples
    --------
    >>> import lowfloat as lf
    >>> hopper = lf.accumulators.nvidia_hopper("float8_e4m3fn")
    >>> lf.accumulators.two_level_promotion(hopper).format.name
    'float32'
    >>> x = lf.array([[1.0] * 256], "float8_e4m3fn")
    >>> sx, sy = lf.array([[0.5, 3.0]], "float32"), lf.array([[1.0], [0.25]], "float32")
    >>> lf.matmul(x, x.T, scales=(sx, sy), accumulator=lf.accumulators.two_level_promotion(hopper))
    lowfloat.array([[160.0]], 'float32')
    """
    step = Grouped(unwrapped(inner), Accumulator("float32"), n=interval, scaling=scaling)
    below: Maturity = inner.maturity if isinstance(inner, Preset) else "published"
    evidence = "DeepSeek-V3, arXiv 2412.19437, 3.3; DeepGEMM sm90_fp8_gemm_1d2d; "
    evidence += "CUTLASS mma_promotion_interval"
    weakest: Maturity = "unsettled" if below == "unsettled" else "published"
    operands = inner.operands if isinstance(inner, Preset) else ()
    words = [inner.name if isinstance(inner, Preset) else repr(inner), str(interval)]
    words += [] if scaling == _FLOAT32_SCALES else [f"scaling={scaling!r}"]
    title = f"two_level_promotion({', '.join(words)})"
    return Preset(title, step, weakest, evidence, operands=operands)
