"""The processor's control word, threads and forks change neither codes nor flags."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest
from lowfloat._core import lib
from native_paths import PATHS, assert_same, codes_of

import lowfloat as lf
from lowfloat import _native

#: Rounding control (bits 13 and 14), flush-to-zero (15), denormals-are-zero (6).
MXCSR = [rounding << 13 | hostile for rounding in range(4) for hostile in (0, 0x8040, 0x8000, 0x40)]
LARGE = 1 << 18


@contextmanager
def mxcsr(control: int) -> Iterator[None]:
    before = lib.lf_test_set_mxcsr(control)
    try:
        yield
    finally:
        lib.lf_test_set_mxcsr(before)


def numbers(count: int, dtype: type = np.float32) -> np.ndarray:
    """Numbers around a small format's range, subnormal sources among them."""
    rng = np.random.default_rng(count)
    x = np.ldexp(rng.standard_normal(count), rng.integers(-20, 12, count)).astype(dtype)
    x[::7] = np.ldexp(rng.standard_normal(x[::7].size), -145).astype(dtype)
    return x


def calls() -> dict[str, Any]:
    """Calls that would show a wrong control word, each giving codes and flags."""
    x, wide = numbers(3000), numbers(3000, np.float64)
    f = "float8_e5m2"
    a = lf.cast(x, f)
    tiny = lf.from_codes(np.arange(1 << 15, dtype=np.uint16), "bfloat16")
    rng = lf.Philox(1).at(0)
    return {
        "cast": lambda **o: lf.cast(x, f, **o),
        "cast to subnormals": lambda **o: lf.cast(x, "float16", rounding="to_odd", **o),
        "cast of float64": lambda **o: lf.cast(wide, "bfloat16", **o),
        "stochastic": lambda **o: lf.cast(x, f, rounding=lf.Stochastic(8), rng=rng, **o),
        "quantize": lambda **o: lf.quantize(x, f, **o),
        "quantize to bfloat16": lambda **o: lf.quantize(wide, "bfloat16", **o),
        "decode": lambda **o: lf.cast(a, "float32", **o),
        "decode subnormals": lambda **o: lf.cast(tiny, "float32", **o),
        "decode subnormals to float64": lambda **o: lf.cast(tiny, "float64", **o),
        "multiply": lambda **o: lf.multiply(a, a, **o),
        "fma": lambda **o: lf.fma(a, a, a, rounding="toward_negative", **o),
        "integers": lambda **o: lf.cast(np.arange(-999, 999), f, **o),
    }


def outcome(call: Any) -> tuple[np.ndarray, np.ndarray, frozenset[str]]:
    shape = codes_of(call()).shape
    raised = np.empty(shape, np.uint8)
    with lf.flags() as union:
        codes = codes_of(call(flags_out=raised)).copy()
    return codes, raised, union.raised


@pytest.mark.parametrize("control", MXCSR, ids=hex)
@pytest.mark.parametrize("call", calls())
def test_the_control_word_changes_nothing(call: str, control: int) -> None:
    run = calls()[call]
    for name, isa, generic in PATHS:
        with _native.forced(isa, generic):
            codes, raised, union = outcome(run)
            with mxcsr(control):
                hostile = outcome(run)
                after = lib.lf_test_set_mxcsr(control)
        assert_same(name, hostile[0], codes)
        assert_same(name, hostile[1], raised)
        assert hostile[2] == union
        assert after & 0xE040 == control, "the caller's control word was changed"


@pytest.mark.parametrize("control", [0x8040, 0xE040])
def test_worker_threads_set_their_own_control_word(control: int) -> None:
    x = numbers(LARGE)
    run = {
        "cast": lambda: lf.cast(x, "bfloat16").codes,
        "quantize": lambda: codes_of(lf.quantize(x, "float16")),
    }
    before = lf.get_num_threads()
    try:
        for name, call in run.items():
            lf.set_num_threads(1)
            expected = call()
            lf.set_num_threads(3)
            with mxcsr(control):
                actual = call()
            assert_same(name, actual, expected)
    finally:
        lf.set_num_threads(before)


@pytest.mark.parametrize("size", [131071, 131072, 131073, LARGE + 17])
@pytest.mark.parametrize("threads", [2, 3, 4])
def test_threads_change_nothing(threads: int, size: int) -> None:
    x = numbers(size)
    draw = lf.Philox(3).at(9)
    runs = {
        "cast": lambda **o: lf.cast(x, "float8_e4m3fn", **o),
        "stochastic": lambda **o: lf.cast(x, "e5m7", rounding=lf.Stochastic(9), rng=draw, **o),
        "multiply": lambda **o: lf.multiply(lf.cast(x, "bfloat16"), 3, **o),
        "quantize": lambda **o: lf.quantize(x, "float8_e5m2", **o),
    }
    before = lf.get_num_threads()
    try:
        for name, run in runs.items():
            lf.set_num_threads(1)
            codes, raised, union = outcome(run)
            lf.set_num_threads(threads)
            for path, isa, generic in PATHS:
                with _native.forced(isa, generic):
                    many = outcome(run)
                assert_same(f"{name}, {path}", many[0], codes)
                assert_same(f"{name}, {path}, flags", many[1], raised)
                assert many[2] == union
    finally:
        lf.set_num_threads(before)


def test_calls_from_many_python_threads_do_not_mix() -> None:
    x = numbers(LARGE)
    expected = {name: lf.cast(x, name).codes for name in ("float8_e4m3fn", "bfloat16", "e5m7")}
    wrong: list[str] = []

    def work(name: str) -> None:
        for _ in range(4):
            if not np.array_equal(lf.cast(x, name).codes, expected[name]):
                wrong.append(name)

    threads = [threading.Thread(target=work, args=(name,)) for name in [*expected] * 2]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.filterwarnings("ignore:.*use of fork.*:DeprecationWarning")
def test_a_fork_after_threads_were_used_still_computes() -> None:
    before = lf.get_num_threads()
    lf.set_num_threads(4)
    try:
        x = numbers(LARGE)
        expected = lf.cast(x, "float8_e4m3fn").codes
        child = os.fork()
        if child == 0:
            same = np.array_equal(lf.cast(x, "float8_e4m3fn").codes, expected)
            os._exit(0 if same else 1)
        finished: list[int] = []
        waiter = threading.Thread(target=lambda: finished.append(os.waitpid(child, 0)[1]))
        waiter.start()
        waiter.join(timeout=60)
        if not finished:
            os.kill(child, 9)
            waiter.join()
        assert finished == [0]
        assert_same("parent", lf.cast(x, "float8_e4m3fn").codes, expected)
    finally:
        lf.set_num_threads(before)
