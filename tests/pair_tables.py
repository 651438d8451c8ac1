"""What all operand pairs of an 8-bit operation give, with one golden evaluation per exact value.

Finite operands are integers times a common power of two, so that sums and products are integers
that NumPy can sort, and quotients are pairs of them in lowest terms. Pairs with a special operand or
two zeros go to the golden operation directly.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import product
from math import gcd

import numpy as np
from native_paths import DEFAULT
from strategies import ROUNDINGS, SATURATIONS

import lowfloat as lf
from lowfloat.engine.sources import code_dtype
from lowfloat.exception_flags import INVALID, OVERFLOW

PROJECTIONS = tuple(
    lf.Projection(rounding, saturation) for rounding, saturation in product(ROUNDINGS, SATURATIONS)
)


class PairTable:
    """The exact results of an operation on all pairs of a format's codes."""

    def __init__(self, operation: str, fmt: lf.Format) -> None:
        self.operation, self.format = operation, fmt
        codes = range(1 << fmt.width)
        decoded = [lf.golden.decode(code, fmt) for code in codes]
        regular = np.array([v.kind == "finite" and not v.is_zero for v in decoded])
        numbers = [v.signed if ok else Fraction(0) for v, ok in zip(decoded, regular, strict=True)]
        self.scale = max(x.denominator for x in numbers)
        integers = np.array([int(x * self.scale) for x in numbers], object)
        if max(map(abs, integers)) < 1 << 31:
            integers = integers.astype(np.int64)
        sums = operation in ("add", "subtract")
        if operation == "add":
            exact = integers[:, None] + integers[None, :]
        elif operation == "subtract":
            exact = integers[:, None] - integers[None, :]
        else:
            exact = integers[:, None] * integers[None, :]
            self.scale *= self.scale
        # An exact zero depends on its operands' signs; so do pairs with a zero, when multiplied.
        both = regular[:, None] & regular[None, :]
        either = regular[:, None] | regular[None, :]
        finite = np.array([v.kind == "finite" for v in decoded])
        usable = finite[:, None] & finite[None, :] & (either if sums else both)
        self.usable = usable & (exact != 0)
        nans = np.array([v.is_nan for v in decoded])
        self.nans = nans[:, None] | nans[None, :]
        # NaN operands make the same result under every rounding and saturation (A-1, N-4).
        self.of_nans = self._directly(self.nans, DEFAULT)
        if operation == "divide":
            self.values, self.place = self._quotients(integers)
        else:
            values, self.place = np.unique(exact[self.usable], return_inverse=True)
            self.values = [
                lf.golden.Value("finite", int(v < 0), Fraction(abs(int(v)), self.scale))
                for v in values
            ]
        self.plain: dict[str, list[tuple[int, int]]] = {}

    def _quotients(self, integers: np.ndarray) -> tuple[list[lf.golden.Value], np.ndarray]:
        """The distinct quotients of the usable pairs, and which one each pair has."""
        rows, columns = np.nonzero(self.usable)
        known: dict[tuple[int, int, bool], int] = {}
        place = np.empty(rows.size, np.int64)
        numbers = [int(x) for x in integers]
        for i, (row, column) in enumerate(zip(rows.tolist(), columns.tolist(), strict=True)):
            a, b = numbers[row], numbers[column]
            common = gcd(a, b)
            key = (abs(a) // common, abs(b) // common, (a < 0) != (b < 0))
            place[i] = known.setdefault(key, len(known))
        return [lf.golden.Value("finite", int(s), Fraction(a, b)) for a, b, s in known], place

    def _unique_results(self, projection: lf.Projection) -> np.ndarray:
        """Golden results of the distinct values; saturation decides only what it can (P-8, P-12)."""
        rounding = str(projection.rounding)
        if rounding not in self.plain:
            unsaturated = lf.Projection(rounding)
            self.plain[rounding] = [
                lf.golden.project(v, self.format, unsaturated) for v in self.values
            ]
        results = self.plain[rounding]
        if projection.saturation != "none":
            results = [
                lf.golden.project(value, self.format, projection)
                if plain[1] & (OVERFLOW | INVALID)
                else plain
                for value, plain in zip(self.values, results, strict=True)
            ]
        return np.array(results, np.uint16).reshape(-1, 2)

    def _directly(self, where: np.ndarray, projection: lf.Projection) -> np.ndarray:
        """Golden results of the pairs in a mask, pair by pair."""
        function, formats = getattr(lf.golden, self.operation), (self.format, self.format)
        results = [
            function(a, b, formats=formats, format=self.format, projection=projection)
            for a, b in np.argwhere(where).tolist()
        ]
        return np.array(results, np.uint16).reshape(-1, 2)

    def results(self, projection: lf.Projection = DEFAULT) -> tuple[np.ndarray, np.ndarray]:
        """Codes and flags of all pairs."""
        count = 1 << self.format.width
        both = np.empty((count, count, 2), np.uint16)
        unique = self._unique_results(projection)
        if len(unique):
            both[self.usable] = unique[self.place.reshape(-1)]
        both[self.nans] = self.of_nans
        rest = ~self.usable & ~self.nans
        both[rest] = self._directly(rest, projection)
        return both[..., 0].astype(code_dtype(self.format)), both[..., 1].astype(np.uint8)
