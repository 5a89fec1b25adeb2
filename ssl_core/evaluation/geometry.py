"""How a cloud of embeddings lies on the sphere: the numbers that tell learning from collapse.

Cheap enough for every training step: 0.3 to 2 ms each for 512 rows of 128 numbers on one core. They raise
half precision to float32 first and return plain finite numbers, for identical rows and zero rows too.
"""

import math

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from ssl_core.collapse import rank_of
from ssl_core.device import raise_precision
from ssl_core.problem import Problem
from ssl_core.trace import checked


def unit(x: Float[Tensor, "n d"]) -> Float[Tensor, "n d"]:
    """Rows of length 1, at least in float32; a zero row stays zero. Raises Problem on NaN and infinity."""
    x = finite(x)
    # the largest entry first: a float32 row of 1e30 squares to infinity
    return F.normalize(x / x.abs().amax(1, keepdim=True).clamp_min(torch.finfo(x.dtype).tiny), dim=1)


def finite(x: Float[Tensor, "n d"]) -> Float[Tensor, "n d"]:
    """The features without their graph, at least in float32. Raises Problem on NaN and infinity."""
    x = raise_precision(x.detach())
    if not x.isfinite().all():
        raise Problem(
            "The features hold numbers that are not finite: the encoder overflowed. "
            "Train it again with a smaller learning rate."
        )
    return x


@checked
def alignment(x: Float[Tensor, "n d"], y: Float[Tensor, "n d"]) -> float:
    """Mean squared distance between the unit rows of positive pairs: 0 (best) to 4.

    Wang & Isola 2020, https://arxiv.org/abs/2005.10242, section 4.1 with alpha = 2.
    """
    _at_least(x, 1)
    return float((unit(x) - unit(y)).square().sum(1).mean())


@checked
def uniformity(x: Float[Tensor, "n d"]) -> float:
    """Log of the mean of exp(-2 d²) over distinct pairs of unit rows: 0 if collapsed, lower is more even.

    Wang & Isola 2020, https://arxiv.org/abs/2005.10242, section 4.1 with t = 2. Perfectly uniform
    directions in many dimensions approach -4, since most pairs are then orthogonal (d² = 2).
    """
    _at_least(x, 2)
    z = unit(x)
    length = z.square().sum(1)  # 1, or 0 for a zero row
    distance = length[:, None] + length[None, :] - 2 * z @ z.T
    potential = distance.clamp_min_(0).mul_(-2).exp_().fill_diagonal_(0)
    return math.log(float(potential.sum()) / (len(z) * (len(z) - 1)))


@checked
def effective_rank(x: Float[Tensor, "n d"]) -> float:
    """exp of the entropy of the singular values, normalised to sum to 1: 1 to min(n, d), 0 if x is zero.

    Roy & Vetterli 2007, "The effective rank", definition 1. Of the matrix as it is given: not centred (so
    that collapse to one point counts 1) and rows not normalised.
    """
    _at_least(x, 1)
    a = finite(x).cpu().double()  # in float32 the rounding noise of squares would count as rank
    return rank_of(torch.linalg.eigvalsh(a.T @ a if a.shape[0] > a.shape[1] else a @ a.T))


@checked
def spread(z: Float[Tensor, "n d"]) -> float:
    """Standard deviation (over the n rows, divided by n) of each dimension of the unit rows, averaged.

    Near 1/sqrt(d) when directions are even, 0 when collapsed: Chen & He 2021,
    https://arxiv.org/abs/2011.10566, section 4.1.
    """
    _at_least(z, 1)
    return float(unit(z).std(0, correction=0).mean())


def _at_least(x: Tensor, rows: int) -> None:
    if len(x) < rows or x.shape[1] == 0:
        raise Problem(
            "There are {n} features of {d} numbers; give at least {rows} of 1.",
            n=len(x),
            d=x.shape[1],
            rows=rows,
        )
