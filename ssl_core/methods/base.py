"""What every method is: a module that turns views into a trace, and what it does after each step."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

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


class Method(nn.Module, ABC):
    """An encoder f and a head g, trained by a loss. State (queues, slow copies) belongs to the method.

    A method with knobs of its own names a dataclass of them as `Knobs`; it is passed on as `knobs`.
    """

    title: ClassVar[str]
    paper: ClassVar[str]
    loss_name: ClassVar[str]  # an entry of LOSSES
    recipe_name: ClassVar[str]  # an entry of RECIPES
    views: ClassVar[int] = 2
    Knobs: ClassVar[type[Any] | None] = None

    encoder: Encoder
    head: nn.Module
    loss: Loss

    def __init__(self, encoder: Encoder, head: nn.Module, loss: Loss, knobs: Any = None) -> None:
        super().__init__()
        self.encoder, self.head, self.loss, self.knobs = encoder, head, loss, knobs

    @abstractmethod
    def forward(self, x: Float[Tensor, "v n 3 h w"], labels: Int[Tensor, " n"]) -> Outcome:
        """The loss of one batch of views. Methods without supervision leave `labels` alone."""

    def after_step(self, progress: float) -> None:
        """What happens after the optimiser's step: queues turn, slow copies follow."""

    def project(self, x: Float[Tensor, "v n 3 h w"]) -> Float[Tensor, "v n d"]:
        """g(f(x)) of all views in one forward pass, so that BatchNorm cannot tell them apart."""
        v, n = x.shape[:2]
        return self.head(self.encoder(x.flatten(0, 1))).unflatten(0, (v, n))
