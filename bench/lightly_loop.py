"""SimCLR as lightly's documentation shows it: transform, DataLoader with two workers, loss, float32.

The encoder is ours, `resnet10`, so that the loops alone differ; the projection head is lightly's. As there,
pictures are PIL images, decoded beforehand, as torchvision's CIFAR10 hands them out.
"""

from collections.abc import Generator
from typing import Any

import torch
from lightly.loss import NTXentLoss
from lightly.models.modules import SimCLRProjectionHead
from lightly.transforms import SimCLRTransform
from PIL import Image
from torch import nn
from torch.utils.data import DataLoader, Dataset

from ssl_core.chance import seeded
from ssl_core.datasets.base import Pictures
from ssl_core.encoders import ENCODERS

WORKERS, BATCH = 2, 256
LEARNING_RATE, TEMPERATURE = 0.06, 0.5  # of its documentation, for CIFAR-10


class Pairs(Dataset[Any]):
    """Two views of every training picture, made one by one."""

    def __init__(self, pictures: Pictures) -> None:
        self.images = pictures.train.images.permute(0, 2, 3, 1).numpy()
        self.transform = SimCLRTransform(input_size=32, gaussian_blur=0.0)  # its documentation for CIFAR-10

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> Any:
        return self.transform(Image.fromarray(self.images[index]))


class LightlyLoop:
    """One step a `next(loop)`, with the encoder at `encoder`."""

    def __init__(self, pictures: Pictures) -> None:
        with seeded(0):
            self.encoder = ENCODERS["resnet10"]().build()
            self.model = nn.Sequential(self.encoder, SimCLRProjectionHead(self.encoder.dim, 512, 128))
        self.loss = NTXentLoss(temperature=TEMPERATURE)
        self.optimizer = torch.optim.SGD(
            self.model.parameters(), lr=LEARNING_RATE, momentum=0.9, weight_decay=5e-4
        )
        self.loader = DataLoader(Pairs(pictures), BATCH, shuffle=True, drop_last=True, num_workers=WORKERS)
        self.steps: Generator[float] = self._steps()

    def step(self) -> float:
        """Train on the next batch; the loss."""
        return next(self.steps)

    def _steps(self) -> Generator[float]:
        self.model.train()
        while True:
            for one, other in self.loader:
                loss = self.loss(self.model(one), self.model(other))
                self.optimizer.zero_grad()
                loss.backward()
                self.optimizer.step()
                yield float(loss.detach())
