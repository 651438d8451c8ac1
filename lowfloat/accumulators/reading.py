"""Accumulators from texts: as they write themselves, and in a short form for one line."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from typing import Any

from lowfloat.accumulators.fused import Fused, LateStart, Subsums
from lowfloat.accumulators.grouped import Grouped, Scaling
from lowfloat.accumulators.kinds import COMPENSATIONS, Accumulator, Exact, FixedPoint, Kind, Product
from lowfloat.accumulators.orders import Interleaved
from lowfloat.accumulators.preset import Preset
from lowfloat.accumulators.presets import PRESETS
from lowfloat.formats import Format
from lowfloat.projection import ROUNDING_ALIASES, ROUNDINGS, Policy, Stochastic

#: What a text may call.
_NAMES: dict[str, Callable[..., Any]] = {
    made.__name__: made
    for made in (
        Accumulator, Exact, FixedPoint, Format, Fused, Grouped, Interleaved, LateStart, Policy,
        Product, Scaling, Stochastic, Subsums,
    )
} | PRESETS  # fmt: skip
#: Random bits of ``sr``, as in a quantizer's text.
SR_BITS = 16


def parse(text: str) -> Kind | Preset:
    """The accumulator that a text describes.

    Either what an accumulator's repr says: calls of names of ``lf.accumulators``, and of Format,
    Policy and Stochastic, with literals; nothing else is run. Or the short form: ``exact``, or
    ``format[:option...]`` for a sum that is rounded at every step, with a rounding (``rtz``, ``sr``
    of 16 random bits, ``sr8``), an order (``reversed``, ``pairwise``), ``kahan`` or ``neumaier``, and
    ``chunk64`` for chunks of 64 terms whose sums are then added alike.

    Raises
    ------
    ValueError
        If the text means nothing.

    Examples
    --------
    >>> import lowfloat as lf
    >>> lf.accumulators.parse("Accumulator('e6m9', order='reversed')")
    Accumulator('e6m9', order='reversed')
    >>> lf.accumulators.parse("bfloat16:sr8:chunk64").draws(128)
    130
    """
    made = _constructed(text) if "(" in text else _short(text)
    if not isinstance(made, Kind | Preset):
        raise ValueError(f"{text!r} describes no accumulator, but a {type(made).__name__}")
    return made


def _constructed(text: str) -> Any:
    try:
        return _value(ast.parse(text.strip(), mode="eval").body)
    except (SyntaxError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"{text!r} describes no accumulator: {error}") from None


def _value(node: ast.expr) -> Any:
    if isinstance(node, ast.Call):
        keywords = {word.arg: _value(word.value) for word in node.keywords if word.arg}
        return _named(node.func)(*map(_value, node.args), **keywords)
    try:
        return ast.literal_eval(node)
    except ValueError:
        raise ValueError(f"{ast.unparse(node)!r} describes no accumulator") from None


def _named(node: ast.expr) -> Callable[..., Any]:
    name = node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")
    if name not in _NAMES:
        raise ValueError(f"{ast.unparse(node)} is no name of lf.accumulators")
    return _NAMES[name]


def _short(text: str) -> Kind:
    head, *options = (part.strip() for part in text.strip().lower().split(":"))
    if head == "exact" and not options:
        return Exact()
    chunk, found = 0, {}
    for option in options:
        if option.startswith("chunk") and option[5:].isdigit():
            chunk = int(option[5:])
        elif option in ("reversed", "pairwise"):
            found["order"] = option
        elif option in COMPENSATIONS:
            found["compensation"] = option
        else:
            found["rounding"] = _rounding(option, text)
    try:
        made = Accumulator(head, **found)  # type: ignore[arg-type]
    except ValueError as error:
        raise ValueError(f"no accumulator {text!r}: {error}") from None
    return Grouped(made, made, by="chunks", n=chunk) if chunk else made


def _rounding(option: str, text: str) -> Any:
    stochastic = re.fullmatch(r"sr(all|\d*)([abc]?)", option)
    if stochastic:
        bits = {"all": None, "": SR_BITS}.get(stochastic[1], stochastic[1])
        return Stochastic(bits and int(bits), (stochastic[2] or "a").upper())  # type: ignore[arg-type]
    if option in ROUNDINGS or option in ROUNDING_ALIASES:
        return option
    raise ValueError(
        f"{option!r} in {text!r} is no option of an accumulator: there are roundings (rtz, "
        "sr8), reversed, pairwise, kahan, neumaier and chunk64"
    )
