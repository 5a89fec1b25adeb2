"""In which order menus offer runs, and what each is called: a person's own first, then those that shipped."""

from collections.abc import Mapping
from typing import Any

from ssl_core import runs
from ssl_core.events import Imported, Monitored
from ssl_core.settings import Settings
from ssl_ui.context import Context
from ssl_ui.i18n import t


def in_order(context: Context) -> list[runs.Run]:
    """Own runs, the newest first; then shipped ones, the best first, those that were taught classes last."""
    found = runs.list_runs(context.runs_folder)
    shipped = {run.name: run.shipped for run in found}
    own = [run for run in found if not shipped[run.name]]
    return own + sorted((run for run in found if shipped[run.name]), key=_rank)


def title(run: runs.Run) -> str:
    """A run in a menu: by its name, or what a shipped one is, and how far it came."""
    if not (shipped := run.shipped):
        return f"{run.name} ({standing(run)})"
    named = t("{method} · {pictures} · shipped", method=method(run.settings), pictures=t(shipped["pictures"]))
    return f"{named} · {standing(run)}"


def standing(run: runs.Run) -> str:
    """How good it is at the last look, as far as that is known."""
    if not run.encoder.exists():
        return t("nothing saved yet")
    if run.last_event(Imported):
        return t("imported")
    last = run.last_event(Monitored)
    if not isinstance(last, Monitored):
        return t("saved")
    return t("held-out kNN {percent} %", percent=f"{100 * last.knn:.1f}")


def method(settings: Settings) -> str:
    """What a run is trained by, in words."""
    return t(settings.method_class().title)


def pictures_of(settings: Settings, shipped: Mapping[str, Any] | None) -> str:
    """What a run was trained on, in words; a shipped one says it itself, its folder is not here."""
    return t(shipped["pictures"] if shipped else settings.registered("dataset").title)


def _rank(run: runs.Run) -> tuple[bool, float, str]:
    last = run.last_event(Monitored)
    taught = run.settings.method_class().classifies
    return taught, -last.knn if isinstance(last, Monitored) else 0.0, run.name
