"""Dots with block scales, for tests of the functions that simulators call: cases, and lf.matmul's answers."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

import lowfloat as lf

A = lf.accumulators
CASES = 200


class Dot(NamedTuple):
    """A dot with scales: formats of the terms, of the scales of x and y, of start and result."""

    terms: int
    formats: tuple[str, str]
    scales: tuple[str | None, str | None]
    blocks: tuple[int, int]
    accumulator: Any
    result: str = "float32"


DOTS = {
    "mxfp4": Dot(64, ("float4_e2m1fn",) * 2, ("float8_e8m0fnu",) * 2, (32, 32), A.Exact()),
    "nvfp4": Dot(48, ("float4_e2m1fn",) * 2, ("float8_e4m3fn",) * 2, (16, 16), A.Exact()),
    "one side": Dot(32, ("float8_e5m2", "float8_e4m3fn"), (None, "float8_e8m0fnu"), (1, 8),
                    lf.Accumulator("bfloat16"), "bfloat16"),
    "two blocks": Dot(24, ("e3m2", "float8_e4m3fn"), ("float16", "e5m3"), (4, 12),
                      lf.Accumulator("float32"), "float16"),
    "one for all": Dot(7, ("float8_e4m3fn",) * 2, ("float32", "float32"), (7, 7), A.Exact()),
    "sums exactly": Dot(48, ("float8_e4m3fn",) * 2, ("float32", "float32"), (16, 8), A.Grouped(
        A.Exact("e8m13"), lf.Accumulator("float32"), n=8, scaling=A.Scaling())),
    "sums rounded": Dot(64, ("float8_e4m3fn",) * 2, ("float32", "bfloat16"), (32, 32), A.Grouped(
        lf.Accumulator("e6m9"), lf.Accumulator("float32"), n=16,
        scaling=A.Scaling("float16", rounding="toward_zero"))),
}  # fmt: skip


def operands(dot: Dot, seed: int = 4) -> list[np.ndarray | None]:
    """Codes of x and y, of their scales, and of the starts; a third of the scales are near one."""
    random = np.random.default_rng(seed)

    def codes(name: str | None, count: int) -> np.ndarray | None:
        if name is None:
            return None
        fmt = lf.format(name)
        storage = lf.from_codes([0], fmt).codes.dtype
        drawn = random.integers(0, 1 << fmt.width, (CASES, count), dtype=np.uint64)
        near = lf.cast(random.uniform(0.5, 4, (CASES, count)), fmt).codes
        return np.where(random.random((CASES, 1)) < 0.8, near, drawn).astype(storage)

    counts = [-(-dot.terms // block) for block in dot.blocks]
    return [
        *(codes(name, dot.terms) for name in dot.formats),
        *(codes(name, n) for name, n in zip(dot.scales, counts, strict=True)),
        codes(dot.result, 1),
    ]


def by_matmul(dot: Dot, given: list[np.ndarray | None]) -> tuple[np.ndarray, np.ndarray]:
    """Results and flags of lf.matmul, a batch of products of one row and one column."""
    formats = [*dot.formats, *dot.scales, dot.result]
    x, y, sx, sy, c = (
        None if codes is None else lf.from_codes(codes, fmt)
        for codes, fmt in zip(given, formats, strict=True)
    )
    flags = np.zeros((CASES, 1, 1), np.uint8)
    scales = (
        None if sx is None else sx.reshape(CASES, 1, -1),
        None if sy is None else sy.reshape(CASES, -1, 1),
    )
    result = lf.matmul(
        x.reshape(CASES, 1, -1), y.reshape(CASES, -1, 1), c=c.reshape(CASES, 1, 1), scales=scales,
        accumulator=dot.accumulator, format=dot.result, flags_out=flags,
    )  # fmt: skip
    return result.codes.ravel(), flags.ravel()


def packed(codes: np.ndarray | None, width: int) -> int:
    """Codes side by side, the first in the lowest bits."""
    return sum(int(code) << (k * width) for k, code in enumerate(() if codes is None else codes))
