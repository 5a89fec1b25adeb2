"""Which pictures a classifier is made of: a data set at hand, or a zip that the visitor sends."""

from collections.abc import Generator
from dataclasses import replace
from pathlib import Path

from ssl_core import runs, uploads
from ssl_core.datasets.base import Pictures, Source
from ssl_core.datasets.folder import Folder
from ssl_core.events import Preparing
from ssl_core.jobs import Progress
from ssl_core.loading import loading
from ssl_core.problem import Problem
from ssl_ui.context import Context
from ssl_ui.i18n import t
from ssl_ui.progress import Job
from ssl_ui.run_service import PUBLIC_BYTES, owner_of

SENT = "sent/"  # before the key of an upload, in the menu of pictures; a data set's name has no slash


def owner(context: Context, visitor: str) -> str:
    """Whose uploads a visitor sees: their own where strangers visit, else those of the machine."""
    return owner_of(visitor) if context.public else ""


def most(context: Context) -> float:
    """Bytes that one person's pictures may take, as a zip and decoded."""
    return PUBLIC_BYTES if context.public else uploads.LARGEST_DECODED


def menu(context: Context, visitor: str) -> list[tuple[str, str]]:
    """What there is: the zips that were sent, the newest first, and the data sets that need no download."""
    sent = [(f"{path.stem}.zip", SENT + path.parent.name) for path in uploads.listed(owner(context, visitor))]
    at_hand = [(name, source) for name, source in context.sources().items() if source.at_hand()]
    return sent + [(_title(source), name) for name, source in at_hand]


def _title(source: Source) -> str:
    if isinstance(source, Folder):
        return t("{name}, given with --data", name=Path(source.path).name)
    return t(source.title)


def placed(context: Context, chosen: str, visitor: str) -> tuple[Context, str]:
    """The context in which "folder" are the chosen pictures, and the data set's name. Raises Problem.

    A zip is looked up among the visitor's own: no path comes from a visitor.
    """
    if not chosen.startswith(SENT):
        return context, chosen
    path = uploads.find(chosen.removeprefix(SENT), owner(context, visitor))
    return replace(context, data_path=str(path)), "folder"


def receive(context: Context, file: Path, visitor: str, size: int) -> Job[uploads.Upload]:
    """Keep a zip, once all of its pictures could be read. Raises Problem, and then nothing of it is left."""
    yield Progress("Looking through the zip", 0.0)
    if context.public:
        uploads.sweep(in_use(context))
    try:
        kept = uploads.keep(file, owner(context, visitor), most(context))
    finally:
        file.unlink(missing_ok=True)  # Gradio's copy: what is kept is kept elsewhere
    try:
        uploads.fits(kept.pictures, size, most(context))
        yield from decoded(context, Folder(str(kept.path), size))
    except BaseException as error:  # a visitor who leaves in the middle, too
        if kept.fresh:
            uploads.forget(kept.path)
        if isinstance(error, Problem):
            raise uploads.told_of(error, kept.path, kept.path.name) from error
        raise
    return kept


def decoded(context: Context, source: Source) -> Job[Pictures]:
    """The pictures, saying how far it is while they are decoded. Raises Problem."""
    if isinstance(source, Folder):
        yield from _told(loading(source))
    return context.load(source)


def _told(events: Generator[object, None, Pictures]) -> Job[None]:
    try:
        for event in events:
            if isinstance(event, Preparing):
                yield Progress(event.what, event.fraction)
    finally:
        events.close()


def in_use(context: Context) -> set[str]:
    """The places of the pictures of all runs."""
    found = (run.settings.knobs.get("dataset", {}) for run in runs.list_runs(context.runs_folder))
    return {str(turned["path"]) for turned in found if "path" in turned}
