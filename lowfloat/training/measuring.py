"""Measurement: what rounding did to each tensor at each step, as JSON Lines and pictures."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lowfloat.format_text import extremes
from lowfloat.training.emulator import Emulator

COUNTS = ("count", "zeros", "underflow", "overflow", "saturated", "nonfinite")


def measure(
    before: NDArray[Any], after: NDArray[Any], largest: float | None = None
) -> dict[str, Any]:
    """What a quantizer did to a tensor.

    Parameters
    ----------
    before, after : ndarray
        The tensor as it came and as it is stored.
    largest : float, optional
        The largest number of the format, where it has no scale.

    Returns
    -------
    dict
        ``count`` elements; ``zeros`` that came; ``underflow``: nonzero, and now zero;
        ``overflow``: finite, and no longer; ``saturated``: larger than the largest number, and now
        that (None without ``largest``); ``nonfinite`` that came; ``snr``: 10 log10(sum x^2 /
        sum (x - q)^2) over what is finite in both, None where nothing was lost; ``norm``: sum x^2;
        ``binades``: how many nonzero finite x have each floor(log2(abs(x))).

    Examples
    --------
    >>> import numpy as np, lowfloat as lf
    >>> x = np.float32([0, 2**-17, 1, 61440])
    >>> m = measure(x, lf.quantize(x, "float8_e5m2"))
    >>> m["zeros"], m["underflow"], m["overflow"], m["binades"]
    (1, 1, 1, {-17: 1, 0: 1, 15: 1})
    """
    size, result = np.abs(before), np.abs(after)
    finite, stays = np.isfinite(size), np.isfinite(result)
    x = before.astype(np.float64)[finite & stays]
    lost = x - after.astype(np.float64)[finite & stays]
    signal, noise = float(x @ x), float(lost @ lost)
    clamped = None
    if largest is not None:
        clamped = int(np.count_nonzero(finite & (size > largest) & (result == largest)))
    exponents = np.frexp(size[finite & (size > 0)])[1] - 1
    binades, counts = np.unique(exponents, return_counts=True)
    return {
        "count": before.size,
        "zeros": int(np.count_nonzero(size == 0)),
        "underflow": int(np.count_nonzero(finite & (size > 0) & (result == 0))),
        "overflow": int(np.count_nonzero(finite & ~stays)),
        "saturated": clamped,
        "nonfinite": int(np.count_nonzero(~finite)),
        "snr": 10 * float(np.log10(signal / noise)) if signal and noise else None,
        "norm": signal,
        "binades": dict(zip(binades.tolist(), counts.tolist(), strict=True)),
    }


class Meter:
    """Measures the tensors that an emulator quantizes.

    Parameters
    ----------
    emulator : Emulator
        The meter joins its observers at once.
    every : int
        Measure at steps that this divides.
    tensors : iterable of str, optional
        Only these; all by default.
    path : path, optional
        Append each record to this file, as a line of JSON.

    Attributes
    ----------
    records : list of dict
        ``step``, ``layer``, ``tensor`` and what ``measure`` found.

    Examples
    --------
    >>> import numpy as np
    >>> from lowfloat.training import Emulator, Meter
    >>> emulator = Emulator("e=e5m2", ["fc"])
    >>> meter = Meter(emulator)
    >>> _ = emulator.quantize(np.float32([1e-6, 1.0]), "error", "fc")
    >>> meter.records[0]["underflow"], meter.totals()["fc", "error"]["underflow"]
    (1, 1)
    """

    def __init__(
        self,
        emulator: Emulator,
        *,
        every: int = 1,
        tensors: Iterable[str] | None = None,
        path: str | Path | None = None,
    ) -> None:
        if every < 1:
            raise ValueError(f"every is a whole number from 1 on, not {every!r}")
        self.emulator, self.every = emulator, every
        self.tensors = None if tensors is None else frozenset(tensors)
        self.path = None if path is None else Path(path)
        self.records: list[dict[str, Any]] = []
        emulator.observers.append(self)

    def __call__(
        self, layer: str, tensor: str, step: int, before: NDArray[Any], after: NDArray[Any]
    ) -> None:
        """Measure one tensor; the emulator calls this."""
        if step % self.every or (self.tensors is not None and tensor not in self.tensors):
            return
        q = self.emulator.quantizer(tensor, layer)
        plain = q.format is not None and q.system is None and q.scaling.method == "none"
        largest = float(extremes(q.format).max) if plain and q.format is not None else None
        place = {"step": step, "layer": layer, "tensor": tensor}
        self._keep({**place, **measure(before, after, largest)})

    def weights(self, parameters: Mapping[str, NDArray[np.float32]]) -> None:
        """Record the sum of squares of each parameter at the present step."""
        for name, values in parameters.items():
            flat = values.reshape(-1).astype(np.float64)
            place = {"step": self.emulator.step, "layer": name, "tensor": "parameter"}
            self._keep({**place, "count": values.size, "norm": float(flat @ flat)})

    def _keep(self, record: dict[str, Any]) -> None:
        self.records.append(record)
        if self.path is not None:
            with self.path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(record) + "\n")

    def totals(self) -> dict[tuple[str, str], dict[str, int]]:
        """The counts of each layer's tensor over all steps."""
        found: dict[tuple[str, str], dict[str, int]] = {}
        for record in self.records:
            place = found.setdefault((record["layer"], record["tensor"]), dict.fromkeys(COUNTS, 0))
            for name in COUNTS:
                place[name] += record.get(name) or 0
        return found


def read_records(path: str | Path) -> list[dict[str, Any]]:
    """The records of a meter's file; the exponents of ``binades`` are numbers again.

    Raises
    ------
    ValueError
        If a line is no record; the message names it.
    """
    records = []
    for number, line in enumerate(Path(path).read_text(encoding="utf-8").splitlines(), 1):
        try:
            record = json.loads(line)
            if "binades" in record:
                record["binades"] = {int(k): v for k, v in record["binades"].items()}
        except (ValueError, TypeError, AttributeError):
            raise ValueError(f"{path}, line {number}: no record of a meter") from None
        records.append(record)
    return records


def plot_binades(
    records: Iterable[Mapping[str, Any]], *, format: Any = None, title: str = ""
) -> Any:
    """A histogram of the binades of records' tensors, one line each, over a format's range.

    Parameters
    ----------
    records : iterable of dict
        Of one or more tensors; those of one layer and tensor are added.
    format : Format or name, optional
        Its subnormal and normal ranges are shaded.

    Returns
    -------
    matplotlib.figure.Figure
    """
    import lowfloat as lf

    figure, axes = import_module("matplotlib.pyplot").subplots(figsize=(7, 3.5), layout="tight")
    sums: dict[str, dict[int, int]] = {}
    for record in records:
        line = sums.setdefault(f"{record['layer']} {record['tensor']}", {})
        for binade, count in record.get("binades", {}).items():
            line[int(binade)] = line.get(int(binade), 0) + count
    for label, binades in sums.items():
        if binades:
            span = range(min(binades), max(binades) + 1)
            whole = sum(binades.values())
            axes.step(
                span, [100 * binades.get(b, 0) / whole for b in span], where="mid", label=label
            )
    if format is not None:
        fmt = lf.format(format)
        x = extremes(fmt)
        low, normal, top = (float(np.log2(float(v))) for v in (x.min_positive, x.min_normal, x.max))
        axes.axvspan(normal, top, color="0.92", label=f"{fmt} normal")
        axes.axvspan(low, normal, color="0.8", label=f"{fmt} subnormal")
    axes.set(xlabel="binade: floor(log2 |x|)", ylabel="% of nonzero elements", title=title)
    axes.legend(fontsize=8)
    return figure


def plot_counts(
    records: Iterable[Mapping[str, Any]], what: str = "underflow", *, title: str = ""
) -> Any:
    """The share of elements that underflow (or another count) over steps, one line per tensor.

    Parameters
    ----------
    records : iterable of dict
    what : str
        A key of a record that counts, or ``"norm"`` or ``"snr"``, which are drawn as they are.

    Returns
    -------
    matplotlib.figure.Figure
    """
    figure, axes = import_module("matplotlib.pyplot").subplots(figsize=(7, 3.5), layout="tight")
    lines: dict[str, list[tuple[int, float]]] = {}
    counts = what in COUNTS
    for record in records:
        if record.get(what) is not None:
            value = 100 * record[what] / max(record["count"], 1) if counts else record[what]
            name = f"{record['layer']} {record['tensor']}"
            lines.setdefault(name, []).append((record["step"], value))
    for label, points in lines.items():
        axes.plot(*zip(*points, strict=True), label=label, marker=".", linewidth=1)
    axes.set(xlabel="step", ylabel=f"% {what}" if counts else what, title=title)
    axes.legend(fontsize=8)
    return figure
