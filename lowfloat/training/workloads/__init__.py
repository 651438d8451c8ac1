"""Small trainings on real data, in PyTorch: what the recipes are tried on.

Every workload says its model, its batches, its loss, its optimizer and its measures, and nothing of
number formats.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lowfloat.training.workloads.base import Workload

_CLASSES = {
    "images": "Images",
    "translation": "Translation",
    "recommendation": "Recommendation",
}
#: The names of the workloads.
NAMES = tuple(_CLASSES)
#: What each is, in a line.
TITLES = {
    "images": "ResNet-8 on Fashion-MNIST",
    "translation": "Transformer-tiny from the King James Version to the Reina-Valera",
    "recommendation": "NeuMF on MovieLens-100k",
}


def load(name: str, data: str | None = None, fraction: float = 1.0) -> Workload:
    """A workload with its data.

    Parameters
    ----------
    name : str
        One of ``NAMES``.
    data : path, optional
        Folder of the data packages; by default they are downloaded once.
    fraction : float
        How much of the training steps to do, for a short try.

    Raises
    ------
    ValueError
        If there is no such workload.
    DataUnavailable
        If the data cannot be had.
    """
    if name not in _CLASSES:
        raise ValueError(f"no workload {name!r}: there are {', '.join(NAMES)}")
    if not 0 < fraction <= 1:
        raise ValueError(f"fraction is above 0 and at most 1, not {fraction}")
    module = import_module(f"lowfloat.training.workloads.{name}")
    workload: Workload = getattr(module, _CLASSES[name])(data, fraction)
    return workload
