"""Elementary functions for compiled code: C's results, golden's where C leaves them open."""

from __future__ import annotations

import numba
import numpy as np
import pytest

import lowfloat as lf
from lowfloat.jit import elementary
from lowfloat.optable import ELEMENTARY, OPERATIONS


def golden(name: str, codes: list[int], f: lf.Format, target: lf.Format, **more) -> tuple[int, int]:
    return getattr(lf.golden, name)(*codes, formats=(f,) * len(codes), format=target, **more)


@pytest.mark.parametrize("name", ["log", "tanpi", "gelu", "pow"])
@pytest.mark.parametrize("fmt", ["float8_e5m2", "float32"])
def test_functions_equal_golden(name, fmt):
    f, arity = lf.format(fmt), OPERATIONS[name].arity
    function = lf.jit.function(name, f, rounding="to_odd", flags=True)
    rng = np.random.default_rng(1)
    for _ in range(60):
        codes = [int(rng.integers(0, 1 << f.width)) for _ in range(arity)]
        want = golden(name, codes, f, f, projection=lf.Projection("to_odd"))
        assert function(*codes) == want


@pytest.mark.parametrize("name", ["exp", "tan"])
def test_a_table_is_every_code(name):
    f = lf.bfloat16
    function = lf.jit.function(name, f)

    @numba.njit
    def fill(codes, out):  # type: ignore[no-untyped-def]
        for i in range(codes.size):
            out[i] = function(codes[i])

    codes = np.arange(1 << 16, dtype=np.uint16)
    out = np.empty_like(codes)
    fill(codes, out)
    assert (out == getattr(lf, name)(lf.from_codes(codes, f)).codes).all()


def test_wide_results_are_golden():
    f = lf.float64
    function = lf.jit.function("exp", f, flags=True)
    for x in (1.0, -0.5, 1e-300, 710.0, float("nan")):
        code = np.float64(x).view(np.uint64)
        assert function(code) == golden("exp", [int(code)], f, f)


def test_random_bits_are_the_last_argument():
    f, how = lf.float8_e5m2, lf.Stochastic(4)
    function = lf.jit.function("sin", f, rounding=how)
    for bits in range(16):
        want = golden("sin", [0x3D], f, f, projection=lf.Projection(how), random_bits=bits)
        assert function(0x3D, bits) == want[0]
    with pytest.raises(ValueError, match="R-1"):
        function(0x3D, 16)


def test_every_discarded_bit_is_refused():
    function = lf.jit.function("exp2", "float32", rounding=lf.Stochastic(None))
    one = int(np.float32(1).view(np.uint32))
    assert function(one, 0) == int(np.float32(2).view(np.uint32))
    with pytest.raises(ValueError, match="P-6"):
        function(one + 1, 0)


def test_golden_is_asked_for_what_c_leaves_open(monkeypatch):
    """A wrong golden shows in wide results, and only there."""
    real = lf.golden.exp
    monkeypatch.setattr(
        elementary.golden, "exp", lambda *c, **k: (real(*c, **k)[0] ^ 1, 0), raising=False
    )
    wide = elementary.scalar("exp", (lf.float16,), lf.float64, lf.Projection(), np.uint64)
    short = elementary.scalar("exp", (lf.float16,), lf.float16, lf.Projection(), np.uint16)
    assert short(0x3C00) == real(0x3C00, formats=(lf.float16,), format=lf.float16)[0]
    assert wide(0x3C00) != real(0x3C00, formats=(lf.float16,), format=lf.float64)[0]


def test_every_function_has_a_name_there():
    for name in ELEMENTARY:
        assert callable(lf.jit.function(name, "float4_e2m1fn"))
    with pytest.raises(ValueError, match="takes 2 operands"):
        lf.jit.function("pow", "float32", formats=["float32"])
