"""The five IEEE exception flags, as bits in TestFloat's order, and their collection.

Rules F-1 to F-6 of ``spec/semantics.md``.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

INEXACT, UNDERFLOW, OVERFLOW, DIVIDE_BY_ZERO, INVALID = 1, 2, 4, 8, 16

FLAG_NAMES: dict[int, str] = {
    INEXACT: "inexact",
    UNDERFLOW: "underflow",
    OVERFLOW: "overflow",
    DIVIDE_BY_ZERO: "divide_by_zero",
    INVALID: "invalid",
}


def flag_names(bits: int) -> frozenset[str]:
    """The names of the raised flags.

    >>> sorted(flag_names(5))
    ['inexact', 'overflow']
    """
    return frozenset(name for bit, name in FLAG_NAMES.items() if bits & bit)


class Flags:
    """Flags collected by ``with lowfloat.flags() as f``.

    Examples
    --------
    >>> import lowfloat as lf
    >>> with lf.flags() as f:
    ...     x = lf.cast(0.3, "float8_e4m3fn")
    >>> f, bool(f), f.bits
    (Flags(inexact), True, 1)
    """

    __slots__ = ("bits",)

    def __init__(self) -> None:
        self.bits = 0

    @property
    def raised(self) -> frozenset[str]:
        """Names of the flags raised so far."""
        return flag_names(self.bits)

    def __bool__(self) -> bool:
        return self.bits != 0

    def __repr__(self) -> str:
        return f"Flags({', '.join(sorted(self.raised)) or 'none'})"


_collector: ContextVar[Flags | None] = ContextVar("lowfloat_flags", default=None)


def collecting() -> bool:
    """Whether a ``flags()`` block is open in this context."""
    return _collector.get() is not None


def raise_flags(bits: int) -> None:
    """Add flags to the innermost open block."""
    collector = _collector.get()
    if collector is not None:
        collector.bits |= bits


@contextmanager
def flags() -> Iterator[Flags]:
    """Collect the flags that operations raise in this block.

    A block inside another passes its flags on to the outer one when it ends. A new thread
    starts outside every block.

    Examples
    --------
    >>> import lowfloat as lf
    >>> with lf.flags() as f:
    ...     x = lf.cast([1.0, 1000.0], "float8_e4m3fn")
    >>> sorted(f.raised)
    ['inexact', 'overflow']

    Source: IEEE Std 754-2019, clause 7; semantics.md rule F-1.
    """
    collector = Flags()
    token = _collector.set(collector)
    try:
        yield collector
    finally:
        _collector.reset(token)
        raise_flags(collector.bits)


@contextmanager
def ignored() -> Iterator[None]:
    """Collect nothing in this block: for steps that are not the user's operations."""
    token = _collector.set(None)
    try:
        yield
    finally:
        _collector.reset(token)
