"""Where random bits come from: counter-based Philox, hardware-like LFSRs, or given bits.

A source is only a name for a sequence: element i of call k has fixed bits, whatever computes
them (rules R-1 to R-6 of ``spec/semantics.md``). Sources hand out frozen draws; the
implementations turn a draw into bits.
"""

from __future__ import annotations

import threading
from typing import Any, NamedTuple


class PhiloxDraw(NamedTuple):
    """The bits of one call: Philox4x32-10 with this key and counter words 2 and 3 (R-2)."""

    seed: int
    stream: int
    call: int


class LFSRDraw(NamedTuple):
    """The bits of one call: the outputs of a shift register from this state on (R-5)."""

    width: int
    taps: int
    form: str
    shifts: int
    bit_order: str
    state: int


Draw = PhiloxDraw | LFSRDraw


class Philox:
    """Random bits from Philox4x32-10, a pure function of (seed, stream, call, element).

    ``seed`` has 64 bits, ``stream`` 32. Each top-level operation advances ``call`` by one,
    atomically.

    Raises
    ------
    ValueError
        If a number is out of range.

    Examples
    --------
    >>> import lowfloat as lf
    >>> rng = lf.Philox(7)
    >>> a = lf.cast([0.3] * 4, "e4m3fn", rounding=lf.Stochastic(8), rng=rng)
    >>> b = lf.cast([0.3] * 4, "e4m3fn", rounding=lf.Stochastic(8), rng=rng.at(0))
    >>> bool((a.codes == b.codes).all()), rng.state["call"]
    (True, 1)

    Source: Salmon et al., Parallel Random Numbers: As Easy as 1, 2, 3, SC 2011; rule R-2.
    """

    __slots__ = ("_call", "_lock", "seed", "stream_id")

    def __init__(self, seed: int = 0, stream: int = 0, call: int = 0) -> None:
        self.seed = _ranged(seed, 64, "seed")
        self.stream_id = _ranged(stream, 32, "stream")
        self._call = _ranged(call, 32, "call")
        self._lock = threading.Lock()

    def draw(self, count: int) -> PhiloxDraw:
        """The next call's draw; advances ``call`` by one."""
        with self._lock:
            call = self._call
            if call >> 32:
                raise OverflowError("2^32 calls were drawn from this stream: use rng.stream(id)")
            self._call = call + 1
        return PhiloxDraw(self.seed, self.stream_id, call)

    def at(self, call: int) -> PhiloxDraw:
        """The draw of call ``call``, without advancing anything: the pure form."""
        return PhiloxDraw(self.seed, self.stream_id, _ranged(call, 32, "call"))

    def stream(self, id: int) -> Philox:
        """An independent source with the same seed, for another thread or tensor."""
        return Philox(self.seed, id)

    @property
    def state(self) -> dict[str, int]:
        """Everything that decides the next draw; assign it to restore."""
        return {"seed": self.seed, "stream": self.stream_id, "call": self._call}

    @state.setter
    def state(self, state: dict[str, int]) -> None:
        seed, stream = _ranged(state["seed"], 64, "seed"), _ranged(state["stream"], 32, "stream")
        call = _ranged(state["call"], 32, "call")
        with self._lock:
            self.seed, self.stream_id, self._call = seed, stream, call

    def __reduce__(self) -> tuple[Any, ...]:
        return Philox, (self.seed, self.stream_id, self._call)

    def __repr__(self) -> str:
        return f"Philox({self.seed}, stream={self.stream_id}, call={self._call})"


class LFSR:
    """Random bits from a linear feedback shift register, as hardware makes them.

    ``width`` is the register's length and ``taps`` its feedback mask: in Galois form the bits
    that are exclusive-ored when a 1 is shifted out, in Fibonacci form the bits whose parity is
    shifted in. Each draw shifts ``shifts`` times and reads the register's top bits
    (``bit_order="msb"``), its low bits (``"lsb"``) or its low bits reversed (``"reversed"``).
    Draws follow one another through calls: element i of a call is the i-th draw after the
    calls before it.

    Raises
    ------
    ValueError
        If a number is out of range, the state is zero, or the form is unknown.

    Examples
    --------
    >>> import lowfloat as lf
    >>> rng = lf.LFSR(16, 0xB400, state=0xACE1)
    >>> rng.draw(1).state == 0xACE1, hex(rng.state["state"])
    (True, '0xe270')

    Source: semantics.md rule R-5.
    """

    __slots__ = ("_lock", "_state", "bit_order", "form", "shifts", "taps", "width")

    def __init__(
        self,
        width: int,
        taps: int,
        *,
        state: int = 1,
        form: str = "galois",
        shifts: int = 1,
        bit_order: str = "msb",
    ) -> None:
        if isinstance(width, bool) or not isinstance(width, int) or not 2 <= width <= 64:
            raise ValueError(f"an LFSR has 2 to 64 bits, not {width!r}")
        if form not in ("galois", "fibonacci"):
            raise ValueError(f"an LFSR's form is galois or fibonacci, not {form!r}")
        if bit_order not in ("msb", "lsb", "reversed"):
            raise ValueError(f"an LFSR's bit_order is msb, lsb or reversed, not {bit_order!r}")
        if isinstance(shifts, bool) or not isinstance(shifts, int) or not 1 <= shifts <= 1 << 20:
            raise ValueError(f"shifts per draw is a whole number from 1 to 2^20, not {shifts!r}")
        self.width, self.form, self.shifts, self.bit_order = width, form, shifts, bit_order
        self.taps = _ranged(taps, width, "taps")
        self._state = self._valid_state(state)
        self._lock = threading.Lock()

    def _valid_state(self, state: int) -> int:
        if _ranged(state, self.width, "state") == 0:
            raise ValueError("an LFSR never leaves the state 0: start it with another")
        return state

    def _draw_at(self, state: int) -> LFSRDraw:
        return LFSRDraw(self.width, self.taps, self.form, self.shifts, self.bit_order, state)

    def draw(self, count: int) -> LFSRDraw:
        """The next ``count`` draws; moves the register past them."""
        with self._lock:
            state = self._state
            self._state = lfsr_jump(self._draw_at(state), count)
        return self._draw_at(state)

    def at(self, draw: int) -> LFSRDraw:
        """The draws from number ``draw`` on, counted from the present state; moves nothing."""
        return self._draw_at(lfsr_jump(self._draw_at(self._state), draw))

    @property
    def state(self) -> dict[str, int]:
        """The register; assign it to restore."""
        return {"state": self._state}

    @state.setter
    def state(self, state: dict[str, int]) -> None:
        value = self._valid_state(state["state"])
        with self._lock:
            self._state = value

    def __reduce__(self) -> tuple[Any, ...]:
        return _lfsr, tuple(self._draw_at(self._state))

    def __repr__(self) -> str:
        return (
            f"LFSR({self.width}, {self.taps:#x}, state={self._state:#x}, form={self.form!r}, "
            f"shifts={self.shifts}, bit_order={self.bit_order!r})"
        )


def _lfsr(width: int, taps: int, form: str, shifts: int, bit_order: str, state: int) -> LFSR:
    return LFSR(width, taps, state=state, form=form, shifts=shifts, bit_order=bit_order)


def lfsr_shift(draw: LFSRDraw, state: int) -> int:
    """The register after one shift to the right (rule R-5)."""
    if draw.form == "galois":
        return (state >> 1) ^ (draw.taps if state & 1 else 0)
    return (state >> 1) | (((state & draw.taps).bit_count() & 1) << (draw.width - 1))


def lfsr_jump(draw: LFSRDraw, count: int) -> int:
    """The register ``count`` draws later, in log(count) steps of linear algebra over GF(2)."""
    if count < 0:
        raise ValueError(f"an LFSR cannot be moved back ({count} draws)")
    columns = [lfsr_shift(draw, 1 << bit) for bit in range(draw.width)]
    state, steps = draw.state, count * draw.shifts
    while steps:
        if steps & 1:
            state = _apply(columns, state)
        columns = [_apply(columns, column) for column in columns]
        steps >>= 1
    return state


def _apply(columns: list[int], vector: int) -> int:
    """The product of a bit matrix, given by columns, and a bit vector."""
    result = 0
    while vector:
        low = vector & -vector
        result ^= columns[low.bit_length() - 1]
        vector ^= low
    return result


def _ranged(value: Any, bits: int, what: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 1 << bits:
        try:
            number = value.__index__()
        except AttributeError:
            number = -1
        if isinstance(value, bool) or not 0 <= number < 1 << bits:
            raise ValueError(f"{what} must be an unsigned {bits}-bit integer, not {value!r}")
        return int(number)
    return value
