"""Multi-head self-attention: six products, each a layer of its own, and a softmax."""

from __future__ import annotations

import numpy as np

from lowfloat.training import ordered
from lowfloat.training.numpy.layer import Floats, Layer, uniform
from lowfloat.training.numpy.layers import dense_backward, dense_forward

PARTS = ("q", "k", "v", "scores", "mix", "out_proj")


class Attention(Layer):
    """softmax(q k' / sqrt(d)) v, then a dense layer; q, k and v are dense layers of x.

    Parameters
    ----------
    name : str
        Its products are the layers ``name.q``, ``k``, ``v``, ``scores``, ``mix``, ``out_proj``.
    width, heads : int
    causal : bool
        A place attends to itself and those before it only.

    Source: Vaswani et al. 2017; the names are those of ``lowfloat.training.torch``.
    """

    def __init__(self, name: str, width: int, heads: int, *, causal: bool = False) -> None:
        super().__init__(name)
        if width % heads:
            raise ValueError(f"{heads} heads do not divide a width of {width}")
        self.width, self.heads, self.causal = width, heads, causal
        self.parameters = {
            "in_proj_weight": np.zeros((3 * width, width), np.float32),
            "in_proj_bias": np.zeros(3 * width, np.float32),
            "out_proj.weight": np.zeros((width, width), np.float32),
            "out_proj.bias": np.zeros(width, np.float32),
        }
        self.gemms = tuple(f"{name}.{part}" for part in PARTS)

    def initialise(self, rng: np.random.Generator) -> None:
        """Uniform weights; biases of zero."""
        for key in ("in_proj_weight", "out_proj.weight"):
            weight = self.parameters[key]
            weight[...] = uniform(rng, weight.shape, self.width)

    def forward(self, x: Floats) -> Floats:
        """(n, length, width) to the same."""
        self.kept, heads = {}, []
        for i, part in enumerate("qkv"):
            rows = slice(i * self.width, (i + 1) * self.width)
            weight = self.parameters["in_proj_weight"][rows]
            bias = self.parameters["in_proj_bias"][rows]
            y, *self.kept[part] = dense_forward(self.emulator, self.gemms[i], x, weight, bias)
            heads.append(self._split(y))
        q, k, v = heads
        q = q * np.float32(1 / np.sqrt(q.shape[-1]))
        scores = self._product("scores", q, np.swapaxes(k, -1, -2))
        if self.causal:
            later = np.triu(np.ones(scores.shape[-2:], bool), 1)
            scores = scores + np.where(later, np.float32(-np.inf), np.float32(0))
        self.shares = ordered.softmax(scores)
        mixed = self._product("mix", self._quantize(self.shares, "pointwise", "softmax"), v)
        weight, bias = self.parameters["out_proj.weight"], self.parameters["out_proj.bias"]
        y, *self.kept["out_proj"] = dense_forward(
            self.emulator, f"{self.name}.out_proj", self._join(mixed), weight, bias
        )
        return y

    def backward(self, dy: Floats) -> Floats:
        """dx, with the gradients of the four parameters put aside."""
        out = self.kept["out_proj"]
        dmixed, dw, db = dense_backward(self.emulator, f"{self.name}.out_proj", dy, *out)
        self.gradients = {"out_proj.weight": dw, "out_proj.bias": db}
        dshares, dv = self._dproduct("mix", self._split(dmixed))
        dscores = ordered.dsoftmax(self._quantize(dshares, "pointwise", "softmax"), self.shares)
        dq, dk = self._dproduct("scores", dscores)
        dq = dq * np.float32(1 / np.sqrt(dq.shape[-1]))
        parts = [
            dense_backward(self.emulator, gemm, self._join(d), *self.kept[part])
            for gemm, d, part in zip(
                self.gemms[:3], (dq, np.swapaxes(dk, -1, -2), dv), "qkv", strict=True
            )
        ]
        dx, weights, biases = zip(*parts, strict=True)
        self.gradients |= {
            "in_proj_weight": np.concatenate(weights),
            "in_proj_bias": np.concatenate(biases),
        }
        total: Floats = (dx[0] + dx[1]) + dx[2]
        return total

    def _product(self, part: str, a: Floats, b: Floats) -> Floats:
        """A product of two activations, on the output's grid."""
        a, b = self._quantize(a, "activation", part), self._quantize(b, "activation", part)
        self.kept[part] = [a, b]
        both = "activation", "activation"
        y = self.emulator.gemm(a, b, "forward", f"{self.name}.{part}", both)
        return self._quantize(y, "output", part)

    def _dproduct(self, part: str, dy: Floats) -> tuple[Floats, Floats]:
        """The gradients of both operands."""
        (a, b), name = self.kept[part], f"{self.name}.{part}"
        e = self._quantize(dy, "error", part)
        da = self.emulator.gemm(e, np.swapaxes(b, -1, -2), "dgrad", name, ("error", "activation"))
        da = self._quantize(da, "input_gradient", part)
        db = self.emulator.gemm(np.swapaxes(a, -1, -2), e, "dgrad", name, ("activation", "error"))
        return da, self._quantize(db, "input_gradient", part)

    def _split(self, x: Floats) -> Floats:
        """(n, length, width) to (n, heads, length, width / heads)."""
        return np.swapaxes(x.reshape(*x.shape[:2], self.heads, -1), 1, 2)

    def _join(self, x: Floats) -> Floats:
        return np.ascontiguousarray(np.swapaxes(x, 1, 2)).reshape(len(x), x.shape[2], -1)
