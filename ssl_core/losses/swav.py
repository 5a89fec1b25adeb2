"""SwAV: foresee from one view to which prototypes the other view is assigned.

Caron et al. 2020, https://arxiv.org/abs/2006.09882, eq. 1 to 5, with the two global crops alone. The
assignments ("codes") are constants: no gradient reaches them. Sinkhorn-Knopp spreads each view's batch
evenly over the prototypes, so not all images can fall to one. It runs on logarithms: e^(1/ε) overflows
where ε is small.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn.functional import normalize

from ssl_core.config import at_least, knob
from ssl_core.losses.base import Gather, Loss, above_zero, alone, clusters, public, unit
from ssl_core.losses.labelled import some_labels
from ssl_core.trace import Trace, stage


@torch.no_grad()
def sinkhorn(scores: Float[Tensor, "*v n k"], eps: float, iterations: int) -> Float[Tensor, "*v n k"]:
    """Codes: a view's shares of the prototypes sum to 1, and all prototypes get as much (eq. 3 to 5)."""
    log_codes = scores / eps
    for _ in range(iterations):
        log_codes = log_codes - log_codes.logsumexp(-2, keepdim=True)  # every prototype gets the same
        log_codes = log_codes - log_codes.logsumexp(-1, keepdim=True)  # and every view gives all of itself
    return log_codes.exp()


@dataclass(frozen=True, eq=False)
class SwAVTrace(Trace):
    """The stages of SwAV; k prototypes."""

    z: Float[Tensor, "2 n d"] = stage("Unit embeddings", r"z_{vi} = h_{vi} / \|h_{vi}\|")
    c: Float[Tensor, "k d"] = stage("Unit prototypes", r"c_j = w_j / \|w_j\|")
    scores: Float[Tensor, "2 n k"] = stage("Cosines with the prototypes", r"s_{vij} = z_{vi}^\top c_j")
    codes: Float[Tensor, "2 n k"] = stage(
        "Codes: shared out evenly", r"q_{vi} = \mathrm{Sinkhorn}(s_v/\epsilon)_i, \; \sum_j q_{vij} = 1"
    )
    log_probabilities: Float[Tensor, "2 n k"] = stage(
        "What each view says, in logarithms", r"\log p_{vi} = \log \mathrm{softmax}(s_{vi}/\tau)"
    )
    per_anchor: Float[Tensor, "2 n"] = stage(
        "Surprise at the other view's code", r"\ell_{vi} = -\sum_j q_{\bar v ij} \log p_{vij}"
    )
    loss: Float[Tensor, ""] = stage("Mean surprise", r"\frac{1}{2n}\sum_{v,i} \ell_{vi}")


@dataclass(frozen=True)
class SwAV(Loss):
    """Swap the codes of two views: each predicts the other's."""

    title: ClassVar[str] = "SwAV"
    about: ClassVar[str] = (
        "Each view is assigned to prototypes, such that a batch spreads over all of them. "
        "From one view it should be possible to tell the assignment of the other."
    )
    paper: ClassVar[str] = "Caron et al. 2020, https://arxiv.org/abs/2006.09882, eq. 1 and 2"
    formula: ClassVar[str] = (
        r"\begin{aligned} \ell &= \term{loss}{\frac{1}{2n}\sum_{v,i} \term{per_anchor}{ "
        r"-\sum_j \term{codes}{q_{\bar v ij}} \term{log_probabilities}{\log \frac "
        r"{e^{\term{scores}{s_{vij}}/\tau}}{\sum_k e^{\term{scores}{s_{vik}}/\tau}}}}} \\ "
        r"\term{codes}{q_{vi}} &= \term{codes}{\mathrm{Sinkhorn}(\term{scores}{s_v}/\epsilon)_i}, \quad "
        r"\term{scores}{s_{vij} = \term{z}{z_{vi}}^\top \term{c}{c_j}} \\ "
        r"\term{z}{z_{vi}} &= \term{z}{\term{views}{h_{vi}} / \|\term{views}{h_{vi}}\|}, \quad "
        r"\term{c}{c_j = \term{prototypes}{w_j} / \|\term{prototypes}{w_j}\|} \end{aligned}"
    )
    inputs: ClassVar[dict[str, tuple[str, ...]]] = {"views": ("2", "n", "d"), "prototypes": ("k", "d")}
    own_constants: ClassVar[tuple[str, ...]] = ("codes",)

    temperature: float = knob(0.1, 0.05, 1.0, "Low: a view speaks for few prototypes.")
    eps: float = knob(0.05, 0.01, 0.5, "How soft codes are. Low: nearly one prototype each.", log=True)
    iterations: int = knob(3, 1, 20, "How often Sinkhorn evens out the prototypes' shares.")

    def __post_init__(self) -> None:
        above_zero("temperature", self.temperature)
        above_zero("eps", self.eps)
        at_least(self, 1, "iterations")

    @public
    def __call__(
        self,
        views: Float[Tensor, "2 n d"],
        prototypes: Float[Tensor, "k d"],
        codes: Float[Tensor, "2 n k"] | None = None,
        gather: Gather = alone,
    ) -> SwAVTrace:
        """The loss in nats; views and prototypes are normalised inside, and gradient reaches both.

        `codes` are those of `views` if they are known already. Raises Problem on a batch that does not fit.
        """
        z = unit(gather(views))
        c = unit(prototypes)
        scores = z @ c.T
        codes = sinkhorn(scores, self.eps, self.iterations) if codes is None else gather(codes).detach()
        log_probabilities = (scores / self.temperature).log_softmax(-1)
        per_anchor = -(codes.flip(0) * log_probabilities).sum(-1)
        return SwAVTrace(z, c, scores, codes, log_probabilities, per_anchor, per_anchor.mean())

    @classmethod
    def example(
        cls, generator: torch.Generator, views: int, n: int, d: int, dtype: torch.dtype = torch.float32
    ) -> dict[str, Tensor]:
        """Views around one point for each image, and five prototypes."""
        return cls.batch_of(clusters(generator, views, n, d, dtype), some_labels(n), generator)

    @classmethod
    def batch_of(
        cls, views: Float[Tensor, "v n d"], labels: Int[Tensor, " n"], generator: torch.Generator
    ) -> dict[str, Tensor]:
        """The views, and five prototypes."""
        prototypes = torch.randn(5, views.shape[2], generator=generator, dtype=views.dtype)
        return {"views": views, "prototypes": normalize(prototypes, dim=1)}

    def collapsed(self, sizes: Mapping[str, int]) -> float:
        """ln(k): codes are even for equal embeddings, and even probabilities foresee them best."""
        return math.log(sizes["k"])
