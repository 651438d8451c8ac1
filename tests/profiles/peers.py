"""What other systems make of an array, as codes; a system that is not installed skips the test."""

from __future__ import annotations

import functools
import shutil
import subprocess
import warnings
from importlib import metadata
from pathlib import Path

import ml_dtypes
import numpy as np
import pytest

import lowfloat as lf

NUMPY_DTYPES = ("float16", "float32", "float64")


def dtype_of(name: str) -> np.dtype:
    return np.dtype(name if name in NUMPY_DTYPES else getattr(ml_dtypes, name))


def codes_of(x: np.ndarray) -> np.ndarray:
    return x.view(f"u{x.dtype.itemsize}")


def by_numpy(x: np.ndarray, name: str) -> np.ndarray:
    """NumPy's casts, and those that ml_dtypes adds to it."""
    with np.errstate(all="ignore"):
        return codes_of(x.astype(dtype_of(name)))


def by_torch(x: np.ndarray, name: str) -> np.ndarray:
    """PyTorch's casts on this processor."""
    torch = pytest.importorskip("torch", reason="pip install torch==2.13.0")
    if x.dtype.name == "bfloat16":
        tensor = torch.from_numpy(x.view(np.int16)).view(torch.bfloat16)
    else:
        tensor = torch.from_numpy(x.copy())
    result = tensor.to(getattr(torch, name))
    bits = 8 * result.element_size()
    return result.view(getattr(torch, f"int{bits}")).numpy().view(f"uint{bits}")


def by_onnx(x: np.ndarray, name: str) -> np.ndarray:
    """The reference implementation of ONNX."""
    pytest.importorskip("onnx", reason="pip install onnx")
    from onnx import TensorProto
    from onnx.reference.ops.op_cast import cast_to

    names = {
        "float8_e8m0fnu": "FLOAT8E8M0", "float4_e2m1fn": "FLOAT4E2M1", "float32": "FLOAT",
        "float16": "FLOAT16", "bfloat16": "BFLOAT16",
    }  # fmt: skip
    kind = names.get(name) or name.upper().replace("_", "")
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return codes_of(np.asarray(cast_to(x, getattr(TensorProto, kind), True, "up")))


#: What NVIDIA's headers expect of the compiler driver that usually reads them.
STUBS = {
    "crt/host_defines.h": "#define __host__\n#define __device__\n#define __global__\n"
    "#define __align__(n) __attribute__((aligned(n)))\n#define __device_builtin__\n"
    "#define __builtin_align__(a) __align__(a)\n#define __forceinline__ inline\n"
    "#define __location__(a)\n#define __cudart_builtin__\n#define __specialization_static\n"
    "#define CUDARTAPI\n#define CUDARTAPI_CDECL\n",
    "nv/target": "#define NV_IS_DEVICE 0\n#define NV_IF_TARGET(...)\n"
    "#define NV_IF_ELSE_TARGET(condition, yes, ...) __VA_ARGS__\n",
}

PROGRAM = """
#include <cmath>
#include <cstdio>
#include <cstring>
#include <cuda_fp4.h>
#include <cuda_fp6.h>
#include <cuda_fp8.h>
template <class T, class F> int each(F convert)
{
    T x;
    while (fread(&x, sizeof x, 1, stdin))
        putchar(convert(x));
    return 0;
}
int main(int, char **argv)
{
CASES
    return 1;
}
"""
CASE = """    if (!strcmp(argv[1], "{key}"))
        return each<{source}>([]({source} x) {{ return {call}; }});
"""
CUDA_CALLS = {
    "float8_e4m3fn": "__nv_cvt_{kind}_to_fp8(x, __NV_{saturate}, __NV_E4M3)",
    "float8_e5m2": "__nv_cvt_{kind}_to_fp8(x, __NV_{saturate}, __NV_E5M2)",
    "float8_e8m0fnu": "__nv_cvt_{kind}_to_e8m0(x, __NV_{saturate}, cudaRoundPosInf)",
    "float6_e2m3fn": "__nv_cvt_{kind}_to_fp6(x, __NV_E2M3, cudaRoundNearest)",
    "float6_e3m2fn": "__nv_cvt_{kind}_to_fp6(x, __NV_E3M2, cudaRoundNearest)",
    "float4_e2m1fn": "__nv_cvt_{kind}_to_fp4(x, __NV_E2M1, cudaRoundNearest)",
}
CUDA_TYPES = {
    "float16": ("__half_raw", "halfraw"),
    "bfloat16": ("__nv_bfloat16_raw", "bfloat16raw"),
    "float32": ("float", "float"),
    "float64": ("double", "double"),
}


@functools.cache
def cuda_headers() -> Path:
    """The include folder of nvidia-cuda-runtime."""
    for package in ("nvidia-cuda-runtime-cu12", "nvidia-cuda-runtime"):
        try:
            files = metadata.files(package) or []
        except metadata.PackageNotFoundError:
            continue
        for file in files:
            if file.name == "cuda_fp4.h":
                return Path(str(file.locate())).parent
    pytest.skip("CUDA's headers are not installed: pip install nvidia-cuda-runtime-cu12")


def cuda_program(folder: Path) -> Path:
    """CUDA's own conversions, compiled for this processor."""
    compiler = shutil.which("c++") or shutil.which("g++")
    if compiler is None:
        pytest.skip("there is no C++ compiler")
    include = cuda_headers()
    for path, text in STUBS.items():
        (folder / path).parent.mkdir(exist_ok=True)
        (folder / path).write_text(text)
    cases = [
        CASE.format(
            key=f"{dtype} {name} {saturate}",
            source=source,
            call=call.format(kind=kind, saturate=saturate),
        )
        for dtype, (source, kind) in CUDA_TYPES.items()
        for name, call in CUDA_CALLS.items()
        for saturate in ("SATFINITE", "NOSAT")
        if (dtype, name) != ("float16", "float8_e8m0fnu")
    ]
    program = folder / "casts"
    program.with_suffix(".cpp").write_text(PROGRAM.replace("CASES", "".join(cases)))
    command = [compiler, "-std=c++17", "-O1", "-w", f"-I{folder}", f"-I{include}"]
    subprocess.run([*command, f"{program}.cpp", "-o", program], check=True)
    return program


def by_cuda(program: Path, saturate: str, x: np.ndarray, name: str) -> np.ndarray:
    """What the program makes of an array; ``saturate`` is satfinite or nosat."""
    if (x.dtype, name) == (np.float16, "float8_e8m0fnu"):
        x = x.astype(np.float32)  # as the constructor from __half does
    key = f"{x.dtype.name} {name} {saturate.upper()}"
    run = subprocess.run([program, key], input=x.tobytes(), capture_output=True, check=True)
    return np.frombuffer(run.stdout, np.uint8)


def nans_alike(codes: np.ndarray, fmt: lf.Format) -> np.ndarray:
    """Codes with every NaN as the canonical one."""
    if fmt.nan_code is None:
        return codes
    found = lf.is_nan(lf.from_codes(codes, fmt))
    return np.where(found, codes.dtype.type(fmt.nan_code), codes)
