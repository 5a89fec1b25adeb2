"""Figures of chosen runs on test pictures with their intervals; the published ones beside them."""

from collections.abc import Mapping, Sequence
from html import escape

from ssl_core.results import Result, load_results
from ssl_core.runs import Run
from ssl_ui.compare_look import MOST, Look
from ssl_ui.compare_published import GREY, KINDS, called, in_full, stand_beside
from ssl_ui.compare_rows import setting
from ssl_ui.figures import Figure
from ssl_ui.i18n import t
from ssl_ui.plotly_json import base, heading


def results(chosen: Mapping[Run, Look]) -> dict[Run, dict[str, Result]]:
    """What was measured of each run on test pictures. Raises Problem on a torn file."""
    found = {run: load_results(run.folder).trained for run in chosen}
    return {run: those for run, those in found.items() if those}


def figure(chosen: Mapping[Run, Look], beside: Sequence[str]) -> Figure | None:
    """A column for each kind of figure, a mark for each run, and what was published for some methods.

    None where nothing was measured.
    """
    found = results(chosen)
    kinds = [kind for kind in KINDS if any(kind in those for those in found.values())]
    if not kinds:
        return None
    data = [_marks(chosen[run], run, those, kinds) for run, those in found.items()]
    layout = base() | {"showlegend": True, "hovermode": "closest", "shapes": [], "annotations": []}
    layout["margin"] = {"l": 62, "r": 16, "t": 16, "b": 60}
    layout["legend"] = {"orientation": "h", "x": 0, "y": 1.08, "yanchor": "bottom", "font": {"size": 16}}
    layout["uirevision"] = " ".join(kinds)
    names = [t(KINDS[kind]) for kind in kinds]
    layout["xaxis"] = {
        "tickvals": list(range(len(kinds))),
        "ticktext": names,
        "range": [-0.5, len(kinds) - 0.5],
    }
    layout["xaxis"] |= {"showgrid": False, "zeroline": False, "tickangle": 0}
    layout["yaxis"] |= {"rangemode": "tozero"}
    layout["annotations"].append(heading(t("Top-1 on test pictures, %")))
    if beside:
        data.append(_published(kinds, beside))
    return {"data": data, "layout": layout}


def _marks(look: Look, run: Run, those: Mapping[str, Result], kinds: Sequence[str]) -> Figure:
    places = [i for i, kind in enumerate(kinds) if kind in those]
    mine = [those[kinds[i]] for i in places]
    shift = 0.11 * ("ABCDEF".index(look.letter) - (MOST - 1) / 2)
    return {
        "type": "scatter",
        "mode": "markers",
        "name": f"<b>{look.letter}</b> {run.name}",
        "x": [i + shift for i in places],
        "y": [100 * one.value for one in mine],
        "error_y": {
            "type": "data",
            "symmetric": False,
            "array": [100 * (one.interval[1] - one.value) for one in mine],
            "arrayminus": [100 * (one.value - one.interval[0]) for one in mine],
            "thickness": 2,
        },
        "marker": {"size": 13, "color": look.colour, "symbol": look.marker},
        "text": [_broken(setting(one)) for one in mine],
        "hovertemplate": "%{text}<extra></extra>",
        "meta": {"run": run.name},
    }


def _broken(text: str) -> str:
    """Its parts below each other, for the pointer."""
    return "<br>".join(escape(part) for part in text.split(" · "))


def _published(kinds: Sequence[str], methods: Sequence[str]) -> Figure:
    """Short grey lines in the columns of their kind."""
    found = [(i, one) for i, kind in enumerate(kinds) for one in stand_beside(methods, kind)]
    return {
        "type": "scatter",
        "mode": "markers",
        "name": t("published"),
        "x": [i for i, _ in found],
        "y": [100 * one.value for _, one in found],
        "marker": {"symbol": "line-ew-open", "size": 54, "color": GREY, "line": {"width": 2.5}},
        "text": ["<br>".join(escape(word) for word in (called(one), *in_full(one))) for _, one in found],
        "hovertemplate": "%{y:.1f} % · %{text}<extra></extra>",
    }
