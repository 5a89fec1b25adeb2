"""Is it any good? Figures of several runs side by side, who is taken for whom, and how z lies."""

from typing import Any

import gradio as gr

from ssl_ui import eval_words as words
from ssl_ui.context import Context, Frame
from ssl_ui.eval_data import MOST, first_choice, offered
from ssl_ui.eval_desk import READY, Desk
from ssl_ui.eval_form import form
from ssl_ui.handlers import LIVE, guarded
from ssl_ui.i18n import t
from ssl_ui.liveplot import live_plot
from ssl_ui.progress import note
from ssl_ui.scores import promise

TITLE = "Evaluate"
PLOTS = {
    "violins": "Cosines of two views of one picture and of two pictures",
    "spectrum": "Eigenvalues of the covariance of z",
    "path": "Alignment and uniformity of z at every moment of the chosen runs",
}


def build(context: Context, frame: Frame) -> None:
    """Lay out the tab."""
    promise(context)
    parts: dict[str, Any] = {"keys": gr.State({})}
    with gr.Row():
        with gr.Column(scale=1, min_width=290):
            parts |= _left(context)
        with gr.Column(scale=4, min_width=480):
            parts["closer"] = gr.Radio(
                [], label=t("Look closer at"), visible=False, elem_id="evaluate-closer"
            )
            with gr.Tabs(elem_id="evaluate-views"):
                with gr.Tab(t("Figures"), elem_id="evaluate-figures"):
                    parts["table"] = gr.HTML(elem_id="evaluate-table", apply_default_css=False)
                    gr.Markdown(words.lesson(), elem_id="evaluate-lesson")
                with gr.Tab(t("Who is taken for whom"), elem_id="evaluate-who"):
                    parts |= _who()
                with gr.Tab(t("How z lies"), elem_id="evaluate-geometry"):
                    parts |= _geometry()
    _wire(Desk(context=context, **parts), frame)


def _left(context: Context) -> dict[str, Any]:
    menu = gr.Dropdown(
        offered(context),
        value=first_choice(context),
        multiselect=True,
        max_choices=MOST,
        label=t("Runs"),
        elem_id="evaluate-runs",
    )
    asked = form()
    with gr.Row():
        start = gr.Button(t("Measure"), variant="primary", min_width=110, elem_id="evaluate-start")
        stop = gr.Button(t("Stop"), variant="stop", min_width=80, interactive=False, elem_id="evaluate-stop")
    status = gr.HTML(note(t(READY)), elem_id="evaluate-status", apply_default_css=False)
    return {"menu": menu, "asked": asked, "start": start, "stop": stop, "status": status}


def _who() -> dict[str, Any]:
    with gr.Row():
        figure = gr.Dropdown(
            [],
            label=t("As said by"),
            elem_id="evaluate-figure",
            filterable=False,
            scale=1,
            min_width=210,
        )
        setting = gr.HTML(elem_id="evaluate-setting", apply_default_css=False, scale=4, min_width=300)
    with gr.Column(visible=False) as both, gr.Row(elem_classes="eval-charts"):
        matrix = live_plot(
            label=t("Who is taken for whom"), height=470, min_width=380, elem_id="evaluate-matrix"
        )
        bars = live_plot(label=t("Recall by class"), height=470, min_width=300, elem_id="evaluate-bars")
    cell = gr.HTML(elem_id="evaluate-cell", apply_default_css=False)
    return {
        "figure": figure,
        "setting": setting,
        "both": both,
        "matrix": matrix,
        "bars": bars,
        "cell": cell,
    }


def _geometry() -> dict[str, Any]:
    cards = gr.HTML(elem_id="evaluate-cards", apply_default_css=False)
    with gr.Row(elem_classes="eval-charts"):
        plots = {
            name: live_plot(label=t(label), height=400, min_width=280, elem_id=f"evaluate-{name}")
            for name, label in PLOTS.items()
        }
    return {"cards": cards, **plots}


def _wire(desk: Desk, frame: Frame) -> None:
    once = {**LIVE, "trigger_mode": "once"}
    frame.tab.select(guarded(desk.open), desk.inputs, [desk.menu, *desk.outputs], **LIVE)
    desk.menu.input(guarded(desk.show), desk.inputs, desk.outputs, **LIVE)
    desk.closer.input(guarded(desk.look_closer), desk.inputs, desk.near, **LIVE)
    desk.figure.input(guarded(desk.look_who), desk.inputs, desk.who, **LIVE)
    desk.matrix.click(guarded(desk.click), desk.inputs, desk.cell, **LIVE)
    measured = [*dict.fromkeys([*desk.outputs, desk.keys, desk.stop])]
    working = desk.start.click(desk.work, desk.inputs | desk.asked.parts, measured, **once)
    stopped = desk.stop.click(None, None, None, cancels=[working], **LIVE)
    stopped.then(desk.stopped, None, [desk.status, desk.stop], **LIVE)
