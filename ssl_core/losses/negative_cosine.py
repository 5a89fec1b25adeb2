"""The negative cosine of BYOL and SimSiam: a prediction should point where its target points.

Grill et al. 2020, https://arxiv.org/abs/2006.07733, eq. 2 (which is 2 + 2 times this); Chen & He 2021,
https://arxiv.org/abs/2011.10566, eq. 1. The loss stops no gradient: which side is a target is the method's
affair, and leaving it out is worth seeing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import torch
from jaxtyping import Float, Int
from torch import Tensor

from ssl_core.losses.base import Loss, Masks, PairTrace, clusters, masks, public, unit
from ssl_core.trace import stage


@dataclass(frozen=True, eq=False)
class NegativeCosineTrace(PairTrace):
    """The stages of the negative cosine. m = v n: each prediction has one target."""

    p: Float[Tensor, "m d"] = stage("Unit predictions", r"p_i = h_i / \|h_i\|")
    t: Float[Tensor, "m d"] = stage("Unit targets", r"t_i = h'_i / \|h'_i\|")
    sim: Float[Tensor, "m m"] = stage("Cosine similarities", r"s_{ij} = p_i^\top t_j")
    per_anchor: Float[Tensor, " m"] = stage("Only its own target counts", r"\ell_i = -s_{ii}")
    loss: Float[Tensor, ""] = stage("Mean", r"\frac{1}{vn}\sum_i \ell_i")

    def masks(self) -> Masks:
        """A prediction is compared with its own target alone: there are no negatives."""
        own = torch.eye(len(self.sim), dtype=torch.bool, device=self.sim.device)
        return masks(own, unused=~own)


@dataclass(frozen=True)
class NegativeCosine(Loss):
    """Turn each prediction towards its target; nothing is pushed apart."""

    title: ClassVar[str] = "Negative cosine"
    about: ClassVar[str] = (
        "A prediction made from one view should point where the other view's target points. There are no "
        "negatives: that not everything becomes one point is up to the method."
    )
    paper: ClassVar[str] = "Chen & He 2021, https://arxiv.org/abs/2011.10566, eq. 1"
    formula: ClassVar[str] = (
        r"\begin{aligned} \ell &= \term{loss}{\frac{1}{vn}\sum_i \term{per_anchor}{-\term{sim}{s_{ii}}}}, "
        r"\quad \term{sim}{s_{ij} = \term{p}{p_i}^\top \term{t}{t_j}} \\ "
        r"\term{p}{p_i} &= \term{p}{\term{predictions}{h_i} / \|\term{predictions}{h_i}\|}, \quad "
        r"\term{t}{t_i = \term{targets}{h'_i} / \|\term{targets}{h'_i}\|} \end{aligned}"
    )
    inputs: ClassVar[dict[str, tuple[str, ...]]] = {
        "predictions": ("v", "n", "d"),
        "targets": ("v", "n", "d"),
    }

    @public
    def __call__(
        self, predictions: Float[Tensor, "v n d"], targets: Float[Tensor, "v n d"]
    ) -> NegativeCosineTrace:
        """The mean of minus the cosine of each prediction with the target at its place, -1 to 1.

        Rows are normalised inside, and gradient reaches both. Raises Problem on a batch that does not fit.
        """
        p, t = unit(predictions.flatten(0, 1)), unit(targets.flatten(0, 1))
        sim = p @ t.T
        per_anchor = -sim.diagonal()
        return NegativeCosineTrace(p, t, sim, per_anchor, per_anchor.mean())

    @classmethod
    def example(
        cls, generator: torch.Generator, views: int, n: int, d: int, dtype: torch.dtype = torch.float32
    ) -> dict[str, Tensor]:
        """Predictions and targets that lie around one point for each image."""
        predictions, targets = clusters(generator, 2 * views, n, d, dtype).chunk(2)
        return {"predictions": predictions, "targets": targets}

    @classmethod
    def batch_of(
        cls, views: Float[Tensor, "v n d"], labels: Int[Tensor, " n"], generator: torch.Generator
    ) -> dict[str, Tensor]:
        """Each view as the prediction of the next one, as if the predictor changed nothing."""
        return {"predictions": views, "targets": views.roll(-1, 0)}

    def collapsed(self, sizes: Mapping[str, int]) -> float:
        """-1, which is the best there is as well: only the spread of the embeddings tells collapse."""
        return -1.0
