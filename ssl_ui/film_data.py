"""Where the same test pictures lay as a run went on, as one message to the page: it plays without asking."""

from functools import lru_cache
from pathlib import Path
from typing import Any

import torch

from ssl_core.events import Monitored
from ssl_core.film import KEPT, Film, film
from ssl_core.runs import Run
from ssl_core.snapshots import moments
from ssl_ui import figures
from ssl_ui.atlas import atlas
from ssl_ui.context import Context
from ssl_ui.encoders import Picked
from ssl_ui.i18n import t
from ssl_ui.palette import of_class
from ssl_ui.plotly_json import typed
from ssl_ui.run_names import method, pictures_of

HOW = {
    "umap": "UMAP, drawn anew at each moment, each begun from the map of the next one.",
    "pca": "PCA: every moment on the two widest directions of the last one.",
}


def has_film(picked: Picked) -> bool:
    """Whether its run kept anything of how it went."""
    return picked.home is not None and bool(moments(picked.home))


def filmed(folder: Path) -> Film:
    """The film of a run, read again when it has kept more. Raises Problem."""
    return _film(folder, _stamp(folder))


def stamp(picked: Picked) -> str:
    """Changes when its run has kept more."""
    return str(hash(_stamp(picked.home))) if picked.home else ""


def _stamp(folder: Path) -> tuple[tuple[str, int], ...]:
    files = [*moments(folder), *(path for path in [folder / KEPT] if path.exists())]
    return tuple((path.name, path.stat().st_mtime_ns) for path in files)


@lru_cache(maxsize=8)
def _film(folder: Path, stamp: tuple[tuple[str, int], ...]) -> Film:
    return film(folder)


def measured(folder: Path) -> dict[int, Monitored]:
    """kNN at the moments of a run, by step."""
    return {event.step: event for event in Run(folder).monitored()}


def film_data(context: Context, picked: Picked, pictures: bool) -> dict[str, Any]:
    """All that is played: points of every moment, the figure that they stand in, kNN. Raises Problem.

    With `pictures` each point has its own under the pointer, where they are at hand; else its class.
    """
    assert picked.home is not None
    made = filmed(picked.home)
    names = [t(name) for name in classes(context, picked)]
    said = t("The same {n:,} test pictures at each of {k} moments.", n=len(made.index), k=len(made.steps))
    return {
        "key": f"{picked.home.name} {made.projection}",
        "title": t(
            "Map of test pictures: {method}, {pictures}",
            method=method(picked.settings),
            pictures=pictures_of(picked.settings, picked.shipped),
        ),
        "how": t(HOW[made.projection]),
        "count": said,
        "steps": made.steps.tolist(),
        "names": [t("step {step:,}", step=int(step)) if step else t("untrained") for step in made.steps],
        "points": typed(made.points.numpy()),
        "labels": typed(made.labels.numpy()),
        "map": _map(context, picked, made, names, pictures and picked.missing is None),
        **_knn(picked.home, made),
    }


def classes(context: Context, picked: Picked) -> tuple[str, ...]:
    """The names of the classes; those of a run that shipped are known without its pictures."""
    if picked.missing and picked.shipped:
        return tuple(picked.shipped["classes"])
    return picked.pictures(context).classes


def _map(context: Context, picked: Picked, made: Film, names: list[str], pictures: bool) -> figures.Figure:
    """The figure of the last moment; the page puts the points of any other in their place."""
    shown, tiles = None, made.index
    if pictures:
        shown, index = atlas(context, picked.settings.source())
        tiles = torch.searchsorted(index, made.index)
    drawn = figures.scatter(made.points[-1].numpy(), made.labels.numpy(), names, shown, tiles.numpy())
    for trace in drawn["data"]:
        del trace["x"], trace["y"]
        if shown is None:
            said = t("test picture {number}", number="%{customdata}")
            trace["hovertemplate"] = f"<b>{trace['name']}</b><br>{said}<extra></extra>"
    flat = made.points.flatten(0, 1)  # a range given anew would undo a zoom: corners that nobody sees hold it
    corners = {axis: [float(flat[:, k].min()), float(flat[:, k].max())] for k, axis in enumerate("xy")}
    unseen = {"mode": "markers", "marker": {"opacity": 0}, "hoverinfo": "skip", "showlegend": False}
    drawn["data"].append({"type": "scattergl", **unseen, **corners})
    drawn["layout"]["uirevision"] = str(picked.home)
    drawn["layout"]["margin"] = {"l": 4, "r": 4, "t": 8, "b": 4}
    return drawn


def _knn(folder: Path, made: Film) -> dict[str, Any]:
    """kNN at each moment (null where it was not measured) and its curve; the page marks the moment."""
    found = measured(folder)
    each = [found.get(int(step)) for step in made.steps]
    known = [look for look in each if look]
    if not known:
        return {"knn": [None] * len(each), "curve": None, "named": ""}
    line = {t("kNN"): ([look.step for look in known], [100 * look.knn for look in known])}
    chance = {t("chance"): 100 * known[-1].chance}
    curve = figures.curve(line, chance, t("step"), t("kNN top-1, %"))
    now = {"type": "scatter", "mode": "markers", "marker": {"size": 16, "color": of_class(2)}}
    curve["data"][0] |= {"mode": "lines+markers", "marker": {"size": 8}}
    curve["data"].append(now | {"x": [], "y": [], "hoverinfo": "skip", "showlegend": False})
    curve["layout"] |= {"showlegend": False, "hovermode": "closest"}
    curve["layout"]["yaxis"] |= {"rangemode": "tozero"}
    curve["layout"]["xaxis"] |= {"nticks": 4}  # it is narrow, and steps have four digits or five
    named = t(
        "of {queries:,} held-out training pictures are named rightly by their neighbours among {bank:,} (kNN "
        "top-1 on h; by guessing {chance} %)",
        queries=known[-1].queries,
        bank=known[-1].bank,
        chance=f"{100 * known[-1].chance:.0f}",
    )
    return {"knn": [look.knn if look else None for look in each], "curve": curve, "named": named}
