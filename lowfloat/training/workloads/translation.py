"""Translating verses from English to Spanish with a small Transformer."""

from __future__ import annotations

import math
from collections import Counter
from functools import lru_cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from lowfloat.training.datasets import verse_pairs
from lowfloat.training.workloads.base import Batch, generator, shuffled

SHORTEST, LONGEST, WORDS = 3, 20, 2000
TEST, BATCH, EPOCHS, WARM_UP = 800, 64, 3, 200
WIDTH, INNER, HEADS, LAYERS, DROPOUT = 128, 512, 4, 2, 0.1
PAD, START, END, UNKNOWN = range(4)


class Layer(nn.Module):
    """Self-attention, attention to the other language in the decoder, and two dense layers.

    Normalisation stands behind each part, as in the paper.
    """

    def __init__(self, decoder: bool) -> None:
        super().__init__()
        self.attention = nn.MultiheadAttention(WIDTH, HEADS, batch_first=True)
        self.norm1 = nn.LayerNorm(WIDTH)
        self.cross = nn.MultiheadAttention(WIDTH, HEADS, batch_first=True) if decoder else None
        self.norm2 = nn.LayerNorm(WIDTH) if decoder else None
        self.dense1 = nn.Linear(WIDTH, INNER)
        self.dense2 = nn.Linear(INNER, WIDTH)
        self.norm3 = nn.LayerNorm(WIDTH)
        self.dropout = nn.Dropout(DROPOUT)

    def forward(
        self,
        x: torch.Tensor,
        hidden: torch.Tensor,
        memory: torch.Tensor | None = None,
        memory_hidden: torch.Tensor | None = None,
    ) -> torch.Tensor:
        """Vectors of shape (n, length, width); a mask is true where attention must not look."""
        mask = None
        if self.cross is not None:
            mask = torch.ones(x.shape[1], x.shape[1], dtype=torch.bool).triu(1)
        y, _ = self.attention(x, x, x, key_padding_mask=hidden, attn_mask=mask, need_weights=False)
        x = self.norm1(x + self.dropout(y))
        if self.cross is not None and self.norm2 is not None:
            y, _ = self.cross(x, memory, memory, key_padding_mask=memory_hidden, need_weights=False)
            x = self.norm2(x + self.dropout(y))
        y = self.dense2(torch.relu(self.dense1(x)))
        return self.norm3(x + self.dropout(y))  # type: ignore[no-any-return]


class TransformerTiny(nn.Module):
    """Two encoder and two decoder layers of 128 units (Vaswani et al. 2017)."""

    def __init__(self, source_words: int, target_words: int) -> None:
        super().__init__()
        self.source = nn.Embedding(source_words, WIDTH, padding_idx=PAD)
        self.target = nn.Embedding(target_words, WIDTH, padding_idx=PAD)
        self.encoder = nn.ModuleList(Layer(decoder=False) for _ in range(LAYERS))
        self.decoder = nn.ModuleList(Layer(decoder=True) for _ in range(LAYERS))
        self.output = nn.Linear(WIDTH, target_words)
        self.dropout = nn.Dropout(DROPOUT)
        for embedding in (self.source, self.target):
            nn.init.normal_(embedding.weight, std=WIDTH**-0.5)

    def forward(self, source: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        """Logits of the next word, (n, length, words), from word numbers of shape (n, length)."""
        source_hidden, target_hidden = source == PAD, target == PAD
        x = self.dropout(self.source(source) * math.sqrt(WIDTH) + _positions(source.shape[1]))
        for layer in self.encoder:
            x = layer(x, source_hidden)
        y = self.dropout(self.target(target) * math.sqrt(WIDTH) + _positions(target.shape[1]))
        for layer in self.decoder:
            y = layer(y, target_hidden, x, source_hidden)
        return self.output(y)  # type: ignore[no-any-return]


@lru_cache
def _positions(length: int) -> torch.Tensor:
    """Sines and cosines of geometrically growing periods."""
    angles = np.arange(length)[:, None] / 10000 ** (np.arange(0, WIDTH, 2) / WIDTH)
    table = np.stack([np.sin(angles), np.cos(angles)], -1).reshape(length, WIDTH)
    return torch.from_numpy(table.astype(np.float32))


class Translation:
    """Transformer-tiny on short verses, three epochs."""

    name = "translation"
    summary = (
        "Transformer-tiny (2 + 2 layers of 128 units) from the King James Version to the "
        "Reina-Valera: verses of 3 to 20 words and marks, 2,000 words a language, 3 epochs, "
        "batches of 64, Adam at 1e-3 after a warm-up of 200 steps"
    )
    optimizer = "adam"
    measure, more_is_better = "cross_entropy", False

    def __init__(self, data: str | None = None, fraction: float = 1.0) -> None:
        short = range(SHORTEST, LONGEST + 1)
        pairs = [p for p in verse_pairs(data) if len(p[0]) in short and len(p[1]) in short]
        order = generator(0).permutation(len(pairs))
        pairs = [pairs[i] for i in order]
        test, train = pairs[:TEST], pairs[TEST:]
        self._words = [_vocabulary([p[side] for p in train]) for side in (0, 1)]
        self._train, self._test = self._numbers(train), self._numbers(test)
        self.epoch_steps = len(train) // BATCH
        self.steps = max(1, round(EPOCHS * self.epoch_steps * fraction))
        self.optimizer_settings = {"betas": (0.9, 0.98), "eps": 1e-9}

    def _numbers(self, pairs: list[tuple[list[str], list[str]]]) -> list[NDArray[np.int64]]:
        """Source and target words as numbers, padded; the target between its marks."""
        source = [[self._words[0].get(word, UNKNOWN) for word in p[0]] for p in pairs]
        target = [[self._words[1].get(word, UNKNOWN) for word in p[1]] for p in pairs]
        return [_padded(source), _padded([[START, *numbers, END] for numbers in target])]

    def model(self, seed: int) -> nn.Module:
        """A freshly initialised network."""
        torch.manual_seed(seed)
        return TransformerTiny(*(4 + len(words) for words in self._words))

    def batch(self, seed: int, step: int) -> Batch:
        """Source and target word numbers."""
        epoch, place = divmod(step, self.epoch_steps)
        rows = _order(seed, epoch, len(self._train[0]))[place * BATCH : (place + 1) * BATCH]
        # Dropout draws from torch's generator: its seed is a part of the batch.
        torch.manual_seed(int(generator(seed, 1 << 20, step).integers(1 << 62)))
        return tuple(_trimmed(part[rows]) for part in self._train)

    def loss(self, model: nn.Module, batch: Batch) -> torch.Tensor:
        """Cross entropy of the next word, padding aside."""
        source, target = batch
        logits = model(source, target[:, :-1])
        return nn.functional.cross_entropy(
            logits.flatten(0, 1), target[:, 1:].flatten(), ignore_index=PAD
        )

    def rate(self, step: int) -> float:
        """Up to 1e-3 in a straight line, then constant."""
        return 1e-3 * min(1.0, (step + 1) / WARM_UP)

    @torch.no_grad()
    def evaluate(self, model: nn.Module) -> dict[str, float]:
        """Cross entropy and accuracy of the next word, given the right words before it."""
        entropy = right = words = 0.0
        for start in range(0, TEST, 200):
            source, target = (_trimmed(part[start : start + 200]) for part in self._test)
            logits, wanted = model(source, target[:, :-1]).flatten(0, 1), target[:, 1:].flatten()
            entropy += float(
                nn.functional.cross_entropy(logits, wanted, ignore_index=PAD, reduction="sum")
            )
            kept = wanted != PAD
            right += float((logits.argmax(1) == wanted)[kept].sum())
            words += float(kept.sum())
        return {"cross_entropy": entropy / words, "accuracy": 100 * right / words}


def _vocabulary(sentences: list[list[str]]) -> dict[str, int]:
    """The commonest words, numbered after the four marks."""
    counts = Counter(word for sentence in sentences for word in sentence)
    common = sorted(counts, key=lambda word: (-counts[word], word))[: WORDS - 4]
    return {word: number + 4 for number, word in enumerate(common)}


def _padded(rows: list[list[int]]) -> NDArray[np.int64]:
    table = np.full((len(rows), max(map(len, rows))), PAD, np.int64)
    for i, row in enumerate(rows):
        table[i, : len(row)] = row
    return table


def _trimmed(rows: NDArray[np.int64]) -> torch.Tensor:
    """Without the columns that are padding in all rows."""
    used = int((rows != PAD).any(0).sum())
    return torch.from_numpy(np.ascontiguousarray(rows[:, :used]))


@lru_cache(maxsize=2)
def _order(seed: int, epoch: int, count: int) -> NDArray[np.int64]:
    return shuffled(seed, epoch, count)
