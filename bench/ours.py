"""The trainer's own step, without a run's folder and its monitors: what the benchmarks of training time."""

import torch

from ssl_core.chance import step_generator
from ssl_core.datasets.base import Pictures
from ssl_core.datasets.mapped import gather
from ssl_core.learner import Learner
from ssl_core.settings import Settings


class Ours:
    """SimCLR as it is best begun with: batch gathered, augmented, trained on."""

    def __init__(self, pictures: Pictures, settings: Settings | None = None) -> None:
        self.settings = settings or Settings().suited()
        self.train, self.batch = pictures.train, self.settings.training.batch_size
        self.learner = Learner(self.settings, pictures.size, pictures.mean, pictures.std)
        self.encoder = self.learner.method.encoder
        self.order = torch.empty(0, dtype=torch.int64)
        self.done = 0

    def step(self, progress: float = 0.5) -> None:
        """The next batch; every epoch has an order of its own."""
        epoch, place = divmod(self.done, len(self.train) // self.batch)
        if place == 0:
            self.order = torch.randperm(len(self.train), generator=step_generator(0, epoch, "order"))
        index = self.order[place * self.batch : (place + 1) * self.batch]
        self.learner.step(gather(self.train.images, index), self.train.labels[index], self.done, progress)
        self.done += 1
