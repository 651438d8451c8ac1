"""Accumulators from the text of their repr, without running anything else."""

from __future__ import annotations

import ast
from typing import Any

import lowfloat as lf


def accumulator_of(text: str | None) -> Any:
    """The accumulator that a text constructs: calls of names in ``lf.accumulators``, and literals.

    Raises
    ------
    ValueError
        If the text is anything else.

    Examples
    --------
    >>> accumulator_of("Accumulator('e6m9', order='reversed')")
    Accumulator('e6m9', order='reversed')
    """
    if text is None:
        return None
    try:
        found = _value(ast.parse(text, mode="eval").body)
        _ = found.roundings if not hasattr(found, "accumulator") else None
        return found
    except (SyntaxError, TypeError, AttributeError) as error:
        raise ValueError(f"{text!r} describes no accumulator: {error}") from None


def _value(node: ast.expr) -> Any:
    if isinstance(node, ast.Call):
        keywords = {word.arg: _value(word.value) for word in node.keywords if word.arg}
        return _named(node.func)(*map(_value, node.args), **keywords)
    if isinstance(node, ast.Tuple | ast.List):
        return tuple(map(_value, node.elts))
    try:
        return ast.literal_eval(node)
    except ValueError:
        raise ValueError(f"{ast.unparse(node)!r} describes no accumulator") from None


def _named(node: ast.expr) -> Any:
    name = node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")
    if name in lf.accumulators.__all__:
        return getattr(lf.accumulators, name)
    if name in ("Stochastic", "Policy"):
        return getattr(lf, name)
    raise ValueError(f"{ast.unparse(node)} is no name of lf.accumulators")
