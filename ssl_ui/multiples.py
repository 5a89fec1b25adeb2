"""Small multiples: several curves over the same steps, each in a panel with a scale of its own."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ssl_ui.palette import REFERENCE, of_class
from ssl_ui.plotly_json import FONT, heading

COLUMNS = 3
TALL = 200  # pixels of a row of panels
APART = 62  # pixels between two panels of a row, for the numbers of the right one; liveplot.js sees to it
# of an axis with room for its labels: measuring them takes as long as all the rest of a drawing
FIXED = {"automargin": False, "ticklabeloverflow": "allow"}


@dataclass(frozen=True)
class Panel:
    """One curve, and where a dashed line stands to compare it with."""

    title: str
    y: Sequence[float | None]
    line: float | None = None


def multiples(x: Sequence[float], panels: Sequence[Panel]) -> dict[str, Any]:
    """The panels as one figure, three in a row; no panels give an empty figure of no height."""
    rows = math.ceil(len(panels) / COLUMNS)
    layout: dict[str, Any] = {"showlegend": False, "margin": {"l": APART, "r": 14, "t": 34, "b": 36}}
    layout |= {"annotations": [], "shapes": []}
    layout["meta"] = {"height": TALL * rows, "apart": {"columns": COLUMNS, "pixels": APART}}
    data = []
    for i, panel in enumerate(panels):
        n = str(i + 1) if i else ""
        across, up = _place(i, rows)
        axis = {"nticks": 4, "tickfont": {"size": FONT - 1}, **FIXED}
        layout[f"xaxis{n}"] = {"domain": across, "anchor": f"y{n}", **axis}
        layout[f"yaxis{n}"] = {"domain": up, "anchor": f"x{n}", "exponentformat": "e", **axis}
        layout["annotations"].append(heading(panel.title, across[0], up[1]))
        line = {"width": 2, "color": of_class(i)}
        trace = {"type": "scatter", "mode": "lines", "name": panel.title, "x": list(x), "y": list(panel.y)}
        data.append(trace | {"line": line, "xaxis": f"x{n}", "yaxis": f"y{n}"})
        if panel.line is not None:
            layout["shapes"].append(_level(n, panel.line))
            layout[f"yaxis{n}"]["rangemode"] = "tozero"
    return {"data": data, "layout": layout}


def _place(i: int, rows: int) -> tuple[list[float], list[float]]:
    """The part of the figure that panel i takes, across and up."""
    row, column = divmod(i, COLUMNS)
    gap = 0 if rows == 1 else 0.32 / rows
    tall = (1 - gap * (rows - 1)) / rows
    top = 1 - row * (tall + gap)
    return [column * 0.35, column * 0.35 + 0.3], [max(0.0, top - tall), top]


def _level(n: str, y: float) -> dict[str, Any]:
    line = {"dash": "dash", "width": 2, "color": REFERENCE}
    where = {"xref": f"x{n} domain", "yref": f"y{n}", "x0": 0, "x1": 1, "y0": y, "y1": y}
    return {"type": "line", **where, "line": line}
