"""Colour jitter: brightness, contrast, saturation and hue by random amounts, in a random order.

The order matters since each step clips to 0 … 1. At each of the four places the pictures are grouped by the
step that is due, so a batch costs 16 calls, however many pictures and orders are in it.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import torch
from jaxtyping import Float
from torch import Tensor

from ssl_core.augmentations.base import Params, SameSize, spread, uniform
from ssl_core.augmentations.grayscale import gray
from ssl_core.config import knob


@dataclass(frozen=True)
class Jitter(SameSize):
    """Change brightness, contrast, saturation and hue. The defaults are SimCLR's at strength 0.5."""

    title: ClassVar[str] = "Colour jitter"
    probability: float = knob(0.8, 0.0, 1.0, "How often the colours of a picture are changed.")
    brightness: float = knob(0.4, 0.0, 1.0, "Multiply all by a factor from 1 − this to 1 + this.")
    contrast: float = knob(0.4, 0.0, 1.0, "Multiply the distance from the mean gray likewise.")
    saturation: float = knob(0.4, 0.0, 1.0, "Multiply the distance from each pixel's gray likewise.")
    hue: float = knob(0.1, 0.0, 0.5, "Turn the colour circle by up to this part of a turn, either way.")

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("brightness", "contrast", "saturation"):
            self.require(0 <= getattr(self, name) < math.inf, f"0 ≤ {name}", name)
        self.require(0 <= self.hue <= 0.5, "0 ≤ hue ≤ 0.5", "hue")

    def draw(self, n: int, generator: torch.Generator) -> Params:
        """Three factors around 1, a part of a turn for the hue, and the order of the four STEPS."""
        factors = {
            name: uniform((n,), generator, max(0.0, 1.0 - strength), 1.0 + strength)
            for name, strength in (
                ("brightness", self.brightness),
                ("contrast", self.contrast),
                ("saturation", self.saturation),
            )
        }
        hue = uniform((n,), generator, -self.hue, self.hue)
        order = uniform((n, len(STEPS)), generator).argsort(1)
        return {**factors, "hue": hue, "order": order}

    def change(self, images: Float[Tensor, "n 3 h w"], params: Params) -> Float[Tensor, "n 3 h w"]:
        """Every picture through the four steps in its own order."""
        for due in params["order"].unbind(1):
            for k, (name, step) in enumerate(STEPS.items()):
                index = (due == k).nonzero().squeeze(1)
                amount = spread(params[name].index_select(0, index))
                images.index_copy_(0, index, step(images.index_select(0, index), amount))
        return images


def adjust_brightness(
    images: Float[Tensor, "n 3 h w"], factor: Float[Tensor, "n 1 1 1"]
) -> Float[Tensor, "n 3 h w"]:
    """Towards black (0) or away from it."""
    return (images * factor).clamp_(0.0, 1.0)


def adjust_contrast(
    images: Float[Tensor, "n 3 h w"], factor: Float[Tensor, "n 1 1 1"]
) -> Float[Tensor, "n 3 h w"]:
    """Towards the mean gray of the picture (0) or away from it."""
    mean = gray(images.mean((2, 3), keepdim=True))
    return torch.lerp(mean, images, factor).clamp_(0.0, 1.0)


def adjust_saturation(
    images: Float[Tensor, "n 3 h w"], factor: Float[Tensor, "n 1 1 1"]
) -> Float[Tensor, "n 3 h w"]:
    """Towards each pixel's own gray (0) or away from it."""
    return torch.lerp(gray(images), images, factor).clamp_(0.0, 1.0)


def adjust_hue(images: Float[Tensor, "n 3 h w"], turn: Float[Tensor, "n 1 1 1"]) -> Float[Tensor, "n 3 h w"]:
    """Turn the colour circle by a part of a turn; value and chroma (largest − smallest channel) stay."""
    red, green, blue = images.unbind(1)
    value = torch.maximum(torch.maximum(red, green), blue)
    low = torch.minimum(torch.minimum(red, green), blue)
    chroma = value - low
    reds, greens = green - blue, (blue - red).add_(chroma, alpha=2.0)
    hue = torch.where(value == red, reds, torch.where(value == green, greens, red - green + 4.0 * chroma))
    hue.div_(chroma.clamp_min(1e-12))  # in sixths of a turn, −1 … 5; gray has chroma 0 and any hue
    turned = hue.div_(6.0).add_(turn[:, 0] + 1.0).frac_().mul_(6.0)
    strength = torch.stack(
        ((turned - 3.0).abs_() - 1.0, 2.0 - (turned - 2.0).abs_(), 2.0 - (turned - 4.0).abs_()), 1
    )  # of red, green and blue around the circle: 1 over a third of it, 0 over another, straight between
    return strength.clamp_(0.0, 1.0).mul_(chroma[:, None]).add_(low[:, None])


# what each is called in the parameters, in the numbering of `order`
STEPS: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "brightness": adjust_brightness,
    "contrast": adjust_contrast,
    "saturation": adjust_saturation,
    "hue": adjust_hue,
}
