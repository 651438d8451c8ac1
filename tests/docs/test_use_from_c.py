"""The C program of the how-to compiles against the installed library and prints what it shows."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from lowfloat import _core

PAGE = Path(__file__).resolve().parents[2] / "docs/howto/use_from_c.md"
INSTALLED = Path(_core.__file__).parent
LIBRARY = INSTALLED / "lib" / "liblowfloat.a"


def test_the_program_prints_what_the_page_shows(tmp_path: Path) -> None:
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        pytest.skip("there is no C compiler")
    page = PAGE.read_text(encoding="utf-8")
    (program,) = re.findall(r"```c\n(.*?)```", page, re.DOTALL)
    (shown,) = re.findall(r"```text\n(.*?)```", page, re.DOTALL)
    source, binary = tmp_path / "multiply.c", tmp_path / "multiply"
    source.write_text(program)
    command = [compiler, "-std=c11", "-Wall", "-Wextra", "-Werror", "-I", INSTALLED / "include"]
    subprocess.run([*command, source, LIBRARY, "-pthread", "-o", binary], check=True)
    result = subprocess.run([binary], capture_output=True, text=True, check=True)
    assert result.stdout == shown
