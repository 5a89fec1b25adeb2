"""Curves of several runs on one chart, smoothed if asked, and what others published beside them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

from ssl_core.config import knob
from ssl_core.course import AXES, KNN, SCALARS, course
from ssl_core.methods import METHODS
from ssl_core.published import Published, published
from ssl_core.runs import Run
from ssl_core.smoothing import smoothed
from ssl_ui.compare_look import Look
from ssl_ui.figures import Figure
from ssl_ui.i18n import t
from ssl_ui.plotly_json import base, heading, plain, reference_line
from ssl_ui.view_tiles import ink

POINTS = 1000  # of a curve; beyond it every second, fourth … step is drawn
HIGH = 460  # pixels of the chart
APART = 21  # pixels between two letters at the ends of lines
GREY = "#717581"  # of what others published: no run has it

TITLES = {
    KNN: "Held-out kNN top-1, %",
    "loss": "Loss",
    "alignment": "Alignment",
    "uniformity": "Uniformity",
    "effective_rank": "Effective rank",
    "std": "Spread of z (std)",
    "learning_rate": "Learning rate",
    "gradient_norm": "Gradient norm",
}
AXIS_TITLES = {"step": "Step", "images": "Images seen", "seconds": "Seconds"}
OVER = (1, 5, 10, 20, 50, 100, 200, 500)


@dataclass(frozen=True)
class CurveState:
    """What the chart stands at."""

    scalar: str = knob(KNN, choices=(KNN, *SCALARS))
    axis: str = knob("step", choices=AXES)
    over: int = knob(20, 1, 500, choices=OVER)
    published: bool = knob(True)


@dataclass(frozen=True, eq=False)
class Line:
    """One run on the chart: every value, and the same smoothed."""

    run: Run
    look: Look
    x: Float[np.ndarray, " n"]
    raw: Float[np.ndarray, " n"]
    smooth: Float[np.ndarray, " n"]


def lines(chosen: dict[Run, Look], state: CurveState) -> list[Line]:
    """What is drawn of each run. kNN is measured at few moments: it stays as it is. Raises Problem."""
    found = []
    for run, look in chosen.items():
        x, y, step = course(run).curve(state.scalar, state.axis)
        if not len(x):
            continue
        if state.scalar == KNN:
            y = 100 * y
        smooth = y if state.scalar == KNN else smoothed(y, step, state.over)
        keep = thinned(len(x))
        found.append(Line(run, look, x[keep], y[keep], smooth[keep]))
    return found


def thinned(n: int) -> list[int]:
    """The places of at most POINTS + 1 of n points: each power of twos, and the last."""
    stride = 1
    while n > stride * POINTS:
        stride *= 2
    places = list(range(0, n, stride))
    return places if places[-1:] == [n - 1] else [*places, n - 1]


def figure(drawn: Sequence[Line], state: CurveState, beside: Sequence[Published] = ()) -> Figure:
    """The chart. A run is known by letter, colour and dash; zoom is kept while the axes stay the same."""
    data = []
    for line in drawn:
        if line.smooth is not line.raw:
            data.append(
                _trace(line, line.raw, "raw")
                | {"opacity": 0.28, "line": {"width": 1.5, "color": line.look.colour}}
            )
            data[-1] |= {"hoverinfo": "skip", "showlegend": False}
        data.append(_trace(line, line.smooth, "smooth"))
        if state.scalar == KNN:
            data[-1] |= {"mode": "lines+markers", "marker": {"size": 10, "symbol": line.look.marker}}
    layout = base(t(AXIS_TITLES[state.axis])) | {"showlegend": True, "hovermode": "closest"}
    layout["uirevision"] = f"{state.scalar} {state.axis}"
    layout["margin"] = {"l": 62, "r": 44, "t": 16, "b": 54}
    layout["legend"] = {"orientation": "h", "x": 0, "y": 1.08, "yanchor": "bottom", "font": {"size": 16}}
    layout["xaxis"] |= {"nticks": 8, "tickangle": 0}
    layout["annotations"] = [heading(t(TITLES[state.scalar])), *_letters(drawn)]
    if state.scalar == KNN:
        layout["yaxis"]["rangemode"] = "tozero"
    _stand_beside(data, layout, drawn, beside)
    return {"data": data, "layout": layout}


def _trace(line: Line, y: Float[np.ndarray, " n"], what: str) -> dict[str, Any]:
    letter = line.look.letter
    return {
        "type": "scatter",
        "mode": "lines",
        "name": f"<b>{letter}</b> {line.run.name}",
        "x": plain(line.x.tolist()),
        "y": [None if v is None else float(f"{v:.6g}") for v in plain(y.tolist())],
        "line": {"width": 3, "color": line.look.colour, "dash": line.look.dash},
        "legendgroup": letter,
        "meta": {"run": line.run.name, "what": what},
        "hovertemplate": f"<b>{letter}</b> %{{y:.4~g}} · %{{x:,.6~g}}<extra></extra>",
    }


def _letters(drawn: Sequence[Line]) -> list[dict[str, Any]]:
    """A letter at the end of each line, moved up or down where two would lie on each other."""
    ends = [(line, _last(line)) for line in drawn]
    ends = [(line, end) for line, end in ends if end is not None]
    if not ends:
        return []
    every = np.concatenate([line.smooth[np.isfinite(line.smooth)] for line, _ in ends])
    span = float(every.max() - every.min()) or 1.0
    made, free = [], -np.inf
    for line, (x, y) in sorted(ends, key=lambda end: end[1][1]):
        wanted = y / span * (HIGH - 120)
        place = max(wanted, free)
        free = place + APART
        look = {
            "bgcolor": line.look.colour,
            "font": {"color": ink(line.look.colour), "size": 15},
            "borderpad": 1,
        }
        where = {"x": x, "y": y, "xanchor": "left", "xshift": 8, "yshift": round(place - wanted)}
        made.append({"text": f"<b>{line.look.letter}</b>", "showarrow": False, **look, **where})
    return made


def _last(line: Line) -> tuple[float, float] | None:
    finite = np.flatnonzero(np.isfinite(line.smooth))
    return (float(line.x[finite[-1]]), float(line.smooth[finite[-1]])) if len(finite) else None


def _stand_beside(
    data: list[Any], layout: dict[str, Any], drawn: Sequence[Line], beside: Sequence[Published]
) -> None:
    """Published figures as lines across, each with its words at the left, one below the other."""
    lowest = np.inf
    layout["shapes"] = []
    for one in sorted(beside, key=lambda p: -p.value):
        y = 100 * one.value
        layout["shapes"].append(reference_line(y) | {"line": {"dash": "dot", "width": 1.5, "color": GREY}})
        lowest = min(y, lowest - 5.0)  # per cent: the height of a line of words on this chart
        words = t("{who}: {value:.1f} %", who=called(one), value=y)
        place = {"xref": "paper", "x": 0.01, "xanchor": "left", "y": lowest, "yanchor": "top"}
        layout["annotations"].append({"text": words, "showarrow": False, "font": {"size": 14}, **place})
    if beside and drawn:  # a range given anew would undo the zoom of whoever watches
        unseen = {"type": "scatter", "mode": "markers", "marker": {"opacity": 0}, "hoverinfo": "skip"}
        most = 100 * max(p.value for p in beside)
        data.append(unseen | {"x": [float(drawn[0].x[0])], "y": [most], "showlegend": False})


def called(one: Published) -> str:
    """A published figure in a few words."""
    title = t(METHODS[one.method].title) if one.method else t("random")
    length = "" if one.epochs is None else t(", {epochs:,} epochs", epochs=one.epochs)
    return f"{title}, {one.source}{length}"


def stand_beside(methods: Sequence[str], kind: str) -> list[Published]:
    """What was published of one kind for any of these methods."""
    return [p for name in dict.fromkeys(methods) for p in published(name, kind)]
