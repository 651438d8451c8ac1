"""Attention from the products of ``functions``: every GEMM of it has a layer's formats."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from lowfloat.training.emulator import Emulator
from lowfloat.training.torch.functions import linear, matmul, pointwise, shared
from lowfloat.training.torch.ordered import softmax


def scaled_dot_product_attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    mask: Tensor | None,
    emulator: Emulator,
    layer: str = "attention",
    *,
    dropout: float = 0.0,
) -> tuple[Tensor, Tensor]:
    """Attention and its weights, before dropout.

    Parameters
    ----------
    query, key, value : Tensor
        (..., targets, d), (..., sources, d), (..., sources, d').
    mask : Tensor, optional
        Of floats, added to the scores; minus infinity forbids a place.
    emulator : Emulator
    layer : str
        Its products are those of layers ``layer.scores`` and ``layer.mix``, and its softmax is a
        pointwise tensor of ``layer.softmax``. Where the scores have an accumulator, the softmax
        sums in a stated order too (rule W-4); beside a host's product it is torch's.
    dropout : float
        The share of weights that is set to zero.
    """
    query = query * (1 / math.sqrt(query.shape[-1]))
    scores = matmul(query, key.mT, emulator, f"{layer}.scores")
    if mask is not None:
        scores = scores + mask
    host = emulator.accumulator("forward", f"{layer}.scores") is None
    shares = torch.softmax(scores, -1) if host else softmax(scores)
    weights = pointwise(shares, emulator, f"{layer}.softmax")
    kept = nn.functional.dropout(weights, dropout) if dropout else weights
    return matmul(kept, value, emulator, f"{layer}.mix"), weights


#: The products of multi-head attention, each a layer of its own: ``name.q`` and so on.
PARTS = ("q", "k", "v", "scores", "mix", "out_proj")


class MultiheadAttention(nn.MultiheadAttention):
    """``torch.nn.MultiheadAttention`` with every GEMM in its layer's formats."""

    emulator: Emulator
    layer: str

    def forward(
        self,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        key_padding_mask: Tensor | None = None,
        need_weights: bool = True,
        attn_mask: Tensor | None = None,
        average_attn_weights: bool = True,
        is_causal: bool = False,
    ) -> tuple[Tensor, Tensor | None]:
        """Arguments and results are those of torch's module; ``is_causal`` needs no ``attn_mask``."""
        batched = query.dim() == 3
        query, key, value = shared(query, key, value)
        if not batched:
            query, key, value = query[None], key[None], value[None]
            key_padding_mask = None if key_padding_mask is None else key_padding_mask[None]
        elif not self.batch_first:
            query, key, value = (x.transpose(0, 1) for x in (query, key, value))
        if is_causal and attn_mask is None:
            shape = query.shape[1], key.shape[1]
            attn_mask = torch.ones(shape, dtype=torch.bool, device=query.device).triu(1)
        mask = self._mask(attn_mask, key_padding_mask, query)
        q, k, v = self._heads(query, key, value)
        dropout = self.dropout if self.training else 0.0
        mixed, weights = scaled_dot_product_attention(
            q, k, v, mask, self.emulator, self.layer, dropout=dropout
        )
        mixed = mixed.transpose(1, 2).flatten(2)
        out = self.out_proj
        y = linear(mixed, out.weight, out.bias, self.emulator, f"{self.layer}.out_proj")
        if not batched:
            y = y[0]
        elif not self.batch_first:
            y = y.transpose(0, 1)
        if not need_weights:
            return y, None
        weights = weights.mean(1) if average_attn_weights else weights
        return y, weights if batched else weights[0]

    def _heads(self, *operands: Tensor) -> list[Tensor]:
        """The projections of query, key and value, as (n, heads, length, d)."""
        if self._qkv_same_embed_dim:
            weights = self.in_proj_weight.chunk(3)
        else:
            weights = self.q_proj_weight, self.k_proj_weight, self.v_proj_weight
        biases = (None,) * 3 if self.in_proj_bias is None else self.in_proj_bias.chunk(3)
        heads = []
        for x, weight, bias, part in zip(operands, weights, biases, "qkv", strict=True):
            y = linear(x, weight, bias, self.emulator, f"{self.layer}.{part}")
            heads.append(y.reshape(*y.shape[:2], self.num_heads, -1).transpose(1, 2))
        return heads

    def _mask(self, attn: Tensor | None, padding: Tensor | None, query: Tensor) -> Tensor | None:
        """Both masks as one of floats that broadcasts against (n, heads, targets, sources)."""
        found = None
        if attn is not None:
            found = _floats(attn, query)
            if found.dim() == 3:
                found = found.reshape(-1, self.num_heads, *found.shape[1:])
        if padding is not None:
            places = _floats(padding, query)[:, None, None, :]
            found = places if found is None else found + places
        return found


def _floats(mask: Tensor, like: Tensor) -> Tensor:
    """A mask of booleans, true where attention must not look, as what is added to the scores."""
    if mask.dtype != torch.bool:
        return mask.to(like.dtype)
    zeros = torch.zeros(mask.shape, dtype=like.dtype, device=mask.device)
    return zeros.masked_fill(mask, -math.inf)
