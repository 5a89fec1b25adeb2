"""Horizontal flip: the picture in a mirror."""

from dataclasses import dataclass
from typing import ClassVar

import torch
from jaxtyping import Float
from torch import Tensor

from ssl_core.augmentations.base import Params, SameSize


@dataclass(frozen=True)
class Flip(SameSize):
    """Swap left and right."""

    title: ClassVar[str] = "Horizontal flip"

    def draw(self, n: int, generator: torch.Generator) -> Params:
        """Nothing: to be flipped or not is all there is."""
        return {}

    def change(self, images: Float[Tensor, "n 3 h w"], params: Params) -> Float[Tensor, "n 3 h w"]:
        """Every picture mirrored."""
        return images.flip(3)
