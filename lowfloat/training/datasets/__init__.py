"""The real data of the reproductions: images, verse pairs and ratings from public packages."""

from lowfloat.training.datasets.bible import verse_pairs
from lowfloat.training.datasets.fashion_mnist import fashion_mnist
from lowfloat.training.datasets.movielens import movielens
from lowfloat.training.datasets.packages import DataUnavailable

__all__ = ["DataUnavailable", "fashion_mnist", "movielens", "verse_pairs"]
