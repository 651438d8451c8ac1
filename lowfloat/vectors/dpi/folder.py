"""``lowfloat dpi``: what a simulator or a C program needs of lowfloat, in one folder."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

import lowfloat as lf
from lowfloat.vectors.dpi.package import package_text

_HEADERS = ("lowfloat.h", "lowfloat_dpi.h")
_EXAMPLES = ("Makefile", "example.sv", "example.c")


def write_library(
    folder: str | os.PathLike[str], accumulators: Mapping[str, Any] | None = None
) -> list[Path]:
    """Write headers, libraries, ``lowfloat_pkg.sv`` and ``lowfloat.pc``; returns their paths.

    Raises
    ------
    ValueError
        If an accumulator's name cannot be one of the package.
    FileNotFoundError
        If lowfloat was installed without its C library.
    """
    package = package_text(accumulators)
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    include, library = Path(lf.get_include()), Path(lf.get_library())
    written = [_copy(include / name, target) for name in _HEADERS]
    written += [_copy(path, target) for path in sorted(library.glob("*lowfloat.*"))]
    description = (library / "pkgconfig" / "lowfloat.pc").read_text(encoding="utf-8")
    moved = {
        "prefix=${pcfiledir}/../..": "prefix=${pcfiledir}",
        "includedir=${prefix}/include": "includedir=${prefix}",
        "libdir=${prefix}/lib": "libdir=${prefix}",
    }
    for old, new in moved.items():
        description = description.replace(old, new)
    texts = {"lowfloat_pkg.sv": package, "lowfloat.pc": description}
    for name, text in texts.items():
        (target / name).write_text(text, encoding="utf-8")
    return written + [target / name for name in texts]


def write_dpi(
    folder: str | os.PathLike[str], accumulators: Mapping[str, Any] | None = None
) -> list[Path]:
    """Write ``write_library``'s files, an example in SystemVerilog and one in C, and a Makefile.

    The functions of ``lowfloat_pkg.sv`` have the names that they have in Python, and no Python is
    called.

    Parameters
    ----------
    folder : path
    accumulators : mapping of names to accumulators or presets, optional
        Constants of the package, for its functions ``dot`` and ``sum``.

    Raises
    ------
    ValueError
        If a name cannot be one of the package.
    FileNotFoundError
        If lowfloat was installed without its C library.

    Examples
    --------
    >>> import tempfile, lowfloat as lf
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     written = lf.vectors.write_dpi(folder)
    >>> "lowfloat_pkg.sv" in {path.name for path in written}
    True
    """
    written = write_library(folder, accumulators)
    for name in _EXAMPLES:
        path = Path(folder, name)
        text = (files(__package__) / "templates" / name).read_text(encoding="utf-8")
        path.write_text(text, encoding="utf-8")
        written.append(path)
    return written


def _copy(source: Path, folder: Path) -> Path:
    return Path(shutil.copyfile(source, folder / source.name))
