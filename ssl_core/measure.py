"""What a run's encoder is worth and how it sees pictures, for the page and the command line.

Everything is measured on h, the backbone's features in evaluation mode, of the data set that the run trained
on. Without a folder it is the same encoder as before its first step, which follows from the seed. Both see
the same: whole pictures or, where a method is tested on patches, the same patches.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor

from ssl_core import device as devices
from ssl_core.checkpoints import load_encoder
from ssl_core.config import knob
from ssl_core.datasets.base import Pictures, Report, Split, silent
from ssl_core.encoders import Encoder
from ssl_core.evaluation import Bag, Gain, extract, gain, knn_accuracy, linear_probe, project
from ssl_core.evaluation.knn import KNN, KNNKnobs
from ssl_core.learner import build_method, step_generator
from ssl_core.settings import Settings

AUTO = "auto"


@dataclass(frozen=True)
class Evaluation:
    """How much to measure on: pictures are drawn from a fixed seed, so that figures compare."""

    bank: int = knob(10_000, 100, 50_000, "Training pictures that vote or train the probe.", log=True)
    queries: int = knob(2_000, 100, 10_000, "Test pictures that are classified.", log=True)
    probe: bool = knob(False, help="Also train a linear classifier on the frozen features.")
    patches: int | str = knob(
        AUTO,
        choices=(AUTO, 0, 1, 2, 4, 8, 16, 32, 64, 128),
        help="Features are the mean over so many patches, drawn by the run's recipe. 0: the whole picture; "
        "auto: as the method is tested, on patches if it trains on them (EMP-SSL).",
    )

    def bag(self, settings: Settings) -> Bag | None:
        """What the encoder of this run is to see: a bag of patches, or (None) whole pictures."""
        count = settings.method_class().test_patches if self.patches == AUTO else int(self.patches)
        return Bag(settings.augmentation(), count) if count else None


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


def encoder_of(settings: Settings, folder: Path | None) -> Encoder:
    """The run's encoder as it stands in its folder; without a folder as it was before the first step."""
    encoder = build_method(settings).encoder
    if folder is not None:
        load_encoder(folder / "encoder.safetensors", encoder)
    return encoder


def features(
    encoder: Encoder, split: Split, pictures: Pictures, report: Report = silent, bag: Bag | None = None
) -> Float[Tensor, "n d"]:
    """h of every picture of a split, or its mean over a bag of patches."""
    device = devices.pick()
    return extract(
        devices.place(encoder, device),
        split.images,
        mean=pictures.mean,
        std=pictures.std,
        device=device,
        precision=devices.precision(device),
        bag=bag,
        report=report,
    )


def some(split: Split, count: int) -> Int[Tensor, " n"]:
    """Places of `count` pictures of a split (or all there are), the same every time."""
    generator = step_generator(0, len(split), "measure")
    return torch.randperm(len(split), generator=generator)[:count].sort().values


def evaluate(
    settings: Settings,
    folder: Path | None,
    amount: Evaluation | None = None,
    vote: KNNKnobs | None = None,
    report: Report = silent,
) -> dict[str, Any]:
    """kNN (and a linear probe) of test pictures against training pictures, with all that names the figure.

    `knn_hits` says of each test picture whether kNN was right, for `gained`.
    """
    amount, vote = amount or Evaluation(), vote or KNNKnobs()
    pictures = settings.source().load(report)
    encoder = encoder_of(settings, folder)
    bank = pictures.train.subset(some(pictures.train, amount.bank))
    queries = pictures.test.subset(some(pictures.test, amount.queries))
    bag = amount.bag(settings)
    h_bank = features(encoder, bank, pictures, report, bag)
    h_queries = features(encoder, queries, pictures, report, bag)
    found = knn_accuracy(h_bank, bank.labels, h_queries, queries.labels, **asdict(vote))
    result: dict[str, Any] = {
        "dataset": pictures.title,
        "layer": "h, backbone features in evaluation mode",
        "transform": transform(settings, bag),
        "patches": bag.patches if bag else 0,
        "knn_top1": found.top1,
        "knn_top5": found.top5,
        "k": found.k,
        "temperature": found.temperature,
        "bank": found.bank,
        "queries": found.queries,
        "knn_hits": (found.predictions == queries.labels).tolist(),
    }
    if amount.probe:
        report("Training a linear probe", 0.0)
        probe = linear_probe(h_bank, bank.labels, h_queries, queries.labels)
        result |= {"probe_top1": probe.top1, "probe_top5": probe.top5}
    return result


def transform(settings: Settings, bag: Bag | None) -> str:
    """How the encoder saw a picture, in words."""
    if bag is None:
        return "the whole picture"
    recipe = settings.recipe or settings.method_class().recipe_name
    return f"mean over {bag.patches} patches drawn by {recipe}"


def gained(trained: Mapping[str, Any], untrained: Mapping[str, Any]) -> Gain:
    """How much kNN top-1 gained from one `evaluate` to another, which must be of the same pictures."""
    return gain(torch.tensor(trained["knn_hits"]), torch.tensor(untrained["knn_hits"]))


def look(settings: Settings, folder: Path | None, count: int = 2_000, report: Report = silent) -> Look:
    """`count` test pictures, and kNN of them against twice as many training pictures."""
    pictures = settings.source().load(report)
    index = some(pictures.test, count)
    split = pictures.test.subset(index)
    bank = pictures.train.subset(some(pictures.train, 2 * count))
    encoder = encoder_of(settings, folder)
    h = features(encoder, split, pictures, report)
    h_bank = features(encoder, bank, pictures, report)
    k = min(200, max(1, len(bank) // 20))
    return Look(h, split.labels, index, knn_accuracy(h_bank, bank.labels, h, split.labels, k=k))


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
