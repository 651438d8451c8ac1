"""Published ways to train in low precision, as data: roles, loss scaling, update, and their source."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

import lowfloat as lf
from lowfloat.training.optimizers import SGD, Adam, AdamW, Optimizer
from lowfloat.training.roles import Roles
from lowfloat.training.scalers import StaticScaler, scaler_for

_OPTIMIZERS: dict[str, type[Optimizer]] = {"sgd": SGD, "adam": Adam, "adamw": AdamW}


@dataclass(frozen=True)
class Recipe:
    """A way to train: which formats where, how the loss is scaled, how weights are updated.

    Parameters
    ----------
    name : str
    roles : Roles
    scaler : str
        What ``lowfloat.training.scaler_for`` takes.
    update : mapping
        Keywords of the optimizer beside those of the roles: ``arithmetic``, ``kahan``.
    source : str
        The paper.
    flow : str
        What goes where, in the paper's words as far as they are known, and what is our choice.

    Examples
    --------
    >>> from lowfloat.training import recipe
    >>> str(recipe("mellempudi2019").roles.error)
    'float8_e5m2:sr16'
    """

    name: str
    roles: Roles
    scaler: str
    source: str
    flow: str
    update: MappingProxyType[str, Any] = field(default_factory=lambda: MappingProxyType({}))

    def but(self, **changes: Any) -> Recipe:
        """The same recipe with some fields replaced; ``roles`` may be a text."""
        if isinstance(changes.get("roles"), str):
            changes["roles"] = Roles.parse(changes["roles"])
        return replace(self, **changes)

    def make_scaler(self) -> StaticScaler:
        """A fresh loss scaler."""
        return scaler_for(self.scaler)

    def make_optimizer(self, kind: str, parameters: Any, **settings: Any) -> Any:
        """A fresh optimizer, ``"sgd"``, ``"adam"`` or ``"adamw"``, with the recipe's formats.

        Raises
        ------
        ValueError
            If there is no such optimizer.
        """
        if kind not in _OPTIMIZERS:
            raise ValueError(f"no optimizer {kind!r}: there are {', '.join(_OPTIMIZERS)}")
        return _OPTIMIZERS[kind].from_roles(parameters, self.roles, **self.update, **settings)


def _chunked() -> lf.accumulators.Grouped:
    return lf.accumulators.Grouped(
        lf.Accumulator("e6m9"), lf.Accumulator("e6m9"), by="chunks", n=64
    )


def _recipe(name: str, roles: str, scaler: str, source: str, flow: str, **update: Any) -> Recipe:
    return Recipe(name, Roles.parse(roles), scaler, source, flow, MappingProxyType(update))


_BF16 = "w=bfloat16,a=bfloat16,e=bfloat16,g=bfloat16,p=bfloat16,state=bfloat16"
_BF16_SOURCE = "Zamirai et al., Revisiting BFloat16 Training, arXiv 2010.06192"

_ALL = [
    _recipe(
        "float32",
        "",
        "none",
        "the baseline",
        "Everything in binary32, by the host's arithmetic.",
    ),
    _recipe(
        "micikevicius2017",
        "w=float16,a=float16,e=float16,g=float16,p=float16",
        "static:1024",
        "Micikevicius et al., Mixed Precision Training, arXiv 1710.03740",
        "Weights, activations and gradients in binary16; products summed in binary32 and rounded "
        "when written; normalisations read and write binary16; binary32 master weights; a "
        "constant loss scale (the paper's lie between 8 and 32K; 1024 is our choice).",
    ),
    _recipe(
        "mellempudi2019",
        "w=e5m2,a=e5m2,e=e5m2:sr,g=e5m2:sr,master=float16:sr,exempt=first|last,exempt_as=float16",
        "static:10000",
        "Mellempudi et al., Mixed Precision Training With 8-bit Floating Point, arXiv 1905.12334",
        "Weights and activations in e5m2 to nearest even, errors and weight gradients in e5m2 "
        "with stochastic rounding; products summed in binary32 and converted directly; binary16 "
        "master weights, stored with stochastic rounding, as in the authors' toolkit; update "
        "arithmetic in binary32. First and last layer in binary16. A constant loss scale, for "
        "convolutional networks.",
    ),
    _recipe(
        "mellempudi2019_threshold",
        "w=e5m2,a=e5m2,e=e5m2:sr,g=e5m2:sr,master=float16:sr,exempt=first|last,exempt_as=float16",
        "threshold:32768",
        "Mellempudi et al., Mixed Precision Training With 8-bit Floating Point, arXiv 1905.12334",
        "As mellempudi2019, with the paper's enhanced loss scaling for recurrent networks and "
        "Transformers: back-off, and a least scale that rises on a schedule.",
    ),
    _recipe(
        "fp8_unscaled",
        "w=e5m2,a=e5m2,e=e5m2,g=e5m2",
        "none",
        "the control of Cambier et al., arXiv 2001.05674, section 4",
        "All tensors of all GEMMs in e5m2 to nearest even, no loss scale: what loss scaling and "
        "S2FP8 are there to repair.",
    ),
    _recipe(
        "fp8_scaled",
        "w=e5m2,a=e5m2,e=e5m2,g=e5m2",
        "static:1024",
        "the control of Cambier et al., arXiv 2001.05674, section 4",
        "As fp8_unscaled, with a constant loss scale.",
    ),
    _recipe(
        "s2fp8",
        "w=s2fp8,a=s2fp8,e=s2fp8,g=s2fp8",
        "none",
        "Cambier et al., Shifted and Squeezed 8-bit Floating Point, arXiv 2001.05674",
        "Every tensor before and after every convolution and matrix product, forward and "
        "backward, in S2FP8 with statistics of its own; all layers, also the first and the last; "
        "binary32 sums and master weights; no loss scale.",
    ),
    _recipe(
        "pure_fp16",
        "w=float16,a=float16,e=float16,g=float16,p=float16,master=float16,state=float16",
        "static:1024",
        "Cheng et al., Distributed Low Precision Training Without Mixed Precision, 2019 (its "
        "abstract), and Yun et al., arXiv 2305.10947",
        "Everything in binary16 to nearest even: tensors, master weights, momentum and every "
        "operation of the update. The first paper's constants are not public; the loss scale is "
        "our choice.",
        arithmetic="float16",
    ),
    _recipe(
        "revisiting_bf16",
        f"{_BF16},master=bfloat16",
        "none",
        _BF16_SOURCE,
        "Everything in bfloat16, products summed in binary32; the weight update to nearest even, "
        "which swamps small updates.",
        arithmetic="bfloat16",
    ),
    _recipe(
        "revisiting_bf16_sr",
        f"{_BF16},master=bfloat16:sr",
        "none",
        _BF16_SOURCE,
        "As revisiting_bf16; the weights are stored with stochastic rounding. Their last sum is "
        "therefore made in binary32, as are the operations before it.",
    ),
    _recipe(
        "revisiting_bf16_kahan",
        f"{_BF16},master=bfloat16",
        "none",
        _BF16_SOURCE,
        "As revisiting_bf16, with a second bfloat16 number for each weight that keeps what "
        "rounding lost (Kahan summation).",
        arithmetic="bfloat16",
        kahan=True,
    ),
    _recipe(
        "gupta2015",
        "w=e0m15b-2:sr:sat,a=e0m15b-4:sr:sat,e=e0m15b0:sr:sat,g=e0m15b0:sr:sat,"
        "master=e0m15b-2:sr:sat",
        "none",
        "Gupta et al., Deep Learning with Limited Numerical Precision, arXiv 1502.02551",
        "16-bit fixed point with stochastic rounding and saturation: here <4, 12> for weights, "
        "<6, 10> for activations and <2, 14> for gradients, our choice among the paper's. The "
        "formats are sign and magnitude, without the paper's most negative number. The sums "
        "are binary32 where the paper's are full width.",
    ),
    _recipe(
        "wang2018",
        "w=e5m2,a=e5m2,e=e5m2,g=e5m2,master=e6m9:sr,state=e6m9:sr,exempt=first|last,exempt_as=e6m9",
        "static:1000",
        "Wang et al., Training Deep Neural Networks with 8-bit Floating Point Numbers, "
        "arXiv 1812.08011",
        "Tensors of all GEMMs in e5m2; products summed in a 16-bit format of 6 exponent bits, in "
        "chunks of 64; weights and momentum in that format with stochastic rounding; first and "
        "last layer in it too; a constant loss scale of 1000.",
        arithmetic="e6m9:sr",
    ),
]

#: All recipes by name.
RECIPES: dict[str, Recipe] = {r.name: r for r in _ALL}
_wang = RECIPES["wang2018"]
RECIPES["wang2018"] = _wang.but(
    roles=_wang.roles.but(forward=_chunked(), dgrad=_chunked(), wgrad=_chunked())
)


def recipe(name: str) -> Recipe:
    """A recipe by its name.

    Raises
    ------
    ValueError
        If there is none of that name; the message lists them.
    """
    if name not in RECIPES:
        raise ValueError(f"no recipe {name!r}: there are {', '.join(RECIPES)}")
    return RECIPES[name]
