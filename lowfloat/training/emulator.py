"""An emulator: roles at work in one run, with its step, random bits, histories and meters."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

import lowfloat as lf
from lowfloat.formats import Format
from lowfloat.randomness import PhiloxDraw
from lowfloat.training.products import gemm, stochastic
from lowfloat.training.quantizers import Quantizer
from lowfloat.training.random_keys import tensor_draw
from lowfloat.training.roles import Roles, as_roles

#: ``observer(name, tensor, step, before, after)``, called after every quantization.
Observer = Callable[[str, str, int, NDArray[Any], NDArray[Any]], None]
#: ``recorder(name, gemm, step, a, b, result, accumulator, rng, formats)``, called after every GEMM.
Recorder = Callable[..., None]

#: What the operands of a GEMM are, unless they are said to be something else.
OPERANDS: dict[str, tuple[str | None, str | None]] = {
    "forward": ("activation", "weight"),
    "dgrad": ("error", "weight"),
    "wgrad": ("error", "activation"),
}
_FLOAT32 = lf.format("float32")


class Emulator:
    """Quantizes the tensors of one training run and multiplies its matrices, by their roles.

    Parameters
    ----------
    roles : Roles or text
    layers : iterable of str
        The names of the layers that have GEMMs, in order: the first and the last may be exempt.
    seed : int
        Of all random bits.

    Attributes
    ----------
    step : int
        The number of the present step; ``advance`` moves on.
    observers, recorders : list of callable
        See ``Observer`` and ``Recorder``; a ``Meter`` is an observer, a ``Dump`` a recorder.

    A tensor's random bits are those of (seed, step, name, element), rule W-1. The name is
    ``layer.tensor``; its second use in a step adds ``#1``, and so on.

    Examples
    --------
    >>> import numpy as np
    >>> from lowfloat.training import Emulator
    >>> emulator = Emulator("w=e5m2,a=e5m2,e=e5m2:sr", layers=["fc"], seed=1)
    >>> emulator.quantize(np.float32([0.3]), "activation", "fc")
    array([0.3125], dtype=float32)
    """

    def __init__(self, roles: Roles | str, layers: Iterable[str] = (), seed: int = 0) -> None:
        self.roles = as_roles(roles)
        self.layers = tuple(layers)
        if len(set(self.layers)) != len(self.layers):
            raise ValueError("two layers have one name: random bits are drawn by name")
        self.seed = seed
        tensor_draw(seed, 0, "")  # refuses a seed out of range
        self.step = 0
        self.observers: list[Observer] = []
        self.recorders: list[Recorder] = []
        self._uses: dict[str, int] = {}
        self._history: dict[str, list[float]] = {}
        self._quantizers: dict[tuple[str, str], Quantizer] = {}
        self._lock = threading.Lock()

    def _place(self, layer: str) -> tuple[str, int, int]:
        index = self.layers.index(layer) if layer in self.layers else -1
        return layer, index, len(self.layers)

    def quantizer(self, tensor: str, layer: str = "") -> Quantizer:
        """The quantizer of a layer's tensor."""
        found = self._quantizers.get((tensor, layer))
        if found is None:
            found = self.roles.quantizer_for(tensor, *self._place(layer))
            self._quantizers[tensor, layer] = found
        return found

    def accumulator(self, gemm: str, layer: str = "") -> Any:
        """The accumulator of a layer's GEMM; None for the host's."""
        return self.roles.accumulator_for(gemm, *self._place(layer))

    def _use(self, name: str) -> str:
        """The name with the number of its use in this step."""
        with self._lock:
            use = self._uses.get(name, 0)
            self._uses[name] = use + 1
        return f"{name}#{use}" if use else name

    def draw(self, name: str) -> PhiloxDraw:
        """The random bits of the next use of a name in this step."""
        return tensor_draw(self.seed, self.step, self._use(name))

    def quantize(
        self,
        x: NDArray[Any],
        tensor: str,
        layer: str = "",
        *,
        out: NDArray[Any] | None = None,
    ) -> NDArray[Any]:
        """A tensor on the grid of its role.

        Parameters
        ----------
        x : ndarray of float16, float32 or float64
        tensor : str
            One of ``lowfloat.training.TENSORS``.
        layer : str
            The layer's name; anything, for parts without GEMMs.
        out : ndarray, optional
            Where the values go; ``x`` itself works.
        """
        q = self.quantizer(tensor, layer)
        if q.leaves_alone(x.dtype):
            if self.observers:
                self._observe(layer, tensor, x, x)
            return q(x, out=out)
        name = f"{layer}.{tensor}" if layer else tensor
        rng = self.draw(name) if q.stochastic else None
        scale = self._delayed(name, q, x) if q.scaling.history else None
        if not self.observers:
            return q(x, rng, scale=scale, out=out)
        before = x.copy() if out is not None else x
        after = q(x, rng, scale=scale, out=out)
        self._observe(layer, tensor, before, after)
        return after

    def _observe(self, layer: str, tensor: str, before: Any, after: Any) -> None:
        for observer in self.observers:
            observer(layer, tensor, self.step, before, after)

    def _delayed(self, name: str, q: Quantizer, x: NDArray[Any]) -> NDArray[np.float32]:
        """The scale from earlier amaxes of a name; the present one joins them."""
        assert q.format is not None
        present = float(q.scaling.amax(x).max(initial=0))
        with self._lock:
            earlier = self._history.setdefault(name, [])
            amax = max(earlier, default=present)
            earlier.append(present)
            del earlier[: -q.scaling.history]
        return q.scaling.scale(x, q.format, np.full((1,) * x.ndim, amax, np.float32))

    def gemm(
        self,
        a: NDArray[np.float32],
        b: NDArray[np.float32],
        which: str,
        layer: str = "",
        operands: tuple[str | None, str | None] | None = None,
    ) -> NDArray[np.float32]:
        """One of a layer's GEMMs, with its accumulator.

        Parameters
        ----------
        a, b : ndarray of float32
            As ``quantize`` gave them.
        which : {"forward", "dgrad", "wgrad"}
        layer : str
        operands : pair of str or None, optional
            What ``a`` and ``b`` are, so that they are multiplied as codes of their formats, which
            is faster and gives the same bits; None for anything else. By default (activation,
            weight), (error, weight) and (error, activation).

        Raises
        ------
        ValueError
            If an operand has an element off the grid of what it is said to be.
        """
        accumulator = self.accumulator(which, layer)
        rng = self.draw(f"{layer}.{which}") if stochastic(accumulator, a.shape[-1]) else None
        formats = self.formats(OPERANDS[which] if operands is None else operands, layer)
        result = gemm(a, b, accumulator, rng, formats)
        for recorder in self.recorders:
            recorder(layer, which, self.step, a, b, result, accumulator, rng, formats)
        return result

    def formats(self, tensors: tuple[str | None, str | None], layer: str) -> tuple[Format, Format]:
        """The formats whose grids two tensors are on: their quantizers', or float32 if scaled."""
        found = []
        for tensor in tensors:
            q = Quantizer() if tensor is None else self.quantizer(tensor, layer)
            plain = q.format is not None and q.system is None and q.scaling.method == "none"
            fits = plain and q.format is not None and q.format.fits_in(_FLOAT32)
            found.append(q.format if fits and q.format is not None else _FLOAT32)
        return found[0], found[1]

    def advance(self) -> None:
        """Go on to the next step."""
        self.step += 1
        self._uses.clear()

    def state_dict(self) -> dict[str, Any]:
        """Everything that decides the steps to come; taken between two steps."""
        return {
            "roles": str(self.roles),
            "layers": list(self.layers),
            "seed": self.seed,
            "step": self.step,
            "history": {name: list(amaxes) for name, amaxes in self._history.items()},
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on where another emulator stood.

        Raises
        ------
        ValueError
            If the state is of other roles or layers; nothing is changed then.
        """
        for key, mine in (("roles", str(self.roles)), ("layers", list(self.layers))):
            if state[key] != mine:
                raise ValueError(
                    f"the checkpoint is of other {key}: it has {state[key]!r}, this run {mine!r}"
                )
        history = {name: [float(x) for x in xs] for name, xs in state["history"].items()}
        tensor_draw(int(state["seed"]), int(state["step"]), "")
        self.seed, self.step = int(state["seed"]), int(state["step"])
        self._history, self._uses = history, {}
