"""VICReg: two views meet, every dimension keeps its spread, and no two dimensions say the same.

Bardes et al. 2022, https://arxiv.org/abs/2105.04906, eq. 1 to 6. Embeddings are not normalised. The terms
are weighed as in the authors' code: the distance is a mean over numbers too (in the paper a sum over them),
the spreads of the two views are averaged (the paper's eq. 6 adds them, as do some libraries, which doubles
the term), and their covariances are added.
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

EPS = 1e-4  # the paper's, under the root


@dataclass(frozen=True, eq=False)
class VICRegTrace(Trace):
    """The stages of VICReg: its three terms, and what they are made of."""

    invariance: Float[Tensor, ""] = stage(
        "Invariance: how far the views lie apart", r"s = \frac{1}{nd}\sum_i \|h_{1i} - h_{2i}\|^2"
    )
    std: Float[Tensor, "2 d"] = stage(
        "Spread of each dimension", r"\sigma_{vj} = \sqrt{\operatorname{Var}_i(h_{vij}) + 10^{-4}}"
    )
    variance: Float[Tensor, ""] = stage(
        "Variance: what spread lacks to 1", r"u = \frac{1}{2d}\sum_{v,j} \max(0, 1 - \sigma_{vj})"
    )
    cov: Float[Tensor, "2 d d"] = stage(
        "Covariance of the dimensions",
        r"C_{vjk} = \frac{1}{n-1}\sum_i (h_{vij} - \mu_{vj})(h_{vik} - \mu_{vk})",
    )
    covariance: Float[Tensor, ""] = stage(
        "Covariance: what they repeat", r"c = \frac{1}{d}\sum_v \sum_{j \neq k} C_{vjk}^2"
    )
    loss: Float[Tensor, ""] = stage("Loss", r"\lambda s + \mu u + \nu c")


@dataclass(frozen=True)
class VICReg(Loss):
    """Draw the two views together while every dimension keeps a spread and a meaning of its own."""

    title: ClassVar[str] = "VICReg"
    about: ClassVar[str] = (
        "The two views of an image should meet (invariance), each dimension should spread over the batch "
        "(variance), and no dimension should follow another (covariance)."
    )
    paper: ClassVar[str] = "Bardes et al. 2022, https://arxiv.org/abs/2105.04906, eq. 6, as in its code"
    formula: ClassVar[str] = (
        r"\begin{aligned} \ell &= \term{loss}{\lambda "
        r"\term{invariance}{\frac{1}{nd}\sum_i \|\term{views}{h_{1i}} - \term{views}{h_{2i}}\|^2} "
        r"+ \mu \term{variance}{\frac{1}{2d}\sum_{v,j} \max(0,\, 1 - \term{std}{\sigma_{vj}})}"
        r"+ \nu \term{covariance}{\frac{1}{d}\sum_v \sum_{j \neq k} \term{cov}{C_{vjk}}^2}} \\ "
        r"\term{std}{\sigma_{vj}} &= "
        r"\term{std}{\sqrt{\operatorname{Var}_i(\term{views}{h_{vij}}) + 10^{-4}}}, \quad "
        r"\term{cov}{C_{vjk} = \frac{1}{n-1}\sum_i (\term{views}{h_{vij}} - \mu_{vj}) "
        r"(\term{views}{h_{vik}} - \mu_{vk})} \end{aligned}"
    )
    inputs: ClassVar[dict[str, tuple[str, ...]]] = {"views": ("2", "n", "d")}
    normalises: ClassVar[bool] = False

    invariance_weight: float = knob(25.0, 0.0, 50.0, "How much the distance of the views counts.")
    variance_weight: float = knob(25.0, 0.0, 50.0, "How much lacking spread counts. 0: collapse is free.")
    covariance_weight: float = knob(1.0, 0.0, 50.0, "How much repetition between dimensions counts.")

    @public
    def __call__(self, views: Float[Tensor, "2 n d"], gather: Gather = alone) -> VICRegTrace:
        """The loss of two views of n images.

        Raises Problem on a batch that does not fit, and on one image alone, which has no variance.
        """
        views = gather(views)
        n, d = views.shape[1:]
        if n < 2:
            raise Problem("One image alone has no variance. Give a batch of at least two.")
        invariance = (views[0] - views[1]).square().mean()
        centred = views - views.mean(1, keepdim=True)
        cov = centred.mT @ centred / (n - 1)
        std = (cov.diagonal(dim1=1, dim2=2) + EPS).sqrt()
        variance = (1 - std).relu().mean()
        diagonal = torch.eye(d, dtype=torch.bool, device=cov.device)
        covariance = cov.masked_fill(diagonal, 0).square().sum() / d
        loss = (
            self.invariance_weight * invariance
            + self.variance_weight * variance
            + self.covariance_weight * covariance
        )
        return VICRegTrace(invariance, std, variance, cov, covariance, loss)

    def collapsed(self, sizes: Mapping[str, int]) -> float | None:
        """24.75 at the usual weights: the variance term alone, each spread being the root of 1e-4."""
        return self.variance_weight * (1 - EPS**0.5) if sizes["n"] > 1 else None
