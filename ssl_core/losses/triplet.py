"""The triplet loss with batch-hard mining (Hermans et al. 2017, https://arxiv.org/abs/1703.07737, eq. 5).

Each anchor is compared with two views alone: the farthest of its class and the nearest of another. Distances
are Euclidean, not squared, on unit embeddings. Mining the hardest is prone to collapse: a loss stuck at the
margin means that all embeddings are one point.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from ssl_core.config import knob
from ssl_core.losses.base import Gather, Masks, PairTrace, above_zero, alone, masks, public
from ssl_core.losses.labelled import LabelledLoss, rows
from ssl_core.problem import Problem
from ssl_core.trace import stage


@dataclass(frozen=True, eq=False)
class TripletTrace(PairTrace):
    """The stages of the triplet loss. m = v n: every view in the batch is an anchor once."""

    z: Float[Tensor, "m d"] = stage("Unit embeddings", r"z_i = h_i / \|h_i\|")
    sim: Float[Tensor, "m m"] = stage("Cosine similarities", r"s_{ij} = z_i^\top z_j")
    positive: Bool[Tensor, "m m"] = stage("Same class, not itself", r"P(i) = \{p \neq i : y_p = y_i\}")
    farthest: Int[Tensor, " m"] = stage(
        "Farthest of its class", r"p(i) = \operatorname{argmin}_{p \in P(i)} s_{ip}", into="m"
    )
    nearest: Int[Tensor, " m"] = stage(
        "Nearest of another", r"n(i) = \operatorname{argmax}_{y_j \neq y_i} s_{ij}", into="m"
    )
    to_farthest: Float[Tensor, " m"] = stage("Distance to the farthest", r"d^+_i = \|z_i - z_{p(i)}\|")
    to_nearest: Float[Tensor, " m"] = stage("Distance to the nearest", r"d^-_i = \|z_i - z_{n(i)}\|")
    per_anchor: Float[Tensor, " m"] = stage(
        "Short of the margin, 0 where one is missing", r"\ell_i = \max(0, \alpha + d^+_i - d^-_i)"
    )
    active: Float[Tensor, ""] = stage(
        "Share of anchors short of it", r"\frac{1}{|A|}\sum_{i \in A} [\ell_i > 0]"
    )
    loss: Float[Tensor, ""] = stage("Mean", r"\frac{1}{|A|}\sum_{i \in A} \ell_i")

    def masks(self) -> Masks:
        """By label; the row of an anchor that lacks a positive or a negative is unused."""
        itself = torch.eye(len(self.sim), dtype=torch.bool, device=self.sim.device)
        unused = ((self.farthest < 0) | (self.nearest < 0))[:, None] & ~itself
        return masks(self.positive & ~unused, itself, unused)


@dataclass(frozen=True)
class Triplet(LabelledLoss):
    """Each view nearer to the farthest of its class than to the nearest of another, by a margin."""

    title: ClassVar[str] = "Triplet (batch-hard)"
    about: ClassVar[str] = (
        "The farthest view of an anchor's class should be nearer than the nearest view of another class, by "
        "a margin. Each anchor learns from these two alone; SupCon, on the same labels, from all."
    )
    paper: ClassVar[str] = "Hermans et al. 2017, https://arxiv.org/abs/1703.07737, eq. 5"
    formula: ClassVar[str] = (
        r"\begin{aligned} \ell &= \term{loss}{\frac{1}{|A|}\sum_{i \in A} \term{per_anchor}{\max(0,\, \alpha "
        r"+ \term{to_farthest}{\|\term{z}{z_i} - \term{z}{z_{\term{farthest}{p(i)}}}\|}"
        r"- \term{to_nearest}{\|\term{z}{z_i} - \term{z}{z_{\term{nearest}{n(i)}}}\|})}} \\ "
        r"\term{farthest}{p(i)} &= \term{farthest}{\operatorname{argmin}_{p \in \term{positive}{P(i)}} "
        r"\term{sim}{s_{ip}}}, \quad "
        r"\term{nearest}{n(i) = \operatorname{argmax}_{\term{labels}{y_j} \neq \term{labels}{y_i}} "
        r"\term{sim}{s_{ij}}}, \quad \term{sim}{s_{ij} = \term{z}{z_i}^\top \term{z}{z_j}} \\ "
        r"\term{positive}{P(i)} &= \term{positive}{\{p \neq i : \term{labels}{y_p} = \term{labels}{y_i}\}}, "
        r"\quad \term{z}{z_i = \term{views}{h_i} / \|\term{views}{h_i}\|} \end{aligned}"
    )

    margin: float = knob(0.2, 0.05, 1.0, "How much farther the other class should be. Unit rows: at most 2.")

    def __post_init__(self) -> None:
        above_zero("margin", self.margin)

    @public
    def __call__(
        self, views: Float[Tensor, "v n d"], labels: Int[Tensor, " n"] | None = None, gather: Gather = alone
    ) -> TripletTrace:
        """The mean over the anchors that have a positive and a negative; embeddings are normalised inside.

        Without labels each image is a class of its own. Raises Problem on a batch that does not fit, and
        where no anchor has both.
        """
        z, label = rows(views, labels, gather)
        same = label[:, None] == label
        positive = same & ~torch.eye(len(z), dtype=torch.bool, device=z.device)
        used = positive.any(1) & ~same.all(1)
        if not used.any():
            raise Problem(
                "No anchor has both a positive and a negative: {count} views, {classes} classes. "
                "Use larger batches of two classes or more, or two views of each image.",
                classes=len(label.unique()),
                count=len(z),
            )
        sim = z @ z.T
        farthest = sim.masked_fill(~positive, float("inf")).argmin(1)  # on the sphere: the lowest cosine
        nearest = sim.masked_fill(same, float("-inf")).argmax(1)
        to_farthest, to_nearest = (torch.linalg.vector_norm(z - z[j], dim=1) for j in (farthest, nearest))
        per_anchor = (self.margin + to_farthest - to_nearest).relu().masked_fill(~used, 0)
        return TripletTrace(
            z=z,
            sim=sim,
            positive=positive,
            farthest=farthest.masked_fill(~positive.any(1), -1),
            nearest=nearest.masked_fill(same.all(1), -1),
            to_farthest=to_farthest,
            to_nearest=to_nearest,
            per_anchor=per_anchor,
            active=(per_anchor > 0).sum() / used.sum().to(z),
            loss=per_anchor.sum() / used.sum(),
        )

    def collapsed(self, sizes: Mapping[str, int]) -> float | None:
        """The margin: with all embeddings equal, both distances are zero."""
        return self.margin if sizes["n"] > 1 else None
