"""All lines of TestFloat's sums, products, fused products and conversions through the jit kernels."""

from __future__ import annotations

import numpy as np
import pytest
from native_paths import assert_same
from testfloat_vectors import VectorFile, manifest, needs_vectors, vector_files

from lowfloat.engine.sources import code_dtype
from lowfloat.jit import backend

pytestmark = needs_vectors

FILES = [file for file in vector_files() if file.operation in (*backend.OPERATIONS, "encode")]


def assert_lines(file: VectorFile, spoilt: int | None = None) -> None:
    """Codes, flags and their union, under every projection that a file holds for."""
    operands, results, flags = zip(*file.lines(), strict=True)
    assert len(results) == manifest()[file.name]
    expected = np.array(results, np.uint64).astype(code_dtype(file.format))
    raised = np.array(flags, np.uint8)
    if spoilt is not None:
        raised[spoilt] ^= 1
    columns = list(zip(*operands, strict=True))
    for projection in file.projections:
        out, each = np.empty_like(expected), np.empty_like(raised)
        if file.integer:
            width, signed = file.integer
            integers = np.array(columns[0], f"{'i' if signed else 'u'}{width // 8}")
            union = backend.from_integers(integers, out, file.format, projection, None, each)
        else:
            codes = [
                np.array(column, np.uint64).astype(code_dtype(fmt))
                for column, fmt in zip(columns, file.formats, strict=True)
            ]
            union = backend.apply(
                file.operation, codes, file.formats, out, file.format, projection, None, each
            )
        assert_same("codes", out, expected)
        assert_same("flags", each, raised)
        assert union == np.bitwise_or.reduce(raised)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_every_line(file: VectorFile) -> None:
    assert_lines(file)


def test_a_wrong_flag_is_found() -> None:
    with pytest.raises(AssertionError, match=r"1 of \d+ differ"):
        assert_lines(FILES[0], spoilt=11)
