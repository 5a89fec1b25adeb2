"""What every method is: a module that turns views into a trace, and what it does after each step."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from ssl_core.encoders import Encoder
from ssl_core.losses import Loss
from ssl_core.trace import Trace


@dataclass(frozen=True, eq=False)
class Outcome:
    """One forward pass: the loss with its stages, and the outputs whose geometry is watched."""

    trace: Trace
    z: Float[Tensor, "v n d"]
    also: Mapping[str, float] = field(default_factory=dict)  # numbers to draw beside the loss's own terms


class Method(nn.Module):
    """An encoder f and a head g, trained by a loss. State (queues, slow copies) belongs to the method.

    A method with knobs of its own names a dataclass of them as `Knobs`; it is passed on as `knobs`, and a
    knob `views` of it says how many views of each picture the method takes.
    """

    title: ClassVar[str]
    paper: ClassVar[str]
    loss_name: ClassVar[str]  # an entry of LOSSES
    recipe_name: ClassVar[str]  # an entry of RECIPES
    Knobs: ClassVar[type[Any] | None] = None
    suits: ClassVar[
        Mapping[str, Any]
    ] = {}  # fields of Settings that it is best begun with, where they differ
    steady: ClassVar[tuple[str, ...]] = ()  # parts whose learning rate stays at its peak
    supervised: ClassVar[bool] = False  # whether it reads labels
    classifies: ClassVar[bool] = False  # whether its outputs are one score for each class
    unstarted: ClassVar[str] = ""  # what a run from fresh weights is, where that is easily taken for another
    test_patches: ClassVar[int] = 0  # whose mean its features are at test time; 0: the whole picture

    encoder: Encoder
    head: nn.Module
    loss: Loss
    generator: torch.Generator  # all chance of a step; whoever trains sets it anew before each

    def __init__(
        self, encoder: Encoder, head: nn.Module, loss: Loss, knobs: Any = None, classes: int = 10
    ) -> None:
        super().__init__()
        self.encoder, self.head, self.loss, self.classes = encoder, head, loss, classes
        self.knobs = self.Knobs() if knobs is None and self.Knobs else knobs
        self.generator = torch.Generator().manual_seed(0)

    @property
    def views(self) -> int:
        """How many views of each picture a batch holds."""
        return getattr(self.knobs, "views", 2)

    def forward(self, x: Float[Tensor, "v n 3 h w"], labels: Int[Tensor, " n"]) -> Outcome:
        """The loss of one batch of views: that of their projections, unless a method does more.

        Methods without supervision leave `labels` alone.
        """
        z = self.project(x)
        return Outcome(self.compare(z, labels=labels) if self.supervised else self.compare(z), z)

    @property
    def compare(self) -> Callable[..., Any]:
        """The loss: its brief form while training, with every stage for who looks at them and evaluates."""
        return self.loss.brief if self.training else self.loss

    def before_step(self, progress: float) -> None:
        """What happens between the backward pass and the optimiser's step: gradients may be withheld."""

    def after_step(self, progress: float) -> None:
        """What happens after the optimiser's step: queues turn, slow copies follow."""

    def project(self, x: Float[Tensor, "v n 3 h w"]) -> Float[Tensor, "v n d"]:
        """g(f(x)) of all views in one forward pass, so that BatchNorm cannot tell them apart."""
        v, n = x.shape[:2]
        return self.head(self.encoder(x.flatten(0, 1))).unflatten(0, (v, n))

    def collapsed(self, n: int, d: int) -> float | None:
        """The loss of a batch of n pictures when all outputs (of length d) are one point, if known."""
        return self.loss.collapsed({"v": self.views, "n": n, "d": d})

    @classmethod
    def fits(cls, knobs: Any, batch_size: int) -> None:
        """Raise Problem, with the remedy, if the method cannot train on batches of this size."""

    @classmethod
    def widen(cls, encoder: Encoder, knobs: Any) -> Encoder:
        """What is trained and kept as f: the encoder, or the encoder with layers that the method adds."""
        return encoder
