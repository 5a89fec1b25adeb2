"""Real pictures on the bench: views of test pictures through any encoder or run."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor

from ssl_core.config import look_up
from ssl_core.lab.bench import Bench, fits, views_of
from ssl_core.lab.script import Origin
from ssl_core.problem import Problem
from ssl_core.settings import Settings
from ssl_core.similarity import LAYERS, embedded
from ssl_ui.atlas import tiled
from ssl_ui.context import Context
from ssl_ui.encoders import pick
from ssl_ui.i18n import t
from ssl_ui.pictures import data_url

LOCATED = "folder"  # the data set whose path is the server's own


@dataclass(frozen=True, eq=False)
class Shown:
    """The embeddings of real views, their pictures as one image of tiles, and where they came from."""

    views: Float[Tensor, "v n d"]
    labels: Int[Tensor, " n"]
    tiles: Mapping[str, Any]
    origin: Origin


def show(context: Context, bench: Bench) -> Shown:
    """The views that the bench asks for through the encoder that it names. Raises Problem."""
    look_up(LAYERS, bench.layer, "layer")
    picked = pick(context, bench.encoder, bench.dataset)
    if context.public and picked.settings.dataset == LOCATED:
        raise Problem("On a public server a script would show where the pictures lie. Choose others.")
    v = views_of(bench)
    fits(v, bench.n)
    classes = context.load(picked.settings.source()).classes
    asked = (classes, bench.n, bench.seed, v, bench.layer)
    return _shown(_Place(picked.settings, picked.folder, picked.stamp), *asked)


@dataclass(frozen=True)
class _Place:
    """A key that changes when a run saves. Settings hold dicts: the folder and its stamp stand for them."""

    settings: Settings
    folder: Path | None
    stamp: int

    def __hash__(self) -> int:
        return hash((self.folder, self.stamp, repr(self.settings)))


@lru_cache(maxsize=16)
def _shown(place: _Place, classes: tuple[str, ...], n: int, seed: int, v: int, layer: str) -> Shown:
    drawn, outputs = embedded(place.settings, place.folder, n, seed, v, layer)
    url = data_url(torch.from_numpy(tiled(drawn.pixels.flatten(0, 1), n)).permute(2, 0, 1))
    names = [t(classes[int(k)]) for k in drawn.labels]
    tiles = {"url": url, "columns": n, "side": drawn.pixels.shape[-1], "classes": names}
    return Shown(outputs, drawn.labels, tiles, Origin(place.settings, place.folder))
