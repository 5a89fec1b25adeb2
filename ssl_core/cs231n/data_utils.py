"""The assignment's `data_utils.py`: one picture at a time, PIL in and tensor out, by torchvision.

The rest of the project augments whole batches from recorded parameters (`ssl_core.augmentations`), which is
faster and can be replayed; this is the notebook's own form.
"""

import random
from typing import Any

import torch
from PIL import Image
from torchvision.datasets import CIFAR10
from torchvision.transforms import (
    ColorJitter,
    Compose,
    Normalize,
    RandomApply,
    RandomGrayscale,
    RandomHorizontalFlip,
    RandomResizedCrop,
    ToTensor,
)

MEAN = [0.4914, 0.4822, 0.4465]
STD = [0.2023, 0.1994, 0.2010]  # the mean of per-picture deviations; over all pixels it would be about .25


def compute_train_transform(seed: int = 123456) -> Compose:
    """The random view of the notebook: crop to 32×32, flip, colour jitter, grayscale; then normalised.

    It seeds Python's and torch's global generators, as the assignment does; nothing else in this project
    seeds globally. What a picture becomes then hangs on all that is drawn before it, in loader workers too,
    so the notebook's check of this function fails on some machines with a right answer.
    """
    random.seed(seed)
    torch.random.manual_seed(seed)
    return Compose(
        [
            RandomResizedCrop(32),
            RandomHorizontalFlip(p=0.5),
            RandomApply([ColorJitter(0.4, 0.4, 0.4, 0.1)], p=0.8),
            RandomGrayscale(p=0.2),
            ToTensor(),
            Normalize(MEAN, STD),
        ]
    )


def compute_test_transform() -> Compose:
    """The picture as it is, normalised with the same numbers: nothing is drawn."""
    return Compose([ToTensor(), Normalize(MEAN, STD)])


class CIFAR10Pair(CIFAR10):
    """CIFAR-10 whose items are (x_i, x_j, target): two views of one picture, drawn independently.

    Arguments are those of torchvision's CIFAR10 (`root`, `train`, `transform`, `download`, …).
    """

    def __getitem__(self, index: int) -> tuple[Any, Any, Any]:
        image, target = Image.fromarray(self.data[index]), self.targets[index]
        view = self.transform or (lambda picture: picture)
        return view(image), view(image), self.target_transform(target) if self.target_transform else target
