"""SimCLR's recipe for CIFAR on pictures of 32 × 32: pairs of views a second, on two threads.

Ours draws all parameters of a batch and runs the compiled kernel, the peers are used as their documentation
shows: torchvision's transform picture by picture on PIL images, in one process; kornia's augmentations on the
whole batch at once, one draw a picture.
"""

import subprocess
import sys
from collections.abc import Callable
from functools import partial

import kornia
import torch
import torchvision
from kornia import augmentation as K
from PIL import Image
from torch import Tensor
from torchvision import transforms as T

from bench.compare import seconds, torch_threads
from bench.row import Row
from ssl_core.augmentations import RECIPES

N, FEW, ROUNDS, THREADS = 512, 128, 7, 2  # pictures a batch; fewer where a picture takes a millisecond
STRENGTH = (0.4, 0.4, 0.4, 0.1)
PER_IMAGE, BATCHED, FIRST_USE = 15.0, 4.0, 2.0


def ours(images: Tensor) -> Tensor:
    """Two views of every picture, as `Learner.views` makes them."""
    recipe, generator = RECIPES["simclr"], torch.Generator().manual_seed(0)
    pairs = images.repeat(2, 1, 1, 1)
    return recipe.apply(pairs, recipe.sample(len(pairs), generator))


def per_image(pictures: list[Image.Image]) -> list[Tensor]:
    """As in torchvision's documentation and most training scripts: a composed transform, called twice."""
    recipe = RECIPES["simclr"]
    transform = T.Compose(
        [
            T.RandomResizedCrop(32),
            T.RandomHorizontalFlip(),
            T.RandomApply([T.ColorJitter(*STRENGTH)], p=0.8),
            T.RandomGrayscale(0.2),
            T.ToTensor(),
            T.Normalize(recipe.mean, recipe.std),
        ]
    )
    return [transform(picture) for picture in pictures for _ in range(2)]


def batched() -> Callable[[Tensor], Tensor]:
    """Kornia's operations in a row, each drawing anew for every picture."""
    recipe = RECIPES["simclr"]
    return K.AugmentationSequential(
        K.RandomResizedCrop((32, 32)),
        K.RandomHorizontalFlip(),
        K.ColorJitter(*STRENGTH, p=0.8),
        K.RandomGrayscale(p=0.2),
        K.Normalize(torch.tensor(recipe.mean), torch.tensor(recipe.std)),
    )


FIRST = """
from time import perf_counter
from ssl_core.augmentations import RECIPES
start = perf_counter()
RECIPES["simclr"].warm_up()
print(perf_counter() - start)
"""


def first_use() -> Row:
    """In a process of its own: numba imported, the compiled kernel read from disk, a first batch made."""
    done = subprocess.run([sys.executable, "-c", FIRST], capture_output=True, text=True, check=True)
    return Row.limit(
        "augment: first use in a process, compiled code on disk", float(done.stdout), FIRST_USE, "s"
    )


def run() -> list[Row]:
    """Both peers, each in turns with ours, and what the first use costs."""
    images = torch.randint(0, 256, (N, 3, 32, 32), dtype=torch.uint8)
    pictures = [Image.fromarray(image.permute(1, 2, 0).numpy()) for image in images[:FEW]]
    kornias = batched()
    RECIPES["simclr"].warm_up()
    ours(images), per_image(pictures[:2]), kornias(images.float() / 255)  # none pays for what is done once
    times: dict[str, list[float]] = {"ours": [], "torchvision": [], "kornia": []}
    with torch_threads(THREADS):
        for _ in range(ROUNDS):
            times["ours"].append(N / seconds(lambda: ours(images)))
            times["torchvision"].append(FEW / seconds(lambda: per_image(pictures)))
            doubled = images.repeat(2, 1, 1, 1).float() / 255
            times["kornia"].append(N / seconds(partial(kornias, doubled)))
    kinds = {
        "torchvision": (f"torchvision {torchvision.__version__}, picture by picture", PER_IMAGE),
        "kornia": (f"kornia {kornia.__version__}, batched", BATCHED),
    }
    rows = [
        Row.of(
            f"augment: pairs of views beside {peer}",
            times["ours"],
            times[peer],
            target,
            beside,
            "pairs/s",
            True,
        )
        for peer, (beside, target) in kinds.items()
    ]
    return [*rows, first_use()]
