"""Every way through the native library, compared with what the golden model says.

A way is the generic path, the kernels of one instruction set, or tables; each is asked for codes alone,
for codes with collected flags, and for codes with one flag byte per element, because these are
different kernels.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

import lowfloat as lf
from lowfloat import _native
from lowfloat.engine.sources import code_dtype

#: Name, instruction set, whether shortcuts are off.
PATHS = (("generic", None, True), *((isa, isa, False) for isa in _native.usable_isas()))
#: A way that only operations on few bits have; others take the best kernel.
TABLES = ("tables", None, False)
#: Below this the arithmetic of native/src/apply.c takes the generic path.
KERNELS_FROM = 128
DEFAULT = lf.Projection()
FLOAT_TYPES = ("float16", "float32", "float64")


def codes_of(x: Any) -> np.ndarray:
    """The codes of an Array, or the bits of a floating array."""
    if isinstance(x, lf.Array):
        return x.codes
    return x if x.dtype.kind == "u" else x.view(f"u{x.itemsize}")


def assert_same(what: str, actual: np.ndarray, expected: np.ndarray) -> None:
    """Equal in every bit, or an AssertionError that shows the first differences."""
    assert actual.shape == expected.shape, f"{what}: shape {actual.shape}, not {expected.shape}"
    wrong = np.argwhere(actual != expected)
    shown = ", ".join(
        f"{where.tolist()}: {int(actual[tuple(where)]):#x} not {int(expected[tuple(where)]):#x}"
        for where in wrong[:5]
    )
    assert not len(wrong), f"{what}: {len(wrong)} of {actual.size} differ: {shown}"


def observations(run: Callable[..., Any], shape: tuple[int, ...]) -> Iterator[tuple[str, Any, Any]]:
    """What a call delivers in the three modes of flags: a label, the array and what it should be.

    The last item is "codes", "each" (one flag byte per element) or "union".
    """
    yield "codes", codes_of(run()), "codes"
    with lf.flags() as collected:
        codes = codes_of(run())
    yield "codes with collected flags", codes, "codes"
    yield "collected flags", np.array(collected.bits), "union"
    each = np.full(shape, 0xFF, np.uint8)
    yield "codes with flags_out", codes_of(run(flags_out=each)), "codes"
    yield "flags_out", each, "each"
    with lf.flags() as collected:
        run(flags_out=each)
    yield "flags collected beside flags_out", np.array(collected.bits), "union"


def assert_every_path(run: Callable[..., Any], codes: np.ndarray, flags: np.ndarray) -> None:
    """``run(flags_out=...)`` gives these codes and flags on every path and in every mode."""
    expected = {
        "codes": codes,
        "each": flags,
        "union": np.array(np.bitwise_or.reduce(flags, axis=None)),
    }
    for name, isa, generic in (*PATHS, TABLES):
        with _native.forced(isa, generic, tables=name == "tables"):
            for what, actual, kind in observations(run, codes.shape):
                assert_same(f"{name}: {what}", actual, expected[kind])


def golden_results(
    operation: str,
    columns: Sequence[np.ndarray],
    formats: Sequence[lf.Format],
    fmt: lf.Format,
    projection: lf.Projection,
    random: Any = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Codes and flags of the golden model, evaluated once per distinct tuple of operands."""
    function = getattr(lf.golden, operation)
    stochastic = projection.stochastic is not None
    bits = np.asarray(random if stochastic else 0, np.uint64)
    arrays = np.broadcast_arrays(*columns, bits)
    shape = arrays[0].shape
    seen: dict[tuple[int, ...], tuple[int, int]] = {}
    results = []
    for key in zip(*(a.ravel().tolist() for a in arrays), strict=True):
        if key not in seen:
            seen[key] = function(
                *key[:-1], formats=tuple(formats), format=fmt, projection=projection,
                random_bits=key[-1] if stochastic else None,
            )  # fmt: skip
        results.append(seen[key])
    both = np.array(results, np.uint64).reshape(*shape, 2)
    return both[..., 0].astype(code_dtype(fmt)), both[..., 1].astype(np.uint8)


def keywords(projection: lf.Projection, random: Any = None) -> dict[str, Any]:
    """A projection, and random bits where it needs them, as keywords of the public functions."""
    given = {"rounding": projection.rounding, "saturation": projection.saturation}
    given["policy"] = projection.policy
    return given if random is None else {**given, "random_bits": random}


def long_enough(columns: Sequence[np.ndarray], random: Any) -> tuple[list[np.ndarray], Any]:
    """Columns and random bits repeated to at least KERNELS_FROM elements, if they are flat."""
    size = max(column.size for column in columns)
    if size == 0 or any(column.ndim != 1 for column in columns):
        return list(columns), random
    times = -(-KERNELS_FROM // size)
    longer = [np.tile(c, times) if c.size > 1 or size == 1 else c for c in columns]
    return longer, np.tile(random, times) if np.size(random) > 1 else random


def assert_operation(
    operation: str,
    columns: Sequence[np.ndarray],
    formats: Sequence[lf.Format],
    fmt: lf.Format,
    projection: lf.Projection = DEFAULT,
    random: Any = None,
) -> None:
    """The native library computes what the golden model computes, on every path.

    Short columns are repeated until kernels take them.
    """
    columns, random = long_enough(columns, random)
    codes, flags = golden_results(operation, columns, formats, fmt, projection, random)
    operands = [lf.from_codes(c, f) for c, f in zip(columns, formats, strict=True)]
    given = keywords(projection, random)

    def run(**more: Any) -> lf.Array:
        if operation == "convert":
            return lf.cast(operands[0], fmt, **given, **more)
        return getattr(lf, operation)(*operands, format=fmt, **given, **more)

    assert_every_path(run, codes, flags)


def assert_cast(
    values: np.ndarray, fmt: lf.Format, projection: lf.Projection, random: Any = None
) -> None:
    """A floating array is cast as the golden model casts it, on every path."""
    source = lf.format(values.dtype)
    columns = (values.view(f"u{values.itemsize}"),)
    codes, flags = golden_results("convert", columns, (source,), fmt, projection, random)
    given = keywords(projection, random)
    assert_every_path(lambda **more: lf.cast(values, fmt, **given, **more), codes, flags)
