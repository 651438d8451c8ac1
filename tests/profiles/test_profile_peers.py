"""Profiles against the systems they describe: every code, NaN codes too, is the same."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import ml_dtypes
import numpy as np
import peers
import profile_sources as sources
import pytest

import lowfloat as lf
from lowfloat.profiles import registry

FLOATS = {
    "float16": lambda fmt: sources.all_of("float16"),
    "bfloat16": lambda fmt: sources.all_of("bfloat16"),
    "float32": lambda fmt: np.concatenate(
        [sources.decisive(fmt, np.float32), sources.random_patterns(np.float32, 1 << 18)]
    ),
    "float64": lambda fmt: np.concatenate(
        [sources.decisive(fmt, np.float64), sources.random_patterns(np.float64, 1 << 16)]
    ),
}
INTEGERS = (np.int8, np.uint8, np.int16, np.uint16, np.int32, np.uint32, np.int64, np.uint64)


def cases(profile: str) -> list[tuple[str, str]]:
    """The pairs of formats, source and result, that a profile describes and a NumPy array can be."""
    entry = registry()[profile]
    return [(s, f) for f in entry.rules for s in entry.sources or () if s != f and s in FLOATS]


def differences(x: np.ndarray, ours: np.ndarray, theirs: np.ndarray) -> list[str]:
    """The first places where two results differ."""
    wrong = np.flatnonzero(ours != theirs)
    return [
        f"{x[i]!r} ({peers.codes_of(x[i : i + 1])[0]:#x}): {ours[i]:#x}, there {theirs[i]:#x}"
        for i in wrong[:5]
    ]


def check(profile: str, x: np.ndarray, name: str, theirs: np.ndarray) -> None:
    ours = lf.profile(profile).cast(x, name).codes
    assert differences(x, ours, theirs) == []


def vectorised() -> bool:
    """Whether PyTorch uses the code that makes 0xFFFF of every NaN in bfloat16."""
    torch = pytest.importorskip("torch", reason="pip install torch==2.13.0")
    return torch.backends.cpu.get_cpu_capability() in ("AVX2", "AVX512")


@pytest.mark.parametrize(("source", "name"), cases("torch"))
def test_torch(source: str, name: str) -> None:
    if name == "bfloat16" and not vectorised():
        pytest.skip("this processor's NaNs are those of the scalar code")
    x = FLOATS[source](lf.format(name))
    check("torch", x, name, peers.by_torch(x, name))


@pytest.mark.parametrize("name", registry()["torch"].rules)
def test_torch_from_integers(name: str) -> None:
    for dtype in INTEGERS:
        x = sources.integers(dtype, 2000)
        check("torch", x, name, peers.by_torch(x, name))


@pytest.mark.parametrize(("source", "name"), cases("ml_dtypes"))
def test_ml_dtypes(source: str, name: str) -> None:
    x = FLOATS[source](lf.format(name))
    check("ml_dtypes", x, name, peers.by_numpy(x, name))


@pytest.mark.parametrize("name", registry()["ml_dtypes"].rules)
def test_ml_dtypes_from_integers(name: str) -> None:
    for dtype in INTEGERS:
        x = sources.integers(dtype, 2000)
        check("ml_dtypes", x, name, peers.by_numpy(x, name))


@pytest.mark.parametrize(
    ("source", "name"), [pair for pair in cases("numpy") if "bfloat16" not in pair]
)
def test_numpy(source: str, name: str) -> None:
    """NaNs are NumPy's own; a build whose casts are the processor's makes them quiet."""
    x = FLOATS[source](lf.format(name))
    theirs = peers.by_numpy(x, name)
    signaling = np.array([0x7F800001], np.uint32).view(np.float32).astype(np.float16)
    if signaling.view(np.uint16)[0] != 0x7C01:
        x, theirs = x[~np.isnan(x)], theirs[~np.isnan(x)]
    check("numpy", x, name, theirs)


@pytest.mark.parametrize("name", registry()["numpy"].rules)
def test_numpy_from_integers(name: str) -> None:
    for dtype in INTEGERS:
        x = sources.integers(dtype, 2000)
        check("numpy", x, name, peers.by_numpy(x, name))


def onnx_deviates(x: np.ndarray, name: str) -> np.ndarray:
    """Where the reference implementation is known not to follow the tables."""
    if name == "float8_e8m0fnu":
        wide = np.abs(x.astype(np.float64))
        return np.isinf(x) | ((wide > 0) & (wide < 2.0**-126)) | (x < 0)
    if name == "float4_e2m1fn":
        return np.isnan(x)
    return np.zeros(x.shape, bool)


@pytest.mark.parametrize("source", ["float16", "bfloat16", "float32"])
@pytest.mark.parametrize("name", registry()["onnx"].rules)
def test_onnx(source: str, name: str) -> None:
    if source == name:
        pytest.skip("the same format")
    fmt = lf.format(name)
    x = FLOATS[source](fmt)
    with np.errstate(all="ignore"):
        x = x[~onnx_deviates(x, name)]
    theirs = peers.nans_alike(peers.by_onnx(x, name), fmt)
    ours = peers.nans_alike(lf.profile("onnx").cast(x, name).codes, fmt)
    assert differences(x, ours, theirs) == []


def test_onnx_deviations_are_real() -> None:
    """Each ``differs`` of the onnx entries is so; else the entry should lose it."""
    onnx = lf.profile("onnx")
    tiny = np.float32([2.0**-127, 2.0**-130, np.inf, -np.inf])
    assert peers.by_onnx(tiny, "float8_e8m0fnu").tolist() == [1, 1, 0xFF, 0xFF]
    assert onnx.cast(tiny[:3], "float8_e8m0fnu").codes.tolist() == [0, 0, 0xFE]
    nans = np.array([0x7FC00000, 0xFFC00000], np.uint32).view(np.float32)
    assert peers.by_onnx(nans, "float4_e2m1fn").tolist() == [8, 0]
    assert onnx.cast(nans, "float4_e2m1fn").codes.tolist() == [7, 7]
    for name in ("bfloat16", "float8_e4m3fn", "float8_e5m2"):
        step = lf.finfo(name).eps
        x = np.float64([1 + step / 2 + 2.0**-40])
        assert peers.by_onnx(x, name) != onnx.cast(x, name).codes


def test_cuda(tmp_path: Path) -> None:
    """CUDA's host code, which its documentation says agrees with the instructions."""
    program = peers.cuda_program(tmp_path)
    for saturate in ("satfinite", "nosat"):
        for source, name in cases(f"cuda_{saturate}"):
            x = FLOATS[source](lf.format(name))
            check(f"cuda_{saturate}", x, name, peers.by_cuda(program, saturate, x, name))


@pytest.mark.parametrize("name", ["float8_e4m3fn", "float8_e5m2", "float4_e2m1fn"])
def test_a_planted_wrong_code_is_found(name: str) -> None:
    x = sources.decisive(lf.format(name), np.float32)
    theirs = peers.by_numpy(x, name).copy()
    check("ml_dtypes", x, name, theirs)
    theirs[7] ^= 1
    with pytest.raises(AssertionError):
        check("ml_dtypes", x, name, theirs)


@pytest.mark.parametrize(
    ("profile", "wrong", "name"),
    [
        ("torch", "ml_dtypes", "float8_e4m3fn"),
        ("torch", "ml_dtypes", "float8_e5m2"),
        ("ml_dtypes", "onnx", "float4_e2m1fn"),
        ("numpy", "torch", "float16"),
        ("cuda_satfinite", "cuda_nosat", "float8_e5m2"),
    ],
)
def test_another_system_does_not_pass(profile: str, wrong: str, name: str) -> None:
    """The operands tell the systems apart: a wrong profile is found."""
    x = sources.decisive(lf.format(name), np.float32)
    ours, theirs = (lf.profile(p).cast(x, name).codes for p in (profile, wrong))
    assert differences(x, ours, theirs)


def chunks() -> list[np.ndarray]:
    step = 1 << 24
    for start in range(0, 1 << 32, step):
        yield np.arange(start, start + step, dtype=np.uint64).astype(np.uint32).view(np.float32)


@pytest.mark.exhaustive
@pytest.mark.parametrize("profile", ["torch", "ml_dtypes"])
@pytest.mark.parametrize("name", sorted({*registry()["torch"].rules, "float4_e2m1fn"}))
def test_all_float32_patterns(profile: str, name: str) -> None:
    if name not in registry()[profile].rules:
        pytest.skip(f"{profile} has no {name}")
    cast = partial(peers.by_torch if profile == "torch" else peers.by_numpy, name=name)
    for x in chunks():
        check(profile, x, name, cast(x))


def test_bfloat16_arrays_are_sources() -> None:
    x = np.array([1.0, 300.0], ml_dtypes.bfloat16)
    assert lf.profile("torch").cast(x, "float8_e4m3fn").codes.tolist() == [0x38, 0x79]
