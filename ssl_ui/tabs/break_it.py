"""Take away what a method cannot do without: predict first, then see it in a recorded run."""

from typing import Any

import gradio as gr

from ssl_core.experiments import EXPERIMENTS
from ssl_ui.breaking import charts, numbers, origin, verdict
from ssl_ui.context import Context, Frame
from ssl_ui.handlers import LIVE, guarded
from ssl_ui.i18n import t
from ssl_ui.liveplot import live_plot

TITLE = "Break it"
INTRO = (
    "Every method here has a part that keeps it from failing. Take one away: **say first what will happen**, "
    "then look. The curves are recordings of real runs; any of them can be trained anew on this machine."
)
CHARTS = 3


def build(context: Context, frame: Frame) -> None:
    """Lay out the tab."""
    gr.Markdown(t(INTRO))
    first = next(iter(EXPERIMENTS))
    with gr.Row():
        with gr.Column(scale=1, min_width=250):
            names = [(t(found.title), name) for name, found in EXPERIMENTS.items()]
            chosen = gr.Radio(names, value=first, label=t("What to break"), elem_id="break-which")
        with gr.Column(scale=3, min_width=480):
            question = gr.Markdown(_question(first), elem_id="break-question")
            guess = gr.Radio(_options(first), label=t("Your prediction"), elem_id="break-guess")
            with gr.Row():
                show = gr.Button(
                    t("Show what happens"), variant="primary", interactive=False, elem_id="break-show"
                )
                again = gr.Button(t("Set it up in Train"), elem_id="break-train")
            with gr.Column(visible=False) as revealed:
                told = gr.Markdown(elem_id="break-verdict")
                with gr.Row(elem_id="break-charts"):
                    plots = [
                        live_plot(label=t("Healthy and broken"), height=330, min_width=300)
                        for _ in range(CHARTS)
                    ]
                table = gr.HTML(apply_default_css=False)
                note = gr.Markdown(elem_classes="small")
    hidden: list[Any] = [question, guess, show, revealed]
    chosen.input(_choose, chosen, hidden, **LIVE)
    guess.input(lambda: gr.Button(interactive=True), None, show, **LIVE)
    shown: list[Any] = [revealed, told, *plots, table, note]
    show.click(guarded(_reveal), [chosen, guess], shown, **LIVE)
    again.click(_set_up, chosen, [frame.tabs, frame.begin], **LIVE)


def _question(name: str) -> str:
    found = EXPERIMENTS[name]
    return f"## {t(found.title)}\n\n{t(found.change)}\n\n**{t(found.question)}**"


def _options(name: str) -> list[tuple[str, int]]:
    return [(t(words), place) for place, words in enumerate(EXPERIMENTS[name].options)]


def _choose(name: str) -> list[Any]:
    """Another experiment: nothing is predicted yet, so nothing is shown."""
    guess = gr.Radio(_options(name), value=None)
    return [_question(name), guess, gr.Button(interactive=False), gr.Column(visible=False)]


def _reveal(name: str, guess: int | None) -> list[Any]:
    figures = charts(name)
    spare = CHARTS - len(figures)
    plots = [gr.HTML(figure, visible=True) for figure in figures] + [gr.HTML(visible=False)] * spare
    return [gr.Column(visible=True), verdict(name, guess), *plots, numbers(name), origin(name)]


def _set_up(name: str) -> tuple[Any, str]:
    return gr.Tabs(selected="train"), f"break_{name}"
