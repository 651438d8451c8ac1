"""The C library as a backend: formats and projections become structs, arrays become pointers.

Arrays arrive normalised by ``lowfloat.engine``: one-dimensional, contiguous, aligned and in
native byte order; the C side gets sizes in elements.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lowfloat import settings
from lowfloat._core import ffi, lib
from lowfloat.formats import INFINITIES, NAN_CODES, SUBNORMALS, Format
from lowfloat.optable import ELEMENTARY
from lowfloat.projection import ROUNDINGS, SATURATIONS, VARIANTS, Projection, Stochastic
from lowfloat.randomness import LFSRDraw, PhiloxDraw

Codes = NDArray[Any]
Random = PhiloxDraw | Codes | None
#: An lf_table and the memory it points to.
Table = tuple[Any, Any, Any]

if lib.lf_abi_version() != 1:
    raise ImportError(
        "lowfloat._core was built from other sources than this package: install lowfloat again"
    )

#: What ``apply`` computes.
OPERATIONS = {
    name: getattr(lib, f"LF_{name.upper()}")
    for name in (
        "convert", "add", "subtract", "multiply", "fma", "divide", "reciprocal", "sqrt", "rsqrt",
        "hypot", "remainder", "fmod", "faa", "round_to_integral", "round_to_integral_exact", "logb",
        "negate", "abs", "copysign", "nextup", "nextdown", "nextafter", "minimum", "maximum",
        "minimum_number", "maximum_number", "minimum_magnitude", "maximum_magnitude",
        "minimum_magnitude_number", "maximum_magnitude_number", "minimum_finite", "maximum_finite",
        "clamp",
    )
}  # fmt: skip
#: What ``elementary`` computes.
FUNCTIONS = {name: getattr(lib, f"LF_{name.upper()}") for name in ELEMENTARY}
#: What ``compare`` asks.
RELATIONS = {
    name: getattr(lib, f"LF_{name.upper()}")
    for name in (
        "equal", "not_equal", "less", "less_equal", "greater", "greater_equal", "unordered",
    )
}  # fmt: skip
ISAS = {"baseline": 1, "avx2": 2, "avx512": 3}
_NAN_RULES = {"canonical": 0, "first": 1, "signaling_first": 2}
_FLOAT_TO_INT = {"limits": 0, "indefinite": 1, "nan_zero": 2}

#: Calls on fewer elements use one thread, whatever the settings.
THREADS_FROM = 131072

#: Names that the shortest calls reach without a look into a module.
_NULL, _from_buffer = ffi.NULL, ffi.from_buffer
_lf_convert, _lf_to_grid = lib.lf_convert, lib.lf_to_grid

_formats: dict[Format, Any] = {}
_projections: dict[int, tuple[Projection, Any]] = {}
_options: dict[tuple[int, int, int], Any] = {}
#: Tables by what they are results of, the latest used last.
_tables: dict[Any, Table] = {}
MOST_TABLES = 64


def format_struct(fmt: Format) -> Any:
    """The lf_format of a format, made once."""
    struct = _formats.get(fmt)
    if struct is None:
        struct = ffi.new("lf_format *")
        struct.size = ffi.sizeof("lf_format")
        struct.exponent_bits, struct.mantissa_bits = fmt.exponent_bits, fmt.mantissa_bits
        struct.bias, struct.is_signed, struct.zero = fmt.bias, fmt.signed, fmt.zero
        struct.infinities = INFINITIES.index(fmt.infinities)
        struct.nan = NAN_CODES.index(fmt.nan)
        struct.negative_zero = fmt.negative_zero
        struct.subnormals = SUBNORMALS.index(fmt.subnormals)
        _formats[fmt] = struct
    return struct


def projection_struct(projection: Projection) -> Any:
    """The lf_projection of a projection, kept by the object's identity."""
    found = _projections.get(id(projection))
    if found is not None:
        return found[1]
    struct = ffi.new("lf_projection *")
    struct.size = ffi.sizeof("lf_projection")
    rounding, policy = projection.rounding, projection.policy
    if isinstance(rounding, Stochastic):
        struct.rounding = len(ROUNDINGS)
        struct.variant = VARIANTS.index(rounding.variant)
        struct.random_bits = rounding.drawn_bits
        struct.exact_tail = rounding.bits is None
    else:
        struct.rounding = ROUNDINGS.index(rounding)
    struct.saturation = SATURATIONS.index(projection.saturation)
    struct.tininess_before = policy.tininess == "before"
    struct.nan_rule = _NAN_RULES[policy.nan]
    struct.default_nan_sign = policy.default_nan_sign
    struct.daz, struct.ftz = policy.daz, policy.ftz
    struct.saturation_hides_overflow = not policy.saturation_raises_overflow
    struct.infinityless_max = policy.infinityless_overflow == "max"
    struct.fma_nan_silent = not policy.fma_nan_invalid
    struct.float_to_int = _FLOAT_TO_INT[policy.float_to_int]
    struct.quirks = sum(1 << bit for bit, turned in enumerate(policy.quirks) if turned)
    if len(_projections) >= 4096:
        _projections.clear()
    _projections[id(projection)] = projection, struct
    return struct


def _isa_from_environment() -> int:
    name = os.environ.get("LOWFLOAT_ISA", "")
    return _isa_number(name) if name else 0


def _isa_number(name: str) -> int:
    if name not in ISAS:
        raise ValueError(f"no instruction set {name!r}: there are {', '.join(ISAS)}")
    if not lib.lf_isa_usable(ISAS[name]):
        raise ValueError(f"this processor or build has no {name}: unset LOWFLOAT_ISA")
    return ISAS[name]


def usable_isas() -> list[str]:
    """The instruction sets that this processor and build can run."""
    return [name for name, number in ISAS.items() if lib.lf_isa_usable(number)]


_isa = _isa_from_environment()
_generic = 0
#: Whether operations may be tabulated: None where it pays.
_tabulate: bool | None = None


@contextmanager
def forced(
    isa: str | None = None, generic: bool = False, tables: bool | None = None
) -> Iterator[None]:
    """Run a block on one instruction set, or without shortcuts. For tests and benchmarks.

    Either goes without tables, unless ``tables`` asks for them wherever there can be one.
    """
    global _isa, _generic, _tabulate
    before = _isa, _generic, _tabulate
    _isa, _generic = (_isa_number(isa) if isa else 0), int(generic)
    _tabulate = False if tables is None and (isa or generic) else tables
    try:
        yield
    finally:
        _isa, _generic, _tabulate = before


def options_struct() -> Any:
    """The lf_options of the present settings."""
    key = (_isa, settings._threads, _generic)
    struct = _options.get(key)
    if struct is None:
        struct = ffi.new("lf_options *")
        struct.size = ffi.sizeof("lf_options")
        struct.isa, struct.threads, struct.generic = key
        _options[key] = struct
    return struct


def _random_struct(random: Random, first: int = 0) -> Any:
    if random is None:
        return ffi.NULL
    struct = ffi.new("lf_random *")
    struct.size = ffi.sizeof("lf_random")
    if isinstance(random, PhiloxDraw):
        struct.kind = lib.LF_RANDOM_PHILOX
        struct.seed, struct.stream, struct.call = random
        struct.first = first
    else:
        struct.kind = lib.LF_RANDOM_GIVEN
        struct.given = ffi.from_buffer("uint64_t[]", random)
        struct.given_stride = int(random.size > 1)
    return struct


def _operands(operands: Sequence[Codes], formats: Sequence[Format]) -> Any:
    structs = ffi.new("lf_operand[]", len(operands))
    for struct, codes, operand_format in zip(structs, operands, formats, strict=True):
        struct.format = format_struct(operand_format)
        struct.codes = ffi.from_buffer(codes)
        struct.stride = int(codes.size > 1)
    return structs


def _result(out: Codes, fmt: Format, flags_out: Codes | None, flags: Any) -> Any:
    struct = ffi.new("lf_result *")
    struct.format = format_struct(fmt)
    struct.codes = ffi.from_buffer(out)
    if flags_out is not None:
        struct.flags_out = ffi.from_buffer("uint8_t[]", flags_out)
    struct.flags = flags
    return struct


def _check(status: int) -> None:
    if status == lib.LF_OK:
        return
    if status == lib.LF_ERROR_TAIL:
        raise ValueError(
            "Stochastic(bits=None) needs a discarded tail of at most 64 bits (rule P-6): "
            "give a number of bits"
        )
    if status == lib.LF_ERROR_MEMORY:
        raise MemoryError("lowfloat could not allocate a work buffer")
    raise RuntimeError(f"the native library refused its arguments (status {status})")


def apply(
    operation: str,
    operands: Sequence[Codes],
    formats: Sequence[Format],
    out: Codes,
    fmt: Format,
    projection: Projection,
    random: Random,
    flags_out: Codes | None,
    collect: bool,
) -> int:
    """Fill ``out`` with an operation's codes; the union of the flags if they are collected."""
    if operation == "convert" and random is None and flags_out is None:
        return convert(operands[0], formats[0], out, fmt, projection, collect)
    structs = _operands(operands, formats)
    flags = ffi.new("uint32_t *") if collect else ffi.NULL
    result = _result(out, fmt, flags_out, flags)
    table = _table(operation, tuple(formats), fmt, projection, out.size)
    if table is not None:
        _check(lib.lf_table_apply(table, structs, result, out.size, options_struct()))
    else:
        _check(
            lib.lf_apply(
                OPERATIONS[operation],
                structs,
                result,
                out.size,
                projection_struct(projection),
                _random_struct(random),
                options_struct(),
            )
        )
    return flags[0] if collect else 0


def _table(
    operation: str, formats: tuple[Format, ...], fmt: Format, projection: Projection, count: int
) -> Any:
    """The lf_table of an operation on ``count`` elements, or None where there is none.

    It is made when an operation on few bits first meets a quarter as many elements as it has
    entries: an entry then costs about what an element costs without a table. 64 tables are kept,
    of 64 KiB to 192 KiB each; the one that was not used for longest goes first.
    """
    if _tabulate is False or projection.stochastic is not None:
        return None
    bits = sum(f.width for f in formats)
    if bits > 16 or (count < (1 << bits) // 4 and not _tables and not _tabulate):
        return None
    key = operation, formats, fmt, projection
    table = _tables.pop(key, None)
    if table is None:
        if count < (1 << bits) // 4 and not _tabulate:
            return None
        table = _tabulated(operation, formats, fmt, projection)
        if table is None:
            return None
        if len(_tables) >= MOST_TABLES:
            _tables.pop(next(iter(_tables)), None)
    _tables[key] = table
    return table[0]


def _tabulated(
    operation: str, formats: tuple[Format, ...], fmt: Format, projection: Projection
) -> Table | None:
    """An lf_table and the memory it points to."""
    structs = ffi.new("lf_format *[]", [format_struct(f) for f in formats])
    what = OPERATIONS[operation], structs, format_struct(fmt), projection_struct(projection)
    entries = lib.lf_table_entries(*what)
    if not entries:
        return None
    table = ffi.new("lf_table *")
    table.size = ffi.sizeof("lf_table")
    codes, flags = ffi.new("uint16_t[]", entries), ffi.new("uint8_t[]", entries)
    table.codes, table.flags = codes, flags
    _check(lib.lf_table_fill(table, *what))
    return table, codes, flags


def elementary(
    function: str,
    operands: Sequence[Codes],
    formats: Sequence[Format],
    out: Codes,
    fmt: Format,
    projection: Projection,
    random: Random,
    flags_out: Codes | None,
    collect: bool,
    undecided: NDArray[np.uint8],
) -> int:
    """Fill ``out`` with an elementary function's codes, but where ``undecided`` becomes 1.

    There ``out`` keeps what it held, and flags are left to the caller.
    """
    flags = ffi.new("uint32_t *") if collect else ffi.NULL
    status = lib.lf_elementary(
        FUNCTIONS[function],
        _operands(operands, formats),
        _result(out, fmt, flags_out, flags),
        out.size,
        projection_struct(projection),
        _random_struct(random),
        ffi.from_buffer("uint8_t[]", undecided),
        options_struct(),
    )
    if status != lib.LF_UNDECIDED:
        _check(status)
    return flags[0] if collect else 0


def table_of(codes: Codes, flags: NDArray[np.uint8], formats: Sequence[Format]) -> Table:
    """An lf_table of results and flags by operand code, or by both, the first one above."""
    table = ffi.new("lf_table *")
    table.size = ffi.sizeof("lf_table")
    table.operands, table.result_bytes = len(formats), codes.itemsize
    for k, fmt in enumerate(formats):
        table.bits[k] = fmt.width
    table.raised = int(np.bitwise_or.reduce(flags))
    table.codes, table.flags = ffi.from_buffer(codes), ffi.from_buffer("uint8_t[]", flags)
    return table, codes, flags


def look_up(
    table: Table,
    operands: Sequence[Codes],
    formats: Sequence[Format],
    out: Codes,
    fmt: Format,
    flags_out: Codes | None,
    collect: bool,
) -> int:
    """Fill ``out`` from a table of all results."""
    flags = ffi.new("uint32_t *") if collect else ffi.NULL
    result = _result(out, fmt, flags_out, flags)
    operand_structs = _operands(operands, formats)
    _check(lib.lf_table_apply(table[0], operand_structs, result, out.size, options_struct()))
    return flags[0] if collect else 0


def tabulate() -> bool | None:
    """Whether operations are tabulated: None where it pays (``forced``)."""
    return _tabulate


def convert(
    codes: Codes, source: Format, out: Codes, fmt: Format, projection: Projection, collect: bool
) -> int:
    """A conversion without random bits or flag bytes, in as few steps as possible."""
    return _flat(_lf_convert, codes, source, out, fmt, projection, collect)


def to_grid(
    codes: Codes, container: Format, out: Codes, grid: Format, projection: Projection, collect: bool
) -> int:
    """A quantization without random bits or flag bytes, in as few steps as possible."""
    return _flat(_lf_to_grid, codes, container, out, grid, projection, collect)


def _flat(
    function: Any,
    codes: Codes,
    source: Format,
    out: Codes,
    fmt: Format,
    projection: Projection,
    collect: bool,
) -> int:
    flags = ffi.new("uint32_t *") if collect else _NULL
    size = out.size
    status = function(
        _formats.get(source) or format_struct(source),
        _from_buffer(codes),
        1 if codes.size > 1 else 0,
        _formats.get(fmt) or format_struct(fmt),
        _from_buffer(out),
        size,
        projection_struct(projection),
        flags,
        options_struct() if size >= THREADS_FROM or _isa or _generic else _NULL,
    )
    if status:
        _check(status)
    return flags[0] if collect else 0


def quantize(
    codes: Codes,
    container: Format,
    grid: Format,
    out: Codes,
    projection: Projection,
    random: Random,
    flags_out: Codes | None,
    collect: bool,
) -> int:
    """Fill ``out`` with container codes of the values rounded to a grid."""
    flags = ffi.new("uint32_t *") if collect else ffi.NULL
    _check(
        lib.lf_quantize(
            _operands((codes,), (container,)),
            format_struct(grid),
            _result(out, container, flags_out, flags),
            out.size,
            projection_struct(projection),
            _random_struct(random),
            options_struct(),
        )
    )
    return flags[0] if collect else 0


def from_integers(
    integers: Codes,
    out: Codes,
    fmt: Format,
    projection: Projection,
    random: Random,
    flags_out: Codes | None,
    collect: bool,
) -> int:
    """Fill ``out`` with the codes of integers."""
    flags = ffi.new("uint32_t *") if collect else ffi.NULL
    _check(
        lib.lf_from_integers(
            ffi.from_buffer(integers),
            8 * integers.itemsize,
            integers.dtype.kind == "i",
            _result(out, fmt, flags_out, flags),
            out.size,
            projection_struct(projection),
            _random_struct(random),
            options_struct(),
        )
    )
    return flags[0] if collect else 0


def to_integers(
    codes: Codes,
    source: Format,
    out: Codes,
    exact: bool,
    projection: Projection,
    random: Random,
    flags_out: Codes | None,
    collect: bool,
) -> int:
    """Fill ``out`` with numbers rounded to integers of its dtype (rule I-5)."""
    flags = ffi.new("uint32_t *") if collect else ffi.NULL
    _check(
        lib.lf_to_integers(
            _operands((codes,), (source,)),
            8 * out.itemsize,
            out.dtype.kind == "i",
            exact,
            ffi.from_buffer(out),
            out.size,
            ffi.NULL if flags_out is None else ffi.from_buffer("uint8_t[]", flags_out),
            flags,
            projection_struct(projection),
            _random_struct(random),
            options_struct(),
        )
    )
    return flags[0] if collect else 0


def scaleb(
    codes: Codes,
    source: Format,
    n: NDArray[np.int64],
    out: Codes,
    fmt: Format,
    projection: Projection,
    random: Random,
    flags_out: Codes | None,
    collect: bool,
) -> int:
    """Fill ``out`` with the codes of x 2^n (rule I-4)."""
    flags = ffi.new("uint32_t *") if collect else ffi.NULL
    _check(
        lib.lf_scaleb(
            _operands((codes,), (source,)),
            ffi.from_buffer("int64_t[]", n),
            int(n.size > 1),
            _result(out, fmt, flags_out, flags),
            out.size,
            projection_struct(projection),
            _random_struct(random),
            options_struct(),
        )
    )
    return flags[0] if collect else 0


def compare(
    relation: str,
    signaling: bool,
    operands: Sequence[Codes],
    formats: Sequence[Format],
    out: Codes,
    projection: Projection,
    flags_out: Codes | None,
    collect: bool,
) -> int:
    """Fill ``out``, of one byte per element, with 1 where a relation holds and 0 elsewhere."""
    flags = ffi.new("uint32_t *") if collect else ffi.NULL
    _check(
        lib.lf_compare(
            RELATIONS[relation],
            signaling,
            _operands(operands, formats),
            ffi.from_buffer("uint8_t[]", out),
            out.size,
            ffi.NULL if flags_out is None else ffi.from_buffer("uint8_t[]", flags_out),
            flags,
            projection_struct(projection),
            options_struct(),
        )
    )
    return flags[0] if collect else 0


def total_order(operands: Sequence[Codes], formats: Sequence[Format], out: Codes) -> None:
    """Fill ``out``, of one byte per element, with 1 where x is not above y, else 0 (rule K-2)."""
    structs, buffer = _operands(operands, formats), ffi.from_buffer("uint8_t[]", out)
    _check(lib.lf_total_order(structs, buffer, out.size, options_struct()))


def classify(codes: Codes, source: Format, out: Codes) -> None:
    """Fill ``out``, of one byte per element, with indices of ``golden.CLASSES`` (rule K-3)."""
    struct, buffer = _operands((codes,), (source,)), ffi.from_buffer("uint8_t[]", out)
    _check(lib.lf_classify(struct, buffer, out.size, options_struct()))


def philox_bits(draw: PhiloxDraw, bits: int, count: int, first: int = 0) -> NDArray[np.uint64]:
    """The random bits of ``count`` elements of a draw (rule R-3)."""
    out = np.empty(count, np.uint64)
    buffer = ffi.from_buffer("uint64_t[]", out)
    lib.lf_philox_bits(draw.seed, draw.stream, draw.call, first, bits, buffer, count)
    return out


def lfsr_bits(draw: LFSRDraw, bits: int, count: int) -> NDArray[np.uint64]:
    """The random bits of ``count`` elements of a shift register (rule R-5)."""
    out = np.empty(count, np.uint64)
    form = ("galois", "fibonacci").index(draw.form)
    order = ("msb", "lsb", "reversed").index(draw.bit_order)
    buffer = ffi.from_buffer("uint64_t[]", out)
    lib.lf_lfsr_bits(
        draw.width, draw.taps, form, draw.shifts, order, draw.state, bits, buffer, count
    )
    return out


def log2_statistics(x: NDArray[np.float32]) -> tuple[int, int, int]:
    """N, S and the bits of the largest magnitude of a binary32 array (rule X-2)."""
    struct = ffi.new("lf_log_statistics *")
    struct.size = ffi.sizeof("lf_log_statistics")
    _check(lib.lf_log2_statistics(ffi.from_buffer(x), x.size, struct, options_struct()))
    fractions = (int(struct.sum_high) << 32) + int(struct.sum_low)
    total = (int(struct.sum_exponents) << 40) + fractions
    return int(struct.count), total, int(struct.max_magnitude)


def log2_fixed(magnitude: int) -> int:
    """2^40 log2 of a positive binary32 number, given as bits (rule X-2)."""
    return int(lib.lf_log2_fixed(magnitude))


def codebook_search(x: NDArray[np.float32], book: Any, out: Codes) -> None:
    """Fill ``out``, of one or four bytes, with places or results of a codebook (rule X-4)."""
    struct = ffi.new("lf_codebook *")
    struct.size = ffi.sizeof("lf_codebook")
    wide = out.itemsize == 4
    struct.sign = 1 << 31 if wide else book.sign
    struct.zero_sign = struct.sign if book.signed_zero else 0
    struct.infinity, struct.infinity_sign = book.infinity[wide], book.infinity_sign[wide]
    struct.nan = book.nan[wide]
    ffi.memmove(struct.thresholds, ffi.from_buffer(book.thresholds), 4 * 127)
    ffi.memmove(struct.results, ffi.from_buffer(book.results), 4 * 128)
    buffers = ffi.from_buffer(x), ffi.from_buffer(out)
    _check(
        lib.lf_codebook_search(
            buffers[0], x.size, struct, out.itemsize, buffers[1], options_struct()
        )
    )
