"""Make a classifier of your own pictures: it trains as a run, is tested, and can be asked and taken along."""

import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import gradio as gr

from ssl_core import runs
from ssl_core.command_finetune import SNIPPET
from ssl_core.exporting import FORMS
from ssl_core.problem import Problem
from ssl_ui import finetune_pictures as own
from ssl_ui import finetune_use as use
from ssl_ui import run_service as service
from ssl_ui.context import Context, Frame
from ssl_ui.finetune_desk import Desk
from ssl_ui.finetune_form import Form, bounded, form, in_markdown, starts
from ssl_ui.handlers import LIVE, Given, guarded
from ssl_ui.i18n import explain, t
from ssl_ui.liveplot import live_plot
from ssl_ui.progress import in_words, note
from ssl_ui.watcher import watcher

TITLE = "Fine-tune"
PRIVATE: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
ABOUT = "Class folders, or a `labels.csv` with lines `file,label`. It stays on this machine."
PUBLIC = "Class folders, or a `labels.csv`. Others can open your run here and see its pictures."


def build(context: Context, frame: Frame) -> None:
    """Lay out the tab."""
    visitor = _visitor(frame)
    with gr.Row():
        with gr.Column(scale=1, min_width=290):
            zipped = gr.File(label=t("Your pictures, as a zip"), file_types=[".zip"], height=120)
            sent = gr.HTML(note(t(PUBLIC if context.public else ABOUT)), apply_default_css=False)
            made = form(context, visitor)
            start = gr.Button(t("Fine-tune"), variant="primary", size="lg", elem_id="finetune-start")
            cost = gr.Markdown(elem_id="finetune-cost")
        with gr.Column(scale=3, min_width=480):
            with gr.Row(equal_height=True):
                menu = gr.Dropdown([], label=t("Classifier"), scale=4, min_width=360, elem_id="finetune-run")
                stop = gr.Button(t("Stop"), variant="stop", min_width=90, elem_id="finetune-stop")
                resume = gr.Button(t("Resume"), min_width=90, elem_id="finetune-resume")
            watched = watcher(context, "finetune", ("loss",))
            desk = _results(context, menu)
    _wire_start(context, made, zipped, sent, start, cost, menu)
    _wire_run(context, frame, made, menu, (stop, resume), watched, desk, cost)


def _visitor(frame: Frame) -> gr.BrowserState:
    """The Train tab's: two of them would each believe in a visitor of their own."""
    found = (part for part in frame.blocks.blocks.values() if isinstance(part, gr.BrowserState))
    return next(found, None) or gr.BrowserState("", storage_key="ssl-explorer-visitor", secret="ssl-explorer")


def _results(context: Context, menu: gr.Dropdown) -> Desk:
    with gr.Column(visible=False, elem_id="finetune-results") as box:
        head = gr.HTML(elem_id="finetune-head", apply_default_css=False)
        with gr.Row():
            matrix = live_plot(
                label=t("Confusion matrix"), height=480, min_width=420, elem_id="finetune-matrix"
            )
            bars = live_plot(label=t("Recall by class"), height=480, min_width=280, elem_id="finetune-recall")
        cell = gr.HTML(elem_id="finetune-cell", apply_default_css=False)
        strips = gr.HTML(elem_id="finetune-strips", apply_default_css=False)
        with gr.Row():
            with gr.Column(min_width=360):
                _try(context, menu)
            with gr.Column(min_width=360):
                _take(context, menu)
        snippet = gr.Code(label=t("Classify from Python"), language="python", interactive=False)
    desk = Desk(context, SNIPPET, box, head, matrix, bars, cell, strips, snippet)
    matrix.click(guarded(desk.inside), menu, cell, **PRIVATE)
    return desk


def _try(context: Context, menu: gr.Dropdown) -> None:
    gr.Markdown(f"#### {t('Try a picture')}")
    file = gr.File(label=t("One picture"), file_types=["image"], height=120, elem_id="finetune-picture")
    said = gr.HTML(elem_id="finetune-tried", apply_default_css=False)

    def ask(name: str, chosen: str | None) -> str:
        return use.tried(context, name, Path(chosen)) if chosen else ""

    gr.on([file.upload, file.clear], _told(ask), [menu, file], said, **PRIVATE)


def _take(context: Context, menu: gr.Dropdown) -> None:
    gr.Markdown(f"#### {t('Take it along')}")
    with gr.Row():
        buttons = {form: gr.Button(form, min_width=120, elem_id=f"finetune-{form}") for form in FORMS}
    status = gr.HTML(note(t(use.READY)), apply_default_css=False, elem_id="finetune-export")
    files = gr.File(label=t("Files"), interactive=False, file_count="multiple", visible=False)
    for name, button in buttons.items():

        def make(run: str, name: str = name) -> Iterator[tuple[Any, str]]:
            for made, words in use.download(context, run, name):
                yield gr.File(made, visible=bool(made)), words

        button.click(guarded(make), menu, [files, status], **PRIVATE)


def _told(handler: Callable[..., str]) -> Callable[..., str]:
    """A handler whose Problem stands where its answer would."""

    def call(*given: Any) -> str:
        try:
            return handler(*given)
        except Problem as problem:
            return note(explain(problem))

    return call


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


def _wire_run(
    context: Context,
    frame: Frame,
    made: Form,
    menu: gr.Dropdown,
    buttons: tuple[gr.Button, gr.Button],
    watched: gr.HTML,
    desk: Desk,
    cost: gr.Markdown,
) -> None:
    def stands(name: str | None) -> tuple[Any, ...]:
        run = runs.find(name, context.runs_folder) if name else None
        offered = gr.Dropdown(classifiers(context), value=name)
        able = run is not None and run.alive(), run is not None and run.can_resume()
        return offered, *(gr.Button(interactive=yes) for yes in able)

    def opened(request: gr.Request, token: str) -> tuple[Any, ...]:
        found = [name for _, name in classifiers(context)]
        wanted = request.query_params.get("run")
        alive = next((n for n in found if runs.find(n, context.runs_folder).alive()), None)
        name = wanted if wanted in found else alive or next(iter(found), None)
        return *stands(name), _watched(name), gr.Dropdown(own.menu(context, token))

    def stopped(name: str, token: str) -> Any:
        service.stop(context, name, token)
        return gr.Button(interactive=False)

    def resumed(name: str, token: str) -> dict[str, str]:
        service.resume(context, name, token)
        return _watched(name)

    def expected(given: Given) -> Iterator[str]:
        try:
            yield from made.expected(given)
        except Problem as problem:
            yield f"⚠ {explain(problem)}"

    stop, resume = buttons
    menu.change(_watched, menu, watched, **LIVE)
    watched.state(stands, menu, [menu, stop, resume], **LIVE)
    watched.state(guarded(desk.look), menu, desk.parts, **LIVE)
    stop.click(guarded(stopped), [menu, made.visitor], stop, **PRIVATE)
    resume.click(guarded(resumed), [menu, made.visitor], watched, **PRIVATE)
    frame.blocks.load(guarded(opened), made.visitor, [menu, stop, resume, watched, made.pictures], **PRIVATE)
    frame.tab.select(
        lambda name: (gr.Dropdown(starts(context)), *stands(name)),
        menu,
        [made.start, menu, stop, resume],
        **PRIVATE,
    )
    turned = [part.change for part in made.parts if part is not made.visitor]
    gr.on([frame.tab.select, *turned], expected, made.parts, cost, **LIVE)


def classifiers(context: Context) -> list[tuple[str, str]]:
    """The runs that tell classes apart, with their status, newest first."""
    found = (run for run in runs.list_runs(context.runs_folder) if run.settings.method_class().classifies)
    return [(f"{run.name} · {run.status()}", run.name) for run in found]


def _watched(name: str | None) -> dict[str, str]:
    return {"run": name or "", "again": uuid.uuid4().hex}
