"""The comparison of all jit tests: codes and flags of the array backend against the golden model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

import lowfloat as lf
from lowfloat.golden.random_bits import philox_bits
from lowfloat.jit import backend
from lowfloat.randomness import PhiloxDraw

ARITY = {"convert": 1, "add": 2, "subtract": 2, "multiply": 2, "fma": 3}


def code_array(codes: Any, fmt: lf.Format) -> np.ndarray:
    return np.asarray(codes, f"u{fmt.storage_bits // 8}")


def all_codes(fmt: lf.Format) -> np.ndarray:
    return code_array(np.arange(1 << fmt.width), fmt)


def all_pairs(fmt: lf.Format) -> tuple[np.ndarray, np.ndarray]:
    first, second = np.meshgrid(all_codes(fmt), all_codes(fmt), indexing="ij")
    return first.ravel(), second.ravel()


def _golden(
    operation: str,
    codes: Sequence[int],
    formats: Sequence[lf.Format],
    fmt: lf.Format,
    projection: lf.Projection,
    bits: int | None,
) -> tuple[int, int]:
    function = getattr(lf.golden, operation)
    return function(
        *codes, formats=tuple(formats), format=fmt, projection=projection, random_bits=bits
    )


def differences(
    operation: str,
    operands: Sequence[np.ndarray],
    formats: Sequence[lf.Format],
    fmt: lf.Format,
    projection: lf.Projection | None = None,
    random: Any = None,
) -> list[str]:
    """What differs between the jit backend and the golden model; empty where they agree."""
    projection = projection or lf.Projection()
    count = max(operand.size for operand in operands)
    out, flags = code_array(np.zeros(count), fmt), np.zeros(count, np.uint8)
    union = backend.apply(operation, operands, formats, out, fmt, projection, random, flags)
    found = [] if union == np.bitwise_or.reduce(flags) else [f"union of flags {union}"]
    columns = [np.broadcast_to(operand, count).tolist() for operand in operands]
    for index, codes in enumerate(zip(*columns, strict=True)):
        bits = _bits(projection, random, index)
        want = _golden(operation, codes, formats, fmt, projection, bits)
        got = int(out[index]), int(flags[index])
        if got != want:
            shown = ", ".join(map(hex, codes))
            found.append(f"{operation}({shown}), bits {bits}: {got}, golden {want}")
    return found


def _bits(projection: lf.Projection, random: Any, index: int) -> int | None:
    if projection.stochastic is None:
        return None
    if isinstance(random, PhiloxDraw):
        return philox_bits(random, index, projection.stochastic.drawn_bits)
    return int(random[index if random.size > 1 else 0])
