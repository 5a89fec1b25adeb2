"""Who is whose neighbour, and how surely: the graph that UMAP draws, and the forces it draws it with.

McInnes et al. 2018, https://arxiv.org/abs/1802.03426, section 3 and appendix C.
"""

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

HALVINGS = 64  # at most, of the interval in which a bandwidth is sought
KNOWN = 1e-9  # a bandwidth is known when its interval is this part of it
LEAST = 1e-3  # a bandwidth is at least this part of the mean distance
REACH = 4.0  # the farthest that one force moves a point, at full rate
SOFT = 1e-3  # added to squared distances, so that the push stays finite where points meet


@dataclass(frozen=True, eq=False)
class Edges:
    """The edges of n points, each there from both of its ends: of point i, those from starts[i] on."""

    starts: Int[Tensor, " n1"]  # n + 1
    tails: Int[Tensor, " e"]
    weights: Float[Tensor, " e"]  # above 0, at most 1


def memberships(distance: Float[Tensor, "n k"]) -> Float[Tensor, "n k1"]:
    """How surely each of the k - 1 others is a neighbour: 1 for the nearest, less with distance.

    Rows are sorted and begin with the point itself. Each point has a measure of its own: its nearest lies at
    rho, and the bandwidth sigma is such that its memberships sum to the binary logarithm of k.
    """
    d = distance.double()
    rho = d.where(d > 0, torch.inf).amin(1, keepdim=True)  # a copy of the point itself is no measure
    rho = rho.where(rho.isfinite(), 0.0)
    beyond = (d[:, 1:] - rho).clamp_min(0)
    low, high = torch.zeros_like(rho), torch.full_like(rho, torch.inf)
    sigma = torch.ones_like(rho)
    for _ in range(HALVINGS):
        wide = (-beyond / sigma).exp().sum(1, keepdim=True) > math.log2(d.shape[1])
        low, high = low.where(wide, sigma), sigma.where(wide, high)
        sigma = torch.where(high.isinf(), 2 * sigma, (low + high) / 2)
        if (high - low <= KNOWN * sigma).all():
            break
    least = LEAST * torch.where(rho > 0, d.mean(1, keepdim=True), d.mean())
    return (-beyond / sigma.maximum(least).clamp_min(1e-30)).exp()


def united(place: Int[Tensor, "n k"], member: Float[Tensor, "n k1"]) -> Edges:
    """One graph of what both ends say: an edge is there unless neither has the other for a neighbour.

    P + Pᵀ - P ∘ Pᵀ, the probabilistic sum.
    """
    n = len(place)
    head = torch.arange(n).repeat_interleave(member.shape[1])
    tail = place[:, 1:].flatten()
    both = torch.cat([head * n + tail, tail * n + head])
    pairs, which = both.unique(return_inverse=True)  # sorted: by head, then by tail
    not_there = 1 - member.flatten().repeat(2)
    weights = 1 - torch.ones(len(pairs), dtype=member.dtype).scatter_reduce(0, which, not_there, "prod")
    pairs, weights = pairs[weights > 0], weights[weights > 0]
    degrees = (pairs // n).bincount(minlength=n)
    return Edges(torch.cat([degrees.new_zeros(1), degrees.cumsum(0)]), pairs % n, weights)


@lru_cache
def curve(min_dist: float) -> tuple[float, float]:
    """a and b such that 1 / (1 + a x^2b), the nearness of points x apart, is 1 up to min_dist, then decays.

    Least squares by Gauss and Newton, in the logarithms of both, on distances up to 3.
    """
    x = np.linspace(0, 3, 300)[1:]
    wanted = np.where(x < min_dist, 1.0, np.exp(min_dist - x))
    logs = np.log([1.5, 0.9])
    for _ in range(100):
        a, b = np.exp(logs)
        power = a * x ** (2 * b)
        near = 1 / (1 + power)
        by_a = -near * near * power
        slopes = np.stack([by_a, by_a * 2 * b * np.log(x)], 1)
        step = np.linalg.lstsq(slopes, wanted - near, rcond=None)[0]
        logs += step
        if np.abs(step).max() < 1e-10:
            break
    a, b = np.exp(logs)
    return float(a), float(b)


def forces(
    square: Float[np.ndarray, " m"], a: float, b: float
) -> tuple[Float[np.ndarray, " m"], Float[np.ndarray, " m"]]:
    """What pulls the ends of an edge together and what pushes others apart, over their difference.

    At these squared distances; the gradients of section 4.2. None moves a point farther than REACH; 0 where
    distance or force has no finite value.
    """
    with np.errstate(all="ignore"):
        wide = square.astype(np.float64)
        power = wide**b
        pull = -2 * a * b * power / (wide * (1 + a * power))
        push = 2 * b / ((SOFT + wide) * (1 + a * power))
        most = REACH / np.sqrt(wide)
        held = [np.clip(force, -most, most).astype(np.float32) for force in (pull, push)]
    return np.nan_to_num(held[0], posinf=0, neginf=0), np.nan_to_num(held[1], posinf=0, neginf=0)
