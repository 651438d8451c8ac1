"""Arrays in .npz files: the codes beside their format, so that nothing is guessed on loading."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import IO, Any

import numpy as np

from lowfloat.arrays import Array, from_codes
from lowfloat.formats import Format

_FORMATS = "__lowfloat__"
_SINGLE = "array"


def format_to_json(fmt: Format) -> dict[str, Any]:
    """A format as plain data: its name for the reader, its fields for the machine."""
    names = (
        "exponent_bits", "mantissa_bits", "bias", "signed", "infinities", "nan",
        "negative_zero", "zero", "subnormals",
    )  # fmt: skip
    return {"name": fmt.name, **dict(zip(names, fmt.fields, strict=True))}


def format_from_json(data: Mapping[str, Any]) -> Format:
    """The format that ``format_to_json`` described."""
    return Format(**{key: value for key, value in data.items() if key != "name"})


def save(file: str | os.PathLike[str] | IO[bytes], arrays: Array | Mapping[str, Array]) -> None:
    """Write an array, or a mapping of named arrays, to an .npz file.

    Raises
    ------
    TypeError
        If a value is no lf.Array.

    Examples
    --------
    >>> import io, lowfloat as lf
    >>> f = io.BytesIO()
    >>> lf.save(f, lf.array([1, 2], "float4_e2m1fn"))
    >>> _ = f.seek(0)
    >>> lf.load(f)
    lowfloat.array([1.0, 2.0], 'float4_e2m1fn')
    """
    named = {_SINGLE: arrays} if isinstance(arrays, Array) else dict(arrays)
    for name, x in named.items():
        if not isinstance(x, Array):
            raise TypeError(f"{name} is a {type(x).__name__}: lf.save writes lf.Arrays")
        if name == _FORMATS:
            raise ValueError(f"{_FORMATS} is the name of the formats' own entry: choose another")
    header = {
        "single": isinstance(arrays, Array),
        "formats": {name: format_to_json(x.format) for name, x in named.items()},
    }
    columns = {name: x.codes for name, x in named.items()}
    np.savez_compressed(file, **{_FORMATS: np.array(json.dumps(header))}, **columns)  # type: ignore[arg-type]


def load(file: str | os.PathLike[str] | IO[bytes]) -> Array | dict[str, Array]:
    """Read what ``lf.save`` wrote: an array, or a dict of named arrays.

    Raises
    ------
    ValueError
        If the file was not written by ``lf.save`` or its codes do not fit their formats.

    Examples
    --------
    >>> import io, lowfloat as lf
    >>> f = io.BytesIO()
    >>> lf.save(f, {"scale": lf.array([0.5], "float8_e8m0fnu")})
    >>> _ = f.seek(0)
    >>> lf.load(f)
    {'scale': lowfloat.array([0.5], 'float8_e8m0fnu')}
    """
    foreign = f"{file} was not written by lf.save: it names no formats"
    stored = np.load(file, allow_pickle=False)
    if not isinstance(stored, np.lib.npyio.NpzFile):
        raise ValueError(foreign)
    with stored:
        if _FORMATS not in stored.files:
            raise ValueError(foreign)
        header = json.loads(str(stored[_FORMATS]))
        loaded = {
            name: from_codes(stored[name], format_from_json(fmt))
            for name, fmt in header["formats"].items()
        }
    return loaded[_SINGLE] if header["single"] else loaded
