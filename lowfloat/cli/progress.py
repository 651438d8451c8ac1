"""A line on standard error that says how far a long run is."""

from __future__ import annotations

import sys
import time


class ProgressLine:
    """What is done, its rate, and the time left; silent where stderr is no terminal.

    ``kept``: the last line is for logs too, and shown anywhere.
    """

    def __init__(self, title: str = "", shown: bool | None = None, kept: bool = False) -> None:
        self._title, self._kept = title, kept
        self._shown = sys.stderr.isatty() if shown is None else shown
        self._start: float | None = None
        self._first = 0
        self._width = 0

    def __call__(self, done: int, total: int, note: str = "") -> None:
        """Draw the line again, with a note at its end."""
        now = time.monotonic()
        if self._start is None:
            self._start, self._first = now, done
        last = done >= total
        if not (self._shown or (self._kept and last)):
            return
        text = progress_text(done, total, done - self._first, now - self._start)
        text = " ".join(filter(None, (self._title, text, note)))
        self._width = max(self._width, len(text))
        end = "\n" if last else ""
        print(f"\r{text.ljust(self._width)}", end=end, file=sys.stderr, flush=True)


def bar(share: float) -> str:
    """A share of the work as a bar of twenty places.

    >>> bar(0.26)
    '[#####...............]'
    """
    return f"[{'#' * int(20 * share):.<20}]"


def progress_text(done: int, total: int, fresh: int, seconds: float) -> str:
    """The line: ``fresh`` of them took ``seconds``.

    >>> progress_text(5_000_000, 20_000_000, 5_000_000, 2.0)
    '[#####...............]  25 %  5,000,000 of 20,000,000, 2.50 million/s, 0:06 left'
    >>> progress_text(46, 184, 45, 3.0)
    '[#####...............]  25 %  46 of 184, 15.0/s, 0:09 left'
    """
    share = done / max(total, 1)
    text = f"{bar(share)} {100 * share:3.0f} %  {done:,} of {total:,}"
    if fresh <= 0 or seconds <= 0:
        return text
    left = round((total - done) * seconds / fresh)
    hours, rest = divmod(left, 3600)
    clock = f"{hours}:{rest // 60:02}:{rest % 60:02}" if hours else f"{rest // 60}:{rest % 60:02}"
    rate = fresh / seconds
    pace = f"{rate / 1e6:.2f} million" if rate >= 1e4 else f"{rate:.1f}"
    return f"{text}, {pace}/s, {clock} left"
