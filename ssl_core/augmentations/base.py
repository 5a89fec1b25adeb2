"""What every augmentation is: parameters drawn for each picture, and apart from that, what they do to it.

Because the two are apart, a crop box can be drawn on the original and a view replayed. All draws are made
whatever the knobs say, so with one seed a turned knob changes its own effect and nothing else.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch
from jaxtyping import Float
from torch import Tensor

from ssl_core.config import knob
from ssl_core.problem import Problem

Params = dict[str, Tensor]  # what was drawn; the first axis of each tensor is the picture

PROBABILITY_HELP = "How often a picture gets this; the others pass unchanged."


@dataclass(frozen=True)
class Operation(ABC):
    """One augmentation: a frozen dataclass of knobs.

    A new one is a file, in which a SameSize has `draw` and `change`, and a line in AUGMENTATIONS.
    Pictures are float32 in 0 to 1.
    """

    title: ClassVar[str]
    probability: float = knob(0.5, 0.0, 1.0, PROBABILITY_HELP)

    def __post_init__(self) -> None:
        self.require(0 <= self.probability <= 1, "0 ≤ probability ≤ 1", "probability")

    @abstractmethod
    def draw(self, n: int, generator: torch.Generator) -> Params:
        """Random parameters for n pictures, on the generator's device; the same count for any knobs."""

    def sample(self, n: int, generator: torch.Generator) -> Params:
        """Parameters for n pictures, with `applied`: which of them get it at all."""
        applied = uniform((n,), generator) < self.probability
        return {"applied": applied, **self.draw(n, generator)}

    @abstractmethod
    def apply(
        self, images: Float[Tensor, "n 3 h w"], params: Params, size: int | None = None
    ) -> Float[Tensor, "n 3 a b"]:
        """The pictures with these parameters; those given are not written to.

        Parameters are moved to the pictures' device. Only a crop heeds `size`, the side it gives.
        """

    def resolve(self, params: Params, height: int, width: int) -> Params:
        """The parameters in the terms of pictures this large: a crop tells its box in pixels."""
        return params

    def require(self, holds: bool, rule: str, *names: str) -> None:
        """Raise Problem unless these knobs are where the operation is defined; the rule is in symbols."""
        if not holds:
            raise Problem(
                "{operation} is not defined for {values}. Choose {rule}.",
                operation=self.title,
                values=", ".join(f"{name} = {getattr(self, name)}" for name in names),
                rule=rule,
            )


class SameSize(Operation):
    """An operation that leaves pictures as large as they are, and those it is not applied to alone."""

    @abstractmethod
    def change(self, images: Float[Tensor, "n 3 h w"], params: Params) -> Float[Tensor, "n 3 h w"]:
        """Do it to every picture. The batch is this call's own and may be written to."""

    def apply(
        self, images: Float[Tensor, "n 3 h w"], params: Params, size: int | None = None
    ) -> Float[Tensor, "n 3 a b"]:
        """The pictures with these parameters; those given are not written to. `size` is of no concern."""
        params = move(params, images.device)
        index = params["applied"].nonzero().squeeze(1)
        if len(index) == 0:
            return images
        here = {name: values.index_select(0, index) for name, values in params.items()}
        return images.index_copy(0, index, self.change(images.index_select(0, index), here))


def uniform(
    shape: tuple[int, ...], generator: torch.Generator, low: float = 0.0, high: float = 1.0
) -> Float[Tensor, "..."]:
    """Numbers drawn evenly from low to high, on the generator's device."""
    return torch.rand(shape, generator=generator, device=generator.device).mul_(high - low).add_(low)


def move(params: Mapping[str, Tensor], device: torch.device) -> Params:
    """The parameters on the device of the pictures."""
    return {name: values.to(device) for name, values in params.items()}


def take(params: Mapping[str, Params], index: Sequence[int]) -> dict[str, Params]:
    """What a recipe drew for these pictures only: `take(params, [3])` replays the view of picture 3."""
    return {name: {k: v[list(index)] for k, v in drawn.items()} for name, drawn in params.items()}


def spread(values: Float[Tensor, " n"]) -> Float[Tensor, "n 1 1 1"]:
    """One number a picture, ready to meet (n, 3, h, w)."""
    return values[:, None, None, None]
