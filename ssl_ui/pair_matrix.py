"""A matrix of pairs as a figure: thumbnails along its edges, the loss's masks as signs over it."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Float

from ssl_ui import figures
from ssl_ui.i18n import t
from ssl_ui.mask_signs import MASKS, signs
from ssl_ui.multiples import FIXED
from ssl_ui.pair_edges import edges
from ssl_ui.pair_layout import Line
from ssl_ui.palette import MAGNITUDES, MAGNITUDES_PALE
from ssl_ui.similarity_state import SimilarityState
from ssl_ui.view_batch import Seen

NAMED, NUMBERED = 32, 8  # a matrix up to this size has a name at every row, and a number in every cell
SHORT = 4  # letters of a name, such as a₃₂
WORDED = 1500  # up to so many cells say under the pointer in words what they are
CHOSEN = "#ff5a36"


def figure(seen: Seen, state: SimilarityState, most: float) -> figures.Figure:
    """What the layout draws of its matrix, with thumbnails, masks over it, and the chosen pair framed.

    `most` ends the scale of what is not a cosine, so that two matrices can share it.
    """
    layout = seen.layout
    down, across = layout.drawn_rows, layout.drawn_columns
    rows, columns = [layout.rows[i] for i in down], [layout.columns[k] for k in across]
    number = layout.numbers[seen.shows(state.show)]
    values = number.values[down][:, across].numpy()
    cosine = number.kind == "cosine"
    names = [[named(seen, line) for line in lines] for lines in (rows, columns)]
    made = figures.heatmap(values, *names, cosine=cosine, limit=1.0 if cosine else most, numbered=NUMBERED)
    if state.stretch:
        itself = layout.masks.itself[down][:, across].numpy()
        _stretch(made["data"][0], values[~itself], max(values.shape) <= NUMBERED)
    _large(made, rows, columns, *names)
    masks = layout.by_sign()
    for name in MASKS:
        if name in state.masks:
            made["data"] += signs(name, masks[name][down][:, across].numpy())
    edges(made["layout"], seen.tiles, rows, columns)
    row, column = layout.place(state.row, state.column)
    place = across.index(column)
    frames = _chosen(down.index(row), (place, place + across.count(column)), len(rows), len(columns))
    made["layout"] |= {"shapes": [*_parts(rows, columns), *frames], "showlegend": False}
    made["layout"]["uirevision"] = f"{len(rows)} × {len(columns)}"  # a zoom fits as long as the matrix does
    return made


def _stretch(trace: dict[str, Any], values: Float[np.ndarray, " k"], numbered: bool) -> None:
    """Colours from the least to the most that occurs. 0 is no longer their middle, so they are others."""
    low, high = float(values.min()), float(values.max())
    trace |= {
        "zmin": low,
        "zmax": max(high, low + 1e-6),
        "colorscale": MAGNITUDES_PALE if numbered else MAGNITUDES,
    }


def named(seen: Seen, line: Line) -> str:
    """What stands at a row or column; where its picture is not at hand, with its class."""
    if seen.tiles is not None or line.tile is None or line.tile >= len(seen.scene.labels):
        return line.name
    return f"{line.name} {t(seen.scene.classes[int(seen.scene.labels[line.tile])])}"


def _large(
    made: figures.Figure,
    rows: Sequence[Line],
    columns: Sequence[Line],
    row_names: Sequence[str],
    column_names: Sequence[str],
) -> None:
    """Make a matrix readable that is too large for names and numbers, or not square."""
    trace, layout = made["data"][0], made["layout"]
    trace["colorbar"] = {
        "orientation": "h",
        "y": 0,
        "yanchor": "top",
        "ypad": 12,
        "thickness": 12,
        "len": 0.8,
    }
    if len(rows) != len(columns):  # cells as wide as there is room
        layout["yaxis"].pop("scaleanchor")
        for axis in ("xaxis", "yaxis"):
            layout[axis].pop("constrain")
    for axis, names in (("yaxis", row_names), ("xaxis", column_names)):
        if len(names) > NAMED:
            places = range(0, len(names), 4)
            layout[axis] |= {"tickvals": list(places), "ticktext": [names[k] for k in places]}
            if max(map(len, names)) <= SHORT:  # there is room
                layout[axis] |= FIXED
            trace |= {"xgap": 0, "ygap": 0}
    few = len(rows) * len(columns) <= WORDED
    words = [[f"{r.words}<br>{c.words}" if few else f"{r.name} · {c.name}" for c in columns] for r in rows]
    trace |= {"hovertext": words, "hovertemplate": "%{hovertext}<br>%{z:.4f}<extra></extra>"}


def _parts(rows: Sequence[Line], columns: Sequence[Line]) -> list[dict[str, Any]]:
    """A line between two groups: two classes, two pictures, the own key and the queue."""
    line = {"type": "line", "line": {"color": "#1c1917", "width": 1}}
    wide, tall = {"x0": -0.5, "x1": len(columns) - 0.5}, {"y0": -0.5, "y1": len(rows) - 0.5}
    at_rows = [i - 0.5 for i in range(1, len(rows)) if rows[i].group != rows[i - 1].group]
    at_columns = [k - 0.5 for k in range(1, len(columns)) if columns[k].group != columns[k - 1].group]
    return [line | wide | {"y0": y, "y1": y} for y in at_rows] + [
        line | tall | {"x0": x, "x1": x} for x in at_columns
    ]


def _chosen(row: int, column: tuple[int, int], rows: int, columns: int) -> list[dict[str, Any]]:
    """Frames around the chosen row and column (from, to); they cross at the pair."""
    frame = {"type": "rect", "line": {"color": CHOSEN, "width": 2}}
    across = frame | {"x0": -0.5, "x1": columns - 0.5, "y0": row - 0.5, "y1": row + 0.5}
    down = frame | {"y0": -0.5, "y1": rows - 0.5, "x0": column[0] - 0.5, "x1": column[1] - 0.5}
    return [across, down]
