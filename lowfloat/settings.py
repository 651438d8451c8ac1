"""Settings that a block of code shares: projection defaults, backend and thread count.

A context is a contextvar: it does not reach threads that are started inside it, and
arguments always win over it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Literal

from lowfloat.projection import Policy, Projection, Rounding, make_projection

Backend = Literal["native", "jit", "golden"]
BACKENDS: tuple[Backend, ...] = ("native", "jit", "golden")

_DEFAULT = Projection()
_projection: ContextVar[Projection] = ContextVar("lowfloat_projection", default=_DEFAULT)
_backend: ContextVar[Backend] = ContextVar("lowfloat_backend", default="native")


def resolve(
    rounding: Rounding | None, saturation: str | None, policy: Policy | str | None
) -> Projection:
    """The projection that arguments and the context make together; arguments win."""
    current = _projection.get()
    if rounding is None and saturation is None and policy is None:
        return current
    return make_projection(
        current.rounding if rounding is None else rounding,
        current.saturation if saturation is None else saturation,
        current.policy if policy is None else policy,
    )


@contextmanager
def context(
    *,
    rounding: Rounding | None = None,
    saturation: str | None = None,
    policy: Policy | str | None = None,
) -> Iterator[Projection]:
    """Set the default projection of this block.

    Raises
    ------
    ValueError
        If a name is unknown.

    Examples
    --------
    >>> import lowfloat as lf
    >>> with lf.context(saturation="finite"):
    ...     lf.cast(1000.0, "float8_e4m3fn")
    lowfloat.array(450.0, 'float8_e4m3fn')
    """
    new = resolve(rounding, saturation, policy)
    token = _projection.set(new)
    try:
        yield new
    finally:
        _projection.reset(token)


@contextmanager
def backend(name: Backend) -> Iterator[None]:
    """Run the block's operations on one implementation: native, jit or golden.

    All three give the same bits and flags.

    Raises
    ------
    ValueError
        If there is no such backend.

    Examples
    --------
    >>> import lowfloat as lf
    >>> with lf.backend("golden"):
    ...     lf.cast(0.3, "float8_e4m3fn")
    lowfloat.array(0.3, 'float8_e4m3fn')
    """
    if name not in BACKENDS:
        raise ValueError(f"no backend {name!r}: there are {', '.join(BACKENDS)}")
    token = _backend.set(name)
    try:
        yield
    finally:
        _backend.reset(token)


def current_backend() -> Backend:
    """The backend of this context."""
    return _backend.get()


def _thread_count(value: Any, source: str) -> int:
    try:
        count = int(value)
    except (TypeError, ValueError):
        count = 0
    if count < 1 or (count != value and str(count) != str(value).strip()):
        raise ValueError(f"{source} must be a positive whole number, not {value!r}")
    return count


def usable_processors() -> int:
    """Processors that this process may run on."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _initial_threads() -> int:
    value = os.environ.get("LOWFLOAT_NUM_THREADS")
    if value:
        return _thread_count(value, "LOWFLOAT_NUM_THREADS")
    return usable_processors()


_threads = _initial_threads()


def set_num_threads(n: int) -> None:
    """Let large calls use up to ``n`` threads; the results do not depend on it.

    Calls on fewer than 128k elements use one. ``LOWFLOAT_NUM_THREADS`` sets the start value.

    Raises
    ------
    ValueError
        If ``n`` is not a positive whole number.

    Examples
    --------
    >>> import lowfloat as lf
    >>> before = lf.get_num_threads()
    >>> lf.set_num_threads(1)
    >>> lf.get_num_threads()
    1
    >>> lf.set_num_threads(before)
    """
    global _threads
    _threads = _thread_count(n, "the number of threads")


def get_num_threads() -> int:
    """The most threads that a call may use.

    Examples
    --------
    >>> import lowfloat as lf
    >>> lf.get_num_threads() >= 1
    True
    """
    return _threads
