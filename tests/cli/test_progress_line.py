"""The line that long commands draw."""

from __future__ import annotations

import pytest

from lowfloat.cli.progress import ProgressLine


def test_every_call_draws_the_line_again(capsys: pytest.CaptureFixture[str]) -> None:
    line = ProgressLine("run", shown=True)
    for step in (1, 5, 10):
        line(step, 10, "loss 0.5")
    out, err = capsys.readouterr()
    drawn = err.split("\r")[1:]
    assert out == ""
    assert [text.split(" of ")[0] for text in drawn] == [
        "run [##..................]  10 %  1",
        "run [##########..........]  50 %  5",
        "run [####################] 100 %  10",
    ]
    assert all(text.rstrip().endswith("loss 0.5") for text in drawn)
    assert err.endswith("\n")
    assert err.count("\n") == 1


@pytest.mark.parametrize(("kept", "lines"), [(False, 0), (True, 1)])
def test_without_a_terminal_only_what_logs_need(
    kept: bool, lines: int, capsys: pytest.CaptureFixture[str]
) -> None:
    line = ProgressLine("run", shown=False, kept=kept)
    for step in range(1, 11):
        line(step, 10)
    assert capsys.readouterr().err.count("\r") == lines
