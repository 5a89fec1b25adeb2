"""Who is taken for whom, and how much of each class is found: figures of one result beside the untrained."""

from typing import Any

import numpy as np
import torch
from jaxtyping import Float

from ssl_core.evaluation import recall
from ssl_core.results import Result
from ssl_ui.figures import Figure, heatmap
from ssl_ui.i18n import t
from ssl_ui.palette import of_class
from ssl_ui.plotly_json import FONT, base, heading, plain

NUMBERED = 16  # classes, up to which the cells have their numbers
PALE = 0.4


def confusion(result: Result) -> Figure:
    """Rows: what the pictures are. Columns: what was said. Each row's colours are shares of its pictures."""
    counts = np.asarray(result.confusion)
    share = counts / counts.sum(1, keepdims=True).clip(1)
    names = [t(name) for name in result.classes]
    figure = heatmap(share, names, names, cosine=False, limit=1.0, numbered=0)
    words = [[_percent(cell) for cell in row] for row in share] if len(names) <= NUMBERED else None
    told = [[cell(result, i, j) for j in range(len(names))] for i in range(len(names))]
    trace = figure["data"][0]
    trace |= {"colorscale": SHARES, "showscale": False, "hovertext": told}
    trace["hovertemplate"] = "%{hovertext}<extra></extra>"
    if words:
        trace |= {"text": words, "texttemplate": "%{text}", "textfont": {"size": FONT - 1}}
    layout = figure["layout"]
    layout["xaxis"] |= {"tickangle": -40}
    below = {"x": 0.5, "y": 0, "xanchor": "center", "yanchor": "top", "yshift": -4}
    words_below = t("row: what it is · column: what was said · % of the row")
    layout["annotations"] = [
        below | {"xref": "paper", "yref": "paper", "text": words_below, "showarrow": False}
    ]
    layout["margin"] |= {"t": 10, "b": 30, "r": 40}
    layout["uirevision"] = "confusion"
    return figure


# white to blue: black numbers can be read up to the middle, white ones beyond; plotly chooses by itself
SHARES = [[0.0, "#f7fbff"], [0.05, "#deebf7"], [0.2, "#9ecae1"], [0.5, "#4292c6"], [1.0, "#084594"]]


def _percent(share: float) -> str:
    whole = f"{100 * share:.0f}"
    return "" if share == 0 else "<1" if whole == "0" else whole


def cell(result: Result, true: int, said: int) -> str:
    """What one cell holds, in words."""
    row = result.confusion[true]
    names = [t(name) for name in result.classes]
    values = {"n": row[said], "total": sum(row), "true": names[true], "said": names[said]}
    if true == said:
        return t("{n:,} of {total:,} pictures of {true} were recognised", **values)
    return t("{n:,} of {total:,} pictures of {true} were taken for {said}", **values)


def recalls(result: Result) -> Float[np.ndarray, " c"]:
    """The share of each class that was found; NaN where there is no picture of it."""
    return recall(torch.tensor(result.confusion)).numpy()


def recall_bars(trained: Result, untrained: Result | None) -> Figure:
    """A bar for each class in its colour; a pale one below it where the untrained network stands."""
    names = [t(name) for name in trained.classes]
    colours = [of_class(k) for k in range(len(names))]
    sides = [(t("trained"), trained, 1.0)]
    if untrained is not None and untrained.confusion:
        sides.append((t("untrained"), untrained, PALE))
    data: list[dict[str, Any]] = []
    for title, result, opacity in sides:
        values = plain((100 * recalls(result)).tolist())
        data.append(
            {
                "type": "bar",
                "orientation": "h",
                "name": title,
                "x": values,
                "y": list(range(len(names))),
                "marker": {"color": colours, "opacity": opacity},
                "text": ["" if v is None else f"{v:.0f}" for v in values],
                "textposition": "outside",
                "textfont": {"size": FONT - 2},
                "textangle": 0,
                "cliponaxis": False,
                "hovertemplate": "%{x:.1f} %<extra>" + title + "</extra>",
            }
        )
    layout = base() | {"barmode": "group", "bargap": 0.18, "bargroupgap": 0.05, "showlegend": False}
    layout["xaxis"] |= {"range": [0, 112], "tickvals": [0, 25, 50, 75, 100], "zeroline": True}
    layout["yaxis"] |= {"autorange": "reversed", "tickvals": list(range(len(names))), "ticktext": names}
    layout["yaxis"] |= {"showgrid": False}
    words = t("recall, %: trained, and pale untrained") if len(sides) > 1 else t("recall, %")
    layout["annotations"] = [heading(words)]
    layout["margin"] |= {"t": 34, "b": 30}
    layout["uirevision"] = "recall"
    return {"data": data, "layout": layout}
