"""Verse pairs of two public-domain bibles of one versification: English and Spanish.

The King James Version and the Reina-Valera of 1909, from Debian's modules for the SWORD project.
(The letters patent of the Crown on the first apply in the United Kingdom only.)
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

from lowfloat.training.datasets.packages import DataPackage


def _module(package: str, module: str, megabytes: float, checksums: dict[str, str]) -> DataPackage:
    folder = f"usr/share/sword/modules/texts/ztext/{module}"
    files = {f"{folder}/{name}": checksum for name, checksum in checksums.items()}
    return DataPackage(package, "apt", package, megabytes, files)


ENGLISH = _module(
    "sword-text-kjv",
    "engKJV2006eb",
    2.8,
    {
        "ot.bzs": "0d518856e8c6ceae0ca58bef944ba9a2809b5d4489cf81900853ad4af227510b",
        "ot.bzv": "b4fae54cb0b979b7f3f78fe6eaa94bad1f1d408eccb4a40410402b794b5c2f0f",
        "ot.bzz": "69f7e4e9b42ecef2e212ea957a388fccbeed1e3e333a38cf52e1b4064c6ce373",
        "nt.bzs": "e7f9bc653743217cdcdf95890a708f997a03af056161d84bb540efef79e4e638",
        "nt.bzv": "9d1daab8fb6ef43b53642cdd3276c1fa95ecfde08901bbb349be6378d1e1b972",
        "nt.bzz": "135b6e70af49372f3a82c5d9cc3c00278f38dbb2c12af74ea8d4b54c18d0cd56",
    },
)
SPANISH = _module(
    "sword-text-sparv",
    "spaRV1909eb",
    2.7,
    {
        "ot.bzs": "0e39106ae15a29cef56feac683f8482be380536a1c456e006867f9fa94c0338e",
        "ot.bzv": "0f23b1ebff5ecdd352a64feda5bb047cba27ce3624fa7b00717f763835d96e20",
        "ot.bzz": "daae868e179e6cc884ad2c9429a9dfaf9745d61caa6dbb9da2a8b24ec3c01337",
        "nt.bzs": "b88dda1e9ab50d158262ab141af7823269acb19c581621683298be5b6e154d58",
        "nt.bzv": "a9583ba1b4c66dfdd8bfb6a0b1833bdaa02f9e2cc3465c5a802cf19cbc2f2533",
        "nt.bzz": "7baf6b1e798b193315fed89d0e84e8e1a033d035316f66c78d456f5fb8c87e20",
    },
)

_NOT_TEXT = re.compile(r"<(note|title)\b[^>]*?(/>|>.*?</\1>)", re.DOTALL)
_TAG = re.compile(r"<[^>]*>")
_TOKEN = re.compile(r"\w+|[^\w\s]")


def verse_pairs(folder: str | Path | None = None) -> list[tuple[list[str], list[str]]]:
    """Verses as lower-case words and punctuation marks, (English, Spanish), in the book's order.

    Parameters
    ----------
    folder : path, optional
        Where the Debian packages ``sword-text-kjv`` and ``sword-text-sparv`` lie; by default they
        are downloaded once (6 MB).

    Raises
    ------
    DataUnavailable
        If the data cannot be had.
    """
    english, spanish = (list(_verses(package.load(folder))) for package in (ENGLISH, SPANISH))
    return [(e, s) for e, s in zip(english, spanish, strict=True) if e and s]


def _verses(files: dict[str, bytes]) -> Iterator[list[str]]:
    """The tokens of every slot; slots of books and chapters are empty.

    A module has, for each testament, blocks compressed by zlib (.bzz), their places (.bzs: offset,
    size, size of the text), and the place of each verse in its block (.bzv: block, start, length).
    """
    for testament in ("ot", "nt"):
        data = files[f"{testament}.bzz"]
        blocks = [
            zlib.decompress(data[start : start + size])
            for start, size, _ in struct.iter_unpack("<III", files[f"{testament}.bzs"])
        ]
        for block, start, length in struct.iter_unpack("<IIH", files[f"{testament}.bzv"]):
            text = blocks[block][start : start + length].decode() if length else ""
            yield _TOKEN.findall(_TAG.sub(" ", _NOT_TEXT.sub(" ", text)).lower())
