"""Start a run, watch it draw itself, stop it, go on with it. The page only tails the run's folder."""

import uuid
from functools import partial
from typing import Any

import gradio as gr

from ssl_core import runs
from ssl_core.presets import PRESETS
from ssl_ui import run_service as service
from ssl_ui.context import Context, Frame
from ssl_ui.expected import expected
from ssl_ui.form import Form, with_method
from ssl_ui.handlers import LIVE, PRIVATE, Given, endpoint, guarded
from ssl_ui.i18n import t
from ssl_ui.watcher import watcher

TITLE = "Train"


def build(context: Context, frame: Frame) -> None:
    """Lay out the tab."""
    service.endpoints(context, endpoint)
    visitor = gr.BrowserState("", storage_key="ssl-explorer-visitor", secret="ssl-explorer")
    known = gr.State([])
    with gr.Row():
        with gr.Column(scale=1, min_width=290):
            presets = [(t(p.title), name) for name, p in PRESETS.items()]
            preset = gr.Dropdown(
                presets,
                value=None,
                label=t("Begin with …"),
                info=t("Fills in all settings below."),
                elem_id="preset",
            )
            start = gr.Button(t("Start"), variant="primary", size="lg", elem_id="train-start")
            cost = gr.Markdown(elem_id="train-cost")
            form = Form(context)
        with gr.Column(scale=3, min_width=480):
            with gr.Row(equal_height=True):
                menu = gr.Dropdown([], label=t("Run"), scale=4, min_width=440, elem_id="train-run")
                stop = gr.Button(
                    t("Stop"), variant="stop", min_width=90, elem_id="train-stop", interactive=False
                )
                resume = gr.Button(t("Resume"), min_width=90, elem_id="train-resume", interactive=False)
            watched = watcher(context)

    menu.change(_watched, menu, watched, **LIVE)
    watched.state(partial(_buttons, context), menu, [stop, resume], **LIVE)

    def begin(given: Given) -> tuple[Any, str]:
        token = given[visitor] or uuid.uuid4().hex
        settings = form.read(given)
        run = service.begin(context, settings, token)
        if remark := settings.remark():
            gr.Info(t(remark))
        return gr.Dropdown(service.menu(context), value=run.name), token

    def opened(request: gr.Request) -> tuple[Any, ...]:
        return _open(context, request.query_params.get("run"))

    start.click(guarded(begin), {visitor, *form.parts}, [menu, visitor], **PRIVATE)
    stop.click(guarded(partial(_stop, context)), [menu, visitor], stop, **PRIVATE)
    resume.click(guarded(partial(_resume, context)), [menu, visitor], watched, **PRIVATE)
    form.choices["method"].menu.input(
        guarded(lambda given: form.fill(with_method(form.read(given)))),
        form.parts,
        list(form.parts),
        **PRIVATE,
    )
    frame.tab.select(lambda: gr.Dropdown(form.starts()), None, form.start, **PRIVATE)
    preset.input(lambda name: form.fill(PRESETS[name].settings), preset, list(form.parts), **PRIVATE)
    frame.begin.change(
        lambda name: {preset: name, **form.fill(PRESETS[name].settings)},
        frame.begin,
        [preset, *form.parts],
        **PRIVATE,
    )
    listed = [known, menu]
    frame.blocks.load(guarded(opened), None, [*listed, stop, resume, watched], **PRIVATE)
    refresh = guarded(partial(_refresh, context))
    for news in (gr.Timer(10).tick, watched.state):  # another page and the command line start runs too
        news(refresh, listed, listed, **PRIVATE)
    asked = [frame.tab.select, *(part.change for part in form.parts)]
    gr.on(asked, partial(expected, context, form), form.parts, cost, **LIVE)


def _watched(name: str | None) -> dict[str, str]:
    return {"run": name or "", "again": uuid.uuid4().hex}


def _buttons(context: Context, name: str | None) -> tuple[Any, Any]:
    run = runs.find(name, context.runs_folder) if name else None
    lively = run is not None and run.alive()
    return gr.Button(interactive=lively), gr.Button(interactive=run is not None and run.can_resume())


def _stop(context: Context, name: str | None, visitor: str) -> Any:
    if name:
        service.stop(context, name, visitor)
    return gr.Button(interactive=False)


def _resume(context: Context, name: str | None, visitor: str) -> dict[str, str]:
    if name:
        service.resume(context, name, visitor)
    return _watched(name)


def _open(context: Context, wanted: str | None) -> tuple[Any, ...]:
    """What a fresh page shows: the run named in the address, else the one that trains, else the newest.

    Its buttons are right at once; the run itself follows from the menu. Of no run the watcher is told here.
    """
    found = service.menu(context)
    names = [name for _, name in found]
    alive = next((n for n in names if runs.find(n, context.runs_folder).alive()), None)
    value = wanted if wanted in names else alive or next(iter(names), None)
    watched = gr.skip() if value else _watched(None)
    return found, gr.Dropdown(found, value=value), *_buttons(context, value), watched


def _refresh(context: Context, known: list[Any], name: str | None) -> tuple[Any, Any]:
    """The list of runs, sent only when something in it has changed."""
    found = service.menu(context)
    if [list(row) for row in found] == [list(row) for row in known]:
        return gr.skip(), gr.skip()
    return found, gr.Dropdown(found)
