"""How soon kNN reaches what lightly's loop reaches in five minutes, both from fresh weights.

Clocks run while steps are made, not while kNN is measured. Both are tested alike: cosine kNN (k = 200,
T = 0.1) on h of the whole picture, 10,000 training pictures against 2,000 test pictures. lightly's is at its
documented settings for CIFAR-10, ours at the best that were found, those of the preset `minute` (Muon, a
fixed first layer), with a budget of a quarter.
"""

from collections.abc import Callable, Iterator
from importlib.metadata import version
from time import perf_counter

import torch
from torch import Tensor

from bench import pictures as photographs
from bench.compare import torch_threads
from bench.lightly_process import LightlyProcess
from bench.ours import Ours
from bench.row import Row
from ssl_core.augmentations.pixels import Channels
from ssl_core.datasets.base import Pictures
from ssl_core.encoders import Encoder
from ssl_core.evaluation import extract, knn_accuracy
from ssl_core.normalisation import NORMALISATIONS
from ssl_core.presets import PRESETS

SECONDS, SHARE, THREADS = 300.0, 0.25, 2
BANK, QUERIES = 10_000, 2_000
LOOKS = 5  # in the last half of ours
OURS = PRESETS["minute"].settings


def knn(encoder: Encoder, pictures: Pictures, mean: Channels, std: Channels) -> float:
    """Accuracy in percent, pictures normalised as the encoder's training had them."""
    train, test = pictures.train, pictures.test

    def h(images: Tensor) -> Tensor:
        return extract(encoder, images, mean=mean, std=std)

    bank, queries = drawn(len(train), BANK), drawn(len(test), QUERIES)
    found = knn_accuracy(
        h(train.images[bank]), train.labels[bank], h(test.images[queries]), test.labels[queries]
    )
    return 100 * found.top1


def drawn(pictures: int, count: int) -> Tensor:
    """Places of so many pictures, always the same; of all classes, which may lie one after the other."""
    return torch.randperm(pictures, generator=torch.Generator().manual_seed(0))[:count]


def until(step: Callable[[float], object], seconds: float, looks: list[float]) -> Iterator[float]:
    """Step for so many seconds; give the seconds spent at every look, during which the clock stands."""
    spent = 0.0
    for due in looks:
        while spent < due:
            began = perf_counter()
            step(spent / seconds)
            spent += perf_counter() - began
        yield spent


def run() -> list[Row]:
    """One race."""
    pictures = photographs.load()
    its = NORMALISATIONS["imagenet"]  # what its transform does by default
    with torch_threads(THREADS):
        with LightlyProcess(THREADS) as loop:
            start = knn(loop.encoder(), pictures, *its)
            steps = loop.train(SECONDS)
            theirs = knn(loop.encoder(), pictures, *its)
        ours, budget = Ours(pictures, OURS), SECONDS * SHARE
        looks = [budget * (0.5 + 0.5 * k / LOOKS) for k in range(LOOKS + 1)]
        reached, best = float("inf"), 0.0
        for spent in until(ours.step, budget, looks):
            best = knn(ours.encoder, pictures, pictures.mean, pictures.std)
            if best >= theirs:
                reached = min(reached, spent)
    what = f"{pictures.title}, kNN {start:.1f} untrained"
    peer = (
        f"lightly {version('lightly')}'s loop, {theirs:.1f} after {SECONDS:.0f} s, {steps} steps; "
        f"ours {best:.1f} at the end of {budget:.0f} s, {ours.done} steps"
    )
    return [Row.of(f"race: seconds to the same kNN ({what})", [reached], [SECONDS], 1 / SHARE, peer, "s")]
