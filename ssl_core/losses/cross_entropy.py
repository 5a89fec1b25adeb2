"""Cross-entropy with labels: what supervised training minimises, to stand beside the contrastive losses.

Label smoothing is Szegedy et al. 2016 (https://arxiv.org/abs/1512.00567, sec. 7): a part ε of each target is
spread evenly over all classes, the right one among them.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn import functional as F

from ssl_core.config import knob
from ssl_core.losses.base import Loss, public
from ssl_core.losses.labelled import some_labels
from ssl_core.problem import Problem
from ssl_core.trace import Trace, stage


@dataclass(frozen=True, eq=False)
class CrossEntropyTrace(Trace):
    """The stages of cross-entropy over c classes."""

    log_probabilities: Float[Tensor, "n c"] = stage(
        "Log-probabilities", r"\log p_{ij} = o_{ij} - \log \sum_k e^{o_{ik}}"
    )
    share: Float[Tensor, "n c"] = stage("Probability of each class", r"p_{ij} = e^{\log p_{ij}}")
    target: Float[Tensor, "n c"] = stage(
        "What it should be", r"t_{ij} = (1 - \varepsilon)[j = y_i] + \varepsilon / c"
    )
    per_image: Float[Tensor, " n"] = stage("Surprise", r"\ell_i = -\sum_j t_{ij} \log p_{ij}")
    accuracy: Float[Tensor, ""] = stage(
        "Guessed right", r"\frac{1}{n}\sum_i [\operatorname{argmax}_j p_{ij} = y_i]"
    )
    loss: Float[Tensor, ""] = stage("Mean surprise", r"\frac{1}{n}\sum_i \ell_i")


@dataclass(frozen=True)
class CrossEntropy(Loss):
    """Give the class that the label names a high probability."""

    title: ClassVar[str] = "Cross-entropy"
    about: ClassVar[str] = (
        "A score for each class becomes a probability, and the label's own should be 1. "
        "Images are compared with classes, never with each other."
    )
    paper: ClassVar[str] = "Szegedy et al. 2016, https://arxiv.org/abs/1512.00567, sec. 7"
    formula: ClassVar[str] = (
        r"\begin{aligned} \ell &= \term{loss}{\frac{1}{n}\sum_i \term{per_image}{"
        r"-\sum_j \term{target}{t_{ij}} \term{log_probabilities}{\log \term{share}{\frac "
        r"{e^{\term{logits}{o_{ij}}}}{\sum_k e^{\term{logits}{o_{ik}}}}}}}} \\ "
        r"\term{target}{t_{ij}} &= \term{target}{(1 - \varepsilon)[j = \term{labels}{y_i}] + \varepsilon / c}"
        r"\end{aligned}"
    )
    inputs: ClassVar[dict[str, tuple[str, ...]]] = {"logits": ("n", "c"), "labels": ("n",)}
    normalises: ClassVar[bool] = False

    label_smoothing: float = knob(0.0, 0.0, 0.5, "The part of each target that is spread over all classes.")

    def __post_init__(self) -> None:
        if not 0 <= self.label_smoothing <= 1:
            raise Problem(
                "{name} is {value}; give a part of one, from 0 to 1.",
                name="label_smoothing",
                value=self.label_smoothing,
            )

    @public
    def __call__(self, logits: Float[Tensor, "n c"], labels: Int[Tensor, " n"]) -> CrossEntropyTrace:
        """The loss in nats. Raises Problem on a batch that does not fit, and on a label without a score."""
        c = logits.shape[1]
        if labels.min() < 0 or labels.max() >= c:
            raise Problem(
                "labels run from {low} to {high}, and there are scores for {c} classes: 0 to {last}. "
                "Give the head as many outputs as the data has classes.",
                low=int(labels.min()),
                high=int(labels.max()),
                c=c,
                last=c - 1,
            )
        log_probabilities = logits.log_softmax(1)
        right = F.one_hot(labels.long(), c).to(logits)
        target = (1 - self.label_smoothing) * right + self.label_smoothing / c
        per_image = -(target * log_probabilities).sum(1)
        accuracy = (logits.argmax(1) == labels).to(logits).mean()
        share = log_probabilities.detach().exp()
        return CrossEntropyTrace(log_probabilities, share, target, per_image, accuracy, per_image.mean())

    @classmethod
    def example(
        cls, generator: torch.Generator, views: int, n: int, d: int, dtype: torch.dtype = torch.float32
    ) -> dict[str, Tensor]:
        """Scores for d classes as a half-trained network gives them; one view is all there is."""
        labels = some_labels(n) % max(d, 1)
        right = (labels[:, None] == torch.arange(d)).to(dtype)
        return {"logits": torch.randn(n, d, generator=generator, dtype=dtype) + 2 * right, "labels": labels}

    @classmethod
    def batch_of(
        cls, views: Float[Tensor, "v n d"], labels: Int[Tensor, " n"], generator: torch.Generator
    ) -> dict[str, Tensor]:
        """The numbers of the first view taken as the scores of d classes."""
        return {"logits": views[0], "labels": labels % views.shape[2]}

    def collapsed(self, sizes: Mapping[str, int]) -> float:
        """ln(c): all classes equally likely, which is the best that outputs equal for all images can say."""
        return math.log(sizes["c"])
