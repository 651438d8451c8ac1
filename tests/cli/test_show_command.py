"""``lowfloat show``."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from strategies import formats

import lowfloat as lf
from lowfloat.cli.main import main
from lowfloat.cli.neighbours import canonical, class_of, neighbours
from lowfloat.cli.show_command import code_lines, read_number, value_lines
from lowfloat.cli.text import exact_decimal, hex_float, power_text


def shown(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(["show", *arguments]) == 0
    return capsys.readouterr().out


def test_a_code(capsys: pytest.CaptureFixture[str]) -> None:
    text = shown(capsys, "0x7E", "-f", "float8_e4m3fn")
    assert "0x7E in float8_e4m3fn" in text
    assert "0 1111 110" in text
    assert "448 = 7 * 2^6 = 0x1.cp+8" in text
    assert "above     none" in text
    assert "0x7D (416)" in text


def test_codes_in_any_base_are_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    texts = {shown(capsys, code, "-f", "e4m3fn") for code in ("0x7E", "0b0_1111_110", "126")}
    assert len(texts) == 1


def test_a_value(capsys: pytest.CaptureFixture[str]) -> None:
    text = shown(capsys, "--value", "0.3", "-f", "float8_e4m3fn")
    assert "0x2A (0.3125)" in text
    assert "01 inexact" in text
    assert "0x29 (0.28125) and 0x2A (0.3125)" in text
    assert "0.6 of the way" in text


def test_value_under_another_projection(capsys: pytest.CaptureFixture[str]) -> None:
    text = shown(capsys, "--value=1000", "-f", "e4m3fn", "--saturation", "finite")
    assert "0x7E (448)" in text
    assert "overflow" in text


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["256", "-f", "e4m3fn"], "does not fit the 8 bits"),
        (["-f", "e4m3fn"], "nothing to show"),
        (["0x38"], "--format"),
        (["fish", "-f", "e4m3fn"], "no integer"),
        (["--value", "fish", "-f", "e4m3fn"], "no number"),
        (["--value", "1/0", "-f", "e4m3fn"], "no number"),
        (["--value", "1e999999999", "-f", "e4m3fn"], "beyond"),
        (["--value", "1", "-f", "e4m3fn", "--rounding", "up"], "no rounding 'up'"),
    ],
)
def test_errors_are_one_sentence(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["show", *arguments]) == 2
    captured = capsys.readouterr()
    assert message in captured.err
    assert captured.err.count("\n") == 1
    assert captured.out == ""


@given(formats(extreme_bias=False), st.data())
def test_every_code_of_every_format_can_be_shown(fmt: lf.Format, data: st.DataObject) -> None:
    code = data.draw(st.integers(0, (1 << fmt.width) - 1))
    assert code_lines(fmt, code)


@given(formats(extreme_bias=False), st.fractions())
def test_every_value_can_be_shown(fmt: lf.Format, x: Fraction) -> None:
    assert value_lines(fmt, x or 0.0, lf.Projection())


@given(formats(extreme_bias=False), st.data())
def test_neighbours_are_adjacent(fmt: lf.Format, data: st.DataObject) -> None:
    code = data.draw(st.integers(0, (1 << fmt.width) - 1))
    value = lf.golden.decode(code, fmt)
    assume(not value.is_nan)
    below, above = neighbours(fmt, code)
    if above is None:
        top = fmt.max_finite_code if fmt.infinity_code is None else fmt.infinity_code
        assert code == top
        return
    assert canonical(fmt, above)
    upper = lf.golden.decode(above, fmt)
    if value.kind == upper.kind == "finite":
        assert value.signed < upper.signed
        if fmt.subnormals == "flush" and value.is_zero:
            return  # the middle is flushed back to zero, rule Q-4
        middle = (value.signed + upper.signed) / 2
        up, _ = lf.golden.encode(middle, format=fmt, projection=lf.Projection("toward_positive"))
        # Nothing lies between: the middle rounds up to the neighbour.
        assert lf.golden.decode(up, fmt).signed == upper.signed
    if canonical(fmt, code) and not value.is_zero:
        assert neighbours(fmt, above)[0] == code
    assert below is None or canonical(fmt, below)


@given(st.integers(-(1 << 60), 1 << 60), st.integers(-70, 70))
def test_exact_notations(significand: int, exponent: int) -> None:
    x = Fraction(significand) * Fraction(2) ** exponent
    decimal = exact_decimal(x)
    assert decimal is not None
    assert Fraction(decimal) == x
    if abs(significand) < 1 << 53:
        assert Fraction(float.fromhex(hex_float(x))) == x
    odd, _, power = power_text(x).partition("2^")
    if power:
        factor = Fraction(odd.removesuffix(" * ") or 1) if odd != "-" else Fraction(-1)
        assert factor * Fraction(2) ** int(power) == x


@pytest.mark.parametrize("name", ["e8m3b-1000000", "e8m3b1000000", "e15m0b-30000"])
def test_codes_far_from_one_are_shown_as_powers_of_two(name: str) -> None:
    lines = code_lines(lf.format(name), 8)
    assert any("2^" in line and "value" in line for line in lines)
    assert not any("e+" in line for line in lines)


def test_zeros_keep_their_sign() -> None:
    assert str(read_number("-0.0")) == "-0.0"
    assert str(read_number("0")) == "0.0"


def test_noncanonical_codes_say_so() -> None:
    flush = lf.format("dlfloat16")
    if flush.subnormals == "flush":
        assert "no result has this code" in "\n".join(code_lines(flush, 1))
    assert class_of(lf.float8_e5m2, 0x7D) == "signaling NaN"
