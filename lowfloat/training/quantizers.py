"""A quantizer: one tensor's format, rounding, saturation and scaling, and its one-line text."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

import lowfloat as lf
from lowfloat.formats import Format
from lowfloat.projection import ROUNDING_ALIASES, ROUNDINGS, Rounding, Stochastic
from lowfloat.randomness import PhiloxDraw
from lowfloat.training.scaling import METHODS, SHARES, Scaling

#: Random bits of `sr`: from binary32 to a ten-bit significand nothing is lost by it.
SR_BITS = 16
IDENTITY_NAMES = ("none", "identity")
_FLOATS = {np.dtype(np.float16): "float16", np.dtype(np.float32): "float32"}


@dataclass(frozen=True)
class Quantizer:
    """What a tensor becomes when it is stored: values on a format's grid, in their own dtype.

    Parameters
    ----------
    format : Format, name, dtype or None
        The grid; None leaves tensors alone.
    rounding : str or Stochastic
    saturation : {"none", "finite", "propagate"}
        With ``none`` overflow gives infinity or NaN, which a loss scaler needs to see.
    scaling : Scaling
    system : {None, "s2fp8"}
        ``s2fp8``: Cambier's shifted and squeezed format on elements of ``format``.
    target : int
        For ``s2fp8``: the exponent that the largest magnitude is mapped to.

    Raises
    ------
    ValueError
        If a name is unknown or parts contradict.

    Examples
    --------
    >>> import numpy as np
    >>> from lowfloat.training import Quantizer
    >>> Quantizer("e5m2")(np.float32([0.3, 70000.0]))
    array([0.3125,    inf], dtype=float32)
    >>> str(Quantizer.parse("e4m3fn:sat:pow2:row"))
    'float8_e4m3fn:sat:pow2:row'
    """

    format: Format | None = None
    rounding: Rounding = "nearest_even"
    saturation: str = "none"
    scaling: Scaling = field(default_factory=Scaling)
    system: str | None = None
    target: int = 15

    def __post_init__(self) -> None:
        if self.format is not None:
            object.__setattr__(self, "format", lf.format(self.format))
        projection = lf.Projection(self.rounding, self.saturation)  # type: ignore[arg-type]
        object.__setattr__(self, "rounding", projection.rounding)
        object.__setattr__(self, "saturation", projection.saturation)
        if self.system not in (None, "s2fp8"):
            raise ValueError(f"no number system {self.system!r}: there is s2fp8")
        if self.format is None and (self.system or self.scaling.method != "none"):
            raise ValueError("a quantizer that scales needs a format")
        if self.system and (self.scaling.method != "none" or self.rounding != "nearest_even"):
            raise ValueError("s2fp8 has its own scale and rounds to nearest, ties to even")

    @classmethod
    def parse(cls, text: str) -> Quantizer:
        """A quantizer from ``format[:option...]``.

        Options: a rounding (``rne``, ``rtz``, ``sr``, ``sr8`` for eight random bits), ``sat``
        (overflow stays at the largest number), a scaling (``amax``, ``pow2``), what shares a
        scale (``tensor``, ``channel``, ``row``), ``delayed16``, ``margin1``. ``none`` leaves
        tensors alone; ``s2fp8`` may have an element format and a target: ``s2fp8:e4m3:7``.

        Raises
        ------
        ValueError
            If a part means nothing; the message says what may stand there.
        """
        head, *options = (part.strip() for part in text.strip().lower().split(":"))
        if head in IDENTITY_NAMES and not options:
            return cls()
        if head == "s2fp8":
            return _parse_s2fp8(cls, options)
        found: dict[str, Any] = {"format": head}
        scaling: dict[str, Any] = {}
        for option in options:
            name, value = _option(option, text)
            (scaling if name in _SCALING_OPTIONS else found)[name] = value
        return cls(**found, scaling=Scaling(**scaling))

    def __str__(self) -> str:
        if self.format is None:
            return "none"
        if self.system:
            return f"s2fp8:{self.format.name}:{self.target}"
        parts = [self.format.name]
        if isinstance(self.rounding, Stochastic):
            bits, variant = self.rounding.bits, self.rounding.variant
            parts.append(f"sr{bits or 'all'}{'' if variant == 'A' else variant.lower()}")
        elif self.rounding != "nearest_even":
            parts.append(self.rounding)
        parts += {"none": [], "finite": ["sat"]}.get(self.saturation, [self.saturation])
        s = self.scaling
        if s.method != "none":
            parts.append(s.method)
            parts += [s.shares] if s.shares != "tensor" else []
            parts += [f"delayed{s.history}"] if s.history else []
            parts += [f"margin{s.margin}"] if s.margin else []
        return ":".join(parts)

    @property
    def stochastic(self) -> bool:
        """Whether random bits are used."""
        return isinstance(self.rounding, Stochastic)

    def leaves_alone(self, dtype: Any) -> bool:
        """Whether every tensor of this dtype comes back as it went in."""
        if self.format is None:
            return True
        plain = not self.stochastic and self.scaling.method == "none" and self.system is None
        return plain and _FLOATS.get(np.dtype(dtype)) == self.format.name

    def __call__(
        self,
        x: NDArray[Any],
        rng: PhiloxDraw | Any = None,
        *,
        scale: NDArray[np.float32] | None = None,
        out: NDArray[Any] | None = None,
    ) -> NDArray[Any]:
        """The tensor on the grid.

        Parameters
        ----------
        x : ndarray of float16, float32 or float64
        rng : PhiloxDraw, Philox or LFSR
            Random bits, for stochastic rounding.
        scale : ndarray of float32, optional
            Factors to use instead of the scaling's own.
        out : ndarray, optional
            Where the values go; ``x`` itself works.
        """
        if self.leaves_alone(x.dtype):
            if out is None or out is x:
                return x
            out[...] = x
            return out
        assert self.format is not None
        if self.system == "s2fp8":
            return s2fp8_values(x, self, out)
        if self.scaling.method == "none":
            return self._round(x, rng, out)
        if scale is None:
            scale = self.scaling.scale(x, self.format)
        scale = scale.astype(x.dtype)
        with np.errstate(over="ignore", under="ignore"):
            scaled = np.multiply(x, scale, out=out)
            values = self._round(scaled, rng, scaled)
            np.divide(values, scale, out=values)
        return values

    def _round(self, x: NDArray[Any], rng: Any, out: NDArray[Any] | None) -> NDArray[Any]:
        """One rounding, with nothing taken from the context."""
        if self.stochastic and rng is None:
            raise ValueError(
                f"{self} needs random bits: rng=lf.training.tensor_draw(seed, step, name)"
            )
        return lf.quantize(  # type: ignore[no-any-return]
            x,
            self.format,
            rounding=self.rounding,
            saturation=self.saturation,
            policy="ieee",
            rng=rng if self.stochastic else None,
            out=out,
        )


def s2fp8_values(x: NDArray[Any], q: Quantizer, out: NDArray[Any] | None) -> NDArray[Any]:
    """Cambier's truncation T(X) of a tensor, as float32 holds it (rules X-1 to X-6)."""
    given = np.asarray(x, np.float32)
    into = out if out is not None and out.dtype == np.float32 and out.flags.c_contiguous else None
    values = lf.systems.s2fp8.truncate(given, q.format, target=q.target, out=into)
    if into is not None:
        return values
    if out is None:
        return values.astype(x.dtype, copy=False)
    out[...] = values
    return out


_SCALING_OPTIONS = ("method", "shares", "history", "margin")


def _option(option: str, text: str) -> tuple[str, Any]:
    """The keyword and value that one option stands for."""
    stochastic = re.fullmatch(r"sr(all|\d*)([abc]?)", option)
    if stochastic:
        bits = {"all": None, "": SR_BITS}.get(stochastic[1], stochastic[1])
        return "rounding", Stochastic(bits and int(bits), (stochastic[2] or "a").upper())  # type: ignore[arg-type]
    if option in ROUNDINGS or option in ROUNDING_ALIASES:
        return "rounding", option
    if option in ("sat", "finite", "propagate"):
        return "saturation", "finite" if option == "sat" else option
    if option in METHODS:
        return "method", option
    if option in SHARES:
        return "shares", option
    numbered = re.fullmatch(r"(delayed|margin)(\d+)", option)
    if numbered:
        return {"delayed": "history"}.get(numbered[1], numbered[1]), int(numbered[2])
    raise ValueError(
        f"{option!r} in {text!r} is no option: there are roundings (rne, rtz, sr, sr8), sat, "
        f"{', '.join(METHODS)}, {', '.join(SHARES)}, delayed16 and margin1"
    )


def _parse_s2fp8(cls: type[Quantizer], options: list[str]) -> Quantizer:
    if len(options) > 2 or (len(options) == 2 and not re.fullmatch(r"-?\d+", options[1])):
        raise ValueError("s2fp8 is written s2fp8, s2fp8:FORMAT or s2fp8:FORMAT:TARGET")
    format = lf.format(options[0] if options else "float8_e5m2")
    target = int(options[1]) if len(options) == 2 else format.emax
    return cls(format, system="s2fp8", target=target)


def quantizer(given: Quantizer | str | Format | None) -> Quantizer:
    """A Quantizer from itself, its text, a format, or None for none.

    Examples
    --------
    >>> from lowfloat.training import quantizer
    >>> str(quantizer("e5m2:sr"))
    'float8_e5m2:sr16'
    """
    if isinstance(given, Quantizer):
        return given
    if isinstance(given, str):
        return Quantizer.parse(given)
    return Quantizer(given)
