"""Vectors in memory, as columns of codes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from lowfloat.vectors.units import Codes, Flags


@dataclass(frozen=True)
class Table:
    """The columns of some vectors."""

    #: Operands, then random bits if the unit uses any.
    operands: tuple[Codes, ...]
    results: Codes
    flags: Flags

    @property
    def count(self) -> int:
        """The number of vectors."""
        return len(self.flags)

    @property
    def columns(self) -> tuple[Codes, ...]:
        """All of them: inputs, results, flags."""
        return (*self.operands, self.results, self.flags)

    @classmethod
    def joined(cls, tables: Iterable[Table]) -> Table:
        """Tables one after the other."""
        columns = [
            np.concatenate(parts) for parts in zip(*(t.columns for t in tables), strict=True)
        ]
        return cls(tuple(columns[:-2]), columns[-2], columns[-1])
