"""``lowfloat compare``: what it prints, and its exit codes."""

from __future__ import annotations

import pytest

from lowfloat.cli.main import main


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    status = main(["compare", *arguments])
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def test_differences_are_shown_with_their_reasons(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = run(capsys, "torch", "ml_dtypes", "--format", "float8_e4m3fn")
    assert status == 1
    assert "1,999,634,432 of 4,294,967,296 values differ" in out
    assert "+-464.00003 to +-3.4028235e+38" in out
    assert "+-448 (0x7E, 0xFE)" in out
    assert "overflow saturates | overflow becomes NaN" in out
    assert "Float8_e4m3fn.h" in out


def test_no_difference_is_exit_code_0(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ("ocp_sat", "cuda_satfinite", "-f", "float8_e5m2", "--source", "float16")
    status, out, _ = run(capsys, *arguments)
    assert status == 0
    assert "no value differs" in out


def test_runs_without_gaps_are_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = run(capsys, "torch", "ml_dtypes", "-f", "float8_e8m0fnu")
    assert status == 1
    assert "2^-127 (0x00) to 2^127 (0xFE)" in out
    assert out.count("drops the sign") == 1


def test_the_limit_is_kept_and_said(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ("torch", "onnx", "-f", "float8_e5m2", "--source", "float64")
    _, out, _ = run(capsys, *arguments, "--limit", "2")
    assert out.count("rounds to float32") == 2
    assert "lines more: --limit 0 shows all" in out
    _, everything, _ = run(capsys, *arguments, "--limit", "0")
    assert everything.count("rounds to float32") > 100
    assert "lines more" not in everything


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("torch", "jax", "-f", "float16"), "no profile 'jax': there are torch"),
        (("torch", "numpy", "-f", "float8_e5m2"), "numpy has no float8_e5m2"),
        (("torch", "onnx", "-f", "float16", "-s", "float8_e5m2"), "not from float8_e5m2"),
        (("numpy", "onnx", "-f", "float32", "-s", "float64"), "too many results"),
        (("torch",), "arguments are required"),
    ],
)
def test_bad_input_is_exit_code_2(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], message: str
) -> None:
    status, _, err = run(capsys, *arguments)
    assert status == 2
    assert message in err


def test_help_has_an_example(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = run(capsys, "--help")
    assert status == 0
    assert "lowfloat compare torch ml_dtypes --format float8_e4m3fn" in out
    assert "exit code" in out
