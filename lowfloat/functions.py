"""One public function for each row of the table of operations."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lowfloat import engine, settings
from lowfloat.arrays import Array, FormatMismatch, as_operand
from lowfloat.casting import codes_of, deliver
from lowfloat.engine.sources import Coded
from lowfloat.format_names import format as find_format
from lowfloat.formats import Format
from lowfloat.optable import ELEMENTARY, OPERATIONS, Operation
from lowfloat.projection import Policy, Rounding


def _operands(
    operation: Operation, given: tuple[Any, ...], format: Any, one_format: bool
) -> tuple[list[Coded], Format]:
    """The operands and the result's format, the operands' common one by default."""
    if len(given) != operation.arity:
        raise TypeError(f"{operation.name} takes {operation.arity} operands, not {len(given)}")
    fmt = None if format is None else find_format(format)
    if operation.own_format and isinstance(given[0], Array):
        if fmt not in (None, given[0].format):
            raise FormatMismatch(
                f"{operation.name} stays in {given[0].format}: cast its result to {fmt}"
            )
        fmt = given[0].format
    formats = {x.format for x in given if isinstance(x, Array)}
    if fmt is None and len(formats) > 1 and one_format:
        raise FormatMismatch(
            f"{operation.name} of {' and '.join(sorted(f.name for f in formats))}: cast "
            "the operands to one format with .astype(...), or give format=..."
        )
    fmt = fmt or next(iter(formats), None)
    coded = [as_operand(x, fmt) for x in given]
    return coded, fmt or coded[0].format


def _value_function(operation: Operation) -> Callable[..., Array]:
    def function(
        *operands: Any,
        format: Any = None,
        rounding: Rounding | None = None,
        saturation: str | None = None,
        policy: Policy | str | None = None,
        rng: Any = None,
        random_bits: Any = None,
        out: Any = None,
        flags_out: Any = None,
    ) -> Array:
        coded, fmt = _operands(operation, operands, format, one_format=True)
        projection = settings.resolve(rounding, saturation, policy)
        target = codes_of(out, fmt)
        codes = engine.apply(
            operation.name, coded, fmt, projection, rng, random_bits, target, flags_out
        )
        return deliver(codes, fmt, out)

    return function


def _question(operation: Operation) -> Callable[..., NDArray[Any]]:
    dtype = np.dtype(bool if operation.kind == "truth" else np.uint8)

    def function(
        *operands: Any, policy: Policy | str | None = None, flags_out: Any = None
    ) -> NDArray[Any]:
        coded, _ = _operands(operation, operands, None, one_format=False)
        projection = settings.resolve(None, None, policy)
        answer = engine.ask(operation.name, coded, projection, flags_out)
        return answer.view(dtype) if answer.ndim else answer.reshape(1).view(dtype).reshape(())

    return function


FLAG_WORDS = {
    "I": "inexact",
    "U": "underflow",
    "O": "overflow",
    "D": "divide_by_zero",
    "V": "invalid",
}

_VALUE_PAGE = """{formula}, computed exactly and rounded once.

    Parameters
    ----------
    {letters} : Array or array_like
        Operands, broadcast together; each Array keeps its own format. Array-likes are read
        as values of the result's format.
    format : Format, name or dtype, optional
        The result's format; the operands' common one by default.
    rounding, saturation, policy, rng, random_bits, out, flags_out
        As for ``lf.cast``.

    Returns
    -------
    Array
        Of the broadcast shape.

    Raises
    ------
    FormatMismatch
        If the operands have different formats and no ``format`` is given.
    ValueError
        If the shapes do not broadcast; and as ``lf.cast``.

    Notes
    -----
    Domain: {domain}. {exceptions}. Flags: {flags}.

    Examples
    --------
    >>> import lowfloat as lf
    >>> x = lf.array([1.5, 2.0, 3.0], "float8_e4m3fn")
    >>> lf.{name}({call}).codes.dtype
    dtype('uint8')

    Source: {source}; semantics.md rule {rule}.
    """

_QUESTION_PAGE = """Whether {formula}, element by element; no operand is rounded.

    Parameters
    ----------
    {letters} : Array or array_like
        Operands of any formats, broadcast together.
    policy : Policy or name, optional
        Read for its treatment of subnormal operands.
    flags_out : ndarray of uint8, optional
        One byte of flags per element (rule F-1).

    Returns
    -------
    ndarray of {dtype}
        Of the broadcast shape.

    Raises
    ------
    TypeError
        If no operand has a format.

    Notes
    -----
    Domain: {domain}. {exceptions}. Flags: {flags}.

    Examples
    --------
    >>> import lowfloat as lf
    >>> x = lf.array([1.5, 2.0, 3.0], "float8_e4m3fn")
    >>> lf.{name}({call}).shape
    (3,)

    Source: {source}; semantics.md rule {rule}.
    """


def _sentence(text: str) -> str:
    """With a capital letter, unless it begins with a formula."""
    word = text.split()[0]
    is_word = word == "a" or (word.isalpha() and len(word) > 1 and word not in (*ELEMENTARY, "ln"))
    return text[0].upper() + text[1:] if is_word else text


def _make(operation: Operation) -> Callable[..., Any]:
    """The public function of a row of the table."""
    value = operation.kind == "value"
    function: Callable[..., Any] = (_value_function if value else _question)(operation)
    function.__name__ = function.__qualname__ = operation.name
    formula = operation.formula.replace("|", r"\|")
    page = _VALUE_PAGE if value else _QUESTION_PAGE
    if operation.kind == "class":
        page = page.replace("Whether {formula}", "{formula}")
    text = page.format(
        formula=_sentence(formula) if operation.kind != "truth" else formula,
        letters=", ".join("xyz"[: operation.arity]),
        call=", ".join("xxx"[: operation.arity]),
        domain=operation.domain.replace("*", "\\*"),
        exceptions=_sentence(operation.exceptions),
        flags=", ".join(FLAG_WORDS[letter] for letter in operation.flags) or "none",
        name=operation.name,
        dtype="bool" if operation.kind == "truth" else "uint8",
        source=operation.source,
        rule=operation.rule,
    )
    function.__doc__ = text
    return function


#: Every operation of the table as a public function.
FUNCTIONS: dict[str, Callable[..., Any]] = {
    name: _make(operation) for name, operation in OPERATIONS.items()
}


def _powers(n: Any) -> NDArray[np.int64]:
    """Whole powers of two of any size, those beyond every format at 2^+-(2^40).

    Raises
    ------
    TypeError
        If ``n`` holds anything but integers.
    """
    given = np.asarray(n)
    exact = given if isinstance(n, np.ndarray) else np.asarray(n, dtype=object)
    whole = exact.dtype.kind in "iu" or all(
        isinstance(power, int | np.integer) and not isinstance(power, bool) for power in exact.flat
    )
    if not whole:
        raise TypeError(f"scaleb takes whole powers of two, not {given.dtype}")
    most = 1 << 40
    if exact.dtype.kind in "iu":
        low = -most if exact.dtype.kind == "i" and exact.dtype.itemsize == 8 else None
        high = most if exact.dtype.itemsize == 8 else None
        clipped: NDArray[np.int64] = np.clip(exact, low, high).astype(np.int64)
        return clipped
    powers = [max(-most, min(most, int(power))) for power in exact.flat]
    return np.array(powers, np.int64).reshape(exact.shape)


def scaleb(
    x: Any,
    n: Any,
    *,
    format: Any = None,
    rounding: Rounding | None = None,
    saturation: str | None = None,
    policy: Policy | str | None = None,
    rng: Any = None,
    random_bits: Any = None,
    out: Any = None,
    flags_out: Any = None,
) -> Array:
    """x * 2^n for integers n, computed exactly and rounded once.

    Parameters
    ----------
    x : Array or array_like
    n : array_like of int
        Broadcasts with ``x``.
    format : Format, name or dtype, optional
        The result's format; that of ``x`` by default.
    rounding, saturation, policy, rng, random_bits, out, flags_out
        As for ``lf.cast``.

    Raises
    ------
    TypeError
        If ``n`` is not integral.

    Examples
    --------
    >>> import lowfloat as lf
    >>> lf.scaleb(lf.array([1.5, 3.0], "float8_e5m2"), [1, -2]).to_numpy()
    array([3.  , 0.75], dtype=float32)

    Source: IEEE 754-2019, 5.3.3; semantics.md rule I-4.
    """
    fmt = None if format is None else find_format(format)
    coded = as_operand(x, fmt)
    fmt = fmt or coded.format
    powers = _powers(n)
    projection = settings.resolve(rounding, saturation, policy)
    target = codes_of(out, fmt)
    codes = engine.scaleb(coded, powers, fmt, projection, rng, random_bits, target, flags_out)
    return deliver(codes, fmt, out)


def to_integer(
    x: Any,
    dtype: Any,
    *,
    exact: bool = True,
    rounding: Rounding | None = None,
    policy: Policy | str | None = None,
    rng: Any = None,
    random_bits: Any = None,
    out: Any = None,
    flags_out: Any = None,
) -> NDArray[Any]:
    """Numbers rounded to machine integers; what is out of range follows the policy.

    Parameters
    ----------
    x : Array
    dtype : dtype
        int8 to int64 or uint8 to uint64.
    exact : bool
        Whether a number that is no integer raises inexact.
    rounding, policy, rng, random_bits, flags_out
        As for ``lf.cast``; C's conversion is ``rounding="toward_zero"``.
    out : ndarray, optional
        Of ``dtype`` and the shape of ``x``.

    Raises
    ------
    TypeError
        If ``dtype`` is no machine integer's, or ``x`` has no format.

    Examples
    --------
    >>> import lowfloat as lf
    >>> lf.to_integer(lf.array([2.5, -300.0], "bfloat16"), "int8")
    array([   2, -128], dtype=int8)

    Source: IEEE 754-2019, 5.8; semantics.md rules I-5 and Q-8.
    """
    projection = settings.resolve(rounding, None, policy)
    coded = as_operand(x, None)
    return engine.to_integer(coded, dtype, exact, projection, rng, random_bits, out, flags_out)
