"""NT-Xent, the contrastive loss of SimCLR (Chen et al. 2020, https://arxiv.org/abs/2002.05709, eq. 1).

The denominator holds all 2n - 1 other views, the positive among them. Self is masked before the softmax takes
its row maximum: it would always be the maximum.
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
from ssl_core.losses.denominator_fused import worthwhile
from ssl_core.losses.nt_xent_fused import nt_xent
from ssl_core.trace import Trace, stage


@dataclass(frozen=True, eq=False)
class NTXentTrace(PairTrace):
    """The stages of NT-Xent. m = 2n: every view in the batch is an anchor once."""

    z: Float[Tensor, "m d"] = stage("Unit embeddings", r"z_i = h_i / \|h_i\|")
    sim: Float[Tensor, "m m"] = stage("Cosine similarities", r"s_{ij} = z_i^\top z_j")
    logits: Float[Tensor, "m m"] = stage("Sharpened, self masked", r"s_{ij}/\tau, \; s_{ii} = -\infty")
    log_denominator: Float[Tensor, " m"] = stage(
        "All others, summed", r"D_i = \log \sum_{k \neq i} e^{s_{ik}/\tau}"
    )
    share: Float[Tensor, "m m"] = stage("Share of each other view", r"q_{ij} = e^{s_{ij}/\tau - D_i}")
    positive: Int[Tensor, " m"] = stage("Whom each anchor seeks", r"p(i) = (i + n) \bmod 2n", into="m")
    per_anchor: Float[Tensor, " m"] = stage("Surprise", r"\ell_i = -\log q_{ip(i)} = D_i - s_{ip(i)}/\tau")
    loss: Float[Tensor, ""] = stage("Mean surprise", r"\frac{1}{2n}\sum_i \ell_i")

    def masks(self) -> Masks:
        """Positive, negative and self, read off the very tensors that the loss used."""
        itself = self.logits.isneginf()
        positive = torch.zeros_like(itself).scatter_(1, self.positive[:, None], True)
        return masks(positive, itself)


@dataclass(frozen=True)
class NTXent(Loss):
    """Draw the two views of an image together, and push every other view in the batch away."""

    title: ClassVar[str] = "NT-Xent"
    about: ClassVar[str] = (
        "Each view must pick out the other view of its image among all views in the batch: "
        "a softmax over cosine similarities, sharpened by the temperature."
    )
    paper: ClassVar[str] = "Chen et al. 2020, https://arxiv.org/abs/2002.05709, eq. 1"
    formula: ClassVar[str] = (
        r"\begin{aligned} \ell &= \term{loss}{\frac{1}{2n}\sum_i \term{per_anchor}{-\log \term{share}{\frac "
        r"{e^{\term{logits}{\term{sim}{s_{i\term{positive}{p(i)}}}/\tau}}} "
        r"{\term{log_denominator}{\sum_{k \neq i} e^{\term{logits}{\term{sim}{s_{ik}}/\tau}}}}}}} \\ "
        r"\term{sim}{s_{ij}} &= \term{sim}{\term{z}{z_i}^\top \term{z}{z_j}}, \quad "
        r"\term{z}{z_i = \term{views}{h_i} / \|\term{views}{h_i}\|}, \quad "
        r"\term{positive}{p(i) = (i + n) \bmod 2n} \end{aligned}"
    )
    inputs: ClassVar[dict[str, tuple[str, ...]]] = {"views": ("2", "n", "d")}

    temperature: float = knob(0.5, 0.05, 1.0, "Low: only the hardest negatives count.")

    def __post_init__(self) -> None:
        above_zero("temperature", self.temperature)

    @public
    def __call__(self, views: Float[Tensor, "2 n d"], gather: Gather = alone) -> NTXentTrace:
        """The loss in nats, eq. 1 averaged over all 2n anchors; embeddings are normalised inside.

        One pair alone costs 0: its denominator is its positive. Raises Problem on a batch that does not fit.
        """
        z = unit(gather(views).flatten(0, 1))
        sim = z @ z.T
        itself = torch.eye(len(z), dtype=torch.bool, device=z.device)
        logits = (sim / self.temperature).masked_fill(itself, float("-inf"))
        log_denominator = logits.logsumexp(1)
        with torch.no_grad():  # not on the way to the loss, but its gradient: (q_ij - [j = p(i)]) / τ
            share = (logits - log_denominator[:, None]).exp()
        positive = torch.arange(len(z), device=z.device).roll(len(z) // 2)
        per_anchor = log_denominator - logits.gather(1, positive[:, None]).squeeze(1)
        return NTXentTrace(z, sim, logits, log_denominator, share, positive, per_anchor, per_anchor.mean())

    @public
    def brief(self, views: Float[Tensor, "2 n d"], gather: Gather = alone) -> Trace:
        """The loss alone; where the matrix would be large, without it."""
        if not worthwhile((2 * views.shape[1]) ** 2, self.temperature, views.device):
            return self(views, gather)
        return nt_xent(unit(gather(views).flatten(0, 1)), self.temperature)

    def collapsed(self, sizes: Mapping[str, int]) -> float:
        """ln(m - 1): with all embeddings equal, each of the m - 1 others is as good a guess."""
        return math.log(2 * sizes["n"] - 1)
