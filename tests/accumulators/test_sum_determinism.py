"""The bits of a sum depend on no thread, piece or layout; long calls tell and can be stopped."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

import lowfloat as lf
from lowfloat.accumulators import Grouped
from lowfloat.engine import reductions

SR = lf.Accumulator("e6m5", lf.Stochastic(8))
MIXED = Grouped(SR, lf.Accumulator("e6m9", lf.Stochastic(11)), n=16)
ACCUMULATORS = [lf.Accumulator("e6m9"), SR, MIXED, lf.accumulators.nvidia_ada("float8_e4m3fn")]
RNG = np.random.default_rng(9)
X = lf.cast(RNG.standard_normal((3, 40, 200)), "float8_e4m3fn")
Y = lf.cast(RNG.standard_normal((200, 30)), "float8_e4m3fn")


def result(accumulator, **keywords) -> np.ndarray:
    keywords = {"rng": lf.Philox(2).at(7), **keywords}
    return lf.matmul(X, Y, accumulator=accumulator, **keywords).codes


@pytest.fixture(autouse=True)
def restore_threads():
    before = lf.get_num_threads()
    yield
    lf.set_num_threads(before)


@pytest.mark.parametrize("accumulator", ACCUMULATORS, ids=repr)
def test_any_number_of_threads_gives_the_same_bits(accumulator) -> None:
    expected = None
    for threads in (1, 2, 3, 7):
        lf.set_num_threads(threads)
        got = result(accumulator)
        expected = got if expected is None else expected
        np.testing.assert_array_equal(got, expected)


@pytest.mark.parametrize("accumulator", ACCUMULATORS, ids=repr)
def test_any_pieces_give_the_same_bits(accumulator, monkeypatch) -> None:
    expected = result(accumulator)
    flags = np.zeros(expected.shape, np.uint8)
    np.testing.assert_array_equal(result(accumulator, flags_out=flags), expected)
    for first in (1, 6000, 60_000, 300_000):
        monkeypatch.setattr(reductions, "FIRST_PIECE", first)
        monkeypatch.setattr(reductions, "SECONDS", 1e-4)
        again = np.zeros(expected.shape, np.uint8)
        np.testing.assert_array_equal(result(accumulator, flags_out=again), expected)
        np.testing.assert_array_equal(again, flags)


@pytest.mark.parametrize("accumulator", [SR, MIXED], ids=repr)
@pytest.mark.parametrize("rounding", ["nearest_even", lf.Stochastic(5)], ids=str)
def test_given_bits_are_those_of_the_source(accumulator, rounding) -> None:
    drawn = [*accumulator.roundings(20), *([5] if rounding != "nearest_even" else [])]
    x, y, rng = X[0, :3, :20], Y[:20, :4], lf.Philox(2).at(7)
    bits = np.array([lf.golden.reduction_bits(rng, e, drawn) for e in range(12)], np.uint64)
    keywords = {"accumulator": accumulator, "format": "e4m3fn", "rounding": rounding}
    from_source = lf.matmul(x, y, rng=rng, **keywords)
    given = lf.matmul(x, y, random_bits=bits.reshape(3, 4, -1), **keywords)
    np.testing.assert_array_equal(given.codes, from_source.codes)
    bits[7, 3] ^= 0x80
    other = lf.matmul(x, y, random_bits=bits.reshape(3, 4, -1), **keywords)
    assert (other.codes.ravel()[:7] == given.codes.ravel()[:7]).all()


def test_one_rounding_uses_the_bits_of_a_cast() -> None:
    x, y = X[0, :5], Y[:, :6]
    exact = lf.matmul(x, y, format="float32")
    z = lf.matmul(x, y, format="e4m3fn", rounding=lf.Stochastic(10), rng=lf.Philox(4))
    cast = lf.cast(exact, "e4m3fn", rounding=lf.Stochastic(10), rng=lf.Philox(4))
    np.testing.assert_array_equal(z.codes, cast.codes)


def test_a_shift_register_goes_on_through_elements_and_calls() -> None:
    rng = lf.LFSR(16, 0xB400, state=0xACE1)
    z = lf.matmul(X[0, :3], Y[:, :4], accumulator=SR, rng=rng)
    draw = lf.LFSR(16, 0xB400, state=0xACE1).at(0)
    bits = np.array([lf.golden.lfsr_bits(draw, i, 8) for i in range(2400)]).reshape(3, 4, 200)
    given = lf.matmul(X[0, :3], Y[:, :4], accumulator=SR, random_bits=bits)
    np.testing.assert_array_equal(z.codes, given.codes)
    assert rng.state == {"state": lf.LFSR(16, 0xB400, state=0xACE1).at(2400).state}
    lf.matmul(X[0, :3], Y[:, :4], accumulator=MIXED, rng=rng)
    with lf.backend("golden"):
        g = lf.matmul(X[0, :1, :40], Y[:40, :2], accumulator=MIXED, rng=rng.at(5))
    n = lf.matmul(X[0, :1, :40], Y[:40, :2], accumulator=MIXED, rng=rng.at(5))
    np.testing.assert_array_equal(n.codes, g.codes)


def test_calls_draw_from_a_source_in_turn() -> None:
    rng = lf.Philox(2)
    first, second = (result(SR, rng=rng) for _ in range(2))
    np.testing.assert_array_equal(result(SR, rng=rng.at(0)), first)
    np.testing.assert_array_equal(result(SR, rng=rng.at(1)), second)
    assert (first != second).any()


def test_calls_from_many_threads_do_not_meet() -> None:
    expected = {i: result(ACCUMULATORS[i % 4]) for i in range(4)}
    wrong = []

    def work(i: int) -> None:
        for _ in range(2):
            if not np.array_equal(result(ACCUMULATORS[i % 4]), expected[i % 4]):
                wrong.append(i)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert not wrong


def test_progress_rises_to_one(monkeypatch) -> None:
    monkeypatch.setattr(reductions, "FIRST_PIECE", 20_000)
    monkeypatch.setattr(reductions, "SECONDS", 1e-3)
    told: list[float] = []
    result(ACCUMULATORS[0], progress=told.append)
    assert len(told) > 3
    assert told == sorted(told)
    assert told[-1] == 1.0


def test_an_error_in_progress_stops_the_call(monkeypatch) -> None:
    monkeypatch.setattr(reductions, "FIRST_PIECE", 20_000)

    def stop(done: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        result(ACCUMULATORS[0], progress=stop)


#: A background job of a shell ignores Ctrl-C, and hands that down to its children.
HEEDED = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"


@pytest.mark.skipif(not hasattr(signal, "SIGINT") or sys.platform == "win32", reason="no SIGINT")
def test_control_c_stops_a_long_call() -> None:
    """A sum that would take hours ends within seconds of the signal."""
    code = (
        f"{HEEDED}"
        "import numpy as np, lowfloat as lf\n"
        "x = lf.Array(np.broadcast_to(np.uint16(0x3C01), (200_000, 1000)), lf.float16)\n"
        "tell = lambda done: print(done, flush=True)\n"
        "try:\n"
        "    lf.matmul(x, x[:1000].T, accumulator=lf.Accumulator('float16', compensation='kahan'),\n"
        "              progress=tell)\n"
        "except KeyboardInterrupt:\n"
        "    print('stopped')\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        start = time.monotonic()
        os.kill(process.pid, signal.SIGINT)
        out, _ = process.communicate(timeout=60)
    assert out.split()[-1] == "stopped"
    assert time.monotonic() - start < 30


INTERRUPTED = """
import os, signal, sys, threading, time
import numpy as np, lowfloat as lf
from lowfloat.accumulators import Exact, FixedPoint, Fused, Grouped, Interleaved

lf.set_num_threads(int(sys.argv[1]))
ENDLESS, LONG = 1 << 34, 1 << 24
step = lf.Accumulator("e6m9")
accumulators = [
    (step, ENDLESS, {}), (lf.Accumulator("float32"), ENDLESS, {}), (Exact(), ENDLESS, {}),
    (Exact("bfloat16"), ENDLESS, {"flags": True}),
    (FixedPoint(32, -18), ENDLESS, {}), (Fused("float32", 16, 24), ENDLESS, {}),
    (Grouped(step, step, n=64), LONG, {"flags": True}),
    (lf.Accumulator("bfloat16", compensation="kahan"), ENDLESS, {}),
    (lf.Accumulator("bfloat16", compensation="neumaier"), ENDLESS, {}),
    (lf.Accumulator("bfloat16", order="pairwise"), LONG, {}),
    (lf.Accumulator("e6m20", order=Interleaved(3)), LONG, {"flags": True}),
]
for accumulator, terms, how in accumulators:
    x = lf.Array(np.broadcast_to(np.uint8(0x39), (terms,)), lf.float8_e4m3fn)
    shares = []
    timer = threading.Timer(0.4, os.kill, (os.getpid(), signal.SIGINT))
    start = time.monotonic()
    flags = {"flags_out": np.zeros((), np.uint8)} if how else {}
    try:
        timer.start()
        lf.dot(x, x, accumulator=accumulator, format="float32", progress=shares.append, **flags)
    except KeyboardInterrupt:
        seconds = time.monotonic() - start
        assert shares == sorted(shares) and all(0 < share < 1 for share in shares), shares
        assert shares or terms == LONG
        print(f"{seconds:.2f}", accumulator, flush=True)
    else:
        timer.cancel()
        print("99 not stopped", accumulator, shares[-3:], flush=True)
"""


@pytest.mark.skipif(not hasattr(signal, "SIGINT") or sys.platform == "win32", reason="no SIGINT")
@pytest.mark.parametrize("threads", [1, 2])
def test_control_c_stops_within_one_sum(threads: int) -> None:
    """One element of a huge number of terms is one call in C, which asks now and then."""
    made = subprocess.run(
        [sys.executable, "-c", HEEDED + INTERRUPTED, str(threads)],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    lines = made.stdout.splitlines()
    assert len(lines) == 11, made.stderr
    assert all(float(line.split()[0]) < 2.4 for line in lines), made.stdout


def test_progress_is_told_within_one_sum() -> None:
    """An error in the callback ends the sum, too."""
    x = lf.Array(np.broadcast_to(np.uint8(0x39), (1 << 26,)), lf.float8_e4m3fn)
    told: list[float] = []

    def tell(share: float) -> None:
        told.append(share)
        if len(told) == 3:
            raise LookupError("enough")

    with pytest.raises(LookupError, match="enough"):
        lf.dot(x, x, accumulator=lf.Accumulator("bfloat16", compensation="kahan"), progress=tell)
    assert 0 < told[0] < told[1] < told[2] < 0.9
