"""InfoNCE without its matrix: value and gradient of `info_nce.py`, for queues and batches that make it large.

No gradient reaches the queue, so that of a query is known as soon as its row has been seen once: both come
from one pass over the blocks, and the backward pass only scales.
"""

from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from ssl_core.losses.denominator_fused import block, precise, refuse_second, sharpness
from ssl_core.trace import Trace, stage


@dataclass(frozen=True, eq=False)
class InfoNCEBrief(Trace):
    """The keys, which enter the queue after the step, and the numbers that a training shows."""

    k: Float[Tensor, "n d"] = stage("Unit keys, no gradient", r"k_i = f_k(x'_i) / \|f_k(x'_i)\|")
    accuracy: Float[Tensor, ""] = stage("Queries that find their key", r"\frac{1}{n}\sum_i [s_{i0} > s_{ij}]")
    loss: Float[Tensor, ""] = stage("Mean surprise", r"\frac{1}{n}\sum_i \ell_i")


def info_nce(
    q: Float[Tensor, "n d"], k: Float[Tensor, "n d"], queue: Float[Tensor, "k d"], temperature: float
) -> InfoNCEBrief:
    """The loss of unit queries, their unit keys, and a queue of unit rows."""
    own = (q * k).sum(1)
    log_negatives, nearest = _LogSums.apply(precise(q, temperature), precise(queue, temperature), temperature)
    accuracy = (own > nearest.to(q)).to(q).mean()
    per_anchor = torch.logaddexp(log_negatives.to(q), own / temperature) - own / temperature
    return InfoNCEBrief(k, accuracy, per_anchor.mean())


class _LogSums(torch.autograd.Function):
    """log Σ_j e^{q_i·u_j/τ}, and the largest q_i·u_j."""

    @staticmethod
    def forward(ctx: Any, q: Tensor, queue: Tensor, temperature: float) -> tuple[Tensor, Tensor]:
        step = block(q.device)
        space = q.new_empty(min(step, len(q)) * min(step, len(queue)))
        total, nearest = q.new_zeros(len(q)), q.new_full((len(q),), -torch.inf)
        pull = torch.zeros_like(q) if ctx.needs_input_grad[0] else None
        for start in range(0, len(q), step):
            rows = slice(start, start + step)
            for keys in queue.split(step):
                part = q[rows]
                sim = torch.mm(part, keys.T, out=space[: len(part) * len(keys)].view(len(part), len(keys)))
                nearest[rows] = torch.maximum(nearest[rows], sim.amax(1))
                powers = sim.mul_(sharpness(temperature)).exp2_()
                total[rows] += powers.sum(1)
                if pull is not None:
                    pull[rows].addmm_(powers, keys)
        if pull is not None:  # the mean of the keys, weighed by their shares
            ctx.save_for_backward(pull.div_(temperature * total[:, None]))
        ctx.mark_non_differentiable(nearest)
        return total.log(), nearest

    @staticmethod
    def backward(ctx: Any, slope: Tensor, _: Tensor) -> tuple[Tensor, None, None]:
        refuse_second()
        (pull,) = ctx.saved_tensors
        return slope[:, None] * pull, None, None
