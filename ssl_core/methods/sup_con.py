"""SupCon: pictures of one class attract, all others in the batch repel.

Khosla et al. 2020, https://arxiv.org/abs/2004.11362. The first of two stages; the second is `linear`, a layer
on the frozen encoder, and `cross_entropy` is the usual training to hold it against.
"""

from dataclasses import dataclass
from typing import ClassVar

from ssl_core.config import at_least, knob
from ssl_core.methods.base import Method


@dataclass(frozen=True)
class SupConKnobs:
    """What SupCon adds to its loss."""

    views: int = knob(2, 1, 8, "Views of each picture. With one, a class needs two pictures in the batch.")

    def __post_init__(self) -> None:
        at_least(self, 1, "views")


class SupCon(Method):
    """SimCLR's loss with labels: every view of every picture of the anchor's class is a positive."""

    title: ClassVar[str] = "SupCon"
    paper: ClassVar[str] = "https://arxiv.org/abs/2004.11362"
    loss_name: ClassVar[str] = "sup_con"
    recipe_name: ClassVar[str] = "sup_con"
    Knobs: ClassVar[type[SupConKnobs]] = SupConKnobs
    supervised: ClassVar[bool] = True
