"""What a classifier is made of: pictures, a start and the knobs of `FineTuning`, read as run settings."""

from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import gradio as gr
from gradio.components import Component

from ssl_core import runs, uploads
from ssl_core.building import build_encoder
from ssl_core.config import knobs
from ssl_core.cost import Cost, estimate
from ssl_core.datasets.base import Pictures
from ssl_core.datasets.folder import Folder
from ssl_core.finetuning import FineTuning
from ssl_core.monitor import divide, enough
from ssl_core.settings import Settings
from ssl_ui import finetune_pictures as own
from ssl_ui.context import Context
from ssl_ui.controls import Group, control, group
from ssl_ui.encoders import UNTRAINED, entries
from ssl_ui.expected import said
from ssl_ui.handlers import PRIVATE, Given, checked_state
from ssl_ui.i18n import t
from ssl_ui.progress import Job, finished
from ssl_ui.run_names import in_order
from ssl_ui.run_service import PUBLIC_SECONDS

T = TypeVar("T")
SHORTEST = 5.0  # seconds of a run on a public server, at least


@dataclass(frozen=True)
class Plan:
    """A run that could be started: what says where its pictures are, its settings, and the pictures."""

    where: Context
    settings: Settings
    pictures: Pictures


@dataclass(frozen=True, eq=False)
class Form:
    """The controls; `plan` reads them."""

    context: Context
    visitor: gr.BrowserState
    pictures: gr.Dropdown
    size: Any
    start: gr.Dropdown
    tuning: Group

    @property
    def parts(self) -> set[Any]:
        """All of them: the inputs of a handler."""
        return {self.visitor, self.pictures, self.size, self.start, *self.tuning.parts.values()}

    def plan(self, given: Given) -> Job[Plan]:
        """What they stand at. Raises Problem where it could not be trained."""
        context = self.context
        where, name = own.placed(context, given[self.pictures] or "", given[self.visitor] or "")
        base = where.placed(begun(Settings(dataset=name), given[self.start] or ""))
        if name == "folder":
            base = base.with_knobs("dataset", size=given[self.size])
        base = runs.begun_from(base, context.runs_folder).check()
        pictures = yield from own.decoded(where, base.source())
        if name == "folder":
            uploads.fits(len(pictures.train) + len(pictures.test), pictures.size, own.most(context))
        settings = checked_state(FineTuning, self.tuning.values(given)).settings(base, pictures.train.labels)
        enough(len(divide(pictures.train.labels, settings)[1]), settings.training)
        if settings.start:
            build_encoder(settings)  # weights that do not fit are found before the run has a folder
        return Plan(where, settings, pictures)

    def expected(self, given: Given) -> Iterator[str]:
        """What stands under Start: how many pictures, and about how long. Raises Problem."""
        plan = yield from in_markdown(self.plan(given))
        words = counted(plan)
        if any(run.alive() for run in runs.list_runs(self.context.runs_folder)):
            yield f"{words} {t('The device is busy: a new run waits in line.')}"
            return
        cost = yield from in_markdown(costs(plan), f"{words} {t('Measuring what a step takes here:')} ")
        yield f"{words} {said(cost)}"


def begun(settings: Settings, start: str) -> Settings:
    """From a run's encoder, or from the fresh one that "untrained/<encoder>" names."""
    first, _, rest = start.partition("/")
    return replace(settings, encoder=rest) if first == UNTRAINED else replace(settings, start=start)


def costs(plan: Plan) -> Job[Cost]:
    """About how long it takes, measured on a few steps in a process of its own."""
    job = (estimate, plan.settings, plan.pictures.size, len(plan.pictures.train))
    return (yield from finished(plan.where.worker, *job))


def in_markdown(job: Job[T], before: str = "") -> Generator[str, None, T]:
    """The same job, told as Markdown."""
    try:
        while True:
            news = next(job)
            far = f" {100 * news.fraction:.0f} %" if 0 < news.fraction < 1 else ""
            yield f"{before}{t(news.what)}{far} …"
    except StopIteration as end:
        return end.value
    finally:
        job.close()


def bounded(plan: Plan) -> Job[Settings]:
    """The settings as they are run: by the clock where strangers visit, for as long as they seem to need."""
    if not plan.where.public:
        return plan.settings
    cost = yield from costs(plan)
    seconds = min(PUBLIC_SECONDS, max(SHORTEST, cost.seconds))
    return plan.settings.with_knobs("training", unit="seconds", budget=seconds)


def counted(plan: Plan) -> str:
    """How many pictures there are to learn from, and to test with."""
    labels = plan.pictures.train.labels
    return t(
        "**{learn:,} pictures** of {classes} classes to learn from, {test:,} to test.",
        learn=len(divide(labels, plan.settings)[1]),
        classes=len(plan.pictures.classes),
        test=len(plan.pictures.test),
    )


def starts(context: Context) -> list[tuple[str, str]]:
    """Runs that have saved an encoder, and every encoder as it is before training."""
    saved = {run.name for run in runs.list_runs(context.runs_folder) if run.encoder.exists()}
    return [(words, name) for words, name in entries(context) if name in saved or "/" in name]


def first_start(context: Context) -> str:
    """The newest own run, or else the best that shipped, that was not taught classes; else fresh weights."""
    for run in in_order(context):
        if run.encoder.exists() and not run.settings.method_class().classifies:
            return run.name
    return f"{UNTRAINED}/{Settings.encoder}"


def form(context: Context, visitor: gr.BrowserState, between: Iterable[Component]) -> Form:
    """Lay the controls out where this is called, with these parts before the knobs."""
    offered = own.menu(context, "")
    begin = context.default_source()
    first = begin if begin in [name for _, name in offered] else offered[0][1]
    with gr.Group():
        pictures = gr.Dropdown(offered, value=first, label=t("Pictures"), elem_id="finetune-pictures")
        size = control(
            knobs(Folder)["size"],
            label=t("Scaled to"),
            visible=first == "folder",
            elem_id="finetune-size",
        )
    start = gr.Dropdown(
        starts(context),
        value=first_start(context),
        label=t("Start from"),
        info=t("A run's encoder, or fresh weights."),
        filterable=False,
        elem_id="finetune-from",
    )
    for part in between:
        part.render()
    with gr.Group():
        tuning = group(FineTuning)
    pictures.change(
        lambda name: gr.Dropdown(visible=name == "folder" or name.startswith(own.SENT)),
        pictures,
        size,
        **PRIVATE,
    )
    return Form(context, visitor, pictures, size, start, tuning)
