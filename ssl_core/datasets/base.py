"""What every source of pictures gives: uint8 batches, labels, names, and a train and a test split."""

import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

import platformdirs
import torch
from jaxtyping import Int, UInt8
from torch import Tensor

from ssl_core.datasets.mapped import gather
from ssl_core.problem import Problem

Report = Callable[[str, float], None]  # what is being done, and how far it is (0 to 1)
Triple = tuple[float, float, float]  # one number a channel
AT_ONCE = 2**24  # bytes of pictures that statistics are made of at a time


def silent(what: str, fraction: float) -> None:
    """The Report that tells nobody."""


@dataclass(frozen=True, eq=False)
class Facts:
    """What is known of pictures, without them: `labels` and `factors` as a Split has them."""

    labels: Int[Tensor, " n"]
    factors: Mapping[str, Tensor] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.labels)


@dataclass(frozen=True, eq=False)
class Split:
    """Pictures with their labels. `factors` holds what else is known of each (shape, colour, place …)."""

    images: UInt8[Tensor, "n 3 h w"]
    labels: Int[Tensor, " n"]
    factors: Mapping[str, Tensor] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.labels)

    def subset(self, index: Int[Tensor, " k"]) -> "Split":
        """The pictures at these places, copied, with all that is known of them."""
        known = self.facts(index)
        return Split(gather(self.images, index), known.labels, known.factors)

    def facts(self, index: Int[Tensor, " k"]) -> Facts:
        """All that is known of the pictures at these places; none is read."""
        return Facts(self.labels[index], {k: v[index] for k, v in self.factors.items()})


@dataclass(frozen=True, eq=False)
class Pictures:
    """A loaded data set. `mean` and `std` are of its training pixels, per channel, in 0 to 1."""

    title: str  # as it stands beside figures: "CIFAR-10 (JPEG)"
    classes: tuple[str, ...]
    train: Split
    test: Split
    mean: Triple
    std: Triple

    @property
    def size(self) -> int:
        """Height and width of every picture."""
        return self.train.images.shape[-1]


@dataclass(frozen=True)
class Source(ABC):
    """Where pictures come from: a frozen dataclass of knobs, so that a run can name and rebuild it."""

    title: ClassVar[str]
    about: ClassVar[str]  # one or two sentences for the page: what it is, and how to get it

    def at_hand(self) -> bool:
        """Whether `load` needs no download."""
        return True

    @abstractmethod
    def load(self, report: Report = silent) -> Pictures:
        """The pictures, decoded. Raises Problem with the file and the remedy."""


def cache_folder() -> Path:
    """The per-user folder for downloads and decoded pictures; SSL_EXPLORER_CACHE moves it. Raises Problem."""
    folder = os.environ.get("SSL_EXPLORER_CACHE") or platformdirs.user_cache_dir(
        "ssl-explorer", appauthor=False
    )
    path = Path(folder)
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise cache_problem(error) from error
    return path


def cache_problem(error: OSError) -> Problem:
    """What to say when the cache cannot be written to."""
    return Problem(
        "The cache cannot be used ({reason}). Give SSL_EXPLORER_CACHE a folder to write to.",
        reason=str(error),
    )


def channel_statistics(images: UInt8[Tensor, "n 3 h w"]) -> tuple[Triple, Triple]:
    """Mean and standard deviation over all pixels, per channel, in 0 to 1: exact, from a histogram."""
    counts = torch.zeros(3, 256, dtype=torch.float64)
    rows = max(1, AT_ONCE // max(1, images[:1].numel()))
    for some in images.split(rows):  # a memory-mapped set may be larger than the memory
        for channel in range(3):
            counts[channel] += torch.bincount(some[:, channel].flatten(), minlength=256)
    share = counts / counts.sum(1, keepdim=True)
    values = torch.arange(256, dtype=torch.float64) / 255
    mean = share @ values
    std = ((values - mean[:, None]).square() * share).sum(1).sqrt().clamp_min(1e-3)  # one colour: not 0
    return tuple(mean.tolist()), tuple(std.tolist())


def describe(title: str, classes: tuple[str, ...], train: Split, test: Split) -> Pictures:
    """A loaded data set, with the statistics of its training pixels."""
    return Pictures(title, classes, train, test, *channel_statistics(train.images))


def split_by_seed(n: int, test: int, seed: int) -> tuple[Int[Tensor, " a"], Int[Tensor, " b"]]:
    """Places of the training and of the test pictures, drawn from a seed."""
    order = torch.randperm(n, generator=torch.Generator().manual_seed(seed))
    return order[test:].sort().values, order[:test].sort().values


def split_each_class(
    labels: Int[Tensor, " n"], share: float, seed: int
) -> tuple[Int[Tensor, " a"], Int[Tensor, " b"]]:
    """As split_by_seed, with `share` of every class (at least one picture) in the test split."""
    train, test = [], []
    for label in labels.unique():
        places = (labels == label).nonzero().flatten()
        kept, out = split_by_seed(len(places), max(1, round(share * len(places))), seed)
        train.append(places[kept])
        test.append(places[out])
    return torch.cat(train).sort().values, torch.cat(test).sort().values
