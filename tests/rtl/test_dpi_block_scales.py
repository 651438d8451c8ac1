"""Block scales of the SystemVerilog package's dot, in Verilator: what lf.matmul returns."""

from __future__ import annotations

from pathlib import Path

import pytest
from dpi_dots import CASES, DOTS, by_matmul, operands, packed
from test_dpi import build

import lowfloat as lf
from lowfloat.vectors.dpi.package import format_literal

pytestmark = pytest.mark.rtl

CALL = """\
        for (int i = 0; i < @CASES@; i = i + 1) begin
            void'($fscanf(file, "%h %h %h %h %h\\n", a, b, sa, sb, c));
            o = dot(a, b, c, @TERMS@, @X@, @R@, acc@NUMBER@, .b_format(@Y@), .a_scales(sa), .a_scale_format(@SX@),
                    .a_block(@AB@), .b_scales(sb), .b_scale_format(@SY@), .b_block(@BB@));
            $display("%h %h", o.code, o.flags);
        end
"""


def test_scales_are_those_of_matmul(tmp_path: Path) -> None:
    calls, lines, expected = "", [], []
    for number, dot in enumerate(DOTS.values()):
        names = (*dot.formats, *dot.scales, dot.result)
        formats = [None if name is None else lf.format(name) for name in names]
        values = {
            "CASES": CASES,
            "TERMS": dot.terms,
            "NUMBER": number,
            "AB": dot.blocks[0],
            "BB": dot.blocks[1],
        }
        texts = ["same" if fmt is None else format_literal(fmt) for fmt in formats]
        values |= dict(zip(("X", "Y", "SX", "SY", "R"), texts, strict=True))
        text = CALL
        for key, value in values.items():
            text = text.replace(f"@{key}@", str(value))
        calls += text
        given = operands(dot)
        for i in range(CASES):
            fields = [
                packed(None if codes is None else codes[i], 0 if fmt is None else fmt.width)
                for codes, fmt in zip(given, formats, strict=True)
            ]
            lines.append(" ".join(f"{field:x}" for field in fields))
        for code, flags in zip(*by_matmul(dot, given), strict=True):
            expected.append(f"{code:016x} {flags:02x}")
    (tmp_path / "operands.txt").write_text("\n".join(lines) + "\n")
    text = f"""
module tb;
    import lowfloat_pkg::*;
    outcome_t o;
    codes_t a, b, sa, sb;
    code_t c;
    integer file;
    initial begin
        file = $fopen("operands.txt", "r");
{calls}
        $finish;
    end
endmodule
"""
    accumulators = {f"acc{n}": dot.accumulator for n, dot in enumerate(DOTS.values())}
    assert build(tmp_path, text, accumulators) == expected
