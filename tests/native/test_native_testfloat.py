"""All lines of Berkeley TestFloat's vectors through the native arrays: no difference."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
import pytest
from native_paths import assert_every_path, keywords
from testfloat_vectors import (
    NAN_FOLDERS,
    VectorFile,
    is_plain,
    manifest,
    needs_vectors,
    unchanged,
    vector_files,
)

import lowfloat as lf
from lowfloat.engine.sources import code_dtype

pytestmark = needs_vectors

FILES = vector_files()
PLAIN = [file for file in FILES if is_plain(file.name)]


def call_of(file: VectorFile, operands: Sequence[Sequence[int]]) -> Callable[..., lf.Array]:
    """The public function with its operands."""
    columns = list(zip(*operands, strict=True))
    if file.integer:
        width, signed = file.integer
        return partial(lf.cast, np.array(columns[0], f"{'i' if signed else 'u'}{width // 8}"))
    arrays = [
        lf.from_codes(np.array(column, np.uint64), fmt)
        for column, fmt in zip(columns, file.formats, strict=True)
    ]
    return partial(lf.cast if file.operation == "convert" else getattr(lf, file.operation), *arrays)


def assert_lines(file: VectorFile, lines: Sequence[Any], projection: lf.Projection) -> None:
    operands, results, flags = zip(*lines, strict=True)
    codes = np.array(results, np.uint64).astype(code_dtype(file.format))
    run = partial(call_of(file, operands), format=file.format, **keywords(projection))
    assert_every_path(run, codes, np.array(flags, np.uint8))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_every_line_on_every_path(file: VectorFile) -> None:
    lines = list(file.lines())
    assert len(lines) == manifest()[file.name]
    for projection in file.projections:
        assert_lines(file, lines, projection)


@pytest.mark.parametrize("folder", NAN_FOLDERS)
@pytest.mark.parametrize("file", PLAIN, ids=lambda file: file.name)
def test_what_a_nan_policy_does_not_change(file: VectorFile, folder: str) -> None:
    lines = list(file.lines())
    nan = file.format.magnitude_mask - (1 << file.format.mantissa_bits) + 1
    doubtful = [(result & file.format.magnitude_mask) > nan for _, result, _ in lines]
    keep = unchanged(file.name, folder, [line[0] for line in lines], doubtful)
    kept = [line for line, stays in zip(lines, keep, strict=True) if stays]
    assert len(kept) > len(lines) // 4
    policy = lf.Policy(NAN_FOLDERS[folder], tininess="after")
    assert_lines(file, kept, lf.Projection(policy=policy))


def test_a_wrong_bit_flag_or_policy_is_found() -> None:
    file = next(f for f in FILES if f.name == "f16_mul_near_even_after")
    lines = list(file.lines())
    operands, result, flags = lines[77]
    for spoilt in ((operands, result ^ 1, flags), (operands, result, flags ^ 2)):
        with pytest.raises(AssertionError, match=r"1 of 9275 differ|collected flags"):
            assert_lines(file, [*lines[:77], spoilt, *lines[78:]], file.projections[0])
    with pytest.raises(AssertionError, match="differ"):
        assert_lines(file, lines, lf.Projection(policy="x86_sse"))
