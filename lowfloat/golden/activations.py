"""The error function and the activations of neural networks. Rule E-10."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from lowfloat.golden.unary import (
    DOWN,
    INFINITY,
    LARGE,
    MINUS_ZERO,
    ONE,
    UP,
    ZERO,
    elementary,
    finite,
    same,
    sign_of,
    small,
    times,
)
from lowfloat.golden.ziv import beside

HALF = Fraction(1, 2)
#: erfc(16) < e^-256 < 2^-369.
ERF_LARGE = 16
#: Half of erfc(32 / sqrt 2) is below e^-512.
GELU_LARGE = 32
#: The series have fewer than 2^14 terms, the k-th with 3 k roundings on the way to it.
SERIES_LOST = 16


def _erf(mp: Any, x: Any, square: Any) -> Any:
    """erf(x), given x^2 exactly, from a series of positive terms (DLMF 7.6.2): nothing cancels.

    sqrt(pi) e^(x^2) erf(x) / (2 x) = sum of (2 x^2)^k / (1 3 5 ... (2k+1)). Beyond the first
    term that is negligible and below half its predecessor, the rest is no larger than it.
    """
    total, term, k = mp.one, mp.one, 0
    while term > mp.eps * total or 4 * square > 2 * k + 1:
        k += 1
        term *= 2 * square / (2 * k + 1)
        total += term
    return 2 * x * total * mp.exp(-square) / mp.sqrt(mp.pi)


def _erfc_far(mp: Any, x: Any, square: Any) -> Any:
    """erfc(x), given x^2 exactly and above the precision p, from its asymptotic series.

    The error is below the first term left out (DLMF 7.12.1); the smallest is about
    e^(-x^2) < 2^(-1.44 p).
    """
    total, term, k = mp.one, mp.one, 0
    while abs(term) > mp.eps:
        k += 1
        term *= -(2 * k - 1) / (2 * square)
        total += term
    return total * mp.exp(-square) / (x * mp.sqrt(mp.pi))


@elementary(
    infinities=(times(Fraction(1)), times(Fraction(1))),
    zero=same,
    stand_in=lambda x: beside(sign_of(x), -x) if abs(x) > ERF_LARGE else None,
    lost=SERIES_LOST,
)
def erf(mp: Any, x: Any) -> Any:
    """The error function, rounded once. Rule E-10."""
    return _erf(mp, x, x * x)


def _near_sigmoid(x: Fraction) -> Fraction | None:
    if small(x):
        return beside(HALF, x)  # x / 4
    return beside(1, DOWN) if x > LARGE else None  # -e^-x


@elementary(
    infinities=(ZERO, ONE),
    zero=finite(HALF),
    stand_in=_near_sigmoid,
    clamps=True,
)
def sigmoid(mp: Any, x: Any) -> Any:
    """1 / (1 + e^-x), rounded once. Rule E-10."""
    return 1 / (1 + mp.exp(-x))


@elementary(
    infinities=(ZERO, INFINITY),
    stand_in=lambda x: beside(x, UP) if x > LARGE else None,  # e^-x
    clamps=True,
)
def softplus(mp: Any, x: Any) -> Any:
    """The natural logarithm of 1 + e^x, rounded once. Rule E-10."""
    if x < -mp.prec:
        return mp.exp(x)  # (1 - e^x / 2 + ...), and e^x < 2^-p
    # ln(1 + t) > t / 2 for t = e^x < 1: up to 1.45 |x| + 1 bits cancel.
    with mp.extraprec(int(-1.5 * x) + 4 if x < 0 else 0):
        return mp.ln(1 + mp.exp(x))


def _near_silu(x: Fraction) -> Fraction | None:
    if small(x):
        return beside(x / 2, UP)  # x^2 / 4
    return beside(x, DOWN) if x > LARGE else None  # -x e^-x


@elementary(infinities=(MINUS_ZERO, INFINITY), zero=same, stand_in=_near_silu, clamps=True)
def silu(mp: Any, x: Any) -> Any:
    """x / (1 + e^-x), rounded once. Rule E-10."""
    return x / (1 + mp.exp(-x))


def _near_gelu(x: Fraction) -> Fraction | None:
    if small(x):
        return beside(x / 2, UP)  # x^2 / sqrt(2 pi)
    return beside(x, DOWN) if x > GELU_LARGE else None


@elementary(
    infinities=(MINUS_ZERO, INFINITY),
    zero=same,
    stand_in=_near_gelu,
    clamps=True,
    lost=SERIES_LOST,
)
def gelu(mp: Any, x: Any) -> Any:
    """x (1 + erf(x / sqrt 2)) / 2, rounded once. Rule E-10."""
    square = x * x / 2  # at most 106 bits: exact
    if x < 0 and square > mp.prec:
        return x * _erfc_far(mp, -x / mp.sqrt(2), square) / 2
    # 1 + erf(-u) = erfc(u) cancels up to u^2 log2(e) + log2(u sqrt(pi)) + 1 bits.
    with mp.extraprec(int(1.5 * square) + 20 if x < 0 else 0):
        return x * (1 + _erf(mp, x / mp.sqrt(2), square)) / 2
