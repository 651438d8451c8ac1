"""Golden vectors of a training run: the operands, sums and accumulators of a layer's products."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import lowfloat as lf
from lowfloat.formats import Format
from lowfloat.randomness import PhiloxDraw
from lowfloat.training.emulator import Emulator
from lowfloat.training.products import gemm

_LAYOUT = 1


class Dump:
    """Writes the products of chosen layers at chosen steps, each as a folder of hexadecimal files.

    A folder ``step000010.conv1.forward`` has ``a.hex`` and ``b.hex``, the operands' codes, one a
    line in C order, as ``$readmemh`` reads them; ``sum.hex``, the sums' codes; and
    ``manifest.json`` with shapes, formats, the accumulator, random bits and checksums. Operands
    are codes of their role's format where it has no scale, of float32 otherwise.

    Parameters
    ----------
    emulator : Emulator
        The dump joins its recorders at once.
    folder : path
    layers, gemms, steps : iterable, optional
        Which ones; all by default.

    Examples
    --------
    >>> import numpy as np, tempfile
    >>> from lowfloat.training import Dump, Emulator, replay
    >>> emulator = Emulator("w=e4m3fn,a=e4m3fn,acc=e6m9", ["fc"])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     dump = Dump(emulator, folder)
    ...     _ = emulator.gemm(np.float32([[1, 2]]), np.float32([[0.5], [4]]), "forward", "fc")
    ...     (dump.written[0] / "a.hex").read_text().split()
    ...     replay(dump.written[0], emulator.accumulator("forward", "fc"))
    ['38', '40']
    0
    """

    def __init__(
        self,
        emulator: Emulator,
        folder: str | Path,
        *,
        layers: Iterable[str] | None = None,
        gemms: Iterable[str] | None = None,
        steps: Iterable[int] | None = None,
    ) -> None:
        self.emulator, self.folder = emulator, Path(folder)
        self.layers = None if layers is None else frozenset(layers)
        self.gemms = None if gemms is None else frozenset(gemms)
        self.steps = None if steps is None else frozenset(steps)
        self.written: list[Path] = []
        emulator.recorders.append(self)

    def __call__(
        self,
        layer: str,
        which: str,
        step: int,
        a: NDArray[np.float32],
        b: NDArray[np.float32],
        result: NDArray[np.float32],
        accumulator: Any,
        rng: PhiloxDraw | None,
        formats: tuple[Format, Format],
    ) -> None:
        """Write one product; the emulator calls this."""
        wanted = ((self.layers, layer), (self.gemms, which), (self.steps, step))
        if any(chosen is not None and item not in chosen for chosen, item in wanted):
            return
        tensors = {
            "a": (a, formats[0]),
            "b": (b, formats[1]),
            "sum": (result, _sum_format(accumulator)),
        }
        notes = {
            "layer": layer,
            "gemm": which,
            "step": step,
            "accumulator": "host float32" if accumulator is None else repr(accumulator),
            "random": None if rng is None else list(rng),
        }
        self.written.append(_write(self._place(f"step{step:06d}.{layer}.{which}"), tensors, notes))

    def _place(self, name: str) -> Path:
        """A folder that is not there yet: further uses of a layer in a step are numbered."""
        use, place = 0, self.folder / name
        while place.exists():
            use += 1
            place = self.folder / f"{name}.{use}"
        return place


def _sum_format(accumulator: Any) -> Format:
    fmt = None if accumulator is None else accumulator.format
    float32 = lf.format("float32")
    return fmt if fmt is not None and fmt.fits_in(float32) else float32


def _write(place: Path, tensors: dict[str, tuple[Any, Format]], notes: dict[str, Any]) -> Path:
    """All files in a folder beside, which then takes its place: whole or not at all."""
    beside = place.with_name(f".{place.name}.{os.getpid()}.tmp")
    shutil.rmtree(beside, ignore_errors=True)
    beside.mkdir(parents=True)
    try:
        described = {}
        for name, (values, fmt) in tensors.items():
            exact = lf.cast(values, fmt, rounding="toward_zero", saturation="none", policy="ieee")
            digits = -(-fmt.width // 4)
            text = "".join(f"{code:0{digits}x}\n" for code in exact.codes.reshape(-1).tolist())
            (beside / f"{name}.hex").write_text(text, encoding="ascii")
            described[name] = {
                "shape": list(values.shape),
                "format": fmt.name,
                "sha256": hashlib.sha256(text.encode()).hexdigest(),
            }
        manifest = {"layout": _LAYOUT, "lowfloat": lf.__version__, **notes, "tensors": described}
        text = json.dumps(manifest, indent=1) + "\n"
        (beside / "manifest.json").write_text(text, encoding="utf-8")
        beside.rename(place)
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return place


def read_dump(place: str | Path) -> tuple[dict[str, Any], dict[str, lf.Array]]:
    """The manifest and the three Arrays ``a``, ``b`` and ``sum`` of a dumped product.

    Raises
    ------
    ValueError
        If a file is missing, or is not the one that was written.
    """
    folder, arrays = Path(place), {}
    try:
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        for name, about in manifest["tensors"].items():
            text = (folder / f"{name}.hex").read_text(encoding="ascii")
            if hashlib.sha256(text.encode()).hexdigest() != about["sha256"]:
                raise ValueError(
                    f"{name}.hex is not the file that was written: its checksum differs"
                )
            fmt = lf.format(about["format"])
            codes = np.array([int(line, 16) for line in text.split()], dtype=np.uint64)
            arrays[name] = lf.from_codes(
                codes.astype(_code_dtype(fmt)).reshape(about["shape"]), fmt
            )
    except (OSError, KeyError, json.JSONDecodeError) as error:
        raise ValueError(f"{folder} holds no whole dump: {error}") from None
    except ValueError as error:
        raise ValueError(f"{folder}: {error}") from None
    return manifest, arrays


def _code_dtype(fmt: Format) -> Any:
    return np.dtype(f"u{fmt.storage_bits // 8}")


def replay(place: str | Path, accumulator: Any) -> int:
    """Make a dumped product again; the number of sums with other bits.

    Parameters
    ----------
    place : path
        A folder that ``Dump`` wrote.
    accumulator : accumulator
        The one that the run used; its text is compared with the manifest's.

    Raises
    ------
    ValueError
        If the dump is damaged, of another accumulator, or of the host's float32 GEMM, whose order
        of sums is not ours to repeat.
    """
    manifest, arrays = read_dump(place)
    if accumulator is None:
        raise ValueError("the host's float32 GEMM has no stated order: dump with an accumulator")
    if repr(accumulator) != manifest["accumulator"]:
        raise ValueError(f"{place} was made by {manifest['accumulator']}, not by {accumulator!r}")
    rng = None if manifest["random"] is None else PhiloxDraw(*manifest["random"])
    a, b = (np.asarray(arrays[name].to_numpy(), np.float32) for name in ("a", "b"))
    again = gemm(a, b, accumulator, rng, (arrays["a"].format, arrays["b"].format))
    expected = np.asarray(arrays["sum"].to_numpy(), np.float32)
    return int(np.count_nonzero(again.view(np.uint32) != expected.view(np.uint32)))


def trace(place: str | Path, accumulator: Any, row: int, column: int) -> list[float]:
    """The accumulator after each term of one sum of a dumped product, for a two-dimensional one.

    Raises
    ------
    ValueError
        If the accumulator has no running sum in the order of the terms, or uses random bits.
    """
    _, arrays = read_dump(place)
    if not isinstance(accumulator, lf.Accumulator) or accumulator.order != "sequential":
        raise ValueError("only a sequential lf.Accumulator has a running sum after each term")
    if accumulator.draws(1):
        raise ValueError("random bits belong to whole sums: trace an accumulator without them")
    a = np.asarray(arrays["a"].to_numpy(), np.float32)[row : row + 1]
    b = np.asarray(arrays["b"].to_numpy(), np.float32)[:, column : column + 1]
    lengths = range(1, a.shape[1] + 1)
    return [float(gemm(a[:, :k], b[:k], accumulator)[0, 0]) for k in lengths]
