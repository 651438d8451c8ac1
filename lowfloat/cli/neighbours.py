"""A code's place in the order of its format's values."""

from __future__ import annotations

import lowfloat as lf


def _rank(fmt: lf.Format, code: int) -> int:
    """The place of a code that is not NaN; 0 is zero, and negative numbers have negative ranks."""
    value = lf.golden.decode(code, fmt)
    if value.is_zero:
        return 0
    rank = (code & fmt.magnitude_mask) - fmt.min_positive_code + 1
    return -rank if value.sign else rank


def _code(fmt: lf.Format, rank: int) -> int | None:
    """The canonical code of a place, None where the format ends."""
    top = fmt.max_finite_code if fmt.infinity_code is None else fmt.infinity_code
    magnitude = abs(rank) - 1 + fmt.min_positive_code
    if rank == 0:
        return 0 if fmt.zero else None
    if magnitude > top or (rank < 0 and not fmt.signed):
        return None
    return magnitude | (fmt.sign_mask if rank < 0 else 0)


def neighbours(fmt: lf.Format, code: int) -> tuple[int | None, int | None]:
    """The codes of the next smaller and the next larger value; None where there is none.

    Both zeros have the same neighbours. A NaN has none.

    Examples
    --------
    >>> neighbours(lf.float8_e4m3fn, 0x7E)
    (125, None)
    >>> neighbours(lf.float8_e4m3fn, 0x80)
    (129, 1)
    """
    if lf.golden.decode(code, fmt).is_nan:
        return None, None
    rank = _rank(fmt, code)
    return _code(fmt, rank - 1), _code(fmt, rank + 1)


def canonical(fmt: lf.Format, code: int) -> bool:
    """Whether results of the format can have this code (rule D-6)."""
    value = lf.golden.decode(code, fmt)
    if value.is_nan:
        return True
    if value.is_zero:
        return code in (0, fmt.sign_mask if fmt.negative_zero else 0)
    return _code(fmt, _rank(fmt, code)) == code


def class_of(fmt: lf.Format, code: int) -> str:
    """The class of a code, in IEEE 754's words.

    >>> [class_of(lf.float8_e5m2, c) for c in (0, 1, 4, 0x7C, 0x7D, 0x7E)]
    ['zero', 'subnormal', 'normal', 'infinity', 'signaling NaN', 'quiet NaN']
    """
    value = lf.golden.decode(code, fmt)
    if value.is_nan:
        return "signaling NaN" if value.signaling else "quiet NaN"
    if value.is_infinite:
        return "infinity"
    if value.is_zero:
        return "zero"
    return "normal" if code & fmt.magnitude_mask >= fmt.min_normal_code else "subnormal"
