"""Questions about codes: comparisons, the total order, predicates, classes, machine integers.

Unlike operations they have no result format and, integers aside, round nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lowfloat import _native, golden, settings
from lowfloat.engine import golden_backend
from lowfloat.engine.dispatch import Call, broadcast, flat
from lowfloat.engine.sources import Coded, code_dtype
from lowfloat.formats import Format
from lowfloat.projection import Projection

Codes = NDArray[Any]

_INTEGER_DTYPES = {
    np.dtype(f"{kind}{bits}") for kind in ("int", "uint") for bits in (8, 16, 32, 64)
}


def ask(
    name: str, operands: Sequence[Coded], projection: Projection, flags_out: Any = None
) -> NDArray[np.uint8]:
    """One byte per element: a truth, or the index of a class.

    Raises
    ------
    ValueError
        If the shapes do not broadcast.
    """
    columns, shape = broadcast(name, operands)
    formats = [operand.format for operand in operands]
    arrays = [operand.codes for operand in operands]
    byte = np.dtype(np.uint8)
    call = Call(
        shape, byte, arrays, Projection(policy=projection.policy), None, None, None, flags_out
    )
    arguments = (name, columns, formats, call.out.flat, projection, call.flags_flat)
    if settings.current_backend() == "golden":
        raised = _ask_golden(*arguments)
    else:
        raised = _ask_native(*arguments)
    return call.finish(raised)


def _ask_golden(
    name: str,
    columns: Sequence[Codes],
    formats: Sequence[Format],
    out: Codes,
    projection: Projection,
    flags_out: Codes | None,
) -> int:
    function: Callable[..., tuple[int, int]] = getattr(golden, name)
    results = (
        function(*codes, formats=tuple(formats), projection=projection)
        for codes in golden_backend.rows(columns, out)
    )
    return golden_backend.fill(results, out, flags_out)


def _ask_native(
    name: str,
    columns: Sequence[Codes],
    formats: Sequence[Format],
    out: Codes,
    projection: Projection,
    flags_out: Codes | None,
) -> int:
    relation = name.removesuffix("_signaling")
    if relation in _native.RELATIONS:
        signaling = name != relation
        return _native.compare(
            relation, signaling, columns, formats, out, projection, flags_out, True
        )
    if flags_out is not None:
        flags_out[...] = 0
    if name == "total_order":
        _native.total_order(columns, formats, out)
        return 0
    _native.classify(columns[0], formats[0], out)
    if name == "is_sign_minus":
        negative_nan = (out < 2) & _signed_nans(columns[0], formats[0])
        out[...] = ((out >= 2) & (out <= 5)) | negative_nan
    elif name != "classify":
        out[...] = _TRUTHS[name][out]
    return 0


def _signed_nans(codes: Codes, fmt: Format) -> Codes:
    """Where the sign bit is set, in a format whose NaNs have signs."""
    mask = fmt.sign_mask if fmt.nan in ("ieee", "all_ones") else 0
    negative: Codes = (codes & codes.dtype.type(mask)) != 0
    return negative


#: Truth of each predicate of a class, by the class's index.
_TRUTHS = {
    name: np.array([kind in classes for kind in golden.CLASSES], np.uint8)
    for name, classes in golden.comparison.PREDICATE_CLASSES.items()
}


def to_integer(
    x: Coded,
    dtype: Any,
    exact: bool,
    projection: Projection,
    rng: Any = None,
    bits: Any = None,
    out: Any = None,
    flags_out: Any = None,
) -> Codes:
    """Numbers rounded to machine integers. Rule I-5.

    Raises
    ------
    TypeError
        If ``dtype`` is no machine integer's.
    """
    try:
        kind = np.dtype(dtype)
    except TypeError:
        kind = np.dtype(object)
    if kind not in _INTEGER_DTYPES:
        raise TypeError(f"dtype must be int8 to int64 or uint8 to uint64, not {dtype!r}")
    call = Call(x.codes.shape, kind, (x.codes,), projection, rng, bits, out, flags_out)
    random = call.random
    if settings.current_backend() != "golden":
        raised = _native.to_integers(
            flat(x.codes), x.format, call.out.flat, exact, projection, random, call.flags_flat, True
        )
        return call.finish(raised)
    results = (
        golden.to_integer(
            code,
            formats=(x.format,),
            bits=8 * kind.itemsize,
            signed=kind.kind == "i",
            projection=projection,
            exact=exact,
            random_bits=golden_backend.bits_of(projection, random, index),
        )
        for index, code in enumerate(flat(x.codes).tolist())
    )
    return call.finish(golden_backend.fill(results, call.out.flat, call.flags_flat))


def scaleb(
    x: Coded,
    n: NDArray[np.int64],
    fmt: Format,
    projection: Projection,
    rng: Any = None,
    bits: Any = None,
    out: Any = None,
    flags_out: Any = None,
) -> Codes:
    """x 2^n, rounded once. Rule I-4."""
    (codes,), shape = broadcast("scaleb", (x,), n.shape)
    powers = flat(n if n.size == 1 else np.broadcast_to(n, shape), np.dtype(np.int64))
    call = Call(shape, code_dtype(fmt), (x.codes, n), projection, rng, bits, out, flags_out)
    if settings.current_backend() != "golden":
        tail = (call.out.flat, fmt, projection, call.random, call.flags_flat, True)
        return call.finish(_native.scaleb(codes, x.format, powers, *tail))
    results = (
        golden.scaleb(
            code,
            power,
            formats=(x.format,),
            format=fmt,
            projection=projection,
            random_bits=golden_backend.bits_of(projection, call.random, index),
        )
        for index, (code, power) in enumerate(golden_backend.rows((codes, powers), call.out.flat))
    )
    return call.finish(golden_backend.fill(results, call.out.flat, call.flags_flat))
