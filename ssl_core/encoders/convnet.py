"""The smallest encoder worth training: four convolutions, for a run that moves while one watches."""

from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar

from jaxtyping import Float
from torch import Tensor, nn

from ssl_core.config import knob
from ssl_core.encoders.base import Encoder, EncoderConfig


class _ConvNet(Encoder):
    def __init__(self, width: int) -> None:
        super().__init__()
        widths = [3, width, 2 * width, 4 * width, 4 * width]
        layers: list[nn.Module] = []
        for before, after in pairwise(widths):
            layers += [nn.Conv2d(before, after, 3, stride=2, padding=1, bias=False)]
            layers += [nn.BatchNorm2d(after), nn.ReLU(inplace=True)]
        self.layers = nn.Sequential(*layers)
        self.dim = 4 * width

    def forward(self, x: Float[Tensor, "n 3 h w"]) -> Float[Tensor, "n d"]:
        return self.layers(x).mean((2, 3))  # any picture size


@dataclass(frozen=True)
class ConvNet(EncoderConfig):
    """Four strided convolutions and a mean over places."""

    title: ClassVar[str] = "Small convnet"
    width: int = knob(32, 8, 128, "Channels of the first layer; the features are four times as wide.")

    def build(self) -> Encoder:
        """A freshly initialised convnet."""
        return _ConvNet(self.width)
