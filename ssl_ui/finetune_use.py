"""What can be done with a classifier: download it, run it from Python, show it a picture."""

import shutil
import tempfile
from collections.abc import Iterator
from functools import partial
from html import escape
from pathlib import Path
from typing import Any

import gradio as gr

from ssl_core import runs
from ssl_core.classifier import Classifier
from ssl_core.datasets.decode import decode
from ssl_core.datasets.listing import read_file
from ssl_core.exporting import FORMS, export, require_onnx
from ssl_core.problem import Problem
from ssl_core.uploads import plain_name, told_of
from ssl_ui.context import Context
from ssl_ui.handlers import LIVE, guarded
from ssl_ui.i18n import explain, t
from ssl_ui.pictures import data_url, tag
from ssl_ui.progress import finished, in_words, note

DROP: dict[str, Any] = {"height": 120, "elem_classes": "finetune-drop"}  # the looks of a place for a file
TAKEN = {"safetensors": "safetensors", "onnx": "ONNX"}
TOP = 5  # classes that are named of a picture
READY = "Made when you press a button: weights for PyTorch, or a model for any program, each with its card."


def download(context: Context, name: str, form: str) -> Iterator[tuple[Any, str]]:
    """The files of a run's classifier in this form with its card, and how their making goes.

    They lie in a folder of Gradio's own, which is emptied by itself. Raises Problem.
    """
    run = runs.find(name, context.runs_folder)
    if form == "onnx":
        try:
            require_onnx()
        except Problem as problem:
            yield None, note(explain(problem))
            return
    folder = Path(tempfile.mkdtemp(prefix="ssl-explorer-"))
    try:
        out = folder / f"{plain_name(run.name)}.{form}"
        making = in_words(finished(context.worker, export, run, form, out, "classifier"))
        try:
            while True:
                yield None, next(making)
        except StopIteration as end:
            made = end.value
        yield [made["file"], made["card"]], note(t("Press the size of a file to save it."))
    finally:
        shutil.rmtree(folder, ignore_errors=True)  # the page has copies by now


def snippet(template: str, context: Context, name: str) -> str:
    """Lines of Python that ask a run's classifier about a picture; strangers are not told where it lies."""
    folder = runs.find(name, context.runs_folder).folder
    return template.format(
        folder=folder.name if context.public else str(folder), files=["picture.jpg"], top=3
    )


def tried(context: Context, name: str, file: Path) -> str:
    """What a run's classifier says of a picture, and the picture as it sees it. Raises Problem."""
    classifier = Classifier.load(runs.find(name, context.runs_folder).folder)
    try:
        (shares,) = classifier.say(file)
        seen = decode(read_file(file), classifier.size, file.name)
    except Problem as problem:
        raise told_of(problem, file, file.name) from problem
    image = tag(data_url(seen), t("the picture as the classifier sees it"))
    size = t("{size} × {size} pixels: all that it sees", size=classifier.size)
    rows = "".join(
        f"<tr><th scope='row'>{escape(t(label))}</th>"
        f"<td><meter value='{share:.4f}'></meter></td><td>{100 * share:.1f} %</td></tr>"
        for label, share in list(shares.items())[:TOP]
    )
    return (
        f'<div class="finetune-tried"><figure>{image}<figcaption>{escape(size)}</figcaption></figure>'
        f"<table>{rows}</table></div>"
    )


def try_part(context: Context, menu: gr.Dropdown) -> None:
    """Where a picture is brought, and what the chosen classifier says of it."""
    gr.Markdown(f"#### {t('Try a picture')}")
    file = gr.File(label=t("One picture"), file_types=["image"], elem_id="finetune-picture", **DROP)
    said = gr.HTML(elem_id="finetune-tried", apply_default_css=False)

    def ask(name: str, chosen: str | None) -> str:
        try:
            return tried(context, name, Path(chosen)) if chosen else ""
        except Problem as problem:
            return note(explain(problem))

    gr.on([file.upload, file.clear], ask, [menu, file], said, **LIVE)


def take_part(context: Context, menu: gr.Dropdown) -> None:
    """A button for each form that a classifier can be taken along in, and the files it makes."""
    gr.Markdown(f"#### {t('Take it along')}")
    with gr.Row():
        buttons = {
            form: gr.Button(t(TAKEN.get(form, form)), min_width=120, elem_id=f"finetune-{form}")
            for form in FORMS
        }
    status = gr.HTML(note(t(READY)), apply_default_css=False, elem_id="finetune-export")
    files = gr.File(
        label=t("Files"), interactive=False, file_count="multiple", visible=False, elem_id="finetune-files"
    )

    def make(form: str, name: str) -> Iterator[tuple[Any, str]]:
        for made, words in download(context, name, form):
            yield gr.File(made, visible=bool(made)), words

    for form, button in buttons.items():
        button.click(guarded(partial(make, form)), menu, [files, status], **LIVE)
    menu.change(lambda: (gr.File(None, visible=False), note(t(READY))), None, [files, status], **LIVE)
