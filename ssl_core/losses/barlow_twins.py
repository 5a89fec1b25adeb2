"""Barlow Twins: the dimensions of two views agree one by one, and no two dimensions say the same.

Zbontar et al. 2021, https://arxiv.org/abs/2103.03230, eq. 1 and 2. Nothing compares images with each other:
each dimension is standardised over the batch, every view by itself (BatchNorm without scale and shift), and
the d × d correlations of the views should be the identity.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import torch
from jaxtyping import Float
from torch import Tensor

from ssl_core.config import knob
from ssl_core.losses.base import Gather, Loss, alone, public
from ssl_core.problem import Problem
from ssl_core.trace import Trace, stage

EPS = 1e-5  # that of BatchNorm


@dataclass(frozen=True, eq=False)
class BarlowTwinsTrace(Trace):
    """The stages of Barlow Twins."""

    z: Float[Tensor, "2 n d"] = stage(
        "Standardised over the batch", r"z_{vij} = (h_{vij} - \mu_{vj}) / \sqrt{\sigma_{vj}^2 + 10^{-5}}"
    )
    correlation: Float[Tensor, "d d"] = stage(
        "Correlation of the views, by dimension", r"C_{jk} = \frac{1}{n}\sum_i z_{1ij} z_{2ik}"
    )
    on_diagonal: Float[Tensor, ""] = stage("A dimension should be itself", r"\sum_j (1 - C_{jj})^2")
    off_diagonal: Float[Tensor, ""] = stage("And repeat no other", r"\sum_j \sum_{k \neq j} C_{jk}^2")
    loss: Float[Tensor, ""] = stage(
        "Loss", r"\sum_j (1 - C_{jj})^2 + \lambda \sum_j \sum_{k \neq j} C_{jk}^2"
    )


@dataclass(frozen=True)
class BarlowTwins(Loss):
    """Make the correlation matrix of the two views' dimensions the identity."""

    title: ClassVar[str] = "Barlow Twins"
    about: ClassVar[str] = (
        "Each dimension should be the same in both views (the diagonal of their correlations) and repeat no "
        "other (off the diagonal). Images are never compared."
    )
    paper: ClassVar[str] = "Zbontar et al. 2021, https://arxiv.org/abs/2103.03230, eq. 1"
    formula: ClassVar[str] = (
        r"\begin{aligned} \ell &= \term{loss}{\term{on_diagonal}{\sum_j (1 - \term{correlation}{C_{jj}})^2}"
        r" + \lambda \term{off_diagonal}{\sum_j \sum_{k \neq j} \term{correlation}{C_{jk}}^2}} \\ "
        r"\term{correlation}{C_{jk}} &= "
        r"\term{correlation}{\frac{1}{n}\sum_i \term{z}{z_{1ij}} \, \term{z}{z_{2ik}}}, \quad "
        r"\term{z}{z_{vij} = (\term{views}{h_{vij}} - \mu_{vj}) / \sqrt{\sigma_{vj}^2 + 10^{-5}}} "
        r"\end{aligned}"
    )
    inputs: ClassVar[dict[str, tuple[str, ...]]] = {"views": ("2", "n", "d")}
    normalises: ClassVar[bool] = False  # dimensions, not rows

    off_diagonal_weight: float = knob(5e-3, 1e-4, 1.0, "How much repetition counts.", log=True)

    @public
    def __call__(self, views: Float[Tensor, "2 n d"], gather: Gather = alone) -> BarlowTwinsTrace:
        """The loss of two views of n images.

        Raises Problem on a batch that does not fit, and on one image alone, which has no correlations.
        """
        views = gather(views)
        if views.shape[1] < 2:
            raise Problem("One image alone has no correlations. Give a batch of at least two.")
        centred = views - views.mean(1, keepdim=True)
        z = centred / (centred.square().mean(1, keepdim=True) + EPS).sqrt()
        correlation = z[0].T @ z[1] / z.shape[1]
        on_diagonal = (1 - correlation.diagonal()).square().sum()
        diagonal = torch.eye(len(correlation), dtype=torch.bool, device=z.device)
        off_diagonal = correlation.masked_fill(diagonal, 0).square().sum()
        loss = on_diagonal + self.off_diagonal_weight * off_diagonal
        return BarlowTwinsTrace(z, correlation, on_diagonal, off_diagonal, loss)

    def collapsed(self, sizes: Mapping[str, int]) -> float | None:
        """d: what is constant correlates with nothing, so each of the d dimensions lacks its 1."""
        return float(sizes["d"]) if sizes["n"] > 1 else None
