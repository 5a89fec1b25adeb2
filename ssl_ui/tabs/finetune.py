"""Make a classifier of your own pictures: it trains as a run, is tested, and can be asked and taken along."""

import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gradio as gr

from ssl_core.command_finetune import SNIPPET
from ssl_core.problem import Problem
from ssl_ui import finetune_pictures as own
from ssl_ui import finetune_use as use
from ssl_ui import run_service as service
from ssl_ui.context import Context, Frame
from ssl_ui.finetune_desk import Desk
from ssl_ui.finetune_form import Form, bounded, form, in_markdown
from ssl_ui.finetune_run import Watch, classifiers
from ssl_ui.handlers import LIVE, PRIVATE, Given, guarded
from ssl_ui.i18n import explain, t
from ssl_ui.liveplot import live_plot
from ssl_ui.progress import in_words, note
from ssl_ui.watcher import watcher

TITLE = "Fine-tune"
ABOUT = "Class folders, or a labels.csv with lines file,label. It stays on this machine."
PUBLIC = "Class folders, or a labels.csv. Others can open your run here and see its pictures."


def build(context: Context, frame: Frame) -> None:
    """Lay out the tab."""
    visitor = _visitor(frame)
    with gr.Row():
        with gr.Column(scale=1, min_width=290):
            zipped = gr.File(
                label=t("Your pictures, as a zip"), file_types=[".zip"], elem_id="finetune-zip", **use.DROP
            )
            sent = gr.HTML(
                note(t(PUBLIC if context.public else ABOUT)), apply_default_css=False, elem_id="finetune-sent"
            )
            start = gr.Button(
                t("Fine-tune"), variant="primary", size="lg", elem_id="finetune-start", render=False
            )
            cost = gr.Markdown(elem_id="finetune-cost", render=False)
            made = form(context, visitor, (start, cost))
        with gr.Column(scale=3, min_width=480):
            with gr.Row(equal_height=True):
                menu = gr.Dropdown([], label=t("Classifier"), scale=4, min_width=240, elem_id="finetune-run")
                still: dict[str, Any] = {"interactive": False, "min_width": 90}
                stop = gr.Button(t("Stop"), variant="stop", elem_id="finetune-stop", **still)
                resume = gr.Button(t("Resume"), elem_id="finetune-resume", **still)
            watched = watcher(context, "finetune", ("loss",), t("No classifier yet: press Fine-tune."))
            desk = _results(context, menu)
    _wire_start(context, made, zipped, sent, start, cost, menu)
    Watch(context, made, menu, stop, resume, watched, desk).wire(frame)

    def expected(given: Given) -> Iterator[str]:
        try:
            yield from made.expected(given)
        except Problem as problem:
            yield f"⚠ {explain(problem)}"

    turned = [part.change for part in made.parts if part is not visitor]
    gr.on([frame.tab.select, *turned], expected, made.parts, cost, **LIVE)


def _visitor(frame: Frame) -> gr.BrowserState:
    """The Train tab's: two of them would each believe in a visitor of their own."""
    found = (part for part in frame.blocks.blocks.values() if isinstance(part, gr.BrowserState))
    return next(found, None) or gr.BrowserState("", storage_key="ssl-explorer-visitor", secret="ssl-explorer")


def _results(context: Context, menu: gr.Dropdown) -> Desk:
    with gr.Column(visible=False, elem_id="finetune-results") as box:
        head = gr.HTML(elem_id="finetune-head", apply_default_css=False)
        with gr.Row():
            with gr.Column(min_width=430):
                matrix = live_plot(label=t("Confusion matrix"), height=480, elem_id="finetune-matrix")
            with gr.Column(min_width=320):
                bars = live_plot(label=t("Recall by class"), height=480, elem_id="finetune-recall")
        cell = gr.HTML(elem_id="finetune-cell", apply_default_css=False)
        strips = gr.HTML(elem_id="finetune-strips", apply_default_css=False)
        with gr.Row():
            with gr.Column(min_width=360):
                use.try_part(context, menu)
            with gr.Column(min_width=360):
                use.take_part(context, menu)
        snippet = gr.Code(
            label=t("Classify from Python"), language="python", interactive=False, elem_id="finetune-snippet"
        )
    desk = Desk(context, SNIPPET, box, head, matrix, bars, cell, strips, snippet)
    matrix.click(guarded(desk.inside), menu, cell, **PRIVATE)
    return desk


def _wire_start(
    context: Context, made: Form, zipped: gr.File, sent: gr.HTML, start: gr.Button, cost: Any, menu: Any
) -> None:
    def receive(given: Given) -> Iterator[dict[Any, Any]]:
        token, file = given[made.visitor] or uuid.uuid4().hex, given[zipped]
        if not file:
            return
        try:
            words = in_words(own.receive(context, Path(file), token, given[made.size]))
            kept = yield from _into(sent, words)
        except Problem as problem:
            yield {sent: note(f"⚠ {explain(problem)}"), zipped: None}
            return
        said = t(
            "{n:,} pictures of {k} classes: {names}",
            n=kept.pictures,
            k=len(kept.classes),
            names=_some(kept.classes),
        )
        offered = own.menu(context, token)
        chosen = gr.Dropdown(offered, value=own.SENT + kept.key)
        yield {sent: note(said), zipped: None, made.pictures: chosen, made.visitor: token}

    def begin(given: Given) -> Iterator[dict[Any, Any]]:
        token = given[made.visitor] or uuid.uuid4().hex
        plan = yield from _into(cost, in_markdown(made.plan(given)))
        settings = yield from _into(cost, in_markdown(bounded(plan)))
        run = service.begin(plan.where, settings, token)
        if remark := settings.remark():
            gr.Info(t(remark))
        yield {cost: "", menu: gr.Dropdown(classifiers(context), value=run.name), made.visitor: token}

    once = {**PRIVATE, "trigger_mode": "once"}
    zipped.upload(receive, {zipped, *made.parts}, [sent, zipped, made.pictures, made.visitor], **once)
    start.click(guarded(begin), made.parts, [cost, menu, made.visitor], **once)


def _into(part: Any, words: Any) -> Any:
    """What a job says of itself, put into a part of the page; returns what the job does."""
    try:
        while True:
            yield {part: next(words)}
    except StopIteration as end:
        return end.value


def _some(names: tuple[str, ...], most: int = 12) -> str:
    return ", ".join(names[:most]) + (" …" if len(names) > most else "")
