"""Roles: which tensor of a layer gets which quantizer, and which GEMM which accumulator."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from fnmatch import fnmatchcase
from typing import Any

from lowfloat.training.products import accumulator, accumulator_text
from lowfloat.training.quantizers import Quantizer, quantizer

#: The GEMMs of a layer: y = x w, dx = dy w', dw = x' dy.
GEMMS = ("forward", "dgrad", "wgrad")

#: Tensors and their short names in a text.
TENSORS = {
    "weight": "w",
    "activation": "a",
    "output": "o",
    "error": "e",
    "input_gradient": "i",
    "weight_gradient": "g",
    "pointwise": "p",
    "master": "master",
    "optimizer_state": "state",
}
#: Tensors of a layer's GEMMs: those that an exemption exempts.
OF_GEMMS = ("weight", "activation", "output", "error", "input_gradient", "weight_gradient")
#: What a tensor is like where its own quantizer is not given.
_LIKE = {"output": "activation", "input_gradient": "error"}


@dataclass(frozen=True)
class Role:
    """One tensor's place: what it is, in which layer, and which layer of how many that is."""

    tensor: str
    layer: str = ""
    index: int = -1
    count: int = 0


_NONE = Quantizer()
_FLOAT32 = Quantizer.parse("float32")
Factory = Callable[[Role], "Quantizer | str | None"]


@dataclass(frozen=True)
class Roles:
    """A quantizer for each role of a tensor and an accumulator for each GEMM.

    Parameters
    ----------
    weight, activation, error, weight_gradient : Quantizer or text
        The working copy of the weights, the inputs of a layer's GEMM, the gradient that enters a
        layer from above, and the gradient of the weights.
    output, input_gradient : Quantizer or text, optional
        Results of the forward and of the dgrad GEMM; like ``activation`` and ``error`` by default.
    pointwise : Quantizer or text
        Results of normalisations, softmax and other parts between GEMMs.
    master, optimizer_state : Quantizer or text
        The weights that the optimizer keeps, and its other tensors.
    forward, dgrad, wgrad : accumulator
        What ``lowfloat.training.gemm`` takes: None for the host's float32 GEMM, ``"exact"``, or an
        ``lf.Accumulator``.
    exempt : sequence of str
        Layers that are not quantized: ``"first"``, ``"last"``, or patterns of names (``"bn*"``).
    exempt_as : Quantizer or text
        What the tensors of an exempt layer's GEMMs are instead; float32 by default.
    layers : sequence of (pattern, Roles)
        Layers with roles of their own; the first pattern that matches counts.
    factory : callable, optional
        ``factory(role)`` gives a quantizer, or None to leave it to the rest.

    Examples
    --------
    >>> from lowfloat.training import Roles
    >>> roles = Roles.parse("w=e5m2,a=e5m2,e=e5m2:sr,g=e5m2:sr,master=e5m10:sr,exempt=first")
    >>> str(roles.quantizer_for("error", "conv2"))
    'float8_e5m2:sr16'
    >>> str(roles.quantizer_for("error", "conv1", index=0, count=3))
    'float32'

    Source: Mellempudi et al. 2019 and TransformerEngine's QuantizerRole, whose idea this is.
    """

    weight: Quantizer = _NONE
    activation: Quantizer = _NONE
    error: Quantizer = _NONE
    weight_gradient: Quantizer = _NONE
    output: Quantizer | None = None
    input_gradient: Quantizer | None = None
    pointwise: Quantizer = _NONE
    master: Quantizer = _NONE
    optimizer_state: Quantizer = _NONE
    forward: Any = None
    dgrad: Any = None
    wgrad: Any = None
    exempt: tuple[str, ...] = ()
    exempt_as: Quantizer = _FLOAT32
    layers: tuple[tuple[str, Roles], ...] = ()
    factory: Factory | None = None

    def __post_init__(self) -> None:
        for name in (*TENSORS, "exempt_as"):
            given = getattr(self, name)
            if given is not None or name not in _LIKE:
                object.__setattr__(self, name, quantizer(given))
        for name in GEMMS:
            object.__setattr__(self, name, accumulator(getattr(self, name)))
        exempt: Any = self.exempt
        if isinstance(exempt, str):
            raise TypeError("exempt is a sequence of names: ('first', 'last')")
        object.__setattr__(self, "exempt", tuple(self.exempt))
        object.__setattr__(self, "layers", tuple(self.layers))

    @classmethod
    def parse(cls, text: str) -> Roles:
        """Roles from one line: ``key=value`` parts, separated by commas.

        Keys are ``w``, ``a``, ``o``, ``e``, ``i``, ``g``, ``p``, ``master``, ``state`` with
        values of ``Quantizer.parse``; ``acc``, or ``forward``, ``dgrad``, ``wgrad`` with
        accumulators; ``exempt`` with names joined by ``|``; ``exempt_as``. A part
        ``[pattern: roles]`` is for the layers of that name. What ``str(roles)`` writes comes back,
        but for a factory.

        Raises
        ------
        ValueError
            If a key is unknown, given twice, or has a value that means nothing.
        """
        given: dict[str, Any] = {}
        layers = []
        for part in _parts(text):
            if part.startswith("["):
                layers.append(_layer(part))
                continue
            key, equals, value = (piece.strip() for piece in part.partition("="))
            if not equals:
                raise ValueError(f"{part!r} is not of the form key=value")
            names = _KEYS.get(key.lower())
            if names is None:
                raise ValueError(f"no role {key!r}: there are {', '.join(_KEYS)}")
            for name in names:
                if name in given:
                    raise ValueError(f"{key!r} says again what an earlier part said of {name}")
                given[name] = tuple(value.split("|")) if name == "exempt" else value
        return cls(**given, layers=tuple(layers))

    def __str__(self) -> str:
        parts = [
            f"{short}={getattr(self, name)}"
            for name, short in TENSORS.items()
            if getattr(self, name) != (None if name in _LIKE else _NONE)
        ]
        texts = {name: accumulator_text(getattr(self, name)) for name in GEMMS}
        if len(set(texts.values())) == 1:
            texts = {"acc": texts["forward"]}
        parts += [f"{name}={text}" for name, text in texts.items()]
        if self.exempt:
            parts.append(f"exempt={'|'.join(self.exempt)}")
        if self.exempt or self.exempt_as != _FLOAT32:
            parts.append(f"exempt_as={self.exempt_as}")
        parts += [f"[{pattern}: {roles}]" for pattern, roles in self.layers]
        if self.factory:
            parts.append(f"factory={getattr(self.factory, '__qualname__', 'unnamed')}")
        return ",".join(parts)

    def but(self, **changes: Any) -> Roles:
        """The same roles with some parts replaced."""
        return replace(self, **changes)

    def is_exempt(self, layer: str, index: int = -1, count: int = 0) -> bool:
        """Whether a layer is exempt, by its place or its name."""
        places = {"first": index == 0, "last": 0 <= index == count - 1}
        return any(
            places[name] if name in places else fnmatchcase(layer, name) for name in self.exempt
        )

    def quantizer_for(
        self, role: Role | str, layer: str = "", index: int = -1, count: int = 0
    ) -> Quantizer:
        """The quantizer of a role, given whole or in its parts.

        Raises
        ------
        ValueError
            If there is no such tensor.
        """
        if not isinstance(role, Role):
            role = Role(role, layer, index, count)
        if role.tensor not in TENSORS:
            raise ValueError(f"no tensor {role.tensor!r}: there are {', '.join(TENSORS)}")
        made = self.factory(role) if self.factory else None
        if made is not None:
            return quantizer(made)
        if role.tensor in OF_GEMMS and self.is_exempt(role.layer, role.index, role.count):
            return self.exempt_as
        own = self._own(role.layer)
        if own is not self:
            return own.quantizer_for(role)
        found = getattr(self, role.tensor)
        return found if found is not None else getattr(self, _LIKE[role.tensor])  # type: ignore[no-any-return]

    def accumulator_for(self, gemm: str, layer: str = "", index: int = -1, count: int = 0) -> Any:
        """The accumulator of one of a layer's GEMMs; the host's float32 one where exempt.

        Raises
        ------
        ValueError
            If there is no such GEMM.
        """
        if gemm not in GEMMS:
            raise ValueError(f"no GEMM {gemm!r}: there are {', '.join(GEMMS)}")
        if self.is_exempt(layer, index, count):
            return None
        own = self._own(layer)
        return getattr(self, gemm) if own is self else own.accumulator_for(gemm, layer)

    def _own(self, layer: str) -> Roles:
        for pattern, roles in self.layers:
            if fnmatchcase(layer, pattern):
                return roles
        return self


def _parts(text: str) -> list[str]:
    """The parts between commas that are in no brackets."""
    parts, depth = [""], 0
    for letter in text:
        depth += (letter in "([") - (letter in ")]")
        if letter == "," and depth <= 0:
            parts.append("")
        else:
            parts[-1] += letter
    return [part.strip() for part in parts if part.strip()]


def _layer(part: str) -> tuple[str, Roles]:
    """A pattern of names and its roles from ``[pattern: roles]``."""
    pattern, colon, roles = part[1:-1].partition(": ")
    if not part.endswith("]") or not colon:
        raise ValueError(f"{part!r} is not of the form [pattern: roles]")
    return pattern, Roles.parse(roles)


_KEYS: dict[str, Sequence[str]] = {short: (name,) for name, short in TENSORS.items()}
_KEYS |= {"acc": GEMMS} | {name: (name,) for name in GEMMS}
_KEYS |= {"exempt": ("exempt",), "exempt_as": ("exempt_as",)}

assert {name for names in _KEYS.values() for name in names} <= {f.name for f in fields(Roles)}


def as_roles(given: Roles | str) -> Roles:
    """Roles from themselves or their text."""
    return given if isinstance(given, Roles) else Roles.parse(given)
