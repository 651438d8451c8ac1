"""A product of matrices holds its operands, its result, and the room of one block a thread."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

STATUS = Path("/proc/self/status")

PROGRAM = """
import sys
import numpy as np
import lowfloat as lf

kind, threads, size = sys.argv[1], int(sys.argv[2]), 1536
lf.set_num_threads(threads)
rounding = lf.Stochastic(8) if kind == "stochastic" else "nearest_even"
accumulator = lf.accumulators.Exact() if kind == "exact" else lf.Accumulator("e5m10", rounding)
if kind == "blocks":
    accumulator = lf.accumulators.nvidia_hopper("float8_e4m3fn")
codes = np.random.default_rng(1).integers(0, 120, (2, size, size), dtype=np.uint8)
x, y = (lf.from_codes(c, "float8_e4m3fn") for c in codes)
out = np.ones((size, size), np.uint32)  # whose pages are there


def run(n):
    kept = x[:n, :n].to_numpy() if kind == "unpacked" else None
    how = {"accumulator": accumulator, "format": "float32", "rng": lf.Philox(1)}
    lf.matmul(x[:n, :n], y[:n, :n], out=lf.from_codes(out[:n, :n], "float32"), **how)


def peak():
    status = open("/proc/self/status").read()
    return int(status.split("VmHWM:")[1].split()[0])


run(64)
before = peak()
run(size)
print(peak() - before)
"""


@pytest.mark.skipif(not STATUS.exists(), reason="peak memory is read from /proc")
@pytest.mark.parametrize(
    ("kind", "threads"),
    [
        ("rounded", 1),
        ("rounded", 2),
        ("stochastic", 1),
        ("blocks", 1),
        ("exact", 1),
        ("unpacked", 1),  # negative control
    ],
)
def test_no_operand_is_unpacked_whole(kind: str, threads: int) -> None:
    """As floats an operand alone would be 9 MiB, as doubles 18."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, kind, str(threads)],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    assert (int(done.stdout) < 4096 * threads) == (kind != "unpacked"), "KiB"
