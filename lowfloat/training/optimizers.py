"""SGD and Adam whose weights, states and arithmetic are in chosen formats and roundings."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lowfloat.training.arithmetic import Arithmetic, Floats
from lowfloat.training.quantizers import Quantizer, quantizer
from lowfloat.training.random_keys import tensor_draw
from lowfloat.training.roles import Roles

_ROUNDED_ONCE = "nearest_even"


class Optimizer:
    """What SGD and Adam share: master weights, gradients, states, and how an update is stored.

    Parameters
    ----------
    parameters : mapping of str to ndarray of float32
        The master weights. They are rounded to the master's grid at once, to nearest even, and
        updated in place, so that views of them see every step.
    lr : float
        The learning rate; change the attribute between steps.
    weight_decay : float
    no_decay : sequence of str
        Patterns of names without weight decay.
    master, state, arithmetic : Quantizer or text
        How weights and states are stored after each step, and how each operation of the update
        is rounded. The last operation on a weight is an ``arithmetic`` one too; ``master`` then
        rounds its result. With ``sr`` in ``master`` this is the stochastic update.
    kahan : bool
        Keep what the rounding of ``master`` loses in a buffer, stored like ``state``.
    seed : int
        Of the random bits: element i of tensor ``name`` in update ``t`` is rule W-1's of
        (seed, t, ``name.master``, i); states have ``name.momentum`` and so on.

    Attributes
    ----------
    gradients : dict of str to ndarray
        Set before ``step``; a parameter without one keeps its weights and states.
    masters : dict of str to ndarray
    states : dict of str to dict of str to ndarray
    steps : int
        Updates done; a skipped step is not one.

    Raises
    ------
    TypeError, ValueError
        If a parameter is no writable float32 array, or a gradient has another name or shape.
    """

    #: Names of the tensors kept for each parameter.
    STATES: tuple[str, ...] = ()

    def __init__(
        self,
        parameters: Mapping[str, NDArray[np.float32]],
        *,
        lr: float,
        weight_decay: float = 0.0,
        no_decay: Sequence[str] = (),
        master: Quantizer | str = "float32",
        state: Quantizer | str = "float32",
        arithmetic: Quantizer | str = "float32",
        kahan: bool = False,
        seed: int = 0,
    ) -> None:
        self.lr, self.weight_decay, self.no_decay = lr, weight_decay, tuple(no_decay)
        self.master, self.state = quantizer(master), quantizer(state)
        self.arithmetic, self.kahan, self.seed = Arithmetic(arithmetic), kahan, seed
        for name, values in parameters.items():
            if not isinstance(values, np.ndarray) or values.dtype != np.float32:
                raise TypeError(f"parameter {name!r} must be an ndarray of float32")
            if not values.flags.writeable:
                raise ValueError(f"parameter {name!r} is read-only: give a copy")
        self.masters = dict(parameters)
        self.gradients: dict[str, NDArray[np.float32]] = {}
        kept = (*self.STATES, "kahan") if kahan else self.STATES
        self.states = {
            name: {state: np.zeros_like(values) for state in kept}
            for name, values in self.masters.items()
        }
        self.steps = 0
        self._round_masters()

    @classmethod
    def from_roles(
        cls, parameters: Mapping[str, NDArray[np.float32]], roles: Roles, **settings: Any
    ) -> Any:
        """An optimizer with the master and state quantizers of roles.

        Further arguments are those of the constructor.
        """
        chosen = {"master": roles.master, "state": roles.optimizer_state}
        return cls(parameters, **{**chosen, **settings})

    def _round_masters(self) -> None:
        q = self.master
        nearest = Quantizer(q.format, _ROUNDED_ONCE, q.saturation, q.scaling, q.system, q.target)
        for values in self.masters.values():
            nearest(values, out=values)

    def zero_grad(self) -> None:
        """Forget the gradients."""
        self.gradients = {}

    def step(self) -> None:
        """One update of every parameter that has a gradient."""
        for name, gradient in self.gradients.items():
            self._check(name, gradient)
        self.steps += 1
        for name, gradient in self.gradients.items():
            if gradient is not None:
                self._update(name, gradient)

    def _check(self, name: str, gradient: Any) -> None:
        if name not in self.masters:
            raise ValueError(
                f"a gradient is called {name!r}, but the parameters are {', '.join(self.masters)}"
            )
        if gradient is not None and np.shape(gradient) != self.masters[name].shape:
            raise ValueError(
                f"the gradient of {name!r} has shape {np.shape(gradient)}, its weights "
                f"{self.masters[name].shape}"
            )

    def _draw(self, name: str) -> Any:
        return tensor_draw(self.seed, self.steps, name)

    def _update(self, name: str, gradient: Floats) -> None:
        weights, kept = self.masters[name], self.states[name]
        ops = self.arithmetic
        ops.begin(lambda operation: self._draw(f"{name}.{operation}"))
        gradient = np.asarray(gradient, np.float32)
        decays = self.weight_decay and not any(fnmatchcase(name, p) for p in self.no_decay)
        change = self._change(name, gradient, weights, kept, self.weight_decay if decays else 0.0)
        if self.kahan:
            self._add_with_kahan(name, weights, kept["kahan"], change)
        else:
            self._store(self.master, f"{name}.master", ops.add(weights, change), weights)

    def _change(
        self, name: str, g: Floats, w: Floats, kept: dict[str, Floats], decay: float
    ) -> Floats:
        """What is to be added to the weights."""
        raise NotImplementedError

    def _add_with_kahan(self, name: str, w: Floats, lost: Floats, change: Floats) -> None:
        """w + change with the part that rounding lost so far: Kahan 1965.

        y = change - lost; s = w + y; lost = (s - w) - y; w = s. Every result is stored.
        """
        ops = self.arithmetic
        y = ops.subtract(change, lost)
        s = self._store(self.master, f"{name}.master", ops.add(w, y))
        self._store(self.state, f"{name}.kahan", ops.subtract(ops.subtract(s, w), y), lost)
        w[...] = s

    def _store(
        self, q: Quantizer, name: str, values: Floats, out: Floats | None = None
    ) -> NDArray[Any]:
        """Round a result to the grid on which it is kept."""
        rng = self._draw(name) if q.stochastic else None
        stored = q(values, rng)
        if out is None:
            return stored
        out[...] = stored
        return out

    def _settings(self) -> dict[str, Any]:
        """What a checkpoint must agree on."""
        return {
            "optimizer": type(self).__name__,
            "master": str(self.master),
            "state": str(self.state),
            "arithmetic": str(self.arithmetic.quantizer),
            "kahan": self.kahan,
            "parameters": {name: list(values.shape) for name, values in self.masters.items()},
        }

    def _hyperparameters(self) -> dict[str, Any]:
        return {"lr": self.lr, "weight_decay": self.weight_decay, "no_decay": list(self.no_decay)}

    def state_dict(self) -> dict[str, Any]:
        """Masters, states and everything else that decides the steps to come, as copies."""
        arrays = {f"{name}.master": values.copy() for name, values in self.masters.items()}
        for name, kept in self.states.items():
            arrays |= {f"{name}.{state}": values.copy() for state, values in kept.items()}
        scalars = {"steps": self.steps, "seed": self.seed, **self._hyperparameters()}
        return {"settings": self._settings(), "scalars": scalars, "arrays": arrays}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on where another optimizer stood.

        Raises
        ------
        ValueError
            If the state is of another optimizer, other formats, names or shapes; nothing is
            changed then.
        """
        theirs, mine = _plain(state["settings"]), _plain(self._settings())
        for key, value in mine.items():
            if theirs.get(key) != value:
                raise ValueError(
                    f"the checkpoint has another {key}: {theirs.get(key)!r}, this optimizer {value!r}"
                )
        arrays = state["arrays"]
        targets = {f"{name}.master": values for name, values in self.masters.items()}
        for name, kept in self.states.items():
            targets |= {f"{name}.{part}": values for part, values in kept.items()}
        for key, target in targets.items():
            if key not in arrays or np.shape(arrays[key]) != target.shape:
                raise ValueError(f"the checkpoint lacks {key!r} of shape {target.shape}")
        if beside := sorted(arrays.keys() - targets.keys()):
            raise ValueError(
                f"the checkpoint has {', '.join(beside)}, which this optimizer has not"
            )
        scalars = dict(state["scalars"])
        for key in ("steps", "seed", *self._hyperparameters()):
            if key not in scalars:
                raise ValueError(f"the checkpoint lacks the optimizer's {key}")
        for key, target in targets.items():
            target[...] = arrays[key]
        for key, value in scalars.items():
            setattr(self, key, tuple(value) if isinstance(value, list) else value)


def _plain(settings: Any) -> Any:
    """Settings as JSON gives them back."""
    return json.loads(json.dumps(settings))


class SGD(Optimizer):
    """Stochastic gradient descent with momentum, as in torch.

    With d = g + weight_decay w, in this order of operations: m = momentum m + d (in the first
    update m = d), then d = m, or d + momentum m with ``nesterov``; w = w + (-lr) d. Each sum and
    product is rounded by ``arithmetic``; m is stored as ``state`` says.

    Parameters
    ----------
    momentum : float
    nesterov : bool
    parameters, lr, weight_decay, no_decay, master, state, arithmetic, kahan, seed
        As for every optimizer here.

    Examples
    --------
    >>> import numpy as np
    >>> from lowfloat.training import SGD
    >>> w = {"w": np.float32([1.0])}
    >>> optimizer = SGD(w, lr=0.1, master="bfloat16")
    >>> optimizer.gradients = {"w": np.float32([0.01])}
    >>> optimizer.step()
    >>> w["w"]  # 0.999 lies nearer to 1 than to the number below: swamped
    array([1.], dtype=float32)

    Source: torch.optim.SGD; Zamirai et al. 2020 for ``kahan``.
    """

    STATES: tuple[str, ...] = ("momentum",)

    def __init__(
        self,
        parameters: Mapping[str, NDArray[np.float32]],
        *,
        momentum: float = 0.0,
        nesterov: bool = False,
        **settings: Any,
    ) -> None:
        self.momentum, self.nesterov = momentum, nesterov
        if nesterov and not momentum:
            raise ValueError("nesterov needs momentum")
        if not momentum:
            self.STATES = ()
        super().__init__(parameters, **settings)

    def _hyperparameters(self) -> dict[str, Any]:
        own = {"momentum": self.momentum, "nesterov": self.nesterov}
        return {**super()._hyperparameters(), **own}

    def _change(
        self, name: str, g: Floats, w: Floats, kept: dict[str, Floats], decay: float
    ) -> Floats:
        ops = self.arithmetic
        d = ops.add(g, ops.multiply(decay, w)) if decay else g
        if self.momentum:
            first = self.steps == 1
            m = d if first else ops.add(ops.multiply(self.momentum, kept["momentum"]), d)
            m = self._store(self.state, f"{name}.momentum", m, kept["momentum"])
            d = ops.add(d, ops.multiply(self.momentum, m)) if self.nesterov else m
        return ops.multiply(-self.lr, d)


class Adam(Optimizer):
    """Adam, and with ``decoupled=True`` AdamW, as in torch.

    In this order of operations, each rounded by ``arithmetic``: d = g + weight_decay w (or, if
    decoupled, w = w + (-lr weight_decay) w before the rest); m = b1 m + (1 - b1) d;
    v = b2 v + (1 - b2) (d d); w = w + (-lr / (1 - b1^t)) (m / (sqrt(v) / sqrt(1 - b2^t) + eps)).
    The factors in t are binary64 numbers, rounded once where they are used. m and v are stored
    as ``state`` says, or as ``m_state`` and ``v_state`` do.

    Parameters
    ----------
    betas : (float, float)
    eps : float
    decoupled : bool
        Weight decay apart from the gradient (AdamW).
    m_state, v_state : Quantizer or text, optional
        How each is stored; ``state`` by default.
    parameters, lr, weight_decay, no_decay, master, state, arithmetic, kahan, seed
        As for every optimizer here.

    Examples
    --------
    >>> import numpy as np
    >>> from lowfloat.training import Adam
    >>> w = {"w": np.float32([1.0, 2.0])}
    >>> optimizer = Adam(w, lr=0.5)
    >>> optimizer.gradients = {"w": np.float32([3.0, -0.25])}
    >>> optimizer.step()
    >>> w["w"]
    array([0.5, 2.5], dtype=float32)

    Source: Kingma and Ba 2015; Loshchilov and Hutter 2019; torch.optim.Adam.
    """

    STATES = ("m", "v")

    def __init__(
        self,
        parameters: Mapping[str, NDArray[np.float32]],
        *,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        decoupled: bool = False,
        m_state: Quantizer | str | None = None,
        v_state: Quantizer | str | None = None,
        **settings: Any,
    ) -> None:
        self.betas, self.eps, self.decoupled = tuple(betas), eps, decoupled
        super().__init__(parameters, lr=lr, **settings)
        self.m_state = self.state if m_state is None else quantizer(m_state)
        self.v_state = self.state if v_state is None else quantizer(v_state)

    def _settings(self) -> dict[str, Any]:
        own = {"m_state": str(self.m_state), "v_state": str(self.v_state)}
        return {**super()._settings(), **own, "decoupled": self.decoupled}

    def _hyperparameters(self) -> dict[str, Any]:
        return {**super()._hyperparameters(), "betas": list(self.betas), "eps": self.eps}

    def _change(
        self, name: str, g: Floats, w: Floats, kept: dict[str, Floats], decay: float
    ) -> Floats:
        ops, (b1, b2), t = self.arithmetic, self.betas, self.steps
        d, shrink = g, None
        if decay and self.decoupled:
            shrink = ops.multiply(-self.lr * decay, w)
        elif decay:
            d = ops.add(g, ops.multiply(decay, w))
        m = ops.add(ops.multiply(b1, kept["m"]), ops.multiply(1 - b1, d))
        m = self._store(self.m_state, f"{name}.m", m, kept["m"])
        v = ops.add(ops.multiply(b2, kept["v"]), ops.multiply(1 - b2, ops.multiply(d, d)))
        v = self._store(self.v_state, f"{name}.v", v, kept["v"])
        below = ops.add(ops.divide(ops.sqrt(v), float(np.sqrt(1 - b2**t))), self.eps)
        change = ops.multiply(-self.lr / (1 - b1**t), ops.divide(m, below))
        return change if shrink is None else ops.add(shrink, change)


class AdamW(Adam):
    """Adam with decoupled weight decay: ``Adam(..., decoupled=True)``.

    Examples
    --------
    >>> import numpy as np
    >>> from lowfloat.training import AdamW
    >>> AdamW({"w": np.float32([1.0])}).decoupled
    True

    Source: Loshchilov and Hutter 2019.
    """

    def __init__(
        self,
        parameters: Mapping[str, NDArray[np.float32]],
        *,
        weight_decay: float = 1e-2,
        **settings: Any,
    ) -> None:
        super().__init__(parameters, weight_decay=weight_decay, decoupled=True, **settings)
