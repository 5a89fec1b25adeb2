"""What a pair is to the loss, as a sign in its cell: □ positive, ╱ negative, ✕ self, · unused.

A sign is one line with gaps through all cells of its mask: it zooms with the matrix, and a thousand cost what
one does.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from jaxtyping import Bool, Float

from ssl_ui.plotly_json import typed

MASKS = {  # by the sign and the words of the control that switches it
    "positive": ("□", "positive: to be alike"),
    "negative": ("╱", "negative: pushed apart"),
    "self": ("✕", "self: a view itself, masked out"),
    "unused": ("·", "unused: the loss does not look at it"),
}
ROOMY = 24  # rows or columns whose cells have room for a sign of full size
LIFT = (np.nan, np.nan)  # of the pen
# Strokes of each sign from the middle of a cell, and its lines, (colour, width), the lowest first: light on
# dark can be seen on every cell.
STROKES: Mapping[str, Sequence[tuple[float, float]]] = {
    "positive": [(-0.42, -0.42), (0.42, -0.42), (0.42, 0.42), (-0.42, 0.42), (-0.42, -0.42)],
    "negative": [(-0.28, 0.28), (0.28, -0.28)],
    "self": [(-0.36, -0.36), (0.36, 0.36), LIFT, (-0.36, 0.36), (0.36, -0.36)],
    "unused": [(-0.07, 0), (0.07, 0)],
}
INK = {
    "positive": (("#1c1917", 6), ("#ffd23f", 3)),
    "negative": (("#1c1917", 2.4), ("#f5f5f4", 1.2)),
    "self": (("#1c1917", 4), ("#e7e5e4", 2)),
    "unused": (("#1c1917", 4.5), ("#f5f5f4", 2.2)),
}


def signs(name: str, mask: Bool[np.ndarray, "r c"]) -> list[dict[str, Any]]:
    """The sign of a mask in all its cells, as plotly traces; in small cells finer, and one frame for many."""
    crowded = max(mask.shape) > ROOMY
    if crowded and name == "positive":
        x, y = _outline(mask)
    else:
        strokes = np.array([*STROKES[name], LIFT])
        rows, columns = np.nonzero(mask)
        x, y = columns[:, None] + strokes[:, 0], rows[:, None] + strokes[:, 1]
    line: dict[str, Any] = {"type": "scatter", "mode": "lines", "name": name, "hoverinfo": "skip"}
    line |= {"x": typed(x.ravel()), "y": typed(y.ravel())}
    thin = 0.7 if crowded else 1.0
    inks = [{"color": colour, "width": width * thin, "simplify": False} for colour, width in INK[name]]
    return [line | {"line": ink} for ink in inks]


def _outline(mask: Bool[np.ndarray, "r c"]) -> tuple[Float[np.ndarray, "s 3"], Float[np.ndarray, "s 3"]]:
    """The edges between cells of the mask and others: neighbours stand in one frame."""
    padded = np.pad(mask, 1)
    below, right = padded[1:, 1:-1] != padded[:-1, 1:-1], padded[1:-1, 1:] != padded[1:-1, :-1]
    (y, x), (v, u) = np.nonzero(below), np.nonzero(right)
    across = (
        np.stack([x - 0.5, x + 0.5, np.full(len(x), np.nan)], 1),
        np.stack([y - 0.5, y - 0.5, y * np.nan], 1),
    )
    down = (
        np.stack([u - 0.5, u - 0.5, np.full(len(u), np.nan)], 1),
        np.stack([v - 0.5, v + 0.5, v * np.nan], 1),
    )
    return np.concatenate([across[0], down[0]]), np.concatenate([across[1], down[1]])
