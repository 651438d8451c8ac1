"""S2FP8: tensors in eight bits, shifted and squeezed so that their logarithms fill the format."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lowfloat import _native, golden, settings
from lowfloat.arrays import Array, wrap
from lowfloat.engine.sources import code_dtype
from lowfloat.format_names import format as find_format
from lowfloat.formats import Format
from lowfloat.golden import s2fp8 as golden_s2fp8
from lowfloat.golden.s2fp8 import Squeeze, check_parameters
from lowfloat.systems import codebook

FLOAT32 = np.dtype(np.float32)


class S2FP8(NamedTuple):
    """A tensor in S2FP8: elements, and what its statistics decided.

    Attributes
    ----------
    elements : Array
        The codes Y.
    squeeze : Squeeze
        Number, sum and largest of the logarithms, as integers (rule X-2).
    """

    elements: Array
    squeeze: Squeeze

    @property
    def codes(self) -> NDArray[Any]:
        """The codes of the elements."""
        return self.elements.codes

    @property
    def alpha(self) -> float:
        """The squeeze factor: log2|Y| = alpha log2|X| + beta."""
        return self.squeeze.alpha

    @property
    def beta(self) -> float:
        """The shift."""
        return self.squeeze.beta

    def to_numpy(self) -> NDArray[np.float32]:
        """The values that the codes stand for, as float32 (rule X-5)."""
        if settings.current_backend() == "golden":
            return _golden_values(self)
        table = codebook.all_values(self.squeeze, self.elements.format)
        values: NDArray[np.float32] = table[self.codes]
        return values


def _backend() -> ModuleType:
    """What sums logarithms and searches codebooks: the C library, or Numba."""
    if settings.current_backend() == "jit":
        return import_module("lowfloat.jit.logarithms")
    return _native


def _binary32(x: Any) -> NDArray[np.float32]:
    """A tensor of float32, or of something that float32 holds exactly."""
    if isinstance(x, Array):
        if not x.format.fits_in(find_format("float32")):
            raise TypeError(f"s2fp8 takes values that float32 holds, not {x.format}: cast first")
        return np.require(x.astype("float32").to_numpy(), np.float32, ["C", "A"])
    values = np.asarray(x)
    if values.dtype not in (np.float16, np.float32):
        with np.errstate(over="ignore", invalid="ignore"):
            narrow = values.astype(np.float32)
        if not np.array_equal(narrow, values.astype(np.float64), equal_nan=True):
            raise ValueError("s2fp8 takes float32 values, which do not hold these: cast first")
        values = narrow
    return np.require(values, np.float32, ["C", "A"])


def _squeeze(x: NDArray[np.float32], target: int) -> Squeeze:
    count, total, largest = _backend().log2_statistics(x.reshape(-1))
    return Squeeze(count, total, _native.log2_fixed(largest) if count else 0, target)


def quantize(x: Any, format: Any = "float8_e5m2", *, target: int | None = None) -> S2FP8:
    """A tensor in S2FP8.

    Parameters
    ----------
    x : array_like
        Values that float32 holds; any shape.
    format : Format, name or dtype
        The elements' format: signed, at most 8 bits, with a zero.
    target : int, optional
        The exponent that the largest magnitude is mapped to; by default that of the format's
        largest number, which for E5M2 is the paper's 15.

    Raises
    ------
    ValueError
        If float32 does not hold the values, or the format or target will not do (rule X-1).

    Examples
    --------
    >>> import lowfloat as lf
    >>> s = lf.systems.s2fp8.quantize([0.1, -0.2, 0.3, 1e-4])
    Traceback (most recent call last):
        ...
    ValueError: s2fp8 takes float32 values, which do not hold these: cast first
    >>> import numpy as np
    >>> s = lf.systems.s2fp8.quantize(np.float32([0.1, -0.2, 0.3, 1e-4]))
    >>> s.codes, round(s.alpha, 6), round(s.beta, 6)
    (array([ 92, 237, 120,   0], dtype=uint8), 4.372964, 22.595687)
    >>> s.to_numpy()
    array([ 0.098912  , -0.19623016,  0.3       ,  0.        ], dtype=float32)

    Source: Cambier et al. 2020; semantics.md section 10.
    """
    fmt = find_format(format)
    target = check_parameters(fmt, target)
    values = _binary32(x)
    if settings.current_backend() == "golden":
        return _golden(values, fmt, target)
    squeeze = _squeeze(values, target)
    codes = np.empty(values.shape, code_dtype(fmt))
    book = codebook.codebook(squeeze, fmt)
    _backend().codebook_search(values.reshape(-1), book, codes.reshape(-1))
    return S2FP8(wrap(codes, fmt), squeeze)


def _golden(x: NDArray[np.float32], format: Format, target: int) -> S2FP8:
    """The golden model's codes, element by element."""
    container = find_format("float32")
    exact = [golden.decode(bits, container) for bits in x.reshape(-1).view(np.uint32).tolist()]
    squeeze, codes = golden_s2fp8.quantize(exact, format, target)
    return S2FP8(wrap(np.array(codes, code_dtype(format)).reshape(x.shape), format), squeeze)


def _golden_values(s: S2FP8) -> NDArray[np.float32]:
    """The golden model's values of codes, element by element."""
    format, container = s.elements.format, find_format("float32")
    codes = s.codes.reshape(-1).tolist()
    bits = [golden_s2fp8.value(code, s.squeeze, format, container) for code in codes]
    return np.array(bits, np.uint32).view(np.float32).reshape(s.codes.shape)


def truncate(
    x: Any, format: Any = "float8_e5m2", *, target: int | None = None, out: Any = None
) -> NDArray[np.float32]:
    """T(X): the values of a tensor's S2FP8 codes, as ``quantize(x).to_numpy()``, in one pass fewer.

    Parameters
    ----------
    x, format, target
        As for ``quantize``.
    out : ndarray of float32, optional
        Where the values go, contiguous; ``x`` itself works.

    Raises
    ------
    TypeError, ValueError
        As ``quantize``; and if ``out`` does not fit.

    Examples
    --------
    >>> import numpy as np, lowfloat as lf
    >>> lf.systems.s2fp8.truncate(np.float32([1, 2, 4, 8.5]))
    array([1.0120797, 2.       , 4.0011444, 8.5      ], dtype=float32)

    Source: Cambier et al. 2020, equation 5; semantics.md rules X-4 and X-5.
    """
    fmt: Format = find_format(format)
    target = check_parameters(fmt, target)
    values = _binary32(x)
    if out is None:
        out = np.empty(values.shape, np.float32)
    elif (
        not isinstance(out, np.ndarray)
        or out.dtype != FLOAT32
        or out.shape != values.shape
        or not (out.flags.c_contiguous and out.flags.writeable)
    ):
        raise TypeError(f"out must be a contiguous writeable float32 array of shape {values.shape}")
    if settings.current_backend() == "golden":
        out[...] = _golden_values(_golden(values, fmt, target))
        return out  # type: ignore[no-any-return]
    book = codebook.codebook(_squeeze(values, target), fmt)
    _backend().codebook_search(values.reshape(-1), book, out.reshape(-1))
    return out  # type: ignore[no-any-return]
