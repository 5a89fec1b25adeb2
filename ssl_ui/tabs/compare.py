"""Runs beside each other: a table, their curves, their figures, their settings, and two of their maps."""

import time
from typing import Any

import gradio as gr

from ssl_ui import compare_desk as desk
from ssl_ui.compare_curves import AXIS_TITLES, HIGH, KNN, OVER, TITLES, CurveState
from ssl_ui.compare_maps import maps_view
from ssl_ui.compare_settings import in_html
from ssl_ui.compare_table import runs_table
from ssl_ui.context import Context, Frame
from ssl_ui.handlers import LIVE, Given, checked_state, guarded
from ssl_ui.i18n import t
from ssl_ui.liveplot import live_plot

TITLE = "Compare"
MAPS = "Two maps of the same test pictures"


def build(context: Context, frame: Frame) -> None:
    """Lay out the tab."""
    chosen = gr.State([])
    table = runs_table(context, elem_id="compare-runs")
    parts = _controls()
    plot = live_plot(label=t("Curves of the chosen runs"), height=HIGH, elem_id="compare-curves")
    with gr.Column(visible=False) as column:
        bars = live_plot(label=t("Figures on test pictures"), height=420, elem_id="compare-figures")
    published = gr.HTML(elem_id="compare-published", apply_default_css=False)
    _heading(t(MAPS))
    with gr.Row():
        sides = [
            gr.Dropdown([], label=t(name), filterable=False, elem_id=f"compare-{name.lower()}")
            for name in ("Left", "Right")
        ]
    both = maps_view(elem_id="compare-maps")
    _heading(t("In what they differ"))
    knobs = gr.HTML(elem_id="compare-knobs", apply_default_css=False)

    def draw(given: Given) -> dict[Any, Any]:
        runs = desk.chosen_runs(context, given[chosen])
        state = checked_state(CurveState, {name: given[part] for name, part in parts.items()})
        figures = desk.measured(runs, state)
        return {
            plot: desk.curves(runs, state),
            column: gr.Column(visible=figures is not None),
            bars: figures,
            published: desk.published_in_full(runs, state),
            parts["over"]: gr.Dropdown(visible=state.scalar != KNN),
        }

    def choose(given: Given, event: gr.EventData) -> dict[Any, Any]:
        given = {**given, chosen: list(event.names)}
        runs = desk.chosen_runs(context, given[chosen])
        names, *shown = desk.sides(runs, given[sides[0]], given[sides[1]])
        menus = {side: gr.Dropdown(names, value=name) for side, name in zip(sides, shown, strict=True)}
        return {**draw(given), chosen: given[chosen], knobs: in_html(runs), **menus}

    def lay_out(given: Given) -> dict[str, Any]:
        runs = desk.chosen_runs(context, given[chosen])
        return desk.pair(context, runs, *(given[side] for side in sides))

    inputs = {chosen, *parts.values(), *sides}
    drawn = [plot, column, bars, published, parts["over"]]
    chose = table.select(guarded(choose), inputs, [*drawn, chosen, knobs, *sides], **LIVE)
    chose.then(guarded(lay_out), inputs, both, **LIVE)
    gr.on([part.input for part in parts.values()], guarded(draw), inputs, drawn, **LIVE)
    gr.on([side.input for side in sides], guarded(lay_out), inputs, both, **LIVE)
    frame.tab.select(lambda: {"again": time.time()}, None, table, **LIVE)


def _heading(words: str) -> None:
    gr.HTML(f'<h2 class="compare-heading">{words}</h2>', apply_default_css=False)


def _controls() -> dict[str, Any]:
    start = CurveState()
    scalars = [(t(title), name) for name, title in TITLES.items()]
    axes = [(t(title), name) for name, title in AXIS_TITLES.items()]
    overs = [(t("nothing") if n == 1 else t("about {n} steps", n=n), n) for n in OVER]
    with gr.Row(elem_classes="compare-controls"):
        return {
            "scalar": gr.Dropdown(scalars, value=start.scalar, label=t("Curve"), filterable=False),
            "axis": gr.Radio(axes, value=start.axis, label=t("Along")),
            "over": gr.Dropdown(
                overs, value=start.over, label=t("Smoothed over"), visible=False, filterable=False
            ),
            "published": gr.Checkbox(
                start.published, label=t("Published figures"), info=t("Beside runs on CIFAR-10")
            ),
        }
