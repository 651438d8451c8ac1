"""Where exact results lie between two codes, found with the library's own roundings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

import lowfloat as lf
from lowfloat.vectors.units import Codes, Unit

#: Names of the positions: representable, below the midpoint, on it, above it.
POSITIONS = ("exact", "below_tie", "tie", "above_tie")
EXACT, BELOW, TIE, ABOVE = range(4)


def rounds(unit: Unit) -> bool:
    """Whether a unit's results are numbers of a format, each rounded once."""
    return isinstance(unit.result_format, lf.Format) and unit.accumulator is None


def rounded(unit: Unit, inputs: Sequence[Codes], rounding: str) -> Codes:
    """The results of the unit under another deterministic rounding, without flushing."""
    policy = lf.Policy(
        **{
            name: getattr(unit.projection.policy, name)
            for name in ("daz", "nan", "default_nan_sign")
        }
    )
    other = replace(unit, projection=lf.Projection(rounding, unit.projection.saturation, policy))
    return other.compute(inputs[: len(unit.operand_formats)])[0]


def positions(unit: Unit, inputs: Sequence[Codes]) -> NDArray[np.uint8]:
    """Where the exact result of every case lies, as an index into POSITIONS.

    Two roundings to nearest differ on ties alone; the one with the other tie rule tells the
    sides apart.
    """
    toward, away = rounded(unit, inputs, "toward_zero"), rounded(unit, inputs, "away_from_zero")
    inner, outer = rounded(unit, inputs, "nearest_zero"), rounded(unit, inputs, "nearest_away")
    found = np.where(inner == toward, np.uint8(BELOW), np.uint8(ABOVE))
    found = np.where(inner != outer, np.uint8(TIE), found)
    return np.where(toward == away, np.uint8(EXACT), found)


def ranks(fmt: lf.Format, codes: Codes) -> NDArray[np.int64]:
    """The places of codes in the order of their values: neighbours differ by one."""
    magnitude = (codes.astype(np.uint64) & np.uint64(fmt.magnitude_mask)).view(np.int64)
    negative = codes.astype(np.uint64) & np.uint64(fmt.sign_mask) != 0
    return np.where(negative, -magnitude, magnitude)


def is_nan(fmt: lf.Format, codes: Codes) -> NDArray[np.bool_]:
    """Which codes are NaNs."""
    return lf.is_nan(lf.from_codes(codes, fmt))
