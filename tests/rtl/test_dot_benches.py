"""Dot-product units on real simulators: terms side by side at a port, and every kind of testbench."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import rtl_benches as rtl
from test_cocotb import simulate as simulate_cocotb
from test_dpi import assert_stops, build

import lowfloat as lf
from lowfloat.vectors import Cases, Interface, Unit
from lowfloat.vectors.dpi.package import accumulator_literal, format_literal, projection_literal

pytestmark = pytest.mark.rtl

A = lf.accumulators
BLOCK = A.Fused("float16", terms=4, fraction_bits=14, rounding="nearest_even")
COUNT = 20_000
FILES = [rtl.UNITS / "fp_dot.v", rtl.UNITS / "fp_round.v"]
#: Wrong units: a place of fp_dot.v, and what stands there instead.
MUTANTS = {
    "alignment: one bit fewer": ("significand[k] >> distance;", "significand[k] >> distance & ~1;"),
    "alignment: cut by one's complement": (
        "total - $signed({1'b0, kept})", "total - $signed({1'b0, kept}) - (kept << distance != significand[k])"
    ),
    "exponent: of the zeros too": ("if (!zero[k] && exponent[k] > greatest)", "if (exponent[k] > greatest)"),
    "exponent: c left out": ("for (k = 0; k < 5; k = k + 1)\n            if", "for (k = 0; k < 4; k = k + 1)\n            if"),
    "term 3 left out": ("kept = zero[k] ?", "kept = zero[k] || k == 3 ?"),
    "subnormal factors: hidden bit": ("fraction = {|x[CODE-2:MAN],", "fraction = {1'b1,"),
    "flags: cut bits are not inexact": ("raised | {4'b0, lost}", "raised"),
    "NaN of the start forgotten": ("if (|nan ||", "if (|nan[3:0] ||"),
}  # fmt: skip


def dot_unit(fmt: str = "float8_e4m3fn") -> Unit:
    return Unit.dot(4, fmt, "float16", accumulator=BLOCK)


def ports(unit: Unit, language: str = "verilog") -> Interface:
    fmt = unit.operand_formats[0]
    parameters = {
        "EXP": fmt.exponent_bits,
        "MAN": fmt.mantissa_bits,
        "IEEE": int(fmt.nan == "ieee"),
    }
    return Interface(
        "fp_dot", ("a", "b", "c"), "z", "flags",
        parameters=parameters if language == "verilog" else {},
    )  # fmt: skip


@pytest.mark.parametrize("fmt", ["float8_e4m3fn", "float8_e5m2"])
@pytest.mark.parametrize(
    ("kind", "simulator"),
    [("verilog", "icarus"), ("readmemh", "icarus"), ("verilog", "verilator"), ("readmemh", "verilator"),
     ("dpi", "verilator")],
)  # fmt: skip
def test_the_right_unit_passes(kind: str, simulator: str, fmt: str, tmp_path: Path) -> None:
    unit = dot_unit(fmt)
    folder = rtl.written(kind, Cases(unit, COUNT, seed=1), ports(unit), FILES, tmp_path)
    outcome = rtl.simulate(folder, simulator)
    assert outcome.passed, outcome.text
    assert f"PASS: {COUNT} cases" in outcome.text
    assert rtl.checked(folder) == 0


def test_the_right_unit_passes_in_vhdl(tmp_path: Path) -> None:
    unit = dot_unit()
    files = [rtl.UNITS / "fp_dot.vhd"]
    folder = rtl.written("vhdl", Cases(unit, COUNT, seed=1), ports(unit, "vhdl"), files, tmp_path)
    outcome = rtl.simulate(folder, "ghdl")
    assert outcome.passed, outcome.text
    assert rtl.checked(folder) == 0


@pytest.mark.parametrize(
    ("version", "simulator"),
    [("cocotb1", "icarus"), ("cocotb1", "verilator"), ("cocotb1", "ghdl"), ("cocotb2", "icarus"), ("cocotb2", "ghdl")],
)  # fmt: skip
def test_the_scoreboard_packs_terms(version: str, simulator: str, tmp_path: Path) -> None:
    unit = dot_unit()
    language = "vhdl" if simulator == "ghdl" else "verilog"
    files = [rtl.UNITS / "fp_dot.vhd"] if language == "vhdl" else FILES
    made = rtl.written("cocotb", Cases(unit, 2000, seed=1), ports(unit, language), files, tmp_path)
    outcome = simulate_cocotb(made, version, simulator)
    assert outcome.passed, outcome.text


@pytest.mark.parametrize("name", MUTANTS)
def test_every_mutant_is_killed(name: str, tmp_path: Path) -> None:
    old, new = MUTANTS[name]
    text = FILES[0].read_text()
    assert text.count(old) == 1
    wrong = tmp_path / "fp_dot.v"
    wrong.write_text(text.replace(old, new))
    unit = dot_unit()
    folder = rtl.written(
        "verilog", Cases(unit, COUNT, seed=1), ports(unit), [wrong, FILES[1]], tmp_path / "tb"
    )
    assert not rtl.simulate(folder, "icarus").passed
    assert rtl.checked(folder) == 1


def test_mutants_are_killed_in_the_other_simulators(tmp_path: Path) -> None:
    """The expected result comes from C in one, from a file in the other."""
    unit = dot_unit()
    old, new = MUTANTS["term 3 left out"]
    (tmp_path / "fp_dot.v").write_text(FILES[0].read_text().replace(old, new))
    folder = rtl.written(
        "dpi", Cases(unit, 2000), ports(unit), [tmp_path / "fp_dot.v", FILES[1]], tmp_path / "dpi"
    )
    assert not rtl.simulate(folder, "verilator").passed
    text = (rtl.UNITS / "fp_dot.vhd").read_text()
    assert text.count("for k in 0 to 3 loop") == 1
    (tmp_path / "fp_dot.vhd").write_text(
        text.replace("(guard and (more or", "(guard and (guard or")
    )
    folder = rtl.written(
        "vhdl", Cases(unit, 5000), ports(unit, "vhdl"), [tmp_path / "fp_dot.vhd"], tmp_path / "vhdl"
    )
    assert not rtl.simulate(folder, "ghdl").passed


# -- the package's dot and sum ----------------------------------------------------------------

STOCHASTIC = lf.Accumulator(
    "e6m9", rounding=lf.Stochastic(7, "B"), order="reversed",
    product=A.Product("e5m7", rounding=lf.Stochastic(3)),
)  # fmt: skip
DOTS = {
    "exact": Unit.dot(5, "float4_e2m1fn", "bfloat16"),
    "rounded": Unit.dot(3, ("float8_e5m2", "float16"), "float32", "float16",
                        accumulator=lf.Accumulator("e8m12", order="pairwise")),
    "kahan": Unit.dot(6, "float16", "float16",
                      accumulator=lf.Accumulator("float16", compensation="kahan")),
    "block": dot_unit("float8_e5m2"),
    "hopper": Unit.dot(64, "float8_e4m3fn", "float32",
                       accumulator=A.nvidia_hopper("float8_e4m3fn", out="float32")),
    "fixed": Unit.dot(7, "float4_e2m1fn", "float8_e4m3fn", "float32",
                      accumulator=A.FixedPoint(12, lsb=-9, overflow="saturate")),
    "wide": Unit.dot(2, "float64", "float64", accumulator=A.Exact("float32")),
    "grouped": Unit.dot(20, "float8_e4m3fn", "bfloat16", accumulator=A.Grouped(
        A.Fused("e8m13", terms=4, fraction_bits=13), lf.Accumulator("bfloat16"), n=8)),
    "nested": Unit.dot(24, "float6_e3m2fn", "float32", accumulator=A.Grouped(
        A.Grouped(lf.Accumulator("e5m7"), lf.Accumulator("e6m9"), n=3), A.Exact("float32"), n=9, by="split")),
    "stochastic": Unit.dot(4, "float8_e4m3fn", "bfloat16", accumulator=STOCHASTIC,
                           projection=lf.Projection(lf.Stochastic(9, "C"), "finite")),
}  # fmt: skip


@pytest.mark.parametrize("name", DOTS)
def test_the_packages_dot_is_pythons(name: str, tmp_path: Path) -> None:
    unit, count = DOTS[name], 400
    k, widths = unit.terms, unit.random_widths
    inputs = Cases(unit, count, seed=2).inputs(0, count)
    result, flags = unit.compute(inputs)
    field = max(widths, default=64)

    def side_by_side(columns: list, width: int) -> int:
        return sum(int(code) << width * n for n, code in enumerate(columns))

    lines = []
    first, second = unit.operand_formats[0].width, unit.operand_formats[k].width
    for row in zip(*inputs, strict=True):
        parts = [
            side_by_side(row[:k], first),
            side_by_side(row[k : 2 * k], second),
            int(row[2 * k]),
        ]
        lines.append(" ".join(f"{x:x}" for x in (*parts, side_by_side(row[2 * k + 1 :], field))))
    (tmp_path / "operands.txt").write_text("\n".join(lines) + "\n")
    accumulator = unit.accumulator or A.Exact()
    text = f"""
module tb;
    import lowfloat_pkg::*;
{accumulator_literal("ACC", accumulator)}
    localparam format_t F1 = {format_literal(unit.operand_formats[0])};
    localparam format_t F2 = {format_literal(unit.operand_formats[k])};
    localparam format_t FC = {format_literal(unit.operand_formats[-1])};
    localparam format_t FR = {format_literal(unit.result_format)};
    localparam projection_t RULE = {projection_literal(unit.projection)};
    integer file;
    reg [4095:0] a, b, r;
    reg [63:0] c;
    outcome_t o;
    initial begin
        file = $fopen("operands.txt", "r");
        while ($fscanf(file, "%h %h %h %h\\n", a, b, c, r) == 4) begin
            o = dot(a, b, c, {k}, F1, FR, ACC, RULE, F2, FC, r, {field});
            $display("%h %h", o.code, o.flags);
        end
        $finish;
    end
endmodule
"""
    expected = [
        f"{int(code):016x} {int(raised):02x}" for code, raised in zip(result, flags, strict=True)
    ]
    assert build(tmp_path, text) == expected


def test_sums_constants_and_running_sums(tmp_path: Path) -> None:
    """`lowfloat dpi --accumulator` makes a constant; rounded() one in the simulator."""
    random = np.random.default_rng(3)
    codes = random.integers(0, 0x60, (200, 4)).astype(np.uint8)
    lines = [" ".join(f"{c:02x}" for c in row[::-1]).replace(" ", "") for row in codes]
    (tmp_path / "operands.txt").write_text("\n".join(lines) + "\n")
    text = """
module tb;
    import lowfloat_pkg::*;
    integer file;
    reg [31:0] x;
    outcome_t o;
    initial begin
        file = $fopen("operands.txt", "r");
        while ($fscanf(file, "%h\\n", x) == 1) begin
            o = sum(x, 0, 4, float8_e4m3fn, float16, chopped);
            $write("%h %h ", o.code, o.flags);
            o = sum(x, 0, 4, float8_e4m3fn, float16, rounded(float16));
            $display("%h %h", o.code, o.flags);
        end
        $finish;
    end
endmodule
"""
    chopped = lf.Accumulator("float16", rounding="toward_zero")
    rows = lf.from_codes(codes, "float8_e4m3fn")
    columns = []
    for accumulator in (chopped, lf.Accumulator("float16")):
        flags = np.zeros(200, np.uint8)
        found = lf.sum(rows, axis=1, accumulator=accumulator, format="float16", flags_out=flags)
        columns += [
            [f"{c:016x}" for c in found.codes.tolist()],
            [f"{f:02x}" for f in flags.tolist()],
        ]
    expected = [" ".join(row) for row in zip(*columns, strict=True)]
    assert build(tmp_path, text, {"chopped": chopped}) == expected
    assert columns[0] != columns[2]


@pytest.mark.parametrize(
    "call",
    ["dot(0, 0, 0, 0, float16, float16)", "dot(0, 0, 0, 300, float16, float16)",
     "dot(0, 0, 0, 2, float16, float16, cyclic)", "dot(0, 0, 0, 2, float16, float16, rounded(float8_e8m0fnu))",
     "dot(0, 0, 0, 9, float16, float16, rounded(float16, noisy), ieee, same, same, 0, 600)",
     "dot(0, 0, 0, 65, float16, float16, rounded(float16, noisy))"],
)  # fmt: skip
def test_impossible_sums_end_the_simulation(call: str, tmp_path: Path) -> None:
    text = f"""
module tb;
    import lowfloat_pkg::*;
    outcome_t o;
    projection_t noisy;
    accumulator_t cyclic;
    initial begin
        noisy = ieee;
        noisy.rounding = stochastic;
        noisy.random_bits = 8;
        cyclic = exact;
        cyclic[0].kind = 4;
        o = {call};
        $display("went on");
        $finish;
    end
endmodule
"""
    assert_stops(tmp_path, text)
