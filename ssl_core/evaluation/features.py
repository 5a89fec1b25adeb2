"""h: what the encoder makes of pictures, as it is compared, probed and drawn.

The encoder runs in evaluation mode (BatchNorm uses its running statistics, so that a picture's features do
not hang on its neighbours in the batch) and is put back, module by module, as it was found. It sees the whole
picture, or a bag of patches of it: an encoder that was trained on patches knows nothing else.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int, UInt8
from torch import Tensor, nn

from ssl_core import device as devices
from ssl_core.augmentations import Recipe, plain, take
from ssl_core.augmentations.pixels import Channels
from ssl_core.datasets.base import Report, silent
from ssl_core.datasets.mapped import gather
from ssl_core.problem import Problem

PIXELS = 512 * 32 * 32  # of a batch: what a convolution makes of more is gigabytes


@dataclass(frozen=True, eq=False)
class Bag:
    """A bag of patches: features are the mean over `patches` views that the recipe draws of each picture.

    Tong et al. 2023, https://arxiv.org/abs/2304.03977, section 3. The same pictures give the same patches.
    """

    recipe: Recipe
    patches: int
    seed: int = 0


def extract(
    encode: nn.Module,
    images: UInt8[Tensor, "n 3 h w"],
    *,
    mean: Channels,
    std: Channels,
    size: int | None = None,
    device: torch.device | None = None,
    precision: torch.dtype = torch.float32,
    batch: int | None = None,
    places: Int[Tensor, " k"] | None = None,
    bag: Bag | None = None,
    report: Report = silent,
) -> Float[Tensor, "m d"]:
    """The features of pictures under the test-time transform, float32, on the processor.

    Of all, or of those at `places`; no more than a `batch` of them is copied at a time, by default
    512, and of large pictures so many as have the pixels of 512 of 32×32 (32 at least).

    `mean` and `std` are per channel in 0 to 1; `size` is in pixels, by default the pictures' own; `encode`
    must be on `device` already (by default where its first parameter is) and is run in `precision`. With a
    `bag`, they are means over its patches. Raises Problem if there are no pictures.
    """
    some = _Some(images, places)
    if len(some) == 0:
        raise Problem("There are no pictures to encode; choose at least one.")
    device = device or next((p.device for p in encode.parameters()), torch.device("cpu"))
    n, looks, done = len(some), bag.patches if bag else 1, 0
    total = torch.zeros(0)
    size = size or images.shape[-1]
    batch = batch or min(512, max(32, PIXELS // size**2))
    for part, x in _seen(some, size, mean, std, batch, bag):
        report("Encoding pictures", done / (n * looks))
        h = _encode(encode, x, device, precision)
        if not done:
            total = torch.zeros(n, h.shape[1])
        total[part] += h
        done += len(x)
    report("Encoding pictures", 1.0)
    return total.div_(looks)


@dataclass(frozen=True, eq=False)
class _Some:
    """Pictures of which a part is taken at a time."""

    images: Tensor
    places: Tensor | None

    def __len__(self) -> int:
        return len(self.images if self.places is None else self.places)

    def __getitem__(self, part: slice) -> Tensor:
        return self.images[part] if self.places is None else gather(self.images, self.places[part])


def _seen(
    some: _Some, size: int, mean: Channels, std: Channels, batch: int, bag: Bag | None
) -> Iterator[tuple[slice, Tensor]]:
    """What the encoder is to see of which pictures: all of them whole, or all again and again in patches."""
    n = len(some)
    parts = [slice(start, min(start + batch, n)) for start in range(0, n, batch)]
    if bag is None:
        yield from ((part, plain(some[part], size, mean, std)) for part in parts)
        return
    recipe, generator = bag.recipe.fit(size, mean, std), torch.Generator().manual_seed(bag.seed)
    for _ in range(bag.patches):
        params = recipe.sample(n, generator)  # of all at once, so that the batch size changes nothing
        for part in parts:
            yield part, recipe.apply(some[part], take(params, range(n)[part]))


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
