"""Pictures: what they show, and that they need matplotlib."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

import lowfloat as lf
from lowfloat import plotting

pytest.importorskip("matplotlib")
FORMATS = ("float8_e4m3fn", "float8_e5m2", "bfloat16", "float8_e8m0fnu", "e3m0", "e0m3")


@pytest.mark.parametrize("draw", [plotting.number_line, plotting.relative_error])
def test_pictures_are_saved(draw: object, tmp_path: Path) -> None:
    plotting.save(tmp_path / "x.png", draw, FORMATS)
    assert (tmp_path / "x.png").read_bytes().startswith(b"\x89PNG")


def test_axes_are_used_and_returned() -> None:
    from matplotlib.figure import Figure

    ax = Figure().subplots()
    assert plotting.number_line(["e4m3fn"], ax) is ax
    assert plotting.relative_error(["e4m3fn"], ax) is ax


@pytest.mark.parametrize("name", ["float8_e4m3fn", "float6_e2m3fn", "float16"])
def test_largest_error_of_normal_binades(name: str) -> None:
    fmt = lf.format(name)
    unit = 2.0 ** -(fmt.mantissa_bits + 1)
    errors = plotting.largest_errors(fmt, fmt.emin, fmt.emax)
    np.testing.assert_allclose(errors, unit / (1 + unit))


def test_positive_numbers() -> None:
    numbers = plotting.positive_numbers(lf.float8_e4m3fn)
    assert len(numbers) == 126
    assert (np.diff(numbers) > 0).all()


def test_errors_are_sentences(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError, match="up to 16 bits"):
        plotting.number_line(["float32"])
    with pytest.raises(ValueError, match="at least one format"):
        plotting.relative_error([])
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    with pytest.raises(ImportError, match=r"lowfloat\[plot\]"):
        plotting.number_line(["e4m3fn"])
