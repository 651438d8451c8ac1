"""Sums and sums of products, in any accumulator."""

from lowfloat.reductions.convolution import conv2d
from lowfloat.reductions.cumulative import cumsum
from lowfloat.reductions.products import dot, matmul, tensordot
from lowfloat.reductions.summation import sum

__all__ = ["conv2d", "cumsum", "dot", "matmul", "sum", "tensordot"]
