"""What stands under Start: about how long a run will take and how much memory, before it begins."""

from collections.abc import Iterator
from typing import Any

from ssl_core import runs
from ssl_core.cost import estimate
from ssl_core.jobs import Done
from ssl_core.problem import Problem
from ssl_core.settings import Settings
from ssl_ui.context import Context
from ssl_ui.form import Form
from ssl_ui.handlers import Given
from ssl_ui.i18n import explain, t


def expected(context: Context, form: Form, given: Given) -> Iterator[str]:
    """About how long and how much memory, measured on a few steps in a process of its own."""
    try:
        settings = runs.begun_from(form.read(given), context.runs_folder).check()
        source = settings.source()
        if not source.at_hand():
            yield t(
                "**{title}** will be downloaded first. {about}", title=t(source.title), about=t(source.about)
            )
            return
        data = context.load(source)
        if any(run.alive() for run in runs.list_runs(context.runs_folder)):
            yield remarked(settings, t("The device is busy: a new run waits in line."))
            return
        yield t("Measuring what a step takes here …")
        for news in context.worker.stream(estimate, settings, data.size, len(data.train)):
            if isinstance(news, Done):
                yield remarked(settings, said(news.value))
    except Problem as problem:
        yield f"⚠ {explain(problem)}"


def remarked(settings: Settings, words: str) -> str:
    """The words, and below them what a person should know of these settings."""
    remark = settings.remark()
    return f"{words}\n\nⓘ {t(remark)}" if remark else words


def said(cost: Any) -> str:
    """A Cost in words, and that it is as of now: a neighbour's training makes all of it take longer."""
    return t(
        "About **{seconds:.0f} s** for {steps:,} steps ({epochs:.1f} epochs) at {speed:,.0f} pictures "
        "a second, and **{memory:.1f} GB** of memory, on {device} in {precision}. Measured just now; while "
        "the machine is busier, it is slower.",
        seconds=cost.seconds,
        steps=cost.steps,
        epochs=cost.epochs,
        speed=cost.images_per_second,
        memory=cost.memory / 1e9,
        device=cost.device,
        precision=cost.precision,
    )
