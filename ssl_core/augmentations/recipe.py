"""A recipe: operations in order, then normalisation. It makes views of a whole batch at once.

params = recipe.sample(n, generator)   what will happen to each picture
views = recipe.apply(images, params)   it happens; the same parameters give the same views again
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from ssl_core import config
from ssl_core.augmentations import fused
from ssl_core.augmentations.base import Operation, Params
from ssl_core.augmentations.crop import BOX, Crop
from ssl_core.augmentations.pixels import Channels, normalise, unit, whole
from ssl_core.problem import Problem
from ssl_core.trace import checked


@dataclass(frozen=True, eq=False)
class Applied:
    """A picture after one operation of a recipe, with what was drawn for it (no axis for the picture)."""

    name: str
    title: str
    params: Params
    image: Float[Tensor, "3 h w"]  # in 0 to 1

    @property
    def happened(self) -> bool:
        """Whether the operation was applied to this picture, or skipped."""
        return bool(self.params["applied"])

    @property
    def box(self) -> tuple[int, ...] | None:
        """Of a crop: top, left, height and width in pixels of the picture it was cut from."""
        return tuple(int(self.params[name]) for name in BOX) if BOX[0] in self.params else None


@dataclass(frozen=True)
class Recipe:
    """How views are made. `size` is their side in pixels; `mean` and `std` normalise them, per channel."""

    title: str
    about: str
    operations: Mapping[str, Operation]
    size: int = 32
    mean: Channels = (0.5, 0.5, 0.5)
    std: Channels = (0.5, 0.5, 0.5)

    def sample(self, n: int, generator: torch.Generator) -> dict[str, Params]:
        """What will happen to each of n pictures, by operation. Raises Problem if n < 1."""
        if n < 1:
            raise Problem("There are no pictures to augment. Give at least one.")
        return {name: operation.sample(n, generator) for name, operation in self.operations.items()}

    @checked
    def apply(
        self, images: UInt8[Tensor, "n 3 h w"], params: Mapping[str, Params]
    ) -> Float[Tensor, "n 3 {self.size} {self.size}"]:
        """The views, normalised, on the pictures' device. Raises Problem if the parameters do not fit."""
        self._match(images, params)
        if fused.fits(self.operations, images):
            return fused.views(self.operations, images, params, self.size, self.mean, self.std)
        views = self._begin(images)
        for name, operation in self.operations.items():
            views = operation.apply(views, params[name], self.size)
        return normalise(views, self.mean, self.std)

    def warm_up(self) -> None:
        """Compile now what `apply` would compile at its first large batch, so that no step waits for it."""
        images = torch.zeros(fused.FEWEST, 3, 8, 8, dtype=torch.uint8)
        self.apply(images, self.sample(len(images), torch.Generator().manual_seed(0)))

    @checked
    def trace(
        self,
        image: UInt8[Tensor, "3 h w"],
        generator: torch.Generator | None = None,
        params: Mapping[str, Params] | None = None,
    ) -> list[Applied]:
        """One picture after every operation, with the parameters given or drawn from the generator.

        The last is what `apply` makes of the same parameters, before normalisation.
        """
        if params is None:
            if generator is None:
                raise TypeError("trace needs a generator, or the parameters that were drawn")
            params = self.sample(1, generator)
        self._match(image[None], params)
        views, seen = self._begin(image[None]), []
        for name, operation in self.operations.items():
            drawn = operation.resolve(params[name], *views.shape[-2:])
            views = operation.apply(views, params[name], self.size)
            seen.append(Applied(name, operation.title, {k: v[0] for k, v in drawn.items()}, views[0]))
        return seen

    def _match(self, images: Tensor, params: Mapping[str, Params]) -> None:
        drawn = {len(values) for name in self.operations for values in params[name].values()}
        if len(images) and drawn - {len(images)}:
            raise Problem(
                "The parameters are of {drawn} pictures, and there are {n}. Draw as many.",
                drawn=", ".join(map(str, sorted(drawn))),
                n=len(images),
            )

    def _begin(self, images: Tensor) -> Tensor:
        views = unit(images)
        crops = any(isinstance(operation, Crop) for operation in self.operations.values())
        return views if crops else whole(views, self.size)

    def fit(self, size: int, mean: Channels, std: Channels) -> "Recipe":
        """The same recipe for pictures of a data set: their side in pixels, and how to normalise them."""
        return replace(self, size=size, mean=mean, std=std)

    def knobs(self) -> dict[str, config.Knob]:
        """All there is to turn, by names such as "crop.scale_low"; a knob's default is its value here."""
        return {
            f"{name}.{k}": replace(knob, default=knob.parse(getattr(operation, k)))
            for name, operation in self.operations.items()
            for k, knob in config.knobs(operation).items()
        }

    def turned(self, values: Mapping[str, Any]) -> "Recipe":
        """The recipe with some knobs set, by the names of `knobs`. Raises Problem on what cannot be."""
        known = self.knobs()
        changes: dict[str, dict[str, Any]] = {name: {} for name in self.operations}
        for key, value in values.items():
            knob = config.look_up(known, key, "knob of this recipe")
            changes[key.partition(".")[0]][knob.name] = knob.parse(value)
        operations = {name: replace(op, **changes[name]) for name, op in self.operations.items()}
        return replace(self, operations=operations)
