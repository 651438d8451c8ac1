"""Contexts, backends, thread counts and environment variables."""

from __future__ import annotations

import contextlib
import contextvars
import os
import subprocess
import sys
import threading
from typing import Any

import pytest

import lowfloat as lf
from lowfloat import _native

F = "float8_e4m3fn"


def in_thread(function: Any) -> Any:
    """What a function returns in a new thread."""
    found = []
    thread = threading.Thread(target=lambda: found.append(function()))
    thread.start()
    thread.join()
    return found[0]


def largest(value: float = 1000.0, **given: Any) -> float:
    return lf.cast(value, F, **given).item()


def test_a_context_sets_defaults_and_arguments_win() -> None:
    assert largest() != largest()  # NaN
    with lf.context(saturation="finite"):
        assert largest() == 448
        assert largest(saturation="none") != largest(saturation="none")
        with lf.context(rounding="toward_zero"):
            assert largest() == 448
            assert largest(1.124) == 1
            assert largest(1.124, rounding="away_from_zero") == 1.125
        assert largest(1.124) == 1.125


def test_a_context_ends_when_its_block_raises() -> None:
    with pytest.raises(KeyError), lf.context(saturation="finite"):
        raise KeyError
    assert largest() != largest()


def test_a_context_does_not_reach_a_new_thread() -> None:
    with lf.context(saturation="finite"), lf.backend("golden"):
        assert in_thread(largest) != 448
        assert largest() == 448


def test_a_copied_context_reaches_a_thread() -> None:
    with lf.context(saturation="finite"):
        copied = contextvars.copy_context()
        assert in_thread(lambda: copied.run(largest)) == 448


def test_flags_are_not_collected_from_other_threads() -> None:
    with lf.flags() as raised:
        in_thread(largest)
        assert not raised
        largest()
    assert raised.raised == {"overflow", "inexact"}


def test_flags_of_an_inner_block_reach_the_outer_one_when_it_ends() -> None:
    with lf.flags() as outer:
        with lf.flags() as inner:
            lf.cast(0.3, F)
            assert not outer
        assert inner.raised == outer.raised == {"inexact"}
        with contextlib.suppress(KeyError), lf.flags():
            lf.cast(float("inf"), "float4_e2m1fn")
            raise KeyError
    assert outer.raised == {"inexact", "overflow"}
    assert inner.raised == {"inexact"}


def test_flags_start_empty_and_exact_results_raise_none() -> None:
    with lf.flags() as raised:
        lf.cast([1.0, -0.0, float("nan"), 448], F)
    assert not raised
    assert repr(raised) == "Flags(none)"


def test_operators_use_the_context_and_weak_scalars_do_not() -> None:
    x = lf.array([1.0, 448.0], F)
    with lf.context(rounding="away_from_zero", saturation="finite"), lf.flags() as raised:
        y = x + 0.03
    assert y.to_numpy().tolist() == [1.125, 448]
    assert raised.raised == {"inexact", "overflow"}
    with lf.context(rounding="away_from_zero"), lf.flags() as raised:
        assert (lf.array([0.0], F) + 1.01).item() == 1.0
    assert not raised


@pytest.mark.parametrize("given", [0, -1, 1.5, "two", None, "1.0"])
def test_a_thread_count_is_a_positive_whole_number(given: Any) -> None:
    before = lf.get_num_threads()
    with pytest.raises(ValueError, match="positive whole number"):
        lf.set_num_threads(given)
    assert lf.get_num_threads() == before


def test_unknown_names_list_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"native, jit, golden"), lf.backend("cuda"):  # type: ignore[arg-type]
        pass
    with pytest.raises(ValueError, match="nearest_even"), lf.context(rounding="up"):
        pass
    with pytest.raises(ValueError, match=r"none, finite, propagate"), lf.context(saturation="yes"):
        pass
    with pytest.raises(ValueError, match=r"riscv"), lf.context(policy="mips"):
        pass
    with pytest.raises(ValueError, match=r"baseline, avx2"), _native.forced("sse9"):
        pass


def run_python(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_environment_sets_the_thread_count() -> None:
    code = "import lowfloat; print(lowfloat.get_num_threads())"
    assert run_python(code, LOWFLOAT_NUM_THREADS="3").stdout.strip() == "3"
    wrong = run_python(code, LOWFLOAT_NUM_THREADS="many")
    assert wrong.returncode
    assert "LOWFLOAT_NUM_THREADS must be a positive whole number" in wrong.stderr


@pytest.mark.parametrize("isa", _native.usable_isas())
def test_the_environment_sets_the_instruction_set(isa: str) -> None:
    code = (
        "import numpy as np, lowfloat as lf; from lowfloat import _native;"
        "print(_native.options_struct().isa, lf.cast(np.float32([0.3]), 'e4m3fn').codes)"
    )
    done = run_python(code, LOWFLOAT_ISA=isa)
    assert done.stdout.split() == [str(_native.ISAS[isa]), "[42]"], done.stderr


def test_an_unknown_instruction_set_in_the_environment_is_an_error() -> None:
    wrong = run_python("import lowfloat", LOWFLOAT_ISA="mmx")
    assert wrong.returncode
    assert "no instruction set 'mmx'" in wrong.stderr
    assert "avx2" in wrong.stderr
