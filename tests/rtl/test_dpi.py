"""The SystemVerilog package in Verilator: every function returns what Python returns."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
import pytest
import rtl_benches as rtl

import lowfloat as lf
from lowfloat import vectors
from lowfloat.optable import OPERATIONS
from lowfloat.vectors.dpi.package import format_literal, function_names, projection_literal

pytestmark = pytest.mark.rtl

FLAT = ["-Wno-fatal", "-Wno-lint", "--Mdir", "obj"]
CASES = 300
RULES = {
    "default": lf.Projection(),
    "saturating": lf.Projection("toward_negative", "finite", lf.Policy("x86_sse", ftz=True)),
    "arm": lf.Projection("nearest_away", "propagate", lf.Policy("arm", daz=True)),
    "quirks": lf.Projection(
        "toward_negative",
        policy=lf.Policy(
            tininess="zero",
            default_nan_fraction="ones",
            quiet_nan_invalid=True,
            integer_overflow="invalid",
            exact_zero="positive",
        ),
    ),
}


def build(folder: Path, text: str, accumulators: dict[str, object] | None = None) -> list[str]:
    """Compile a module `tb` with the package and run it; the lines it prints."""
    rtl.need("verilator")
    vectors.write_dpi(folder, accumulators)
    (folder / "tb.sv").write_text(text)
    command = ["verilator", "--binary", *FLAT, "--top-module", "tb", "lowfloat_pkg.sv", "tb.sv"]
    command += [str(folder / "liblowfloat.a"), "-LDFLAGS", "-pthread -lm"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    ran = subprocess.run(
        [folder / "obj/Vtb"], cwd=folder, capture_output=True, text=True, check=True
    )
    return [line for line in ran.stdout.splitlines() if not line.startswith("- ")]


def assert_stops(folder: Path, text: str) -> None:
    """A module that would print "went on" ends before that, with an error about an argument."""
    with pytest.raises(subprocess.CalledProcessError) as stopped:
        build(folder, text)
    assert "out of range" in stopped.value.stdout
    assert "went on" not in stopped.value.stdout


def calls(names: list[str], formats: list[lf.Format]) -> str:
    """Statements that print every function's outcome for codes x, y, z and a projection `rule`."""
    letters, lines = "xyz", []
    for name in names:
        operation = OPERATIONS[name]
        arguments = [*letters[: operation.arity], "F1"]
        if operation.kind == "value" or operation.name.removesuffix("_signaling") in RELATIONS:
            arguments.append("rule")
        if operation.kind == "value" and not operation.own_format:
            arguments.append("FR")
        arguments += [f"F{n}" for n in range(2, operation.arity + 1)]
        lines.append(f'        show("{name}", {name}({", ".join(arguments)}));')
    return "\n".join(lines)


RELATIONS = ("equal", "not_equal", "less", "less_equal", "greater", "greater_equal", "unordered")


@pytest.mark.parametrize("rule", RULES)
def test_every_function_equals_python(rule: str, tmp_path: Path) -> None:
    projection = RULES[rule]
    formats = [lf.float8_e5m2, lf.float8_e4m3fn, lf.float8_e5m2]
    result = lf.float16
    names = sorted(function_names())
    text = f"""
module tb;
    import lowfloat_pkg::*;
    localparam projection_t rule = {projection_literal(projection)};
    localparam format_t F1 = {format_literal(formats[0])};
    localparam format_t F2 = {format_literal(formats[1])};
    localparam format_t F3 = {format_literal(formats[2])};
    localparam format_t FR = {format_literal(result)};
    integer file;
    reg [63:0] x, y, z;
    task show(input string name, input outcome_t o);
        $display("%0s %h %h", name, o.code, o.flags);
    endtask
    initial begin
        file = $fopen("operands.txt", "r");
        while ($fscanf(file, "%h %h %h\\n", x, y, z) == 3) begin
{calls(names, formats)}
        show("cast", cast(x, F1, FR, rule));
        show("scaleb", scaleb(x, -3, F1, rule, FR));
        show("to_integer", to_integer(x, F1, 8, 1, 1, rule));
        show("from_integer", from_integer(z << 3, 0, F2, rule));
        end
        $finish;
    end
endmodule
"""
    random = np.random.default_rng(5)
    special = [0, 0x80, 1, 0x81, 0x7B, 0x7C, 0x7D, 0x7E, 0x7F, 0xFC, 0xFE, 0xFF, 0x3C, 0x03, 0x04]
    columns = [
        np.where(random.random(CASES) < 0.3, random.choice(special, CASES), random.integers(0, 256, CASES))
        .astype(np.uint8)
        for _ in range(3)
    ]  # fmt: skip
    lines = "".join(f"{x:x} {y:x} {z:x}\n" for x, y, z in zip(*columns, strict=True))
    tmp_path.joinpath("operands.txt").write_text(lines)
    printed = build(tmp_path, text)
    shown = {name: [] for name in [*names, "cast", "scaleb", "to_integer", "from_integer"]}
    for line in printed:
        name, code, flags = line.split()
        shown[name].append((int(code, 16), int(flags, 16)))

    arrays = [lf.from_codes(c, f) for c, f in zip(columns, formats, strict=True)]
    keywords = {
        "rounding": projection.rounding,
        "saturation": projection.saturation,
        "policy": projection.policy,
    }
    for name in names:
        operation = OPERATIONS[name]
        flags = np.zeros(CASES, np.uint8)
        given = dict(keywords) if operation.kind == "value" else {}
        if operation.name.removesuffix("_signaling") in RELATIONS:
            given = {"policy": projection.policy}
        if operation.kind == "value" and not operation.own_format:
            given["format"] = result
        if operation.kind == "value" or given:
            given["flags_out"] = flags
        answer = getattr(lf, name)(*arrays[: operation.arity], **given)
        codes = (
            answer.codes if isinstance(answer, lf.Array) else np.asarray(answer).astype(np.uint8)
        )
        expected = list(zip(codes.tolist(), flags.tolist(), strict=True))
        assert shown[name] == expected, name

    for name, function in {
        "cast": lambda **k: lf.cast(arrays[0], result, **k).codes,
        "scaleb": lambda **k: lf.scaleb(arrays[0], -3, format=result, **k).codes,
        "from_integer": lambda **k: (
            lf.cast(columns[2].astype(np.uint64) << np.uint64(3), formats[1], **k).codes
        ),
    }.items():
        flags = np.zeros(CASES, np.uint8)
        codes = function(**keywords, flags_out=flags)
        assert shown[name] == list(zip(codes.tolist(), flags.tolist(), strict=True)), name
    flags = np.zeros(CASES, np.uint8)
    integers = lf.to_integer(
        arrays[0], np.int8, exact=True, rounding=projection.rounding, policy=projection.policy,
        flags_out=flags,
    )  # fmt: skip
    unsigned = [int(i) & ((1 << 64) - 1) for i in integers]
    assert shown["to_integer"] == list(zip(unsigned, flags.tolist(), strict=True))


def test_random_bits_are_those_of_philox(tmp_path: Path) -> None:
    text = """
module tb;
    import lowfloat_pkg::*;
    outcome_t o;
    projection_t rule;
    initial begin
        rule = @RULE@;
        for (int i = 0; i < 64; i = i + 1) begin
            o = multiply(8'h2B, 64'(i) + 8'h21, float8_e4m3fn, rule, same, same, philox_bits(7, 8, 64'(i)));
            $display("%h %h", o.code, o.flags);
        end
        $finish;
    end
endmodule
"""
    literal = projection_literal(lf.Projection(lf.Stochastic(8)))
    text = text.replace("@RULE@", literal)
    y = lf.from_codes(np.arange(64, dtype=np.uint8) + np.uint8(0x21), "e4m3fn")
    x = lf.from_codes(np.full(64, 0x2B, np.uint8), "e4m3fn")
    flags = np.zeros(64, np.uint8)
    codes = lf.multiply(x, y, rounding=lf.Stochastic(8), rng=lf.Philox(7), flags_out=flags).codes
    lines = [f"{c:016x} {f:02x}" for c, f in zip(codes, flags, strict=True)]
    assert build(tmp_path, text) == lines


def test_an_impossible_argument_ends_the_simulation(tmp_path: Path) -> None:
    text = """
module tb;
    import lowfloat_pkg::*;
    outcome_t o;
    initial begin
        o = to_integer(8'h38, float8_e4m3fn, 12);
        $display("went on");
        $finish;
    end
endmodule
"""
    assert_stops(tmp_path, text)


@pytest.mark.parametrize("timing", ["combinational", "pipeline", "stream"])
def test_testbenches_that_compute_what_they_expect(timing: str, tmp_path: Path) -> None:
    unit = rtl.unit_of("multiply", "float8_e5m2")
    ports, files = rtl.interface(unit), rtl.sources("multiply")
    if timing != "combinational":
        ports, files = rtl.registered(unit, timing), rtl.registered_sources(timing)
    folder = rtl.written("dpi", unit, ports, files, tmp_path)
    outcome = rtl.simulate(folder, "verilator")
    assert outcome.passed, outcome.text
    assert "PASS: 65536 cases" in outcome.text


@pytest.mark.parametrize("operation", ["add", "multiply", "fma"])
def test_random_cases_of_wide_operands(operation: str, tmp_path: Path) -> None:
    unit = rtl.unit_of(operation, "float16", "nearest_away")
    files = rtl.sources(operation)
    cases = vectors.Cases(unit, 200_000, seed=3)
    folder = rtl.written("dpi", cases, rtl.interface(unit), files, tmp_path)
    outcome = rtl.simulate(folder, "verilator")
    assert outcome.passed, outcome.text
    assert "PASS: 200000 cases" in outcome.text
    # The cases are not of one kind; a sum, though, never underflows.
    results = [line.split() for line in (tmp_path / "results.tv").read_text().splitlines()]
    flags = [int(fields[-1], 16) for fields in results]
    for bit in (1, 4, 16) if operation == "add" else (1, 2, 4, 16):
        assert sum(bool(f & bit) for f in flags) > 100


@pytest.mark.exhaustive
@pytest.mark.parametrize("fmt", ["float8_e4m3fn", "float8_e5m2"])
def test_every_triple_of_a_multiply_add(fmt: str, tmp_path: Path) -> None:
    unit = rtl.unit_of("fma", fmt)
    folder = rtl.written("dpi", unit, rtl.interface(unit), rtl.sources("fma"), tmp_path)
    outcome = rtl.simulate(folder, "verilator")
    (tmp_path / "results.tv").unlink()  # a quarter of a gigabyte
    assert outcome.passed, outcome.text
    assert "PASS: 16777216 cases" in outcome.text
