"""h: what the encoder makes of pictures, as it is compared, probed and drawn.

The encoder runs in evaluation mode (BatchNorm uses its running statistics, so that a picture's features do
not hang on its neighbours in the batch) and is put back, module by module, as it was found.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from jaxtyping import Float, UInt8
from torch import Tensor, nn

from ssl_core import device as devices
from ssl_core.augmentations import plain
from ssl_core.datasets.base import Report, silent
from ssl_core.problem import Problem


def extract(
    encode: nn.Module,
    images: UInt8[Tensor, "n 3 h w"],
    *,
    mean: tuple[float, float, float],
    std: tuple[float, float, float],
    size: int | None = None,
    device: torch.device | None = None,
    precision: torch.dtype = torch.float32,
    batch: int = 512,
    report: Report = silent,
) -> Float[Tensor, "n d"]:
    """The features of all pictures under the test-time transform, float32, on the processor.

    `mean` and `std` are per channel in 0 to 1; `size` is in pixels, by default the pictures' own; `encode`
    must be on `device` already (by default where its first parameter is) and is run in `precision`.
    """
    if len(images) == 0:
        raise Problem("There are no pictures to encode; choose at least one.")
    device = device or next((p.device for p in encode.parameters()), torch.device("cpu"))
    found: list[Tensor] = []
    for start in range(0, len(images), batch):
        report("Encoding pictures", start / len(images))
        x = plain(images[start : start + batch], size or images.shape[-1], mean, std)
        found.append(_encode(encode, x, device, precision))
    report("Encoding pictures", 1.0)
    return torch.cat(found)


def _encode(encode: nn.Module, x: Tensor, device: torch.device, precision: torch.dtype) -> Tensor:
    x = devices.send(x, device).contiguous(memory_format=torch.channels_last)
    with torch.no_grad(), evaluating(encode), devices.autocast(device, precision):
        return encode(x).float().cpu()


@contextmanager
def evaluating(module: nn.Module) -> Iterator[None]:
    """Evaluation mode inside; afterwards every submodule has the mode it had, frozen BatchNorms too."""
    before = {part: part.training for part in module.modules()}
    module.eval()
    try:
        yield
    finally:
        for part, training in before.items():
            part.training = training
