"""Why a result is wrong, as far as the wrong result tells: failures are grouped by this."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

import lowfloat as lf
from lowfloat.exception_flags import FLAG_NAMES
from lowfloat.vectors.positions import TIE, is_nan, positions, ranks, rounds
from lowfloat.vectors.table import Table
from lowfloat.vectors.units import Codes, Flags, Unit

#: The causes, the first one that fits counts, and what to look at.
CAUSES = {
    "flags": "the result is right, only the flags are not",
    "nan_code": "NaN as it should be, but another NaN code: sign, payload, or quiet bit",
    "overflow": "results beyond the largest number",
    "nan": "NaN where a number belongs, or the other way round",
    "zero_sign": "the sign of a zero",
    "sign": "the magnitude is right, the sign is not",
    "tie": "exact ties, rounded the wrong way",
    "subnormal": "results in or next to the subnormal range",
    "last_place": "off by one last place",
    "other": "another number altogether",
}
_NAMES = tuple(CAUSES)


def causes_of(
    unit: Unit, table: Table, expected: Codes, expected_flags: Flags
) -> NDArray[np.uint8]:
    """The cause of every wrong vector of a table, as an index into CAUSES."""
    same = table.results == expected
    if not rounds(unit):
        return np.where(same, np.uint8(0), np.uint8(_NAMES.index("other")))
    fmt = unit.result_format
    assert isinstance(fmt, lf.Format)
    got_nan, should_nan = is_nan(fmt, table.results), is_nan(fmt, expected)
    magnitude = fmt.magnitude_mask
    got, should = table.results & magnitude, expected & magnitude
    distance = np.abs(ranks(fmt, table.results) - ranks(fmt, expected))
    top, low = fmt.max_finite_code, fmt.min_normal_code
    outermost = ((should >= top) & (distance > 1)) | (got > top)
    conditions = {
        "flags": same,
        "nan_code": got_nan & should_nan,
        "overflow": (expected_flags & 4 != 0) | (~(got_nan | should_nan) & outermost),
        "nan": got_nan != should_nan,
        "zero_sign": (got == 0) & (should == 0),
        "sign": got == should,
        "tie": (distance == 1) & _ties(unit, table.operands),
        "subnormal": (should <= low) | (got < low),
        "last_place": distance == 1,
    }
    assert list(conditions) == list(_NAMES[:-1])
    return np.select(
        list(conditions.values()),
        [np.uint8(k) for k in range(len(conditions))],
        np.uint8(len(conditions)),
    ).astype(np.uint8)


def _ties(unit: Unit, inputs: Sequence[Codes]) -> NDArray[np.bool_]:
    if unit.random_widths or not rounds(unit):
        return np.zeros(len(inputs[0]), bool)
    ties: NDArray[np.bool_] = positions(unit, inputs) == TIE
    return ties


def flags_difference(got: int, expected: int) -> str:
    """Which flags are missing and which are there for nothing.

    >>> flags_difference(1, 3)
    'underflow missing'
    """
    missing = [name for bit, name in FLAG_NAMES.items() if expected & ~got & bit]
    extra = [name for bit, name in FLAG_NAMES.items() if got & ~expected & bit]
    parts = [
        f"{', '.join(names)} {word}"
        for names, word in ((missing, "missing"), (extra, "raised wrongly"))
        if names
    ]
    return "; ".join(parts).replace("_", " ")
