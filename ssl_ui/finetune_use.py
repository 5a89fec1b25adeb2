"""What can be done with a classifier: download it, run it from Python, show it a picture."""

import shutil
import tempfile
from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import Any

from ssl_core import runs
from ssl_core.classifier import Classifier
from ssl_core.datasets.decode import decode
from ssl_core.datasets.listing import read_file
from ssl_core.exporting import export, require_onnx
from ssl_core.problem import Problem
from ssl_core.uploads import plain_name, told_of
from ssl_ui.context import Context
from ssl_ui.i18n import explain, t
from ssl_ui.pictures import data_url, tag
from ssl_ui.progress import finished, in_words, note

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
