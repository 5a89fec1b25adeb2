"""Grayscale: the picture without its colour, still with three channels."""

from dataclasses import dataclass
from typing import ClassVar

import torch
from jaxtyping import Float
from torch import Tensor

from ssl_core.augmentations.base import Params, SameSize
from ssl_core.config import knob

LUMA = (0.2989, 0.587, 0.114)  # ITU-R BT.601, rounded as torchvision rounds it


@dataclass(frozen=True)
class Grayscale(SameSize):
    """Replace the colour of each pixel by its brightness."""

    title: ClassVar[str] = "Grayscale"
    probability: float = knob(0.2, 0.0, 1.0, "How often a picture loses its colour.")

    def draw(self, n: int, generator: torch.Generator) -> Params:
        """Nothing: to lose the colour or not is all there is."""
        return {}

    def change(self, images: Float[Tensor, "n 3 h w"], params: Params) -> Float[Tensor, "n 3 h w"]:
        """Every picture in gray."""
        return gray(images).expand_as(images)


def gray(images: Float[Tensor, "n 3 h w"]) -> Float[Tensor, "n 1 h w"]:
    """How bright each pixel looks: red, green and blue weighed as the eye does."""
    red, green, blue = images.unbind(1)
    return (red * LUMA[0]).add_(green, alpha=LUMA[1]).add_(blue, alpha=LUMA[2])[:, None]
