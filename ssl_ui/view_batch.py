"""The batch of views that the similarity tab looks at, and what a method makes of it, as numbers.

Cosines, masks, shares and the loss are all read from one trace of the method's own loss; nothing is computed
twice.
"""

import json
import math
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import torch
from jaxtyping import UInt8
from torch import Tensor
from torch.nn.functional import interpolate

from ssl_core.compared import Compared, Home
from ssl_core.methods import Method
from ssl_core.settings import Settings
from ssl_core.similarity import Drawn, compare, draw_views, has_head, means, method_of
from ssl_ui.context import Context
from ssl_ui.encoders import Picked
from ssl_ui.i18n import t
from ssl_ui.layouts import lay_out
from ssl_ui.pair_layout import Layout, Scene
from ssl_ui.pair_recorded import home_of, pairs_of, recorded, why
from ssl_ui.similarity_state import SimilarityState, fewer_views, settings_of


@dataclass(frozen=True, eq=False)
class Seen:
    """One batch as one method sees it."""

    picked: Picked
    settings: Settings
    layer: str
    dataset: str
    scene: Scene
    layout: Layout

    @cached_property
    def tiles(self) -> UInt8[Tensor, "k 3 s s"] | None:
        """All pictures that a line can show: the views, view under view, then the pictures as a whole.

        None where they are not on this machine. Kept: every row and every column asks for it.
        """
        drawn = self.scene.drawn
        if self.picked.missing:
            return None
        size = drawn.pixels.shape[-1]
        return torch.cat([drawn.pixels.flatten(0, 1), interpolate(drawn.pictures, size, mode="nearest")])

    @property
    def temperature(self) -> float | None:
        """That of the method's loss in its run, if it has one."""
        return getattr(self.scene.method.loss, "temperature", None)

    @property
    def loss(self) -> float | None:
        """The loss of the batch, if it can be computed on this layer."""
        trace = self.scene.compared.trace
        return None if trace is None else float(trace.loss)

    @property
    def note(self) -> str:
        """What rows and columns are, what is not shown, and whether it is recorded."""
        taken = self.settings.views
        said = f"{self.layout.note} {why(self.picked)}" if self.picked.missing else self.layout.note
        if taken <= self.scene.v:
            return said
        left = t(
            "{shown} of the {taken} views that {method} takes are drawn.",
            shown=self.scene.v,
            taken=taken,
            method=t(self.scene.method.title),
        )
        return f"{said} {left}"

    def shows(self, name: str) -> str:
        """Which numbers are drawn: those asked for, if there are such, else the layout's first."""
        return name if name in self.layout.shown else self.layout.shown[0]

    def means(self) -> tuple[float, float]:
        """Of the first of the numbers, over the positives and over the negatives; NaN where none are."""
        return means(self.layout.numbers[self.layout.shown[0]].values, self.layout.masks)


def see(context: Context, state: SimilarityState, picked: Picked) -> Seen:
    """The batch through an encoder and its method's loss. Raises Problem."""
    asked = settings_of(context, state, picked)
    settings = fewer_views(asked, state.n)
    layer = state.layer or ("z" if has_head(picked.folder) else "h")
    written = json.dumps(settings.to_json(), sort_keys=True)
    if picked.missing:
        pairs = pairs_of(picked)
        method = _method(written, picked.folder, picked.stamp, layer, len(pairs.classes))
        scene = recorded(picked, state, method, layer)
        return Seen(picked, asked, layer, pairs.title, scene, lay_out(scene))
    pictures = picked.pictures(context)
    method = _method(written, picked.folder, picked.stamp, layer, len(pictures.classes))
    drawn = _drawn(context, written, state.n, state.seed, method.views)
    compared = _compared(method, drawn, layer, state.temperature, home_of(picked))
    scene = Scene(drawn, compared, method, pictures.classes)
    return Seen(picked, asked, layer, pictures.title, scene, lay_out(scene))


@lru_cache(maxsize=16)
def _drawn(context: Context, written: str, n: int, seed: int, views: int) -> Drawn:
    settings = Settings.from_json(json.loads(written))
    pictures = settings.seen(context.load(settings.source()))
    return draw_views(pictures, settings.augmentation(), n, seed, views)


@lru_cache(maxsize=4)
def _method(written: str, folder: Path | None, stamp: int, layer: str, classes: int) -> Method:
    return method_of(Settings.from_json(json.loads(written)), folder, layer, classes)


@lru_cache(maxsize=16)  # so that a click costs no forward pass
def _compared(
    method: Method, drawn: Drawn, layer: str, temperature: float | None, home: Home | None
) -> Compared:
    return compare(method, drawn, layer, temperature, home)


def to_json(seen: Seen) -> dict[str, Any]:
    """For programs: the matrix, what each row and column is, and what the loss makes of it."""
    layout, first = seen.layout, seen.layout.shown[0]
    share = layout.numbers.get("share")
    positive, negative = (None if math.isnan(mean) else mean for mean in seen.means())
    labels = seen.scene.labels
    return {
        "encoder": seen.picked.name,
        "trained": seen.picked.trained,
        "method": seen.settings.method,
        "layer": seen.layer,
        "recorded": seen.picked.missing is not None,
        "dataset": seen.dataset,
        "test_index": seen.scene.drawn.index.tolist(),
        "labels": [line.name for line in layout.rows],
        "rows": [line.words for line in layout.rows],
        "columns": [line.words for line in layout.columns],
        "classes": [
            None if line.tile is None else t(seen.scene.classes[int(labels[line.tile])])
            for line in layout.rows
        ],
        "shown": layout.numbers[first].title,
        "sim": layout.numbers[first].values.tolist(),
        "share": None if share is None else share.values.tolist(),
        "positive": [row.nonzero().flatten().tolist() for row in layout.masks.positive],
        "loss": seen.loss,
        "collapsed": seen.scene.compared.collapsed,
        "mean_positive": positive,
        "mean_negative": negative,
    }
