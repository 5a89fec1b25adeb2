"""The similarity matrix as a figure: thumbnails along its edges, the loss's masks as layers over it.

A mask is a sign drawn into its cells besides its colour: □ positive, ╱ negative, ✕ self.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from jaxtyping import Bool, UInt8
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d

from ssl_ui import figures
from ssl_ui.pictures import data_url
from ssl_ui.plotly_json import typed
from ssl_ui.view_batch import Seen, SimilarityState

TILE = 32  # pixels of a thumbnail, where views are larger
NAMED, NUMBERED = 32, 8  # a matrix up to this size has a name at every row, and a number in every cell
MASKS = {  # by the sign and the words of the control that switches it
    "positive": ("□", "positive: the other view of the picture"),
    "negative": ("╱", "negative: every view of another picture"),
    "self": ("✕", "self: the view itself, masked out"),
}
# Strokes of each sign from the middle of a cell (NaN lifts the pen), and its lines, (colour, width), the
# lowest first: light on dark can be seen on every cell.
STROKES: Mapping[str, Sequence[tuple[float, float]]] = {
    "positive": [(-0.42, -0.42), (0.42, -0.42), (0.42, 0.42), (-0.42, 0.42), (-0.42, -0.42)],
    "negative": [(-0.28, 0.28), (0.28, -0.28)],
    "self": [(-0.36, -0.36), (0.36, 0.36), (np.nan, np.nan), (-0.36, 0.36), (0.36, -0.36)],
}
INK = {
    "positive": (("#1c1917", 6), ("#ffd23f", 3)),
    "negative": (("#1c1917", 2.4), ("#f5f5f4", 1.2)),
    "self": (("#1c1917", 4), ("#e7e5e4", 2)),
}
CHOSEN = "#ff5a36"


def figure(seen: Seen, state: SimilarityState, most: float) -> figures.Figure:
    """The matrix with a thumbnail at every row and column, masks over it, and the chosen pair framed.

    `most` ends the colour scale, so that two matrices can share it.
    """
    m, matrix, cosine = len(seen.labels), seen.matrix(state.show), state.show == "sim"
    made = figures.heatmap(matrix, seen.labels, seen.labels, cosine=cosine, limit=most, numbered=NUMBERED)
    trace, layout = made["data"][0], made["layout"]
    trace["colorbar"] = {
        "orientation": "h",
        "y": 0,
        "yanchor": "top",
        "ypad": 12,
        "thickness": 12,
        "len": 0.8,
    }
    if m > NAMED:
        _crowd(trace, layout, seen.labels)
    masks = seen.masks()
    made["data"] += [line for name in MASKS if name in state.masks for line in _signs(name, masks[name])]
    _edges(layout, seen.views, m)
    layout |= {"shapes": _chosen(state.place(state.row), state.place(state.column), m), "showlegend": False}
    layout["uirevision"] = str(m)  # a zoom fits as long as the matrix is as large
    return made


def _crowd(trace: dict[str, Any], layout: dict[str, Any], labels: Sequence[str]) -> None:
    """Make a large matrix readable: no lines between cells, few names at its edges, all under the pointer."""
    places = range(0, len(labels), 4)
    for axis in ("xaxis", "yaxis"):
        layout[axis] |= {"tickvals": list(places), "ticktext": [labels[k] for k in places]}
    words = [[f"{row} · {column}" for column in labels] for row in labels]
    trace |= {"xgap": 0, "ygap": 0, "text": words, "hovertemplate": "%{text}<br>%{z:.4f}<extra></extra>"}


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
