"""The arithmetic of an update: every operation rounded once into one format."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

import lowfloat as lf
from lowfloat.training.quantizers import Quantizer, quantizer

Floats = NDArray[np.float32]
Draw = Callable[[str], Any]


class Arithmetic:
    """add, subtract, multiply, divide and sqrt on float32 arrays, rounded once each.

    In float32, to nearest, these are NumPy's own operations, which IEEE 754 rounds correctly.
    In any other format they are lowfloat's. Numbers that are no arrays are rounded to nearest
    even into the format first, as weak scalars are.

    Parameters
    ----------
    format : Quantizer or text
        Format, rounding and saturation; no scaling. No more than 24 bits of precision.
    draw : callable, optional
        ``draw(name)`` gives the random bits of an operation, for stochastic roundings.

    Raises
    ------
    ValueError
        If the format does not fit in float32, or is scaled.

    Examples
    --------
    >>> import numpy as np
    >>> from lowfloat.training import Arithmetic
    >>> Arithmetic("float16").add(np.float32([2048]), np.float32([1]))
    array([2048.], dtype=float32)
    """

    def __init__(self, format: Quantizer | str, draw: Draw | None = None) -> None:
        q = quantizer(format)
        if q.format is None:
            q = quantizer("float32")
        if q.scaling.method != "none" or q.system:
            raise ValueError(f"arithmetic needs a format without a scale, not {q}")
        assert q.format is not None
        if not q.format.fits_in(lf.format("float32")):
            raise ValueError(f"arithmetic is on float32 arrays, which do not hold {q.format}")
        self.quantizer, self.format = q, q.format
        self._host = q.leaves_alone(np.float32)
        self._draw, self._count = draw, 0

    def begin(self, draw: Draw | None) -> None:
        """Start a tensor's update: its operations draw by number from here on."""
        self._draw, self._count = draw, 0

    def number(self, x: float) -> np.float32:
        """A Python number in the format, rounded to nearest even."""
        if self._host:
            return np.float32(x)
        rounded = lf.cast(float(x), self.format, rounding="nearest_even", saturation="none")
        return np.float32(rounded.to_numpy())

    def _operate(self, name: str, host: Any, *operands: Any) -> Floats:
        xs = [x if isinstance(x, np.ndarray) else self.number(x) for x in operands]
        if self._host:
            with np.errstate(all="ignore"):
                return np.asarray(host(*xs), np.float32)
        rng = None
        if self.quantizer.stochastic:
            if self._draw is None:
                raise ValueError("stochastic arithmetic needs random bits: draw=")
            rng = self._draw(f"operation{self._count}")
            self._count += 1
        result = getattr(lf, name)(
            *(lf.array(np.asarray(x, np.float32)) for x in xs),  # float32: rounded at the end only
            format=self.format,
            rounding=self.quantizer.rounding,
            saturation=self.quantizer.saturation,
            policy="ieee",
            rng=rng,
        )
        return np.asarray(result.to_numpy(), np.float32)

    def add(self, x: Any, y: Any) -> Floats:
        """x + y."""
        return self._operate("add", np.add, x, y)

    def subtract(self, x: Any, y: Any) -> Floats:
        """x - y."""
        return self._operate("subtract", np.subtract, x, y)

    def multiply(self, x: Any, y: Any) -> Floats:
        """x y."""
        return self._operate("multiply", np.multiply, x, y)

    def divide(self, x: Any, y: Any) -> Floats:
        """x / y."""
        return self._operate("divide", np.divide, x, y)

    def sqrt(self, x: Any) -> Floats:
        """The square root."""
        return self._operate("sqrt", np.sqrt, x)
