"""Profiles of standards, against the tables of their documents, and what all profiles share."""

from __future__ import annotations

import itertools
from fractions import Fraction

import numpy as np
import pytest

import lowfloat as lf
from lowfloat.profile_rules import ANY_P3109
from lowfloat.profiles import registry

INF, NAN = float("inf"), float("nan")

#: OFP8 1.0, table 3; ONNX Cast-25, both tables; PTX satfinite; RISC-V: (operand, result).
E4M3_SAT = {464.0: 448, 464.25: 448, 1e9: 448, -1e9: -448, INF: 448, -INF: -448, NAN: NAN}
E4M3_NAN = {464.0: 448, 464.25: NAN, 1e9: NAN, -1e9: NAN, INF: NAN, -INF: NAN, NAN: NAN}
E5M2_SAT = {61439.0: 57344, 61440.0: 57344, 1e9: 57344, INF: 57344, -INF: -57344, NAN: NAN}
E5M2_INF = {61439.0: 57344, 61440.0: INF, 1e9: INF, -1e9: -INF, INF: INF, -INF: -INF, NAN: NAN}
E4M3FNUZ_SAT = {248.0: 240, 1e9: 240, INF: 240, -INF: -240, NAN: NAN, -0.0: 0.0}
E5M2FNUZ_SAT = {1e9: 57344, INF: 57344, -INF: -57344, NAN: NAN, -0.0: 0.0}
FP4_SAT = {5.0: 4, 5.1: 6, 7.0: 6, 1e9: 6, -1e9: -6, INF: 6, -INF: -6, NAN: 6, -0.0: -0.0}
E8M0_UP_SAT = {0.0: 2.0**-127, 0.75: 1, 1.0: 1, 1.01: 2, 3.0: 4, 1e39: 2.0**127, INF: 2.0**127}
TABLES = [
    ("ocp_sat", "float8_e4m3fn", E4M3_SAT),
    ("ocp_sat", "float8_e5m2", E5M2_SAT),
    ("ocp_sat", "float4_e2m1fn", {**FP4_SAT}),
    ("ocp_sat", "float6_e2m3fn", {8.0: 7.5, INF: 7.5, -1e9: -7.5}),
    ("ocp_sat", "float6_e3m2fn", {32.0: 28, INF: 28, -1e9: -28}),
    ("ocp_nonsat", "float8_e4m3fn", E4M3_NAN),
    ("ocp_nonsat", "float8_e5m2", E5M2_INF),
    ("onnx", "float8_e4m3fn", E4M3_SAT),
    ("onnx", "float8_e5m2", E5M2_SAT),
    ("onnx", "float8_e4m3fnuz", E4M3FNUZ_SAT),
    ("onnx", "float8_e5m2fnuz", E5M2FNUZ_SAT),
    ("onnx", "float4_e2m1fn", FP4_SAT),
    ("onnx", "float8_e8m0fnu", {**E8M0_UP_SAT, NAN: NAN, 1e-45: 2.0**-127}),
    ("onnx", "float16", {65519.0: 65504, 65520.0: INF, -1e9: -INF, INF: INF, NAN: NAN}),
    ("cuda_satfinite", "float8_e4m3fn", E4M3_SAT),
    ("cuda_satfinite", "float8_e5m2", E5M2_SAT),
    ("cuda_satfinite", "float4_e2m1fn", FP4_SAT),
    ("cuda_satfinite", "float8_e8m0fnu", {**E8M0_UP_SAT, NAN: NAN, -3.0: 4}),
    ("cuda_nosat", "float8_e4m3fn", E4M3_NAN),
    ("cuda_nosat", "float8_e5m2", E5M2_INF),
    ("riscv", "float8_e4m3fn", E4M3_NAN),
    ("riscv", "float8_e5m2", E5M2_INF),
    ("p3109", "binary8p4se", {232.0: 224, 233.0: INF, -0.0: 0.0, INF: INF, NAN: NAN}),
    ("p3109", "binary8p4sf", {1000.0: 240, -INF: -240, NAN: NAN}),
    ("p3109", "binary8p4ue", {55295.0: 53248, 55296.0: INF, -1.0: NAN, -INF: NAN}),
    ("p3109", "binary8p1uf", {1.5: 1, 3.0: 4, 6.0: 4, 12.0: 16, 2.0**-128: 0}),
    ("p3109", "float16", {-0.0: 0.0, 65520.0: INF, -1e9: -INF}),
]


@pytest.mark.parametrize(("profile", "name", "table"), TABLES)
def test_the_document_says_so(profile: str, name: str, table: dict[float, float]) -> None:
    x = np.array(list(table), np.float64)
    got = lf.profile(profile).cast(x, name).to_numpy(np.float64)
    for operand, result, expected in zip(table, got, table.values(), strict=True):
        same = np.isnan(result) if np.isnan(expected) else result == expected
        zeros = expected != 0 or np.signbit(result) == np.signbit(expected)
        assert same, f"{operand} became {result}, not {expected}"
        assert zeros, f"{operand} became {result}: the sign is wrong"


def test_riscv_has_one_nan() -> None:
    x = np.array([0x7FA00000, 0xFFC12345, 0x447A0000, 0xC47A0000], np.uint32).view(np.float32)
    riscv = lf.profile("riscv")
    assert riscv.cast(x, "float8_e4m3fn").codes.tolist() == [0x7F] * 4
    assert riscv.cast(x[:2], "float8_e5m2").codes.tolist() == [0x7F] * 2
    assert riscv.cast(x[:2], "bfloat16").codes.tolist() == [0x7FC0] * 2
    assert riscv.cast(np.float64([NAN, -NAN]), "float32").codes.tolist() == [0x7FC00000] * 2


@pytest.mark.parametrize("name", ["binary4p2sf", "binary6p3se", "binary8p3ue", "binary8p1uf"])
def test_p3109_is_golden_convert(name: str) -> None:
    """Any P3109 format from any other, as section 4.9.1 defines it."""
    fmt, policy = lf.format(name), lf.Policy(infinityless_overflow="max")
    for source in ("binary8p4se", "binary8p1uf", "float16"):
        x = lf.from_codes(np.arange(1 << lf.format(source).width), source)
        ours = lf.profile("p3109").cast(x, fmt)
        lf.testing.assert_same_bits(ours, lf.cast(x, fmt, policy=policy))


@pytest.mark.parametrize("profile", registry())
def test_every_entry_is_legal_and_cites_its_source(profile: str) -> None:
    entry = lf.profile(profile)
    assert entry is registry()[profile]
    assert entry.title
    assert repr(entry).startswith(f"lowfloat.profile('{profile}')")
    for name, rule in entry.rules.items():
        fmt = lf.format("binary8p4se" if name == ANY_P3109 else name)
        assert fmt.name == name or name == ANY_P3109
        assert rule.source
        assert rule.projection
        assert set(rule.special) <= set(entry.sources or ())
        for pair in (rule.nan, rule.made_nan, rule.zero):
            for code in pair if isinstance(pair, tuple) else ():
                assert 0 <= code < 1 << fmt.width
        if isinstance(rule.nan, tuple) and fmt.nan_code is not None:
            assert all(lf.golden.decode(code, fmt).is_nan for code in rule.nan)


@pytest.mark.parametrize("profile", [p for p in registry() if p not in ("p3109", "riscv")])
def test_finite_numbers_in_range_are_rounded_to_nearest_even_once(profile: str) -> None:
    """Apart from scales, profiles differ in what is special only, from 16-bit sources."""
    entry = lf.profile(profile)
    for name in set(entry.rules) - {"float8_e8m0fnu", "float32"}:
        fmt = lf.format(name)
        x = np.arange(1 << 16, dtype=np.uint16).view(np.float16)
        x = x[np.abs(x.astype(np.float64)) < float(lf.finfo(fmt).max)]
        source = x if name != "float16" else x.astype(np.float32)
        assert np.array_equal(entry.cast(source, fmt).codes, lf.cast(source, fmt).codes)


def test_bad_input_is_named() -> None:
    with pytest.raises(ValueError, match="there are torch, ml_dtypes, numpy"):
        lf.profile("pytorch")
    with pytest.raises(ValueError, match="there are torch"):
        lf.profile(None)
    torch = lf.profile("torch")
    with pytest.raises(ValueError, match=r"torch has no float6_e2m3fn: it casts to float16"):
        torch.cast([1.0], "float6_e2m3fn")
    with pytest.raises(ValueError, match="not from float8_e5m2"):
        torch.cast(lf.array([1.0], "float8_e5m2"), "float16")
    with pytest.raises(ValueError, match="not from integers"):
        lf.profile("cuda_nosat").cast([1, 2], "float8_e5m2")
    with pytest.raises(TypeError, match=r"machine numbers: give an array"):
        torch.cast([Fraction(1, 3)], "float16")
    with pytest.raises(TypeError, match="holds no real numbers"):
        torch.cast(np.array(["2020"], "M8[Y]"), "float16")
    with pytest.raises(ValueError, match="too many results"):
        lf.profile("numpy").differences("onnx", "float32", "float64")


def test_out_takes_the_codes_and_the_operand_stays() -> None:
    x = np.float32([[1.0, 1e9], [-0.3, 7.0]])
    before = x.copy()
    out = lf.array(np.zeros((2, 2)), "float8_e4m3fn")
    result = lf.profile("torch").cast(x, "float8_e4m3fn", out=out)
    assert result is out
    assert out.codes.tolist() == [[0x38, 0x7E], [0xAA, 0x4E]]
    column = np.zeros((2, 4), np.uint8)[:, ::2]
    lf.profile("torch").cast(x, "float8_e4m3fn", out=column)
    assert column.tolist() == out.codes.tolist()
    with pytest.raises(TypeError, match="this result needs uint8"):
        lf.profile("torch").cast(x, "float8_e4m3fn", out=np.zeros((2, 2)))
    with pytest.raises(lf.FormatMismatch):
        lf.profile("torch").cast(x, "float8_e5m2", out=out)
    assert np.array_equal(x, before)


def test_shapes_and_scalars() -> None:
    torch = lf.profile("torch")
    assert torch.cast(1000.0, "float8_e4m3fn").item() == 448
    assert torch.cast(np.float32(NAN), "float8_e5m2").codes == 0x7F
    assert torch.cast(np.zeros((0, 3), np.float32), "float16").shape == (0, 3)
    assert torch.cast(np.float32([[1, 2]]).T, "float16").shape == (2, 1)
    same = np.array([0x7C01, 0xFE12], np.uint16).view(np.float16)
    assert torch.cast(same, "float16").codes.tolist() == [0x7C01, 0xFE12]


def test_no_flags_are_collected() -> None:
    with lf.flags() as raised:
        lf.profile("ml_dtypes").cast([1e300, 0.1], "float8_e4m3fn")
    assert raised.raised == set()


def test_the_context_does_not_reach_a_profile() -> None:
    with lf.context(rounding="toward_zero", saturation="finite"):
        got = lf.profile("ml_dtypes").cast([1.1, 1e9], "float8_e4m3fn")
    assert got.codes.tolist() == [0x39, 0x7F]


@pytest.mark.parametrize("backend", ["golden", "jit"])
def test_backends_agree(backend: str) -> None:
    x = np.float32([1.1, -464.25, 1e9, INF, NAN, 1e-45, -0.0])
    for entry, name in itertools.product(registry().values(), ("float8_e4m3fn", "float16")):
        if name in entry.rules:
            with lf.backend(backend):
                got = entry.cast(x, name)
            lf.testing.assert_same_bits(got, entry.cast(x, name))
