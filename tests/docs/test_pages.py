"""Every Python block of the README and of the documentation runs and prints what it shows."""

from __future__ import annotations

import re
import shlex
from doctest import ELLIPSIS
from pathlib import Path

import pytest
from sybil import Sybil
from sybil.parsers.myst import PythonCodeBlockParser, SkipParser

import lowfloat as lf
from lowfloat.cli.main import main

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted(
    path
    for path in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
    if "_build" not in path.parts and "```python" in path.read_text(encoding="utf-8")
)
SYBIL = Sybil(parsers=[PythonCodeBlockParser(doctest_optionflags=ELLIPSIS), SkipParser()])


@pytest.fixture(autouse=True)
def settings_as_found():
    """Pages start from the defaults and leave nothing behind."""
    threads = lf.get_num_threads()
    yield
    lf.set_num_threads(threads)


@pytest.mark.parametrize("page", PAGES, ids=[str(path.relative_to(ROOT)) for path in PAGES])
def test_blocks_run(page: Path) -> None:
    if "import torch" in page.read_text(encoding="utf-8"):
        torch = pytest.importorskip("torch", reason="PyTorch is not installed")
        torch.set_num_threads(1)  # its threads wait actively, which is slow on a busy machine
    document = SYBIL.parse(page)
    examples = list(document.examples())
    assert examples
    for example in examples:
        example.evaluate()


def commands(page: Path) -> list[list[str]]:
    """What a page tells its reader to type at the `lowfloat` command, in its order."""
    lines = page.read_text(encoding="utf-8").splitlines()
    found = [line.removeprefix("$ ") for line in lines if line.startswith("$ lowfloat ")]
    return [shlex.split(line)[1:] for line in found]


COMMAND_PAGES = [path for path in PAGES if commands(path)]
#: What a command exits with when it did what its page says: a comparison finds differences.
EXPECTED = {"compare": 1}


@pytest.mark.parametrize("page", COMMAND_PAGES, ids=[path.name for path in COMMAND_PAGES])
def test_commands_run(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for arguments in commands(page):
        assert main(arguments) == EXPECTED.get(arguments[0], 0)


def shown(page: Path) -> list[tuple[list[str], list[str]]]:
    """The commands that a page shows with what they print, and the lines they print."""
    blocks = re.findall(r"```console\n\$ lowfloat ([^\n]*)\n(.+?)```", page.read_text(), re.DOTALL)
    return [(shlex.split(command), text.splitlines()) for command, text in blocks]


@pytest.mark.parametrize(
    "page", [page for page in COMMAND_PAGES if shown(page)], ids=lambda page: page.name
)
def test_commands_print_what_is_shown(page: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Every line that is shown is printed, in that order; more may be printed than is shown."""
    for arguments, lines in shown(page):
        if arguments[0] == "compare":
            main(arguments)
            printed = iter(capsys.readouterr().out.splitlines())
            for line in lines:
                assert line in printed, f"lowfloat {shlex.join(arguments)} does not print {line!r}"


def test_a_wrong_page_is_caught(tmp_path: Path) -> None:
    page = tmp_path / "wrong.md"
    page.write_text("```python\n>>> 1 + 1\n3\n```\n")
    (example,) = SYBIL.parse(page).examples()
    with pytest.raises(Exception, match="Expected"):
        example.evaluate()
