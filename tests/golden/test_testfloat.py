"""The golden model against Berkeley TestFloat: results and flags, bit for bit."""

from __future__ import annotations

from collections import Counter

import pytest
from testfloat_vectors import VectorFile, manifest, needs_vectors, vector_files

import lowfloat as lf

pytestmark = needs_vectors

FILES = vector_files()
SAMPLE = 100


def compute(file: VectorFile, operands: tuple[int, ...], p: lf.Projection) -> tuple[int, int]:
    function = getattr(lf.golden, file.operation)
    if file.integer:
        return function(*operands, format=file.format, projection=p)
    return function(*operands, formats=file.formats, format=file.format, projection=p)


def wrong_lines(file: VectorFile, count: int | None, compute=compute) -> tuple[int, list[str]]:
    """How many lines were compared, and the first wrong ones as text."""
    compared, wrong = 0, []
    for operands, result, flags in file.lines(count):
        for p in file.projections:
            compared += 1
            got = compute(file, operands, p)
            if got != (result, flags) and len(wrong) < 5:
                shown = " ".join(f"{x:x}" for x in operands)
                wrong.append(
                    f"{file.name} {p.policy.tininess}: {shown} => {got[0]:x} {got[1]:02x}, "
                    f"expected {result:x} {flags:02x}"
                )
    return compared, wrong


def by_operation() -> dict[str, list[VectorFile]]:
    groups: dict[str, list[VectorFile]] = {}
    for file in FILES:
        groups.setdefault(f"{file.operation}-{file.format.name}", []).append(file)
    return groups


@pytest.mark.parametrize("group", by_operation())
def test_a_sample_of_every_file(group):
    found = []
    for file in by_operation()[group]:
        compared, wrong = wrong_lines(file, SAMPLE)
        assert compared
        found += wrong
    assert found == []


@pytest.mark.exhaustive
@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_every_line(file):
    compared, wrong = wrong_lines(file, None)
    assert wrong == []
    assert compared == manifest()[file.name] * len(file.projections)


def test_every_operation_mode_and_nan_policy_is_there():
    operations = Counter((file.operation, file.format.name) for file in FILES)
    for operation in ("add", "subtract", "multiply", "fma", "convert", "encode"):
        for name in ("float16", "float32"):
            assert operations[operation, name] >= 6, (operation, name)
    assert operations["convert", "bfloat16"] >= 6
    kinds = {(p.policy.nan, p.policy.tininess) for file in FILES for p in file.projections}
    nans = ("canonical", "first", "signaling_first")
    assert kinds == {(nan, "after") for nan in nans} | {("canonical", "before")}
    assert lf.Policy("arm_default_nan") in {p.policy for file in FILES for p in file.projections}
    assert len({p.rounding for file in FILES for p in file.projections}) == 6


def test_softfloat_moves_bfloat16_payloads_one_place():
    """The one deviation from TestFloat that ``lines`` corrects, pinned bit for bit."""
    for name in ("bf16_to_f32", "f32_to_bf16"):
        (file,) = (f for f in FILES if f.name == f"nan_x86sse/{name}_near_even_after")
        lines = list(file.lines(realigned=False))
        for (nan,), result, _ in lines:
            if name == "bf16_to_f32":
                assert result == (nan >> 15) << 31 | 0x7FC00000 | (nan & 0x7F) << 15
            else:
                assert result == (nan >> 31) << 15 | 0x7FC0 | nan >> 15 & 0x7F
        assert any(line != other for line, other in zip(lines, file.lines(), strict=True))


@pytest.mark.parametrize("bit", [0, 3])
def test_a_planted_wrong_bit_is_found(bit):
    def planted(file, operands, p):
        code, flags = compute(file, operands, p)
        return (code ^ 1, flags) if bit == 0 else (code, flags ^ 1)

    file = next(file for file in FILES if file.name == "f16_add_near_even_any")
    assert len(wrong_lines(file, 20, planted)[1]) == 5


def test_a_planted_wrong_policy_is_found():
    def planted(file, operands, p):
        return compute(file, operands, lf.Projection(p.rounding, "none", lf.Policy("ieee")))

    for name in ("nan_x86sse/f16_mulAdd_near_even_after", "nan_armvfp/f16_add_near_even_after"):
        file = next(file for file in FILES if file.name == name)
        assert wrong_lines(file, 200, planted)[1]
    name = "tininess_directed/f16_mul_near_even_before"
    assert wrong_lines(next(file for file in FILES if file.name == name), 50, planted)[1]
