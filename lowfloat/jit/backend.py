"""Arrays: the engine's backend "jit". One compiled kernel serves every format and projection.

Codes travel through the kernel as 64-bit words, a chunk at a time, so that array dtypes do not
multiply the compiled code.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lowfloat.formats import Format
from lowfloat.jit import kernels, records
from lowfloat.projection import Projection
from lowfloat.randomness import PhiloxDraw

Codes = NDArray[Any]
Words = NDArray[np.uint64]
Random = PhiloxDraw | Words | None

#: The operations that are compiled here; the engine leaves the others to C.
OPERATIONS = records.OPERATIONS

#: Elements in a chunk: small enough for the cache, and a whole number of Philox blocks.
CHUNK = 1 << 15
_NOTHING = np.zeros(1, np.uint64)


def apply(
    operation: str,
    operands: Sequence[Codes],
    formats: Sequence[Format],
    out: Codes,
    fmt: Format,
    projection: Projection,
    random: Random,
    flags_out: Codes | None,
    collect: bool = True,
) -> int:
    """Fill ``out`` with the codes of an operation; the union of the flags.

    Parameters
    ----------
    operation
        ``"convert"``, ``"add"``, ``"subtract"``, ``"multiply"`` or ``"fma"``.
    operands, formats
        One-dimensional code arrays, of one element or as long as ``out``, and their formats.
    out, fmt, projection
        The unsigned array of the result's codes, their format, and how they are rounded.
    random
        The bits of a stochastic rounding: a Philox draw, or words of one element or as many as
        ``out`` has.
    flags_out
        One flag byte per element, if wanted.
    collect
        Whether the caller uses the union; it is computed anyway.

    Raises
    ------
    ValueError
        If the operation is unknown, if random bits are missing or too large, or if
        ``Stochastic(bits=None)`` meets a discarded tail of more than 64 bits.

    Examples
    --------
    >>> import numpy as np
    >>> import lowfloat as lf
    >>> from lowfloat.jit import backend
    >>> f, out = lf.float8_e4m3fn, np.empty(2, np.uint8)
    >>> a, b = np.array([0x38, 0x7E], np.uint8), np.array([0x40], np.uint8)
    >>> backend.apply("multiply", (a, b), (f, f), out, f, lf.Projection(), None, None)
    5
    >>> out.tolist()  # 1 * 2 and 448 * 2
    [64, 127]

    Source: semantics.md sections 2 to 6.
    """
    plan = records.OPERATIONS.get(operation)
    if plan is None:
        raise ValueError(f"no operation {operation!r}: there are {', '.join(records.OPERATIONS)}")
    slots = records.slots(plan)
    sources = records.sources(plan, formats, projection.policy.daz)
    target = records.target(fmt, projection)

    def fill(part: slice, bits: Words, codes: Words, flags: Words) -> int:
        columns = [_NOTHING] * 3
        for slot, operand in zip(slots, operands, strict=True):
            columns[slot] = _words(operand if operand.size == 1 else operand[part])
        x, y, z = columns
        return int(kernels.apply_kernel(plan, x, y, z, sources, target, bits, codes, flags))

    return _chunked(fill, out, projection, random, flags_out)


def from_integers(
    values: Codes,
    out: Codes,
    fmt: Format,
    projection: Projection,
    random: Random,
    flags_out: Codes | None,
    collect: bool = True,
) -> int:
    """Fill ``out`` with the codes of machine integers; the union of the flags.

    Parameters
    ----------
    values
        A one-dimensional array of signed or unsigned integers, as long as ``out``.
    out, fmt, projection, random, flags_out, collect
        As in ``apply``.

    Raises
    ------
    ValueError
        As ``apply``.

    Examples
    --------
    >>> import numpy as np
    >>> import lowfloat as lf
    >>> from lowfloat.jit import backend
    >>> out = np.empty(2, np.uint8)
    >>> ints = np.array([-3, 17])
    >>> backend.from_integers(ints, out, lf.float8_e4m3fn, lf.Projection(), None, None)
    1
    >>> [float(lf.golden.decode(int(code), lf.float8_e4m3fn)) for code in out]
    [-3.0, 16.0]

    Source: semantics.md rule C-1.
    """
    target = records.target(fmt, projection)
    signed = values.dtype.kind == "i"
    wide = np.int64 if signed else np.uint64

    def fill(part: slice, bits: Words, codes: Words, flags: Words) -> int:
        words = _words(values[part].astype(wide).view(np.uint64))
        return int(kernels.integer_kernel(words, signed, target, bits, codes, flags))

    return _chunked(fill, out, projection, random, flags_out)


def _words(codes: Codes) -> Words:
    """The one array type that the kernel is compiled for: a read-only one would be another."""
    return np.require(codes, np.uint64, ["C", "A", "W"])


def _chunked(
    fill: Callable[[slice, Words, Words, Words], int],
    out: Codes,
    projection: Projection,
    random: Random,
    flags_out: Codes | None,
) -> int:
    """Call ``fill`` for every chunk of the result."""
    drawn = _checked_bits(projection, random, out.size)
    size = min(out.size, CHUNK)
    codes, flags, bits = np.empty(size, np.uint64), np.empty(size, np.uint64), _NOTHING
    union = 0
    for start in range(0, out.size, CHUNK):
        part = slice(start, min(start + CHUNK, out.size))
        count = part.stop - start
        if isinstance(random, PhiloxDraw) and drawn:
            bits = np.empty(count, np.uint64)
            seed, stream, call = (np.uint64(word) for word in random)
            kernels.philox_kernel(seed, call, stream, start, drawn, bits)
        elif drawn:
            assert isinstance(random, np.ndarray)
            bits = _words(random if random.size == 1 else random[part])
        union |= fill(part, bits, codes[:count], flags[:count])
        if union & int(kernels.TAIL_TOO_LONG):
            raise ValueError(
                "Stochastic(bits=None) needs a discarded tail of at most 64 bits (rule P-6): "
                "give a number of bits"
            )
        out[part] = codes[:count]
        if flags_out is not None:
            flags_out[part] = flags[:count]
    return union


def _checked_bits(projection: Projection, random: Random, count: int) -> int:
    """How many bits are drawn per element; 0 where the rounding is deterministic. Rule R-1."""
    stochastic = projection.stochastic
    if stochastic is None:
        return 0
    bits = stochastic.drawn_bits
    if random is None:
        raise ValueError("stochastic rounding needs random bits (rule R-1)")
    if isinstance(random, np.ndarray):
        if random.size not in (1, count):
            raise ValueError(f"there are {random.size} random words for {count} results (rule R-1)")
        if bits < 64 and random.size and int(random.max()) >> bits:
            raise ValueError(f"random bits must be in 0..2^{bits} - 1 (rule R-1)")
    return bits
