"""Where the parts that are not Python were installed: the C library, its headers, and ``spec/``."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path


def get_include() -> str:
    """The folder of ``lowfloat.h`` and ``lowfloat_dpi.h``, for a C compiler's ``-I``.

    Examples
    --------
    >>> import lowfloat as lf
    >>> from pathlib import Path
    >>> Path(lf.get_include(), "lowfloat.h").exists()
    True
    """
    return str(installed_folder() / "include")


def get_library() -> str:
    """The folder of ``liblowfloat.a``, the shared library and ``pkgconfig/lowfloat.pc``.

    Examples
    --------
    >>> import lowfloat as lf
    >>> from pathlib import Path
    >>> Path(lf.get_library(), "liblowfloat.a").exists()
    True
    """
    return str(installed_folder() / "lib")


def installed_folder() -> Path:
    """The folder of the compiled core; in an editable install not that of the Python files.

    Importers that replace others' loaders, as pytest's does inside cocotb, do not matter to it.
    """
    spec = find_spec("lowfloat._core")
    if spec is None or spec.origin is None:
        raise ImportError("lowfloat's compiled core is missing: install lowfloat again")
    return Path(spec.origin).parent
