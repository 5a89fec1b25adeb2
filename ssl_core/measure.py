"""What a run's encoder is worth and how it sees pictures, for the page and the command line.

Everything is measured on frozen features in evaluation mode, of the data set that the run trained on.
Without a folder it is the same encoder as before its first step: the frozen random encoder.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor

from ssl_core.config import knob
from ssl_core.datasets.base import Report, silent
from ssl_core.evaluation import Bag, Gain, gain, knn_accuracy, project
from ssl_core.evaluation.knn import KNN, KNNKnobs
from ssl_core.frozen import encoder_of, features, named, see, some
from ssl_core.problem import Problem
from ssl_core.scored import factor_figures, knn_figures, nearest_pictures, probe_figures
from ssl_core.settings import Settings

AUTO = "auto"


@dataclass(frozen=True)
class Evaluation:
    """How much to measure on: pictures are drawn from a fixed seed, so that figures compare."""

    bank: int = knob(10_000, 100, 50_000, "Training pictures that vote or train the probe.", log=True)
    queries: int = knob(2_000, 100, 10_000, "Test pictures that are classified.", log=True)
    probe: bool = knob(False, help="Also train a linear classifier on the frozen features.")
    labels: float = knob(
        100.0, 1.0, 100.0, "Percent of each class's labels that the linear probe learns from.", log=True
    )
    layer: str = knob("h", choices=("h", "z"), help="h: what is kept. z: what the loss compared.")
    patches: int | str = knob(
        AUTO,
        choices=(AUTO, 0, 1, 2, 4, 8, 16, 32, 64, 128),
        help="Features are the mean over so many patches, drawn by the run's recipe. 0: the whole picture; "
        "auto: as the method is tested, on patches if it trains on them (EMP-SSL).",
    )

    def __post_init__(self) -> None:
        if not 0 < self.labels <= 100:
            raise Problem(
                "labels is {value}; give a part of them in percent, more than 0 and at most 100.",
                value=self.labels,
            )

    def bag(self, settings: Settings) -> Bag | None:
        """What the encoder of this run is to see: a bag of patches, or (None) whole pictures."""
        count = settings.method_class().test_patches if self.patches == AUTO else int(self.patches)
        return Bag(settings.augmentation(), count) if count else None


@dataclass(frozen=True)
class Also:
    """What else the command line tells of a run."""

    confusion: bool = knob(False, help="Recall by class; with --json also who is taken for whom.")
    factors: bool = knob(
        False, help="Probe for shape, colour, place, size and turn (of shapes, where they are known)."
    )
    nearest: str = knob("", help="The nearest training pictures of these test pictures: 0,17,123.")
    neighbours: int = knob(8, 1, 100, "How many of them.", log=True)

    def __post_init__(self) -> None:
        self.places()

    def places(self) -> list[int]:
        """The test pictures that were asked for. Raises Problem."""
        try:
            return [int(word) for word in self.nearest.split(",")] if self.nearest else []
        except ValueError:
            raise Problem(
                "{words} are no places of test pictures; give whole numbers: 0,17,123.", words=self.nearest
            ) from None


@dataclass(frozen=True, eq=False)
class Look:
    """h of test pictures (places in the split), and what their neighbours among training pictures say."""

    features: Float[Tensor, "n d"]
    labels: Int[Tensor, " n"]
    index: Int[Tensor, " n"]
    knn: KNN


@dataclass(frozen=True, eq=False)
class Embedding:
    """Points on a plane with the pictures they stand for (places in the split)."""

    points: Float[Tensor, "n 2"]
    labels: Int[Tensor, " n"]
    index: Int[Tensor, " n"]
    knn: KNN


def evaluate(
    settings: Settings,
    folder: Path | None,
    amount: Evaluation | None = None,
    vote: KNNKnobs | None = None,
    report: Report = silent,
    also: Also | None = None,
) -> dict[str, Any]:
    """kNN (and a linear probe, and more) of test pictures, with all that names the figures.

    `knn_hits` says of each test picture whether kNN was right, for `gained`. Intervals are of 95 %, a
    bootstrap over the test pictures.
    """
    amount, vote, also = amount or Evaluation(), vote or KNNKnobs(), also or Also()
    bag = amount.bag(settings)
    seen = see(settings, folder, amount.bank, amount.queries, amount.layer, bag, report)
    result = named(seen, settings, folder, amount.layer) | knn_figures(seen, vote, also.confusion)
    if amount.probe:
        result |= probe_figures(seen, amount.labels, also.confusion, report)
    if also.confusion:
        result["classes"] = list(seen.pictures.classes)
    if also.factors:
        result["factors"] = factor_figures(seen, report)
    if also.nearest:
        result["nearest"] = nearest_pictures(seen, also.places(), also.neighbours)
    return result


def gained(trained: Mapping[str, Any], untrained: Mapping[str, Any]) -> Gain:
    """How much kNN top-1 gained from one `evaluate` to another, which must be of the same pictures."""
    return gain(torch.tensor(trained["knn_hits"]), torch.tensor(untrained["knn_hits"]))


def look(settings: Settings, folder: Path | None, count: int = 2_000, report: Report = silent) -> Look:
    """`count` test pictures, and kNN of them against twice as many training pictures."""
    pictures = settings.seen(settings.source().load(report))
    index = some(pictures.test, count)
    bank = some(pictures.train, 2 * count)
    encoder = encoder_of(settings, folder)
    h = features(encoder, pictures.test, index, pictures, report)
    h_bank = features(encoder, pictures.train, bank, pictures, report)
    labels, k = pictures.test.labels[index], min(200, max(1, len(bank) // 20))
    return Look(h, labels, index, knn_accuracy(h_bank, pictures.train.labels[bank], h, labels, k=k))


def embed(
    settings: Settings,
    folder: Path | None,
    method: str = "umap",
    count: int = 2_000,
    seed: int = 0,
    report: Report = silent,
    **knobs: Any,
) -> Embedding:
    """Test pictures on a plane, with kNN of the same pictures. `knobs` are those of the projection."""
    seen = look(settings, folder, count, report)
    points = project(seen.features, method, seed=seed, report=report, **knobs)
    return Embedding(points, seen.labels, seen.index, seen.knn)
