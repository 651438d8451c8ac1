"""The error that readers raise."""

from __future__ import annotations

import os


class VectorFileError(ValueError):
    """A vector file breaks the grammar; the message and the attributes say where, from 1 on."""

    def __init__(self, path: str | os.PathLike[str], line: int, column: int, message: str) -> None:
        super().__init__(f"{path}, line {line}, column {column}: {message}")
        self.path, self.line, self.column = path, line, column
