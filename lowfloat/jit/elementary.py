"""Elementary functions for user ``@njit`` code: the C library's, and golden where C leaves one open.

A function of one code of at most 16 bits is a table, compiled in; others call C. Nothing here is a
third opinion: these functions stand or fall with the C library's (rules E-1 to E-10).
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from lowfloat import _native, golden
from lowfloat._core import ffi, lib
from lowfloat.formats import Format
from lowfloat.jit.kernels import ONE, SIXTY_FOUR, ZERO, code_of, deliver
from lowfloat.projection import Projection

#: Operands of more bits have no table.
TABLE_BITS = 16
#: C seldom decides results of more bits.
DECIDED_WIDTH = 32
#: What golden's answer says beside the flags: the projection takes no such result (P-6).
REFUSED = np.uint64(1 << 8)
CODE_MASK, FLAGS_AT, STATUS_AT = np.uint64((1 << 32) - 1), np.uint64(32), np.uint64(40)
FLAGS_MASK = np.uint64(0xFF)

_WORD, _ADDRESS = ctypes.c_uint64, ctypes.c_size_t
_c_word = ctypes.CFUNCTYPE(_WORD, _WORD, *[_ADDRESS] * 4, _WORD, _WORD, _WORD)(
    int(ffi.cast("uintptr_t", ffi.addressof(lib, "lf_elementary_word")))
)
_GoldenCall = ctypes.CFUNCTYPE(_WORD, _WORD, _WORD, _WORD, _ADDRESS)

#: What compiled functions point to: structs, and callbacks with the Python functions in them.
_kept: list[Any] = []


def scalar(
    name: str, formats: tuple[Format, ...], fmt: Format, projection: Projection, store: Any
) -> Callable[..., Any]:
    """A compiled function of one or two codes, and of random bits if the projection draws them."""
    binary, stochastic = len(formats) == 2, projection.stochastic is not None
    short = formats[0].width <= TABLE_BITS and fmt.width <= DECIDED_WIDTH
    if short and not binary and not stochastic:
        return _table(*_all_results(name, formats[0], fmt, projection), store)
    result = _outcome(name, formats, fmt, projection)

    def one(x: Any) -> Any:
        return deliver(result(code_of(x), ZERO, ZERO), store)

    def two(x: Any, y: Any) -> Any:
        return deliver(result(code_of(x), code_of(y), ZERO), store)

    def one_stochastic(x: Any, random: Any) -> Any:
        return deliver(result(code_of(x), ZERO, code_of(random)), store)

    def two_stochastic(x: Any, y: Any, random: Any) -> Any:
        return deliver(result(code_of(x), code_of(y), code_of(random)), store)

    chosen = ((one, one_stochastic), (two, two_stochastic))[binary][stochastic]
    return njit(nogil=True, error_model="numpy")(chosen)


def _outcome(
    name: str, formats: tuple[Format, ...], fmt: Format, projection: Projection
) -> Callable[..., Any]:
    """A compiled function from two codes and random bits to a code and its flags."""
    structs = [_native.format_struct(f) for f in (formats[0], formats[-1], fmt)]
    structs.append(_native.projection_struct(projection))
    callback = _golden_call(name, formats, fmt, projection)
    _kept.append((structs, callback))
    function = np.uint64(_native.FUNCTIONS[name])
    first, second, target, how = (np.uint64(int(ffi.cast("uintptr_t", s))) for s in structs)
    bits = 64 if projection.stochastic is None else projection.stochastic.drawn_bits
    shift = np.uint64(bits) if bits < 64 else SIXTY_FOUR
    c_word = _c_word

    @njit(nogil=True, error_model="numpy")
    def outcome(x: Any, y: Any, random: Any) -> Any:
        if shift < SIXTY_FOUR and random >= ONE << shift:
            raise ValueError("the random bits must be below 2^N (rule R-1)")
        word = c_word(function, first, second, target, how, x, y, random)
        if word >> STATUS_AT == ZERO:
            return word & CODE_MASK, (word >> FLAGS_AT) & FLAGS_MASK
        flags = np.zeros(1, np.uint64)
        code = callback(x, y, random, flags.ctypes.data)
        if flags[0] & REFUSED:
            raise ValueError(
                "Stochastic(bits=None) needs a discarded tail of at most 64 bits (rule P-6)"
            )
        return code, flags[0]

    return outcome


def _golden_call(
    name: str, formats: tuple[Format, ...], fmt: Format, projection: Projection
) -> Any:
    """The golden function as machine code sees it: flags go to an address."""
    function: Callable[..., tuple[int, int]] = getattr(golden, name)

    def call(x: int, y: int, random: int, flags_at: int) -> int:
        flags = ctypes.c_uint64.from_address(flags_at)
        try:
            code, flags.value = function(
                *(x, y)[: len(formats)],
                formats=formats,
                format=fmt,
                projection=projection,
                random_bits=None if projection.stochastic is None else random,
            )
        except ValueError:
            code, flags.value = 0, int(REFUSED)
        return code

    return _GoldenCall(call)


def _all_results(
    name: str, source: Format, fmt: Format, projection: Projection
) -> tuple[NDArray[Any], NDArray[np.uint8]]:
    """Codes and flags of a function by operand code."""
    size = 1 << source.width
    every = np.arange(size, dtype=f"u{source.storage_bits // 8}")
    codes = np.empty(size, f"u{fmt.storage_bits // 8}")
    flags, undecided = np.empty(size, np.uint8), np.empty(size, np.uint8)
    given = ([every], [source], codes, fmt, projection, None, flags, False, undecided)
    _native.elementary(name, *given)
    for code in np.flatnonzero(undecided).tolist():
        codes[code], flags[code] = getattr(golden, name)(
            code, formats=(source,), format=fmt, projection=projection
        )
    return codes, flags


def _table(codes: NDArray[Any], flags: NDArray[np.uint8], store: Any) -> Callable[..., Any]:
    """A function of one code that looks up all its results."""
    mask = np.uint64(codes.size - 1)

    def look_up(x: Any) -> Any:
        return codes[code_of(x) & mask]

    def look_up_both(x: Any) -> Any:
        at = code_of(x) & mask
        return codes[at], flags[at]

    chosen = look_up_both if isinstance(store, tuple) else look_up
    return njit(nogil=True, error_model="numpy")(chosen)
