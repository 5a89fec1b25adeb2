"""Decoupled contrastive learning (Yeh et al. 2022, https://arxiv.org/abs/2110.06848, sec. 3).

NT-Xent with the positive left out of the denominator: a pair that is already close then no longer weakens the
pull and the push of its anchor, which lets small batches learn. The loss may be below zero.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import torch
from jaxtyping import Float, Int
from torch import Tensor

from ssl_core.config import knob
from ssl_core.losses.base import Gather, Loss, Masks, PairTrace, above_zero, alone, masks, public, unit
from ssl_core.problem import Problem
from ssl_core.trace import stage


@dataclass(frozen=True, eq=False)
class DCLTrace(PairTrace):
    """The stages of DCL. m = 2n: every view in the batch is an anchor once."""

    z: Float[Tensor, "m d"] = stage("Unit embeddings", r"z_i = h_i / \|h_i\|")
    sim: Float[Tensor, "m m"] = stage("Cosine similarities", r"s_{ij} = z_i^\top z_j")
    positive: Int[Tensor, " m"] = stage("Whom each anchor seeks", r"p(i) = (i + n) \bmod 2n", into="m")
    logits: Float[Tensor, "m m"] = stage(
        "Sharpened, self and positive masked", r"s_{ij}/\tau, \; s_{ii} = s_{ip(i)} = -\infty"
    )
    log_denominator: Float[Tensor, " m"] = stage(
        "Negatives alone, summed", r"D_i = \log \sum_{k \neq i, p(i)} e^{s_{ik}/\tau}"
    )
    share: Float[Tensor, "m m"] = stage("Share of each negative", r"q_{ij} = e^{s_{ij}/\tau - D_i}")
    per_anchor: Float[Tensor, " m"] = stage("Pull and push, apart", r"\ell_i = D_i - s_{ip(i)}/\tau")
    loss: Float[Tensor, ""] = stage("Mean over the anchors", r"\frac{1}{2n}\sum_i \ell_i")

    def masks(self) -> Masks:
        """Positive, negative and self, read off the very tensors that the loss used."""
        left_out = self.logits.isneginf()
        positive = torch.zeros_like(left_out).scatter_(1, self.positive[:, None], True)
        return masks(positive, left_out & ~positive)


@dataclass(frozen=True)
class DCL(Loss):
    """NT-Xent whose denominator holds the negatives alone."""

    title: ClassVar[str] = "DCL (decoupled)"
    about: ClassVar[str] = (
        "NT-Xent with the positive left out of the denominator: the two views of an image attract however "
        "close they are already, and every other view is pushed away."
    )
    paper: ClassVar[str] = "Yeh et al. 2022, https://arxiv.org/abs/2110.06848, sec. 3"
    formula: ClassVar[str] = (
        r"\begin{aligned} \ell &= \term{loss}{\frac{1}{2n}\sum_i \term{per_anchor}{\left( "
        r"\term{log_denominator}{\log \sum_{k \neq i, p(i)} e^{\term{logits}{\term{sim}{s_{ik}}/\tau}}} "
        r"- \term{sim}{s_{i\term{positive}{p(i)}}}/\tau \right)}} \\ "
        r"\term{sim}{s_{ij}} &= \term{sim}{\term{z}{z_i}^\top \term{z}{z_j}}, \quad "
        r"\term{z}{z_i = \term{views}{h_i} / \|\term{views}{h_i}\|}, \quad "
        r"\term{positive}{p(i) = (i + n) \bmod 2n} \end{aligned}"
    )
    inputs: ClassVar[dict[str, tuple[str, ...]]] = {"views": ("2", "n", "d")}

    temperature: float = knob(0.5, 0.05, 1.0, "Low: only the hardest negatives count.")

    def __post_init__(self) -> None:
        above_zero("temperature", self.temperature)

    @public
    def __call__(self, views: Float[Tensor, "2 n d"], gather: Gather = alone) -> DCLTrace:
        """The loss in nats, averaged over all 2n anchors; embeddings are normalised inside.

        Raises Problem on a batch that does not fit, and on one image alone: it has no negatives.
        """
        z = unit(gather(views).flatten(0, 1))
        if len(z) == 2:
            raise Problem("One image alone has no negatives. Give a batch of at least two.")
        sim = z @ z.T
        positive = torch.arange(len(z), device=z.device).roll(len(z) // 2)
        left_out = torch.eye(len(z), dtype=torch.bool, device=z.device).scatter_(1, positive[:, None], True)
        logits = (sim / self.temperature).masked_fill(left_out, float("-inf"))
        log_denominator = logits.logsumexp(1)
        with torch.no_grad():  # not on the way to the loss, but its gradient: q_ij / τ
            share = (logits - log_denominator[:, None]).exp()
        per_anchor = log_denominator - sim.gather(1, positive[:, None]).squeeze(1) / self.temperature
        return DCLTrace(z, sim, positive, logits, log_denominator, share, per_anchor, per_anchor.mean())

    def collapsed(self, sizes: Mapping[str, int]) -> float | None:
        """ln(m - 2): with all embeddings equal, all m - 2 negatives weigh as much as the positive."""
        return math.log(2 * sizes["n"] - 2) if sizes["n"] > 1 else None
