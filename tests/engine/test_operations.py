"""Every row of the table of operations through its public function: native equals golden."""

from __future__ import annotations

import ml_dtypes
import numpy as np
import pytest

import lowfloat as lf
from lowfloat.functions import FUNCTIONS
from lowfloat.optable import OPERATIONS

FORMATS = ("float8_e4m3fn", "float8_e5m2", "float8_e4m3fnuz", "e3m3u", "float16", "bfloat16")
POLICIES = ("ieee", "x86_sse", "arm", lf.Policy(daz=True, ftz=True))


def codes_of(fmt: lf.Format, rng: np.random.Generator, n: int) -> lf.Array:
    """Random codes, and every special one."""
    top = [fmt.max_finite_code, fmt.infinity_code, fmt.nan_code, fmt.min_normal_code, 0, 1]
    special = [code for code in top if code is not None]
    signed = special + [code | fmt.sign_mask for code in special]
    drawn = rng.integers(0, 1 << fmt.width, n)
    return lf.from_codes(np.concatenate([signed, drawn])[:n], fmt)


def assert_native_is_golden(call) -> None:
    """Run a call on both backends; codes or truths, and flags, must be the same."""
    results = []
    for backend in ("native", "golden"):
        with lf.backend(backend), lf.flags() as raised:
            result, flags = call()
        assert raised.bits == int(np.bitwise_or.reduce(flags, axis=None))
        results.append((getattr(result, "codes", result), flags))
    (a, a_flags), (b, b_flags) = results
    np.testing.assert_array_equal(a, b)
    np.testing.assert_array_equal(a_flags, b_flags)


@pytest.mark.parametrize("fmt", FORMATS)
@pytest.mark.parametrize("name", OPERATIONS)
def test_every_operation_is_golden(name, fmt):
    operation, fmt = OPERATIONS[name], lf.format(fmt)
    rng = np.random.default_rng([len(name), fmt.width, ord(name[0])])
    for policy in POLICIES:
        rounding = rng.choice(["nearest_even", "toward_negative", "to_odd", "nearest_away"])
        operands = [codes_of(fmt, rng, 60) for _ in range(operation.arity)]
        for x in operands[1:]:
            rng.shuffle(x.codes)

        def call(operands=operands, rounding=str(rounding), policy=policy):
            flags = np.zeros(60, np.uint8)
            keywords = {"rounding": rounding} if operation.kind == "value" else {}
            result = FUNCTIONS[name](*operands, policy=policy, flags_out=flags, **keywords)
            return result, flags

        assert_native_is_golden(call)


def test_a_planted_error_is_found():
    def call(broken=[]):  # noqa: B006 - the second call is told apart by it
        flags = np.zeros(60, np.uint8)
        x = codes_of(lf.float16, np.random.default_rng(0), 60)
        result = lf.sqrt(x, flags_out=flags)
        result.codes[30] ^= len(broken)
        broken.append(1)
        return result, flags

    with pytest.raises(AssertionError):
        assert_native_is_golden(call)


@pytest.mark.parametrize("fmt", ["float8_e5m2", "float16"])
@pytest.mark.parametrize("dtype", ["int8", "uint8", "int32", "uint64"])
def test_integers_are_golden(fmt, dtype):
    x = codes_of(lf.format(fmt), np.random.default_rng(1), 200)
    for policy in POLICIES:
        for exact in (True, False):

            def call(policy=policy, exact=exact):
                flags = np.zeros(200, np.uint8)
                out = lf.to_integer(x, dtype, exact=exact, policy=policy, flags_out=flags)
                assert out.dtype == dtype
                return out, flags

            assert_native_is_golden(call)


def test_scaleb_is_golden_and_broadcasts():
    x = codes_of(lf.bfloat16, np.random.default_rng(2), 40)
    n = np.random.default_rng(3).integers(-300, 300, (3, 1))

    def call():
        flags = np.zeros((3, 40), np.uint8)
        return lf.scaleb(x, n, flags_out=flags), flags

    assert_native_is_golden(call)
    with pytest.raises(TypeError, match="whole powers"):
        lf.scaleb(x, 0.5)


UFUNCS = {"divide": np.divide, "sqrt": np.sqrt, "reciprocal": np.reciprocal, "negate": np.negative}
UFUNCS |= {"abs": np.abs, "minimum": np.minimum, "maximum": np.maximum, "copysign": np.copysign}
INTEGRAL = {"floor": np.floor, "ceil": np.ceil, "trunc": np.trunc, "rint": np.rint}


@pytest.mark.parametrize("name", [*UFUNCS, *INTEGRAL])
@pytest.mark.parametrize("fmt", ["float8_e4m3fn", "float8_e5m2"])
def test_ufuncs_are_those_of_ml_dtypes(name, fmt):
    """All codes, all pairs; NaNs count as equal, since ml_dtypes keeps their sign.

    Of two zeros its minimum and maximum take the first, ours IEEE 754-2019's (rule K-4).
    """
    codes = np.arange(256, dtype=np.uint8)
    ufunc = UFUNCS.get(name) or INTEGRAL[name]
    columns = np.meshgrid(codes, codes) if ufunc.nin == 2 else [codes]
    ours = ufunc(*(lf.from_codes(c, fmt) for c in columns)).to_numpy()
    with np.errstate(all="ignore"):
        theirs = ufunc(*(c.view(getattr(ml_dtypes, fmt)) for c in columns)).astype(np.float32)
    same = ours == theirs
    if name not in ("minimum", "maximum"):
        same &= np.signbit(ours) == np.signbit(theirs)
    assert (same | (np.isnan(ours) & np.isnan(theirs))).all()


def test_operators_are_operations():
    x = lf.array([1.5, -2.0, 0.0], "float8_e5m2")
    assert (x / 2).to_numpy().tolist() == [0.75, -1.0, 0.0]
    assert (1 / lf.array([4.0], "float8_e5m2")).to_numpy().tolist() == [0.25]
    assert (-x).codes.tolist() == (x.codes ^ 0x80).tolist()
    assert abs(x).to_numpy().tolist() == [1.5, 2.0, 0.0]
    with lf.flags() as raised:
        assert np.isinf((1 / x).to_numpy()[2])
    assert "divide_by_zero" in raised.raised
    with pytest.raises(lf.FormatMismatch):
        x / lf.array([1.0], "bfloat16")


def test_neighbours_stay_in_their_format():
    x, y = lf.array([1.0], "float8_e4m3fn"), lf.array([2.0], "bfloat16")
    assert lf.nextafter(x, y).to_numpy().tolist() == [1.125]
    with pytest.raises(lf.FormatMismatch, match="stays in float8_e4m3fn"):
        lf.nextup(x, format="bfloat16")


def test_sign_operations_meet_no_policy():
    """Rule S-1: neither flushing nor saturation within one format."""
    x = lf.from_codes([0x01, 0x7C, 0x7D, 0x80], "float8_e5m2")
    flags = np.ones(4, np.uint8)
    y = lf.negate(x, policy=lf.Policy(ftz=True, daz=True), saturation="finite", flags_out=flags)
    assert y.codes.tolist() == [0x81, 0xFC, 0xFD, 0x00]
    assert not flags.any()
