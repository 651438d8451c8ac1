"""Matrix products whose every step is a user's own compiled function.

A panel of b, copied so that its rows lie side by side, serves all rows of a; it is walked eight steps
at a time for each running sum, which the compiler then keeps in registers of whole vectors.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba
import numpy as np
from llvmlite import ir  # type: ignore[import-untyped]
from numba.extending import intrinsic
from numpy.typing import NDArray

#: Terms and columns of a panel: eight rows stay in the first cache, all of them in the second.
DEPTH, COLUMNS = 32, 512

_made: dict[Any, Callable[..., None]] = {}


@intrinsic  # type: ignore[untyped-decorator, unused-ignore]
def fma(typingctx: Any, a: Any, b: Any, c: Any) -> Any:
    """``a * b + c`` of floats, rounded once, for compiled code.

    Examples
    --------
    >>> import numba, numpy as np, lowfloat as lf
    >>> fma = lf.jit.fma
    >>> exact = numba.njit(lambda x: fma(x, x, np.float32(-1)))
    >>> float(exact(np.float32(1 + 2**-12))) == 2**-11 + 2**-24
    True

    Source: IEEE 754-2019, 5.4.1.
    """

    def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kind = arguments[0].type
        name = f"llvm.fma.{'f32' if kind == ir.FloatType() else 'f64'}"
        made = ir.FunctionType(kind, [kind] * 3)
        function = builder.module.globals.get(name) or ir.Function(builder.module, made, name)
        return builder.call(function, arguments)

    if a != b or b != c or not isinstance(a, numba.types.Float):
        raise numba.errors.TypingError("fma takes three floats of one type")
    return a(a, a, a), build


def _kernel(step: Any) -> Callable[..., None]:
    """The loops around a step, compiled once for each step."""
    if step in _made:
        return _made[step]

    @numba.njit(nogil=True, error_model="numpy")  # type: ignore[untyped-decorator, unused-ignore]
    def kernel(a: Any, b: Any, sums: Any) -> None:
        m, terms = a.shape
        n = b.shape[1]
        panel = np.empty((DEPTH, COLUMNS), b.dtype)
        for begin in range(0, n, COLUMNS):
            end = min(n, begin + COLUMNS)
            for first in range(0, terms, DEPTH):
                last = min(terms, first + DEPTH)
                whole = first + (last - first) // 8 * 8
                panel[: last - first, : end - begin] = b[first:last, begin:end]
                for i in range(m):
                    acc = sums[i, begin:end]
                    for k in range(first, whole, 8):
                        x0, x1, x2, x3 = a[i, k], a[i, k + 1], a[i, k + 2], a[i, k + 3]
                        x4, x5, x6, x7 = a[i, k + 4], a[i, k + 5], a[i, k + 6], a[i, k + 7]
                        rows = panel[k - first : k - first + 8]
                        b0, b1, b2, b3 = rows[0], rows[1], rows[2], rows[3]
                        b4, b5, b6, b7 = rows[4], rows[5], rows[6], rows[7]
                        for j in range(end - begin):
                            s = step(acc[j], x0, b0[j])
                            s = step(s, x1, b1[j])
                            s = step(s, x2, b2[j])
                            s = step(s, x3, b3[j])
                            s = step(s, x4, b4[j])
                            s = step(s, x5, b5[j])
                            s = step(s, x6, b6[j])
                            acc[j] = step(s, x7, b7[j])
                    for k in range(whole, last):
                        x, row = a[i, k], panel[k - first]
                        for j in range(end - begin):
                            acc[j] = step(acc[j], x, row[j])

    if len(_made) >= 64:
        _made.clear()
    _made[step] = kernel
    return kernel


def matmul(
    a: NDArray[Any],
    b: NDArray[Any],
    *,
    step: Callable[[Any, Any, Any], Any],
    c: NDArray[Any] | None = None,
) -> NDArray[Any]:
    """Sums over k of products of a (m, k) and b (k, n), one compiled ``step`` after the other.

    Parameters
    ----------
    a, b : ndarray
        float32 or float64, both of one dtype.
    step : function
        An ``@njit`` function of (sum, x, y), scalars of that dtype, that returns the next sum.
    c : ndarray, optional
        The sums' start, (m, n) or what broadcasts to it; +0 by default.

    Returns
    -------
    ndarray
        (m, n), of the same dtype; each sum took its terms in the order k = 0, 1, ...

    Raises
    ------
    ValueError
        If the shapes do not match, or a dtype is another.

    Examples
    --------
    An accumulator of 11 bits, rounded to nearest even after each term:

    >>> import numba, numpy as np, lowfloat as lf
    >>> fma, lift = lf.jit.fma, np.float32(2**13)
    >>> @numba.njit
    ... def step(s, x, y):
    ...     s = fma(x, y, s)
    ...     return fma(lift, s, -((lift - np.float32(1)) * s))
    >>> x, y = np.full((1, 9), 2.0**-11, np.float32), np.ones((9, 1), np.float32)
    >>> lf.jit.matmul(x, y, step=step, c=np.ones((1, 1), np.float32))
    array([[1.]], dtype=float32)
    """
    for name, x in (("a", a), ("b", b)):
        if not isinstance(x, np.ndarray) or x.ndim != 2 or x.dtype not in (np.float32, np.float64):
            raise ValueError(
                f"{name} must be a matrix of float32 or float64: decode an Array by to_numpy"
            )
    if a.dtype != b.dtype or a.shape[1] != b.shape[0]:
        raise ValueError(
            f"a is {a.dtype} of shape {a.shape}, b {b.dtype} of shape {b.shape}: one dtype and "
            "(m, k) by (k, n) are needed"
        )
    sums = np.zeros((a.shape[0], b.shape[1]), a.dtype)
    if c is not None:
        sums[...] = np.broadcast_to(c, sums.shape)
    _kernel(step)(np.ascontiguousarray(a), np.ascontiguousarray(b), sums)
    return sums
