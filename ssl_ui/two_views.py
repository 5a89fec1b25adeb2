"""What the augmentations tab stands at, and the two views that follow from it: numbers and pictures."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ssl_core.augmentations import RECIPES, Applied, Recipe, take
from ssl_core.config import knob, look_up
from ssl_core.datasets.decode import decode
from ssl_core.problem import Problem
from ssl_ui.context import Context
from ssl_ui.handlers import held
from ssl_ui.i18n import t
from ssl_ui.pictures import data_url, from_data_url

VIEWS = 2
SEEDS = 10_000
UPLOAD_SIDE = 128  # pixels: a photograph is told apart, and eleven of it are sent in one answer
LARGEST_UPLOAD = 20 * 2**20  # bytes


@dataclass(frozen=True)
class AugmentState:
    """What the tab stands at. An upload ("": none) is a PNG data URL and stands in for the data set's."""

    dataset: str
    index: int = 0
    recipe: str = "simclr"
    seed: int = knob(1, 0, SEEDS - 1, "The same seed draws the same two views.")
    knobs: Mapping[str, Any] = field(default_factory=dict)  # those left out stand at the recipe's own
    upload: str = ""
    upload_name: str = ""


@dataclass(frozen=True, eq=False)
class TwoViews:
    """One picture and, for each view, what it is after every operation."""

    title: str
    label: str
    original: Tensor
    recipe: Recipe
    steps: list[list[Applied]]


def make_views(context: Context, state: AugmentState) -> TwoViews:
    """Draw both views from the seed. Raises Problem."""
    recipe = look_up(RECIPES, state.recipe, "recipe")
    for name, own in recipe.knobs().items():
        held(own, state.knobs.get(name, own.default))
    recipe = recipe.turned(state.knobs)
    pictures = context.pictures(state.dataset)
    if state.upload:
        title, label = state.upload_name, t("uploaded")
        image = decode(from_data_url(state.upload), UPLOAD_SIDE, state.upload_name)
    else:
        place = checked_place(state.index, len(pictures.train))
        title = t("{dataset}, training picture {index}", dataset=t(pictures.title), index=place)
        label = t(pictures.classes[int(pictures.train.labels[place])])
        image = pictures.train.images[place]
    recipe = recipe.fit(image.shape[-1], pictures.mean, pictures.std)
    drawn = recipe.sample(VIEWS, torch.Generator().manual_seed(state.seed))
    steps = [recipe.trace(image, params=take(drawn, [view])) for view in range(VIEWS)]
    return TwoViews(title, label, image, recipe, steps)


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


def to_json(made: TwoViews) -> dict[str, Any]:
    """For programs and for the page: boxes in pixels, drawn numbers, pictures as PNG data URLs."""
    return {
        "title": made.title,
        "label": made.label,
        "size": made.original.shape[-1],
        "original": data_url(made.original),
        "boxes": [next((list(s.box) for s in steps if s.box), None) for steps in made.steps],
        "views": [
            {"picture": data_url(steps[-1].image), "steps": [_step(s) for s in steps]} for steps in made.steps
        ],
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
