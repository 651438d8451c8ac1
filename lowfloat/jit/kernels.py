"""The compiled rules: decode, compute exactly, project. Everything generic that Numba compiles.

One source serves two uses. Array kernels take a ``Source`` per operand and a ``Target`` at run
time, so that they are compiled once for all formats. The scalar functions of ``scalars`` are
closures over constant records, so that the compiler folds whatever a format does not need.

This is one file because Numba's disk cache notices edits of the file of a cached function, not
of the files it calls. An exact number is a sign, an exponent and a normalised 128-bit
significand; see ``Value`` for why 128 bits are enough for every format and operation.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar, cast

import numpy as np
from llvmlite import ir  # type: ignore[import-untyped]
from numba import njit, types
from numba.core.errors import TypingError
from numba.extending import intrinsic, overload
from numpy.typing import NDArray

from lowfloat import exception_flags

F = TypeVar("F", bound=Callable[..., Any])
U64Array = NDArray[np.uint64]
Code = np.uint64
Flags = np.uint64
#: A code and the flags it comes with.
Outcome = tuple[Code, Flags]
#: What happens to a positive and to a negative value.
Outcomes = tuple[Outcome, Outcome]


def compiled(function: F) -> F:
    """Compile lazily and cache on disk; typed as the function itself."""
    return cast(F, njit(cache=True, nogil=True, error_model="numpy")(function))


def inlined(function: F) -> F:
    """Compile as a part of the functions that call it: constants fold, and it is compiled faster."""
    decorate = njit(cache=True, nogil=True, error_model="numpy", forceinline=True)
    return cast(F, decorate(function))


#: Machine instructions that Numba has no words for, as functions.
primitive = cast(Callable[[Callable[..., Any]], Callable[..., Any]], intrinsic)


# Numba makes a float of uint64 + int64, so constants that meet codes are uint64.
ZERO, ONE = np.uint64(0), np.uint64(1)
SIXTY_FOUR = np.uint64(64)
TOP_BIT = np.uint64(1 << 63)
MASK32, THIRTY_TWO = np.uint64(0xFFFFFFFF), np.uint64(32)
NO_FLAGS = np.uint64(0)
INEXACT = np.uint64(exception_flags.INEXACT)
UNDERFLOW = np.uint64(exception_flags.UNDERFLOW)
INVALID = np.uint64(exception_flags.INVALID)

#: No IEEE flag: the discarded tail is longer than Stochastic(bits=None) can compare (P-6).
TAIL_TOO_LONG = np.uint64(1 << 7)

NUMBER, NOTHING, INFINITE, NAN = (np.int64(kind) for kind in range(4))
#: Positions in "ABC" of the stochastic roundings that add half a step, or round nu first.
VARIANT_B, VARIANT_C = np.int64(1), np.int64(2)


class Source(NamedTuple):
    """How an operand's codes are read (rules D-3 to D-6, Q-3).

    A bound that no magnitude reaches (2^64 - 1) stands for "there is none".
    """

    mantissa_bits: np.uint64
    magnitude_mask: np.uint64
    sign_mask: np.uint64
    #: Exponent of the last fraction bit in a binade with field 0; subnormals have one more.
    scale: np.int64
    #: Magnitudes below this have no hidden bit.
    first_normal: np.uint64
    #: Those magnitudes are zeros: ``subnormals="flush"``, or DAZ.
    flushed: bool
    negative_zero: bool
    infinity: np.uint64
    first_nan: np.uint64
    nan_at_minus_zero: bool
    nan_has_sign: bool
    #: Zero where NaNs are always quiet and carry nothing.
    quiet_bit: np.uint64
    payload_mask: np.uint64
    payload_shift: np.uint64


class Target(NamedTuple):
    """What becomes of exact values: a result format under a projection, the rules evaluated."""

    mantissa_bits: np.int64
    emin: np.int64
    #: No finite number has a larger exponent.
    top_exponent: np.int64
    #: Subtracted from a code whose field 0 is a normal binade: the hidden bit, else 0.
    base: np.uint64
    #: Significand of the smallest normal number, at emin.
    least_normal: np.uint64
    lowest_is_normal: bool
    has_zero: bool
    signed: bool
    sign_mask: np.uint64
    minus_zero: np.uint64
    min_positive: np.uint64
    max_finite: np.uint64
    zero: Outcomes
    infinity: Outcomes
    overflow: Outcomes
    #: A negative number in an unsigned format.
    below_zero: Outcome
    #: An invalid operation.
    invalid: Outcome
    nan: Outcome
    nan_sign_mask: np.uint64
    payload_shift: np.uint64
    signaling_first: bool
    zero_times_infinity_plus_nan: np.uint64
    zero_sum_sign: np.int64
    tiny_before: bool
    flush_tiny: bool
    #: By sign and parity: the least relation of nu to 1/2 that rounds away; see ``rounds_away``.
    away: tuple[tuple[np.int64, np.int64], tuple[np.int64, np.int64]]
    stochastic: bool
    variant: np.int64
    #: 64 - N and 2^N - 1 of a stochastic rounding.
    unused_bits: np.uint64
    most: np.uint64
    every_bit: bool


class Operation(NamedTuple):
    """x [* y] [+/- z]: every operation is a fused multiply-add with parts left out."""

    multiplies: bool
    adds: bool
    negates: bool


class Value(NamedTuple):
    """A decoded operand or an exact result.

    A number is high:low 2^(exponent - 127) with the top bit of ``high`` set: exact, or its last
    bit is a *sticky* one that stands for everything below. A projection looks at no more than 53
    bits of significand, 65 of nu, and whether more follows: 119 bits, and one bit may be lost to
    cancellation, so a sticky bit at the end never decides anything but "more follows".
    A NaN keeps its payload, left-aligned, in ``high`` and whether it signals in ``low``.
    """

    kind: np.int64
    sign: np.int64
    exponent: np.int64
    high: np.uint64
    low: np.uint64


# -- 128-bit integers and bit patterns ----------------------------------------------------------


def _wide(operator: str) -> Callable[..., tuple[np.uint64, np.uint64]]:
    """An operator on two 128-bit integers, each given as its high and low half."""

    @primitive
    def wide(typing: Any, ah: Any, al: Any, bh: Any, bl: Any) -> Any:
        word = types.uint64

        def lower(context: Any, builder: Any, signature: Any, halves: Any) -> Any:
            i64, i128 = ir.IntType(64), ir.IntType(128)
            ah, al, bh, bl = (builder.zext(half, i128) for half in halves)
            shift = ir.Constant(i128, 64)
            a = builder.or_(builder.shl(ah, shift), al)
            b = builder.or_(builder.shl(bh, shift), bl)
            result = getattr(builder, operator)(a, b)
            pair = builder.trunc(builder.lshr(result, shift), i64), builder.trunc(result, i64)
            return context.make_tuple(builder, signature.return_type, pair)

        pair: Any = types.UniTuple(word, 2)  # type: ignore[no-untyped-call]
        return pair(word, word, word, word), lower

    return wide


# Shifts take their count, below 128, as the low half of the second number.
add128, subtract128, multiply128 = _wide("add"), _wide("sub"), _wide("mul")
left128, right128 = _wide("shl"), _wide("lshr")


@primitive
def leading_zeros(typing: Any, x: Any) -> Any:
    """The number of zeros above the top 1 of a nonzero uint64."""

    def lower(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.ctlz(args[0], ir.Constant(ir.IntType(1), 1))

    return types.int64(types.uint64), lower


def _same_bits(source: Any, target: Any) -> Callable[[Any], Any]:
    """A machine word read as another type of the same width."""

    @primitive
    def same_bits(typing: Any, x: Any) -> Any:
        def lower(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            return builder.bitcast(args[0], context.get_value_type(target))

        return target(source), lower

    return same_bits


float32_bits = _same_bits(types.float32, types.uint32)
float64_bits = _same_bits(types.float64, types.uint64)
float32_of = _same_bits(types.uint32, types.float32)
float64_of = _same_bits(types.uint64, types.float64)


@inlined
def jam_right(high: np.uint64, low: np.uint64, count: np.int64) -> tuple[np.uint64, np.uint64]:
    """Shift right by any count >= 0; a last bit of 1 tells that ones were shifted out."""
    shift = np.uint64(min(count, np.int64(127)))
    kept_high, kept_low = right128(high, low, ZERO, shift)
    back_high, back_low = left128(kept_high, kept_low, ZERO, shift)
    lost = (back_high ^ high) | (back_low ^ low)
    if count > 127:
        return ZERO, np.uint64((high | low) != ZERO)
    return kept_high, kept_low | np.uint64(lost != ZERO)


@inlined
def pick(condition: Any, pair: Any) -> Any:
    """pair[condition]."""
    return pair[1] if condition else pair[0]


# -- reading operands ---------------------------------------------------------------------------


@inlined
def special(kind: np.int64, sign: np.int64) -> Value:
    """An infinity or a zero."""
    return Value(kind, sign, np.int64(0), ZERO, ZERO)


@inlined
def number(sign: np.int64, significand: np.uint64, exponent: np.int64) -> Value:
    """significand 2^exponent, normalised; not zero."""
    count = leading_zeros(significand)
    top = exponent + np.int64(63) - count
    return Value(NUMBER, sign, top, significand << np.uint64(count), ZERO)


@inlined
def read(code: np.uint64, source: Source) -> Value:
    """The value of a code. Rules D-3 to D-6, Q-3."""
    sign = np.int64((code & source.sign_mask) != ZERO)
    rest = code & source.magnitude_mask
    if rest >= source.first_nan or (source.nan_at_minus_zero and code == source.sign_mask):
        payload = ((rest & source.payload_mask) << ONE) << source.payload_shift
        signals = source.quiet_bit != ZERO and (rest & source.quiet_bit) == ZERO
        carried = sign if source.nan_has_sign else np.int64(0)
        return Value(NAN, carried, np.int64(0), payload, np.uint64(signals))
    if rest == source.infinity:
        return special(INFINITE, sign)
    exponent, hidden = source.scale + np.int64(1), ONE << source.mantissa_bits
    if rest >= source.first_normal:
        exponent = source.scale + np.int64(rest >> source.mantissa_bits)
        significand = (rest & (hidden - ONE)) | hidden
    else:
        significand = ZERO if source.flushed else rest
    if significand == ZERO:
        return special(NOTHING, sign if source.negative_zero else np.int64(0))
    return number(sign, significand, exponent)


@inlined
def read_integer(bits: np.uint64, signed: bool) -> Value:
    """The value of an int64 or uint64, given as its bits. Rule C-1."""
    if bits == ZERO:
        return special(NOTHING, np.int64(0))
    if signed and bits >= TOP_BIT:
        return number(np.int64(1), ZERO - bits, np.int64(0))
    return number(np.int64(0), bits, np.int64(0))


# -- exact arithmetic ---------------------------------------------------------------------------


@inlined
def product(x: Value, y: Value) -> Value:
    """x y of two numbers, exactly: their significands have at most 64 bits each. Rule A-4."""
    high, low = multiply128(ZERO, x.high, ZERO, y.high)
    exponent = x.exponent + y.exponent + np.int64(1)
    if high < TOP_BIT:
        high, low = left128(high, low, ZERO, ONE)
        exponent -= np.int64(1)
    return Value(NUMBER, x.sign ^ y.sign, exponent, high, low)


@inlined
def total(x: Value, y: Value, zero_sign: np.int64) -> Value:
    """x + y of two numbers, with a sticky last bit. Rule A-2.

    The operands have at most 106 bits, so a bit is lost only where the exponents differ by more
    than 20; the sum then loses at most one leading bit to cancellation.
    """
    larger, smaller = x, y
    if (y.exponent, y.high, y.low) > (x.exponent, x.high, x.low):
        larger, smaller = y, x
    distance = larger.exponent - smaller.exponent
    ah, al = right128(larger.high, larger.low, ZERO, ONE)
    bh, bl = jam_right(smaller.high, smaller.low, distance + np.int64(1))
    if x.sign == y.sign:
        high, low = add128(ah, al, bh, bl)
    else:
        high, low = subtract128(ah, al, bh, bl)
    if (high | low) == ZERO:
        return special(NOTHING, zero_sign)
    count = leading_zeros(high) if high != ZERO else np.int64(64) + leading_zeros(low)
    high, low = left128(high, low, ZERO, np.uint64(count))
    return Value(NUMBER, larger.sign, larger.exponent + np.int64(1) - count, high, low)


# -- projection ---------------------------------------------------------------------------------


@inlined
def rounds_away(
    high: np.uint64, low: np.uint64, odd: bool, sign: np.int64, target: Target, random: np.uint64
) -> bool:
    """Whether nu = high:low 2^-128 (sticky) rounds away: the one place that decides. P-5, P-6.

    The relation of nu to 1/2 is 0 for exact values, 1 below, 2 at and 3 above one half.
    """
    if target.stochastic:
        floor = high >> target.unused_bits
        below = left128(high, low, ZERO, SIXTY_FOUR - target.unused_bits)
        half, rest = below[0] >= TOP_BIT, ((below[0] << ONE) | below[1]) != ZERO
        up = target.variant == VARIANT_B and half
        if target.variant == VARIANT_C:
            up = half and (rest or (floor & ONE) != ZERO)
        # floor + up + R >= 2^N, without the sum that may not fit
        room = target.most - random
        return bool(floor > room or (up and floor == room))
    relation = np.int64(((high << ONE) | low) != ZERO)
    if high >= TOP_BIT:
        relation += np.int64(2)
    return bool(relation >= pick(odd, pick(sign, target.away)))


@inlined
def split(value: Value, count: np.int64) -> tuple[np.uint64, np.uint64, np.uint64]:
    """The significand without its last ``count`` >= 75 bits, and nu that they make."""
    if count > 127:
        high, low = jam_right(value.high, value.low, count - np.int64(128))
        return ZERO, high, low
    high, low = left128(value.high, value.low, ZERO, np.uint64(128 - count))
    return value.high >> np.uint64(count - 64), high, low


@inlined
def quotient(value: Value, target: Target) -> tuple[np.uint64, np.uint64]:
    """nu = |X|/s of a number below the smallest one, s: 128 bits, the last one sticky. Rule P-3.

    Long division of 128-bit integers: r < d throughout, and 2r is never formed, as it may not
    fit. The quotient by the odd number 2^M + 1 has ones far down if it has no end.
    """
    dh, dl = left128(ZERO, target.least_normal, ZERO, np.uint64(127 - target.mantissa_bits))
    rh, rl = value.high, value.low
    down = target.emin - value.exponent
    whole = rh > dh or (rh == dh and rl >= dl)
    if whole:
        rh, rl = subtract128(rh, rl, dh, dl)
    high = low = ZERO
    for _ in range(128):
        high, low = left128(high, low, ZERO, ONE)
        gap_high, gap_low = subtract128(dh, dl, rh, rl)
        if rh > gap_high or (rh == gap_high and rl >= gap_low):
            rh, rl = subtract128(rh, rl, gap_high, gap_low)
            low |= ONE
        else:
            rh, rl = left128(rh, rl, ZERO, ONE)
    sticky = np.uint64((rh | rl) != ZERO)
    if whole:
        lost = low & ONE
        high, low = right128(high, low, ZERO, ONE)
        high, low, down = high | TOP_BIT, low | lost, down - np.int64(1)
    return jam_right(high, low | sticky, down)


@inlined
def project(value: Value, target: Target, random: np.uint64) -> Outcome:
    """The code and flags of an exact value that is not NaN. Rule P-1."""
    if value.kind == INFINITE:
        return pick(value.sign, target.infinity)  # type: ignore[no-any-return]
    if value.kind == NOTHING:
        return pick(value.sign, target.zero)  # type: ignore[no-any-return]
    sign, m = value.sign, target.mantissa_bits
    exponent = max(value.exponent, target.emin)
    kept, high, low = split(value, np.int64(127) - m + exponent - value.exponent)
    # Past top_exponent every code overflows; holding it there keeps it in 64 bits.
    steps = np.uint64(min(exponent, target.top_exponent + np.int64(1)) - target.emin)
    lower = (steps << np.uint64(m)) + kept - target.base

    small = value.exponent < target.emin or (
        value.exponent == target.emin and kept < target.least_normal
    )
    tiny, tail = small, ZERO
    if small and not target.tiny_before:
        tiny, tail = tiny_after_rounding(value, target, random)
    inexact = True
    if small and target.lowest_is_normal:
        high, low, code = ZERO, ZERO, target.min_positive
        if target.has_zero:
            high, low = quotient(value, target)
            if not rounds_away(high, low, False, sign, target, random):
                code = ZERO
    else:
        odd = (lower & ONE) != ZERO
        code = lower + np.uint64(rounds_away(high, low, odd, sign, target, random))
        inexact = (high | low) != ZERO
    if target.every_bit and (low | tail) != ZERO:
        return ZERO, TAIL_TOO_LONG

    if sign != 0 and not target.signed:
        if code == ZERO and target.has_zero:
            return ZERO, INEXACT | UNDERFLOW if tiny else INEXACT
        return target.below_zero
    if code > target.max_finite:
        return pick(sign, target.overflow)  # type: ignore[no-any-return]
    if tiny and target.flush_tiny:
        return target.minus_zero if sign != 0 else ZERO, INEXACT | UNDERFLOW
    flags = NO_FLAGS
    if inexact:
        flags = INEXACT | UNDERFLOW if tiny else INEXACT
    if sign != 0:
        code = code | target.sign_mask if code != ZERO else target.minus_zero
    return code, flags


@inlined
def tiny_after_rounding(value: Value, target: Target, random: np.uint64) -> tuple[bool, np.uint64]:
    """Whether a number below the smallest normal one stays there when it is rounded to P bits.

    Also the part of nu below 64 bits, which ``Stochastic(bits=None)`` refuses. Rules P-4, Q-1.
    """
    m = target.mantissa_bits
    kept, high, low = split(value, np.int64(127) - m)
    field = value.exponent - target.emin
    if target.base == ZERO:
        field += np.int64(1)
    # Parity as the code with this exponent would have it: the field's where there is no fraction.
    odd = (np.uint64(field) if m == 0 else kept) & ONE != ZERO
    kept += np.uint64(rounds_away(high, low, odd, value.sign, target, random))
    exponent, hidden = value.exponent, ONE << np.uint64(m)
    if kept == hidden << ONE:
        exponent, kept = exponent + np.int64(1), hidden
    tiny = exponent < target.emin or (exponent == target.emin and kept < target.least_normal)
    return bool(tiny), low


# -- NaN and operations -------------------------------------------------------------------------


@inlined
def first_nan(x: Value, y: Value, target: Target) -> Value:
    """Which of two operands, at least one of them NaN, is handed on, quieted. Rule N-2."""
    left = x.kind == NAN
    if target.signaling_first and y.kind == NAN and y.low != ZERO:
        left = left and x.low != ZERO
    chosen = x if left else y
    return Value(chosen.kind, chosen.sign, chosen.exponent, chosen.high, ZERO)


@inlined
def nan_outcome(x: Value, target: Target, flags: np.uint64) -> Outcome:
    """A quiet NaN into the result format. Rules N-2 to N-4."""
    code, raised = target.nan
    if x.sign != 0:
        code |= target.nan_sign_mask
    return code | ((x.high >> ONE) >> target.payload_shift), flags | raised


@inlined
def operate(
    operation: Operation, x: Value, y: Value, z: Value, target: Target, random: np.uint64
) -> Outcome:
    """x [* y] [+/- z], rounded once. Rules A-1 to A-6; operands left out are not looked at."""
    xy_nan = x.kind == NAN or (operation.multiplies and y.kind == NAN)
    z_nan = operation.adds and z.kind == NAN
    signals = (x.kind == NAN and x.low != ZERO) or (z_nan and z.low != ZERO)
    if operation.multiplies:
        signals = signals or (y.kind == NAN and y.low != ZERO)
    flags = INVALID if signals else NO_FLAGS
    if xy_nan:
        chosen = first_nan(x, y, target) if operation.multiplies else x
        if operation.adds:
            chosen = first_nan(chosen, z, target)
        return nan_outcome(chosen, target, flags)

    value = x
    if operation.multiplies:
        if x.kind == NUMBER and y.kind == NUMBER:
            value = product(x, y)
        elif x.kind == INFINITE or y.kind == INFINITE:
            if x.kind == NOTHING or y.kind == NOTHING:
                if not z_nan:
                    return target.invalid
                if target.signaling_first and z.low != ZERO:
                    return nan_outcome(z, target, flags)
                return target.invalid[0], (
                    flags | target.zero_times_infinity_plus_nan | target.nan[1]
                )
            value = special(INFINITE, x.sign ^ y.sign)
        else:
            value = special(NOTHING, x.sign ^ y.sign)
    if z_nan:
        return nan_outcome(z, target, flags)
    if not operation.adds:
        return project(value, target, random)

    sign = z.sign ^ np.int64(1) if operation.negates else z.sign
    addend = Value(z.kind, sign, z.exponent, z.high, z.low)
    if value.kind == NUMBER and addend.kind == NUMBER:
        value = total(value, addend, target.zero_sum_sign)
    elif value.kind == INFINITE:
        if addend.kind == INFINITE and value.sign != addend.sign:
            return target.invalid
    elif value.kind == NOTHING and addend.kind == NOTHING:
        if value.sign != addend.sign:
            value = special(NOTHING, target.zero_sum_sign)
    elif addend.kind != NOTHING:
        value = addend
    return project(value, target, random)


# -- arrays -------------------------------------------------------------------------------------


@compiled
def apply_kernel(
    operation: Operation,
    x: U64Array,
    y: U64Array,
    z: U64Array,
    sources: tuple[Source, Source, Source],
    target: Target,
    random: U64Array,
    out: U64Array,
    flags_out: U64Array,
) -> Flags:
    """Fill ``out`` and ``flags_out``; the union of the flags. Inputs of one element repeat."""
    union = NO_FLAGS
    absent = special(NOTHING, np.int64(0))
    for i in range(out.size):
        a = read(x[i if x.size > 1 else 0], sources[0])
        b = read(y[i if y.size > 1 else 0], sources[1]) if operation.multiplies else absent
        c = read(z[i if z.size > 1 else 0], sources[2]) if operation.adds else absent
        bits = random[i if random.size > 1 else 0]
        out[i], flags = operate(operation, a, b, c, target, bits)
        flags_out[i] = flags
        union |= flags
    return union


@compiled
def integer_kernel(
    bits: U64Array,
    signed: bool,
    target: Target,
    random: U64Array,
    out: U64Array,
    flags_out: U64Array,
) -> Flags:
    """Fill ``out`` and ``flags_out`` from machine integers; the union of the flags."""
    union = NO_FLAGS
    for i in range(out.size):
        value = read_integer(bits[i], signed)
        out[i], flags = project(value, target, random[i if random.size > 1 else 0])
        flags_out[i] = flags
        union |= flags
    return union


@compiled
def philox_kernel(
    seed: np.uint64, call: np.uint64, stream: np.uint64, start: int, bits: int, out: U64Array
) -> None:
    """The random bits of elements ``start`` on, which begins a block. Rules R-2 and R-3."""
    lane = 8
    while lane < bits:
        lane *= 2
    lanes = 128 // lane
    for first in range(0, out.size, lanes):
        block = np.uint64((start + first) // lanes)
        c0, c1, c2, c3 = block & MASK32, block >> THIRTY_TWO, call, stream
        k0, k1 = seed & MASK32, seed >> THIRTY_TWO
        for _ in range(10):
            p0, p1 = np.uint64(0xD2511F53) * c0, np.uint64(0xCD9E8D57) * c2
            c0, c1 = (p1 >> THIRTY_TWO) ^ c1 ^ k0, p1 & MASK32
            c2, c3 = (p0 >> THIRTY_TWO) ^ c3 ^ k1, p0 & MASK32
            k0 = (k0 + np.uint64(0x9E3779B9)) & MASK32
            k1 = (k1 + np.uint64(0xBB67AE85)) & MASK32
        low, high = c0 | (c1 << THIRTY_TWO), c2 | (c3 << THIRTY_TWO)
        for i in range(first, min(first + lanes, out.size)):
            out[i] = (low << np.uint64(64 - lane)) >> np.uint64(64 - bits)
            high, low = right128(high, low, ZERO, np.uint64(lane))


# -- scalar functions ---------------------------------------------------------------------------


def code_of(x: Any) -> np.uint64:
    """An integer argument as a 64-bit word; another type is an error."""
    raise NotImplementedError("compiled code only")


@overload(code_of, strict=False)
def _code_of(x: Any) -> Any:
    if not isinstance(_plain(x), types.Integer):
        raise TypingError(f"codes and random bits are unsigned integers, not {x}")
    return lambda x: np.uint64(x)


def value_of(x: Any, kind: Any, source: Source) -> Value:
    """A number of a machine type, exactly; a type that ``kind`` does not hold is an error."""
    raise NotImplementedError("compiled code only")


@overload(value_of, strict=False)
def _value_of(x: Any, kind: Any, source: Any) -> Any:
    machine, given = kind.dtype, _plain(x)
    if not _holds(machine, given):
        raise TypingError(
            f"this encoder takes {machine}, not {given}: convert it yourself, "
            "or choose another source="
        )
    if machine == types.float32:
        return lambda x, kind, source: read(np.uint64(float32_bits(x)), source)
    if machine == types.float64:
        return lambda x, kind, source: read(float64_bits(np.float64(x)), source)
    signed = machine.signed
    return lambda x, kind, source: read_integer(np.uint64(x), signed)


def _plain(x: Any) -> Any:
    """The type of an argument that may be a literal."""
    return types.unliteral(x)  # type: ignore[no-untyped-call]


def _holds(machine: Any, given: Any) -> bool:
    """Whether every value of one machine type is one of another of the same kind."""
    if isinstance(machine, types.Float):
        return isinstance(given, types.Float) and given.bitwidth <= machine.bitwidth
    if not isinstance(given, types.Integer):
        return False
    given = cast(Any, given)
    if machine.signed and not given.signed:
        return bool(given.bitwidth < machine.bitwidth)
    return bool(machine.signed or not given.signed)


def deliver(outcome: Outcome, store: Any) -> Any:
    """The code as ``store`` makes it, or code and flags if there are two stores."""
    raise NotImplementedError("compiled code only")


@overload(deliver, strict=False)
def _deliver(outcome: Any, store: Any) -> Any:
    if isinstance(store, types.BaseTuple):
        return lambda outcome, store: (store[0](outcome[0]), store[1](outcome[1]))
    return lambda outcome, store: store(outcome[0])


@inlined
def accepted(outcome: Outcome, target: Target, random: np.uint64) -> Outcome:
    """The outcome, unless the random bits are too large or too few. Rules P-6 and R-1."""
    if target.stochastic and random > target.most:
        raise ValueError("the random bits must be below 2^N (rule R-1)")
    if target.every_bit and outcome[1] == TAIL_TOO_LONG:
        raise ValueError(
            "Stochastic(bits=None) needs a discarded tail of at most 64 bits (rule P-6)"
        )
    return outcome


@inlined
def on_codes(
    operation: Operation,
    x: np.uint64,
    y: np.uint64,
    z: np.uint64,
    sources: tuple[Source, Source, Source],
    target: Target,
    random: np.uint64,
) -> Outcome:
    """An operation on codes; those that it has no use for are not looked at."""
    absent = special(NOTHING, np.int64(0))
    a = read(x, sources[0])
    b = read(y, sources[1]) if operation.multiplies else absent
    c = read(z, sources[2]) if operation.adds else absent
    return accepted(operate(operation, a, b, c, target, random), target, random)


@inlined
def on_number(x: Value, target: Target, random: np.uint64) -> Outcome:
    """The conversion of a number."""
    if x.kind == NAN:
        flags = INVALID if x.low != ZERO else NO_FLAGS
        return accepted(nan_outcome(x, target, flags), target, random)
    return accepted(project(x, target, random), target, random)


# The closures below hold records of numbers and NumPy types only: Numba's disk cache compares
# them by value, and would miss forever on a compiled function.


def scalar_operation(
    operation: Operation, sources: tuple[Source, Source, Source], target: Target, store: Any
) -> Callable[..., Any]:
    """A compiled function of one to three codes, and of random bits if the target needs them."""

    def unary(x: Any) -> Any:
        x = code_of(x)
        return deliver(on_codes(operation, x, ZERO, ZERO, sources, target, ZERO), store)

    def binary(x: Any, y: Any) -> Any:
        x, y = code_of(x), code_of(y)
        return deliver(on_codes(operation, x, y, y, sources, target, ZERO), store)

    def ternary(x: Any, y: Any, z: Any) -> Any:
        x, y, z = code_of(x), code_of(y), code_of(z)
        return deliver(on_codes(operation, x, y, z, sources, target, ZERO), store)

    def unary_stochastic(x: Any, random: Any) -> Any:
        x, bits = code_of(x), code_of(random)
        return deliver(on_codes(operation, x, ZERO, ZERO, sources, target, bits), store)

    def binary_stochastic(x: Any, y: Any, random: Any) -> Any:
        x, y, bits = code_of(x), code_of(y), code_of(random)
        return deliver(on_codes(operation, x, y, y, sources, target, bits), store)

    def ternary_stochastic(x: Any, y: Any, z: Any, random: Any) -> Any:
        x, y, z, bits = code_of(x), code_of(y), code_of(z), code_of(random)
        return deliver(on_codes(operation, x, y, z, sources, target, bits), store)

    deterministic = (unary, binary, ternary)
    stochastic = (unary_stochastic, binary_stochastic, ternary_stochastic)
    operands = int(operation.multiplies) + int(operation.adds)
    return compiled((stochastic if target.stochastic else deterministic)[operands])


def scalar_encoder(kind: Any, source: Source, target: Target, store: Any) -> Callable[..., Any]:
    """A compiled function of a number of a machine type, and of random bits if needed."""

    def encode(x: Any) -> Any:
        return deliver(on_number(value_of(x, kind, source), target, ZERO), store)

    def encode_stochastic(x: Any, random: Any) -> Any:
        bits = code_of(random)
        return deliver(on_number(value_of(x, kind, source), target, bits), store)

    return compiled(encode_stochastic if target.stochastic else encode)


def scalar_decoder(source: Source, target: Target, width: int) -> Callable[..., Any]:
    """A compiled function from codes to float32 or float64, whose format the target is."""

    def decode32(code: Any) -> Any:
        return float32_of(np.uint32(on_number(read(code_of(code), source), target, ZERO)[0]))

    def decode64(code: Any) -> Any:
        return float64_of(on_number(read(code_of(code), source), target, ZERO)[0])

    return compiled(decode32 if width == 32 else decode64)
