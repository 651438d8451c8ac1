"""The C library under the address and undefined-behaviour sanitizers, every kernel included."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
NATIVE = ROOT / "native"
FLAGS = "-fsanitize=address,undefined -fno-sanitize-recover=all"

pytestmark = [
    pytest.mark.exhaustive,
    pytest.mark.skipif(not shutil.which("cmake"), reason="no cmake on PATH: pip install cmake"),
]


def run(*command: object) -> str:
    done = subprocess.run(
        [str(part) for part in command], capture_output=True, text=True, timeout=1200, check=False
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


def test_kernels_and_generic_path_agree_and_are_clean(tmp_path):
    build = tmp_path / "native"
    run(
        "cmake", "-S", NATIVE, "-B", build, "-DLF_BUILD_TESTS=ON",
        "-DCMAKE_BUILD_TYPE=RelWithDebInfo", f"-DCMAKE_C_FLAGS={FLAGS}",
    )  # fmt: skip
    run("cmake", "--build", build, "-j2")
    run(build / "lf_smoke")
    assert ", 0 differ" in run(build / "lf_agree", 100_000, 1)
    assert ", 0 differ" in run(build / "lf_agree_arithmetic", 20_000, 1)
    assert ", 0 differ" in run(build / "lf_sums", 100_000, 1)
    sums = run(build / "lf_gemm_agree", 3000, 1)
    assert ", 0 differ" in sums
    steps = [int(n) for n in sums.split("by step:")[1].split()]
    assert len(steps) == 13
    assert min(steps) > 10, "every step of the kernels was run"
    planted = subprocess.run([str(build / "lf_gemm_agree"), "300", "1", "1"], check=False)
    assert planted.returncode == 1, "a planted error is seen"


# Without .pth files, so that the module under test is that of the first folder.
RUN_TESTS = """
import sys
sys.path[:0] = sys.argv[1:3]
import lowfloat, pytest
print(lowfloat.__file__)
sys.exit(pytest.main(sys.argv[3:]))
"""


def test_drawn_cases_and_records_are_clean(tmp_path):
    """The Python module itself, since C programs draw no cases."""
    package = tmp_path / "package"
    run(
        sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--target", package, ROOT,
        "-Cinstall.strip=false", f"-Ccmake.define.CMAKE_C_FLAGS={FLAGS} -g",
    )  # fmt: skip
    libraries = [run("cc", f"-print-file-name=lib{name}.so").strip() for name in ("asan", "ubsan")]
    tests = [ROOT / "tests" / "vectors" / f"test_{name}.py" for name in ("drawing", "records")]
    done = subprocess.run(
        [sys.executable, "-S", "-c", RUN_TESTS, package, sysconfig.get_path("purelib"),
         "-q", "-n", "0", "-p", "no:cacheprovider", "--rootdir", ROOT, *tests],
        env={**os.environ, "LD_PRELOAD": " ".join(libraries), "ASAN_OPTIONS": "detect_leaks=0"},
        cwd=tmp_path, capture_output=True, text=True, timeout=1200, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert done.stdout.startswith(str(package))
    assert " passed" in done.stdout


def test_an_overrun_would_be_seen(tmp_path):
    """The sanitizers are there: a program that writes past its array ends in an error."""
    source = tmp_path / "overrun.c"
    source.write_text(
        "#include <stdlib.h>\n"
        "int main(int n, char **v) { char *p = malloc(4); p[3 + n] = 1; (void)v; return p[0] * 0; }\n"
    )
    program = tmp_path / "overrun"
    run("cc", *FLAGS.split(), source, "-o", program)
    done = subprocess.run([str(program)], capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "heap-buffer-overflow" in done.stderr
