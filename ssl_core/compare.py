"""Every method from the same start: encoder, pictures and seconds are equal, all else is what suits each.

A run of these settings that is already in the folder is not trained again, so that a table can be made in
portions, and made again.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ssl_core import runs
from ssl_core.config import look_up
from ssl_core.datasets.base import Report, silent
from ssl_core.events import Event, Step
from ssl_core.loading import readable
from ssl_core.measure import evaluate, gained
from ssl_core.methods import METHODS
from ssl_core.problem import Problem
from ssl_core.settings import Settings
from ssl_core.work import train_here

COMPARED = [name for name in METHODS if name != "linear"]  # which only makes sense after another
HEAD = (
    "| method | kNN top-1, untrained → trained | gained, ± one paired standard error | seconds | steps | "
    "images a second | tested on |"
)


@dataclass(frozen=True)
class Row:
    """One line of the table; accuracies are 0 to 1, `error` is one paired standard error."""

    method: str
    run: str
    untrained: float
    trained: float
    error: float
    seconds: float
    steps: int
    images_per_second: float  # pictures; each gives all its views
    views: int
    transform: str
    untrained_interval: tuple[float, float]  # 95 % of a bootstrap over the test pictures
    trained_interval: tuple[float, float]

    def __str__(self) -> str:
        gain = f"{100 * (self.trained - self.untrained):+.1f} ± {100 * self.error:.1f}"
        knn = f"{100 * self.untrained:.1f} → {100 * self.trained:.1f} %"
        speed = f"{self.images_per_second:.0f} × {self.views} views"
        title = METHODS[self.method].title
        return (
            f"| {title} | {knn} | {gain} | {self.seconds:.0f} | {self.steps} | {speed} | {self.transform} |"
        )


def settings_of(method: str, base: Settings, seconds: float) -> Settings:
    """The method as it is best begun with, on the base's encoder and pictures."""
    look_up(METHODS, method, "method")
    kept = {group: values for group, values in base.knobs.items() if group in ("encoder", "dataset")}
    fresh = Settings(method=method, encoder=base.encoder, dataset=base.dataset, knobs=kept).suited()
    return fresh.with_knobs("training", budget=seconds, unit="seconds", monitors=4)


def trained(settings: Settings, folder: Path, report: Report = silent) -> Iterator[Event | runs.Run]:
    """The events of the run, then the run; nothing but the run where it is there and done already."""
    wanted = settings.check().to_json()
    for run in runs.list_runs(folder):
        if run.settings.to_json() == wanted and run.status() == "done":
            yield run
            return
    readable(settings, report)
    run = runs.create(settings, folder)
    yield from train_here(run.folder)
    if run.status() != "done":
        raise Problem("The run {name} was stopped. Call it again to go on with the others.", name=run.name)
    yield run


def compare(
    methods: Sequence[str], base: Settings, seconds: float, folder: Path, report: Report = silent
) -> Iterator[Event | Row]:
    """Train and evaluate one method after the other; a Row each, with the events in between."""
    for settings in [settings_of(method, base, seconds).check() for method in methods]:
        run: Any = None
        for run in trained(settings, folder, report):
            if isinstance(run, Event):
                yield run
        yield row(run, report)


def row(run: runs.Run, report: Report = silent) -> Row:
    """What a run came to, beside its encoder before the first step: same pictures, same transform."""
    before = evaluate(run.settings, None, report=report)
    after = evaluate(run.settings, run.folder, report=report)
    steps = [event for event in run.events() if isinstance(event, Step)]
    batch, last = run.settings.training.batch_size, steps[-1]
    return Row(
        method=run.settings.method,
        run=run.name,
        untrained=before["knn_top1"],
        trained=after["knn_top1"],
        error=gained(after, before).standard_error,
        seconds=last.seconds,
        steps=last.step,
        images_per_second=batch * last.step / last.seconds,
        views=run.settings.views,
        transform=after["transform"],
        untrained_interval=tuple(before["knn_top1_interval"]),
        trained_interval=tuple(after["knn_top1_interval"]),
    )
