"""One public function for each row of the table of operations."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lowfloat import engine, settings
from lowfloat.arrays import Array, FormatMismatch, as_operand
from lowfloat.casting import codes_of, deliver
from lowfloat.format_names import format as find_format
from lowfloat.optable import OPERATIONS, Operation
from lowfloat.projection import Policy, Rounding


def _make(operation: Operation) -> Callable[..., Array]:
    """The public function of a row of the table."""

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
        if len(operands) != operation.arity:
            raise TypeError(
                f"{operation.name} takes {operation.arity} operands, not {len(operands)}"
            )
        fmt = None if format is None else find_format(format)
        formats = {x.format for x in operands if isinstance(x, Array)}
        if fmt is None:
            if len(formats) > 1:
                raise FormatMismatch(
                    f"{operation.name} of {' and '.join(sorted(f.name for f in formats))}: cast "
                    "the operands to one format with .astype(...), or give format=..."
                )
            fmt = next(iter(formats), None)
        coded = [as_operand(x, fmt) for x in operands]
        assert fmt is not None
        projection = settings.resolve(rounding, saturation, policy)
        target = codes_of(out, fmt)
        codes = engine.apply(
            operation.name, coded, fmt, projection, rng, random_bits, target, flags_out
        )
        return deliver(codes, fmt, out)

    letters = ", ".join("xyz"[: operation.arity])
    function.__name__ = function.__qualname__ = operation.name
    function.__doc__ = f"""{operation.formula}, computed exactly and rounded once.

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
    {operation.exceptions[0].upper() + operation.exceptions[1:]}.

    Examples
    --------
    >>> import lowfloat as lf
    >>> x = lf.array([1.5, 2.0, 3.0], "float8_e4m3fn")
    >>> lf.{operation.name}({", ".join("xxx"[: operation.arity])}).to_numpy()
    {_EXAMPLES[operation.name]}

    Source: semantics.md rule {operation.rule}.
    """
    return function


_EXAMPLES = {
    "add": "array([3., 4., 6.], dtype=float32)",
    "subtract": "array([0., 0., 0.], dtype=float32)",
    "multiply": "array([2.25, 4.  , 9.  ], dtype=float32)",
    "fma": "array([ 3.75,  6.  , 12.  ], dtype=float32)",
}

add, subtract, multiply, fma = (
    _make(OPERATIONS[name]) for name in ("add", "subtract", "multiply", "fma")
)
