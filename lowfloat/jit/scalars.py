"""Scalar functions for user ``@njit`` code, compiled for one format so that its constants fold."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from lowfloat.format_names import format as find_format
from lowfloat.formats import Format
from lowfloat.jit import elementary, kernels, records, through_native
from lowfloat.optable import ELEMENTARY, OPERATIONS
from lowfloat.projection import Policy, Projection, Rounding, make_projection

#: Machine types that encoders take; the float formats double as the formats of their bits.
_MACHINE: dict[str, Any] = {
    "float32": np.float32,
    "float64": np.float64,
    "int64": np.int64,
    "uint64": np.uint64,
}
_STORES = {8: np.uint8, 16: np.uint16, 32: np.uint32, 64: np.uint64}


def encoder(
    fmt: Format | str,
    *,
    source: str | Format = "float32",
    rounding: Rounding = "nearest_even",
    saturation: str = "none",
    policy: Policy | str = "ieee",
) -> Callable[..., Any]:
    """A compiled function from a number to its code, for use in ``@njit`` code and outside.

    Parameters
    ----------
    fmt
        The result's format, or its name.
    source
        What the function takes: ``"float32"``, ``"float64"``, ``"int64"`` or ``"uint64"``, or a
        Format (or the name of another one), whose codes it then takes. An argument of a wider
        type is a typing error, because narrowing it would round twice.
    rounding, saturation, policy
        The projection. With ``lf.Stochastic`` the function takes a second argument, the random
        bits, below 2^N.

    Returns
    -------
    function
        From one number to an unsigned integer of ``fmt.storage_bits`` bits.

    Raises
    ------
    ValueError
        If a name is unknown. The function itself raises it for random bits that are too large,
        and where ``Stochastic(bits=None)`` meets a tail of more than 64 bits.

    Notes
    -----
    Passing a float quiets a signaling NaN before the function sees it. Pass the bits instead,
    with ``source=lf.float32`` or ``lf.float64``, where that matters.

    Examples
    --------
    >>> import numba, numpy as np
    >>> import lowfloat as lf
    >>> encode = lf.jit.encoder("float8_e4m3fn", source="float64", saturation="finite")
    >>> encode(0.3), encode(1000.0)
    (42, 126)
    >>> @numba.njit
    ... def all_codes(x):
    ...     out = np.empty(x.size, np.uint8)
    ...     for i in range(x.size):
    ...         out[i] = encode(x[i])
    ...     return out
    >>> all_codes(np.array([0.3, -1.0])).tolist()
    [42, 184]

    Source: semantics.md rules C-1, C-2 and section 2.
    """
    result = find_format(fmt)
    projection = make_projection(rounding, saturation, policy)
    if isinstance(source, str) and source in _MACHINE:
        return _encoder(source, result, projection)
    return _function("convert", (find_format(source),), result, projection, False)


def decoder(fmt: Format | str, target: str = "float64") -> Callable[[Any], Any]:
    """A compiled function from a code to its value as a float.

    Parameters
    ----------
    fmt
        The format, or its name.
    target
        ``"float64"`` or ``"float32"``.

    Returns
    -------
    function
        From one code to a float; NaNs become the positive quiet NaN.

    Raises
    ------
    ValueError
        If a number of the format is not a number of ``target``, or there is no such target.

    Examples
    --------
    >>> import lowfloat as lf
    >>> lf.jit.decoder("float8_e4m3fn")(0x7E)
    448.0
    >>> lf.jit.decoder("float64", "float32")
    Traceback (most recent call last):
        ...
    ValueError: float32 does not hold every number of float64: take a wider target

    Source: semantics.md rules D-3 to D-6.
    """
    if target not in ("float32", "float64"):
        raise ValueError(f"a decoder's target is float32 or float64, not {target!r}")
    found = find_format(fmt)
    if not found.fits_in(find_format(target)):
        raise ValueError(f"{target} does not hold every number of {found}: take a wider target")
    return _decoder(found, find_format(target))


def function(
    name: str,
    fmt: Format | str,
    *,
    formats: Sequence[Format | str] | None = None,
    rounding: Rounding = "nearest_even",
    saturation: str = "none",
    policy: Policy | str = "ieee",
    flags: bool = False,
) -> Callable[..., Any]:
    """A compiled operation on codes, for use in ``@njit`` code and outside.

    Parameters
    ----------
    name
        Any operation of the table: ``"add"``, ``"sqrt"``, ``"maximum"``, ``"less"``,
        ``"classify"``, ``"exp"`` and so on; or ``"convert"``. Add, subtract, multiply, fma and
        convert are compiled for their formats, and the others call the C library.
    fmt
        The result's format, or its name; for a question, the operands'.
    formats
        The operands' formats, one each; all of them ``fmt`` by default.
    rounding, saturation, policy
        The projection. With ``lf.Stochastic`` the function takes one more argument, the random
        bits, below 2^N.
    flags
        Whether the function returns ``(code, flags)`` instead of the code.

    Returns
    -------
    function
        From the operands' codes to an unsigned integer of ``fmt.storage_bits`` bits, to a bool
        for comparisons and predicates, or to the index of a class.

    Raises
    ------
    ValueError
        If a name is unknown or the number of formats is wrong. The function itself raises it as
        an encoder does.

    Examples
    --------
    >>> import lowfloat as lf
    >>> multiply = lf.jit.function("multiply", "float8_e4m3fn", flags=True)
    >>> multiply(0x38, 0x7E), multiply(0x40, 0x7E)  # 1 * 448 and 2 * 448
    ((126, 0), (127, 5))
    >>> less = lf.jit.function("less", "float8_e4m3fn")
    >>> less(0x38, 0x7E)  # 1 < 448
    True

    Source: semantics.md section 6.
    """
    if name != "convert" and name not in OPERATIONS:
        known = ", ".join(("convert", *OPERATIONS))
        raise ValueError(f"no operation {name!r}: there are {known}")
    result = find_format(fmt)
    arity = 1 if name == "convert" else OPERATIONS[name].arity
    operands = (result,) * arity if formats is None else tuple(find_format(f) for f in formats)
    if len(operands) != arity:
        raise ValueError(f"{name} takes {arity} operands, formats= has {len(operands)} formats")
    projection = make_projection(rounding, saturation, policy)
    return _function(name, operands, result, projection, flags)


@lru_cache(maxsize=256)
def _encoder(kind: str, fmt: Format, projection: Projection) -> Callable[..., Any]:
    is_float = kind.startswith("float")
    daz = projection.policy.daz
    source = records.source(find_format(kind), daz) if is_float else records.source(fmt)
    target = records.target(fmt, projection)
    return kernels.scalar_encoder(_MACHINE[kind], source, target, _STORES[fmt.storage_bits])


@lru_cache(maxsize=256)
def _decoder(fmt: Format, target: Format) -> Callable[[Any], Any]:
    exact = records.target(target, Projection())
    return kernels.scalar_decoder(records.source(fmt), exact, target.width)


@lru_cache(maxsize=256)
def _function(
    name: str, formats: tuple[Format, ...], fmt: Format, projection: Projection, flags: bool
) -> Callable[..., Any]:
    kind = "value" if name == "convert" else OPERATIONS[name].kind
    store: Any = {"truth": np.bool_, "class": np.uint8}.get(kind, _STORES[fmt.storage_bits])
    store = (store, np.uint8) if flags else store
    if name in ELEMENTARY:
        return elementary.scalar(name, formats, fmt, projection, store)
    if name not in records.OPERATIONS:
        return through_native.scalar(name, formats, fmt, projection, store)
    plan = records.OPERATIONS[name]
    sources = records.sources(plan, formats, projection.policy.daz)
    return kernels.scalar_operation(plan, sources, records.target(fmt, projection), store)
