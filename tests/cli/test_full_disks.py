"""Errors of the system name what was to be written, and say what to do."""

from __future__ import annotations

import resource
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from lowfloat.cli.main import main

WRITE = ["vectors", "fma", "-f", "float32", "-n", "20000", "--out"]


@pytest.fixture
def short_files() -> Iterator[None]:
    """Files may have 64 KiB, as on a disk that is full after that."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 16, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)
    signal.signal(signal.SIGXFSZ, handler)


@pytest.mark.parametrize("name", ["a.tv", "a.hex", "a.bin", "a.csv", "a.jsonl", "a.fptest", "a.input",
                                  "a.npz", "a.tv.gz"])  # fmt: skip
@pytest.mark.usefixtures("short_files")
def test_vectors(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / name
    assert main([*WRITE, str(path)]) == 2
    # Of .npz the columns that wait are too long already, in files without names.
    assert f"{path}: file too large: the file system or a limit" in capsys.readouterr().err
    assert not path.exists()


@pytest.mark.usefixtures("short_files")
def test_the_library(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["dpi", "--out", str(tmp_path)]) == 2
    assert f"{tmp_path}/liblowfloat.a: file too large" in capsys.readouterr().err


def test_a_file_where_a_folder_should_be(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "file"
    path.touch()
    for command in (
        ["dpi", "--out", str(path)],
        ["testbench", "verilog", "add", "-f", "e2m1", "--module", "u", "--out", str(path)],
    ):
        assert main(command) == 2
        assert f"{path}: is a file already, not a folder" in capsys.readouterr().err
