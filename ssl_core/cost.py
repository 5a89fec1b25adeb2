"""What a run will take on this machine: measured on a few real steps, before it starts."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from ssl_core import device as devices
from ssl_core.chance import step_generator
from ssl_core.learner import Learner
from ssl_core.monitor import hold_out
from ssl_core.settings import Settings

TIMED = 3  # steps, after those that warm up
PROBE, PATIENCE = 16, 2.0  # pictures of the first step; seconds that a whole one may take to be tried
PROCESS = 550e6  # bytes of a Python process that has imported torch and the trainer, measured
WORKING = 2  # bytes alive at the peak for each that the backward pass keeps: gradients, scratch; measured


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
    before = resident()
    learner = Learner(settings, size, (0.5, 0.5, 0.5), (0.25, 0.25, 0.25))
    batch, training = settings.training.batch_size, settings.training
    with peak_memory(learner) as peak:
        first = timed_step(learner, size, PROBE, 0)
    trial = (
        batch if first * batch / PROBE < PATIENCE else PROBE
    )  # a big encoder is reckoned from a small batch
    if trial == batch:
        with peak_memory(learner) as peak:
            timed_step(learner, size, batch, 1)
    times = sorted(timed_step(learner, size, trial, step) for step in range(2, 2 + TIMED))
    scale = batch / trial
    step_seconds, memory = times[TIMED // 2] * scale, (peak[0] - PROCESS) * scale + PROCESS
    if trial == batch and learner.device.type == "cpu":  # the scratch of some processors is more than is kept
        memory = max(memory, PROCESS + resident() - before)
    percent = settings.label_percent
    kept = len(hold_out(pictures, 0)[1]) if training.monitors else pictures
    left = round(percent / 100 * pictures) if percent < 100 else kept
    per_epoch = max(1, left // batch)
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
        memory=memory,
        device=devices.describe(learner.device),
        precision=str(learner.precision).removeprefix("torch."),
    )


def timed_step(learner: Learner, size: int, batch: int, step: int) -> float:
    """Seconds of one step on noise."""
    generator = step_generator(0, step, "cost")
    images = torch.randint(0, 256, (batch, 3, size, size), dtype=torch.uint8, generator=generator)
    labels = torch.zeros(batch, dtype=torch.int64)
    began = time.perf_counter()
    learner.step(images, labels, step, 0.0)
    return time.perf_counter() - began


def resident() -> float:
    """Bytes of this process in memory at the peak so far, by Linux; 0 elsewhere."""
    status = Path("/proc/self/status")
    lines = status.read_text().splitlines() if status.exists() else []
    return sum(1024.0 * float(line.split()[1]) for line in lines if line.startswith("VmHWM:"))


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
    peak[0] = PROCESS + WORKING * sum(kept.values()) + 4 * weights  # value, gradient, two moments
