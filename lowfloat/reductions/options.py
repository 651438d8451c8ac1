"""The keywords that all sums share, once: as types, as values, and as help() shows them."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any, TypedDict, TypeVar

from lowfloat.projection import Policy, Rounding

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True)
class Options:
    """The keywords of one call. ``lf.matmul`` says what each of them means."""

    accumulator: Any = None
    c: Any = None
    format: Any = None
    rounding: Rounding | None = None
    saturation: str | None = None
    policy: Policy | str | None = None
    rng: Any = None
    random_bits: Any = None
    formats: Any = None
    checked: bool = True
    out: Any = None
    flags_out: Any = None
    progress: Callable[[float], Any] | None = None


class Keywords(TypedDict, total=False):
    """The same, as type checkers and editors read them."""

    accumulator: Any
    c: Any
    format: Any
    rounding: Rounding | None
    saturation: str | None
    policy: Policy | str | None
    rng: Any
    random_bits: Any
    formats: Any
    checked: bool
    out: Any
    flags_out: Any
    progress: Callable[[float], Any] | None


_NAMES = [field.name for field in fields(Options)]
assert [*Keywords.__annotations__] == _NAMES


def options_of(name: str, keywords: Mapping[str, Any]) -> Options:
    """The options of a call of the function of that name.

    Raises
    ------
    TypeError
        If there is no such keyword.
    """
    unknown = [word for word in keywords if word not in _NAMES]
    if unknown:
        raise TypeError(f"{name}() got an unexpected keyword argument {unknown[0]!r}")
    return Options(**keywords)


def shows_keywords(function: F) -> F:
    """Write the keywords out in the signature of a function that takes ``**keywords``."""
    signature = inspect.signature(function)
    own = [p for p in signature.parameters.values() if p.kind is not p.VAR_KEYWORD]
    shared = [
        inspect.Parameter(
            f.name, inspect.Parameter.KEYWORD_ONLY, default=f.default, annotation=f.type
        )
        for f in fields(Options)
    ]
    written = signature.replace(parameters=[*own, *shared])
    function.__signature__ = written  # type: ignore[attr-defined]
    return function
