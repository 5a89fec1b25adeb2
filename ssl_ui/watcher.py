"""A run drawing itself. The browser asks for news as fast as it can draw them, so it never falls behind.

Pushed updates pile up in front of a browser that shares two cores with the training: points were seen a
minute late. Asking also lets all visitors of a run share one reading of it. Only new points are sent.
"""

import html
import re
import time
from pathlib import Path
from threading import Lock
from typing import Any

import gradio as gr

from ssl_core import runs
from ssl_core.events import Imported
from ssl_core.problem import Problem
from ssl_core.tail import Tail
from ssl_ui.context import Context
from ssl_ui.curves import Curves
from ssl_ui.i18n import explain, t
from ssl_ui.liveplot import SCRIPT, plotly_head
from ssl_ui.run_service import SHIPPED, describe

ON_LOAD = Path(__file__).with_suffix(".js").read_text(encoding="utf-8")
PLOTS = {
    "loss": ("Loss at every step", 360),
    "knn": ("kNN accuracy on held-out pictures", 230),
    "terms": ("Terms of the loss, and what the method tells", 0),
    "panels": ("Geometry of the outputs, optimiser", 400),
}
LIVELY = ("waiting", "preparing", "training")
FRESH = 0.5  # seconds for which a run's status is believed


class Reading:
    """One run as it is read for all who watch it."""

    def __init__(self, run: runs.Run) -> None:
        self.run, self.tail, self.lock = run, Tail(run.folder), Lock()
        self.about = about(run)
        self.curves, self.epoch, self.state, self.asked = Curves(), 0, "", 0.0

    def news(self, have: dict[str, int], epoch: str, wanted: list[str]) -> dict[str, Any]:
        """What the wanted figures lack of somebody who has drawn so many points of each in this epoch.

        Of a run that has ended, all figures are wanted.
        """
        with self.lock:
            if time.monotonic() - self.asked > FRESH:
                self.state, self.asked = self.run.status(), time.monotonic()
            found = self.tail.new()
            if self.tail.rewound:
                self.curves, self.epoch = Curves(), self.epoch + 1
            self.curves.add(found)
            here = f"{self.epoch}.{self.curves.stride}"
            lively = self.state in LIVELY
            figures = {name: getattr(self.curves, name)() for name in PLOTS if name in wanted or not lively}
            for name, figure in figures.items():
                figure["from"] = have.get(name, 0) if epoch == here and name != "knn" else 0
                for trace in figure["data"]:
                    trace |= {axis: trace[axis][figure["from"] :] for axis in ("x", "y")}
            words = self.words()
            return {"words": words, "figures": figures, "epoch": here, "state": self.state, "lively": lively}

    def words(self) -> str:
        """Where the run stands, as HTML; of one that shipped also why it cannot be resumed."""
        standing, said = t(self.state.capitalize()), self.curves.sentence(self.state)
        if self.run.shipped:
            standing, said = t("Shipped"), f"{said}. {t(SHIPPED)}"
        return in_html(f"{standing}: {self.about}", said)


def about(run: runs.Run) -> str:
    """A run in a line. Of one that was trained elsewhere only the encoder is known."""
    if run.last_event(Imported):
        return t(run.settings.registered("encoder").title)
    return describe(run.settings, run.shipped)


def in_html(title: str, sentence: str) -> str:
    """The status as HTML; **bold** is all that a sentence may have."""
    said = re.sub(r"\*\*(.+?)\*\*", r"<b>\1</b>", html.escape(sentence))
    return f"<h3>{html.escape(title)}</h3><p>{said}</p>"


def watcher(
    context: Context, tab: str = "train", plots: tuple[str, ...] = tuple(PLOTS), empty: str = ""
) -> gr.HTML:
    """Give it {"run": name, "again": anything new} to watch a run; `.state` fires when its status changes.

    A name of "" says that there is no run. Until it is given anything, it says that it looks for one. `plots`
    are those of PLOTS that this `tab` shows; `empty` are its words where there is no run.
    """
    boxes = "".join(
        f'<div id="{tab}-{name}"><div class="liveplot" data-plot="{name}" role="img" '
        f'aria-label="{html.escape(t(label))}" style="height: {height}px"></div></div>'
        for name, (label, height) in PLOTS.items()
        if name in plots
    )
    looking = html.escape(t("Looking for runs …"))
    empty = html.escape(empty or t("Nothing has been trained yet: press Start."))
    return gr.HTML(
        None,
        html_template=f'<div id="{tab}-status" class="watched prose" role="status" data-empty="{empty}">'
        f"<p>{looking}</p></div>{boxes}",
        js_on_load=SCRIPT + ON_LOAD,
        head=plotly_head(),
        apply_default_css=False,
        server_functions=[_asking(context)],
    )


def _asking(context: Context) -> Any:
    readings: dict[str, Reading] = {}

    def news(asked: dict[str, Any]) -> dict[str, Any]:
        name = str(asked.get("run"))
        try:
            run = runs.find(name, context.runs_folder)  # also when it is known: its folder may be gone by now
            if name not in readings:
                readings[name] = Reading(run)
            have = {str(plot): max(0, int(n)) for plot, n in dict(asked.get("have") or {}).items()}
            return readings[name].news(have, str(asked.get("epoch")), list(asked.get("wanted") or PLOTS))
        except Problem as problem:
            words = in_html("", explain(problem))
            return {"words": words, "figures": {}, "epoch": "", "state": "", "lively": False}

    return news
