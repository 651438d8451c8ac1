"""No NumPy function decodes an Array silently: each works on it as documented or is a TypeError."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.testing import overrides

import lowfloat as lf
from lowfloat.numpy_protocol import ARRAY_FUNCTIONS, UFUNCS

X = lf.array([[1.0, 2.0], [0.5, -3.0]], "float8_e4m3fn")
UNARY_OR_BINARY = sorted(overrides.get_overridable_numpy_ufuncs(), key=lambda f: f.__name__)
FUNCTIONS = {
    f"{function.__module__}.{function.__name__}": function
    for function in sorted(
        overrides.get_overridable_numpy_array_functions(), key=lambda f: f.__qualname__
    )
}


def is_lowfloat(result: Any) -> bool:
    """Whether a result is made of codes, of truth values or of text and shapes: not of floats."""
    if isinstance(result, lf.Array | str | tuple | int | bool):
        return True
    return isinstance(result, np.ndarray) and result.dtype == bool


@pytest.mark.parametrize("ufunc", UNARY_OR_BINARY, ids=lambda f: f.__name__)
def test_every_ufunc_works_or_is_a_type_error(ufunc: np.ufunc) -> None:
    operands = [X] * ufunc.nin
    if ufunc.__name__ in UFUNCS:
        assert is_lowfloat(ufunc(*operands))
    else:
        with pytest.raises(TypeError):
            ufunc(*operands)
    with pytest.raises(TypeError):
        ufunc(*operands, where=np.array([True, False]))


@pytest.mark.parametrize("ufunc", UNARY_OR_BINARY, ids=lambda f: f.__name__)
def test_no_ufunc_mixes_with_floating_arrays(ufunc: np.ufunc) -> None:
    if ufunc.nin < 2 or ufunc.__name__ in {"equal", "not_equal", "less", "less_equal", "greater",
                                           "greater_equal"}:  # fmt: skip
        return
    floats = np.ones((2, 2), np.float32)
    with pytest.raises(TypeError):
        ufunc(X, *[floats] * (ufunc.nin - 1))
    with pytest.raises(TypeError):
        ufunc(*[floats] * (ufunc.nin - 1), X)
    with pytest.raises(TypeError):
        ufunc(*[floats] * ufunc.nin, out=X)


@pytest.mark.parametrize("method", ["reduce", "accumulate", "outer", "at", "reduceat"])
@pytest.mark.parametrize("ufunc", [np.add, np.multiply, np.equal], ids=lambda f: f.__name__)
def test_ufunc_methods_are_type_errors(ufunc: np.ufunc, method: str) -> None:
    arguments: dict[str, tuple[Any, ...]] = {
        "outer": (X, X), "at": (X, [0], X), "reduceat": (X, [0]),
    }  # fmt: skip
    with pytest.raises(TypeError):
        getattr(ufunc, method)(*arguments.get(method, (X,)))


#: Functions of several arrays in one sequence; elsewhere a list is converted as np.asarray does.
OF_SEQUENCES = {
    "block", "choose", "column_stack", "concatenate", "dstack", "hstack", "multi_dot", "select",
    "stack", "vstack",
}  # fmt: skip


#: Explicit conversions, which give the exact values.
CONVERSIONS = {"array", "asanyarray", "asarray", "ascontiguousarray", "asfortranarray", "require"}


def attempts(name: str) -> list[tuple[Any, ...]]:
    """Arguments with which a function of unknown signature may be reached."""
    index = np.zeros((2, 2), int)
    if name in OF_SEQUENCES:
        return [([X, X],), ([X > 0], [X]), (index, [X, X])]
    if name == "where":
        return [(X > 0, X, X), (X,)]
    if name.startswith("einsum"):
        return [("ij,jk", X, X)]
    if name in {"apply_along_axis", "piecewise"}:
        return [(sum, 0, X), (X, [X > 0], [1])]
    return [(X,), (X, X), (X, 1), (X, index, 1), (X, index, X), (X, X, X.copy()), (X, (1, 4))]


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_every_array_function_works_or_is_a_type_error(name: str) -> None:
    function = FUNCTIONS[name]
    short, before = function.__name__, X.codes.copy()
    for arguments in attempts(short):
        try:
            result = function(*arguments)
        except (TypeError, ValueError, AttributeError):
            continue
        if short in CONVERSIONS:
            assert np.array_equal(result, X.to_numpy())
        else:
            assert result is None or is_lowfloat(result), f"{name} decoded silently"
    assert np.array_equal(X.codes, before)


@pytest.mark.parametrize(
    "name",
    ["mean", "prod", "vdot", "inner", "where", "concatenate", "sort", "argmax", "clip", "isclose",
     "allclose", "array_equal", "transpose", "copy", "zeros_like", "linalg.norm", "fft.fft"],
)  # fmt: skip
def test_a_function_without_meaning_says_what_to_do(name: str) -> None:
    function: Any = np
    for part in name.split("."):
        function = getattr(function, part)
    arguments: dict[str, tuple[Any, ...]] = {
        "concatenate": ([X, X],), "where": (X > 0, X, X), "clip": (X, 0, 1),
    }  # fmt: skip
    pair = {"vdot", "inner", "isclose", "allclose", "array_equal"}
    given = arguments.get(name, (X, X) if name in pair else (X,))
    with pytest.raises(TypeError, match=r"to_numpy\(\)"):
        function(*given)


SUMS: dict[str, tuple[Any, ...]] = {
    "sum": (X, 0), "cumsum": (X, 1), "dot": (X, X), "tensordot": (X, X, 1),
}  # fmt: skip


@pytest.mark.parametrize("name", SUMS)
def test_sums_are_exact_and_rounded_once(name: str) -> None:
    result = getattr(np, name)(*SUMS[name])
    lf.testing.assert_same_bits(result, getattr(lf, {"dot": "matmul"}.get(name, name))(
        *(SUMS[name] if name in {"dot", "tensordot"} else (X,)),
        **({"axis": SUMS[name][1]} if name in {"sum", "cumsum"} else {}),
    ))  # fmt: skip
    exact = getattr(np, name)(*(x.to_numpy() if isinstance(x, lf.Array) else x for x in SUMS[name]))
    lf.testing.assert_same_bits(result, lf.cast(exact, X.format))


def test_matmul_is_exact_and_rounded_once() -> None:
    expected = lf.cast(X.to_numpy() @ X.to_numpy(), X.format)
    lf.testing.assert_same_bits(X @ X, expected)
    lf.testing.assert_same_bits(np.matmul(X, X), expected)
    with pytest.raises(lf.FormatMismatch):
        X @ X.astype("bfloat16")


@pytest.mark.parametrize("name", sorted(ARRAY_FUNCTIONS.keys() - SUMS.keys()))
def test_listed_array_functions_keep_codes(name: str) -> None:
    arguments = {"reshape": (X, (4,)), "size": (X, 1)}.get(name, (X,))
    result = getattr(np, name)(*arguments)
    assert is_lowfloat(result)
    if isinstance(result, lf.Array):
        assert sorted(result.codes.ravel().tolist()) == sorted(X.codes.ravel().tolist())


@pytest.mark.parametrize("name", ["ones", "full", "eye", "identity", "array", "asarray", "arange"])
def test_creation_like_an_array_is_a_type_error(name: str) -> None:
    arguments = (2, 1.0) if name == "full" else (2,)
    with pytest.raises(TypeError):
        getattr(np, name)(*arguments, like=X)


def test_ufuncs_write_to_out_arrays() -> None:
    out = lf.array(np.zeros((2, 2)), "float8_e4m3fn")
    assert np.add(X, X, out=out) is out
    lf.testing.assert_same_bits(out, lf.add(X, X))
    lf.testing.assert_same_bits(np.multiply(2, X), lf.multiply(X, X * 0 + 2))
    assert np.less(X, 1.5).tolist() == [[True, False], [True, True]]


def test_in_place_operators_on_ndarrays_do_not_decode() -> None:
    floats = np.ones((2, 2))
    with pytest.raises(TypeError):
        floats += X
    with pytest.raises(TypeError):
        np.ones((2, 2)) @ X
