"""One resolved call: normalised operands, one projection, one backend, one target."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lowfloat import _native, exception_flags, settings
from lowfloat.engine import elementary, golden_backend, outputs, random_bits, sources
from lowfloat.engine.sources import Coded, Integers, code_dtype
from lowfloat.formats import Format
from lowfloat.projection import Policy, Projection

Codes = NDArray[Any]


_BACKENDS = {"jit": "lowfloat.jit.backend", "golden": "lowfloat.engine.golden_backend"}


def _backend(projection: Projection, operation: str = "convert") -> ModuleType:
    """The context's backend; Numba has the hot operations, and leaves others and quirks to C."""
    name = settings.current_backend()
    if name != "golden" and operation in _native.FUNCTIONS:
        return elementary
    if name == "native":
        return _native
    module = import_module(_BACKENDS[name])
    has_it = name == "golden" or (
        operation in module.OPERATIONS and not any(projection.policy.quirks)
    )
    return module if has_it else _native


def flat(codes: Codes, dtype: np.dtype[Any] | None = None) -> Codes:
    """An array as backends take it: one-dimensional, contiguous, aligned, native."""
    flags = codes.flags
    if dtype is None and type(codes) is np.ndarray and flags.c_contiguous and flags.aligned:
        return codes.reshape(-1)
    return np.require(codes, dtype, ["C", "A"]).reshape(-1)


def broadcast(
    name: str, operands: Sequence[Coded], *shapes: tuple[int, ...]
) -> tuple[list[Codes], tuple[int, ...]]:
    """Operands as flat columns of the broadcast shape or of one element, and that shape.

    Raises
    ------
    ValueError
        If the shapes do not broadcast.
    """
    arrays = [operand.codes for operand in operands]
    all_shapes = [*(array.shape for array in arrays), *shapes]
    if all(shape == all_shapes[0] for shape in all_shapes):
        return [flat(array) for array in arrays], all_shapes[0]
    try:
        shape = np.broadcast_shapes(*all_shapes)
    except ValueError:
        listed = ", ".join(map(str, all_shapes))
        raise ValueError(f"{name}: operands of shapes {listed} do not broadcast") from None
    return [flat(a if a.size == 1 else np.broadcast_to(a, shape)) for a in arrays], shape


class Call:
    """The parts of a call that every operation shares."""

    __slots__ = ("collect", "flags", "out", "random")

    def __init__(
        self,
        shape: tuple[int, ...],
        dtype: np.dtype[Any],
        inputs: Sequence[Codes],
        projection: Projection,
        rng: Any,
        bits: Any,
        out: Any,
        flags_out: Any,
    ) -> None:
        self.out = (
            outputs.fresh(shape, dtype)
            if out is None
            else outputs.given(out, shape, dtype, inputs, "out")
        )
        self.flags = None
        if flags_out is not None:
            others = [*inputs, self.out.final]
            self.flags = outputs.given(flags_out, shape, np.dtype(np.uint8), others, "flags_out")
        self.collect = exception_flags.collecting()
        self.random = random_bits.resolve(projection, rng, bits, shape, self.out.flat.size)

    @property
    def flags_flat(self) -> Codes | None:
        """The buffer for one flag byte per element, or None."""
        return None if self.flags is None else self.flags.flat

    def finish(self, raised: int) -> Codes:
        """Deliver the codes and flags."""
        if self.flags is not None:
            self.flags.finish()
        if self.collect:
            exception_flags.raise_flags(raised)
        return self.out.finish()


def convert(
    x: Any,
    fmt: Format,
    projection: Projection,
    rng: Any = None,
    bits: Any = None,
    out: Any = None,
    flags_out: Any = None,
) -> Codes:
    """The codes of anything in a format, rounded once."""
    given = sources.source(x)
    values = given[0]
    call = Call(values.shape, code_dtype(fmt), (values,), projection, rng, bits, out, flags_out)
    tail = (call.out.flat, fmt, projection, call.random, call.flags_flat, call.collect)
    backend = _backend(projection)
    if isinstance(given, Coded):
        raised = backend.apply("convert", (flat(values),), (given.format,), *tail)
    elif isinstance(given, Integers) and hasattr(backend, "from_integers"):
        raised = backend.from_integers(flat(values), *tail)
    else:
        raised = golden_backend.from_numbers(values.reshape(-1), *tail)
    return call.finish(raised)


def apply(
    operation: str,
    operands: Sequence[Coded],
    fmt: Format,
    projection: Projection,
    rng: Any = None,
    bits: Any = None,
    out: Any = None,
    flags_out: Any = None,
) -> Codes:
    """The codes of an operation on broadcast operands.

    Raises
    ------
    ValueError
        If the shapes do not broadcast.
    """
    columns, shape = broadcast(operation, operands)
    arrays = [operand.codes for operand in operands]
    call = Call(shape, code_dtype(fmt), arrays, projection, rng, bits, out, flags_out)
    raised = _backend(projection, operation).apply(
        operation,
        columns,
        [operand.format for operand in operands],
        call.out.flat,
        fmt,
        projection,
        call.random,
        call.flags_flat,
        call.collect,
    )
    return call.finish(raised)


def quantize(
    x: Coded,
    grid: Format,
    projection: Projection,
    rng: Any = None,
    bits: Any = None,
    out: Any = None,
    flags_out: Any = None,
) -> Codes:
    """Container codes of values rounded to a grid that the container holds."""
    values, container = x
    dtype = code_dtype(container)
    call = Call(values.shape, dtype, (values,), projection, rng, bits, out, flags_out)
    backend = _backend(projection)
    tail = (projection, call.random, call.flags_flat, call.collect)
    if hasattr(backend, "quantize"):
        raised = backend.quantize(flat(values), container, grid, call.out.flat, *tail)
    else:
        codes = np.empty(call.out.flat.size, code_dtype(grid))
        raised = backend.apply("convert", (flat(values),), (container,), codes, grid, *tail)
        # The way back is exact; only NaNs meet the policy a second time.
        policy = projection.policy
        nans = Policy(
            nan=policy.nan,
            default_nan_sign=policy.default_nan_sign,
            default_nan_fraction=policy.default_nan_fraction,
        )
        back = (Projection(policy=nans), None, None, False)
        backend.apply("convert", (codes,), (grid,), call.out.flat, container, *back)
    return call.finish(raised)
