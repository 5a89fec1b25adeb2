"""What the pictures were made of, as targets of a probe: what was the encoder taught to keep, what to forget?

Known where the pictures were drawn in code. The shape is their class; the rest is measured.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

from ssl_core.datasets.base import Facts, Split
from ssl_core.problem import Problem

Known = Facts | Split
COLOURFUL = 0.1  # the least chroma (0 to 1) at which a hue is asked for
DIRECTED = ("crescent", "arrow", "heart")  # that look the same after a whole turn only


@dataclass(frozen=True, eq=False)
class Target:
    """The numbers to foretell, and the places of the pictures of which they can be asked."""

    values: Float[Tensor, "k q"]
    index: Int[Tensor, " k"]


def _hue(split: Known, classes: tuple[str, ...]) -> Target:
    """Where a colour stands on the circle from red by green to blue; grey stands nowhere."""
    red, green, blue = split.factors["colour"].unbind(1)
    x, y = red - (green + blue) / 2, math.sqrt(0.75) * (green - blue)
    chroma = torch.hypot(x, y)
    index = (chroma > COLOURFUL).nonzero()[:, 0]
    return Target(torch.stack([x, y], dim=1)[index] / chroma[index, None], index)


def _turn(split: Known, classes: tuple[str, ...]) -> Target:
    turning = torch.tensor([name in DIRECTED for name in classes])
    index = turning[split.labels].nonzero()[:, 0]
    turn = split.factors["turn"][index]
    return Target(torch.stack([turn.cos(), turn.sin()], dim=1), index)


def _plain(*names: str) -> Callable[[Known, tuple[str, ...]], Target]:
    """Factors that are plain numbers, of every picture."""

    def target(split: Known, classes: tuple[str, ...]) -> Target:
        return Target(torch.stack([split.factors[name] for name in names], dim=1), torch.arange(len(split)))

    return target


MEASURED: dict[str, Callable[[Known, tuple[str, ...]], Target]] = {
    "colour": _hue,
    "place": _plain("x", "y"),
    "size": _plain("radius"),
    "turn": _turn,
}

MEANING = {
    "shape": "top-1 of its class",
    "colour": f"R² of the hue as an angle, where the chroma is above {COLOURFUL}",
    "place": "R² of x and y",
    "size": "R² of the radius",
    "turn": f"R² of the angle, of {', '.join(DIRECTED)}: the others look alike before a whole turn",
}


def target(name: str, split: Known, classes: tuple[str, ...]) -> Target:
    """What a probe of this factor is to foretell. Raises Problem where the factors are not known."""
    if not {"colour", "x", "y", "radius", "turn"} <= split.factors.keys():
        raise Problem("Of these pictures no factors are known; those of shapes are. Leave the factors out.")
    return MEASURED[name](split, classes)
