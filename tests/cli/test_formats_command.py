"""``lowfloat formats``."""

from __future__ import annotations

import pytest

import lowfloat as lf
from lowfloat.cli.formats_command import picture
from lowfloat.cli.main import main
from lowfloat.format_names import registry


def test_table_lists_every_named_format(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["formats"]) == 0
    lines = capsys.readouterr().out.splitlines()
    first_words = {line.split()[0] for line in lines if line.strip()}
    assert set(registry()) <= first_words
    row = next(line for line in lines if line.startswith("float8_e4m3fn "))
    assert row.split()[1:6] == ["1-4-3", "8", "7", "448", "0.01562"]


@pytest.mark.parametrize(
    "name", [*registry(), "e0m3", "e4m0", "binary8p4se", "binary3p1uf", "e6m9"]
)
def test_one_format(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["formats", name]) == 0
    text = capsys.readouterr().out
    fmt = lf.format(name)
    assert text.startswith(fmt.name)
    assert f"0x{fmt.max_finite_code:0{(fmt.width + 3) // 4}X}" in text
    assert f"\n  bias       {fmt.bias}\n" in text


def test_special_codes_of_e5m2(capsys: pytest.CaptureFixture[str]) -> None:
    main(["formats", "e5m2"])
    text = capsys.readouterr().out
    assert "infinity    0x7C, 0xFC\n" in text
    assert "0x7D..0x7F and the same with the sign bit; canonical is 0x7E" in text
    assert "subnormals  0x01..0x03\n" in text


def test_picture_is_aligned() -> None:
    for entry in registry().values():
        numbers, rule, boxes, last = picture(entry.format)
        assert rule == last
        assert len(boxes) == len(rule) >= len(numbers)
        assert numbers.split()[0] == str(entry.format.width - 1)


def test_unknown_name_offers_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["formats", "e4m3fm"]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "did you mean e4m3fn" in captured.err
    assert captured.err.count("\n") == 1
