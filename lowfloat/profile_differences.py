"""Where two profiles differ, over every operand of a source format, without casting them all.

A cast never decreases on the magnitudes of one sign: the codes of a format and its special codes
come in runs of operands. So operands between two with the same results have them too, and
halving intervals finds where runs begin, of float64 as well as of float16.
"""

from __future__ import annotations

from fractions import Fraction
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lowfloat import golden
from lowfloat.engine.sources import Coded, code_dtype
from lowfloat.formats import Format
from lowfloat.profiles import CASES, Profile

#: Operands that are looked at first, evenly over the codes of one sign.
FIRST_LOOKS = 4096
#: Codes of a format wider than this may begin more runs than fit in memory.
MOST_BITS = 20


_SIDES = ("left", "right")


class Difference(NamedTuple):
    """Adjacent operands for which two profiles give different results.

    Examples
    --------
    >>> import lowfloat as lf
    >>> row = lf.profile("torch").differences("onnx", "float8_e5m2")[0]
    >>> row.signs, row.low_value, row.why
    ('+-', 61440.0, ('overflow becomes infinity', 'overflow saturates'))
    >>> row.results("left"), row.results("right")
    ((124, 252), (123, 251))
    """

    #: The operands' format and the results'.
    source: Format
    format: Format
    #: Magnitude codes of the first and the last operand.
    low: int
    high: int
    #: "+", "-", or "+-" where both signs do alike.
    signs: str
    #: Codes of the results for the positive operands, or the negative ones where signs is "-".
    left: int
    right: int
    #: The same for the negative operands where signs is "+-".
    left_negative: int
    right_negative: int
    #: What decides on either side.
    why: tuple[str, str]

    @property
    def size(self) -> int:
        """Operands, of both signs."""
        return (self.high - self.low + 1) * len(self.signs)

    @property
    def low_value(self) -> float | Fraction:
        """The operand of the least magnitude."""
        return self._value(self.low)

    @property
    def high_value(self) -> float | Fraction:
        """The operand of the greatest magnitude."""
        return self._value(self.high)

    def _value(self, code: int) -> float | Fraction:
        signed = code | (self.source.sign_mask if self.signs == "-" else 0)
        value = golden.decode(signed, self.source)
        exact = float(value)
        return exact if value.kind != "finite" or exact == value.signed else value.signed

    def results(self, side: str) -> tuple[int, ...]:
        """The codes that one side, "left" or "right", gives for the signs."""
        positive, negative = getattr(self, side), getattr(self, f"{side}_negative")
        return (positive, negative) if self.signs == "+-" else (positive,)


def differences(left: Profile, right: Profile, format: Format, source: Format) -> list[Difference]:
    """Every operand of ``source`` for which the profiles' results differ, in runs.

    Raises
    ------
    ValueError
        If there may be more than 2^20 runs.
    """
    if min(format.width, source.width) > MOST_BITS:
        raise ValueError(
            f"{format} from {source} has too many results to list where they change: "
            f"give a format or a source of up to {MOST_BITS} bits"
        )
    halves = [_runs(left, right, format, source, sign) for sign in range(1 + source.signed)]
    found = []
    negative = {(row.low, row.high): row for row in halves[1]} if source.signed else {}
    for row in halves[0]:
        other = negative.get((row.low, row.high))
        if other is not None and _mirrored(row, other):
            del negative[row.low, row.high]
            row = row._replace(signs="+-", left_negative=other.left, right_negative=other.right)
        found.append(row)
    found += negative.values()
    return sorted(found, key=lambda row: (row.low, row.signs))


def _mirrored(row: Difference, other: Difference) -> bool:
    """Whether the negative operands do what the positive ones do."""
    mask = ~row.format.sign_mask
    same = all(getattr(row, side) & mask == getattr(other, side) & mask for side in _SIDES)
    return same and row.why == other.why


def _runs(
    left: Profile, right: Profile, format: Format, source: Format, sign: int
) -> list[Difference]:
    """The runs of operands of one sign with one pair of results that differs."""
    profiles = left, right
    starts = _starts(profiles, format, source, sign)
    ends = np.append(starts[1:] - np.uint64(1), np.uint64(source.magnitude_mask))
    # The middle of a run stands for it: at its ends two roundings may decide where one does inside.
    middles = starts + (ends - starts) // np.uint64(2)
    codes, cases = _results(profiles, middles, format, source, sign)
    found = []
    for i, (low, high) in enumerate(zip(starts.tolist(), ends.tolist(), strict=True)):
        a, b = (int(column[i]) for column in codes)
        if a == b or _both_nan(a, b, profiles, format, source):
            continue
        why = tuple(
            reason(profile, CASES[column[i]], result, format, source)
            for profile, column, result in zip(profiles, cases, (a, b), strict=True)
        )
        signs = "+-"[sign]
        found.append(Difference(source, format, low, high, signs, a, b, a, b, why))  # type: ignore[arg-type]
    return _joined(found)


def _joined(rows: list[Difference]) -> list[Difference]:
    """Neighbouring runs that differ in nothing but their operands, as one."""
    joined: list[Difference] = []
    for row in rows:
        if joined and joined[-1].high + 1 == row.low and joined[-1][5:] == row[5:]:
            row = joined.pop()._replace(high=row.high)
        joined.append(row)
    return joined


def _both_nan(
    a: int, b: int, profiles: tuple[Profile, Profile], format: Format, source: Format
) -> bool:
    """Whether both results are NaN and a profile does not state which."""
    stated = all(profile.rule(format, source).nan != "any" for profile in profiles)
    return not stated and all(golden.decode(code, format).is_nan for code in (a, b))


def _starts(
    profiles: tuple[Profile, Profile], format: Format, source: Format, sign: int
) -> NDArray[np.uint64]:
    """The first magnitude code of every run of operands with equal results on both sides."""
    most = source.magnitude_mask
    named = {0, 1, source.min_normal_code, source.max_finite_code, most}
    named |= {code + d for code in (source.infinity_code,) if code is not None for d in (0, 1)}
    if source.nan_code is not None:
        named.add(source.nan_code & source.magnitude_mask)
    steps = np.linspace(0, most, min(FIRST_LOOKS, most + 1)).astype(np.uint64)
    looks = np.unique(np.concatenate([steps, np.array(sorted(named), np.uint64)]))
    looks = looks[looks <= np.uint64(most)]
    keys = _keys(profiles, looks, format, source, sign)
    changed = (keys[:, 1:] != keys[:, :-1]).any(axis=0)
    low, high = looks[:-1][changed], looks[1:][changed]
    low_keys, high_keys = keys[:, :-1][:, changed], keys[:, 1:][:, changed]
    found = []
    while low.size:
        near = high - low == 1
        found.append(high[near])
        low, high, low_keys, high_keys = (x[..., ~near] for x in (low, high, low_keys, high_keys))
        middle = low + (high - low) // np.uint64(2)
        between = _keys(profiles, middle, format, source, sign)
        below, above = (between != low_keys).any(axis=0), (between != high_keys).any(axis=0)
        low, high = (
            np.concatenate([low[below], middle[above]]),
            np.concatenate([middle[below], high[above]]),
        )
        low_keys, high_keys = (
            np.concatenate([low_keys[:, below], between[:, above]], axis=1),
            np.concatenate([between[:, below], high_keys[:, above]], axis=1),
        )
    # Special operands begin runs of their own, so that each run has one reason.
    fixed = [code for code in named if code <= most]
    return np.unique(np.concatenate([np.array(fixed, np.uint64), *found]))


def _results(
    profiles: tuple[Profile, Profile],
    magnitudes: NDArray[np.uint64],
    format: Format,
    source: Format,
    sign: int,
) -> tuple[list[NDArray[np.unsignedinteger]], list[NDArray[np.uint8]]]:
    """Both profiles' codes for operands of one sign, and what decided them."""
    operands = (magnitudes | np.uint64(source.sign_mask * sign)).astype(code_dtype(source))
    outcomes = [profile.outcome(Coded(operands, source), format) for profile in profiles]
    return [o.codes for o in outcomes], [o.cases for o in outcomes]


def _keys(
    profiles: tuple[Profile, Profile],
    magnitudes: NDArray[np.uint64],
    format: Format,
    source: Format,
    sign: int,
) -> NDArray[np.uint64]:
    """Both profiles' codes, one row each."""
    codes, _ = _results(profiles, magnitudes, format, source, sign)
    return np.stack([column.astype(np.uint64) for column in codes])


def reason(profile: Profile, case: str, result: int, format: Format, source: Format) -> str:
    """What a profile does with the operands of one case, in a few words.

    >>> import lowfloat as lf
    >>> reason(lf.profile("torch"), "overflow", 0x7E, lf.float8_e4m3fn, lf.float32)
    'overflow saturates'
    """
    rule = profile.rule(format, source)
    value = golden.decode(result, format)
    becomes = "infinity" if value.is_infinite else "NaN" if value.is_nan else ""
    match case:
        case "rounding":
            return f"rounds {rule.rounding.replace('_', ' ')}"
        case "twice":
            return f"rounds to {rule.through}, then {rule.rounding.replace('_', ' ')}"
        case "overflow":
            return f"overflow becomes {becomes}" if becomes else "overflow saturates"
        case "infinity":
            return f"infinity becomes {becomes}" if becomes else "infinity saturates"
        case "negative":
            if rule.negative == "magnitude":
                return "drops the sign"
            return f"negative numbers become {becomes or 'the least number'}"
        case "between":
            return f"rounds subnormal {rule.through} up"
        case "zero":
            return f"zero becomes {becomes or ('+0' if value.is_zero else 'the least number')}"
        case "nan":
            return _nan_reason(rule.nan, becomes)
        case _:
            return "copies the code"


def _nan_reason(rule: object, becomes: str) -> str:
    if not becomes:
        return "NaN becomes a number"
    words = {
        "sign": "NaN keeps its sign",
        "payload": "NaN keeps its payload, quiet",
        "bits": "NaN keeps its bits",
        "canonical": "one NaN",
        "any": "some NaN",
    }
    return words[rule] if isinstance(rule, str) else "one NaN code for each sign"
