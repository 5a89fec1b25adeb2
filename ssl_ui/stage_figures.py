"""What the stages of a loss are drawn with: matrices, bars, and words in a row of cells."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Float, Shaped

from ssl_core.losses import Masks
from ssl_ui import figures
from ssl_ui.mask_signs import signs
from ssl_ui.palette import of_class
from ssl_ui.plotly_json import base, number, plain, typed

NUMBERED = 18  # a matrix up to this size has its numbers in its cells
TALL = 660  # px of a matrix with more rows than that
PLAIN = [[0, "#f7f7f7"], [1, "#f7f7f7"]]  # cells whose words are names, not amounts
DIM = "#8a8a8a"
TRUE = "✓"


def matrix(values: Shaped[np.ndarray, "r c"], rows: Sequence[str], columns: Sequence[str]) -> figures.Figure:
    """Coloured cells; of true and false a sign. Values within ±1 are on the scale of cosines."""
    if values.dtype.kind == "b":
        figure = figures.heatmap(np.zeros(values.shape), rows, columns, cosine=False, numbered=0)
        figures.write(figure, [[TRUE if v else "" for v in row] for row in values.tolist()])
        figure["data"][0] |= {"colorscale": PLAIN, "hoverinfo": "skip", "showscale": False}
        return figure
    finite = values[np.isfinite(values)]
    limit = 1.0 if np.abs(finite).max(initial=0) <= 1 + 1e-6 else None
    signed = bool((finite < 0).any())
    return figures.heatmap(values, rows, columns, cosine=signed, limit=limit, numbered=NUMBERED)


def height(rows: int) -> int:
    """Pixels that a matrix takes with its names."""
    return 110 + (TALL if rows > NUMBERED else rows * (56 if rows <= 8 else 36))


def strip(words: Sequence[str], names: Sequence[str]) -> figures.Figure:
    """One word for each name, on cells without a colour."""
    figure = figures.heatmap(np.zeros((1, len(words))), [""], names, cosine=False, numbered=0)
    figures.write(figure, [list(words)])
    figure["data"][0] |= {
        "hovertemplate": "%{x} → %{text}<extra></extra>",
        "colorscale": PLAIN,
        "showscale": False,
    }
    return figure


def bars(values: Float[np.ndarray, "g n"], groups: Sequence[str], names: Sequence[str]) -> figures.Figure:
    """A vector for each group (each view): its bars side by side, in a colour of its own."""
    data: list[dict[str, Any]] = [
        {
            "type": "bar",
            "name": group,
            "x": list(names),
            "y": plain(row.tolist()),
            "marker": {"color": of_class(k)},
            "hovertemplate": f"{group} · %{{x}}: %{{y:.4f}}<extra></extra>",
        }
        for k, (group, row) in enumerate(zip(groups, values, strict=True))
    ]
    if values.size <= NUMBERED:
        for trace in data:
            trace |= {"text": [number(v) for v in trace["y"]], "textposition": "outside", "cliponaxis": False}
    layout = base() | {"barmode": "group", "showlegend": len(data) > 1}
    layout["xaxis"] |= {"type": "category"}
    return {"data": data, "layout": layout}


def mark(figure: figures.Figure, masks: Masks) -> None:
    """Frame what should be alike, and dim what the loss does not look at."""
    if masks.unused.any():
        over = np.where(masks.unused.numpy(), 1.0, np.nan)
        veil = {"type": "heatmap", "z": typed(over), "zmin": 0, "zmax": 1, "opacity": 0.6, "showscale": False}
        figure["data"].append(veil | {"colorscale": [[0, DIM], [1, DIM]], "hoverinfo": "skip"})
    figure["data"] += signs("positive", masks.positive.numpy())
    figure["layout"]["showlegend"] = False


def part(figure: figures.Figure, every: int) -> None:
    """A line between the rows of one view and the next."""
    rows, columns = map(int, figure["data"][0]["z"]["shape"].split(", "))
    line = {"type": "line", "x0": -0.5, "x1": columns - 0.5, "line": {"color": "#1c1917", "width": 3}}
    edges = (k - 0.5 for k in range(every, rows, every))
    figure["layout"]["shapes"] = [line | {"y0": y, "y1": y} for y in edges]


def titled(figure: figures.Figure, across: str, down: str = "") -> figures.Figure:
    """The figure with words at its axes."""
    for axis, words in (("xaxis", across), ("yaxis", down)):
        figure["layout"][axis]["title"] = {"text": words}
    return figure
