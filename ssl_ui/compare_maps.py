"""Two runs' maps of the same test pictures, side by side: pointing at a picture lights it in both."""

from html import escape
from pathlib import Path
from typing import Any

import gradio as gr
import torch
from jaxtyping import Int
from torch import Tensor

from ssl_core.film import Film
from ssl_core.problem import Problem
from ssl_core.runs import Run
from ssl_ui import figures
from ssl_ui.atlas import atlas
from ssl_ui.compare_look import Look
from ssl_ui.context import Context
from ssl_ui.encoders import UNTRAINED, Picked, pick
from ssl_ui.film_data import classes, filmed
from ssl_ui.i18n import explain, t
from ssl_ui.liveplot import SCRIPT, plotly_head
from ssl_ui.run_names import method, pictures_of
from ssl_ui.view_tiles import ink

NAMES = {"umap": "UMAP", "pca": "PCA"}
CAUTION = "Who is near whom can be compared; where a cluster lies, and which way up, means nothing."
SIDE = """
<section data-side="{i}">
  <h3></h3><p></p>
  <div class="two-frame">
    <div class="liveplot" role="img" aria-label="{label}" style="height: 480px"></div>
    <div class="two-ring" hidden><span></span></div>
  </div>
</section>
"""


def maps_view(**options: Any) -> gr.HTML:
    """Two maps for what `maps` gives; a picture pointed at in one is ringed in both."""
    sides = "".join(SIDE.format(i=i, label=escape(t("Map of test pictures"))) for i in range(2))
    return gr.HTML(
        None,
        html_template=f'<div class="two-maps"><p class="two-said" role="status"></p><div>{sides}</div></div>',
        js_on_load=SCRIPT + Path(__file__).with_suffix(".js").read_text(encoding="utf-8"),
        head=plotly_head(),
        apply_default_css=False,
        **options,
    )


def maps(context: Context, runs: list[tuple[Run, Look]], pictures: bool = True) -> dict[str, Any]:
    """The last moment of each of two runs. Of the same data what both have; else each its own."""
    # its weights are not needed, so it need not have saved any yet
    picked = [pick(context, f"{UNTRAINED}/{run.name}", recorded=True) for run, _ in runs]
    films = [filmed(run.folder) for run, _ in runs]
    linked = same_pictures(picked[0], picked[1], films[0], films[1])
    keep = [shared(films[0], films[1]), shared(films[1], films[0])] if linked else [None, None]
    sides = [_side(context, *parts, pictures) for parts in zip(runs, picked, films, keep, strict=True)]
    said = t("The same {n:,} test pictures on both sides: point at one.", n=len(sides[0]["places"]))
    if not linked:
        said = t("These are not the same pictures, so there is nothing to link.")
    return {"sides": sides, "linked": linked, "said": f"{said} {t(CAUTION)}", "word": t("test picture")}


def same_pictures(one: Picked, other: Picked, first: Film, second: Film) -> bool:
    """Whether a place in the split is the same picture in both: the same data set, and labels that agree."""
    kept = [
        {n: v for n, v in p.settings.knobs.get("dataset", {}).items() if n != "path"} for p in (one, other)
    ]
    alike = one.settings.dataset == other.settings.dataset and kept[0] == kept[1]
    if not alike and not (one.shipped or other.shipped):
        return False
    a, b = shared(first, second), shared(second, first)
    return len(a) > 0 and bool((first.labels[a] == second.labels[b]).all())


def shared(film: Film, other: Film) -> Int[Tensor, " n"]:
    """Which of a film's pictures the other has too, in the order of their places in the split."""
    return torch.isin(film.index, other.index).nonzero().flatten()


def _side(
    context: Context, whose: tuple[Run, Look], picked: Picked, film: Film, keep: Tensor | None, pictures: bool
) -> dict[str, Any]:
    run, look = whose
    keep = torch.arange(len(film.index)) if keep is None else keep
    index, labels = film.index[keep], film.labels[keep]
    shown, tiles = None, index
    if pictures and picked.missing is None:
        shown, held = atlas(context, picked.settings.source())
        tiles = torch.searchsorted(held, index)
    names = [t(name) for name in classes(context, picked)]
    drawn = figures.scatter(film.points[-1][keep].numpy(), labels.numpy(), names, shown, tiles.numpy())
    for trace in drawn["data"]:
        trace["hovertemplate"] = f"<b>{trace['name']}</b><extra></extra>"
    drawn["layout"] |= {
        "uirevision": f"{run.name} {film.projection}",
        "margin": {"l": 4, "r": 4, "t": 8, "b": 4},
    }
    drawn["config"] |= {"displayModeBar": False}  # it would lie on the classes
    step = int(film.steps[-1])
    return {
        "letter": look.letter,
        "colour": look.colour,
        "ink": ink(look.colour),
        "title": run.name,
        "how": t(
            "{projection} of h after step {step:,} · {method}, {pictures}",
            projection=NAMES[film.projection],
            step=step,
            method=method(picked.settings),
            pictures=pictures_of(picked.settings, picked.shipped),
        ),
        "figure": drawn,
        "tiles": tiles.tolist(),
        "places": index.tolist(),
        "labels": labels.tolist(),
        "names": names,
        "points": film.points[-1][keep].tolist(),
    }


def lacking(problem: Problem) -> dict[str, Any]:
    """In place of maps: why there are none."""
    return {"sides": [], "linked": False, "said": explain(problem), "word": ""}
