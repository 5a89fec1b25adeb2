"""What every encoder is: a module that turns pictures into feature vectors and knows their length."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

from torch import nn

from ssl_core.config import at_least, knob


class Encoder(nn.Module):
    """f: (n, 3, h, w) to (n, dim). Subclasses set `dim`."""

    dim: int


@dataclass(frozen=True)
class EncoderConfig(ABC):
    """The knobs of one encoder."""

    title: ClassVar[str]
    width: int = knob(32, 8, 128, "Channels of the first layer.")

    def __post_init__(self) -> None:
        at_least(self, 1, "width")

    @abstractmethod
    def build(self) -> Encoder:
        """A freshly initialised encoder; weights come from torch's global generator."""
