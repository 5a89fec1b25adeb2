"""Inversion: the negative of a picture."""

from dataclasses import dataclass
from typing import ClassVar

import torch
from jaxtyping import Float
from torch import Tensor

from ssl_core.augmentations.base import Params, SameSize
from ssl_core.config import knob


@dataclass(frozen=True)
class Invert(SameSize):
    """Swap light and dark, and each colour with its complement."""

    title: ClassVar[str] = "Inversion"
    probability: float = knob(0.3, 0.0, 1.0, "How often a picture is turned into its negative.")

    def draw(self, n: int, generator: torch.Generator) -> Params:
        """Nothing: to be inverted or not is all there is."""
        return {}

    def change(self, images: Float[Tensor, "n 3 h w"], params: Params) -> Float[Tensor, "n 3 h w"]:
        """Every picture's negative."""
        return 1.0 - images
