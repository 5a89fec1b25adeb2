"""Arrays in, plotly JSON figures {data, layout} out: plain dicts that `live_plot` draws.

Matrices and points travel as typed arrays in base64 (a 256×256 matrix takes a tenth of what lists take);
curves travel as growing plain lists, of which Gradio sends only the new end. Nothing here sets a text or
background colour: the plot takes those from the page, light or dark.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from jaxtyping import Float, Int, Num

from ssl_ui.palette import (
    COSINES,
    COSINES_PALE,
    MAGNITUDES,
    MAGNITUDES_PALE,
    marker_of_class,
    of_class,
)
from ssl_ui.plotly_json import (
    FONT,
    MASKED,
    base,
    cells,
    gaps,
    heading,
    number,
    plain,
    reference_line,
    typed,
)

Figure = dict[str, Any]
NUMBERED = 16  # a matrix up to this size has its numbers in its cells


def curve(
    series: Mapping[str, tuple[Sequence[float], Sequence[float]]],
    references: Mapping[str, float] | None = None,
    x_title: str = "",
    y_title: str = "",
) -> Figure:
    """Named lines (x, y), and dashed horizontal lines to compare with, such as a collapsed encoder's loss.

    What is drawn upwards is said over the plot: beside it, long numbers on the axis would run into it.
    """
    data = [
        {
            "type": "scatter",
            "mode": "lines",
            "name": name,
            "x": plain(x),
            "y": plain(y),
            "line": {"width": 2.5, "color": of_class(i)},
        }
        for i, (name, (x, y)) in enumerate(series.items())
    ]
    layout = base(x_title) | {"showlegend": len(data) > 1, "hovermode": "x unified"}
    layout["shapes"] = [reference_line(y) for y in (references or {}).values()]
    right = {"xref": "paper", "x": 1, "xanchor": "right", "yanchor": "bottom", "showarrow": False}
    layout["annotations"] = [right | {"y": y, "text": name} for name, y in (references or {}).items()]
    layout["annotations"].append(heading(y_title))
    layout["margin"] |= {"t": 30, "b": 54}
    layout["xaxis"]["title"]["standoff"] = 2  # below the numbers, also where the axis may not ask for room
    layout["xaxis"] |= {"nticks": 7, "tickangle": 0}
    return {"data": data, "layout": layout}


def heatmap(
    matrix: Num[np.ndarray, "r c"],
    rows: Sequence[str] | None = None,
    columns: Sequence[str] | None = None,
    *,
    cosine: bool = True,
    limit: float | None = None,
    numbered: int = NUMBERED,
) -> Figure:
    """A matrix, first row on top. Cosines: red below 0, blue above; magnitudes: Cividis.

    `limit` fixes the colour scale: ±limit for cosines, from 0 for magnitudes. A matrix up to `numbered` rows
    and columns has its numbers in its cells.
    """
    finite = matrix[np.isfinite(matrix)]
    top = limit or float(np.abs(finite).max(initial=0)) or 1.0
    large = max(matrix.shape)
    trace: dict[str, Any] = {
        "type": "heatmap",
        "z": typed(matrix),
        "zmin": -top if cosine else min(0.0, float(finite.min(initial=0))),
        "zmax": top,
        "colorscale": COSINES if cosine else MAGNITUDES,
        "colorbar": {"thickness": 14},
        "showscale": large > numbered,
        "hovertemplate": "%{y} · %{x}<br>%{z:.4f}<extra></extra>",
    } | gaps(large)
    figure = {"data": [trace], "layout": cells(matrix.shape, rows, columns)}
    if large <= numbered:
        short = large > NUMBERED // 2
        write(figure, [[number(v, short) for v in row] for row in matrix.tolist()], cosine)
    return figure


def write(figure: Figure, words: list[list[str]], cosine: bool = False) -> None:
    """Put words into the cells of a heatmap, and make its colours such that they can be read.

    Where a cell is a gap the word stands on the page's own background, so it takes the page's colour.
    """
    trace, size = figure["data"][0], FONT if len(words[0]) <= NUMBERED // 2 else FONT - 2
    figure["layout"]["annotations"] = [
        {"x": c, "y": r, "text": word, "showarrow": False, "font": {"size": size}}
        for r, row in enumerate(words)
        for c, word in enumerate(row)
        if word == MASKED
    ]
    trace |= {
        "text": [["" if word == MASKED else word for word in row] for row in words],
        "texttemplate": "%{text}",
        "textfont": {"size": size, "color": "#111"},
        "colorscale": COSINES_PALE if cosine else MAGNITUDES_PALE,
    }


def scatter(
    points: Float[np.ndarray, "n 2"],
    labels: Int[np.ndarray, " n"],
    names: Sequence[str],
    pictures: dict[str, Any] | None = None,
    tiles: Int[np.ndarray, " n"] | None = None,
) -> Figure:
    """Points in the plane, coloured and shaped by class. customdata is a point's tile, else its place.

    `pictures` = {url, columns} shows under the pointer the tile of that number (see `live_plot`).
    """
    tiles = np.arange(len(points)) if tiles is None else tiles
    data = []
    for k, name in enumerate(names):
        mine = np.flatnonzero(labels == k)
        look = {"size": 7, "opacity": 0.8, "color": of_class(k), "symbol": marker_of_class(k)}
        data.append(
            {
                "type": "scattergl",
                "mode": "markers",
                "name": name,
                "x": typed(points[mine, 0]),
                "y": typed(points[mine, 1]),
                "customdata": tiles[mine].tolist(),
                "marker": look,
                "hovertemplate": f"{name}<extra></extra>",
            }
        )
    layout = base() | {"showlegend": True, "dragmode": "pan"}
    layout |= {"xaxis": {"visible": False}, "yaxis": {"visible": False, "scaleanchor": "x"}}
    layout["legend"] |= {"itemsizing": "constant"}
    layout["meta"] = {"pictures": pictures}
    return {"data": data, "layout": layout, "config": {"scrollZoom": True}}
