"""Templates and what fills them.

A placeholder is ``@{name}``, which none of the target languages has. A template is a readable file of
its language in the folder ``templates`` of the package that renders it.
"""

from __future__ import annotations

import string
from collections.abc import Mapping
from importlib.resources import files
from typing import Any


class Template(string.Template):
    """``string.Template`` with ``@{name}`` alone; every other character is text."""

    delimiter = "@"
    pattern = r"""
        @(?:\{(?P<braced>[a-z_]+)\}) | (?P<escaped>(?!)) | (?P<named>(?!)) | (?P<invalid>(?!))
    """  # type: ignore[assignment]


def render(package: str | None, name: str, values: Mapping[str, Any]) -> str:
    """The text of a template in a package's folder ``templates``, filled in.

    Raises
    ------
    KeyError
        If the template asks for a value that is not there.
    """
    text = (files(package or __package__) / "templates" / name).read_text(encoding="utf-8")
    return Template(text).substitute(values)


def indented(text: str, spaces: int) -> str:
    """A block of text, moved right; empty lines stay empty."""
    return "\n".join(" " * spaces + line if line else "" for line in text.splitlines())
