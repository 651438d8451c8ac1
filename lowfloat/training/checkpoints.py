"""One file that holds everything a training run needs to go on: scaler, random bits, weights, state."""

from __future__ import annotations

import json
import os
import zipfile
from pathlib import Path
from typing import Any, Protocol

import numpy as np

#: The version of the file's layout; another one is refused.
LAYOUT = 1
_INDEX = "checkpoint.json"


class Part(Protocol):
    """What a checkpoint can hold: an emulator, a scaler, an optimizer, a model's state."""

    def state_dict(self) -> dict[str, Any]:
        """Everything that decides what the part does next."""
        ...

    def load_state_dict(self, state: dict[str, Any]) -> Any:
        """Go on from there; refuse what does not fit, unchanged."""
        ...


class Checkpoint:
    """The parts of a run by name, saved and restored together.

    States are nested dicts and lists of numbers, texts and NumPy arrays. A file is written beside
    its place, flushed to disk and renamed, so that a crash leaves the old one or the new one.

    Parameters
    ----------
    **parts
        Objects with ``state_dict`` and ``load_state_dict``.

    Examples
    --------
    >>> import numpy as np, os, tempfile
    >>> from lowfloat.training import SGD, Checkpoint, DynamicScaler
    >>> optimizer, scaler = SGD({"w": np.float32([1.0])}, lr=0.1), DynamicScaler()
    >>> checkpoint = Checkpoint(optimizer=optimizer, scaler=scaler)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "run.ckpt")
    ...     checkpoint.save(path, step=7)
    ...     checkpoint.load(path)
    {'step': 7}
    """

    def __init__(self, **parts: Part) -> None:
        self.parts = parts

    def save(self, path: str | Path, **notes: Any) -> None:
        """Write all states, and notes that ``load`` gives back."""
        arrays: dict[str, Any] = {}
        states = {name: part.state_dict() for name, part in self.parts.items()}
        index = {"layout": LAYOUT, "notes": notes, "states": _split(states, "", arrays)}
        target = Path(path)
        beside = target.with_name(f"{target.name}.{os.getpid()}.tmp")
        try:
            with beside.open("wb") as file:
                arrays[_INDEX] = np.frombuffer(json.dumps(index).encode(), np.uint8)
                np.savez(file, **arrays)
                file.flush()
                os.fsync(file.fileno())
            beside.replace(target)
        finally:
            beside.unlink(missing_ok=True)

    def load(self, path: str | Path) -> dict[str, Any]:
        """Give every part its state back; returns the notes.

        Raises
        ------
        ValueError
            If the file is damaged or of another layout, has other parts, or a part refuses its
            state; then all parts are as they were.
        """
        notes, states = self._read(Path(path))
        if states.keys() != self.parts.keys():
            raise ValueError(
                f"{path} holds {', '.join(states) or 'nothing'}, and this run has "
                f"{', '.join(self.parts)}"
            )
        before = {name: part.state_dict() for name, part in self.parts.items()}
        try:
            for name, part in self.parts.items():
                part.load_state_dict(states[name])
        except Exception as error:
            for restored, state in before.items():
                self.parts[restored].load_state_dict(state)
            raise ValueError(f"{path}: {name}: {error}") from error
        return notes

    def _read(self, path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
        try:
            with path.open("rb") as raw, np.load(raw) as file:
                arrays = {key: file[key] for key in file.files}
            index = json.loads(arrays.pop(_INDEX).tobytes())
        except (zipfile.BadZipFile, EOFError, KeyError, ValueError) as error:
            raise ValueError(f"{path} is no checkpoint, or is damaged: {error}") from None
        if index.get("layout") != LAYOUT:
            raise ValueError(f"{path} has layout {index.get('layout')}, and this is {LAYOUT}")
        return index["notes"], _joined(index["states"], arrays)


def _split(state: Any, place: str, arrays: dict[str, Any]) -> Any:
    """A state for JSON, its arrays put aside under the names of their places."""
    if isinstance(state, np.ndarray):
        arrays[place] = state
        return {"array": place}
    if isinstance(state, dict):
        items = {key: _split(value, f"{place}/{key}", arrays) for key, value in state.items()}
        return {"dict": items}
    if isinstance(state, list | tuple):
        return [_split(value, f"{place}/{i}", arrays) for i, value in enumerate(state)]
    return state


def _joined(state: Any, arrays: dict[str, Any]) -> Any:
    if isinstance(state, dict):
        if "array" in state:
            return arrays[state["array"]]
        return {key: _joined(value, arrays) for key, value in state["dict"].items()}
    if isinstance(state, list):
        return [_joined(value, arrays) for value in state]
    return state
