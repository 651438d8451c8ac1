"""The accumulators of real devices and of published systems, with what is known of them.

``recorded`` presets reproduce results recorded on the device; ``published`` ones follow a public
description or model; ``unsettled`` ones say what is not known.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal, NamedTuple

from lowfloat.accumulators.fused import Fused, LateStart, Subsums
from lowfloat.accumulators.grouped import Grouped, Scaling
from lowfloat.accumulators.kinds import Accumulator, Kind, Product, unwrapped
from lowfloat.accumulators.orders import Interleaved
from lowfloat.format_names import format as find_format
from lowfloat.formats import Format
from lowfloat.projection import Policy, Stochastic

Maturity = Literal["recorded", "published", "unsettled"]

MODELS = "arXiv 2511.10909 (MMA-Sim) and 2512.07004"
RECORDED = f"{MODELS}; equal to the dot products recorded by MATLAB-tensor-core"


@dataclass(frozen=True, repr=False)
class Preset:
    """A named accumulator, its evidence, and what is unknown about it.

    Wherever an accumulator is taken, a preset may stand. Products then refuse operands of other formats
    than the device's, and read float arrays as numbers of its first one; ``preset.accumulator`` has no
    such scruples.

    Examples
    --------
    >>> import lowfloat as lf
    >>> preset = lf.accumulators.nvidia_hopper("float8_e4m3fn")
    >>> preset.maturity, preset.accumulator.fraction_bits
    ('recorded', 13)
    """

    name: str
    accumulator: Kind
    maturity: Maturity
    evidence: str
    unknown: str = ""
    #: Names of the formats that its operands have; none: any.
    operands: tuple[str, ...] = ()

    def draws(self, terms: int) -> int:
        """The number of stochastic roundings of ``terms`` terms: S of rule G-17."""
        return self.accumulator.draws(terms)

    @property
    def format(self) -> Format | None:
        """The format of the sum."""
        fmt: Format | None = self.accumulator.format
        return fmt

    def __repr__(self) -> str:
        return f"lf.accumulators.{self.name}"

    def explain(self, terms: int) -> str:
        """What happens to ``terms`` terms, step by step, and how it is known."""
        lines = [f"{self.name} ({self.maturity}): {self.evidence}"]
        if self.unknown:
            lines.append(f"unknown: {self.unknown}")
        return "\n".join([*lines, self.accumulator.explain(terms)])


class Unit(NamedTuple):
    """A matrix unit's block: terms, fraction bits, least exponent with 32- and 16-bit sums."""

    terms: int
    fraction_bits: int
    minimum_exponent: int | None
    minimum_exponent16: int | None
    #: The format that 32-bit sums are rounded to.
    sum_format: str = "float32"


HALVES = ("float16", "bfloat16")
EIGHTS = ("float8_e4m3fn", "float8_e5m2")
SIXES_AND_FOURS = ("float6_e2m3fn", "float6_e3m2fn", "float4_e2m1fn")

#: The blocks of NVIDIA's units by architecture and input; [FDPA] table 4.
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


def _find(fmt: Any, known: Any, device: str) -> str:
    """The name of an input format, if the device has it.

    Raises
    ------
    ValueError
        If it does not.
    """
    found = find_format(fmt)
    for name in known:
        if find_format(name) is found:
            return str(name)
    raise ValueError(f"{device} takes {', '.join(known)}, not {found}")


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
    name = _find(fmt, NVIDIA[architecture], device)
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
        return _two_halves("hopper", _find(fmt, EIGHTS, "nvidia_hopper"), out)
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
        name = _find(fmt, ("float4_e2m1fn",), "nvfp4")
        block = Fused("float32", 64, 35, subsums=Subsums(16, exponent="scales"))
        title = f"nvidia_blackwell({name!r}, instruction='nvfp4')"
        return Preset(title, block, "published", MODELS, "no recorded results", (name,))
    if instruction == "mma.sync" and find_format(fmt).width == 8:
        return _two_halves("blackwell", _find(fmt, EIGHTS, "nvidia_blackwell"), out)
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
    name = _find(fmt, HALVES, "amd_cdna1")
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
    name = _find(fmt, HALVES, "amd_cdna2")
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
    name = _find(fmt, (*HALVES, "tensorfloat32", *eights), "amd_cdna3")
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
    return Preset(f"fpnew_sdotp({fmt.name!r})", block, "unsettled", evidence, unknown)


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
    title = getattr(inner, "name", type(inner).__name__)
    weakest: Maturity = "unsettled" if below == "unsettled" else "published"
    operands = inner.operands if isinstance(inner, Preset) else ()
    title = f"two_level_promotion({title}, {interval})"
    return Preset(title, step, weakest, evidence, operands=operands)


#: Every preset function by name.
PRESETS: dict[str, Callable[..., Preset]] = {
    f.__name__: f
    for f in (
        nvidia_volta, nvidia_turing, nvidia_ampere, nvidia_ada, nvidia_hopper, nvidia_blackwell,
        amd_cdna1, amd_cdna2, amd_cdna3, arm_fdot, mxdotp, fpnew_sdotp, ben_ali_fp12, ibm_chunk64,
        two_level_promotion,
    )
}  # fmt: skip


def every_preset() -> list[Preset]:
    """Each device with each of its inputs, outputs and instructions.

    Examples
    --------
    >>> import lowfloat as lf
    >>> sum(preset.maturity == "recorded" for preset in every_preset()) > 20
    True
    """
    found = [
        PRESETS[f"nvidia_{architecture}"](fmt, out)
        for architecture, units in NVIDIA.items()
        for fmt in units
        for out in ("float32", "float16")
        if out == "float32" or fmt not in ("bfloat16", "tensorfloat32")
    ]
    for make in (nvidia_hopper, nvidia_blackwell):
        found += [make(f, o, "mma.sync") for f in EIGHTS for o in ("float32", "float16")]
    found.append(nvidia_blackwell("float4_e2m1fn", instruction="nvfp4"))
    found += [make(fmt) for make in (amd_cdna1, amd_cdna2, amd_cdna3) for fmt in HALVES]
    found += [amd_cdna3(fmt) for fmt in ("tensorfloat32", "float8_e4m3fnuz", "float8_e5m2fnuz")]
    found += [arm_fdot(), arm_fdot("float16"), mxdotp(), fpnew_sdotp(), ben_ali_fp12()]
    return [*found, ibm_chunk64(), two_level_promotion(nvidia_hopper("float8_e4m3fn"))]
