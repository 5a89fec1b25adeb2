"""The linear evaluation of CS231n's assignment 3, question 5: to the letter, and corrected.

To the letter: a linear layer on a frozen encoder learns from augmented views of the first tenth of the
training pictures, ten epochs of batches of 128, Adam 1e-3 with weight decay 1e-6. The notebook's own loop
(`cs231n.train_val`) puts the encoder into training mode meanwhile, so BatchNorm normalises by each batch and
goes on averaging; and the best of the ten epochs is chosen on the test pictures whose accuracy is reported.

Corrected: the encoder stays in evaluation mode; as many labels are drawn class by class; a tenth of those
chooses the epoch, and the test pictures are looked at once. All else is the same.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Int
from torch import Tensor

from ssl_core import device as devices
from ssl_core.assignment_loop import EPOCHS, Linear, Plain, Said, Views, ask, epochs
from ssl_core.building import origin
from ssl_core.chance import step_generator
from ssl_core.datasets.base import Pictures, Report, Split, silent, split_each_class
from ssl_core.encoders import Encoder
from ssl_core.evaluation import confusion
from ssl_core.evaluation.labels import draw_share
from ssl_core.measure import encoder_of
from ssl_core.problem import Problem
from ssl_core.scored import interval
from ssl_core.settings import Settings

SHARE = 0.1  # of the labels
VALIDATION = 0.1  # of the labels that are there, for the corrected protocol


@dataclass(frozen=True)
class Score:
    """Accuracies are 0 to 1. `by_epoch` is what the epoch was chosen by."""

    top1: float
    top5: float
    epoch: int
    by_epoch: tuple[float, ...]
    chosen_on: str
    labels: int
    interval: tuple[float, float]  # of top-1: 95 % of a bootstrap over the test pictures, the epoch as it is
    confusion: list[list[int]]  # rows: what they are; columns: what they are taken for


def score(said: Said, epoch: int, by_epoch: list[float], chosen_on: str, labels: int, classes: int) -> Score:
    """What was said of the test pictures in one epoch, as figures."""
    low, high = interval(said.ranked[:, 0], said.truth)
    table = confusion(said.ranked[:, 0], said.truth, classes).tolist()
    return Score(said.top1, said.top5, epoch, tuple(by_epoch), chosen_on, labels, (low, high), table)


def first_labels(labels: Int[Tensor, " n"], seed: int) -> tuple[Int[Tensor, " k"], str]:
    """Places of the first tenth, and which they are in words.

    CIFAR-10's own order is random. Where pictures lie class by class, as in folders, the first tenth would be
    of one class: there an order is drawn first.
    """
    count = int(SHARE * len(labels))
    if bool((labels.diff() >= 0).all()):
        order = torch.randperm(len(labels), generator=step_generator(seed, 0, "cs231n order"))
        return order[:count], f"the first {count} of an order drawn once, as the pictures lie class by class"
    return torch.arange(count), f"the first {count} pictures"


def to_the_letter(encoder: Encoder, pictures: Pictures, seed: int = 0, report: Report = silent) -> Score:
    """The notebook's protocol, its choice of the epoch on the test pictures included. Raises Problem."""
    places, _ = first_labels(pictures.train.labels, seed)
    device = devices.pick()
    model = Linear(encoder, len(pictures.classes), False, device, seed)
    learnt = enough(pictures.train.subset(places))
    test = Plain(pictures.test, pictures)
    seen = [said for said, _ in epochs(model, Views(learnt, pictures, seed), test, report)]
    by_epoch = [said.top1 for said in seen]
    best = max(range(EPOCHS), key=by_epoch.__getitem__)
    return score(seen[best], best + 1, by_epoch, "test", len(learnt), len(pictures.classes))


def corrected(encoder: Encoder, pictures: Pictures, seed: int = 0, report: Report = silent) -> Score:
    """The same with a still encoder, labels of every class, and the epoch chosen on some of them."""
    drawn = enough(pictures.train.subset(draw_share(pictures.train.labels, SHARE, seed)))
    kept, held = split_each_class(drawn.labels, VALIDATION, seed)
    learnt, validation = enough(drawn.subset(kept)), drawn.subset(held)
    device = devices.pick()
    model = Linear(encoder, len(pictures.classes), True, device, seed)
    best, by_epoch, kept_layer = (-1.0, 0), [], model.fc.state_dict()
    loader = Views(learnt, pictures, seed)
    for epoch, (said, layer) in enumerate(epochs(model, loader, Plain(validation, pictures), report), 1):
        by_epoch.append(said.top1)
        if said.top1 > best[0]:
            best, kept_layer = (said.top1, epoch), layer
    model.fc.load_state_dict(kept_layer)
    said = ask(model, Plain(pictures.test, pictures))
    chosen = f"{len(validation)} of the labelled pictures"
    return score(said, best[1], by_epoch, chosen, len(drawn), len(pictures.classes))


def enough(split: Split) -> Split:
    """Itself, if a classifier can learn from it. Raises Problem."""
    if len(split.labels.unique()) < 2:
        raise Problem(
            "A tenth of the labels is {n}, of one class or none. This protocol needs more pictures.",
            n=len(split),
        )
    return split


def compare_protocols(
    settings: Settings, folder: Path, pictures: Pictures | None = None, report: Report = silent
) -> dict[str, Any]:
    """Both protocols on the run's encoder and on the same encoder with fresh weights. Raises Problem."""
    pictures = settings.seen(pictures or settings.source().load(report))
    encoders = {"pretrained": encoder_of(settings, folder), "random": encoder_of(origin(settings), None)}
    seed = settings.training.seed
    _, words = first_labels(pictures.train.labels, seed)
    return {
        "dataset": pictures.title,
        "encoder": settings.encoder,
        "classes": list(pictures.classes),
        "test_pictures": len(pictures.test),
        "labels": {"letter": words, "corrected": "as many, drawn class by class"},
        "letter": {name: to_the_letter(found, pictures, seed, report) for name, found in encoders.items()},
        "corrected": {name: corrected(found, pictures, seed, report) for name, found in encoders.items()},
    }
