"""A training step of SimCLR, `resnet10`, batches of 256: pictures a second.

Beside lightly's loop as its documentation shows it, and beside the encoder alone on views that lie ready,
forward, backward and the optimiser's step, in the same precision: what augmentation, head, loss and watching
leave of it.
"""

from importlib.metadata import version

import torch

from bench import pictures as photographs
from bench.compare import seconds, torch_threads
from bench.lightly_loop import BATCH
from bench.lightly_process import LightlyProcess
from bench.ours import Ours
from bench.row import Row
from ssl_core import device as devices
from ssl_core.learner import Learner
from ssl_core.settings import Settings

STEPS, ROUNDS, THREADS = 6, 5, 2
LOOP, ENCODER = 3.5, 0.9


class EncoderAlone:
    """Forward, backward and step of an encoder of the same kind, on the same views again and again."""

    def __init__(self, pictures: photographs.Pictures) -> None:
        self.learner = Learner(Settings().suited(), pictures.size, pictures.mean, pictures.std)
        self.encoder = self.learner.method.encoder
        views = self.learner.views(pictures.train.images[:BATCH], 0).flatten(0, 1)
        self.views = views.contiguous(memory_format=torch.channels_last)
        self.optimizer = self.learner.settings.make("optimizer").build(self.encoder)

    def step(self) -> None:
        """Once."""
        with devices.autocast(self.learner.device, self.learner.precision):
            h = self.encoder(self.views)
        self.optimizer.zero_grad(set_to_none=True)
        h.float().square().mean().backward()
        self.optimizer.step()


def took(way: "Ours | EncoderAlone") -> float:
    """Seconds of the steps that are timed."""
    return seconds(lambda: [way.step() for _ in range(STEPS)])


def run() -> list[Row]:
    """All three in turns."""
    pictures = photographs.load()
    ours, encoder = Ours(pictures), EncoderAlone(pictures)
    found: dict[str, list[float]] = {"ours": [], "encoder": [], "loop": []}
    with torch_threads(THREADS), LightlyProcess(THREADS) as loop:
        for turn in range(ROUNDS + 1):
            times = {"ours": took(ours), "encoder": took(encoder), "loop": loop.seconds(STEPS)}
            if turn:
                for name, time in times.items():
                    found[name].append(STEPS * BATCH / time)
    unit = "pictures/s"
    return [
        Row.of(
            "train: SimCLR, resnet10, batch 256, beside lightly's loop",
            found["ours"], found["loop"], LOOP, f"lightly {version('lightly')}, 2 workers", unit, True,
        ),
        Row.of(
            "train: the same step beside its encoder alone",
            found["ours"], found["encoder"], ENCODER, "forward, backward, step", unit, True,
        ),
    ]  # fmt: skip
