"""Recommending films with neural matrix factorisation (He et al. 2017)."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from lowfloat.training.datasets import movielens
from lowfloat.training.workloads.base import Batch, generator

FACTORS, NEGATIVES, RANKED, TOP = 8, 4, 99, 10
BATCH, EPOCHS = 1024, 6


class NeuMF(nn.Module):
    """A product of embeddings beside a perceptron of 32, 16 and 8 units, joined by one layer."""

    def __init__(self, users: int, items: int) -> None:
        super().__init__()
        self.user_product = nn.Embedding(users, FACTORS)
        self.item_product = nn.Embedding(items, FACTORS)
        self.user_dense = nn.Embedding(users, 2 * FACTORS)
        self.item_dense = nn.Embedding(items, 2 * FACTORS)
        self.dense1 = nn.Linear(4 * FACTORS, 2 * FACTORS)
        self.dense2 = nn.Linear(2 * FACTORS, FACTORS)
        self.output = nn.Linear(2 * FACTORS, 1)
        for module in self.modules():
            if isinstance(module, nn.Embedding):
                # The paper's 0.01 ends higher after so few epochs: .286, against .272 from here.
                nn.init.normal_(module.weight, std=0.05)

    def forward(self, users: torch.Tensor, items: torch.Tensor) -> torch.Tensor:
        """Logits of shape (n,) from numbers of people and films of shape (n,)."""
        product = self.user_product(users) * self.item_product(items)
        dense = torch.cat([self.user_dense(users), self.item_dense(items)], 1)
        dense = torch.relu(self.dense2(torch.relu(self.dense1(dense))))
        return self.output(torch.cat([product, dense], 1)).squeeze(1)  # type: ignore[no-any-return]


class Recommendation:
    """NeuMF on MovieLens-100k, six epochs."""

    name = "recommendation"
    summary = (
        "NeuMF (8 factors) on MovieLens-100k: each person's last film is left out, 4 negatives "
        "a film, 6 epochs, batches of 1,024, Adam at 1e-3"
    )
    optimizer = "adam"
    measure, more_is_better = "train_loss", False

    def __init__(self, data: str | None = None, fraction: float = 1.0) -> None:
        ratings = movielens(data)
        self._users, self._items = int(ratings.users.max()) + 1, int(ratings.items.max()) + 1
        last = np.zeros(self._users, np.int64)
        last[ratings.users] = np.arange(len(ratings.users))  # the columns are in order of time
        kept = np.ones(len(ratings.users), bool)
        kept[last] = False
        self._positive = ratings.users[kept], ratings.items[kept]
        self._seen = np.zeros((self._users, self._items), bool)
        self._seen[ratings.users, ratings.items] = True
        self._held_out = ratings.items[last]
        self._candidates = self._ranked()
        self.epoch_steps = len(self._positive[0]) * (1 + NEGATIVES) // BATCH
        self.steps = max(1, round(EPOCHS * self.epoch_steps * fraction))
        self.optimizer_settings: dict[str, object] = {}
        self._epoch = lru_cache(maxsize=1)(self._make_epoch)

    def _ranked(self) -> NDArray[np.int64]:
        """The film left out and 99 unseen ones, for each person."""
        rng = generator(0)
        table = np.empty((self._users, 1 + RANKED), np.int64)
        for user in range(self._users):
            unseen = np.flatnonzero(~self._seen[user])
            table[user] = [self._held_out[user], *rng.choice(unseen, RANKED, replace=False)]
        return table

    def _make_epoch(self, seed: int, epoch: int) -> tuple[NDArray[np.int64], ...]:
        """People, films and labels of an epoch, shuffled, with fresh negatives."""
        rng = generator(seed, epoch)
        users = np.repeat(self._positive[0], NEGATIVES)
        items = rng.integers(self._items, size=len(users))
        while (wrong := self._seen[users, items]).any():
            items[wrong] = rng.integers(self._items, size=int(wrong.sum()))
        order = rng.permutation(len(users) // NEGATIVES * (1 + NEGATIVES))
        people = np.concatenate([self._positive[0], users])[order]
        films = np.concatenate([self._positive[1], items])[order]
        return people, films, (order < len(self._positive[0])).astype(np.int64)

    def model(self, seed: int) -> nn.Module:
        """A freshly initialised network."""
        torch.manual_seed(seed)
        return NeuMF(self._users, self._items)

    def batch(self, seed: int, step: int) -> Batch:
        """People, films, and 1 for a film that was rated."""
        epoch, place = divmod(step, self.epoch_steps)
        rows = slice(place * BATCH, (place + 1) * BATCH)
        people, films, labels = (torch.from_numpy(x[rows]) for x in self._epoch(seed, epoch))
        return people, films, labels.float()

    def loss(self, model: nn.Module, batch: Batch) -> torch.Tensor:
        """Binary cross entropy."""
        people, films, labels = batch
        return nn.functional.binary_cross_entropy_with_logits(model(people, films), labels)

    def rate(self, step: int) -> float:
        """Constant."""
        return 1e-3

    @torch.no_grad()
    def evaluate(self, model: nn.Module) -> dict[str, float]:
        """Percentage of people whose left-out film is among the first ten of a hundred."""
        films = torch.from_numpy(self._candidates)
        people = torch.arange(self._users).repeat_interleave(1 + RANKED)
        scores = model(people, films.flatten()).view(self._users, 1 + RANKED)
        above = (scores[:, 1:] >= scores[:, :1]).sum(1)
        return {"hit_ratio": 100 * float((above < TOP).float().mean())}
