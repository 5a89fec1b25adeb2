"""Random resized crop: a box of random area and shape, stretched to a square (Szegedy et al. 2014,
https://arxiv.org/abs/1409.4842, section 6).

Bilinear resizing is linear in the rows and in the columns, so the crops of a whole batch are two batched
matrix products. What is drawn is free of pixels: the box follows when the picture's size is known, so one
draw cuts the same view from a picture at any resolution.
"""

import math
from dataclasses import dataclass
from typing import ClassVar

import torch
from jaxtyping import Float, Int
from torch import Tensor

from ssl_core.augmentations.base import Operation, Params, move, uniform
from ssl_core.config import knob

BOX = ("top", "left", "height", "width")
ATTEMPTS = 10  # at a box that fits, as torchvision; then the largest central box of an allowed shape


@dataclass(frozen=True)
class Crop(Operation):
    """Cut a random box out and resize it, antialiased."""

    title: ClassVar[str] = "Crop and resize"
    probability: float = knob(1.0, 0.0, 1.0, "How often a picture is cropped; the others are resized whole.")
    scale_low: float = knob(0.08, 0.01, 1.0, "Smallest area of the box, as a part of the picture's.")
    scale_high: float = knob(1.0, 0.01, 1.0, "Largest area of the box, as a part of the picture's.")
    ratio_low: float = knob(3 / 4, 0.25, 4.0, "Narrowest box: width over height.", log=True)
    ratio_high: float = knob(4 / 3, 0.25, 4.0, "Widest box: width over height.", log=True)

    def __post_init__(self) -> None:
        super().__post_init__()
        scale = 0 < self.scale_low <= self.scale_high <= 1
        self.require(scale, "0 < scale_low ≤ scale_high ≤ 1", "scale_low", "scale_high")
        ratio = 0 < self.ratio_low <= self.ratio_high < math.inf
        self.require(ratio, "0 < ratio_low ≤ ratio_high", "ratio_low", "ratio_high")

    def draw(self, n: int, generator: torch.Generator) -> Params:
        """Areas and shapes of boxes to try in turn, and where each picture's box goes, from 0 to 1."""
        low, high = math.log(self.ratio_low), math.log(self.ratio_high)
        return {
            "area": uniform((n, ATTEMPTS), generator, self.scale_low, self.scale_high),
            "ratio": uniform((n, ATTEMPTS), generator, low, high).exp_(),
            "down": uniform((n,), generator),
            "across": uniform((n,), generator),
        }

    def apply(
        self, images: Float[Tensor, "n 3 h w"], params: Params, size: int | None = None
    ) -> Float[Tensor, "n 3 a b"]:
        """Every box, resized to size × size pixels (None: to the picture's own height and width)."""
        height, width = images.shape[-2:]
        boxes = self.boxes(move(params, images.device), height, width)
        return cut(images, boxes, size or height, size or width)

    def resolve(self, params: Params, height: int, width: int) -> Params:
        """The box in pixels of the picture: top, left, height, width."""
        boxes = self.boxes(params, height, width)
        return {"applied": params["applied"], **dict(zip(BOX, boxes.unbind(1), strict=True))}

    def boxes(self, params: Params, height: int, width: int) -> Int[Tensor, "n 4"]:
        """Top, left, height and width of each box in pixels: the first attempt that fits.

        If none does, the largest central box of an allowed shape. Pictures not cropped get the whole.
        """
        area, ratio = params["area"] * (height * width), params["ratio"]
        wide, tall = (area * ratio).sqrt().round().long(), (area / ratio).sqrt().round().long()
        fits = (wide > 0) & (wide <= width) & (tall > 0) & (tall <= height)
        first = fits.int().argmax(1, keepdim=True)
        tall, wide = tall.gather(1, first).squeeze(1), wide.gather(1, first).squeeze(1)
        top = (params["down"] * (height - tall + 1)).long()
        left = (params["across"] * (width - wide + 1)).long()
        boxes = torch.stack((top, left, tall, wide), 1)
        boxes = torch.where(fits.any(1, keepdim=True), boxes, boxes.new_tensor(self.central(height, width)))
        return torch.where(params["applied"][:, None], boxes, boxes.new_tensor((0, 0, height, width)))

    def central(self, height: int, width: int) -> tuple[int, int, int, int]:
        """The largest central box of an allowed shape: top, left, height, width."""
        tall, wide = height, width
        if width / height < self.ratio_low:
            tall = max(1, round(width / self.ratio_low))
        elif width / height > self.ratio_high:
            wide = max(1, round(height * self.ratio_high))
        return (height - tall) // 2, (width - wide) // 2, tall, wide


def cut(
    images: Float[Tensor, "n 3 h w"], boxes: Int[Tensor, "#n 4"], height: int, width: int
) -> Float[Tensor, "n 3 {height} {width}"]:
    """The boxes (top, left, height, width in pixels) of the pictures, resized to height × width."""
    n, _, h, w = images.shape
    top, left, tall, wide = boxes.unbind(1)
    rows = interpolation(top, tall, h, height)
    columns = interpolation(left, wide, w, width)
    squeezed = images.reshape(n, 3 * h, w) @ columns.transpose(1, 2)  # n 3h width
    return rows[:, None] @ squeezed.view(n, 3, h, width)


def interpolation(
    start: Int[Tensor, " n"], length: Int[Tensor, " n"], source: int, size: int
) -> Float[Tensor, "n size source"]:
    """Weights that resize the pixels start … start + length − 1 of a line to `size`, one matrix a picture.

    A triangle centred where the new pixel falls: one pixel wide on either side when the line is stretched, as
    wide as the new pixel when it is squeezed (antialiasing). Rows sum to 1.
    """
    at = torch.arange(source, device=start.device) + 0.5
    new = torch.arange(size, device=start.device) + 0.5
    step = (length / size)[:, None]  # n 1: pixels of the line to a new pixel
    reach = step.clamp_min(1.0)[:, :, None]
    centre = start[:, None] + new * step  # n size
    weights = (at / reach - centre[:, :, None] / reach).abs_().neg_().add_(1.0).clamp_min_(0.0)
    inside = (at > start[:, None]) & (at < (start + length)[:, None])
    weights.mul_(inside[:, None])
    return weights.div_(weights.sum(2, keepdim=True))
