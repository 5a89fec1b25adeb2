"""The plain view, which test time sees: the whole picture at the right size, normalised."""

import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from ssl_core.augmentations.crop import cut
from ssl_core.problem import Problem
from ssl_core.trace import checked

Channels = tuple[float, float, float]  # red, green, blue


@checked
def plain(
    images: UInt8[Tensor, "n 3 h w"], size: int, mean: Channels, std: Channels
) -> Float[Tensor, "n 3 {size} {size}"]:
    """What an encoder sees at test time: the whole picture, resized if need be, and normalised."""
    return normalise(whole(unit(images), size), mean, std)


def unit(images: UInt8[Tensor, "n 3 h w"]) -> Float[Tensor, "n 3 h w"]:
    """The pixels as float32 in 0 to 1. Raises Problem if there are none."""
    if images.numel() == 0:
        raise Problem("There are no pictures to augment. Give at least one.")
    return images.float().div_(255.0)


def whole(images: Float[Tensor, "n 3 h w"], size: int) -> Float[Tensor, "n 3 {size} {size}"]:
    """Whole pictures resized to a square, antialiased."""
    height, width = images.shape[-2:]
    if (height, width) == (size, size):
        return images
    return cut(images, torch.tensor([[0, 0, height, width]], device=images.device), size, size)


def normalise(images: Float[Tensor, "n 3 h w"], mean: Channels, std: Channels) -> Float[Tensor, "n 3 h w"]:
    """Channels with the mean taken off, then divided by the standard deviation."""
    shift, scale = images.new_tensor([mean, std])[:, :, None, None]
    return images.sub(shift).div_(scale)
