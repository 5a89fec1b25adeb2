"""Projection heads g: what the loss sees is g(f(x)); after training g is thrown away."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

from torch import nn

from ssl_core.config import at_least, knob


@dataclass(frozen=True)
class HeadConfig(ABC):
    """The knobs of one projection head."""

    title: ClassVar[str]
    output_dim: int = knob(128, 2, 1024, "Length of z, the vectors that the loss compares.", log=True)
    hidden: int = knob(512, 16, 4096, "Width of the layer between h and z.", log=True)

    def __post_init__(self) -> None:
        at_least(self, 1, "output_dim", "hidden")

    @abstractmethod
    def build(self, dim: int) -> nn.Module:
        """A freshly initialised head for features of length `dim`."""


@dataclass(frozen=True)
class CS231nHead(HeadConfig):
    """The head of CS231n's assignment 3: Linear without bias, BatchNorm, ReLU, Linear."""

    title: ClassVar[str] = "CS231n: two layers"

    def build(self, dim: int) -> nn.Module:
        """A freshly initialised head for features of length `dim`."""
        return nn.Sequential(
            nn.Linear(dim, self.hidden, bias=False),
            nn.BatchNorm1d(self.hidden),
            nn.ReLU(inplace=True),
            nn.Linear(self.hidden, self.output_dim),
        )


@dataclass(frozen=True)
class MLPHead(HeadConfig):
    """Any number of layers; none at all lets the loss work on h itself."""

    title: ClassVar[str] = "General: any depth"
    layers: int = knob(3, 0, 4, "Linear layers. 0: z = h, 1: a linear map, 3: as SimCLR v2.")
    batch_norm: bool = knob(True, help="Normalise each hidden unit over the batch.")

    def build(self, dim: int) -> nn.Module:
        """A freshly initialised head for features of length `dim`."""
        if self.layers == 0:
            return nn.Identity()
        parts: list[nn.Module] = []
        for _ in range(self.layers - 1):
            parts.append(nn.Linear(dim, self.hidden, bias=not self.batch_norm))
            parts += [nn.BatchNorm1d(self.hidden)] * self.batch_norm + [nn.ReLU(inplace=True)]
            dim = self.hidden
        return nn.Sequential(*parts, nn.Linear(dim, self.output_dim))


HEADS: dict[str, type[HeadConfig]] = {"cs231n": CS231nHead, "mlp": MLPHead}
