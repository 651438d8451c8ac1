"""MovieLens-100k (Harper and Konstan 2015): ratings of 1,682 films by 943 people.

GroupLens allows research use and no redistribution: the data is read from the wheel of recbole,
which carries it, and never shipped.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lowfloat.training.datasets.packages import DataPackage

PACKAGE = DataPackage(
    "recbole",
    "pip",
    "recbole==1.2.1",
    2.1,
    {
        "recbole/dataset_example/ml-100k/ml-100k.inter": (
            "4edb74e2a81178c2ba9ff381495f754f996c4aea351b1272ca36b43da0935eff"
        )
    },
)


class Ratings(NamedTuple):
    """Parallel columns, in order of time: people 0..942, films 0..1681, seconds since 1970."""

    users: NDArray[np.int64]
    items: NDArray[np.int64]
    times: NDArray[np.int64]


def movielens(folder: str | Path | None = None) -> Ratings:
    """The 100,000 ratings; that somebody rated a film is all that is used.

    Parameters
    ----------
    folder : path, optional
        Where ``ml-100k.inter`` or the wheel of recbole 1.2.1 lies; by default it is downloaded
        once (2 MB).

    Raises
    ------
    DataUnavailable
        If the data cannot be had.
    """
    lines = PACKAGE.load(folder)["ml-100k.inter"].decode().splitlines()[1:]
    rows = np.array([line.split("\t") for line in lines], np.float64).astype(np.int64)
    users, items, times = rows[:, 0] - 1, rows[:, 1] - 1, rows[:, 3]
    order = np.lexsort((items, users, times))
    return Ratings(users[order], items[order], times[order])
