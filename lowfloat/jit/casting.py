"""Array casts of float32 to narrow formats, compiled for one format and rounding, vectorised.

Everything is 32-bit integer arithmetic, because lanes twice as wide halve the speed; variable
shifts go through intrinsics, because Numba would make them 64-bit ones. The rules of the special
cases are not written again: where zeros end, and what lies past the largest number, is asked of
the generic kernel when the cast is built.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from llvmlite import ir  # type: ignore[import-untyped]
from numba import types
from numpy.typing import NDArray

from lowfloat.format_names import format as find_format
from lowfloat.formats import Format
from lowfloat.jit import backend, records
from lowfloat.jit.kernels import compiled, primitive
from lowfloat.projection import Policy, Projection, make_projection

Cast = Callable[[NDArray[np.uint32], NDArray[Any]], None]
#: A number for positive and for negative values.
BySign = tuple[np.int32, np.int32]

i32 = np.int32
ONE = np.int32(1)
FRACTION, HIDDEN, INFINITY = np.int32(0x7FFFFF), np.int32(0x800000), np.int32(0x7F800000)
MAGNITUDE = np.int32(0x7FFFFFFF)


class Step(NamedTuple):
    """What rounding adds below the lattice: the step shifted right by ``down``, less ``less``.

    Adding it carries into the code exactly where nu is at least the threshold of the rounding.
    """

    down: np.int32
    less: np.int32


#: By threshold: nu above 0, at least 1/2, above 1/2, never (``records``).
STEPS = {
    1: Step(i32(0), i32(1)),
    2: Step(i32(1), i32(0)),
    3: Step(i32(1), i32(1)),
    4: Step(i32(31), i32(0)),
}


class Plan(NamedTuple):
    """A cast: the lattice of the format, and what replaces its codes outside their range."""

    mantissa_bits: np.int32
    emin: np.int32
    #: Binades from emin to the first one in which every code overflows.
    binades: np.int32
    base: np.int32
    floor: np.int32
    sign: np.int32
    #: By sign and parity of the lower neighbour.
    steps: tuple[tuple[Step, Step], tuple[Step, Step]]
    #: Magnitudes of float32 below ``least`` become ``zero``, and codes above ``most``, ``past``.
    least: BySign
    zero: BySign
    most: BySign
    past: BySign
    infinity: BySign
    nan: np.int32


def _shift(operator: str) -> Callable[[np.int32, np.int32], np.int32]:
    """A 32-bit shift by a variable count below 32."""

    @primitive
    def shift(typing: Any, x: Any, count: Any) -> Any:
        def lower(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            return getattr(builder, operator)(*args)

        return types.int32(types.int32, types.int32), lower

    return shift


left, right = _shift("shl"), _shift("lshr")


@primitive
def float_bits(typing: Any, x: Any) -> Any:
    """The bits of the float32 of an int32 below 2^24: exact, so no rounding mode matters."""

    def lower(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.bitcast(builder.sitofp(args[0], ir.FloatType()), ir.IntType(32))

    return types.int32(types.int32), lower


def cast_loop(plan: Plan) -> Cast:
    """The compiled loop over one plan, whose numbers are constants in it."""
    normalises = bool(plan.emin < -126)
    p_even, p_odd = plan.steps[0]
    n_even, n_odd = plan.steps[1]

    @compiled
    def cast(bits: NDArray[np.uint32], out: NDArray[Any]) -> None:
        for i in range(min(bits.size, out.size)):
            word = i32(bits[i])
            negative = word < 0
            magnitude = i32(word & MAGNITUDE)
            exponent, fraction = right(magnitude, i32(23)), i32(magnitude & FRACTION)
            if normalises:
                # A subnormal is its fraction, 2^-149 the unit: as a float it has a hidden bit.
                floated = float_bits(fraction)
                subnormal = exponent == 0
                exponent = i32(right(floated, i32(23)) - i32(149)) if subnormal else exponent
                fraction = i32(floated & FRACTION) if subnormal else fraction
                significand = i32(fraction | HIDDEN)
            else:
                significand = fraction if exponent == 0 else i32(fraction | HIDDEN)
                exponent = i32(max(exponent, ONE))
            exponent = i32(exponent - i32(127))

            # 24 bits of significand: past 26 places nothing changes but that something is there.
            below = i32(max(i32(plan.emin - exponent), i32(0)))
            count = i32(min(i32(i32(23) - plan.mantissa_bits + below), i32(26)))
            binade = i32(min(i32(max(exponent, plan.emin) - plan.emin), plan.binades))
            start = i32(left(binade, plan.mantissa_bits) - plan.base)
            odd = i32(start + right(significand, count)) & ONE != 0

            even_step, odd_step = left(ONE, count), left(ONE, count)
            down_even = n_even.down if negative else p_even.down
            less_even = n_even.less if negative else p_even.less
            down_odd = n_odd.down if negative else p_odd.down
            less_odd = n_odd.less if negative else p_odd.less
            even_step = i32(right(even_step, down_even) - less_even)
            odd_step = i32(right(odd_step, down_odd) - less_odd)
            added = odd_step if odd else even_step
            code = i32(start + right(i32(significand + added), count))

            code = i32(max(code, plan.floor))
            most = plan.most[1] if negative else plan.most[0]
            past = plan.past[1] if negative else plan.past[0]
            signed = i32(code | plan.sign) if negative else code
            signed = past if code > most else signed
            least = plan.least[1] if negative else plan.least[0]
            zero = plan.zero[1] if negative else plan.zero[0]
            signed = zero if magnitude < least else signed
            infinity = plan.infinity[1] if negative else plan.infinity[0]
            signed = infinity if magnitude == INFINITY else signed
            out[i] = plan.nan if magnitude > INFINITY else signed

    return cast


def cast_kernel(
    fmt: Format | str,
    *,
    rounding: str = "nearest_even",
    saturation: str = "none",
    policy: Policy | str = "ieee",
) -> Cast:
    """A compiled, vectorised cast of float32 arrays to a format of up to 16 bits, without flags.

    Parameters
    ----------
    fmt
        The result's format, or its name.
    rounding, saturation, policy
        The projection; the rounding is deterministic.

    Returns
    -------
    function
        From the bits of float32 numbers (one-dimensional, ``x.view(np.uint32)``) and the array
        for the codes, as long, of ``fmt.storage_bits`` bits. It returns nothing and is for use in
        ``@njit`` code and outside.

    Raises
    ------
    ValueError
        If a name is unknown, the format has more than 16 bits, the rounding is stochastic, or
        the policy carries NaN payloads.

    Examples
    --------
    >>> import numpy as np
    >>> import lowfloat as lf
    >>> cast = lf.jit.cast_kernel("float8_e4m3fn", saturation="finite")
    >>> x, codes = np.array([0.3, 1000.0], np.float32), np.empty(2, np.uint8)
    >>> cast(x.view(np.uint32), codes)
    >>> codes.tolist()
    [42, 126]

    Source: semantics.md section 2.
    """
    result = find_format(fmt)
    projection = make_projection(rounding, saturation, policy)
    if result.width > 16:
        raise ValueError(f"a cast kernel's codes have up to 16 bits: cast to {result} with lf.cast")
    if projection.stochastic is not None:
        raise ValueError("a cast kernel's rounding is deterministic: use lf.jit.encoder or lf.cast")
    if projection.policy.nan != "canonical":
        raise ValueError("a cast kernel's NaNs are canonical: use lf.jit.encoder or lf.cast")
    return _cast(result, projection)


@lru_cache(maxsize=256)
def _cast(fmt: Format, projection: Projection) -> Cast:
    return cast_loop(plan_of(fmt, projection))


def plan_of(fmt: Format, projection: Projection) -> Plan:
    """The plan of a cast from float32."""
    target = records.target(fmt, projection)
    zero = tuple(i32(outcome[0]) for outcome in target.zero)
    past = [outcome[0] for outcome in target.overflow]
    most = [fmt.max_finite_code, fmt.max_finite_code]
    if not fmt.signed:
        # Every negative number that is not zero lies past the end.
        past[1], most[1] = target.below_zero[0], -1
    positive, negative = (tuple(STEPS[int(t)] for t in pair) for pair in target.away)
    return Plan(
        mantissa_bits=i32(fmt.mantissa_bits),
        emin=i32(fmt.emin),
        binades=i32(target.top_exponent + 1 - fmt.emin),
        base=i32(target.base),
        floor=i32(fmt.min_positive_code if target.lowest_is_normal else 0),
        sign=i32(fmt.sign_mask),
        steps=(_two(positive), _two(negative)),
        least=_two(
            [i32(_first_nonzero(fmt, projection, sign, int(zero[sign]))) for sign in (0, 1)]
        ),
        zero=_two(zero),
        most=_two([i32(code) for code in most]),
        past=_two([i32(code) for code in past]),
        infinity=_two([i32(outcome[0]) for outcome in target.infinity]),
        nan=i32(target.nan[0]),
    )


def _two(pair: Any) -> tuple[Any, Any]:
    first, second = pair
    return first, second


def _first_nonzero(fmt: Format, projection: Projection, sign: int, zero: int) -> int:
    """The least float32 magnitude that does not become what a zero becomes: they are monotone."""
    float32 = find_format("float32")
    out = np.empty(1, f"u{fmt.storage_bits // 8}")

    def nonzero(magnitude: int) -> bool:
        code = np.array([magnitude | sign << 31], np.uint32)
        backend.apply("convert", (code,), (float32,), out, fmt, projection, None, None)
        return bool(out[0] != zero)

    return bisect_left(range(int(INFINITY)), True, key=nonzero)
