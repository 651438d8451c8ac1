"""Scaling as a part of a quantizer: which elements share a scale, and what decides it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from lowfloat.format_text import extremes
from lowfloat.formats import Format

Method = Literal["none", "amax", "pow2"]
METHODS = ("none", "amax", "pow2")
SHARES = ("tensor", "channel", "row")

#: Scales stay within these powers of two, so that a scale and its reciprocal are binary32 numbers.
LEAST, MOST = -126, 126


@dataclass(frozen=True)
class Scaling:
    """What a tensor is multiplied by before it is rounded, and divided by afterwards.

    Parameters
    ----------
    method : {"none", "amax", "pow2"}
        ``amax``: the binary32 quotient of the format's largest number and the largest magnitude
        amax; ``pow2``: the greatest power of two that brings amax no higher than that number, so
        that scaling itself is exact, barring over- and underflow.
    shares : {"tensor", "channel", "row"}
        What has a scale of its own: the whole tensor, each index of axis 0, or each vector along
        the last axis.
    history : int
        0: the present amax. n > 0: the largest amax of the n tensors of that name before this
        one (delayed scaling); the present one where there is none yet. Tensors only.
    margin : int
        Spare binades: the scale is divided by 2^margin.

    Infinities and NaNs do not count; the scale is 1 where nothing finite and nonzero is.

    Raises
    ------
    ValueError
        If a name is unknown or a number negative.

    Examples
    --------
    >>> from lowfloat.training import Scaling
    >>> import lowfloat as lf, numpy as np
    >>> Scaling("pow2").scale(np.float32([0.01, -3]), lf.float8_e4m3fn)
    array([128.], dtype=float32)
    """

    method: Method = "none"
    shares: Literal["tensor", "channel", "row"] = "tensor"
    history: int = 0
    margin: int = 0

    def __post_init__(self) -> None:
        if self.method not in METHODS:
            raise ValueError(f"no scaling {self.method!r}: there are {', '.join(METHODS)}")
        if self.shares not in SHARES:
            raise ValueError(f"a scale is per {', '.join(SHARES)}, not {self.shares!r}")
        if self.history < 0 or self.margin < 0:
            raise ValueError("history and margin are whole numbers from 0 on")
        if self.history and self.shares != "tensor":
            raise ValueError("delayed scaling has one scale per tensor: set shares='tensor'")

    def amax(self, x: NDArray[Any]) -> NDArray[np.float32]:
        """The largest finite magnitudes, as an array that broadcasts against ``x``."""
        axes: tuple[int, ...] = tuple(range(x.ndim))
        if self.shares == "channel":
            axes = axes[1:]
        elif self.shares == "row":
            axes = axes[-1:]
        magnitudes = np.abs(x)
        largest = magnitudes.max(axis=axes, keepdims=True, initial=0)
        if not np.isfinite(largest).all():
            finite = np.where(np.isfinite(magnitudes), magnitudes, 0)
            largest = finite.max(axis=axes, keepdims=True, initial=0)
        return np.asarray(largest, np.float32)

    def scale(
        self, x: NDArray[Any], format: Format, amax: NDArray[Any] | None = None
    ) -> NDArray[np.float32]:
        """The factors of ``x`` for a format, from its own amax or a given one."""
        amax = self.amax(x) if amax is None else np.asarray(amax, np.float32)
        limit = np.float64(extremes(format).max)
        safe = np.where(amax > 0, amax, 1).astype(np.float64)
        (a, p), (b, q) = np.frexp(safe), np.frexp(limit)
        if self.method == "pow2":
            power = q - p - (a > b)
            scale = np.ldexp(1.0, np.clip(power - self.margin, LEAST, MOST).astype(np.int32))
        else:
            quotient = np.ldexp(limit / safe, -self.margin)
            scale = np.clip(quotient, np.ldexp(1.0, LEAST), np.ldexp(1.0, MOST))
        return np.asarray(np.where(amax > 0, scale, 1), np.float32)
