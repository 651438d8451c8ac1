"""Assertions on bits: equal codes, with a difference one can read."""

from __future__ import annotations

from typing import Any

import numpy as np

from lowfloat.arrays import Array
from lowfloat.decimals import shortest


def assert_same_bits(actual: Any, desired: Any, *, limit: int = 10) -> None:
    """Raise AssertionError unless two arrays have the same format, shape and codes.

    Unlike NumPy's assertions it tells +0 from -0 and one NaN from another.

    Parameters
    ----------
    actual, desired : Array
    limit : int
        The most differences to print.

    Examples
    --------
    >>> import lowfloat as lf
    >>> x = lf.array([0.0, 1.0], "e5m2")
    >>> lf.testing.assert_same_bits(x, lf.array([-0.0, 1.0], "e5m2"))
    Traceback (most recent call last):
        ...
    AssertionError: 1 of 2 codes differ
      [0]: 0x00 (0.0), expected 0x80 (-0.0)
    """
    for name, x in (("actual", actual), ("desired", desired)):
        if not isinstance(x, Array):
            raise AssertionError(f"{name} is a {type(x).__name__}, not an lf.Array")
    if actual.format is not desired.format:
        raise AssertionError(f"format {actual.format}, expected {desired.format}")
    if actual.shape != desired.shape:
        raise AssertionError(f"shape {actual.shape}, expected {desired.shape}")
    places = np.argwhere(actual.codes != desired.codes)
    if not len(places):
        return
    fmt = actual.format
    digits = (fmt.width + 3) // 4

    def shown(code: int) -> str:
        return f"{code:#0{digits + 2}x} ({shortest(fmt, code)})"

    lines = [
        f"  {list(map(int, place))}: {shown(int(actual.codes[tuple(place)]))}, "
        f"expected {shown(int(desired.codes[tuple(place)]))}"
        for place in places[:limit]
    ]
    if len(places) > limit:
        lines.append(f"  and {len(places) - limit} more")
    raise AssertionError("\n".join([f"{len(places)} of {actual.size} codes differ", *lines]))
