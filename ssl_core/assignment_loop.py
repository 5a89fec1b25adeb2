"""The notebook's linear classifier on a frozen encoder, what is shown to it, and its ten epochs."""

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from ssl_core import device as devices
from ssl_core.augmentations import RECIPES, plain
from ssl_core.chance import seeded, step_generator
from ssl_core.cs231n.utils import one_epoch
from ssl_core.datasets.base import Pictures, Report, Split
from ssl_core.encoders import Encoder

EPOCHS, BATCH, RATE, DECAY = 10, 128, 1e-3, 1e-6  # as in the notebook
AT_ONCE = 500  # pictures, when nothing is learnt


class Linear(nn.Module):
    """The notebook's Classifier: f, which is frozen, and fc. `still`: f stays in evaluation mode."""

    def __init__(self, f: Encoder, classes: int, still: bool, device: torch.device, seed: int) -> None:
        super().__init__()
        self.f = devices.place(deepcopy(f), device).requires_grad_(False)
        with seeded(seed):
            self.fc = nn.Linear(f.dim, classes)
        self.still, self.device = still, device

    def train(self, mode: bool = True) -> "Linear":
        """As the notebook switches; but a still encoder does not follow."""
        super().train(mode)
        if self.still:
            self.f.eval()
        return self

    def forward(self, x: Float[Tensor, "n 3 h w"]) -> Float[Tensor, "n c"]:
        """The scores of n pictures."""
        with devices.autocast(self.device, devices.precision(self.device)):
            h = self.f(x.contiguous(memory_format=torch.channels_last))
        return self.fc(h.float())


@dataclass
class Views:
    """A loader of augmented views: another order and other views each time it is gone through."""

    split: Split
    pictures: Pictures
    seed: int
    epoch: int = 0

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        self.epoch += 1
        pictures = self.pictures
        recipe = RECIPES["cs231n"].fit(pictures.size, pictures.mean, pictures.std)
        generator = step_generator(self.seed, self.epoch, "cs231n")
        for places in torch.randperm(len(self.split), generator=generator).split(BATCH):
            images = self.split.images[places]
            yield recipe.apply(images, recipe.sample(len(places), generator)), self.split.labels[places]


@dataclass
class Plain:
    """A loader of pictures as they are."""

    split: Split
    pictures: Pictures

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        size, mean, std = self.pictures.size, self.pictures.mean, self.pictures.std
        for start in range(0, len(self.split), AT_ONCE):
            some = slice(start, start + AT_ONCE)
            yield plain(self.split.images[some], size, mean, std), self.split.labels[some]


@dataclass(frozen=True, eq=False)
class Said:
    """The likeliest classes of each picture, up to five, the likeliest first, and what it is."""

    ranked: Int[Tensor, "n top"]
    truth: Int[Tensor, " n"]

    @property
    def top1(self) -> float:
        """How much was right, 0 to 1."""
        return float((self.ranked[:, 0] == self.truth).double().mean())

    @property
    def top5(self) -> float:
        """How often the class was among those, 0 to 1."""
        return float((self.ranked == self.truth[:, None]).any(1).double().mean())


@torch.no_grad()
def ask(model: Linear, seen: Plain) -> Said:
    """What the classifier says, in evaluation mode; picture by picture: the notebook's loop only counts."""
    model.eval()
    ranked, truth = [], []
    for x, labels in seen:
        scores = model(devices.send(x, model.device)).cpu()
        ranked.append(scores.topk(min(5, scores.shape[1])).indices)
        truth.append(labels)
    return Said(torch.cat(ranked), torch.cat(truth).long())


def epochs(
    model: Linear, learnt: Views, seen: Plain, report: Report
) -> Iterator[tuple[Said, dict[str, Tensor]]]:
    """Ten epochs of the notebook's loop: after each, what it says of `seen`, and the layer's weights."""
    optimizer = torch.optim.Adam(model.fc.parameters(), lr=RATE, weight_decay=DECAY)
    for epoch in range(1, EPOCHS + 1):
        report("A linear layer learns", (epoch - 1) / EPOCHS)
        one_epoch(model, learnt, optimizer, device=model.device)
        yield ask(model, seen), deepcopy(model.fc.state_dict())
