"""The rest of the table for user ``@njit`` code: the C library, one result at a time.

Nothing here is a third opinion: these functions stand or fall with the C library's. What decides
a call, formats and projection, is prepared once; compiled code calls one C function with it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir  # type: ignore[import-untyped]
from numba import njit, types

from lowfloat import _native, golden
from lowfloat._core import ffi, lib
from lowfloat.formats import Format
from lowfloat.jit.kernels import ONE, ZERO, code_of, compiled, deliver, primitive
from lowfloat.projection import Projection

#: Beside the IEEE flags: Stochastic(bits=None) met a long tail (P-6).
TAIL_TOO_LONG = np.uint64(0x80)
_QUESTIONS = {
    **{name: (number, 0) for name, number in _native.RELATIONS.items()},
    **{f"{name}_signaling": (number, 1) for name, number in _native.RELATIONS.items()},
    "total_order": (lib.LF_QUESTION_TOTAL_ORDER, 0),
    "classify": (lib.LF_QUESTION_CLASS, 0),
}
#: Predicates as sets of classes: bit i is class i.
_PREDICATES = {
    name: sum(1 << i for i, kind in enumerate(golden.CLASSES) if kind in classes)
    for name, classes in golden.comparison.PREDICATE_CLASSES.items()
}
_MINUS = sum(1 << i for i, kind in enumerate(golden.CLASSES) if kind.startswith("negative"))
#: Classes of NaN; which of them have a minus sign, only the code tells.
_NANS = sum(1 << i for i, kind in enumerate(golden.CLASSES) if kind.endswith("nan"))

_FUNCTION = np.uint64(int(ffi.cast("uintptr_t", ffi.addressof(lib, "lf_prepared_apply"))))
#: What compiled functions point to.
_kept: list[Any] = []


@primitive
def call_prepared(
    typing: Any, function: Any, prepared: Any, x: Any, y: Any, z: Any, random: Any
) -> Any:
    """The code and the flags that the C function of an address gives."""
    word = types.uint64
    pair: Any = types.UniTuple(word, 2)  # type: ignore[no-untyped-call]

    def lower(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        i32, i64 = ir.IntType(32), ir.IntType(64)
        pointer, *words = args
        with builder.goto_entry_block():
            flags = builder.alloca(i32)
        kind = ir.FunctionType(i64, [i64, i64, i64, i64, i64, i32.as_pointer()])
        code = builder.call(builder.inttoptr(pointer, kind.as_pointer()), [*words, flags])
        both = code, builder.zext(builder.load(flags), i64)
        return context.make_tuple(builder, signature.return_type, both)

    return pair(word, word, word, word, word, word), lower


@compiled
def outcome(
    function: np.uint64,
    prepared: np.uint64,
    most: np.uint64,
    every_bit: bool,
    x: np.uint64,
    y: np.uint64,
    z: np.uint64,
    random: np.uint64,
) -> tuple[np.uint64, np.uint64]:
    """A code and its flags; random bits above ``most``, and long tails, are errors."""
    if random > most:
        raise ValueError("the random bits must be below 2^N (rule R-1)")
    code, flags = call_prepared(function, prepared, x, y, z, random)
    if every_bit and flags & TAIL_TOO_LONG:
        raise ValueError(
            "Stochastic(bits=None) needs a discarded tail of at most 64 bits (rule P-6)"
        )
    return code, flags


def scalar(
    name: str, formats: tuple[Format, ...], fmt: Format, projection: Projection, store: Any
) -> Callable[..., Any]:
    """A compiled function of one to three codes, and of random bits if the projection draws them."""
    prepared = _prepared(name, formats, fmt, projection)
    _kept.append(prepared)
    at, f = np.uint64(int(ffi.cast("uintptr_t", prepared))), _FUNCTION
    if name in _PREDICATES or name == "is_sign_minus":
        return _predicate(name, at, formats[0], store)
    stochastic = projection.stochastic if name in _native.OPERATIONS else None
    most = np.uint64((1 << (stochastic.drawn_bits if stochastic else 64)) - 1)
    each = stochastic is not None and stochastic.bits is None

    def one(x: Any) -> Any:
        return deliver(outcome(f, at, most, each, code_of(x), ZERO, ZERO, ZERO), store)

    def two(x: Any, y: Any) -> Any:
        return deliver(outcome(f, at, most, each, code_of(x), code_of(y), ZERO, ZERO), store)

    def three(x: Any, y: Any, z: Any) -> Any:
        x, y, z = code_of(x), code_of(y), code_of(z)
        return deliver(outcome(f, at, most, each, x, y, z, ZERO), store)

    def one_stochastic(x: Any, random: Any) -> Any:
        x, bits = code_of(x), code_of(random)
        return deliver(outcome(f, at, most, each, x, ZERO, ZERO, bits), store)

    def two_stochastic(x: Any, y: Any, random: Any) -> Any:
        x, y, bits = code_of(x), code_of(y), code_of(random)
        return deliver(outcome(f, at, most, each, x, y, ZERO, bits), store)

    def three_stochastic(x: Any, y: Any, z: Any, random: Any) -> Any:
        x, y, z, bits = code_of(x), code_of(y), code_of(z), code_of(random)
        return deliver(outcome(f, at, most, each, x, y, z, bits), store)

    plain, drawing = (one, two, three), (one_stochastic, two_stochastic, three_stochastic)
    # An address is good for this process alone: no disk cache.
    return njit(nogil=True, error_model="numpy")(
        (drawing if stochastic else plain)[len(formats) - 1]
    )


def _prepared(name: str, formats: tuple[Format, ...], fmt: Format, projection: Projection) -> Any:
    """An lf_prepared with its formats and projection copied into it."""
    memory = ffi.new("uint64_t[]", (lib.lf_prepared_size() + 7) // 8)
    prepared = ffi.cast("lf_prepared *", memory)
    structs = ffi.new("lf_format *[]", [_native.format_struct(f) for f in formats])
    how = _native.projection_struct(projection)
    if name in _native.OPERATIONS:
        target = _native.format_struct(fmt)
        status = lib.lf_prepare(prepared, _native.OPERATIONS[name], structs, target, how)
    else:
        asked, signaling = _QUESTIONS.get(name, _QUESTIONS["classify"])
        status = lib.lf_prepare_question(prepared, asked, signaling, structs, how)
    if status:
        raise ValueError(f"{name} has its result in the first operand's format (rules S-2 and S-3)")
    return memory


def _predicate(name: str, at: np.uint64, fmt: Format, store: Any) -> Callable[..., Any]:
    """Whether the class of a code is one of a predicate's (K-3); it raises no flag."""
    classes = np.uint64(_PREDICATES.get(name, _MINUS))
    signed = name == "is_sign_minus" and fmt.nan in ("ieee", "all_ones")
    sign = np.uint64(fmt.sign_mask if signed else 0)
    nans, most, f = np.uint64(_NANS), np.uint64((1 << 64) - 1), _FUNCTION

    def predicate(x: Any) -> Any:
        code = code_of(x)
        kind = outcome(f, at, most, False, code, ZERO, ZERO, ZERO)[0]
        member = (classes >> kind) & ONE
        if code & sign:
            member |= (nans >> kind) & ONE
        return deliver((member, ZERO), store)

    return njit(nogil=True, error_model="numpy")(predicate)
