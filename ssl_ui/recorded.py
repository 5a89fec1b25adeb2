"""What a run's folder holds of test pictures that are not on this machine, in place of a fresh look."""

from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

from ssl_core.chance import step_generator
from ssl_core.evaluation import KNNKnobs
from ssl_core.monitor import NEIGHBOURS
from ssl_core.problem import Problem
from ssl_core.snapshots import load, moments
from ssl_ui.encoders import Picked
from ssl_ui.film_data import measured


@dataclass(frozen=True)
class Vote:
    """kNN of held-out training pictures at a moment: what names it, as of `knn_accuracy`."""

    top1: float
    k: int
    temperature: float
    bank: int
    queries: int


@dataclass(frozen=True, eq=False)
class Remembered:
    """h of test pictures (places in the split) as kept at the first or the last moment of a run."""

    features: Float[Tensor, "n d"]
    labels: Int[Tensor, " n"]
    index: Int[Tensor, " n"]
    knn: Vote | None


def remembered(picked: Picked, count: int) -> Remembered:
    """At most so many of the pictures that were kept. Raises Problem where none were."""
    assert picked.home is not None
    files = moments(picked.home)
    if not files:
        raise picked.missing or Problem("{run} has kept no snapshots.", run=picked.home.name)
    moment = load(files[-1 if picked.trained else 0])
    generator = step_generator(0, len(moment.index), "remembered")
    kept = torch.randperm(len(moment.index), generator=generator)[:count].sort().values
    look = measured(picked.home).get(moment.step)
    vote = None
    if look:
        k = max(1, look.bank // NEIGHBOURS)
        vote = Vote(look.knn, k, KNNKnobs.temperature, look.bank, look.queries)
    return Remembered(moment.h[kept], moment.labels[kept], moment.index[kept], vote)
