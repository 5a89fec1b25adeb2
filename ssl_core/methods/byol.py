"""BYOL: predict the output of your own slow copy for the other view. There are no negatives.

Grill et al. 2020, https://arxiv.org/abs/2006.07733. What keeps the outputs from becoming one point is the
predictor together with the copy, which no gradient reaches. The loss cannot tell: -1, its optimum, is also
the loss of collapse. The std can.
"""

from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from ssl_core.config import at_least, knob
from ssl_core.methods.base import Method, Outcome
from ssl_core.methods.parts import output_length, predictor
from ssl_core.methods.slow import apart, follow, rising, slow_copy


@dataclass(frozen=True)
class BYOLKnobs:
    """What BYOL adds to its loss."""

    momentum: float = knob(
        0.99, 0.5, 1.0, "How much of the target is kept at a step, at first; it rises to 1."
    )
    predictor_width: int = knob(512, 16, 4096, "Width of the predictor's hidden layer.", log=True)

    def __post_init__(self) -> None:
        at_least(self, 0, "momentum")
        at_least(self, 1, "predictor_width")


class BYOL(Method):
    """Predict what a slow copy of the encoder makes of the other view."""

    title: ClassVar[str] = "BYOL"
    paper: ClassVar[str] = "https://arxiv.org/abs/2006.07733"
    loss_name: ClassVar[str] = "negative_cosine"
    recipe_name: ClassVar[str] = "simclr"
    Knobs: ClassVar[type[BYOLKnobs]] = BYOLKnobs

    def __init__(self, *parts: Any, **more: Any) -> None:
        super().__init__(*parts, **more)
        self.target = slow_copy(self.online)
        length = output_length(self.head, self.encoder.dim)
        self.predictor = predictor(length, self.knobs.predictor_width)

    @property
    def online(self) -> nn.Sequential:
        """What the target follows: f and g. The predictor has no copy."""
        return nn.Sequential(self.encoder, self.head)

    def forward(self, x: Float[Tensor, "2 n 3 h w"], labels: Int[Tensor, " n"]) -> Outcome:
        """The loss of one batch of view pairs; labels are not used."""
        z = self.project(x)
        predictions = self.predictor(z.flatten(0, 1)).view_as(z)
        with torch.no_grad():
            targets = self.target(x.flatten(0, 1)).view_as(z)
        trace = self.loss(predictions, targets.flip(0))  # each view predicts the other
        return Outcome(trace, z, {"encoders_apart": apart(self.target, self.online)})

    def after_step(self, progress: float) -> None:
        """The target follows, ever more slowly (section 3.2)."""
        follow(self.target, self.online, rising(self.knobs.momentum, progress))
