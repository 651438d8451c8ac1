"""Elementary functions at every finite code of bfloat16 and float16: fpy2 rounds alike.

A function takes about 37 s of CPU time in both formats and six modes, all of them a quarter of an hour.
"""

from __future__ import annotations

import sys

import mpfr_oracle
import numpy as np
import pytest

import lowfloat as lf

# isort: split
# fpy2 puts a finder of modules first, which does not know editable installations.
import fpy2

from lowfloat.optable import ELEMENTARY, OPERATIONS

sys.meta_path[:] = [f for f in sys.meta_path if not type(f).__module__.startswith("fpy2")]

FORMATS = (lf.bfloat16, lf.float16)
EVERY = np.arange(1 << 16, dtype=np.uint16)
OVERFLOW = 4
#: fpy2's rounding modes, which go beyond MPFR's.
MODES = {
    "nearest_even": fpy2.RM.RNE, "nearest_away": fpy2.RM.RNA, "toward_zero": fpy2.RM.RTZ,
    "toward_positive": fpy2.RM.RTP, "toward_negative": fpy2.RM.RTN, "to_odd": fpy2.RM.RTO,
}  # fmt: skip
FUNCTIONS = tuple(
    name
    for name in ELEMENTARY
    if OPERATIONS[name].arity == 1 and hasattr(fpy2, name) and name in mpfr_oracle.CORRECT
)


def by_fpy2(name: str, fmt: lf.Format, rounding: str, codes: np.ndarray) -> np.ndarray:
    """What fpy2 gives, as doubles."""
    context = fpy2.IEEEContext(fmt.exponent_bits, fmt.width, MODES[rounding])
    function = getattr(fpy2, name)
    operands = lf.from_codes(codes, fmt).to_numpy().astype(np.float64).tolist()
    return np.array([float(function(fpy2.Float.from_float(x), context)) for x in operands])


def differences(name: str, fmt: lf.Format, rounding: str, codes: np.ndarray) -> list[str]:
    """Where the results differ; to odd, fpy2 overflows to infinity where we take the odd number
    below it (decision 0002)."""
    codes = codes[np.isfinite(lf.from_codes(codes, fmt).to_numpy())]
    flags = np.zeros(codes.size, np.uint8)
    got = getattr(lf, name)(lf.from_codes(codes, fmt), rounding=rounding, flags_out=flags)
    ours, theirs = got.to_numpy(np.float64), by_fpy2(name, fmt, rounding, codes)
    documented = np.zeros(codes.size, bool)
    if rounding == "to_odd":
        documented = (flags & OVERFLOW) != 0
        assert np.isinf(theirs[documented]).all()
    same = (ours == theirs) & (np.signbit(ours) == np.signbit(theirs))
    wrong = np.flatnonzero(~same & ~(np.isnan(ours) & np.isnan(theirs)) & ~documented)
    return [f"{name}({codes[i]:#x}) is {ours[i]}, there {theirs[i]}" for i in wrong]


@pytest.mark.exhaustive
@pytest.mark.parametrize("rounding", MODES)
@pytest.mark.parametrize("fmt", FORMATS, ids=str)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_fpy2_rounds_every_code_alike(name: str, fmt: lf.Format, rounding: str) -> None:
    assert differences(name, fmt, rounding, EVERY) == []


@pytest.mark.parametrize("name", FUNCTIONS)
def test_fpy2_rounds_some_codes_alike(name: str) -> None:
    for index, rounding in enumerate(MODES):
        for fmt in FORMATS:
            assert differences(name, fmt, rounding, EVERY[index::811]) == []


def test_a_wrong_mode_and_a_wrong_function_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    codes = EVERY[0x3800:0x3900]
    assert differences("exp", lf.float16, "toward_zero", codes) == []
    monkeypatch.setitem(MODES, "toward_zero", fpy2.RM.RTP)
    assert len(differences("exp", lf.float16, "toward_zero", codes)) > 200
    monkeypatch.undo()
    monkeypatch.setattr(fpy2, "exp", fpy2.expm1)
    assert len(differences("exp", lf.float16, "toward_zero", codes)) > 200
