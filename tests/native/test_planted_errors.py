"""Negative controls: the comparisons that other tests rely on find a planted error."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from cast_sources import lattice_numbers
from native_paths import DEFAULT, assert_every_path, assert_same, golden_results

import lowfloat as lf

FMT = lf.format("float8_e4m3fn")
X = lattice_numbers(FMT, "float32")


def expected() -> tuple[np.ndarray, np.ndarray]:
    source = lf.format("float32")
    return golden_results("convert", (X.view(np.uint32),), (source,), FMT, DEFAULT)


def sabotaged(
    codes: Callable[[np.ndarray], None] | None = None,
    each: Callable[[np.ndarray], None] | None = None,
) -> Callable[..., Any]:
    """A cast whose codes or flag bytes are spoilt afterwards, in a copy."""

    def run(**more: Any) -> lf.Array:
        result = lf.cast(X, FMT, **more).copy()
        if codes is not None:
            codes(result.codes)
        if each is not None and "flags_out" in more:
            each(more["flags_out"])
        return result

    return run


def flip(where: int, bit: int) -> Callable[[np.ndarray], None]:
    def spoil(array: np.ndarray) -> None:
        array[where] ^= array.dtype.type(1 << bit)

    return spoil


def test_an_honest_cast_passes() -> None:
    assert_every_path(sabotaged(), *expected())


@pytest.mark.parametrize("where", [0, 1, 77, -1])
@pytest.mark.parametrize("bit", range(8))
def test_one_wrong_bit_of_one_code_is_found(where: int, bit: int) -> None:
    with pytest.raises(AssertionError, match=r"1 of .* differ"):
        assert_every_path(sabotaged(codes=flip(where, bit)), *expected())


@pytest.mark.parametrize("bit", range(5))
def test_one_wrong_flag_of_one_element_is_found(bit: int) -> None:
    with pytest.raises(AssertionError, match=r"flags_out: 1 of .* differ"):
        assert_every_path(sabotaged(each=flip(5, bit)), *expected())


def test_a_lost_collected_flag_is_found() -> None:
    def run(**more: Any) -> lf.Array:
        with lf.context():
            result = lf.cast(X, FMT, **more)
        from lowfloat import exception_flags

        collector = exception_flags._collector.get()
        if collector is not None:
            collector.bits &= ~4
        return result

    with pytest.raises(AssertionError, match="collected flags"):
        assert_every_path(run, *expected())


def test_a_cast_that_rounds_twice_is_found() -> None:
    x = np.float64([431.99999999999994, 1.0625 + 2**-40])
    codes, flags = golden_results("convert", (x.view(np.uint64),), (lf.float64,), FMT, DEFAULT)
    with pytest.raises(AssertionError, match="codes"):
        assert_every_path(lambda **more: lf.cast(x.astype(np.float32), FMT, **more), codes, flags)


def test_differences_are_shown_with_their_places() -> None:
    with pytest.raises(AssertionError, match=r"shown: 1 of 3 differ: \[1\]: 0x9 not 0x2"):
        assert_same("shown", np.array([1, 9, 3]), np.array([1, 2, 3]))
    with pytest.raises(AssertionError, match="shape"):
        assert_same("shown", np.array([1]), np.array([[1]]))
