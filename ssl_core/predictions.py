"""What a run's classifier says of every test picture: the cells of its confusion matrix, picture by picture.

Worked out as the test at the end of the run was, in the same precision, so that both count the same.
"""

from dataclasses import dataclass
from pathlib import Path

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from ssl_core import device as devices
from ssl_core.classifier import Classifier
from ssl_core.datasets.base import Report, silent
from ssl_core.evaluation import extract
from ssl_core.settings import Settings


@dataclass(frozen=True, eq=False)
class Predictions:
    """How probable each class was said to be for each test picture, and which class it is."""

    shares: Float[Tensor, "n c"]
    labels: Int[Tensor, " n"]

    @property
    def said(self) -> Int[Tensor, " n"]:
        """The likeliest class of each."""
        return self.shares.argmax(1)

    def cell(self, true: int, said: int) -> list[int]:
        """Places of the pictures of one class that were taken for another (or the same), surest first."""
        return self._surest((self.labels == true) & (self.said == said))

    def wrong(self) -> list[int]:
        """Places of all that were taken for another class, those first of which it was surest."""
        return self._surest(self.said != self.labels)

    def right(self) -> list[int]:
        """Places of all that were recognised, surest first, the classes taking turns."""
        by_class = [self.cell(k, k) for k in range(self.shares.shape[1])]
        longest = max(map(len, by_class), default=0)
        return [places[turn] for turn in range(longest) for places in by_class if turn < len(places)]

    def _surest(self, chosen: Tensor) -> list[int]:
        places = chosen.nonzero().flatten()
        best = self.shares[places].max(1).values
        return places[best.argsort(descending=True, stable=True)].tolist()


def predictions(settings: Settings, folder: Path, report: Report = silent) -> Predictions:
    """Of the run in this folder, on the test pictures that `settings` name. Raises Problem."""
    test = settings.source().load(report).test
    classifier = Classifier.load(folder)
    encoder, head = classifier.model
    device = devices.pick(settings.training.device)
    h = extract(
        devices.place(encoder, device),
        test.images,
        mean=classifier.mean,
        std=classifier.std,
        device=device,
        precision=devices.precision(device, settings.training.precision),
    )
    return Predictions(shares(head, h), test.labels.long())


def shares(head: nn.Module, h: Float[Tensor, "n d"]) -> Float[Tensor, "n c"]:
    """Of features on the processor; rows sum to 1."""
    with torch.no_grad():
        return head.cpu()(h).softmax(1)
