"""What is watched while a run trains: its clock, and kNN on pictures held out of train (never of test).

At the same moments test pictures are encoded to be looked at (`snapshots.py`); nothing is chosen by them.
"""

import time
from dataclasses import dataclass, field
from pathlib import Path

import torch
from jaxtyping import Float, Int
from torch import Tensor

from ssl_core import snapshots
from ssl_core.chance import step_generator
from ssl_core.config import knobs
from ssl_core.datasets.base import Pictures
from ssl_core.evaluation import extract, knn_accuracy
from ssl_core.evaluation.labels import draw_share
from ssl_core.events import Monitored
from ssl_core.learner import Learner
from ssl_core.problem import Problem
from ssl_core.settings import Settings, Training

HELD_OUT, BANK = 1000, 4000  # pictures of the kNN monitor, all from train: a second, not ten, on two cores
NEIGHBOURS = 50  # one in so many of the bank votes, as 200 do of 10,000


@dataclass
class Clock:
    """Seconds of this run over all its sessions, and the recent speed."""

    before: float = 0.0
    since: float = field(default_factory=time.perf_counter)
    recent: list[float] = field(default_factory=list)

    @property
    def seconds(self) -> float:
        """Trained so far."""
        return self.before + time.perf_counter() - self.since

    def speed(self, batch: int, seconds: float) -> float:
        """Pictures a second over the last steps (median, so that a monitor or a save does not count)."""
        self.recent = [*self.recent[-19:], seconds]
        return batch / sorted(self.recent)[len(self.recent) // 2]


class Monitor:
    """Encodes the same pictures again and again: the held-out ones, and a bank that votes on them."""

    def __init__(
        self, learner: Learner, pictures: Pictures, held: Int[Tensor, " a"], kept: Int[Tensor, " b"]
    ) -> None:
        self.learner, self.pictures = learner, pictures
        self.queries, self.bank = held, kept[:BANK]  # places: the pictures stay where they are

    def look(self, step: int, seconds: float, folder: Path | None) -> Monitored:
        """kNN now; with a folder, what is made of test pictures is kept there."""
        queries, bank = self.features(self.queries), self.features(self.bank)
        labels, votes = (self.pictures.train.labels[places] for places in (self.queries, self.bank))
        found = knn_accuracy(bank, votes, queries, labels, k=max(1, len(bank) // NEIGHBOURS))
        chance = float(labels.bincount().max() / len(labels))
        if folder is not None and self.learner.training.snapshot:
            count = min(self.learner.training.snapshot, len(self.pictures.test))
            moment = snapshots.take(self.learner, self.pictures, count, step)
            snapshots.save(folder / "snapshots" / f"{step:08d}.npz", moment)
        return Monitored(step, seconds, found.top1, chance, len(self.bank), len(labels))

    def features(self, places: Int[Tensor, " n"]) -> Float[Tensor, "n d"]:
        """h of these training pictures, in evaluation mode."""
        return extract(
            self.learner.method.encoder,
            self.pictures.train.images,
            places=places,
            mean=self.pictures.mean,
            std=self.pictures.std,
            device=self.learner.device,
            precision=self.learner.precision,
        )


def divide(labels: Int[Tensor, " n"], settings: Settings) -> tuple[Int[Tensor, " a"], Int[Tensor, " b"]]:
    """Places of the training pictures that the monitor holds out, and of those that are trained on.

    Where a part of the labels is there, all of it is trained on, and what is held out is of the rest. Where
    nothing is measured, nothing is held out.
    """
    training, n = settings.training, len(labels)
    watched = 1 if training.monitors else 0
    if settings.label_percent == 100:
        return hold_out(n, training.seed) if watched else (torch.arange(0), torch.arange(n))
    kept = draw_share(labels, settings.label_percent / 100, training.seed)
    rest = torch.ones(n, dtype=torch.bool).index_fill_(0, kept, False).nonzero().flatten()
    generator = step_generator(training.seed, 0, "held out")
    return rest[torch.randperm(len(rest), generator=generator)[: watched * held_out(n)]], kept


def hold_out(n: int, seed: int) -> tuple[Int[Tensor, " a"], Int[Tensor, " b"]]:
    """Places of the held-out pictures (a tenth, at most 1,000) and of the rest, drawn from the seed."""
    order = torch.randperm(n, generator=step_generator(seed, 0, "held out"))
    held = held_out(n)
    return order[:held], order[held:]


def held_out(n: int) -> int:
    """How many of n training pictures the monitor keeps for itself."""
    return min(HELD_OUT, n // 10)


def enough(left: int, training: Training) -> None:
    """Raise Problem, with what can be done, if so many pictures to train on do not fill one batch."""
    if training.batch_size <= left:
        return
    smallest = knobs(Training)["batch_size"].low
    if smallest is not None and left < smallest:
        raise Problem(
            "A batch of {batch} is more than the {n} training pictures, and the smallest one that the page "
            "offers has {smallest:.0f}. Choose other pictures, or put more into the folder.",
            batch=training.batch_size,
            n=left,
            smallest=smallest,
        )
    raise Problem(
        "A batch of {batch} is more than the {n} training pictures. Choose a batch of at most {n}, or take "
        "more pictures.",
        batch=training.batch_size,
        n=left,
    )
