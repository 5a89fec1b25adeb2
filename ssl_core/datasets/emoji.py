"""Some 1,900 emoji, drawn by people and yet small enough to come along: a real data set without a network.

The pictures are transparent around the figure; each is laid over a plain colour drawn from a seed.
Built by assets/build_emoji.py, which says what they are and under which licence.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from ssl_core.config import knob
from ssl_core.datasets.base import Pictures, Report, Source, Split, describe, silent, split_each_class

FILE = Path(__file__).resolve().parents[2] / "assets" / "emoji.npz"


@dataclass(frozen=True)
class Emoji(Source):
    """Noto emoji on plain backgrounds, labelled by their nine Unicode groups."""

    title = "Emoji"
    about = "Some 1,900 Noto emoji on plain random colours, in nine Unicode groups. Needs no network."

    seed: int = knob(0, 0, 999, "draws the background colours and the test split")

    def load(self, report: Report = silent) -> Pictures:
        """Unpack them and lay each over its background."""
        report("Opening emoji", 0.0)
        with np.load(FILE, allow_pickle=False) as stored:
            rgba = torch.from_numpy(stored["rgba"]).permute(0, 3, 1, 2)  # n 4 32 32
            labels = torch.from_numpy(stored["labels"]).long()
            groups = tuple(stored["groups"].tolist())
        colours = torch.rand(len(rgba), 3, generator=torch.Generator().manual_seed(self.seed))
        pictures = Split(lay_over(rgba, colours), labels, {"background": colours})
        train, test = split_each_class(labels, 0.2, self.seed)
        return describe(self.title, groups, pictures.subset(train), pictures.subset(test))


def lay_over(rgba: UInt8[Tensor, "n 4 h w"], colours: Float[Tensor, "n 3"]) -> UInt8[Tensor, "n 3 h w"]:
    """The pictures over plain backgrounds; colours in 0 to 1."""
    figure, alpha = rgba[:, :3].float(), rgba[:, 3:].float() / 255
    return (colours[:, :, None, None] * 255).lerp(figure, alpha).round().to(torch.uint8)
