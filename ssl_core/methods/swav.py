"""SwAV: assign the views of a picture to learnt prototypes, and predict one view's assignment from the other.

Caron et al. 2020, https://arxiv.org/abs/2006.09882. Assignments are spread evenly over the prototypes within
each batch (Sinkhorn-Knopp), so that not all pictures can fall to one. With the two global crops alone.
"""

from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from ssl_core.config import at_least, knob
from ssl_core.losses.base import unit
from ssl_core.methods.base import Method, Outcome
from ssl_core.methods.parts import output_length


@dataclass(frozen=True)
class SwAVKnobs:
    """What SwAV adds to its loss."""

    prototypes: int = knob(
        128,
        8,
        3000,
        "Points that views are assigned to; at most about as many as views in a batch.",
        log=True,
    )
    frozen: float = knob(0.02, 0.0, 0.5, "Share of the budget before the prototypes start to learn.")

    def __post_init__(self) -> None:
        at_least(self, 2, "prototypes")


class SwAV(Method):
    """Swap the assignments of two views: each must foresee to which prototypes the other belongs."""

    title: ClassVar[str] = "SwAV"
    paper: ClassVar[str] = "https://arxiv.org/abs/2006.09882"
    loss_name: ClassVar[str] = "swav"
    recipe_name: ClassVar[str] = "simclr"
    Knobs: ClassVar[type[SwAVKnobs]] = SwAVKnobs

    def __init__(self, *parts: Any, **more: Any) -> None:
        super().__init__(*parts, **more)
        length = output_length(self.head, self.encoder.dim)
        self.prototypes = nn.Parameter(unit(torch.randn(self.knobs.prototypes, length)))  # KxD

    def forward(self, x: Float[Tensor, "2 n 3 h w"], labels: Int[Tensor, " n"]) -> Outcome:
        """The loss of one batch of view pairs; labels are not used."""
        z = self.project(x)
        return Outcome(self.loss(z, prototypes=self.prototypes), z)

    def before_step(self, progress: float) -> None:
        """At first the encoder alone learns: the published code holds prototypes for 313 steps or more."""
        if progress < self.knobs.frozen:
            self.prototypes.grad = None

    @torch.no_grad()
    def after_step(self, progress: float) -> None:
        """Prototypes go back onto the sphere."""
        self.prototypes.copy_(unit(self.prototypes))

    def collapsed(self, n: int, d: int) -> float | None:
        """ln(prototypes): all views say the same of all prototypes."""
        return self.loss.collapsed({"k": self.knobs.prototypes, "n": n, "d": d})
