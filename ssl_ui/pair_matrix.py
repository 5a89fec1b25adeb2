"""The similarity matrix as a figure, and what stands beside it as HTML: the batch, and one pair of views.

A mask is a sign drawn into its cells besides its colour: □ positive, ╱ negative, ✕ self.
"""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import numpy as np
import torch
from jaxtyping import Bool, UInt8
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d

from ssl_core.similarity import means
from ssl_ui import figures
from ssl_ui.encoders import heading
from ssl_ui.i18n import t
from ssl_ui.pictures import data_url, tag
from ssl_ui.plotly_json import typed
from ssl_ui.view_batch import Seen, SimilarityState

TILE = 32  # pixels of a thumbnail, where views are larger
NAMED, NUMBERED = 32, 8  # a matrix up to this size has a name at every row, and a number in every cell
SIGNS = {"positive": "□", "negative": "╱", "self": "✕"}
# Strokes of each sign from the middle of a cell (NaN lifts the pen), and its lines, (colour, width), the
# lowest first: light on dark can be seen on every cell.
STROKES: Mapping[str, Sequence[tuple[float, float]]] = {
    "positive": [(-0.42, -0.42), (0.42, -0.42), (0.42, 0.42), (-0.42, 0.42), (-0.42, -0.42)],
    "negative": [(-0.28, 0.28), (0.28, -0.28)],
    "self": [(-0.36, -0.36), (0.36, 0.36), (np.nan, np.nan), (-0.36, 0.36), (0.36, -0.36)],
}
INK = {
    "positive": (("#1c1917", 6), ("#ffd23f", 3)),
    "negative": (("rgba(87, 83, 78, 0.7)", 1.2),),
    "self": (("#1c1917", 4), ("#e7e5e4", 2)),
}
CHOSEN = "#ff5a36"


def figure(seen: Seen, state: SimilarityState) -> figures.Figure:
    """The matrix with a thumbnail at every row and column, masks over it, and the chosen pair framed."""
    m = len(seen.labels)
    names = seen.labels if m <= NAMED else None
    cosine = state.show == "sim"
    made = figures.heatmap(seen.matrix(state.show), names, names, cosine=cosine, limit=1.0, numbered=NUMBERED)
    masks = seen.masks()
    made["data"] += [line for name in SIGNS if name in state.masks for line in _signs(name, masks[name])]
    bar = {"orientation": "h", "y": 0, "yanchor": "top", "ypad": 12, "thickness": 12, "len": 0.8}
    made["data"][0]["colorbar"] = bar
    _edges(made["layout"], seen.views, m)
    made["layout"] |= {"shapes": _chosen(state.row, state.column, m), "showlegend": False}
    made["layout"]["uirevision"] = str(m)  # a zoom fits as long as the matrix is as large
    return made


def _signs(name: str, mask: Bool[np.ndarray, "m m"]) -> list[dict[str, Any]]:
    """The sign of a mask in all its cells: lines with gaps, which zoom with the matrix."""
    sign = np.array([*STROKES[name], (np.nan, np.nan)])
    rows, columns = np.nonzero(mask)
    line = {
        "type": "scatter",
        "mode": "lines",
        "name": name,
        "x": typed((columns[:, None] + sign[:, 0]).ravel()),
        "y": typed((rows[:, None] + sign[:, 1]).ravel()),
        "hoverinfo": "skip",
    }
    return [line | {"line": {"color": c, "width": width, "simplify": False}} for c, width in INK[name]]


def _edges(layout: dict[str, Any], views: UInt8[Tensor, "m 3 s s"], m: int) -> None:
    """Thumbnails left of the rows and above the columns: as wide as a cell, or else still to be seen."""
    wide = max(1.0, m / 24)
    far = -0.65 - wide
    side = min(TILE, views.shape[-1])
    tiles = views if views.shape[-1] == side else adaptive_avg_pool2d(views.float(), side).to(torch.uint8)
    strip = {"xref": "x", "yref": "y", "sizing": "stretch", "layer": "above"}
    down = {"source": data_url(torch.cat(list(tiles), 1)), "x": far, "y": -0.5, "sizex": wide, "sizey": m}
    across = {"source": data_url(torch.cat(list(tiles), 2)), "x": -0.5, "y": far, "sizex": m, "sizey": wide}
    layout["images"] = [strip | down, strip | across]
    layout["xaxis"] |= {"range": [far, m - 0.5]}
    layout["yaxis"] |= {"range": [m - 0.5, far], "autorange": False}


def _chosen(row: int, column: int, m: int) -> list[dict[str, Any]]:
    """Frames around the chosen row and column; they cross at the pair."""
    frame = {"type": "rect", "line": {"color": CHOSEN, "width": 2}, "x0": -0.5, "x1": m - 0.5}
    across = frame | {"y0": row - 0.5, "y1": row + 0.5}
    down = frame | {"y0": -0.5, "y1": m - 0.5, "x0": column - 0.5, "x1": column + 0.5}
    return [across, down]


def facts(seen: Seen, title: str) -> str:
    """A heading over a matrix: the encoder, and what the whole batch comes to."""
    positive, negative = means(seen.trace)
    numbers = {
        t("mean positive"): minus(f"{positive:.3f}"),
        t("mean negative"): minus(f"{negative:.3f}"),
        t("loss ({loss:.3f} if all were alike)", loss=seen.collapsed): f"{float(seen.trace.loss):.3f}",
    }
    where = t(
        "{layer} · {dataset}, test · {encoder}",
        encoder=seen.picked.called,
        layer=seen.layer,
        dataset=t(seen.dataset),
    )
    return heading(title, where, numbers)


def pair(batches: Mapping[str, Seen], row: int, column: int) -> str:
    """The two views of a cell, large, and what each of the batches (by their titles) makes of them."""
    seen = list(batches.values())[-1]
    views = "".join(_view(seen, place, role) for place, role in ((row, t("anchor")), (column, t("other"))))
    kind = next(name for name, mask in seen.masks().items() if mask[row, column])
    heads = "".join(f'<th scope="col">{escape(title)}</th>' for title in batches)
    return (
        f'<div class="pair"><div class="pair-views">{views}</div><div class="pair-table">'
        f'<p class="pair-kind"><b>{SIGNS[kind]} {escape(_role(kind, seen, row, column))}</b></p>'
        f"<table><thead><tr><td></td>{heads}</tr></thead><tbody>"
        f"{_rows(list(batches.values()), row, column)}</tbody></table></div></div>"
    )


def _view(seen: Seen, place: int, role: str) -> str:
    label = t(seen.classes[int(seen.pairs.labels[place % len(seen.pairs.labels)])])
    words = f"{role} {seen.labels[place]}"
    picture = tag(data_url(seen.views[place]), f"{words}: {label}")
    return f"<figure>{picture}<figcaption><b>{escape(words)}</b> {escape(label)}</figcaption></figure>"


def _role(kind: str, seen: Seen, row: int, column: int) -> str:
    if kind == "positive":
        return t("Positive: two views of one picture. The loss draws them together.")
    if kind == "self":
        return t("Self: a view with itself. Always 1, so it is masked out of the softmax.")
    n = len(seen.pairs.labels)
    text = t("Negative: views of two pictures. The loss pushes them apart.")
    if seen.pairs.labels[row % n] == seen.pairs.labels[column % n]:
        text += " " + t("Both are of one class, which the loss cannot know: it sees no labels.")
    return text


def _rows(batches: Sequence[Seen], row: int, column: int) -> str:
    entries = [seen.trace.pair(row, column) for seen in batches]
    anchors = [float(seen.trace.per_anchor[row]) for seen in batches]
    lines = {
        t("cosine s"): [f"{e['sim']:.4f}" for e in entries],
        t("logit s/τ"): [f"{e['logits']:.3f}" if np.isfinite(e["logits"]) else "−∞" for e in entries],
        t("share of the anchor's softmax"): [f"{100 * e['share']:.2f} %" for e in entries],
        t("loss of the anchor"): [f"{loss:.3f}" for loss in anchors],
    }
    return "".join(
        f'<tr><th scope="row">{escape(name)}</th>{"".join(f"<td>{minus(v)}</td>" for v in values)}</tr>'
        for name, values in lines.items()
    )


def minus(number: str) -> str:
    """A number as it is typeset."""
    return number.replace("-", "−")
