"""train(...): a run as a stream of events.

The stream saves as it goes. Closing it stops the run and saves; calling `train` again with the same folder
goes on from there. Views and order follow from (seed, step), so 10 steps and a resume equal 20.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Int
from torch import Tensor

from ssl_core import device as devices
from ssl_core.checkpoints import load_state, save_encoder, save_state, written_whole
from ssl_core.datasets.base import Pictures, Split
from ssl_core.evaluation import extract, knn_accuracy
from ssl_core.events import Event, Finished, Monitored, Saved, Started, Step
from ssl_core.learner import Learner, collapsed, step_generator
from ssl_core.problem import Problem
from ssl_core.settings import Settings

HELD_OUT, BANK = 1000, 4000  # pictures of the kNN monitor, all from train: seconds, not minutes, on two cores


def train(settings: Settings, pictures: Pictures, folder: Path | None = None) -> Iterator[Event]:
    """Train as `settings` say; with a folder, save there and go on from what is there.

    Raises Problem on a NaN, on a batch larger than the data set and on settings that do not fit.
    """
    run = _Run(settings, pictures, folder)
    run.restore()
    try:
        yield from run.events()
    except GeneratorExit:
        run.save()
        raise


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


class _Run:
    def __init__(self, settings: Settings, pictures: Pictures, folder: Path | None) -> None:
        self.settings, self.pictures, self.folder = settings, pictures, folder
        self.training = settings.training
        self.learner = Learner(settings, pictures.size, pictures.mean, pictures.std)
        held, kept = hold_out(len(pictures.train), self.training.seed)
        self.kept, self.queries = kept, pictures.train.subset(held)
        self.bank = pictures.train.subset(kept[:BANK])
        if self.training.batch_size > len(kept):
            raise Problem(
                "A batch of {batch} is more than the {n} training pictures. Choose a batch of at most {n}.",
                batch=self.training.batch_size,
                n=len(kept),
            )
        self.steps_per_epoch = len(kept) // self.training.batch_size  # the ragged rest is dropped
        self.step, self.clock, self.saved_at, self.monitored = 0, Clock(), 0.0, -1
        self.order: tuple[int, Tensor] | None = None

    def restore(self) -> None:
        """Go on from the saved state, where there is one."""
        if self.folder is not None and (self.folder / "state.pt").exists():
            state = load_state(self.folder / "state.pt")
            self.learner.load(state)
            self.step, self.monitored = state["step"], state["monitored"]
            self.clock = Clock(before=state["seconds"])
            self.saved_at = self.clock.seconds

    def events(self) -> Iterator[Event]:
        """The run from here to the end of its budget."""
        yield self.started()
        yield from self.monitor()
        self.clock.since = time.perf_counter()  # what is known before the first step costs no budget
        while self.progress() < 1:
            yield self.one_step()
            yield from self.monitor()
            if self.folder is not None and self.clock.seconds - self.saved_at > self.training.save_seconds:
                self.save()
                yield Saved(self.step)
        self.save()
        if self.folder is not None:
            yield Saved(self.step)
        yield Finished(self.step, "done")

    def started(self) -> Started:
        """What a chart needs before the first point."""
        learner = self.learner
        return Started(
            step=self.step,
            device=devices.describe(learner.device),
            precision=str(learner.precision).removeprefix("torch."),
            pictures=len(self.kept),
            steps_per_epoch=self.steps_per_epoch,
            collapsed=collapsed(self.settings, learner.method),
            time=time.time(),
        )

    def progress(self) -> float:
        """How much of the budget is used, 0 to 1."""
        done = {
            "seconds": self.clock.seconds,
            "steps": self.step,
            "epochs": self.step / self.steps_per_epoch,
        }
        return min(1.0, done[self.training.unit] / self.training.budget)

    def one_step(self) -> Step:
        """The next batch, once."""
        began, progress = time.perf_counter(), self.progress()
        index = self.batch()
        train = self.pictures.train
        facts = self.learner.step(train.images[index], train.labels[index], self.step, progress)
        self.step += 1
        speed = self.clock.speed(len(index), time.perf_counter() - began)
        progress = self.progress()
        return Step(
            step=self.step,
            progress=progress,
            epoch=self.step / self.steps_per_epoch,
            seconds=self.clock.seconds,
            images_per_second=speed,
            seconds_left=self.clock.seconds * (1 - progress) / max(progress, 1e-6),
            **facts,
        )

    def batch(self) -> Int[Tensor, " n"]:
        """The places of the next pictures: an order of its own in each epoch, drawn from the seed."""
        epoch, place = divmod(self.step, self.steps_per_epoch)
        if self.order is None or self.order[0] != epoch:
            generator = step_generator(self.training.seed, epoch, "order")
            self.order = (epoch, self.kept[torch.randperm(len(self.kept), generator=generator)])
        return self.order[1][place * self.training.batch_size : (place + 1) * self.training.batch_size]

    def monitor(self) -> Iterator[Monitored]:
        """kNN on held-out training pictures, at the start and at even shares of the budget."""
        due = int(self.progress() * self.training.monitors + 1e-9)
        if self.training.monitors and due > self.monitored:
            self.monitored = due
            queries = self.features(self.queries)
            k = min(200, max(1, len(self.bank) // 20))
            found = knn_accuracy(
                self.features(self.bank), self.bank.labels, queries, self.queries.labels, k=k
            )
            chance = float(self.queries.labels.bincount().max() / len(self.queries))
            self.snapshot(queries)
            yield Monitored(
                self.step, self.clock.seconds, found.top1, chance, len(self.bank), len(self.queries)
            )

    def features(self, split: Split) -> Tensor:
        """h of a split, in evaluation mode."""
        return extract(
            self.learner.method.encoder,
            split.images,
            mean=self.pictures.mean,
            std=self.pictures.std,
            device=self.learner.device,
            precision=self.learner.precision,
        )

    def snapshot(self, features: Tensor) -> None:
        """Keep the held-out pictures' features, so that the run can be scrubbed through later."""
        if self.folder is not None:
            with (
                written_whole(self.folder / "snapshots" / f"{self.step:08d}.npz") as beside,
                beside.open("wb") as out,
            ):
                np.savez_compressed(
                    out,
                    format=1,
                    features=features.numpy().astype(np.float16),
                    labels=self.queries.labels.numpy(),
                )

    def save(self) -> None:
        """Everything a resume needs, and the encoder for others."""
        if self.folder is None:
            return
        plain = {"step": self.step, "seconds": self.clock.seconds, "monitored": self.monitored}
        save_state(self.folder / "state.pt", {**self.learner.state(), **plain})
        metadata = {
            "settings": self.settings.to_json(),
            "step": self.step,
            "mean": self.pictures.mean,
            "std": self.pictures.std,
            "size": self.pictures.size,
            "trained_on": self.pictures.title,
        }
        save_encoder(self.folder / "encoder.safetensors", self.learner.method.encoder, metadata)
        self.saved_at = self.clock.seconds


def hold_out(n: int, seed: int) -> tuple[Int[Tensor, " a"], Int[Tensor, " b"]]:
    """Places of the held-out pictures (a tenth, at most 1,000) and of the rest, drawn from the seed."""
    order = torch.randperm(n, generator=step_generator(seed, 0, "held out"))
    held = min(HELD_OUT, n // 10)
    return order[:held], order[held:]
