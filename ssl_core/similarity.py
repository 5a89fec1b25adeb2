"""A batch of view pairs through an encoder: what a similarity matrix is made of.

Unlike a training step everything runs in evaluation mode, so that the cosine of two views hangs on these two
and the encoder alone, not on their neighbours in the batch.
"""

from dataclasses import dataclass
from pathlib import Path

import torch
from jaxtyping import Float, Int, UInt8
from torch import Tensor

from ssl_core import device as devices
from ssl_core.augmentations import Recipe
from ssl_core.checkpoints import load_state
from ssl_core.config import look_up
from ssl_core.datasets.base import Pictures
from ssl_core.evaluation.features import evaluating
from ssl_core.learner import build_method, step_generator
from ssl_core.losses import PairTrace
from ssl_core.measure import encoder_of
from ssl_core.methods import Method
from ssl_core.problem import Problem
from ssl_core.settings import Settings

LAYERS = {"z": "z = g(f(x)): what the loss compares", "h": "h = f(x): what is kept"}


@dataclass(frozen=True, eq=False)
class Pairs:
    """n test pictures (places in the split) and two views of each, normalised and as pixels."""

    index: Int[Tensor, " n"]
    labels: Int[Tensor, " n"]
    views: Float[Tensor, "2 n 3 s s"]
    pixels: UInt8[Tensor, "2 n 3 s s"]


def draw_pairs(pictures: Pictures, recipe: Recipe, n: int, seed: int) -> Pairs:
    """Two views of each of n test pictures; the same seed gives the same views. Raises Problem."""
    if not 1 <= n <= len(pictures.test):
        raise Problem(
            "{n} pictures were asked for, and {dataset} has {there} to test. Choose a number from 1 to that.",
            n=n,
            dataset=pictures.title,
            there=len(pictures.test),
        )
    order = torch.randperm(len(pictures.test), generator=step_generator(seed, 0, "pictures"))
    chosen = pictures.test.subset(order[:n])
    recipe = recipe.fit(pictures.size, pictures.mean, pictures.std)
    params = recipe.sample(2 * n, step_generator(seed, 0, "views"))
    views = recipe.apply(chosen.images.repeat(2, 1, 1, 1), params)
    mean, std = torch.tensor(recipe.mean).view(3, 1, 1), torch.tensor(recipe.std).view(3, 1, 1)
    pixels = (views * std + mean).mul(255).round().clamp(0, 255).to(torch.uint8)
    return Pairs(order[:n], chosen.labels, views.unflatten(0, (2, n)), pixels.unflatten(0, (2, n)))


def has_head(folder: Path | None) -> bool:
    """Whether z can be computed: an untrained method has its head, a saved run only with its whole state."""
    return folder is None or (folder / "state.pt").exists()


def method_of(settings: Settings, folder: Path | None, layer: str = "z") -> Method:
    """The method as far as `layer` needs it, as saved in `folder`; without one as before its first step.

    Raises Problem where nothing is saved yet, or where z is asked for and the head was not saved.
    """
    look_up(LAYERS, layer, "layer")
    method = build_method(settings)
    if layer == "h":
        method.encoder = encoder_of(settings, folder)
    elif folder is not None:
        _load_whole(method, folder)
    return devices.place(method, devices.pick()).eval()


def _load_whole(method: Method, folder: Path) -> None:
    if not has_head(folder):
        raise Problem(
            "{run} is saved without its projection head, so there is no z. Choose h instead.", run=folder.name
        )
    try:
        method.load_state_dict(load_state(folder / "state.pt")["method"])
    except (RuntimeError, KeyError) as error:
        raise Problem(
            "The saved state of {run} does not fit its settings ({why}). Choose h instead.",
            run=folder.name,
            why=str(error).splitlines()[0],
        ) from error


def represent(method: Method, views: Float[Tensor, "2 n 3 s s"], layer: str) -> Float[Tensor, "2 n d"]:
    """z or h of every view, not normalised, float32, on the processor."""
    device = devices.pick()
    x = devices.send(views, device)
    with torch.no_grad(), evaluating(method), devices.autocast(device, devices.precision(device)):
        if layer == "z":
            return method.project(x).float().cpu()
        return method.encoder(x.flatten(0, 1)).float().cpu().unflatten(0, (2, views.shape[1]))


def means(trace: PairTrace) -> tuple[float, float]:
    """Mean cosine of the positives and of the negatives; NaN where there are none."""
    masks = trace.masks()
    return float(trace.sim[masks.positive].mean()), float(trace.sim[masks.negative].mean())
