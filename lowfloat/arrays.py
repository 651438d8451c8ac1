"""The array type: unsigned codes and the format that gives them meaning.

An ``Array`` is no ndarray and never decodes silently: NumPy functions that have no lowfloat
meaning raise TypeError instead of answering in binary64.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from lowfloat import engine, exception_flags, golden, settings
from lowfloat.engine.sources import Coded, code_dtype, integer_array, source
from lowfloat.format_names import format as find_format
from lowfloat.formats import Format
from lowfloat.projection import Policy, Projection, Rounding

EXACT = Projection()


class FormatMismatch(TypeError):
    """An operator met two formats; the message names the two remedies.

    Examples
    --------
    >>> import lowfloat as lf
    >>> lf.array([1], "bfloat16") + lf.array([1], "float16")
    Traceback (most recent call last):
        ...
    lowfloat.FormatMismatch: + of bfloat16 and float16: cast one of them ...
    """


FormatMismatch.__module__ = "lowfloat"


class Array:
    """An n-dimensional array of codes of one format.

    Make one with ``lf.array``, ``lf.cast`` or ``lf.from_codes``.

    Attributes
    ----------
    codes : numpy.ndarray
        The codes, unsigned, in the low ``format.width`` bits. Changing them changes the array.
    format : Format
        What the codes mean.

    Examples
    --------
    >>> import lowfloat as lf
    >>> x = lf.array([1, 2.5, -0.0], "float8_e4m3fn")
    >>> x
    lowfloat.array([1.0, 2.5, -0.0], 'float8_e4m3fn')
    >>> x.codes
    array([ 56,  66, 128], dtype=uint8)
    >>> x[1:] == lf.array([2.5, 0.0], "bfloat16")
    array([ True,  True])
    """

    __slots__ = ("codes", "format")
    __array_priority__ = 1000

    codes: NDArray[Any]
    format: Format

    def __init__(self, codes: NDArray[Any], format: Format) -> None:
        if not isinstance(codes, np.ndarray) or not isinstance(format, Format):
            raise TypeError("make an Array with lf.array, lf.cast or lf.from_codes")
        if codes.dtype != code_dtype(format):
            raise TypeError(f"codes of {format} are {code_dtype(format)}, not {codes.dtype}")
        self.codes = codes
        self.format = format

    # -- shape ------------------------------------------------------------------------------

    @property
    def _lowfloat_codes(self) -> NDArray[Any]:
        return self.codes

    @property
    def shape(self) -> tuple[int, ...]:
        """Lengths of the axes."""
        return self.codes.shape

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return self.codes.ndim

    @property
    def size(self) -> int:
        """Number of elements."""
        return self.codes.size

    @property
    def T(self) -> Array:
        """The array with its axes reversed."""
        return Array(self.codes.T, self.format)

    def reshape(self, *shape: Any) -> Array:
        """The same elements in another shape."""
        return Array(self.codes.reshape(*shape), self.format)

    def copy(self) -> Array:
        """A copy with codes of its own."""
        return Array(self.codes.copy(), self.format)

    def __len__(self) -> int:
        return len(self.codes)

    def __iter__(self) -> Iterator[Array]:
        if self.ndim == 0:
            raise TypeError("a 0-dimensional array has no elements to iterate over")
        return (self[i] for i in range(len(self)))

    def __getitem__(self, index: Any) -> Array:
        return Array(np.asarray(self.codes[index]), self.format)

    def __setitem__(self, index: Any, value: Any) -> None:
        self.codes[index] = self._same_format(value, "assignment").codes

    # -- values -----------------------------------------------------------------------------

    def to_numpy(self, dtype: Any = None) -> NDArray[Any]:
        """The values, exactly, as float32 where the format fits in it, else as float64.

        Raises
        ------
        ValueError
            If a value of the array has no exact ``dtype``.

        Examples
        --------
        >>> import lowfloat as lf
        >>> lf.from_codes([0x7E, 0xFF], "float8_e4m3fn").to_numpy()
        array([448.,  nan], dtype=float32)

        Source: semantics.md rules D-3 to D-6.
        """
        if dtype is None:
            float32 = find_format("float32")
            dtype = np.float32 if self.format.fits_in(float32) else np.float64
        target = find_format(np.dtype(dtype))
        if self.format.fits_in(target):
            with exception_flags.ignored():
                codes = engine.convert(self, target, EXACT)
        else:
            raised = np.zeros(self.shape, np.uint8)
            with exception_flags.ignored():
                codes = engine.convert(self, target, EXACT, flags_out=raised)
            if (raised & 0b00111).any():
                raise ValueError(
                    f"some of these {self.format} values have no exact {target}: "
                    "take x.to_fractions(), or cast first"
                )
        return codes.view(np.dtype(dtype)) if codes.ndim else codes.reshape(1).view(dtype)[0]

    def astype(
        self,
        format: Any,
        *,
        rounding: Rounding | None = None,
        saturation: str | None = None,
        policy: Policy | str | None = None,
        rng: Any = None,
        random_bits: Any = None,
        out: Any = None,
        flags_out: Any = None,
    ) -> Array:
        """The values in another format, rounded once; parameters as for ``lf.cast``.

        Examples
        --------
        >>> import lowfloat as lf
        >>> lf.array([300.0, 1.0], "bfloat16").astype("float8_e4m3fn")
        lowfloat.array([300.0, 1.0], 'float8_e4m3fn')
        """
        from lowfloat.casting import cast

        return cast(
            self, format, rounding=rounding, saturation=saturation, policy=policy, rng=rng,
            random_bits=random_bits, out=out, flags_out=flags_out,
        )  # fmt: skip

    def item(self, *index: Any) -> float:
        """One value as a Python float, exactly: of a one-element array, or at an index.

        Raises
        ------
        ValueError
            If the array has several elements and no index is given, or if binary64 does not hold
            the value; ``to_fractions`` does.

        Examples
        --------
        >>> import lowfloat as lf
        >>> x = lf.array([[1, 2.5]], "float8_e4m3fn")
        >>> x.item(1), x.item(0, 0)
        (2.5, 1.0)
        """
        code = np.array(self.codes.item(*index), self.codes.dtype)
        return float(Array(code, self.format).to_numpy(np.float64).item())

    def tolist(self) -> Any:
        """The values as Python floats, exactly, in nested lists like NumPy's.

        Raises
        ------
        ValueError
            If binary64 does not hold a value; ``to_fractions`` does.

        Examples
        --------
        >>> import lowfloat as lf
        >>> lf.array([[0.1, 448], [-0.0, 2]], "float8_e4m3fn").tolist()
        [[0.1015625, 448.0], [-0.0, 2.0]]
        """
        return self.to_numpy(np.float64).tolist()

    def to_fractions(self) -> NDArray[np.object_]:
        """The values as Fractions, exactly, in an object array of this shape.

        Zeros of both signs are ``Fraction(0)``.

        Raises
        ------
        ValueError
            If an element is an infinity or a NaN.

        Examples
        --------
        >>> import lowfloat as lf
        >>> lf.array([0.1, 448], "float8_e4m3fn").to_fractions()
        array([Fraction(13, 128), Fraction(448, 1)], dtype=object)

        Source: semantics.md rule D-5.
        """
        from lowfloat.array_text import each_code

        return each_code(self, fraction_of)

    def to_strings(self, notation: str = "shortest") -> NDArray[np.str_]:
        """The values as text, which ``lf.array`` reads back to the same codes.

        Parameters
        ----------
        notation : "shortest", "exact" or "hexadecimal"
            The shortest decimal that rounds to the code, all digits, or C99's form. NaNs of every
            kind are "nan"; in hexadecimal they keep their sign, and signaling ones are "snan".

        Raises
        ------
        ValueError
            If there is no such notation.

        Examples
        --------
        >>> import lowfloat as lf
        >>> x = lf.array([0.1, 448], "float8_e4m3fn")
        >>> x.to_strings().tolist(), x.to_strings("exact").tolist()
        (['0.1', '450.0'], ['0.1015625', '448.0'])
        >>> x.to_strings("hexadecimal").tolist()
        ['0x1.ap-4', '0x1.cp+8']

        Source: semantics.md rules T-2 and T-3.
        """
        from lowfloat.array_text import strings

        return strings(self, notation)

    def __float__(self) -> float:
        return self.item()

    def __int__(self) -> int:
        value = self.item() if self.format.fits_in(find_format("float64")) else None
        return int(self.to_fractions().item() if value is None else value)

    def __bool__(self) -> bool:
        if self.size != 1:
            raise ValueError("the truth of an array of several elements is ambiguous")
        return self.item() != 0

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        if copy is False:
            raise ValueError("codes are not values: a NumPy array of an lf.Array is a copy")
        values = np.asarray(self.to_numpy())
        return values if dtype is None else values.astype(dtype, casting="safe")

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        from lowfloat.numpy_protocol import apply_ufunc

        return apply_ufunc(ufunc, method, inputs, kwargs)

    def __array_function__(self, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
        from lowfloat.numpy_protocol import apply_function

        return apply_function(func, args, kwargs)

    # -- operators --------------------------------------------------------------------------

    def _same_format(self, other: Any, what: str) -> Array:
        """``other`` as an array of this format: Python numbers are weak, others must match."""
        if isinstance(other, Array):
            if other.format is not self.format:
                raise FormatMismatch(
                    f"{what} of {self.format} and {other.format}: cast one of them with "
                    ".astype(...), or call the function with format=..."
                )
            return other
        if isinstance(other, int | float) and not isinstance(other, bool):
            return weak_scalar(other, self.format)
        raise TypeError(
            f"{what} of an lf.Array and a {type(other).__name__}: make it an lf.Array with "
            f"lf.array(x, '{self.format}')"
        )

    def _apply(self, name: str, *operands: Any) -> Array:
        """An operator: one format, Python numbers weak."""
        from lowfloat.functions import FUNCTIONS

        result: Array = FUNCTIONS[name](*operands)
        return result

    def __add__(self, other: Any) -> Array:
        return self._apply("add", self, self._same_format(other, "+"))

    def __radd__(self, other: Any) -> Array:
        return self._apply("add", self._same_format(other, "+"), self)

    def __sub__(self, other: Any) -> Array:
        return self._apply("subtract", self, self._same_format(other, "-"))

    def __rsub__(self, other: Any) -> Array:
        return self._apply("subtract", self._same_format(other, "-"), self)

    def __mul__(self, other: Any) -> Array:
        return self._apply("multiply", self, self._same_format(other, "*"))

    def __rmul__(self, other: Any) -> Array:
        return self._apply("multiply", self._same_format(other, "*"), self)

    def __truediv__(self, other: Any) -> Array:
        return self._apply("divide", self, self._same_format(other, "/"))

    def __rtruediv__(self, other: Any) -> Array:
        return self._apply("divide", self._same_format(other, "/"), self)

    def __pow__(self, other: Any) -> Array:
        return self._apply("pow", self, self._same_format(other, "**"))

    def __rpow__(self, other: Any) -> Array:
        return self._apply("pow", self._same_format(other, "**"), self)

    def __matmul__(self, other: Any) -> Array:
        return self._matmul(self, other)

    def __rmatmul__(self, other: Any) -> Array:
        return self._matmul(other, self)

    def _matmul(self, x: Any, y: Any) -> Array:
        """Exact sums of products, rounded once; both operands of this format."""
        from lowfloat.reductions import matmul

        return matmul(self._same_format(x, "@"), self._same_format(y, "@"))

    def __neg__(self) -> Array:
        return self._apply("negate", self)

    def __pos__(self) -> Array:
        return self.copy()

    def __abs__(self) -> Array:
        return self._apply("abs", self)

    def __eq__(self, other: object) -> Any:
        from lowfloat.comparing import compare

        return compare("equal", self, other)

    def __ne__(self, other: object) -> Any:
        from lowfloat.comparing import compare

        return compare("not_equal", self, other)

    def __lt__(self, other: Any) -> Any:
        from lowfloat.comparing import compare

        return compare("less", self, other)

    def __le__(self, other: Any) -> Any:
        from lowfloat.comparing import compare

        return compare("less_equal", self, other)

    def __gt__(self, other: Any) -> Any:
        from lowfloat.comparing import compare

        return compare("greater", self, other)

    def __ge__(self, other: Any) -> Any:
        from lowfloat.comparing import compare

        return compare("greater_equal", self, other)

    __hash__ = None  # type: ignore[assignment]

    # -- text and storage -------------------------------------------------------------------

    def __repr__(self) -> str:
        from lowfloat.array_text import array_repr

        return array_repr(self)

    def __str__(self) -> str:
        from lowfloat.array_text import array_str

        return array_str(self)

    def __format__(self, spec: str) -> str:
        return format(self.item(), spec) if spec else str(self)

    def _repr_html_(self) -> str:
        from lowfloat.array_text import array_html

        return array_html(self)

    def __reduce__(self) -> tuple[Any, ...]:
        return Array, (self.codes, self.format)

    def __dlpack__(self, **kwargs: Any) -> NoReturn:
        raise BufferError("export x.codes (unsigned integers), and the format beside them")


def fraction_of(fmt: Format, code: int) -> Fraction:
    """The value of a code.

    Raises
    ------
    ValueError
        If it is an infinity or a NaN.
    """
    value = golden.decode(code, fmt)
    if value.kind != "finite":
        raise ValueError(
            f"{value.kind.replace('nan', 'NaN').replace('infinite', 'an infinity')} is no fraction: "
            "choose the finite elements with lf.is_finite"
        )
    return value.signed


def wrap(codes: NDArray[Any], fmt: Format) -> Array:
    """An Array of codes that are known to belong to the format."""
    array = object.__new__(Array)
    array.codes, array.format = codes, fmt
    return array


def weak_scalar(value: float, fmt: Format) -> Array:
    """A Python number rounded to nearest even into a format, ignoring the context.

    Raises
    ------
    OverflowError
        If a finite number is beyond the format.
    """
    raised = np.zeros((), np.uint8)
    with exception_flags.ignored():
        codes = engine.convert(value, fmt, EXACT, flags_out=raised)
    if raised & 0b10100:
        raise OverflowError(f"{value!r} is beyond {fmt}: cast it with the saturation you want")
    return Array(codes, fmt)


def from_codes(codes: Any, format: Any) -> Array:
    """An array from codes; no copy where they already are unsigned integers of the right size.

    Raises
    ------
    TypeError
        If ``codes`` are not integers.
    ValueError
        If a code does not fit the format's width.

    Examples
    --------
    >>> import lowfloat as lf
    >>> lf.from_codes([0x38, 0xC0], "float8_e4m3fn")
    lowfloat.array([1.0, -2.0], 'float8_e4m3fn')

    Source: semantics.md rule D-1.
    """
    fmt = find_format(format)
    array = integer_array(codes, "codes")
    dtype = code_dtype(fmt)
    full = array.dtype == dtype and fmt.width == fmt.storage_bits
    if not full and array.size:
        low, high = int(array.min()), int(array.max())
        if low < 0 or high >> fmt.width:
            bad = low if low < 0 else high
            raise ValueError(f"code {bad:#x} does not fit the {fmt.width} bits of {fmt} (rule D-1)")
    return Array(array.astype(dtype, copy=False), fmt)


def as_operand(x: Any, default: Format | None) -> Coded:
    """An operand of a named function: an Array as it is, anything else read as ``default``."""
    if isinstance(x, Array):
        return Coded(x.codes, x.format)
    if default is None:
        raise TypeError(f"a {type(x).__name__} has no format: make it an lf.Array, or give format=")
    given = source(x)
    if isinstance(given, Coded) and given.format is default:
        return given
    return Coded(engine.convert(x, default, settings.resolve(None, None, None)), default)
