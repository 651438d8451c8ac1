"""Where the C library was installed: for programs and simulators that link it."""

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
    return str(_installed() / "include")


def get_library() -> str:
    """The folder of ``liblowfloat.a``, the shared library and ``pkgconfig/lowfloat.pc``.

    Examples
    --------
    >>> import lowfloat as lf
    >>> from pathlib import Path
    >>> Path(lf.get_library(), "liblowfloat.a").exists()
    True
    """
    return str(_installed() / "lib")


def _installed() -> Path:
    """The folder of the compiled core; in an editable install not that of the Python files."""
    spec = find_spec("lowfloat._core")
    if spec is None or spec.origin is None:
        raise ImportError("lowfloat's compiled core is missing: install lowfloat again")
    return Path(spec.origin).parent
