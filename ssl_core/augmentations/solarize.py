"""Solarisation: what is brighter than a threshold is inverted, as in an over-exposed print.

BYOL's second view has it (Grill et al. 2020, https://arxiv.org/abs/2006.07733, appendix B).
"""

from dataclasses import dataclass
from typing import ClassVar

import torch
from jaxtyping import Float
from torch import Tensor

from ssl_core.augmentations.base import Params, SameSize, spread
from ssl_core.config import knob


@dataclass(frozen=True)
class Solarize(SameSize):
    """Invert the bright pixels only."""

    title: ClassVar[str] = "Solarisation"
    probability: float = knob(0.2, 0.0, 1.0, "How often a picture is solarised.")
    threshold: float = knob(0.5, 0.0, 1.0, "Values from here on are inverted; 1 is the brightest.")

    def __post_init__(self) -> None:
        super().__post_init__()
        self.require(0 <= self.threshold <= 1, "0 ≤ threshold ≤ 1", "threshold")

    def draw(self, n: int, generator: torch.Generator) -> Params:
        """The threshold, the same for all, so that a view replays without the knob."""
        return {"threshold": torch.full((n,), self.threshold, device=generator.device)}

    def change(self, images: Float[Tensor, "n 3 h w"], params: Params) -> Float[Tensor, "n 3 h w"]:
        """Every picture solarised."""
        return torch.where(images >= spread(params["threshold"]), 1.0 - images, images)
