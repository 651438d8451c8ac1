"""A unit that answers X fails with a message that says so; Verilator has two states and is left out."""

from __future__ import annotations

from pathlib import Path

import pytest
import rtl_benches as rtl
from test_cocotb import simulate as simulate_cocotb

from lowfloat.cli.main import main
from lowfloat.vectors import Cases

pytestmark = pytest.mark.rtl

UNIT = rtl.unit_of("multiply", "float8_e4m3fn")
#: 1 times 1 has no answer.
CHANGES = {
    "verilog": ("        z = rounded;", "        z = x == 8'h38 && y == 8'h38 ? 8'bx : rounded;"),
    "vhdl": (
        "            z <= sign_bit(sign) & std_logic_vector(magnitude(exp + man - 1 downto 0));",
        (
            "            z <= sign_bit(sign) & std_logic_vector(magnitude(exp + man - 1 downto 0));\n"
            "            if x = \"00111000\" and y = x then z <= (others => 'X'); end if;"
        ),
    ),
}
CLOCK = {
    "verilog": ("if (rst) out_valid <= 1'b0;", "if (rst) out_valid <= 1'bx;"),
    "vhdl": ("                full <= '0';", "                full <= 'X';"),
}
RUNS = [
    ("verilog", "icarus"),
    ("readmemh", "icarus"),
    ("vhdl", "ghdl"),
    ("cocotb", "icarus"),
    ("cocotb", "ghdl"),
]
EACH_RUN = pytest.mark.parametrize(("kind", "simulator"), RUNS, ids=["-".join(r) for r in RUNS])


def changed(path: Path, change: tuple[str, str], folder: Path) -> Path:
    text = path.read_text()
    assert text.count(change[0]) == 1
    copy = folder / path.name
    copy.write_text(text.replace(*change))
    return copy


def simulate(kind: str, folder: Path, simulator: str) -> rtl.Outcome:
    if kind == "cocotb":
        return simulate_cocotb(folder, "cocotb1", simulator)
    return rtl.simulate(folder, simulator)


@EACH_RUN
def test_unknown_results(
    kind: str, simulator: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    language = "vhdl" if simulator == "ghdl" else "verilog"
    files = [rtl.UNITS / "fp_mul.vhd"] if language == "vhdl" else rtl.sources("multiply")
    files[0] = changed(files[0], CHANGES[language], tmp_path)
    cases = Cases(UNIT, 3000, seed=1, classes=("B1",), closing=((0x38, 0x38),))
    folder = rtl.written(kind, cases, rtl.interface(UNIT, language), files, tmp_path / "tb")
    outcome = simulate(kind, folder, simulator)
    assert not outcome.passed
    text = outcome.text.upper()
    assert "38 38 => XX 00 EXPECTED: 38 00 (X OR Z IN THE OUTPUTS)" in text, outcome.text

    # The reader of the answers says where the X stands.
    manifest = {"cocotb": "cases.json", "readmemh": "vectors.mem.json"}.get(kind, "vectors.tv.json")
    capsys.readouterr()
    check = ["check", f"{folder}/results.tv", "--like", f"{folder}/{manifest}"]
    assert main([*check, "--grammar", "testfloat"]) == 2
    said = capsys.readouterr().err
    assert "results.tv, line " in said
    assert "column 7" in said


@EACH_RUN
def test_unknown_handshakes(kind: str, simulator: str, tmp_path: Path) -> None:
    language = "vhdl" if simulator == "ghdl" else "verilog"
    stream = "fp_mul_stream"
    files = [
        changed(path, CLOCK[language], tmp_path) if path.stem == stream else path
        for path in rtl.registered_sources("stream", language)
    ]
    cases = Cases(UNIT, 100, seed=1)
    ports = rtl.registered(UNIT, "stream", language)
    folder = rtl.written(kind, cases, ports, files, tmp_path / "tb")
    outcome = simulate(kind, folder, simulator)
    assert not outcome.passed
    assert "X or Z on a handshake output" in outcome.text
