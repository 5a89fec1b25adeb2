"""How z lies, from a run's snapshots: cosines of pairs, the spectrum, and the way over the plane of

alignment and uniformity. Nothing is computed here but where a mark is drawn.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from ssl_ui.eval_data import Judged, Moment
from ssl_ui.figures import Figure
from ssl_ui.i18n import t
from ssl_ui.palette import CLASSES, of_class
from ssl_ui.plotly_json import FONT, base, heading, plain, typed

POSITIVE, NEGATIVE = CLASSES[0], CLASSES[6]  # blue and orange
FAINT = CLASSES[3]
LEAST = 1e-8  # of the variance: what lies below is rounding, and a logarithm would show nothing else
SHORT = 0.12  # of the path's own extent: an arrowhead on a shorter step would hide it
START, END = "circle-open", "star"


def both_ends(judged: Judged) -> list[tuple[str, Moment]]:
    """The first and the last moment, with what they are called; one alone where there is one."""
    found = [judged.moments[0], judged.moments[-1]] if len(judged.moments) > 1 else [*judged.moments]
    return [(when(moment), moment) for moment in found]


def when(moment: Moment) -> str:
    """A moment's name."""
    return t("untrained") if moment.step == 0 else t("step {step:,}", step=moment.step)


def violins(judged: Judged) -> Figure:
    """Cosines of two views of one picture, and of two pictures: halves of a violin, first and last moment."""
    data: list[dict[str, Any]] = []
    for place, (name, moment) in enumerate(both_ends(judged)):
        halves = (
            (t("of one picture"), moment.positive, POSITIVE, "positive"),
            (t("of two pictures"), moment.negative, NEGATIVE, "negative"),
        )
        for kind, values, colour, side in halves:
            data.append(
                {
                    "type": "violin",
                    "name": kind,
                    "legendgroup": side,
                    "showlegend": place == 0,
                    "scalegroup": "all",
                    "scalemode": "width",
                    "side": side,
                    "x0": name,
                    "y": typed(values),
                    "line": {"color": colour, "width": 1.5},
                    "fillcolor": colour,
                    "opacity": 0.85,
                    "points": False,
                    "meanline": {"visible": True, "width": 2.5, "color": "#111"},
                    "spanmode": "hard",
                    "width": 0.9,
                    "hoveron": "violins",
                }
            )
    layout = base() | {"violinmode": "overlay", "violingap": 0.1, "showlegend": True}
    layout["yaxis"] |= {"range": [-1.02, 1.05], "tickvals": [-1, -0.5, 0, 0.5, 1]}
    layout["annotations"] = [heading(t("cosine of two views"))]
    layout["legend"] = {"orientation": "h", "x": 0.5, "xanchor": "center", "y": -0.1, "yanchor": "top"}
    layout["margin"] |= {"t": 34, "b": 62}
    layout["uirevision"] = "violins"
    return {"data": data, "layout": layout}


def spectrum(judged: Judged) -> Figure:
    """Each direction's part of z's variance, the greatest first; a dotted line at the effective rank."""
    data, shapes = [], []
    for place, (name, moment) in enumerate(both_ends(judged)):
        last = place == len(both_ends(judged)) - 1
        colour = POSITIVE if last else FAINT
        seen = np.where(moment.shares >= LEAST, moment.shares, np.nan)
        data.append(
            {
                "type": "scatter",
                "mode": "lines",
                "name": t("{moment}: rank {rank:.1f}", moment=name, rank=moment.verdict.rank),
                "x": list(range(1, len(seen) + 1)),
                "y": plain(seen.tolist()),
                "line": {"width": 3, "color": colour, "dash": "solid" if last else "dash"},
                "hovertemplate": "%{x}: %{y:.2%}<extra></extra>",
            }
        )
        edge = {"type": "line", "yref": "paper", "y0": 0, "y1": 1}
        edge |= {"line": {"width": 2, "color": colour, "dash": "dot"}}
        shapes.append(edge | {"x0": moment.verdict.rank, "x1": moment.verdict.rank})
    layout = base() | {"showlegend": True, "shapes": shapes}
    layout["xaxis"] |= {"rangemode": "tozero", "title": _title(t("direction of z"))}
    layout["yaxis"] |= {"type": "log", "exponentformat": "power", "dtick": 1}
    layout["annotations"] = [heading(t("share of the variance of z"))]
    layout["legend"] = {"orientation": "h", "x": 0.5, "xanchor": "center", "y": -0.15, "yanchor": "top"}
    layout["margin"] |= {"t": 34, "b": 100}
    layout["uirevision"] = "spectrum"
    return {"data": data, "layout": layout}


def path(found: Sequence[Judged]) -> Figure:
    """All moments of all runs on the plane of Wang & Isola 2020: a ring where it began, a star at its end."""
    data: list[dict[str, Any]] = []
    notes = [heading(t("uniformity (lower: more even)"))]
    for k, judged in enumerate(found):
        if not judged.moments:
            continue
        x = [moment.alignment for moment in judged.moments]
        y = [moment.uniformity for moment in judged.moments]
        between = ["circle"] * (len(x) - 2)
        marks = [START, *between, END][: len(x)] if len(x) > 1 else [END]
        sizes = [14, *[7] * (len(x) - 2), 18][: len(x)] if len(x) > 1 else [18]
        data.append(
            {
                "type": "scatter",
                "mode": "lines+markers",
                "name": judged.name,
                "x": plain(x),
                "y": plain(y),
                "line": {"width": 2.5, "color": of_class(k)},
                "marker": {
                    "size": sizes,
                    "symbol": marks,
                    "color": of_class(k),
                    "line": {"width": 2, "color": of_class(k)},
                    "opacity": 1,
                },
                "text": [when(moment) for moment in judged.moments],
                "hovertemplate": "%{text}<br>%{x:.3f}, %{y:.3f}<extra>" + judged.name + "</extra>",
            }
        )
        notes += _arrows(x, y, of_class(k))
    layout = base() | {"showlegend": len(data) > 1, "annotations": notes, "hovermode": "closest"}
    layout["xaxis"] |= {"title": _title(t("alignment (lower: views meet)"))}
    layout["xaxis"] |= {"rangemode": "tozero"}
    layout["yaxis"] |= {"rangemode": "tozero"}
    layout["legend"] = {"orientation": "h", "x": 0, "y": -0.2, "yanchor": "top", "font": {"size": FONT - 2}}
    layout["margin"] |= {"t": 34, "b": 130 if len(data) > 1 else 54}
    layout["uirevision"] = " ".join(judged.name for judged in found)
    return {"data": data, "layout": layout}


def _arrows(x: list[float], y: list[float], colour: str) -> list[dict[str, Any]]:
    """An arrowhead half-way along each step of the path that is long enough for one."""
    arrow = {"xref": "x", "yref": "y", "axref": "x", "ayref": "y", "text": "", "showarrow": True}
    arrow |= {"arrowhead": 2, "arrowsize": 1.3, "arrowwidth": 2.5, "arrowcolor": colour}
    across, up = max(x) - min(x) or 1.0, max(y) - min(y) or 1.0
    ends = [
        (a, b, c, d)
        for a, b, c, d in zip(x[:-1], y[:-1], x[1:], y[1:], strict=True)
        if abs(c - a) / across + abs(d - b) / up > SHORT
    ]
    return [arrow | {"ax": a, "ay": b, "x": (a + c) / 2, "y": (b + d) / 2} for a, b, c, d in ends]


def _title(text: str) -> dict[str, Any]:
    return {"text": text, "standoff": 2, "font": {"size": FONT}}
