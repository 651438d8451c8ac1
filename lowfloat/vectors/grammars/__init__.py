"""File grammars: how columns of codes become bytes, and back."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import PurePath
from typing import Protocol

from lowfloat.vectors.grammars.fptest import FPTEST
from lowfloat.vectors.grammars.npz import NPZ
from lowfloat.vectors.grammars.packed import PACKED
from lowfloat.vectors.grammars.payloads import Bytes, Payload
from lowfloat.vectors.grammars.streams import SUFFIXES, Stream
from lowfloat.vectors.grammars.templates import CSV, FLOPOCO, JSONL, READMEMH, TESTFLOAT
from lowfloat.vectors.table import Table
from lowfloat.vectors.units import Codes, Unit


class Grammar(Protocol):
    """What a grammar can do."""

    @property
    def name(self) -> str:
        """Its name on the command line."""

    @property
    def suffixes(self) -> tuple[str, ...]:
        """File names that end so have this grammar."""

    @property
    def text(self) -> str:
        """What it is, in a line."""

    def header(self, unit: Unit) -> bytes:
        """What stands before the first vector of a file."""

    def record_size(self, unit: Unit) -> int | None:
        """Bytes of one vector, None if they vary."""

    def line_of(self, unit: Unit, index: int) -> int:
        """The line on which a vector begins."""

    def describe(self, unit: Unit) -> dict[str, str]:
        """The grammar as text for the manifest."""

    def encode(self, unit: Unit, columns: Sequence[Codes], into: Bytes | None = None) -> Payload:
        """Columns of codes (inputs, results, flags) as bytes, if possible at the start of ``into``."""

    def tables(self, unit: Unit, stream: Stream) -> Iterator[Table]:
        """The vectors of a stream, some at a time."""


GRAMMARS: dict[str, Grammar] = {
    grammar.name: grammar
    for grammar in (TESTFLOAT, READMEMH, PACKED, CSV, JSONL, FPTEST, FLOPOCO, NPZ)
}


def grammar_named(name: str) -> Grammar:
    """The grammar of a name.

    Raises
    ------
    ValueError
        If there is none.
    """
    if name not in GRAMMARS:
        raise ValueError(f"no grammar {name!r}: there are {', '.join(GRAMMARS)}")
    return GRAMMARS[name]


def grammar_of(path: str | os.PathLike[str]) -> str:
    """The grammar that a file's name asks for; TestFloat's where it asks for none.

    >>> grammar_of("mul.hex.gz"), grammar_of("mul")
    ('readmemh', 'testfloat')
    """
    suffixes = [s for s in PurePath(path).suffixes if s not in SUFFIXES]
    last = suffixes[-1] if suffixes else ""
    return next((g.name for g in GRAMMARS.values() if last in g.suffixes), TESTFLOAT.name)


__all__ = ["GRAMMARS", "Grammar", "grammar_named", "grammar_of"]
