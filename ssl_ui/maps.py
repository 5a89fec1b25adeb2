"""What the embedding tab stands at, and the maps that follow from it, as they get ready.

Features, kNN and PCA are there first; UMAP or t-SNE take the place of PCA when they are done. All of it runs
in the server's workers, so that a person may stop it: closing the stream ends the job.
"""

import json
import threading
from collections import OrderedDict
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from ssl_core.config import knob
from ssl_core.evaluation import PROJECTIONS, project
from ssl_core.jobs import Progress
from ssl_core.measure import Look, look
from ssl_ui import figures
from ssl_ui.atlas import MOST, atlas
from ssl_ui.context import Context
from ssl_ui.encoders import Picked, heading
from ssl_ui.film_data import classes
from ssl_ui.i18n import t
from ssl_ui.progress import Job, finished
from ssl_ui.ready import until_ready
from ssl_ui.recorded import Remembered, remembered

KNN_NAMES = ("top1", "k", "temperature", "bank", "queries")
NAMED = "kNN top-1 on h: k={k}, T={temperature:g}, {bank:,} training against {queries:,} test pictures"
NAMED_RECORDED = (
    "kNN top-1 on h, recorded: k={k}, T={temperature:g}, {bank:,} against {queries:,} held-out training "
    "pictures"
)
KEPT = 6  # looks that are remembered, so that another projection or seed need not encode again


@dataclass(frozen=True)
class EmbeddingState:
    """What the tab stands at. `knobs` are those of the projection; left out they stand at their defaults."""

    encoder: str = ""
    dataset: str = ""
    projection: str = knob("umap", choices=tuple(PROJECTIONS))
    count: int = knob(2000, 100, MOST, "Test pictures, each a point.", log=True)
    seed: int = knob(0, 0, 9999, "Where UMAP and t-SNE begin. Try another before you believe a picture.")
    compare: bool = True
    knobs: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Map:
    """Test pictures as one encoder lays them out."""

    picked: Picked
    seen: Look | Remembered
    projection: str
    seed: int
    points: Float[Tensor, "n 2"]


def draw(
    context: Context, state: EmbeddingState, sides: Sequence[Picked]
) -> Generator[Progress | Map, None, None]:
    """A map of each encoder by PCA, then each by the projection that was asked for. Raises Problem."""
    seen = []
    for picked in sides:
        found = yield from _seen(context, picked, state.count)
        seen.append((picked, found))
        points = yield from finished(context.worker, project, found.features, "pca")
        yield Map(picked, found, "pca", state.seed, points)
    if state.projection != "pca":
        for picked, found in seen:
            job = (project, found.features, state.projection, state.seed)
            mapping = finished(context.mapper, *job, **state.knobs)
            points = yield from until_ready(context.mapper, t(PROJECTIONS[state.projection].title), mapping)
            yield Map(picked, found, state.projection, state.seed, points)


_looks: OrderedDict[tuple[Any, ...], Look] = OrderedDict()
_lock = threading.Lock()


def _seen(context: Context, picked: Picked, count: int) -> Job[Look | Remembered]:
    if picked.missing:
        return remembered(picked, count)
    key = (json.dumps(picked.settings.to_json(), sort_keys=True), picked.folder, picked.stamp, count)
    found = _looks.get(key)
    if found is None:
        found = yield from finished(context.worker, look, picked.settings, picked.folder, count)
        with _lock:
            _looks[key] = found
            while len(_looks) > KEPT:
                _looks.popitem(last=False)
    return found


def to_json(context: Context, made: Map) -> dict[str, Any]:
    """For programs: points with their labels and test pictures, and all that names the kNN figure."""
    picked, knn = made.picked, made.seen.knn
    shipped = picked.shipped if picked.missing else None
    return {
        "encoder": picked.name,
        "trained": picked.trained,
        "dataset": shipped["pictures"] if shipped else picked.pictures(context).title,
        "recorded": shipped is not None,
        "projection": made.projection,
        "seed": made.seed,
        "points": made.points.tolist(),
        "labels": made.seen.labels.tolist(),
        "classes": list(classes(context, picked)),
        "test_index": made.seen.index.tolist(),
        "knn": {name: getattr(knn, name) for name in KNN_NAMES} if knn else None,
    }


def figure(context: Context, made: Map) -> figures.Figure:
    """Points in the colour and shape of their class; the picture of each stands ready for the pointer.

    Where the pictures are not at hand, the pointer shows the class alone.
    """
    names = [t(name) for name in classes(context, made.picked)]
    pictures, tiles = None, made.seen.index
    if not made.picked.missing:
        pictures, index = atlas(context, made.picked.settings.source())
        tiles = torch.searchsorted(index, made.seen.index)
    drawn = figures.scatter(made.points.numpy(), made.seen.labels.numpy(), names, pictures, tiles.numpy())
    drawn["layout"]["uirevision"] = (
        f"{made.picked.name} {made.projection} {made.seed}"  # a zoom is of one map
    )
    return drawn


def facts(made: Map, title: str) -> str:
    """A heading over a map: the encoder, and how well neighbours name the same pictures."""
    knn = made.seen.knn
    guess = int(made.seen.labels.bincount().max()) / len(made.seen.labels)
    numbers = {t("by guessing"): t("{percent} %", percent=f"{100 * guess:.1f}")}
    if knn:
        text = NAMED_RECORDED if made.picked.missing else NAMED
        named = t(text, **{name: getattr(knn, name) for name in KNN_NAMES[1:]})
        numbers = {named: t("{percent} %", percent=f"{100 * knn.top1:.1f}"), **numbers}
    where = t(PROJECTIONS[made.projection].title)
    if made.projection != "pca":  # which draws nothing at random
        where = t("{projection}, seed {seed}", projection=where, seed=made.seed)
    return heading(title, f"{where} · {made.picked.called}", numbers)
