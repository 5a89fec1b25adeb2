"""Training with labels in the usual way: a linear classifier on the encoder, and cross-entropy.

`cross_entropy` trains all weights: from a run's encoder it is fine-tuning, from fresh weights the supervised
baseline that a representation learnt otherwise stands beside. `linear` leaves the encoder frozen, in
evaluation mode, and trains the classifier alone: the second stage of SupCon (Khosla et al. 2020,
https://arxiv.org/abs/2004.11362, section 3) and the linear evaluation of every other method.
"""

from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from ssl_core.config import knob
from ssl_core.methods.base import Method, Outcome
from ssl_core.problem import Problem


@dataclass(frozen=True)
class CrossEntropyKnobs:
    """A picture is seen once a step, as usual, and all labels are there."""

    views: int = knob(1, 1, 8, "Views of each picture; each is classified by itself.")
    labels: float = knob(
        100.0,
        1.0,
        100.0,
        "Percent of each class's labels that are there; other pictures are not used.",
        log=True,
    )

    def __post_init__(self) -> None:
        if not 0 < self.labels <= 100:
            raise Problem(
                "labels is {value}; give a part of them in percent, more than 0 and at most 100.",
                value=self.labels,
            )


class CrossEntropy(Method):
    """Say which class each picture is of. The projection head is not used: there is nothing to throw away."""

    title: ClassVar[str] = "Cross-entropy (all weights)"
    paper: ClassVar[str] = "https://arxiv.org/abs/2004.11362"
    loss_name: ClassVar[str] = "cross_entropy"
    recipe_name: ClassVar[str] = "sup_con"
    Knobs: ClassVar[type[CrossEntropyKnobs]] = CrossEntropyKnobs
    supervised: ClassVar[bool] = True
    classifies: ClassVar[bool] = True

    def __init__(
        self, encoder: Any, head: nn.Module, loss: Any, knobs: Any = None, classes: int = 10
    ) -> None:
        super().__init__(encoder, nn.Linear(encoder.dim, classes), loss, knobs, classes)

    def forward(self, x: Float[Tensor, "v n 3 h w"], labels: Int[Tensor, " n"]) -> Outcome:
        """The loss of one batch; `z` are the logits."""
        z = self.project(x)
        return Outcome(self.loss(z.flatten(0, 1), labels.repeat(len(z))), z)

    def collapsed(self, n: int, d: int) -> float | None:
        """ln(classes): the same guess for every picture."""
        return self.loss.collapsed({"n": n, "c": self.classes})


class Linear(CrossEntropy):
    """A linear classifier on an encoder that is not trained any further. Start it from a run."""

    title: ClassVar[str] = "Linear layer on a frozen encoder"
    unstarted: ClassVar[str] = (
        "There is no run to start from: this is a linear layer on an untrained encoder, the baseline. For a "
        "trained one name its run."
    )
    suits: ClassVar[dict[str, Any]] = {
        # colour and gray are for learning to ignore; a classifier is shown pictures as they are
        "knobs": {"recipe": {"jitter.probability": 0.0, "grayscale.probability": 0.0}},
    }

    def __init__(self, *parts: Any, **more: Any) -> None:
        super().__init__(*parts, **more)
        self.encoder.requires_grad_(False)

    def train(self, mode: bool = True) -> "Linear":
        """The encoder stays in evaluation mode: BatchNorm's running statistics are part of what is frozen."""
        super().train(mode)
        self.encoder.eval()
        return self

    def project(self, x: Float[Tensor, "v n 3 h w"]) -> Float[Tensor, "v n d"]:
        """The logits; no gradient enters the encoder."""
        with torch.no_grad():
            h = self.encoder(x.flatten(0, 1))
        return self.head(h).unflatten(0, x.shape[:2])
