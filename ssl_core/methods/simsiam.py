"""SimSiam: BYOL without the slow copy. Predict your own output for the other view.

Chen & He 2020, https://arxiv.org/abs/2011.10566. All that is left to prevent collapse is that no gradient
flows into what is predicted. Take that away with `stop_gradient`, and within some dozens of
steps the loss is on its way to -1 and the std to 0.
"""

from dataclasses import dataclass
from typing import Any, ClassVar

from jaxtyping import Float, Int
from torch import Tensor, nn

from ssl_core.config import at_least, knob
from ssl_core.methods.base import Method, Outcome
from ssl_core.methods.parts import output_length, predictor


@dataclass(frozen=True)
class SimSiamKnobs:
    """What SimSiam adds to its loss."""

    stop_gradient: bool = knob(True, help="Off: what is predicted learns to be predictable, and collapses.")
    predictor_width: int = knob(
        64, 4, 1024, "Width of the predictor's hidden layer: a bottleneck, half of z or less.", log=True
    )

    def __post_init__(self) -> None:
        at_least(self, 1, "predictor_width")


class SimSiam(Method):
    """Predict what the encoder itself makes of the other view, and learn only from predicting."""

    title: ClassVar[str] = "SimSiam"
    paper: ClassVar[str] = "https://arxiv.org/abs/2011.10566"
    loss_name: ClassVar[str] = "negative_cosine"
    recipe_name: ClassVar[str] = "simclr"
    Knobs: ClassVar[type[SimSiamKnobs]] = SimSiamKnobs
    steady: ClassVar[tuple[str, ...]] = ("predictor",)  # section 4.2: it should keep up with z to the end

    def __init__(self, *parts: Any, **more: Any) -> None:
        super().__init__(*parts, **more)
        length = output_length(self.head, self.encoder.dim)
        self.predictor = predictor(length, self.knobs.predictor_width)
        # every output has mean 0 and variance 1 over the batch; no weights of its own could undo that
        self.head = nn.Sequential(self.head, nn.BatchNorm1d(length, affine=False))

    def forward(self, x: Float[Tensor, "2 n 3 h w"], labels: Int[Tensor, " n"]) -> Outcome:
        """The loss of one batch of view pairs; labels are not used."""
        z = self.project(x)
        predictions = self.predictor(z.flatten(0, 1)).view_as(z)
        targets = z.detach() if self.knobs.stop_gradient else z
        return Outcome(self.loss(predictions, targets.flip(0)), z)
