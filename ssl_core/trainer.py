"""train(...): a run as a stream of events.

The stream saves as it goes. Closing it stops the run and saves; calling `train` again with the same folder
goes on from there. Views and order follow from (seed, step), so 10 steps and a resume equal 20.
"""

import time
from collections.abc import Iterator
from pathlib import Path

import torch
from jaxtyping import Int
from torch import Tensor

from ssl_core import device as devices
from ssl_core.building import origin
from ssl_core.chance import step_generator
from ssl_core.checkpoints import load_state, save_json, save_state, save_weights
from ssl_core.classifier import examine
from ssl_core.datasets.base import Pictures
from ssl_core.datasets.mapped import gather
from ssl_core.events import Event, Examined, Finished, Monitored, Saved, Started, Step
from ssl_core.learner import Learner
from ssl_core.monitor import Clock, Monitor, divide, enough
from ssl_core.settings import Settings


def train(settings: Settings, pictures: Pictures, folder: Path | None = None) -> Iterator[Event]:
    """Train as `settings` say; with a folder, save there and go on from what is there.

    Raises Problem on a NaN, on a batch larger than the data set and on settings that do not fit.
    """
    run = _Run(settings, settings.seen(pictures), folder)
    run.restore()
    try:
        yield from run.events()
    except GeneratorExit:
        run.save()
        raise


class _Run:
    def __init__(self, settings: Settings, pictures: Pictures, folder: Path | None) -> None:
        self.settings, self.pictures, self.folder = settings, pictures, folder
        self.training = settings.training
        held, self.kept = divide(pictures.train.labels, settings)
        enough(len(self.kept), self.training)
        self.learner = Learner(settings, pictures.size, pictures.mean, pictures.std, len(pictures.classes))
        self.monitor = Monitor(self.learner, pictures, held, self.kept)
        self.steps_per_epoch = len(self.kept) // self.training.batch_size  # the ragged rest is dropped
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
        yield from self.measure()
        self.clock.since = time.perf_counter()  # what is known before the first step costs no budget
        while self.progress() < 1:
            yield self.one_step()
            yield from self.measure()
            if self.folder is not None and self.clock.seconds - self.saved_at > self.training.save_seconds:
                self.save()
                yield Saved(self.step)
        self.save()
        if self.folder is not None:
            yield Saved(self.step)
        if self.learner.method.classifies:
            yield self.test()
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
            collapsed=learner.method.collapsed(self.training.batch_size, learner.output_dim),
            time=time.time(),
            output_dim=learner.output_dim,
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
        facts = self.learner.step(gather(train.images, index), train.labels[index], self.step, progress)
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

    def measure(self) -> Iterator[Monitored]:
        """kNN on held-out training pictures, at the start and at even shares of the budget."""
        due = int(self.progress() * self.training.monitors + 1e-9)
        if self.training.monitors and due > self.monitored:
            self.monitored = due
            yield self.monitor.look(self.step, self.clock.seconds, self.folder)

    def test(self) -> Examined:
        """What the classifier is worth, once, at the end; nothing was chosen by these pictures."""
        learner, pictures = self.learner, self.pictures
        found = examine(learner.method, pictures, learner.device, learner.precision)
        if self.folder is not None:
            save_json(self.folder / "test.json", found)
        return Examined(self.step, found["top1"], found["top5"], found["pictures"], *found["top1_interval"])

    def save(self) -> None:
        """Everything a resume needs, and the encoder and its head for others."""
        if self.folder is None:
            return
        plain = {"step": self.step, "seconds": self.clock.seconds, "monitored": self.monitored}
        save_state(self.folder / "state.pt", {**self.learner.state(), **plain})
        metadata = {
            "settings": self.settings.to_json(),
            "origin": origin(self.settings).to_json(),  # how the encoder is built, whatever it began from
            "step": self.step,
            "mean": self.pictures.mean,
            "std": self.pictures.std,
            "size": self.pictures.size,
            "trained_on": self.pictures.title,
            "classes": self.pictures.classes,
        }
        method = self.learner.method
        save_weights(self.folder / "encoder.safetensors", method.encoder, metadata)
        save_weights(self.folder / "head.safetensors", method.head, metadata)
        self.saved_at = self.clock.seconds
