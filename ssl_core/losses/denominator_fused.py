"""Denominators of contrastive losses without the matrix of similarities: what their fused forms share.

The matrix is made block by block into one buffer that stays in the cache. It is symmetric, so only the blocks
on and above the diagonal are made: the sums over the rows of a block belong to the anchors of its rows, those
over its columns to the anchors of its columns. The backward pass makes each block once more rather than keep
it. Both passes together cost as much as two products of m × m × d, where the traced form makes three and
moves m × m numbers through memory some twenty times.
"""

import math
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor

FEWEST = 512 * 512  # entries of the matrix from which on this is quicker: 256 pairs, half the time
BLOCK, GPU_BLOCK = 512, 4096  # rows and columns of a block: 1 MB, a second-level cache; 64 MB, to fill a GPU
# The largest 1/τ for which sums of e^{s/τ}, -1 ≤ s ≤ 1, and what is divided by them are numbers of that kind
STEEPEST = {torch.float32: 40.0, torch.float64: 300.0}


def worthwhile(entries: int, temperature: float, device: torch.device) -> bool:
    """Whether a matrix of so many entries is left unmade; at a temperature below 1/300 it never is."""
    finest = torch.float32 if device.type == "mps" else torch.float64  # MPS has no float64
    return entries >= FEWEST and 1 / temperature <= STEEPEST[finest]


def precise(z: Float[Tensor, "m d"], temperature: float) -> Float[Tensor, "m d"]:
    """As it is, or in float64 where e^{1/τ} is too much for float32."""
    return z if 1 / temperature <= STEEPEST[z.dtype] else z.double()


def log_denominator(
    z: Float[Tensor, "m d"],
    temperature: float,
    anchors: int | None = None,
    label: Int[Tensor, " m"] | None = None,
) -> Float[Tensor, " a"]:
    """log Σ_{k ≠ i} e^{z_i·z_k/τ} of the first `anchors` rows, or of all; z are unit rows.

    With labels, which must be in order, the sum is over the anchor's own class; -inf where it is alone.
    """
    count = len(z) if anchors is None else anchors
    return _LogDenominator.apply(precise(z, temperature), temperature, count, label).to(z)


def refuse_second() -> None:
    """Raises RuntimeError where a backward pass is to be differentiated again: its graph would lack parts."""
    if torch.is_grad_enabled():  # so it is in a backward pass only with create_graph
        raise RuntimeError("The brief form of a loss has no second derivative; call the loss itself.")


class _LogDenominator(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, z: Tensor, temperature: float, anchors: int, label: Tensor | None) -> Tensor:
        total = z.new_zeros(len(z))
        for rows, columns, powers in blocks(z, temperature, anchors, label):
            total[rows] += powers.sum(1)
            if rows != columns:
                total[columns] += powers.sum(0)
        total = total[:anchors]
        ctx.temperature, ctx.anchors, ctx.label = temperature, anchors, label
        ctx.save_for_backward(z, total)
        return total.log()

    @staticmethod
    def backward(ctx: Any, slope: Tensor) -> tuple[Tensor, None, None, None]:
        refuse_second()
        z, total = ctx.saved_tensors
        # with g_i the slope of D_i and r_i its sum, dL/dz_i = Σ_k e^{s_ik/τ} (g_i / r_i + g_k / r_k) z_k / τ;
        # who is alone has a sum of 0, and no slope
        weight = z.new_zeros(len(z))
        weight[: ctx.anchors] = slope / total.masked_fill(total == 0, 1)
        grad, both = torch.zeros_like(z), z.new_empty(side(z) ** 2)
        for rows, columns, powers in blocks(z, ctx.temperature, ctx.anchors, ctx.label):
            out = both[: powers.numel()].view_as(powers)
            powers *= torch.add(weight[rows, None], weight[columns], out=out)
            grad[rows].addmm_(powers, z[columns])
            if rows != columns:
                grad[columns].addmm_(powers.T, z[rows])
        return grad.div_(ctx.temperature), None, None, None


def blocks(
    z: Float[Tensor, "m d"], temperature: float, anchors: int, label: Int[Tensor, " m"] | None
) -> Iterator[tuple[slice, slice, Float[Tensor, "r c"]]]:
    """e^{s/τ} of the anchors' rows, on and above the diagonal, which is 0; each block overwrites the last."""
    step = side(z)
    space = z.new_empty(step**2)
    edges = [*range(0, anchors, step), *range(anchors, len(z), step), len(z)]
    parts = [slice(*ends) for ends in pairwise(edges)]
    reach = [len(z)] * len(parts)  # where the class of a block's last row ends
    if label is not None:
        last = label[torch.tensor(edges[1:], device=z.device) - 1]
        reach = torch.searchsorted(label, last, right=True).tolist()
    for place, rows in enumerate(parts):
        if rows.start >= anchors:
            return
        sharp = z[rows] * sharpness(temperature)
        for columns in parts[place:]:
            if columns.start >= reach[place]:
                break
            powers = exponentials(sharp, z[columns], space)
            if rows == columns:
                powers.fill_diagonal_(0)
            if label is not None:
                powers *= label[rows, None] == label[columns]
            yield rows, columns, powers


def exponentials(
    sharp: Float[Tensor, "r d"], z: Float[Tensor, "c d"], space: Float[Tensor, " s"]
) -> Float[Tensor, "r c"]:
    """2 to the products of the rows, written into `space`."""
    out = space[: len(sharp) * len(z)].view(len(sharp), len(z))
    return torch.mm(sharp, z.T, out=out).exp2_()


def sharpness(temperature: float) -> float:
    """What turns s into the exponent of 2 that gives e^{s/τ}: exp2 takes a third of the time of exp here."""
    return 1 / (temperature * math.log(2))


def side(z: Float[Tensor, "m d"]) -> int:
    """Rows and columns of a block of z zᵀ: two by two at the least, of which one need not be made."""
    return min(block(z.device), (len(z) + 1) // 2)


def block(device: torch.device) -> int:
    """The most rows and columns of a block."""
    return BLOCK if device.type == "cpu" else GPU_BLOCK
