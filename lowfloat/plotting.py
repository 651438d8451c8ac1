"""Pictures of formats: where their numbers lie, and how large their rounding errors are.

Needs matplotlib, the ``plot`` extra; it is imported when a function is called.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

import lowfloat as lf

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Distinguishable with the common colour deficiencies and in grey: blue, vermilion, green, ...
COLOURS = ("#2b6cb0", "#d9622b", "#2f8f6f", "#b0467f", "#8a6d1f", "#5a4fcf", "#4d5963")
INK, MUTED, FAINT = "#1f2933", "#66727f", "#e3e7eb"
#: Formats with more positive numbers are drawn as a band instead of ticks.
MOST_TICKS = 600
_SIZES = {"number_line": (10, 4.4), "relative_error": (10, 4.6)}


def _pyplot() -> Any:
    try:
        import matplotlib.pyplot as plt
    except ImportError:
        raise ImportError("plotting needs matplotlib: pip install 'lowfloat[plot]'") from None
    return plt


def _axes(ax: Axes | None, size: tuple[float, float]) -> Axes:
    """The given axes or those of a new figure."""
    if ax is not None:
        return ax
    _, new = _pyplot().subplots(figsize=size, layout="constrained")
    axes: Axes = new
    return axes


def _quiet(ax: Axes, title: str, subtitle: str) -> None:
    """Titles at the left, no frame, small muted ticks."""
    for side in ("top", "right", "left"):
        ax.spines[side].set_visible(False)
    ax.spines["bottom"].set_color(MUTED)
    ax.tick_params(colors=MUTED, labelsize=9, length=3)
    ax.set_title(f"{title}\n", loc="left", color=INK, fontsize=13, fontweight="bold")
    ax.text(0, 1.02, subtitle, transform=ax.transAxes, color=MUTED, fontsize=9.5, va="bottom")


def _powers_of_two(ax: Axes, low: int, high: int) -> None:
    """A log2 axis from 2^low to 2^high whose labels are powers of two."""
    step = 1
    while (high - low) // step > 12:
        step *= 2
    exponents = range(-(-low // step) * step, high + 1, step)
    ax.set_xscale("log", base=2)
    ax.set_xlim(2.0**low, 2.0**high)
    ax.set_xticks([2.0**e for e in exponents], [_power_label(e) for e in exponents])
    ax.set_xticks([], minor=True)


def _power_label(exponent: int) -> str:
    return str(1 << exponent) if 0 <= exponent <= 10 else f"$2^{{{exponent}}}$"


def _short(x: float) -> str:
    """A number with few digits: 57344, 0.00195, 3.39e+38."""
    if x >= 1e6 or x < 1e-5:
        return f"{x:.3g}"
    return f"{x:.0f}" if x == int(x) else f"{x:.3g}"


def positive_numbers(fmt: lf.Format) -> NDArray[np.float64]:
    """All positive finite numbers of a format of up to 16 bits, in order.

    Raises
    ------
    ValueError
        If the format is wider than 16 bits or reaches beyond binary64.

    Examples
    --------
    >>> import lowfloat as lf
    >>> positive_numbers(lf.float4_e2m1fn)
    array([0.5, 1. , 1.5, 2. , 3. , 4. , 6. ])
    """
    if fmt.width > 16:
        raise ValueError(f"{fmt} has 2^{fmt.width} codes: draw formats of up to 16 bits")
    codes = np.arange(fmt.min_positive_code, fmt.max_finite_code + 1)
    return np.asarray(lf.from_codes(codes, fmt).to_numpy(np.float64))


def number_line(formats: Sequence[Any], ax: Axes | None = None) -> Axes:
    """The positive numbers of formats as ticks on a logarithmic line, one row per format.

    Parameters
    ----------
    formats : sequence of Format, name or dtype
        Of up to 16 bits each; those with many numbers become bands.
    ax : matplotlib Axes, optional
        A new figure's by default.

    Returns
    -------
    Axes

    Raises
    ------
    ImportError
        Without matplotlib.
    ValueError
        If a format is too wide to draw.
    """
    found = _found(formats)
    ax = _axes(ax, _SIZES["number_line"])
    low, high = _exponent_range([positive_numbers(fmt) for fmt in found])
    _powers_of_two(ax, low - 1, high + 1)
    for row, fmt in enumerate(found):
        _draw_row(ax, fmt, -row, COLOURS[row % len(COLOURS)])
    ax.set_ylim(0.62 - len(found), 0.72)
    ax.set_yticks([-r for r in range(len(found))], [fmt.name for fmt in found])
    bands = any(len(positive_numbers(fmt)) > MOST_TICKS for fmt in found)
    more = f"; bands hold more than {MOST_TICKS}" if bands else ""
    _quiet(ax, "Where the numbers lie", f"a tick is a positive number, pale if subnormal{more}")
    for label, colour in zip(ax.get_yticklabels(), _cycle(len(found)), strict=True):
        label.set_color(colour)
        label.set_fontsize(10.5)
    ax.tick_params(axis="y", length=0)
    return ax


def _found(formats: Sequence[Any]) -> list[lf.Format]:
    found = [lf.format(f) for f in formats]
    if not found:
        raise ValueError("give at least one format to draw")
    return found


def _cycle(count: int) -> list[str]:
    return [COLOURS[i % len(COLOURS)] for i in range(count)]


def _exponent_range(columns: Sequence[NDArray[np.float64]]) -> tuple[int, int]:
    """Exponents of powers of two that enclose all numbers."""
    smallest = min(float(c[0]) for c in columns)
    largest = max(float(c[-1]) for c in columns)
    return int(np.floor(np.log2(smallest))), int(np.ceil(np.log2(largest)))


def _draw_row(ax: Axes, fmt: lf.Format, y: float, colour: str) -> None:
    """One format's numbers, its ends labelled."""
    numbers = positive_numbers(fmt)
    subnormal = max(0, fmt.min_normal_code - fmt.min_positive_code)
    low, high = float(numbers[0]), float(numbers[-1])
    ax.plot([low, high], [y, y], color=colour, lw=0.8, alpha=0.5, solid_capstyle="butt")
    if len(numbers) > MOST_TICKS:
        ax.fill_between([low, high], y - 0.2, y + 0.2, color=colour, alpha=0.35, lw=0)
    else:
        for part, alpha in ((numbers[:subnormal], 0.45), (numbers[subnormal:], 1.0)):
            ax.vlines(part, y - 0.2, y + 0.2, color=colour, lw=1.1, alpha=alpha)
    left, right = ax.get_xlim()
    # Labels of close ends stand outside them, so that they do not run into each other.
    apart = np.log(high / low) > 0.1 * np.log(right / left)
    for x, outside in ((low, "right"), (high, "left")):
        ax.text(x, y + 0.24, _short(x), color=MUTED, fontsize=8.5, va="bottom",
                ha="center" if apart else outside)  # fmt: skip


def relative_error(formats: Sequence[Any], ax: Axes | None = None) -> Axes:
    """The largest relative error of casting to formats, over the magnitude of what is cast.

    A step of the line is a binade: the largest error of nearest-even casts between two powers
    of two. Beyond the largest number the cast saturates.

    Parameters
    ----------
    formats : sequence of Format, name or dtype
        Of up to 16 bits each.
    ax : matplotlib Axes, optional
        A new figure's by default.

    Returns
    -------
    Axes

    Raises
    ------
    ImportError
        Without matplotlib.
    ValueError
        If a format is too wide to draw.
    """
    found = _found(formats)
    ax = _axes(ax, _SIZES["relative_error"])
    finest = max(fmt.precision for fmt in found)
    ranges = [_exponent_range([positive_numbers(fmt)]) for fmt in found]
    for row, (fmt, (first, last)) in enumerate(zip(found, ranges, strict=True)):
        # Lines that coincide stay visible: each is narrower than the one it lies on.
        width = 2.0 + 2.8 * (len(found) - 1 - row) / max(1, len(found) - 1)
        error = largest_errors(fmt, first - 2, last + 2)
        ax.stairs(error, np.exp2(np.arange(first - 2, last + 3)), baseline=None, lw=width,
                  color=COLOURS[row % len(COLOURS)], label=fmt.name)  # fmt: skip
    low = min(first for first, _ in ranges) - 3
    high = max(last for _, last in ranges) + 3
    _powers_of_two(ax, low, high)
    ax.set_yscale("log", base=2)
    ticks = range(0, -finest - 1, -((finest + 7) // 8))
    ax.set_yticks([2.0**e for e in ticks], [f"{100 * 2.0**e:.3g}%" for e in ticks])
    ax.set_yticks([], minor=True)
    ax.set_ylim(2.0 ** (-finest - 0.4), 1.15)
    ax.grid(axis="y", color=FAINT, lw=0.8)
    ax.set_axisbelow(True)
    _quiet(
        ax,
        "How far a cast can miss",
        "largest relative error in each binade, nearest even, saturating beyond the range",
    )
    ax.tick_params(axis="y", length=0)
    ax.legend(frameon=False, fontsize=9.5, labelcolor="linecolor", handlelength=1.2,
              loc="upper left", bbox_to_anchor=(1.0, 1.0), borderaxespad=0.2)  # fmt: skip
    ax.set_xlabel("magnitude of the number that is cast", color=MUTED, fontsize=9.5)
    return ax


def largest_errors(fmt: lf.Format, low: int, high: int) -> NDArray[np.float64]:
    """The largest relative error of nearest-even casts in each binade from 2^low to 2^high.

    Beyond the format's largest number the cast saturates. Errors are found by casting the
    middles between neighbours and 1,024 evenly spaced numbers of each binade.

    Examples
    --------
    >>> import lowfloat as lf
    >>> largest_errors(lf.float4_e2m1fn, -2, 4).round(3)
    array([1.   , 0.333, 0.2  , 0.2  , 0.25 , 0.625])
    """
    numbers = np.concatenate(([0.0], positive_numbers(fmt)))
    spaced = np.exp2(np.arange(low, high))[:, np.newaxis] * (1 + np.arange(1024) / 1024)
    x = np.concatenate((spaced.ravel(), (numbers[1:] + numbers[:-1]) / 2))
    x = x[(x >= 2.0**low) & (x < 2.0**high)]
    rounded = np.asarray(lf.cast(x, fmt, saturation="finite").to_numpy(np.float64))
    worst = np.zeros(high - low)
    np.maximum.at(worst, np.frexp(x)[1] - 1 - low, np.abs(rounded / x - 1))
    return worst


def save(path: str | os.PathLike[str], draw: Callable[..., Axes], formats: Sequence[Any]) -> None:
    """Draw formats in a figure of their own and save it; no display is needed.

    Parameters
    ----------
    path : path
        Its suffix decides the kind of file, as in matplotlib.
    draw : function
        ``number_line`` or ``relative_error``.
    formats : sequence of Format, name or dtype

    Raises
    ------
    ImportError
        Without matplotlib.
    """
    _pyplot()
    from matplotlib.figure import Figure

    figure = Figure(figsize=_SIZES.get(draw.__name__, (10, 4.5)), layout="constrained")
    draw(formats, ax=figure.subplots())
    figure.savefig(path, dpi=160, facecolor="white")
