"""What a run will take on this machine: measured on a few real steps, before it starts."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor

from ssl_core import device as devices
from ssl_core.learner import Learner, step_generator
from ssl_core.settings import Settings
from ssl_core.trainer import hold_out

TIMED = 3  # steps, after one that warms up
PROCESS = 450e6  # bytes of a Python process that has imported torch and the trainer, measured


@dataclass(frozen=True)
class Cost:
    """What to expect; all but `memory` from the median of a few timed steps."""

    seconds: float
    steps: int
    epochs: float
    images_per_second: float
    memory: float  # bytes at the peak, the process included, the data set not
    device: str
    precision: str


def estimate(settings: Settings, size: int, pictures: int) -> Cost:
    """Run a few steps on noise of the data set's size and reckon the rest. Raises Problem on bad settings."""
    learner = Learner(settings, size, (0.5, 0.5, 0.5), (0.25, 0.25, 0.25))
    batch, training = settings.training.batch_size, settings.training
    generator = step_generator(0, 0, "cost")
    images = torch.randint(0, 256, (batch, 3, size, size), dtype=torch.uint8, generator=generator)
    labels = torch.zeros(batch, dtype=torch.int64)
    with peak_memory(learner) as peak:
        learner.step(images, labels, 0, 0.0)
    times = []
    for step in range(1, 1 + TIMED):
        began = time.perf_counter()
        learner.step(images, labels, step, 0.0)
        times.append(time.perf_counter() - began)
    step_seconds = sorted(times)[TIMED // 2]
    per_epoch = max(1, len(hold_out(pictures, 0)[1]) // batch)
    steps = {
        "seconds": training.budget / step_seconds,
        "steps": training.budget,
        "epochs": training.budget * per_epoch,
    }[training.unit]
    return Cost(
        seconds=training.budget if training.unit == "seconds" else steps * step_seconds,
        steps=round(steps),
        epochs=steps / per_epoch,
        images_per_second=batch / step_seconds,
        memory=peak[0],
        device=devices.describe(learner.device),
        precision=str(learner.precision).removeprefix("torch."),
    )


@contextmanager
def peak_memory(learner: Learner) -> Iterator[list[float]]:
    """Bytes at the peak of one step: asked of CUDA, else counted from what the backward pass keeps."""
    peak = [0.0]
    if learner.device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(learner.device)
        yield peak
        peak[0] = float(torch.cuda.max_memory_allocated(learner.device))
        return
    kept: dict[int, int] = {}

    def keep(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        kept[storage.data_ptr()] = storage.nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        yield peak
    weights = sum(p.nbytes for p in learner.method.parameters())
    peak[0] = PROCESS + sum(kept.values()) + 4 * weights  # value, gradient, two moments
