"""Which encoder a tab looks at, on which pictures.

One word names an encoder in menus, links and endpoints alike: the name of a run, "untrained/<encoder>" for
one of ENCODERS, or "untrained/<run>" for a run's encoder before its first step. A run's name has no slash.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from html import escape
from pathlib import Path

import gradio as gr

from ssl_core import runs
from ssl_core.datasets.base import Pictures
from ssl_core.encoders import ENCODERS
from ssl_core.events import Imported, Monitored
from ssl_core.problem import Problem
from ssl_core.settings import Settings
from ssl_ui.context import Context, Frame
from ssl_ui.handlers import LIVE
from ssl_ui.i18n import t

UNTRAINED = "untrained"
WEIGHTS = "encoder.safetensors"


@dataclass(frozen=True, eq=False)
class Picked:
    """An encoder: what rebuilds it, and where its weights are (nowhere: it was never trained)."""

    name: str
    settings: Settings
    folder: Path | None

    @property
    def trained(self) -> bool:
        """Whether it made a step."""
        return self.folder is not None

    @property
    def stamp(self) -> int:
        """Changes whenever a run saves, so that whoever keeps something of it knows."""
        return 0 if self.folder is None else (self.folder / WEIGHTS).stat().st_mtime_ns

    @property
    def called(self) -> str:
        """What a heading calls it."""
        return self.name if self.trained else t("before its first step")

    def before(self) -> "Picked":
        """The same encoder before its first step."""
        return replace(self, name=f"{UNTRAINED}/{self.name}", folder=None)

    def pictures(self, context: Context) -> Pictures:
        """The data set it is looked at with. Raises Problem."""
        return self.settings.seen(context.load(self.settings.source()))


def pick(context: Context, name: str, dataset: str = "") -> Picked:
    """The named encoder on the named data set; "" are the newest and the pictures that it was trained on.

    Raises Problem on a name that does not exist, a run that has saved nothing yet, and a data set that is not
    on this machine (nothing is downloaded here).
    """
    name = name or newest(context)
    first, _, rest = name.partition("/")
    if first != UNTRAINED:
        run = runs.find(name, context.runs_folder)
        if not (run.folder / WEIGHTS).exists():
            raise Problem("{run} has not saved an encoder yet. Train it a little longer.", run=name)
        return Picked(name, _located(context, run.settings, dataset), run.folder)
    rest = rest or Settings.encoder
    if rest in ENCODERS:
        settings = Settings(encoder=rest, dataset=dataset or context.default_source())
    else:
        settings = runs.find(rest, context.runs_folder).settings
    return Picked(f"{UNTRAINED}/{rest}", _located(context, settings, dataset), None)


def _located(context: Context, settings: Settings, dataset: str) -> Settings:
    if dataset and dataset != settings.dataset:
        others = {group: turned for group, turned in settings.knobs.items() if group != "dataset"}
        settings = replace(settings, dataset=dataset, knobs=others)
    if settings.dataset == "folder":
        own = str(settings.knobs.get("dataset", {}).get("path", ""))
        path = own if own and Path(own).exists() else context.data_path or ""
        settings = settings.with_knobs("dataset", path=path)
    source = settings.source()
    if not source.at_hand():
        raise Problem("{dataset} is not on this machine. {about}", dataset=source.title, about=source.about)
    return settings


def newest(context: Context) -> str:
    """The newest run that has saved an encoder; where there is none, an untrained one."""
    saved = (run.name for run in runs.list_runs(context.runs_folder) if (run.folder / WEIGHTS).exists())
    return next(saved, f"{UNTRAINED}/{Settings.encoder}")


def entries(context: Context) -> list[tuple[str, str]]:
    """What the menu offers: runs, the newest first, then every encoder as it is before training."""
    found = [(f"{run.name} ({_standing(run)})", run.name) for run in runs.list_runs(context.runs_folder)]
    fresh = [
        (t("{encoder}, untrained", encoder=t(kind.title)), f"{UNTRAINED}/{name}")
        for name, kind in ENCODERS.items()
    ]
    return found + fresh


def _standing(run: runs.Run) -> str:
    if not (run.folder / WEIGHTS).exists():
        return t("nothing saved yet")
    if run.last_event(Imported):
        return t("imported")
    last = run.last_event(Monitored)
    if not isinstance(last, Monitored):
        return t("saved")
    return t("kNN {percent} %", percent=f"{100 * last.knn:.1f}")


@dataclass(frozen=True)
class EncoderMenu:
    """The menu of encoders and the menu of data sets, kept up to date with the folder of runs."""

    encoder: gr.Dropdown
    dataset: gr.Dropdown
    compare: gr.Checkbox
    by_hand: gr.State  # until a person has chosen, the newest run is
    context: Context

    def refresh(self, chosen: str, by_hand: bool) -> gr.Dropdown:
        """The menu as it should stand when the tab is opened."""
        offered = entries(self.context)
        keep = by_hand and chosen in [name for _, name in offered]
        return gr.Dropdown(offered, value=chosen if keep else newest(self.context))

    def keep_fresh(self, frame: Frame) -> "gr.events.Dependency":
        """Look into the folder of runs whenever the tab is opened; `.then(…)` may follow."""
        return frame.tab.select(self.refresh, [self.encoder, self.by_hand], self.encoder, **LIVE)


def encoder_menu(context: Context) -> EncoderMenu:
    """The menus and the checkbox, not placed yet: `.encoder.render()` and so on do it."""
    offered, first = entries(context), newest(context)
    encoder = gr.Dropdown(offered, value=first, label=t("Encoder"), filterable=False, scale=3, render=False)
    names = [(t(source.title), name) for name, source in context.sources().items()]
    dataset = gr.Dropdown(
        [(t("Those it was trained on"), ""), *names], value="", label=t("Pictures"), render=False
    )
    compare = gr.Checkbox(
        True, interactive=_has_before(first), label=t("Before training beside it"), render=False
    )
    encoder.change(lambda name: gr.Checkbox(interactive=_has_before(name)), encoder, compare, **LIVE)
    by_hand = gr.State(False)
    encoder.input(lambda: True, None, by_hand, **LIVE)
    return EncoderMenu(encoder, dataset, compare, by_hand, context)


def _has_before(name: str) -> bool:
    return not name.startswith(f"{UNTRAINED}/")


def heading(title: str, where: str, numbers: Mapping[str, str]) -> str:
    """What stands over a picture of an encoder: what it is, and a few large numbers with their names."""
    cells = "".join(f"<div><dt>{escape(name)}</dt><dd>{value}</dd></div>" for name, value in numbers.items())
    head = (
        f'<div class="side-head"><h3>{escape(title)}</h3><p title="{escape(where)}">{escape(where)}</p></div>'
    )
    return f'{head}<dl class="numbers">{cells}</dl>'
