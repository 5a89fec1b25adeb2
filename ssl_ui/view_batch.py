"""What the similarity tab stands at, and the batch of views that follows from it, as numbers.

Cosines, masks, shares and the loss are all read from one trace of NT-Xent; nothing is computed twice.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Bool, Float
from torch import Tensor

from ssl_core.config import knob
from ssl_core.losses.nt_xent import NTXent, NTXentTrace
from ssl_core.methods import Method
from ssl_core.problem import Problem
from ssl_core.settings import Settings
from ssl_core.similarity import LAYERS, Pairs, draw_pairs, has_head, means, method_of, represent
from ssl_ui.context import Context
from ssl_ui.encoders import Picked

SHOWN = {"sim": "Cosine", "share": "Share of the softmax"}


@dataclass(frozen=True)
class SimilarityState:
    """What the tab stands at. "" leaves a choice to the encoder: its pictures, recipe and deepest layer."""

    encoder: str = ""
    dataset: str = ""
    recipe: str = ""
    layer: str = knob("", choices=("", *LAYERS))
    n: int = knob(8, 2, 32, "Each gives two views.")
    seed: int = knob(0, 0, 9999, "The same seed draws the same pictures and views.")
    temperature: float = knob(NTXent.temperature, 0.05, 1.0, "Low: only the most similar views share.")
    show: str = knob("sim", choices=tuple(SHOWN))
    masks: Sequence[str] = ("positive",)
    compare: bool = True
    row: str = "a1"  # view a of the first picture, and what it seeks
    column: str = "b1"

    def place(self, view: str) -> int:
        """The row of a view such as "b3"; of a picture that is no longer there, the last. Raises Problem."""
        found = re.fullmatch(r"([ab])(\d{1,3})", view)
        if found is None:
            raise Problem("There is no view {view!r}; the first is a1, its partner b1.", view=view)
        number = min(max(int(found[2]), 1), self.n)
        return (found[1] == "b") * self.n + number - 1


def names(n: int) -> list[str]:
    """a1 a2 … b1 b2 …: view a and view b of picture 1, 2 …, in the order of the matrix."""
    return [f"{view}{i + 1}" for view in "ab" for i in range(n)]


@dataclass(frozen=True, eq=False)
class Seen:
    """One batch as one encoder sees it."""

    picked: Picked
    layer: str
    dataset: str
    classes: Sequence[str]
    pairs: Pairs
    trace: NTXentTrace
    collapsed: float  # the loss, were all views alike

    @property
    def labels(self) -> list[str]:
        """The names of all rows as they are typeset: a₁ a₂ …."""
        low = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
        return [name.translate(low) for name in names(len(self.pairs.index))]

    @property
    def views(self) -> Tensor:
        """The pictures of all rows, uint8 (2n, 3, s, s)."""
        return self.pairs.pixels.flatten(0, 1)

    def matrix(self, stage: str) -> Float[np.ndarray, "m m"]:
        """One of SHOWN, as the loss computed it."""
        return getattr(self.trace, stage).numpy()

    def masks(self) -> dict[str, Bool[np.ndarray, "m m"]]:
        """The loss's own masks by name."""
        found = self.trace.masks()
        tensors = {"positive": found.positive, "negative": found.negative, "self": found.itself}
        return {name: mask.numpy() for name, mask in tensors.items()}


def see(context: Context, state: SimilarityState, picked: Picked) -> Seen:
    """The batch through an encoder and the loss. Raises Problem."""
    settings = picked.settings
    if state.recipe:
        others = {group: turned for group, turned in settings.knobs.items() if group != "recipe"}
        settings = replace(settings, recipe=state.recipe, knobs=others)
    layer = state.layer or ("z" if has_head(picked.folder) else "h")
    written = json.dumps(settings.to_json(), sort_keys=True)
    pairs, outputs = _represented(context, written, picked.folder, picked.stamp, layer, state.n, state.seed)
    pictures = picked.pictures(context)
    loss = NTXent(state.temperature)
    collapsed = loss.collapsed({"n": outputs.shape[1]})
    return Seen(picked, layer, pictures.title, pictures.classes, pairs, loss(outputs), collapsed)


@lru_cache(maxsize=16)  # so that a turned temperature or a click costs no forward pass
def _represented(
    context: Context, written: str, folder: Path | None, stamp: int, layer: str, n: int, seed: int
) -> tuple[Pairs, Float[Tensor, "2 n d"]]:
    settings = Settings.from_json(json.loads(written))
    pairs = draw_pairs(context.load(settings.source()), settings.augmentation(), n, seed)
    return pairs, represent(_method(written, folder, stamp, layer), pairs.views, layer)


@lru_cache(maxsize=4)
def _method(written: str, folder: Path | None, stamp: int, layer: str) -> Method:
    return method_of(Settings.from_json(json.loads(written)), folder, layer)


def to_json(seen: Seen) -> dict[str, Any]:
    """For programs: the matrix, whose row is which view, and what the loss makes of it."""
    positive, negative = means(seen.trace)
    return {
        "encoder": seen.picked.name,
        "trained": seen.picked.trained,
        "layer": seen.layer,
        "dataset": seen.dataset,
        "test_index": seen.pairs.index.tolist(),
        "labels": seen.labels,
        "classes": [seen.classes[int(k)] for k in seen.pairs.labels.repeat(2)],
        "sim": seen.trace.sim.tolist(),
        "share": seen.trace.share.tolist(),
        "positive": seen.trace.positive.tolist(),
        "loss": float(seen.trace.loss),
        "mean_positive": positive,
        "mean_negative": negative,
    }
