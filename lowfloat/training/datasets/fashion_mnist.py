"""Fashion-MNIST (Xiao, Rasul, Vollgraf 2017; MIT licence): 28 x 28 images of ten classes."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lowfloat.training.datasets.packages import DataPackage

_FOLDER = "usr/share/datasets/fashion-mnist/"
PACKAGE = DataPackage(
    "dataset-fashion-mnist",
    "apt",
    "dataset-fashion-mnist",
    30.9,
    {
        f"{_FOLDER}train-images-idx3-ubyte.gz": (
            "b0564c3eedabfbf835052cff8503ea422014ce006caf5b757f851416ee8300c7"
        ),
        f"{_FOLDER}train-labels-idx1-ubyte.gz": (
            "0ae29f65d86684f32d1b9c85147786c547b9c6aebcaf235f0400a0cce308b056"
        ),
        f"{_FOLDER}t10k-images-idx3-ubyte.gz": (
            "cc1d090a38ace84dfa1aa66e3ada7c336ef481a96936906477e6dd344da56eaa"
        ),
        f"{_FOLDER}t10k-labels-idx1-ubyte.gz": (
            "8d3605d196f4be44669e46906da9733c8131fef761fdbfec72c424d5222f1a05"
        ),
    },
)


class Images(NamedTuple):
    """Images of shape (n, 28, 28) and their classes 0..9 of shape (n,), both uint8."""

    images: NDArray[np.uint8]
    labels: NDArray[np.uint8]


def fashion_mnist(folder: str | Path | None = None) -> tuple[Images, Images]:
    """The 60,000 training and 10,000 test images.

    Parameters
    ----------
    folder : path, optional
        Where the files of the Debian package ``dataset-fashion-mnist`` lie; by default they are
        downloaded once (31 MB).

    Raises
    ------
    DataUnavailable
        If the data cannot be had.
    """
    files = {name: gzip.decompress(data) for name, data in PACKAGE.load(folder).items()}
    return _part(files, "train"), _part(files, "t10k")


def _part(files: dict[str, bytes], name: str) -> Images:
    """One part of the IDX files: headers of 16 and 8 bytes, then the bytes themselves."""
    images = np.frombuffer(files[f"{name}-images-idx3-ubyte.gz"], np.uint8, offset=16)
    labels = np.frombuffer(files[f"{name}-labels-idx1-ubyte.gz"], np.uint8, offset=8)
    return Images(images.reshape(-1, 28, 28), labels)
