"""All lines of Berkeley TestFloat's vectors through the native arrays: no difference."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
from native_paths import assert_every_path, keywords
from testfloat_vectors import VectorFile, manifest, needs_vectors, vector_files

import lowfloat as lf
from lowfloat.engine.sources import code_dtype

pytestmark = needs_vectors

FILES = vector_files()


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_every_line_on_every_path(file: VectorFile) -> None:
    operands, results, flags = zip(*file.lines(), strict=True)
    assert len(results) == manifest()[file.name]
    codes = np.array(results, np.uint64).astype(code_dtype(file.format))
    raised = np.array(flags, np.uint8)
    columns = list(zip(*operands, strict=True))
    if file.integer:
        width, signed = file.integer
        x = np.array(columns[0], f"{'i' if signed else 'u'}{width // 8}")
        function, arrays = lf.cast, [x]
    else:
        arrays = [
            lf.from_codes(np.array(column, np.uint64), fmt)
            for column, fmt in zip(columns, file.formats, strict=True)
        ]
        function = lf.cast if file.operation == "convert" else getattr(lf, file.operation)
    for projection in file.projections:
        given = keywords(projection)
        assert_every_path(partial(function, *arrays, format=file.format, **given), codes, raised)
