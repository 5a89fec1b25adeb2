"""Pairs of views that a run brought with it, where its pictures are not on this machine."""

import torch

from ssl_core.augmentations import RECIPES
from ssl_core.chance import step_generator
from ssl_core.compared import Home, at_temperature, of_outputs
from ssl_core.config import look_up
from ssl_core.methods import Method
from ssl_core.problem import Problem
from ssl_core.shipped import Pairs, load_pairs
from ssl_core.similarity import Drawn
from ssl_ui.encoders import Picked
from ssl_ui.i18n import explain, t
from ssl_ui.pair_layout import Scene
from ssl_ui.similarity_state import SimilarityState

WHY = (
    "What you see is recorded: the outputs of two views of {count} test pictures, drawn by the recipe "
    "“{recipe}” when the run was made to ship. {why}"
)


def recorded(picked: Picked, state: SimilarityState, method: Method, layer: str) -> Scene:
    """n of the recorded pictures, with the loss of their outputs. Raises Problem on what was not recorded."""
    pairs = pairs_of(picked)
    if state.recipe and state.recipe != pairs.recipe:
        raise Problem(
            "Views by {recipe} were not recorded, only those by {own}. Choose other pictures, or {own}.",
            recipe=state.recipe,
            own=pairs.recipe,
        )
    chosen = _some(len(pairs.index), state.n, state.seed)
    outputs = getattr(pairs, layer if picked.trained else f"{layer}_before")[:, chosen]
    labels, index = pairs.labels[chosen], pairs.index[chosen]
    n, blank = len(chosen), torch.zeros(2, len(chosen), 3, 0, 0)
    drawn = Drawn(index, labels, torch.zeros(n, 3, 0, 0, dtype=torch.uint8), blank, blank.to(torch.uint8))
    heated = at_temperature(method, state.temperature)
    compared = of_outputs(heated, outputs, labels, index, layer, home_of(picked))
    return Scene(drawn, compared, method, pairs.classes)


def home_of(picked: Picked) -> Home | None:
    """What the core is told of the run that an encoder is of."""
    return None if picked.home is None else Home(picked.home, picked.trained)


def pairs_of(picked: Picked) -> Pairs:
    """What the run brought with it. Raises Problem where there is nothing."""
    assert picked.home is not None
    return load_pairs(picked.home)


def why(picked: Picked) -> str:
    """That it is recorded, what, and what to do for more."""
    pairs = pairs_of(picked)
    reason = explain(picked.missing) if picked.missing else ""
    recipe = t(look_up(RECIPES, pairs.recipe, "recipe").title)
    return t(WHY, count=len(pairs.index), recipe=recipe, why=reason)


def _some(there: int, n: int, seed: int) -> torch.Tensor:
    """Seed 0 takes the first ones, which are also the first that are drawn where the pictures are at hand."""
    if seed == 0:
        return torch.arange(min(n, there))
    return torch.randperm(there, generator=step_generator(seed, 0, "recorded"))[:n]
