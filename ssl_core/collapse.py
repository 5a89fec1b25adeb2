"""Whether outputs still tell pictures apart: the rule of the collapse lamp, written once.

Two numbers, both free of z's length and scale, so that methods compare:

- spread: the standard deviation of unit z over the pictures, as a share of 1/√d, its value when directions
  are even (Chen & He 2021, https://arxiv.org/abs/2011.10566, section 4.1: near 1/√d healthy, 0 collapsed).
  Taken as the root mean square over dimensions it is √(1 − c), c being the mean cosine of two pictures.
- rank: exp of the entropy of the singular values of centred z (Roy & Vetterli 2007), the directions in use.
  Few of them while the spread is healthy is dimensional collapse (Jing et al. 2022,
  https://arxiv.org/abs/2110.09348, section 3).

Where the lines are drawn is our choice; the numbers stand beside the lamp so that anybody may judge anew.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

COLLAPSED = 0.1  # a spread below it: two pictures have a mean cosine above 0.99
NARROW = 0.3  # a cone, a mean cosine above 0.91: random ResNets stand at 0.23 to 0.26 before their first step
FEW = 1 / 8  # of all directions: fewer than that in use is dimensional collapse

STATES = ("healthy", "partial", "collapsed")
REASONS = {
    "healthy": "pictures differ, and in many directions",
    "few": "few directions are in use: dimensional collapse",
    "narrow": "all pictures lie in a narrow cone",
    "collapsed": "all pictures have nearly one output",
}


@dataclass(frozen=True)
class Verdict:
    """What the lamp shows, and the numbers behind it."""

    state: str  # one of STATES
    reason: str  # one of REASONS
    spread: float  # of unit z, as a share of 1/√d: 1 even, 0 one point
    rank: float  # directions in use
    directions: int  # that there could be: the length of z, or one for each picture
    needed: float  # a rank below it is called partial


def judge(
    negative: Float[Tensor, " n"], spectrum: Float[Tensor, " k"], classes: int | None = None
) -> Verdict:
    """The lamp for cosines of outputs of two different pictures, and eigenvalues of the outputs' covariance.

    `classes` of a method that reads labels: C class means span C − 1 directions, and it needs no more
    (neural collapse, Papyan et al. 2020, https://arxiv.org/abs/2008.08186).
    """
    spread = max(0.0, 1.0 - float(negative.double().mean())) ** 0.5
    rank, needed = rank_of(spectrum), FEW * len(spectrum)
    if classes is not None:
        needed = min(needed, classes - 1.0)
    if spread < COLLAPSED:
        reason = "collapsed"
    elif spread < NARROW:
        reason = "narrow"
    else:
        reason = "few" if rank < needed else "healthy"
    state = {"narrow": "partial", "few": "partial"}.get(reason, reason)
    return Verdict(state, reason, spread, rank, len(spectrum), needed)


def rank_of(spectrum: Float[Tensor, " k"]) -> float:
    """Effective rank from the squares of singular values, as a covariance has them; 0 if all are 0."""
    singular = spectrum.double().clamp_min(0).sqrt()
    if not singular.any():
        return 0.0
    return float(torch.special.entr(singular / singular.sum()).sum().exp())


def shares(spectrum: Float[Tensor, " k"]) -> Float[Tensor, " k"]:
    """Each direction's part of the variance, the greatest first; all zero where there is none."""
    positive = spectrum.double().clamp_min(0)
    return (positive / positive.sum().clamp_min(torch.finfo(torch.float64).tiny)).float()
