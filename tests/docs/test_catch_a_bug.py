"""The tutorial for hardware engineers does what it shows, on a real simulator."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PAGE = Path(__file__).resolve().parents[2] / "docs/tutorial/catch_a_bug.md"
#: Commands that prepare a machine.
PREPARING = ("python -m venv", "source", "apt-get")


def sessions(page: str) -> list[tuple[str, str]]:
    """Commands and what the page shows of their output."""
    found = []
    for block in re.findall(r"```console\n(.*?)```", page, re.DOTALL):
        for piece in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, output = piece.partition("\n")
            if not command.startswith(PREPARING):
                found.append((command, output))
    return found


def agrees(shown: str, printed: str) -> bool:
    """Whether an output is the shown one, where a line of three dots stands for any lines."""
    pattern = re.escape(shown).replace(re.escape("...\n"), "(?:.*\n)*?")
    return re.fullmatch(pattern, printed) is not None


def test_every_command_prints_what_the_page_shows(tmp_path: Path) -> None:
    for program in ("iverilog", "make"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed (Debian: apt-get install {program})")
    page = PAGE.read_text(encoding="utf-8")
    (unit,) = re.findall(r"```verilog\n(.*?)```", page, re.DOTALL)
    (tmp_path / "fp8_mul.v").write_text(unit)
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    # Make prints more where it is called from make.
    environment = {k: v for k, v in environment.items() if not k.startswith("MAKE")}
    commands = sessions(page)
    assert len(commands) == 6
    for command, shown in commands:
        done = subprocess.run(
            command, shell=True, cwd=tmp_path, env=environment, text=True, check=False,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        assert agrees(shown, done.stdout), f"{command}\nprints\n{done.stdout}"


def test_another_output_is_caught() -> None:
    assert agrees("a\n...\nd\n", "a\nb\nc\nd\n")
    assert agrees("a\n...\n", "a\n")
    assert not agrees("a\n...\nd\n", "a\nb\nc\n")
    assert not agrees("", "make: error\n")
