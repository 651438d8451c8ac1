"""The committed stub says what the package offers."""

from __future__ import annotations

import ast

import stub

import lowfloat as lf


def test_the_stub_is_up_to_date() -> None:
    message = "run: python tests/docs/stub.py"
    assert stub.STUB.read_text(encoding="utf-8") == stub.render(), message


def test_the_stub_declares_every_public_name_once() -> None:
    declared = []
    for node in ast.parse(stub.render()).body:
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("lowfloat"):
            declared += [alias.asname or alias.name for alias in node.names]
        elif isinstance(node, ast.AnnAssign):
            assert isinstance(node.target, ast.Name)
            declared.append(node.target.id)
    assert len(declared) == len(set(declared))
    assert set(declared) - {"__version__", "__all__", *lf._LAZY} == set(lf.__all__)
