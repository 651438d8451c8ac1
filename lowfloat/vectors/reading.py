"""Reading vectors: strict about the grammar, exact about where a file breaks it."""

from __future__ import annotations

import os
from collections.abc import Iterator

from lowfloat.vectors.errors import VectorFileError
from lowfloat.vectors.grammars import grammar_named, grammar_of
from lowfloat.vectors.grammars.streams import opened
from lowfloat.vectors.table import Table
from lowfloat.vectors.units import Unit


def tables(path: str | os.PathLike[str], unit: Unit, grammar: str | None = None) -> Iterator[Table]:
    """The vectors of a file, some thousands at a time, so that memory stays flat.

    Parameters
    ----------
    path : path
        ``-`` is standard input; gzip and zstd are recognised by their first bytes.
    unit : Unit
        What the columns are.
    grammar : str, optional
        A name from ``lf.vectors.GRAMMARS``; by default the one that the file's name asks for.

    Raises
    ------
    VectorFileError
        If the file is empty, truncated, or breaks the grammar; it says where and what was expected.
    """
    chosen = grammar_named(grammar or grammar_of(path))
    with opened(path) as stream:
        if not stream.peek(1):
            raise VectorFileError(stream.name, 1, 1, "the file is empty: write the vectors again")
        yield from chosen.tables(unit, stream)


def read(path: str | os.PathLike[str], unit: Unit, grammar: str | None = None) -> Table:
    """All vectors of a file, as columns of codes; parameters and errors are those of ``tables``.

    Lower-case digits are read too; anything else that the grammar does not have is an error.
    """
    found = list(tables(path, unit, grammar))
    if not found:
        raise VectorFileError(path, 1, 1, "the file has no vectors: write them again")
    return Table.joined(found)
