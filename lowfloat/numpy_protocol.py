"""What NumPy's functions mean for an Array; those that are not listed raise TypeError."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lowfloat.arrays import Array
from lowfloat.comparing import COMPARISONS, compare
from lowfloat.functions import FUNCTIONS
from lowfloat.reductions import cumsum, matmul, sum, tensordot


def _operator(function: Callable[..., Array]) -> Callable[..., Any]:
    """A binary function with the rules of operators: one format, weak Python scalars."""

    def checked(x: Any, y: Any, out: Any = None) -> Any:
        if not isinstance(x, Array) and not isinstance(y, Array):
            raise TypeError(f"np.{function.__name__} of plain arrays into an lf.Array: use lf.cast")
        left = x if isinstance(x, Array) else y._same_format(x, function.__name__)
        return function(left, left._same_format(y, function.__name__), out=out)

    return checked


#: Binary ufuncs and the operations they are; np.remainder is no operation of the table.
BINARY = {
    "add": "add",
    "subtract": "subtract",
    "multiply": "multiply",
    "divide": "divide",
    "fmod": "fmod",
    "hypot": "hypot",
    "copysign": "copysign",
    "nextafter": "nextafter",
    "minimum": "minimum",
    "maximum": "maximum",
    "fmin": "minimum_number",
    "fmax": "maximum_number",
    "arctan2": "atan2",
    "power": "pow",
}
#: Functions that NumPy calls as the table does; it spells the inverses arc....
_ALIKE = (
    "exp", "exp2", "expm1", "log", "log2", "log10", "log1p", "sin", "cos", "tan", "sinh", "cosh",
    "tanh", "cbrt",
)  # fmt: skip
UNARY = {
    **{name: name for name in _ALIKE},
    **{f"arc{name}": f"a{name}" for name in ("sin", "cos", "tan", "sinh", "cosh", "tanh")},
    "negative": "negate",
    "positive": "convert",
    "absolute": "abs",
    "fabs": "abs",
    "sqrt": "sqrt",
    "reciprocal": "reciprocal",
    "isnan": "is_nan",
    "isinf": "is_infinite",
    "isfinite": "is_finite",
    "signbit": "is_sign_minus",
}
#: Ufuncs that round to an integer, in one direction each.
INTEGRAL = {
    "rint": "nearest_even",
    "floor": "toward_negative",
    "ceil": "toward_positive",
    "trunc": "toward_zero",
}


def _unary(name: str) -> Callable[..., Any]:
    if name == "convert":
        return lambda x: x.copy()
    return FUNCTIONS[name]


def _integral(rounding: str) -> Callable[..., Any]:
    def function(x: Array, out: Any = None) -> Any:
        return FUNCTIONS["round_to_integral"](x, rounding=rounding, out=out)

    return function


#: NumPy ufuncs that mean an operation of the table, or exact sums; every other one is a TypeError.
UFUNCS: dict[str, Callable[..., Any]] = {
    "matmul": _operator(matmul),
    **{name: _operator(FUNCTIONS[operation]) for name, operation in BINARY.items()},
    **{name: _unary(operation) for name, operation in UNARY.items()},
    **{name: _integral(rounding) for name, rounding in INTEGRAL.items()},
    **{name: (lambda x, y, name=name: compare(name, x, y)) for name in COMPARISONS},
}


def _array_repr(x: Array, *args: Any, **kwargs: Any) -> str:
    return repr(x)


def _array_str(x: Array, *args: Any, **kwargs: Any) -> str:
    return str(x)


def _shape(x: Array) -> tuple[int, ...]:
    return x.shape


def _ndim(x: Array) -> int:
    return x.ndim


def _size(x: Array, axis: int | None = None) -> int:
    return x.size if axis is None else x.shape[axis]


def _reshape(x: Array, shape: Any) -> Array:
    return x.reshape(shape)


def _sum(
    x: Array, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: bool = False
) -> Array:
    return sum(x, axis=axis, format=dtype, out=out, keepdims=keepdims)


def _cumsum(x: Array, axis: int | None = None, dtype: Any = None, out: Any = None) -> Array:
    return cumsum(x, axis=axis, format=dtype, out=out)


def _dot(x: Any, y: Any, out: Any = None) -> Array:
    """NumPy's dot of two vectors, or of matrices."""
    left = x if isinstance(x, Array) else y._same_format(x, "dot")
    right = left._same_format(y, "dot")
    if left.ndim > 2 or right.ndim > 2 or 0 in (left.ndim, right.ndim):
        raise _no_meaning("np.dot of these shapes")
    return matmul(left, right, out=out)


def _tensordot(x: Any, y: Any, axes: Any = 2) -> Array:
    left = x if isinstance(x, Array) else y._same_format(x, "tensordot")
    return tensordot(left, left._same_format(y, "tensordot"), axes)


#: NumPy functions that sum exactly, or move or describe codes; every other one is a TypeError.
ARRAY_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "array_repr": _array_repr,
    "array_str": _array_str,
    "shape": _shape,
    "ndim": _ndim,
    "size": _size,
    "reshape": _reshape,
    "sum": _sum,
    "cumsum": _cumsum,
    "dot": _dot,
    "tensordot": _tensordot,
}


def _no_meaning(name: str) -> TypeError:
    return TypeError(
        f"{name} has no meaning for an lf.Array: call it on x.to_numpy() (values, exactly) or "
        "x.codes (bits)"
    )


def apply_ufunc(ufunc: Any, method: str, inputs: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
    """A NumPy ufunc on Arrays.

    Raises
    ------
    TypeError
        If no operation of the table corresponds to it.
    """
    function = UFUNCS.get(ufunc.__name__)
    if method != "__call__" or function is None or set(keywords) - {"out"}:
        raise _no_meaning(f"np.{ufunc.__name__}" + ("" if method == "__call__" else f".{method}"))
    out = keywords.get("out", (None,))[0]
    return function(*inputs) if out is None else function(*inputs, out=out)


def apply_function(func: Any, args: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
    """A NumPy function on Arrays.

    Raises
    ------
    TypeError
        If it does more than move or describe codes.
    """
    function = ARRAY_FUNCTIONS.get(func.__name__)
    if function is None:
        raise _no_meaning(f"np.{func.__name__}")
    return function(*args, **keywords)
