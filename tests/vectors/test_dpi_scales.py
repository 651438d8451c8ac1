"""Block scales of dots, through the C functions that simulators call, against lf.matmul."""

from __future__ import annotations

import ctypes
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from dpi_dots import CASES, DOTS, Dot, by_matmul, operands, packed

import lowfloat as lf
from lowfloat.projection import ROUNDINGS, SATURATIONS
from lowfloat.vectors.dpi import package

A = lf.accumulators
OUT_OF_RANGE = -4


def chunks(bits: int, count: int) -> Any:
    return (ctypes.c_uint32 * count)(*((bits >> (32 * i)) & 0xFFFFFFFF for i in range(count)))


def format_bits(fmt: lf.Format | None) -> int:
    if fmt is None:
        return 0
    fields = package.format_fields(fmt)
    order = ("exponent_bits", "mantissa_bits", "is_signed", "infinities", "nan", "negative_zero",
             "zero", "subnormals")  # fmt: skip
    low = int.from_bytes(bytes(fields[name] for name in order), "little")
    return low | (fields["bias"] & 0xFFFFFFFF) << 64


def projection_bits(rule: lf.Projection) -> int:
    assert rule.stochastic is None
    f = package.policy_fields(rule.policy)
    found = (ROUNDINGS.index(rule.rounding), 0, 0, 0, SATURATIONS.index(rule.saturation),
             f["tininess_before"], f["nan_rule"], f["default_nan_sign"], f["daz"], f["ftz"],
             f["saturation_hides_overflow"], f["infinityless_max"], f["fma_nan_silent"],
             f["float_to_int"], f["quirks"], 0)  # fmt: skip
    return int.from_bytes(bytes(found), "little")


def step_bits(step: dict[str, Any]) -> int:
    bits, at = 0, 0
    records = ((format_bits(step["format"]), 96), (projection_bits(step["projection"]), 128),
               (format_bits(step["product_format"]), 96),
               (projection_bits(step["product_projection"]), 128))  # fmt: skip
    for value, width in (*records, *((step.get(n, 0), 32) for n in package.STEP_NUMBERS)):
        bits |= (value & ((1 << width) - 1)) << at
        at += width
    return bits


def accumulator_chunks(accumulator: Any) -> Any:
    steps: list[dict[str, Any]] = []
    package._add_steps(accumulator, steps)
    size = 32 * (14 + len(package.STEP_NUMBERS))
    bits = sum(step_bits(step) << (i * size) for i, step in enumerate(steps))
    return chunks(bits, package.STEPS * size // 32)


@pytest.fixture(scope="module")
def library() -> ctypes.CDLL:
    found = sorted(Path(lf.get_library()).glob("liblowfloat.so*"))
    if not found:
        pytest.skip("the shared library has another name on this system")
    return ctypes.CDLL(str(found[0]))


def call(library: ctypes.CDLL, dot: Dot, row: list[np.ndarray | None]) -> tuple[int, int]:
    """The code and the status of one dot."""
    formats = [lf.format(name) for name in dot.formats]
    scale_formats = [None if name is None else lf.format(name) for name in dot.scales]
    result, wide = lf.format(dot.result), package.CODES_BITS // 32
    vectors = [
        chunks(packed(codes, fmt.width), wide) for codes, fmt in zip(row[:2], formats, strict=True)
    ]
    scales = [
        chunks(packed(codes, 0 if fmt is None else fmt.width), wide)
        for codes, fmt in zip(row[2:4], scale_formats, strict=True)
    ]
    out = (ctypes.c_uint32 * 2)()
    assert row[4] is not None
    status = library.lf_dpi_dot(
        dot.terms, *vectors, chunks(int(row[4][0]), 2), *scales, *dot.blocks,
        *(chunks(format_bits(f), 3) for f in (*formats, result, *scale_formats)),
        accumulator_chunks(dot.accumulator), chunks(format_bits(result), 3),
        chunks(projection_bits(lf.Projection()), 4), 64, chunks(0, wide), out,
    )  # fmt: skip
    return out[0] | out[1] << 32, status


def row_of(given: list[np.ndarray | None], case: int) -> list[np.ndarray | None]:
    return [None if codes is None else codes[case] for codes in given]


@pytest.mark.parametrize("name", DOTS)
def test_scales_in_c_are_those_of_matmul(name: str, library: ctypes.CDLL) -> None:
    dot = DOTS[name]
    given = operands(dot)
    expected = list(zip(*(x.tolist() for x in by_matmul(dot, given)), strict=True))
    assert [call(library, dot, row_of(given, i)) for i in range(CASES)] == expected
    # Scales matter: most results are others without them.
    plain = dot._replace(scales=(None, None))
    others = [call(library, plain, row_of(given, i)) for i in range(CASES)]
    assert sum(x != y for x, y in zip(others, expected, strict=True)) > CASES // 2


@pytest.mark.parametrize(
    ("name", "blocks"),
    [("mxfp4", (0, 32)), ("mxfp4", (32, -1)), ("sums exactly", (12, 8)), ("sums rounded", (32, 8))],
)
def test_impossible_blocks(name: str, blocks: tuple[int, int], library: ctypes.CDLL) -> None:
    dot = DOTS[name]
    row = row_of(operands(dot), 0)
    assert call(library, dot._replace(blocks=blocks), row)[1] == OUT_OF_RANGE


def test_scales_beyond_the_vector(library: ctypes.CDLL) -> None:
    dot = Dot(200, ("float4_e2m1fn",) * 2, ("float32", None), (1, 1), A.Exact())
    row = row_of(operands(dot), 0)
    assert call(library, dot, row)[1] == OUT_OF_RANGE
    assert call(library, dot._replace(blocks=(2, 1)), row)[1] >= 0
