"""The text of lowfloat/__init__.pyi, from __init__.py and the registry of formats.

Type checkers cannot see names that are made from data: the stub lists them. After a change of the
public names, write it again with

    python tests/docs/stub.py
"""

from __future__ import annotations

import ast
import re
from pathlib import Path

import lowfloat as lf
from lowfloat.format_names import registry
from lowfloat.optable import OPERATIONS

PACKAGE = Path(__file__).resolve().parents[2] / "lowfloat"
STUB = PACKAGE / "__init__.pyi"

HEAD = "# Made by tests/docs/stub.py from __init__.py and spec/formats.toml; not to be edited."


def imported_names() -> dict[str, list[str]]:
    """The public names that __init__.py imports, by module, in its order."""
    tree = ast.parse((PACKAGE / "__init__.py").read_text(encoding="utf-8"))
    found: dict[str, list[str]] = {}
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("lowfloat"):
            names = [a.name for a in node.names if a.asname is None and a.name in lf.__all__]
            found.setdefault(node.module or "", []).extend(names)
    return {module: names for module, names in found.items() if names}


def render() -> str:
    """The whole stub."""
    formats = list(registry())
    modules = imported_names()
    named = {name for names in modules.values() for name in names}
    missing = set(lf.__all__) - named - set(formats) - set(OPERATIONS)
    assert not missing, f"the stub does not know how to declare {missing}"
    front = modules.pop("lowfloat", [])
    lines = [HEAD, "from collections.abc import Callable", "", "import numpy as np"]
    lines += [
        "from numpy.typing import NDArray",
        "",
        f"from lowfloat import {', '.join(sorted(front))}",
    ]
    lines += [f"from lowfloat import {name} as {name}" for name in lf._LAZY]
    for module, names in sorted(modules.items()):
        lines.append(f"from {module} import {', '.join(sorted(names, key=_isort))}")
    lines += ["", "__all__ = ["]
    lines += [f'    "{name}",' for name in sorted(lf.__all__, key=_isort)]
    lines += ["]", "", "__version__: str", ""]
    results = {"value": "Array", "truth": "NDArray[np.bool_]", "class": "NDArray[np.uint8]"}
    lines += [f"{op.name}: Callable[..., {results[op.kind]}]" for op in OPERATIONS.values()]
    lines += [f"{name}: Format" for name in formats]
    return "\n".join(lines) + "\n"


def _isort(name: str) -> tuple[int, list[str | int]]:
    """Ruff's order: CONSTANTS, Classes, functions; numbers inside names by their value."""
    kind = 0 if name.isupper() else 1 if name[0].isupper() else 2
    pieces = re.split(r"(\d+)", name)
    return kind, [int(piece) if i % 2 else piece for i, piece in enumerate(pieces)]


if __name__ == "__main__":
    STUB.write_text(render(), encoding="utf-8")
