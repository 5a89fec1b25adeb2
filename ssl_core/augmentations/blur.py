"""Gaussian blur, as SimCLR has it on ImageNet (Chen et al. 2020, https://arxiv.org/abs/2002.05709, app. A).

The kernel is a tenth of the picture's side wide; its standard deviation is drawn evenly from 0.1 to 2 pixels.
A Gaussian is separable: a weighted sum of copies shifted sideways, then one of copies shifted up and down.
"""

import math
from dataclasses import dataclass
from typing import ClassVar

import torch
from jaxtyping import Float, Int
from torch import Tensor

from ssl_core.augmentations.base import Params, SameSize, spread, uniform
from ssl_core.config import knob


@dataclass(frozen=True)
class Blur(SameSize):
    """Smear each pixel over its neighbours; beyond the edge the picture is mirrored."""

    title: ClassVar[str] = "Gaussian blur"
    kernel: float = knob(0.1, 0.05, 0.5, "Width of the kernel, as a part of the picture's side.")
    sigma_low: float = knob(0.1, 0.05, 5.0, "Weakest blur: standard deviation in pixels.", log=True)
    sigma_high: float = knob(2.0, 0.05, 5.0, "Strongest blur: standard deviation in pixels.", log=True)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.require(0 < self.kernel <= 1, "0 < kernel ≤ 1", "kernel")
        drawn = 0 < self.sigma_low <= self.sigma_high < math.inf
        self.require(drawn, "0 < sigma_low ≤ sigma_high", "sigma_low", "sigma_high")

    def draw(self, n: int, generator: torch.Generator) -> Params:
        """Standard deviations in pixels."""
        return {"sigma": uniform((n,), generator, self.sigma_low, self.sigma_high)}

    def change(self, images: Float[Tensor, "n 3 h w"], params: Params) -> Float[Tensor, "n 3 h w"]:
        """Every picture blurred."""
        weights = self.weights(params["sigma"], min(images.shape[-2:]))
        reach = weights.shape[1] // 2
        for axis in (3, 2):
            length = images.shape[axis]
            wide = images.index_select(axis, mirrored(length, reach, images.device))
            images = torch.zeros_like(images)
            for k, weight in enumerate(weights.unbind(1)):
                images.addcmul_(wide.narrow(axis, k, length), spread(weight))
        return images

    def weights(self, sigma: Float[Tensor, " n"], side: int) -> Float[Tensor, "n k"]:
        """A kernel for each picture, of sum 1, for pictures of this side in pixels."""
        reach = self.reach(side)
        away = torch.arange(-reach, reach + 1, device=sigma.device)
        return (away / sigma[:, None]).square_().div_(-2.0).softmax(1)

    def reach(self, side: int) -> int:
        """How many pixels the kernel looks to either side."""
        return max(1, int(self.kernel * side) // 2)


def mirrored(length: int, reach: int, device: torch.device) -> Int[Tensor, " k"]:
    """Which pixel stands `reach` before the first to `reach` behind the last: mirrored at the edge pixels."""
    period = max(1, 2 * (length - 1))  # there and back again
    at = torch.arange(-reach, length + reach, device=device) % period
    return torch.where(at < length, at, period - at)
