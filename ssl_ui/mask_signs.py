"""What a pair is to the loss, as a sign in its cell: □ positive, ╱ negative, ✕ self, · unused.

A sign is one line with gaps through all cells of its mask: it zooms with the matrix, and a thousand cost what
one does.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from jaxtyping import Bool

from ssl_ui.plotly_json import typed

MASKS = {  # by the sign and the words of the control that switches it
    "positive": ("□", "positive: to be alike"),
    "negative": ("╱", "negative: pushed apart"),
    "self": ("✕", "self: a view itself, masked out"),
    "unused": ("·", "unused: the loss does not look at it"),
}
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
    """The sign of a mask in all its cells, as plotly traces."""
    strokes = np.array([*STROKES[name], LIFT])
    rows, columns = np.nonzero(mask)
    line = {
        "type": "scatter",
        "mode": "lines",
        "name": name,
        "x": typed((columns[:, None] + strokes[:, 0]).ravel()),
        "y": typed((rows[:, None] + strokes[:, 1]).ravel()),
        "hoverinfo": "skip",
    }
    return [line | {"line": {"color": c, "width": width, "simplify": False}} for c, width in INK[name]]
