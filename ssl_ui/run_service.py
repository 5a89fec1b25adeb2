"""What visitors may do with runs: start, stop, resume, list, ask the cost. The buttons and the endpoints both
come through here.

Only the visitor who started a run may stop it: the page keeps a random token in the browser, and the run's
folder holds the token's hash. Where strangers visit (`--public`) a visitor's runs are capped.
"""

import hashlib
import shutil
import uuid
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ssl_core import runs
from ssl_core.config import look_up
from ssl_core.events import Failed, Step
from ssl_core.monitor import divide, enough
from ssl_core.problem import Problem
from ssl_core.runs import Run
from ssl_core.settings import Settings
from ssl_ui.context import Context
from ssl_ui.i18n import t
from ssl_ui.run_names import in_order, method, pictures_of, title

SHIPPED = (
    "This run came trained, and without what going on needs. To train further, choose it under Start from: a "
    "run of your own then begins with its encoder."
)
MENU = 50  # own runs in it, the newest
PUBLIC_SECONDS = 300.0  # the longest budget of a visitor
PUBLIC_RUNS = 3  # that a visitor may keep; the oldest goes when a new one starts
PUBLIC_BYTES = 200e6  # of disk for a visitor's runs together


def owner_of(visitor: str) -> str:
    """What a run's folder keeps of the visitor who started it."""
    return hashlib.sha256(visitor.encode()).hexdigest()[:24]


def begin(context: Context, settings: Settings, visitor: str) -> Run:
    """Make a run and start it in a process of its own. Raises Problem on settings that cannot work."""
    settings = runs.begun_from(context.placed(settings), context.runs_folder).check()
    if settings.source().at_hand():  # else they are downloaded first, by the run, where it can be watched
        labels = context.load(settings.source()).train.labels
        enough(len(divide(labels, settings)[1]), settings.training)
    if context.public:
        _cap(context, settings, owner_of(visitor))
    run = runs.create(settings, context.runs_folder, owner_of(visitor))
    runs.start(run)
    return run


def stop(context: Context, name: str, visitor: str) -> Run:
    """Ask a run to save and end. Raises Problem if it is not this visitor's."""
    run = _own(context, name, visitor)
    runs.stop(run)
    return run


def resume(context: Context, name: str, visitor: str) -> Run:
    """Go on with a run. Raises Problem if it is not this visitor's or cannot go on."""
    run = _own(context, name, visitor)
    if run.shipped:
        raise Problem(SHIPPED)
    runs.resume(run)
    return run


def _own(context: Context, name: str, visitor: str) -> Run:
    run = runs.find(name, context.runs_folder)
    owner = run.config.get("owner")
    if owner != owner_of(visitor) and (owner is not None or context.public):
        raise Problem(
            "The run {name} was started by someone else; only they may stop or resume it.", name=name
        )
    return run


def _cap(context: Context, settings: Settings, owner: str) -> None:
    training = settings.training
    if training.unit != "seconds" or training.budget > PUBLIC_SECONDS:
        raise Problem("On this public server a run's budget is at most {s:.0f} seconds.", s=PUBLIC_SECONDS)
    own = [run for run in runs.list_runs(context.runs_folder) if run.config.get("owner") == owner]
    if any(run.alive() for run in own):
        raise Problem("On this public server you may have one run at a time. Stop the one you have first.")
    for run in own[PUBLIC_RUNS - 1 :]:
        shutil.rmtree(run.folder)
    used = sum(
        f.stat().st_size for run in own[: PUBLIC_RUNS - 1] for f in run.folder.rglob("*") if f.is_file()
    )
    if used > PUBLIC_BYTES:
        raise Problem(
            "Your runs take {used:.0f} MB and this public server gives {most:.0f}. Choose a smaller encoder.",
            used=used / 1e6,
            most=PUBLIC_BYTES / 1e6,
        )


def status(context: Context, name: str) -> dict[str, Any]:
    """Where a run stands: status, its last step and kNN, and why it failed if it did."""
    run = runs.find(name, context.runs_folder)
    last, failed = run.last_event(), None
    if isinstance(last, Failed):
        failed = last.text.format(**last.values)
    monitored = run.monitored()
    step = run.last_event(Step)
    return {
        **runs.summary(run),
        "knn": monitored[-1].knn if monitored else None,
        "knn_untrained": monitored[0].knn if monitored else None,
        "last_step": asdict(step) if isinstance(step, Step) else None,
        "failed": failed,
        "settings": public_settings(run.settings),
    }


def public_settings(settings: Settings) -> dict[str, Any]:
    """A run's settings without the place of a folder on the server."""
    plain = {**settings.to_json(), "start": Path(settings.start).name}
    plain["knobs"] = {
        g: {n: v for n, v in turned.items() if n != "path"} for g, turned in plain["knobs"].items()
    }
    return plain


def describe(settings: Settings, shipped: Mapping[str, Any] | None = None) -> str:
    """A run in a line: method, pictures, recipe, encoder, and the knobs that were turned."""
    recipe, encoder = settings.augmentation().title, settings.registered("encoder").title
    words = [method(settings), pictures_of(settings, shipped), t(recipe), t(encoder)]
    if settings.start:
        words.append(t("from {run}", run=Path(settings.start).name))
    turned = [
        f"{name.replace('_', ' ').replace('.', ' ')} {value}" for name, value in settings.turned().items()
    ]
    return " · ".join(words) + (f" · {', '.join(turned[:5])}" if turned else "")


def menu(context: Context) -> list[tuple[str, str]]:
    """Own runs with their status, the newest first, and then those that shipped, for a menu."""
    found = in_order(context)
    own = [(f"{run.name} · {run.status()}", run.name) for run in found if not run.shipped]
    return own[:MENU] + [(title(run), run.name) for run in found if run.shipped]


def endpoints(context: Context, promise: Callable[[Callable[..., Any], str], None]) -> None:
    """Promise /train, /train_status, /train_stop, /train_resume and /runs."""

    def train(settings: dict[str, Any], visitor: str = "") -> dict[str, Any]:
        """Start a run. `settings` is as in a run's config.json: method, encoder, head, optimizer, dataset,
        recipe, start (the name of a run whose encoder to go on with) and knobs by group, all optional. Keep
        `visitor`: who has it may stop the run."""
        chosen = Settings.from_json({"dataset": context.default_source(), **_plain(settings)})
        visitor = visitor or uuid.uuid4().hex
        return {"run": begin(context, chosen.known(), visitor).name, "visitor": visitor}

    def train_status(run: str) -> dict[str, Any]:
        """Where a run stands."""
        return status(context, run)

    def train_stop(run: str, visitor: str) -> dict[str, Any]:
        """Ask your run to save and end."""
        return {"run": stop(context, run, visitor).name, "asked": True}

    def train_resume(run: str, visitor: str) -> dict[str, Any]:
        """Go on with your run from its last save."""
        return {"run": resume(context, run, visitor).name}

    def list_runs() -> list[dict[str, Any]]:
        """All runs, newest first: name, status, step, loss, seconds."""
        return [runs.summary(run) for run in runs.list_runs(context.runs_folder)]

    for function in (train, train_status, train_stop, train_resume):
        promise(function, function.__name__)
    promise(list_runs, "runs")


def _plain(settings: Any) -> Mapping[str, Any]:
    names = ("method", "encoder", "head", "optimizer", "dataset", "recipe", "start")
    knobs = settings.get("knobs", {}) if isinstance(settings, dict) else None
    sound = isinstance(knobs, dict) and all(isinstance(turned, dict) for turned in knobs.values())
    if not sound or any(not isinstance(settings.get(name, ""), str) for name in names):
        raise Problem(
            "settings should be an object such as {example}.",
            example='{"encoder": "convnet", "knobs": {"training": {"budget": 30}}}',
        )
    for name in settings:
        look_up(Settings.__dataclass_fields__, name, "setting")
    return settings
