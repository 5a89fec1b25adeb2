"""The assignment's `contrastive_loss.py`: SimCLR's loss as a loop, and without one.

Chen et al. 2020, https://arxiv.org/abs/2002.05709, eq. 1. Embeddings are normalised inside; a row of zeros
has cosine 0 with everything. Every function raises Problem on shapes that do not fit.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from ssl_core.device import pick
from ssl_core.losses.base import above_zero, public, unit
from ssl_core.losses.nt_xent import NTXent


@public
def sim(
    z_i: Float[Tensor, " d"] | Float[Tensor, "1 d"], z_j: Float[Tensor, " d"] | Float[Tensor, "1 d"]
) -> Float[Tensor, ""]:
    """The notebook's similarity: the dot product of two vectors, each divided by its length (-1 to 1)."""
    return _cosine(z_i.flatten(), z_j.flatten())


@public
def simclr_loss_naive(
    out_left: Float[Tensor, "n d"], out_right: Float[Tensor, "n d"], tau: float | int
) -> Float[Tensor, ""]:
    """The loss as the notebook writes it: l(k, k+N) + l(k+N, k) over the pairs k, divided by 2N; in nats.

    Two classic mistakes give the right number all the same, so that the notebook's check passes. A
    denominator collected by `torch.tensor([...])` copies the values and cuts the graph: no gradient comes
    through it, and nothing pushes negatives apart (here `torch.stack` keeps it). A numerator (2N, 1) over a
    denominator (2N,) broadcasts to (2N, 2N), whose mean hides it (here both are scalars).
    The loop takes some 4 N² similarities: it is for reading, not for training.
    """
    above_zero("tau", tau)
    n = len(out_left)
    out = torch.cat([out_left, out_right])  # 2N x D
    total = out.new_zeros(())
    for k in range(n):
        total = total + _surprise(out, k, k + n, tau) + _surprise(out, k + n, k, tau)
    return total / (2 * n)


@public
def sim_positive_pairs(
    out_left: Float[Tensor, "n d"], out_right: Float[Tensor, "n d"]
) -> Float[Tensor, "n 1"]:
    """The similarity of out_left[k] with out_right[k], as a column: over a row it would broadcast."""
    return (unit(out_left) * unit(out_right)).sum(1, keepdim=True)


@public
def compute_sim_matrix(out: Float[Tensor, "m d"]) -> Float[Tensor, "m m"]:
    """The similarity of every row with every row, itself included: m is the notebook's 2N."""
    z = unit(out)
    return z @ z.T


@public
def simclr_loss_vectorized(
    out_left: Float[Tensor, "n d"],
    out_right: Float[Tensor, "n d"],
    tau: float | int,
    device: str | torch.device | None = None,
) -> Float[Tensor, ""]:
    """The same value and gradient as `simclr_loss_naive` without a loop: the project's own `nt_xent`.

    It is computed where the embeddings are, or on `device`; Problem where this machine has no such device.
    """
    views = torch.stack([out_left, out_right])
    return NTXent(float(tau))(views if device is None else views.to(pick(str(device)))).loss


def _cosine(a: Float[Tensor, " d"], b: Float[Tensor, " d"]) -> Float[Tensor, ""]:
    return unit(a) @ unit(b)


def _surprise(out: Float[Tensor, "m d"], i: int, j: int, tau: float | int) -> Float[Tensor, ""]:
    """The notebook's l(i, j) = -log(exp(sim(i, j) / tau) / sum over k ≠ i of exp(sim(i, k) / tau))."""
    others = torch.stack([_cosine(out[i], out[k]) / tau for k in range(len(out)) if k != i])
    return others.logsumexp(0) - _cosine(out[i], out[j]) / tau  # in logs: exp(1 / .01) overflows float32
