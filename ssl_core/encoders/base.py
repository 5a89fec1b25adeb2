"""What every encoder is: a module that turns pictures into feature vectors and knows their length."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

from torch import nn


class Encoder(nn.Module):
    """f: (n, 3, h, w) to (n, dim). Subclasses set `dim`."""

    dim: int


@dataclass(frozen=True)
class EncoderConfig(ABC):
    """The knobs of one encoder."""

    title: ClassVar[str]

    @abstractmethod
    def build(self) -> Encoder:
        """A freshly initialised encoder; weights come from torch's global generator."""
