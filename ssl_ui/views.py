"""What the augmentations tab stands at, and the views that follow from it: numbers and pictures."""

import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Int, UInt8
from torch import Tensor

from ssl_core.augmentations import RECIPES, Applied, Recipe, take
from ssl_core.config import knob, look_up
from ssl_core.datasets.base import Pictures
from ssl_core.datasets.decode import decode
from ssl_core.problem import Problem
from ssl_ui.context import Context
from ssl_ui.handlers import held
from ssl_ui.i18n import t
from ssl_ui.pictures import data_url, from_data_url
from ssl_ui.view_roles import roles

MOST = 16  # views: EMP-SSL trains with more, but a picture full of boxes shows nothing
SEEDS = 10_000
UPLOAD_SIDE = 128  # pixels: a photograph is told apart, and a page full of them is sent in one answer
LARGEST_UPLOAD = 20 * 2**20  # bytes


@dataclass(frozen=True)
class AugmentState:
    """What the tab stands at. An upload ("": none) is a PNG data URL and stands in for the data set's."""

    dataset: str
    index: int = 0
    recipe: str = "simclr"
    seed: int = knob(1, 0, SEEDS - 1, "The same seed draws the same views.")
    views: int = knob(
        2,
        2,
        MOST,
        f"How many of each picture. Shown here: up to {MOST}; EMP-SSL trains on up to 200 patches.",
    )
    knobs: Mapping[str, Any] = field(default_factory=dict)  # those left out stand at the recipe's own
    chosen: int = knob(1, 1, MOST, "Whose film is shown, where not all are.")
    upload: str = ""
    upload_name: str = ""


@dataclass(frozen=True, eq=False)
class Views:
    """One picture and, for each view, what it is after every operation.

    `also` is another picture of its class with two views, where the method has them for positives too.
    """

    title: str
    label: str
    original: Tensor
    recipe: Recipe
    steps: list[list[Applied]]
    also: "Views | None" = None


def make_views(context: Context, state: AugmentState) -> Views:
    """Draw all views from the seed. Raises Problem."""
    recipe = look_up(RECIPES, state.recipe, "recipe")
    for name, own in recipe.knobs().items():
        held(own, state.knobs.get(name, own.default))
    pictures = context.pictures(state.dataset)
    recipe = recipe.turned(state.knobs)
    if state.upload:
        image = decode(from_data_url(state.upload), UPLOAD_SIDE, state.upload_name)
        recipe = recipe.fit(UPLOAD_SIDE, pictures.mean, pictures.std)
        steps = draw(recipe, image, state.views, state.seed)
        return Views(state.upload_name, t("uploaded"), image, recipe, steps)
    recipe = recipe.fit(pictures.size, pictures.mean, pictures.std)
    place = checked_place(state.index, len(pictures.train))
    other = classmate(pictures.train.labels, place) if roles(state.recipe).by_class else None
    also = None if other is None else views_of(pictures, other, recipe, 2, SEEDS + state.seed)
    return views_of(pictures, place, recipe, state.views, state.seed, also)


def views_of(
    pictures: Pictures, place: int, recipe: Recipe, count: int, seed: int, also: Views | None = None
) -> Views:
    """Views of one training picture."""
    image = pictures.train.images[place]
    title = t("{dataset}, training picture {index}", dataset=t(pictures.title), index=place)
    label = t(pictures.classes[int(pictures.train.labels[place])])
    return Views(title, label, image, recipe, draw(recipe, image, count, seed), also)


def draw(recipe: Recipe, image: UInt8[Tensor, "3 h w"], count: int, seed: int) -> list[list[Applied]]:
    """So many views of one picture. Drawn two by two: more views leave the first as they were."""
    generator = torch.Generator().manual_seed(seed)
    pairs = [recipe.sample(2, generator) for _ in range((count + 1) // 2)]
    return [recipe.trace(image, params=take(pairs[k // 2], [k % 2])) for k in range(count)]


def classmate(labels: Int[Tensor, " n"], place: int) -> int | None:
    """The next picture of the same class, the first after the last; None if there is no other."""
    same = (labels == labels[place]).nonzero().squeeze(1)
    ahead = (same - place - 1) % len(labels)  # the picture itself comes last
    nearest = int(same[ahead.argmin()])
    return None if nearest == place else nearest


def checked_place(index: Any, n: int) -> int:
    """A picture's place among n. Raises Problem."""
    try:
        place = int(index)
    except (TypeError, ValueError, OverflowError):
        place = -1
    if place != index or not 0 <= place < n:
        raise Problem(
            "There is no picture {index!r}. Give a number from 0 to {last}.", index=index, last=n - 1
        )
    return place


def to_json(made: Views, filmed: Collection[int] | None = None) -> dict[str, Any]:
    """For programs and for the page: boxes in pixels, drawn numbers, pictures as PNG data URLs.

    The page names the views whose steps it shows, for most of the time goes into pictures (None: all).
    """
    told = range(len(made.steps)) if filmed is None else filmed
    return {
        "title": made.title,
        "label": made.label,
        "size": made.original.shape[-1],
        "original": data_url(made.original),
        "boxes": [next((list(s.box) for s in steps if s.box), None) for steps in made.steps],
        "views": [
            {"picture": data_url(steps[-1].image), "steps": [_step(s) for s in steps if k in told]}
            for k, steps in enumerate(made.steps)
        ],
        "also": to_json(made.also, None if filmed is None else ()) if made.also else None,
    }


def _step(step: Applied) -> dict[str, Any]:
    params = {name: value.tolist() for name, value in step.params.items() if name != "applied"}
    return {
        "name": step.name,
        "title": t(step.title),
        "applied": step.happened,
        "params": params,
        "picture": data_url(step.image),
    }


def a_dozen(n: int, seed: int | None = None) -> list[int]:
    """Twelve places among n pictures (all, if there are fewer), from a seed or at random."""
    generator = torch.Generator().manual_seed(secrets.randbits(32) if seed is None else seed)
    return torch.randperm(n, generator=generator)[:12].tolist()


def accept(file: str) -> dict[str, str]:
    """An uploaded file as the parts of a state: decoded, cut square and scaled. Raises Problem, naming it."""
    path = Path(file)
    if path.stat().st_size > LARGEST_UPLOAD:
        raise Problem(
            "{file} is larger than {limit} MB. Scale the picture down and upload it again.",
            file=path.name,
            limit=LARGEST_UPLOAD // 2**20,
        )
    return {"upload": data_url(decode(path.read_bytes(), UPLOAD_SIDE, path.name)), "upload_name": path.name}
