"""EMP-SSL: many patches of an image agree, and all embeddings fill as much room as they can.

Tong et al. 2023, https://arxiv.org/abs/2304.03977, sec. 2. The loss is -weight · cos - R: both are to grow.
The sign of R is easily mistaken, and then collapse is rewarded: `rate_weight` = -1 shows what happens. As in
the authors' code gradient flows through the mean of an image's patches too, and eps = .2 stands where the
paper has the square of ε.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import torch
from jaxtyping import Float
from torch import Tensor

from ssl_core.config import knob
from ssl_core.losses.base import Gather, Loss, Masks, PairTrace, above_zero, alone, masks, public, unit
from ssl_core.losses.coding_rate import rate_of, spectrum_of
from ssl_core.problem import Problem
from ssl_core.trace import stage


@dataclass(frozen=True, eq=False)
class EMPSSLTrace(PairTrace):
    """The stages of EMP-SSL. m = p n: every patch is compared with the mean of its image."""

    z: Float[Tensor, "p n d"] = stage("Unit embeddings", r"z_{ki} = h_{ki} / \|h_{ki}\|")
    centre: Float[Tensor, "n d"] = stage("Mean of an image's patches", r"\bar z_i = \frac{1}{p}\sum_k z_{ki}")
    sim: Float[Tensor, "m n"] = stage(
        "Cosines with all means", r"s_{ki,j} = z_{ki}^\top \bar z_j / \|\bar z_j\|"
    )
    similarity: Float[Tensor, ""] = stage(
        "Agreement of the patches", r"\mathrm{cos} = \frac{1}{pn}\sum_{k,i} s_{ki,i}"
    )
    spectrum: Float[Tensor, "p r"] = stage(
        "Squared singular values", r"\sigma_{k1}^2 \le \dots \le \sigma_{kr}^2, \; \sum_l \sigma_{kl}^2 = n"
    )
    rate: Float[Tensor, " p"] = stage(
        "Coding rate of each patch",
        r"R_k = \tfrac12 \log\det\left(I + \tfrac{d}{n\epsilon} Z_k^\top Z_k\right)"
        r" = \tfrac12 \sum_l \log\left(1 + \tfrac{d}{n\epsilon}\sigma_{kl}^2\right)",
    )
    coding_rate: Float[Tensor, ""] = stage("Mean coding rate", r"R = \frac{1}{p}\sum_k R_k")
    loss: Float[Tensor, ""] = stage("Loss", r"-\lambda \, \mathrm{cos} - w R")

    def masks(self) -> Masks:
        """A patch is drawn to its own image's mean; no pair is pushed apart, the coding rate acts on all."""
        patches, images = self.z.shape[:2]
        own = torch.eye(images, dtype=torch.bool, device=self.z.device).repeat(patches, 1)
        return masks(own, unused=~own)


@dataclass(frozen=True)
class EMPSSL(Loss):
    """Draw the patches of an image to their mean, and spread each patch's batch over the sphere."""

    title: ClassVar[str] = "EMP-SSL"
    about: ClassVar[str] = (
        "All patches of an image should point where their mean points, and the embeddings of a batch should "
        "fill as much volume as they can: the coding rate is the logarithm of that volume."
    )
    paper: ClassVar[str] = "Tong et al. 2023, https://arxiv.org/abs/2304.03977, sec. 2"
    formula: ClassVar[str] = (
        r"\begin{aligned} \ell &= \term{loss}{-\lambda \, \term{similarity}{\frac{1}{pn}\sum_{k,i} "
        r"\term{sim}{\term{z}{z_{ki}}^\top \term{centre}{\bar z_i} / \|\term{centre}{\bar z_i}\|}} "
        r"- w \, \term{coding_rate}{\frac{1}{p}\sum_k \term{rate}{R_k}}} \\ "
        r"\term{rate}{R_k} &= \term{rate}{\tfrac12 \log\det\left(I + \tfrac{d}{n\epsilon} "
        r"\term{z}{Z_k}^\top \term{z}{Z_k}\right) "
        r"= \tfrac12 \sum_l \log\left(1 + \tfrac{d}{n\epsilon}\term{spectrum}{\sigma_{kl}^2}\right)} \\ "
        r"\term{z}{z_{ki}} &= \term{z}{\term{views}{h_{ki}} / \|\term{views}{h_{ki}}\|}, \quad "
        r"\term{centre}{\bar z_i = \frac{1}{p}\sum_k \term{z}{z_{ki}}} \end{aligned}"
    )
    inputs: ClassVar[dict[str, tuple[str, ...]]] = {"views": ("p", "n", "d")}

    eps: float = knob(0.2, 0.01, 1.0, "How fine volume is measured: low counts thin directions.", log=True)
    invariance_weight: float = knob(200.0, 0.0, 400.0, "How much the agreement of the patches counts.")
    rate_weight: float = knob(1.0, -1.0, 1.0, "How much the volume counts. Below 0, collapse is rewarded.")

    def __post_init__(self) -> None:
        above_zero("eps", self.eps)

    @public
    def __call__(self, views: Float[Tensor, "p n d"], gather: Gather = alone) -> EMPSSLTrace:
        """The loss of p patches of n images; embeddings are normalised inside.

        Raises Problem on a batch that does not fit, and where there is only one patch.
        """
        if len(views) < 2:
            raise Problem("EMP-SSL compares the patches of an image, and there is only one. Give 2 or more.")
        z = unit(gather(views))
        patches, n, d = z.shape
        centre = z.mean(0)
        sim = z.flatten(0, 1) @ unit(centre).T
        similarity = sim.unflatten(0, (patches, n)).diagonal(dim1=1, dim2=2).mean()
        spectrum = spectrum_of(z)
        rate = rate_of(spectrum, n, d, self.eps)
        mean_rate = rate.mean()
        loss = -self.invariance_weight * similarity - self.rate_weight * mean_rate
        return EMPSSLTrace(z, centre, sim, similarity, spectrum, rate, mean_rate, loss)

    def collapsed(self, sizes: Mapping[str, int]) -> float:
        """All patches agree, and the rate is ½ ln(1 + d/eps), the least that unit rows can have."""
        return -self.invariance_weight - self.rate_weight * math.log1p(sizes["d"] / self.eps) / 2
