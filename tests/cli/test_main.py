"""The entry point: help, exit codes, pipes."""

from __future__ import annotations

import subprocess
import sys

import pytest

from lowfloat.cli.main import COMMANDS, main

NAMES = [command.__name__.rpartition(".")[2].removesuffix("_command") for command in COMMANDS]


@pytest.mark.parametrize("name", NAMES)
def test_every_help_has_an_example(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([name, "--help"]) == 0
    assert f"\n  lowfloat {name}" in capsys.readouterr().out.partition("examples:")[2]


def test_help_lists_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in ([], ["--help"]):
        assert main(arguments) == 0
        text = capsys.readouterr().out
        assert all(f"\n    {name}" in text for name in NAMES)


def test_unknown_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["dance"]) == 2
    error = capsys.readouterr().err
    assert "dance" in error
    assert error.count("\n") == 1


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("lowfloat ")


def test_module_runs() -> None:
    result = subprocess.run(
        [sys.executable, "-m", "lowfloat", "formats"], capture_output=True, text=True, check=True
    )
    assert "float8_e4m3fn" in result.stdout
    assert result.stderr == ""


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX pipes")
@pytest.mark.parametrize("flags", [[], ["-u"]])
def test_a_closed_pipe_is_quiet(flags: list[str]) -> None:
    command = [sys.executable, *flags, "-m", "lowfloat", "vectors", "multiply",
               "--format", "e4m3fn", "--exhaustive", "--out", "-"]  # fmt: skip
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline() == b"00 00 00 00\n"
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 141


def test_start_is_light() -> None:
    code = (
        "import sys; from lowfloat.cli.main import main; main(['formats']); "
        "heavy = {'matplotlib', 'numba', 'torch', 'jax', 'mpmath'} & set(sys.modules); "
        "sys.exit(repr(heavy) if heavy else 0)"
    )
    command = [sys.executable, "-c", code]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
