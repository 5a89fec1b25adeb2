"""Curves of several runs on one chart, smoothed if asked, and what others published beside them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

from ssl_core.config import knob
from ssl_core.course import AXES, KNN, SCALARS, course
from ssl_core.published import Published
from ssl_core.runs import Run
from ssl_core.smoothing import smoothed
from ssl_ui.compare_ends import End, letters
from ssl_ui.compare_look import Look
from ssl_ui.compare_published import lay_beside
from ssl_ui.figures import Figure
from ssl_ui.i18n import t
from ssl_ui.plotly_json import base, heading, plain

POINTS = 1000  # of a curve; beyond it every second, fourth … step is drawn
HIGH = 460  # pixels of the chart

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
        if state.scalar != KNN and state.over > 1:
            faint = {"opacity": 0.28, "line": {"width": 1.5, "color": line.look.colour}}
            data.append(_trace(line, line.raw, "raw") | faint | {"hoverinfo": "skip", "showlegend": False})
        data.append(_trace(line, line.smooth, "smooth"))
        if state.scalar == KNN:
            data[-1] |= {"mode": "lines+markers", "marker": {"size": 10, "symbol": line.look.marker}}
    layout = base(t(AXIS_TITLES[state.axis])) | {"showlegend": True, "hovermode": "closest"}
    layout["uirevision"] = f"{state.scalar} {state.axis}"
    layout["margin"] = {"l": 62, "r": 44, "t": 16, "b": 54}
    layout["legend"] = {"orientation": "h", "x": 0, "y": 1.08, "yanchor": "bottom", "font": {"size": 16}}
    layout["xaxis"] |= {"nticks": 8, "tickangle": 0}
    span = _span(drawn, state, beside)
    layout["annotations"] = [heading(_title(drawn, state)), *letters(_ends(drawn), *span)]
    if state.scalar == KNN:
        layout["yaxis"]["rangemode"] = "tozero"
    lay_beside(data, layout, beside, drawn[0].x[0] if drawn else 0.0)
    return {"data": data, "layout": layout}


def _title(drawn: Sequence[Line], state: CurveState) -> str:
    title = t(TITLES[state.scalar])
    losses = {line.run.settings.method_class().loss_name for line in drawn}
    if state.scalar != "loss" or len(losses) < 2:
        return title
    return t("{title}: of several kinds, so compare how they fall, not how high they lie", title=title)


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


def _span(drawn: Sequence[Line], state: CurveState, beside: Sequence[Published]) -> tuple[float, float]:
    """From where to where the chart reaches, near enough to set letters apart."""
    parts = [values[np.isfinite(values)] for line in drawn for values in (line.raw, line.smooth)]
    every = np.concatenate([*parts, [100 * one.value for one in beside]]) if drawn else np.zeros(1)
    if not len(every):
        return 0.0, 1.0
    low, high = float(every.min()), float(every.max())
    return (0.0 if state.scalar == KNN else low), high


def _ends(drawn: Sequence[Line]) -> list[End]:
    """Where each line ends, as far as it is a number."""
    found = []
    for line in drawn:
        finite = np.flatnonzero(np.isfinite(line.smooth))
        if len(finite):
            found.append((line.look, float(line.x[finite[-1]]), float(line.smooth[finite[-1]])))
    return found
