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
from ssl_core.problem import Problem
from ssl_core.settings import Settings
from ssl_ui.context import Context, Frame
from ssl_ui.handlers import LIVE
from ssl_ui.i18n import t
from ssl_ui.own_pictures import Shipped, located
from ssl_ui.run_names import in_order, title

UNTRAINED = "untrained"
WEIGHTS = "encoder.safetensors"


@dataclass(frozen=True, eq=False)
class Picked:
    """An encoder: what rebuilds it, and where its weights are (nowhere: it was never trained).

    `home` is the folder of the run that it is of, trained or not. Where the pictures of a run that shipped
    are not on this machine, `missing` says so, and what its folder holds of them is all there is to show.
    """

    name: str
    settings: Settings
    folder: Path | None
    home: Path | None = None
    shipped: Shipped | None = None
    missing: Problem | None = None
    chosen: str = ""  # the data set that was asked for in place of its own

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
        if self.missing:
            raise self.missing
        return self.settings.seen(context.load(self.settings.source()))


def pick(context: Context, name: str, dataset: str = "", recorded: bool = False) -> Picked:
    """The named encoder on the named data set; "" are the newest and the pictures that it was trained on.

    Raises Problem on a name that does not exist, a run that has saved nothing yet, and a data set that is not
    on this machine (nothing is downloaded here); but with `recorded` a run that shipped is then given with
    what is `missing`.
    """
    name = name or newest(context)
    first, _, rest = name.partition("/")
    if first == UNTRAINED and (rest or Settings.encoder) in ENCODERS:
        rest = rest or Settings.encoder
        fresh = Settings(encoder=rest, dataset=dataset or context.default_source())
        return Picked(f"{UNTRAINED}/{rest}", located(context, fresh, dataset), None)
    run = runs.find(rest if first == UNTRAINED else name, context.runs_folder)
    if first != UNTRAINED and not run.encoder.exists():
        raise Problem("{run} has not saved an encoder yet. Train it a little longer.", run=name)
    folder = None if first == UNTRAINED else run.folder
    settings, shipped, missing = run.settings, run.shipped, None
    try:
        settings = located(context, settings, dataset, shipped)
    except Problem as problem:
        if not (recorded and shipped and not dataset):
            raise
        missing = problem
    return Picked(name, settings, folder, run.folder, shipped, missing, dataset)


def newest(context: Context) -> str:
    """The newest own run that has saved an encoder, else the best that shipped; else an untrained one."""
    saved = (run.name for run in in_order(context) if run.encoder.exists())
    return next(saved, f"{UNTRAINED}/{Settings.encoder}")


def entries(context: Context) -> list[tuple[str, str]]:
    """What the menu offers: own runs, the newest first, those that shipped, then every untrained encoder."""
    found = [(title(run), run.name) for run in in_order(context)]
    fresh = [
        (t("{encoder}, untrained", encoder=t(kind.title)), f"{UNTRAINED}/{name}")
        for name, kind in ENCODERS.items()
    ]
    return found + fresh


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
